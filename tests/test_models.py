"""Models: sets of mixtures, their M-step, and sufficient statistics that add up."""

from functools import reduce
from operator import add

import numpy as np
import oracles
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import STRUCTURES, example, name, random_mixture, seeds

import kmgmm as km

SEEDS = range(5)


def assert_same(a, b, tol=1e-9):
    for field in ("counts", "means", "scatter", "objective"):
        x, y = np.asarray(getattr(a, field)), np.asarray(getattr(b, field))
        np.testing.assert_allclose(x, y, rtol=tol, atol=tol * max(1, abs(y).max()), err_msg=field)


# Statistics


@given(st.sampled_from(STRUCTURES), seeds(), st.permutations(range(4)))
def test_statistics_add_up_in_any_order_and_grouping(structure, seed, order):
    X, start = example(structure, seed, n=40)
    a, b, c, d = (start.statistics(X[i::4]) for i in order)
    whole = start.statistics(X)
    for total in (
        sum([a, b, c, d]),
        (a + b) + (c + d),
        a + (b + (c + d)),
        reduce(add, (d, c, b, a)),
    ):
        assert_same(total, whole)


@pytest.mark.parametrize("structure", STRUCTURES, ids=name)
@pytest.mark.parametrize("seed", SEEDS)
def test_statistics_of_unequal_parts_far_from_zero_add_up(structure, seed):
    X, start = example(structure, seed, n=100)
    X = X + 1e6
    R = start.responsibilities(X - 1e6)
    parts = [
        start.model.statistics(X[rows], R[rows])
        for rows in (slice(1), slice(1, 95), slice(95, 100))
    ]
    assert_same(sum(parts), start.model.statistics(X, R), 1e-8)


@pytest.mark.parametrize("structure", STRUCTURES, ids=name)
def test_statistics_of_nothing_change_nothing(structure):
    """A component that claims nothing in one part, or in all."""
    X, start = example(structure, 1, n=20)
    R = np.eye(3)[[0, 1] * 10]
    some = start.model.statistics(X, R)
    other = start.model.statistics(X[:5], np.eye(3)[[2, 2, 1, 2, 0]])
    both = start.model.statistics(np.vstack([X, X[:5]]), np.vstack([R, np.eye(3)[[2, 2, 1, 2, 0]]]))
    assert_same(some + other, both)
    assert_same(other + some, both)
    assert (some + some).counts[2] == 0
    assert np.isfinite((some + some).means).all()


def test_statistics_of_different_models_do_not_add_up():
    X = np.arange(8.0).reshape(4, 2)

    def statistics(structure, X=X, k=2):
        return km.MixtureModel(k, structure).statistics(X, np.full((4, k), 1 / k))

    full = statistics(km.Full())
    for other in (
        statistics(km.Tied()),
        statistics(km.Full(), X[:, :1]),
        statistics(km.Full(), k=3),
    ):
        with pytest.raises(
            ValueError, match=r"only statistics of one model add up; got Full\(\) \(2, 2\)"
        ):
            full + other
    for other in (1, 0.5, None):
        with pytest.raises((TypeError, AttributeError)):
            other + full


# The M-step


@pytest.mark.parametrize("structure", [*STRUCTURES, km.Isotropic(0.3)], ids=repr)
@pytest.mark.parametrize("weights", ["free", "equal", [0.2, 0.3, 0.5]], ids=str)
def test_mle_beats_every_member_nearby(structure, weights):
    """The complete-data log-likelihood Σ_ji r_ji log π_i N(x_j | μ_i, Σ_i) is at its maximum."""
    X, start = example(km.Full(), 1)
    R = start.responsibilities(X)
    model = km.MixtureModel(3, structure, weights=weights)
    best = model.mle(model.statistics(X, R))
    highest = (R * best.log_joint(X)).sum()
    for seed in range(40):
        step = 10 ** np.random.default_rng(seed).uniform(-4, 0)
        other = random_mixture(structure, 3, 2, seed)
        members = [best.means + step * other.means, best.means]
        shares = (
            best.weights
            if model.fixed_weights is not None
            else ((best.weights + step * other.weights) / (1 + step))
        )
        covariances = (best.covariances + step * other.covariances) / (1 + step)
        if structure.eps is not None:
            covariances = best.covariances
        for means, w, S in zip(
            members, (best.weights, shares), (best.covariances, covariances), strict=True
        ):
            assert (R * km.Mixture(w, means, S, model).log_joint(X)).sum() <= highest + 1e-9


@pytest.mark.parametrize("structure", STRUCTURES, ids=name)
def test_mle_of_labels_is_the_textbook_estimate(structure):
    X, labels = km.data.ellipses(200, rng=1)
    model = km.MixtureModel(2, structure)
    found = model.mle(model.statistics(X, np.eye(2)[labels]))
    groups = [X[labels == i] for i in (0, 1)]
    np.testing.assert_allclose(found.weights, [len(g) / 200 for g in groups])
    np.testing.assert_allclose(found.means, [g.mean(axis=0) for g in groups])
    scatter = np.array([np.cov(g.T, bias=True) * len(g) for g in groups])
    expected = oracles.covariances(name(structure), scatter, np.bincount(labels))
    np.testing.assert_allclose(found.covariances, expected, rtol=1e-10)


@pytest.mark.parametrize("structure", STRUCTURES, ids=name)
def test_mle_is_the_same_where_data_are_repeated(structure):
    X, start = example(structure, 3)
    once, thrice = start.statistics(X), start.statistics(np.tile(X, (3, 1)))
    a, b = start.model.mle(once), start.model.mle(thrice)
    np.testing.assert_allclose(a.covariances, b.covariances, rtol=1e-10)
    np.testing.assert_allclose(a.means, b.means, rtol=1e-10)
    assert thrice.objective == pytest.approx(3 * once.objective)


def test_a_component_that_claims_nothing_keeps_its_mean():
    model = km.MixtureModel(2, km.Isotropic())
    start = model.at([[0.0], [1e6]], 1.0)
    found = model.mle(start.statistics([[-1.0], [1.0]]))
    assert found.means.ravel().tolist() == [0, 1e6]
    assert found.weights.tolist() == [1, 0]
    assert found.covariances == 1


# The set


@pytest.mark.parametrize(
    ("structure", "expected"),
    [
        (km.Isotropic(0.5), 0),
        (km.Isotropic(), 1),
        (km.Spherical(), 4),
        (km.Diagonal(), 12),
        (km.Tied(), 6),
        (km.Full(), 24),
    ],
    ids=repr,
)
def test_number_of_parameters(structure, expected):
    k, d = 4, 3
    assert km.MixtureModel(k, structure).n_params(d) == 3 + 12 + expected
    assert km.MixtureModel(k, structure, weights="equal").n_params(d) == 12 + expected
    assert km.MixtureModel(k, structure, weights=[0.1, 0.2, 0.3, 0.4]).n_params(d) == 12 + expected


@pytest.mark.parametrize("structure", STRUCTURES, ids=name)
def test_at_gives_spheres_around_the_means(structure):
    means = np.arange(6.0).reshape(3, 2)
    member = km.MixtureModel(3, structure).at(means, 2.5)
    np.testing.assert_array_equal(member.means, means)
    np.testing.assert_array_equal(member.weights, np.full(3, 1 / 3))
    np.testing.assert_allclose(member.covariance_matrices, np.tile(2.5 * np.eye(2), (3, 1, 1)))
    assert km.MixtureModel(3, structure, weights=[0.5, 0.25, 0.25]).at(means, 1.0).weights[0] == 0.5


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: km.MixtureModel(0, km.Full()), "k must be a whole number, 1 or more; got 0"),
        (lambda: km.MixtureModel(2.5, km.Full()), "k must be a whole number, 1 or more; got 2.5"),
        (lambda: km.MixtureModel(2, km.Full), "covariance must be a structure such as km.Full"),
        (lambda: km.MixtureModel(2, "full"), "covariance must be a structure .* got 'full'"),
        (lambda: km.MixtureModel(2, km.Full(), "even"), "'free', 'equal' or a .* got 'even'"),
        (
            lambda: km.MixtureModel(2, km.Full(), [0.5, 0.4]),
            "weights must sum to 1; they sum to 0.9",
        ),
        (lambda: km.MixtureModel(2, km.Full(), [1.0]), r"weights must be \(2,\); got \(1,\)"),
        (lambda: km.MixtureModel(2, km.Full()).at([[0.0]], 1.0), r"must be \(2, d\); got \(1, 1\)"),
        (lambda: km.MixtureModel(1, km.Full()).at([[0.0]]), "does not fix the variance: give at"),
        (
            lambda: km.MixtureModel(1, km.Isotropic(2.0)).at([[0.0]], 1.0),
            "fixes the covariance at 2",
        ),
    ],
)
def test_bad_models_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("R", "message"),
    [
        ([[1.0, 0.0]], r"R must be \(2, 2\) to match X and k; got \(1, 2\)"),
        ([1.0, 0.0], r"R must be \(n, k\); got \(2,\)"),
        ([[1.0, 0.0], [0.5, 0.4]], "each row of R must hold probabilities that sum to 1"),
        ([[1.0, 0.0], [1.5, -0.5]], "each row of R must hold probabilities that sum to 1"),
        ([[1.0, 0.0], [np.nan, 0.5]], "R must be finite; 1 of its 4"),
    ],
)
def test_bad_responsibilities_are_refused(R, message):
    with pytest.raises(ValueError, match=message):
        km.MixtureModel(2, km.Full()).statistics([[0.0], [1.0]], R)


def test_statistics_of_structures_with_other_parameters_do_not_add_up():
    class Scaled(km.Isotropic):
        def __init__(self, unit):
            super().__init__()
            self.unit = unit

        def __repr__(self):
            return f"Scaled({self.unit!r})"

    parts = [
        km.MixtureModel(1, Scaled(u)).statistics([[0.0], [1.0]], [[1], [1]]) for u in (1, 1, 2)
    ]
    assert (parts[0] + parts[1]).n == 4
    with pytest.raises(ValueError, match=r"only statistics of one model add up; got Scaled\(1\)"):
        parts[0] + parts[2]


def test_statistics_of_nearly_equal_variances_do_not_add_up():
    def statistics(eps):
        return km.MixtureModel(1, km.Isotropic(eps)).at([[0.0]]).statistics([[0.0], [1.0]])

    assert statistics(1 / 3).n + statistics(1 / 3).n == (statistics(1 / 3) + statistics(1 / 3)).n
    with pytest.raises(ValueError, match="only statistics of one model add up"):
        statistics(1 / 3) + statistics(0.333333)
