"""Covariance structures: what is positive definite, what collapses, what stays in its set."""

import numpy as np
import pytest
from strategies import STRUCTURES, name, random_covariances

import kmgmm as km


def member(structure, covariances, k, d):
    return km.Mixture(
        np.full(k, 1 / k), np.zeros((k, d)), covariances, km.MixtureModel(k, structure)
    )


@pytest.mark.parametrize("eps", [0, -1.0, np.nan, np.inf, -np.inf, [1.0]])
def test_eps_must_be_a_positive_number(eps):
    with pytest.raises(ValueError, match="eps must be a positive finite number; got"):
        km.Isotropic(eps)


@pytest.mark.parametrize("structure", STRUCTURES, ids=name)
@pytest.mark.parametrize(("k", "d"), [(1, 1), (3, 1), (2, 2), (3, 4)])
def test_matrices_are_what_the_structure_says(structure, k, d):
    covariances = random_covariances(structure, k, d, np.random.default_rng(k + d))
    matrices = member(structure, covariances, k, d).covariance_matrices
    assert matrices.shape == (k, d, d)
    for i, S in enumerate(matrices):
        expected = {
            "Isotropic": lambda: covariances * np.eye(d),
            "Spherical": lambda i=i: covariances[i] * np.eye(d),
            "Diagonal": lambda i=i: np.diag(covariances[i]),
            "Tied": lambda: covariances,
            "Full": lambda i=i: covariances[i],
        }[name(structure)]()
        np.testing.assert_array_equal(S, expected)
    assert np.linalg.eigvalsh(matrices).min() > 0


FLAT = [[1.0, 1.0], [1.0, 1.0]]  # a line
INDEFINITE = [[1.0, 2.0], [2.0, 1.0]]


@pytest.mark.parametrize(
    ("structure", "covariances", "component"),
    [
        (km.Isotropic(), 0.0, None),
        (km.Isotropic(), -1.0, None),
        (km.Spherical(), [1.0, 0.0], 1),
        (km.Spherical(), [-1.0, 1.0], 0),
        (km.Diagonal(), [[1.0, 1.0], [1.0, 0.0]], 1),
        (km.Diagonal(), [[1.0, -1.0], [1.0, 1.0]], 0),
        (km.Tied(), FLAT, None),
        (km.Tied(), INDEFINITE, None),
        (km.Tied(), np.zeros((2, 2)), None),
        (km.Full(), [np.eye(2), FLAT], 1),
        (km.Full(), [INDEFINITE, np.eye(2)], 0),
        (km.Full(), [np.eye(2), -np.eye(2)], 1),
    ],
)
def test_a_covariance_that_is_not_positive_definite_is_refused(structure, covariances, component):
    who = "the common covariance" if component is None else f"covariance of component {component}"
    with pytest.raises(km.DegenerateCovariance, match=f"{who} is not positive definite") as caught:
        member(structure, covariances, 2, 2)
    assert caught.value.component == component


@pytest.mark.parametrize("scales", [(1e-150, 1e-150), (1e-8, 1e8), (1e140, 1e140), (1e-100, 1e100)])
@pytest.mark.parametrize("structure", [km.Diagonal(), km.Tied(), km.Full()], ids=name)
def test_a_badly_scaled_covariance_is_not_a_flat_one(structure, scales):
    """Only correlations decide what is flat: units do not."""
    S = np.multiply.outer(scales, scales) * [[1.0, 0.5], [0.5, 1.0]]
    covariances = {"Diagonal": np.tile(np.diag(S), (2, 1)), "Tied": S, "Full": [S, S]}[
        name(structure)
    ]
    density = member(structure, covariances, 2, 2).log_density(np.zeros((1, 2)))
    rho = 0 if name(structure) == "Diagonal" else 0.5
    expected = -np.log(2 * np.pi) - np.log(scales).sum() - 0.5 * np.log1p(-(rho**2))
    np.testing.assert_allclose(density, expected)


@pytest.mark.parametrize(
    ("correlation", "flat"), [(1 - 1e-10, False), (1 - 1e-16, True), (1.0, True)]
)
def test_a_narrow_ellipse_is_not_a_line(correlation, flat):
    S = [[1.0, correlation], [correlation, 1.0]]
    if flat:
        with pytest.raises(km.DegenerateCovariance):
            member(km.Tied(), S, 1, 2)
    else:
        z = member(km.Tied(), S, 1, 2).log_density([[1.0, 1.0], [1.0, -1.0]])
        assert z[0] - z[1] == pytest.approx(1 / (1 - correlation) - 1 / (1 + correlation), rel=1e-5)


@pytest.mark.parametrize(
    ("structure", "component"),
    [
        (km.Isotropic(), None),
        (km.Spherical(), 0),
        (km.Diagonal(), 0),
        (km.Tied(), None),
        (km.Full(), 0),
    ],
    ids=lambda value: repr(value),
)
def test_points_on_a_line_collapse_exactly_the_structures_that_see_it(structure, component):
    """Points on the first axis: a structure with a variance for the second has none."""
    X = np.column_stack([[0.0, 1.0, 5.0, 6.0], np.zeros(4)])
    model = km.MixtureModel(2, structure)
    statistics = model.statistics(X, np.eye(2)[[0, 0, 1, 1]])
    if isinstance(structure, km.Isotropic | km.Spherical):
        np.testing.assert_allclose(model.mle(statistics).covariances, 0.125)
    else:
        with pytest.raises(km.DegenerateCovariance) as caught:
            model.mle(statistics)
        assert caught.value.component == component


@pytest.mark.parametrize("gap", [1.0, 1e4, 1e8])
@pytest.mark.parametrize("narrow", [1.0, 1e-3])
def test_distances_to_ellipses_far_apart_keep_their_digits(gap, narrow):
    """What is lost is what rounding the points and the covariances once more would cost."""
    rng = np.random.default_rng(1)
    turn = np.linalg.qr(rng.standard_normal((2, 2)))[0]
    means, sd = np.array([[0.0, 0.0], [gap, -gap]]), np.array([1.0, narrow])
    z = rng.standard_normal((200, 2)).round(3)
    labels = np.arange(200) % 2
    X = means[labels] + (z * sd) @ turn.T
    z = (X - means[labels]) @ turn / sd  # of the points as they are stored
    mixture = km.Mixture([0.5, 0.5], means, [turn @ np.diag(sd**2) @ turn.T] * 2)
    log_joint = mixture.log_joint(X)[np.arange(200), labels]
    expected = -np.log(2 * 2 * np.pi * narrow) - 0.5 * (z**2).sum(axis=1)
    np.testing.assert_allclose(
        log_joint, expected, rtol=0, atol=1e-13 * gap / narrow + 1e-15 / narrow**2
    )


def test_repr_is_the_call_that_makes_it():
    for structure in (*STRUCTURES, km.Isotropic(0.25)):
        again = eval(repr(structure), vars(km))
        assert type(again) is type(structure)
        assert again.eps == structure.eps


class TiedDiagonal(km.Diagonal):
    """A sixth structure, one class: a common diagonal covariance [EEI]."""

    common = True

    def shape(self, k, d):
        return (d,)

    def log_det(self, W, k, d):
        return -2 * np.log(W).sum()

    def distances(self, F, M, W):
        return super().distances(F, M, np.broadcast_to(W, M.shape))

    def scatter(self, F, M, W, R, D, sums):
        return super().scatter(F, M, W, R, D, sums).sum(axis=0)

    def total(self, F):
        return F[len(F) // 2 + 1 :].sum(axis=1)

    def spread(self, weights, shifts):
        return super().spread(weights, shifts).sum(axis=0)


@pytest.mark.parametrize(("k", "d"), [(2, 2), (3, 3), (3, 2), (2, 3)])
def test_a_sixth_structure_is_one_class(k, d):
    """EM, matrices and sampling need to be told nothing of it; k = d must not confuse the axes."""
    variances = np.array([1.0, 4.0, 0.25])[:d]
    model = km.MixtureModel(k, TiedDiagonal())
    truth = km.Mixture(np.full(k, 1 / k), 9.0 * np.eye(3)[:k, :d], variances, model)
    np.testing.assert_array_equal(truth.covariance_matrices, [np.diag(variances)] * k)
    X, _ = truth.sample(4000, rng=1)
    run = km.solve(km.em(X, truth))
    assert (np.diff(run.trace) > -1e-8).all()
    # the standard error of a variance is √(2/n) of it; four of them
    np.testing.assert_allclose(run.last.mixture.covariances, variances, rtol=4 * (2 / 4000) ** 0.5)
    R = run.last.mixture.responsibilities(X)
    means = R.T @ X / R.sum(axis=0)[:, None]
    pooled = sum(R[:, i] @ (X - means[i]) ** 2 for i in range(k)) / len(X)
    np.testing.assert_allclose(model.mle(model.statistics(X, R)).covariances, pooled)
    with pytest.raises(km.DegenerateCovariance, match="the common covariance") as caught:
        km.Mixture(truth.weights, truth.means, variances * [1, 0, 1][:d], model)
    assert caught.value.component is None


@pytest.mark.parametrize("eps", [1 / 3, 0.1, 1.0, 1e-300, 12345.678901234567])
def test_the_repr_of_a_fixed_variance_loses_no_digit(eps):
    assert eval(repr(km.Isotropic(eps)), {"Isotropic": km.Isotropic}).eps == eps
