"""Mixtures: densities and responsibilities, sampling, the E-step, frozen values."""

import dataclasses
import warnings

import numpy as np
import oracles
import pytest
from hypothesis import given
from scipy import stats
from sklearn.mixture import GaussianMixture
from strategies import STRUCTURES, example, mixtures, name, random_mixture, seeds

import kmgmm as km
from kmgmm import _arrays

SEEDS = range(10)


def draw(mixture, seed, n=40):
    return mixture.sample(n, rng=seed)[0]


def joint_of(mixture, X):
    return oracles.log_joint(X, mixture.weights, mixture.means, mixture.covariance_matrices)


# Equality with the oracles, and of each method with the others


@given(mixtures(), seeds())
def test_densities_equal_the_textbook(mixture, seed):
    X = draw(mixture, seed)
    joint = joint_of(mixture, X)
    np.testing.assert_allclose(mixture.log_joint(X), joint, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(mixture.log_density(X), oracles.log_density(joint), rtol=1e-9)
    R = mixture.responsibilities(X)
    np.testing.assert_allclose(R, oracles.responsibilities(joint), rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(R.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_array_equal(mixture.assign(X), joint.argmax(axis=1))


@given(mixtures(), seeds())
def test_statistics_are_the_sums_they_stand_for(mixture, seed):
    X = draw(mixture, seed)
    joint = joint_of(mixture, X)
    for hard, R, objective in (
        (False, oracles.responsibilities(joint), oracles.log_density(joint).sum()),
        (True, oracles.one_hot(joint), joint.max(axis=1).sum()),
    ):
        found = mixture.statistics(X, hard=hard)
        expected = mixture.model.statistics(X, R / R.sum(axis=1, keepdims=True))
        claims = expected.counts > 1e-9  # a component that claims nothing keeps its mean
        np.testing.assert_allclose(found.counts, expected.counts, rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(
            found.means[claims], expected.means[claims], rtol=1e-7, atol=1e-8
        )
        np.testing.assert_array_equal(
            found.means[found.counts == 0], mixture.means[found.counts == 0]
        )
        np.testing.assert_allclose(found.scatter, expected.scatter, rtol=1e-8, atol=1e-8)
        assert found.objective == pytest.approx(objective, rel=1e-11)
        assert found.n == pytest.approx(len(X))


@pytest.mark.parametrize("structure", STRUCTURES, ids=name)
@pytest.mark.parametrize("seed", SEEDS)
def test_m_step_equals_explicit_sums(structure, seed):
    X, start = example(structure, seed)
    R = start.responsibilities(X)
    weights, means, scatter = oracles.m_step(X, R)
    found = start.model.mle(start.statistics(X))
    np.testing.assert_allclose(found.weights, weights, rtol=1e-10)
    np.testing.assert_allclose(found.means, means, rtol=1e-9)
    expected = oracles.covariances(name(structure), scatter, R.sum(axis=0))
    np.testing.assert_allclose(found.covariances, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("structure", "peer"),
    [
        (km.Spherical(), "spherical"),
        (km.Diagonal(), "diag"),
        (km.Tied(), "tied"),
        (km.Full(), "full"),
    ],
    ids=["spherical", "diag", "tied", "full"],
)
@pytest.mark.parametrize("seed", SEEDS)
def test_one_em_step_equals_scikit_learn(structure, peer, seed):
    X, start = example(structure, seed)
    precisions = np.linalg.inv(start.covariance_matrices)
    theirs = GaussianMixture(
        3,
        covariance_type=peer,
        reg_covar=0,
        max_iter=1,
        tol=0,
        weights_init=start.weights,
        means_init=start.means,
        precisions_init={
            "spherical": precisions[:, 0, 0],
            "diag": np.diagonal(precisions, axis1=1, axis2=2),
            "tied": precisions[0],
            "full": precisions,
        }[peer],
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns that one step is not convergence
        theirs.fit(X)
    ours = start.model.mle(start.statistics(X))
    np.testing.assert_allclose(ours.weights, theirs.weights_, rtol=1e-9)
    np.testing.assert_allclose(ours.means, theirs.means_, rtol=1e-9)
    np.testing.assert_allclose(ours.covariances, theirs.covariances_, rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(ours.log_density(X), theirs.score_samples(X), rtol=1e-9)


# Extremes


@pytest.mark.parametrize("exponent", range(-300, 301, 50))
def test_responsibilities_are_right_at_every_scale_of_eps(exponent):
    eps = 10.0**exponent
    mixture = km.MixtureModel(3, km.Isotropic(eps)).at([[-1.0], [0.5], [1.0]])
    X = np.array([[-1.0], [-0.25], [0.0], [0.5], [0.7], [0.75], [1e8]])
    D = oracles.squared_distances(X, mixture.means)
    with np.errstate(over="ignore"):
        gaps = np.exp(-np.minimum((D - D.min(axis=1, keepdims=True)) / 2 / eps, 1e3))
    expected = gaps / gaps.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(mixture.responsibilities(X), expected, rtol=1e-8, atol=1e-12)
    np.testing.assert_array_equal(mixture.assign(X), D.argmin(axis=1))
    assert not np.isnan(mixture.log_joint(X)).any()
    assert not np.isnan(mixture.log_density(X)).any()


def test_a_weight_whose_exponential_would_be_lost_still_claims_its_points():
    mixture = km.Mixture([1.0, 1e-300], [[0.0], [50.0]], 1.0)
    X = np.array([[0.0], [35.0], [38.0], [39.0], [50.0]])
    joint = joint_of(mixture, X)
    assert joint.argmax(axis=1).tolist() == [0, 0, 0, 1, 1]
    expected = oracles.responsibilities(joint)
    np.testing.assert_allclose(mixture.responsibilities(X), expected, rtol=1e-10, atol=1e-300)
    np.testing.assert_array_equal(mixture.statistics(X, hard=True).counts, [3, 2])


@pytest.mark.parametrize("eps", [1e-300, 1e-8, 1.0, 1e8, 1e300])
def test_at_a_tie_the_weights_decide(eps):
    mixture = km.Mixture([0.25, 0.75], [[-1.0], [1.0]], eps, km.MixtureModel(2, km.Isotropic(eps)))
    np.testing.assert_allclose(mixture.responsibilities([[0.0]]), [[0.25, 0.75]], rtol=1e-12)
    equal = km.MixtureModel(2, km.Isotropic(eps)).at([[-1.0], [1.0]])
    np.testing.assert_allclose(equal.responsibilities([[0.0]]), [[0.5, 0.5]], rtol=1e-12)
    assert equal.assign([[0.0]]) == [0]  # the first of the two
    assert equal.statistics([[0.0]], hard=True).counts.tolist() == [1, 0]


@pytest.mark.parametrize("structure", STRUCTURES, ids=name)
@pytest.mark.parametrize("hard", [False, True])
def test_a_component_of_weight_zero_is_as_good_as_absent(structure, hard):
    rest = random_mixture(structure, 2, 2, 1)
    three = random_mixture(structure, 3, 2, 1)
    covariances = rest.covariances
    if covariances.shape != three.covariances.shape:
        covariances = np.concatenate([covariances, three.covariances[:1]])
    padded = km.Mixture(
        [*rest.weights, 0], [*rest.means, [0.0, 0.0]], covariances, km.MixtureModel(3, structure)
    )
    X = np.vstack([draw(rest, 1), [[0.0, 0.0]]])
    np.testing.assert_allclose(padded.log_density(X), rest.log_density(X), rtol=1e-10)
    R = padded.responsibilities(X)
    np.testing.assert_allclose(R[:, :2], rest.responsibilities(X), rtol=1e-9, atol=1e-15)
    assert not R[:, 2].any()
    assert (padded.log_joint(X)[:, 2] == -np.inf).all()
    assert 2 not in padded.assign(X)
    assert 2 not in padded.sample(1000, rng=1)[1]
    statistics = padded.statistics(X, hard=hard)
    assert statistics.counts[2] == 0
    assert statistics.means[2].tolist() == [0, 0]


@pytest.mark.parametrize("eps", [1e-300, 1e-12, 1.0])
def test_a_component_of_weight_zero_claims_not_even_its_own_mean(eps):
    model = km.MixtureModel(3, km.Isotropic(eps))
    mixture = km.Mixture([0.5, 0.5, 0], [[-1e6], [2e6], [0.0]], eps, model)
    assert mixture.responsibilities([[0.0]]).tolist() == [[1, 0, 0]]
    assert mixture.assign([[0.0]]) == [0]


@pytest.mark.parametrize("structure", STRUCTURES, ids=name)
@pytest.mark.parametrize("seed", SEEDS)
def test_variances_of_tight_groups_far_apart_keep_nine_digits(structure, seed):
    """Two groups of standard deviation 1 that are 1e6 apart: |x|² has lost the variance."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat([0, 1], 50))
    Z = rng.standard_normal((100, 2)) * [1.0, 0.5]
    X = Z + np.array([[0.0, 0.0], [6e5, 8e5]])[labels]
    start = km.MixtureModel(2, structure).at([X[labels == i].mean(axis=0) for i in (0, 1)], 1.0)
    found = start.model.mle(start.statistics(X))
    scatter = oracles.m_step(Z, np.eye(2)[labels])[2]
    expected = oracles.covariances(name(structure), scatter, np.array([50, 50]))
    scale = np.sqrt(np.multiply.outer([1, 0.5], [1, 0.5])).mean()
    np.testing.assert_allclose(found.covariances, expected, rtol=1e-9, atol=1e-9 * scale)
    labeled = km.from_labels(X, labels, start.model)
    np.testing.assert_allclose(labeled.covariances, expected, rtol=1e-9, atol=1e-9 * scale)
    np.testing.assert_allclose(
        labeled.means - X[labels == 0].mean(axis=0),
        found.means - X[labels == 0].mean(axis=0),
        atol=1e-8,
    )


@pytest.mark.parametrize("structure", STRUCTURES, ids=name)
def test_a_far_group_costs_overlapping_groups_no_digits(structure):
    """Two overlapping groups have fractional responsibilities; a third is 1e6 away."""
    rng = np.random.default_rng(1)
    near = rng.standard_normal((80, 2)) + np.repeat([[-1.0, 0.0], [1.0, 0.0]], 40, axis=0)
    far = rng.standard_normal((20, 2))
    means = np.array([[-1.0, 0.0], [1.0, 0.0], [0.0, 0.0]])
    shift = np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 2.0**20]])
    R = np.zeros((100, 3))
    pair = km.MixtureModel(2, km.Isotropic(1.0)).at(means[:2])
    R[:80, :2], R[80:, 2] = pair.responsibilities(near), 1
    _, _, scatter = oracles.m_step(np.vstack([near, far]), R)
    expected = oracles.covariances(name(structure), scatter, R.sum(axis=0))
    start = km.MixtureModel(3, structure).at(means + shift, 1.0)
    found = start.model.mle(start.statistics(np.vstack([near, far + shift[2]])))
    np.testing.assert_allclose(found.covariances, expected, rtol=1e-8, atol=1e-8)


# Equivariance of the E-step and M-step: Statistics


@pytest.mark.parametrize("structure", STRUCTURES, ids=name)
@pytest.mark.parametrize("seed", SEEDS)
def test_statistics_do_not_depend_on_block_size_or_row_order(structure, seed, monkeypatch):
    X, start = example(structure, seed, n=3000)
    whole = start.statistics(X)
    monkeypatch.setattr(_arrays, "BLOCK_VALUES", 1)
    shuffled = np.random.default_rng(seed).permutation(X)
    for other in (start.statistics(X), start.statistics(shuffled)):
        np.testing.assert_allclose(other.counts, whole.counts, rtol=1e-11)
        np.testing.assert_allclose(other.means, whole.means, rtol=1e-10, atol=1e-11)
        np.testing.assert_allclose(other.scatter, whole.scatter, rtol=1e-10, atol=1e-7)
        assert other.objective == pytest.approx(whole.objective, rel=1e-12)
    np.testing.assert_allclose(start.log_joint(X)[2000:], start.log_joint(X[2000:]), rtol=1e-12)
    np.testing.assert_array_equal(start.assign(X)[2000:], start.assign(X[2000:]))


# Samples: each assertion fails by chance once in 1e6 runs, were the seeds not fixed.

ALPHA = 1e-6


@pytest.mark.parametrize("structure", STRUCTURES, ids=name)
@pytest.mark.parametrize("seed", SEEDS)
def test_samples_have_the_mixture_s_distribution(structure, seed):
    mixture = random_mixture(structure, 3, 2, seed)
    X, labels = mixture.sample(4000, rng=seed)
    counts = np.bincount(labels, minlength=3)
    assert stats.chisquare(counts, 4000 * mixture.weights).pvalue > ALPHA
    for i in range(3):
        m, S = mixture.means[i], mixture.covariance_matrices[i]
        Z = np.linalg.solve(np.linalg.cholesky(S), (X[labels == i] - m).T)
        assert stats.kstest((Z**2).sum(axis=0), "chi2", (2,)).pvalue > ALPHA
        assert stats.kstest(Z[0], "norm").pvalue > ALPHA
        assert stats.kstest((Z[0] + Z[1]) / np.sqrt(2), "norm").pvalue > ALPHA


def test_sampling_is_reproducible_and_takes_a_generator():
    mixture = km.data.three_blobs
    rng = np.random.default_rng(5)
    first, second = mixture.sample(9, rng=5), mixture.sample(9, rng=rng)
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    assert (mixture.sample(9, rng=rng)[0] != second[0]).any()
    with pytest.raises(TypeError):
        mixture.sample(9, 5)


# Frozen values


def test_a_mixture_is_frozen_and_keeps_its_own_copies():
    given = [np.array([0.5, 0.5]), np.array([[0.0], [1.0]]), np.array([1.0, 2.0])]
    mixture = km.Mixture(*given)
    stepped = mixture.model.mle(mixture.statistics([[0.0], [0.3], [1.0]]))
    for array in given:
        array[0] = 99.0
    assert mixture.weights[0] == 0.5
    assert mixture.means[0] == 0
    assert mixture.covariances[0] == 1
    for member in (mixture, stepped):
        for field in ("weights", "means", "covariances"):
            with pytest.raises(ValueError, match="read-only"):
                getattr(member, field)[0] = 1.0
            with pytest.raises(dataclasses.FrozenInstanceError):
                setattr(member, field, given[0])
    with pytest.raises(dataclasses.FrozenInstanceError):
        mixture.model.k = 3


@pytest.mark.parametrize(
    ("covariances", "structure"),
    [(1.0, "Isotropic"), ([1.0, 2.0], "Spherical"), ([np.eye(2), np.eye(2)], "Full")],
)
def test_the_shape_tells_the_structure(covariances, structure):
    mixture = km.Mixture([0.5, 0.5], np.zeros((2, 2)), covariances)
    assert name(mixture.model.covariance) == structure
    assert mixture.model.fixed_weights is None
    assert (mixture.k, mixture.d) == (2, 2)


# Bad input

TWO = np.array([[0.0, 0.0], [1.0, 1.0]])
FULL, TIED = km.MixtureModel(2, km.Full()), km.MixtureModel(2, km.Tied())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.5, 0.6], TWO, 1.0), r"weights must sum to 1; they sum to 1\.1"),
        (([1.5, -0.5], TWO, 1.0), r"weights must not be negative; the least is -0\.5"),
        (([1.0], TWO, 1.0), r"weights must be \(2,\); got \(1,\)"),
        (([[0.5, 0.5]], TWO, 1.0), r"weights must be \(k,\); got \(1, 2\)"),
        (([0.5, np.nan], TWO, 1.0), r"weights must be finite; 1 of its 2"),
        (
            ([0.5, 0.5], [0.0, 1.0], 1.0),
            r"means must be \(k, d\); got \(2,\): one row each, such as",
        ),
        (([0.5, 0.5], TWO + np.inf, 1.0), "means must be finite"),
        (([0.5, 0.5], TWO, [1.0, 1.0, 1.0]), r"Spherical\(\) covariances must be \(2,\); got \(3,"),
        (([0.5, 0.5], TWO, np.eye(2)), r"\(2, 2\) may be Diagonal or Tied"),
        (([0.5, 0.5], TWO, [np.eye(3), np.eye(3)]), r"Full\(\) .* \(2, 2, 2\); got \(2, 3, 3\)"),
        (([0.5, 0.5], TWO, 1.0, FULL), r"Full\(\) covariances must be \(2, 2, 2\); got \(\)"),
        (([0.5, 0.5], TWO, [[1.0, np.nan], [0, 1]], TIED), r"Tied\(\) covariances must be finite"),
        (([0.5, 0.5], TWO, [[1.0, 0.5], [0.0, 1.0]], TIED), "covariances must be symmetric"),
        (([0.5, 0.5], TWO, [np.eye(2), [[1, 0.5], [0, 1]]], FULL), "covariances must be symmetric"),
        (([1.0], TWO[:1], 1.0, TIED), r"means must be \(2, d\) to match the model; got \(1, 2\)"),
        (
            ([0.4, 0.6], TWO, 1.0, km.MixtureModel(2, km.Isotropic(), weights="equal")),
            r"the model fixes the weights at \[0\.5 0\.5\]; got \[0\.4 0\.6\]",
        ),
        (
            ([0.5, 0.5], TWO, 2.0, km.MixtureModel(2, km.Isotropic(1.0))),
            r"Isotropic\(1\) fixes the covariance at 1; got 2",
        ),
    ],
)
def test_bad_mixtures_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        km.Mixture(*arguments)
