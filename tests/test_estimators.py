"""Estimators: what they compute, and whether they find the optimum that enumeration finds."""

import warnings

import numpy as np
import oracles
import pytest
from hypothesis import given
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture
from strategies import STRUCTURES, data_and_centers, mixtures, random_mixture, seeds

import kmgmm as km
from kmgmm import estimators, runs

SEEDS = range(10)


# What they compute


@given(data_and_centers())
def test_within_ss_equals_the_loops(case):
    X, centers = case
    expected = oracles.within_ss(X, centers)
    assert km.within_ss(X, centers) == pytest.approx(expected, rel=1e-10, abs=1e-14)


@given(mixtures(), seeds())
def test_likelihoods_are_sums_over_the_points(mixture, seed):
    X, _ = mixture.sample(30, rng=seed)
    joint = oracles.log_joint(X, mixture.weights, mixture.means, mixture.covariance_matrices)
    soft, hard = oracles.log_density(joint).sum(), joint.max(axis=1).sum()
    assert km.log_likelihood(X, mixture) == pytest.approx(soft, rel=1e-11)
    assert km.classification_log_likelihood(X, mixture) == pytest.approx(hard, rel=1e-11)
    assert hard <= soft + 1e-9 <= hard + 30 * np.log(mixture.k) + 2e-9


# The optimum


@pytest.mark.parametrize("seed", range(20))
def test_kmeans_finds_what_enumeration_finds(seed):
    """On the hardest of these data, 3 starts in 100 do; all 300 miss once in 10⁴ seeds."""
    rng = np.random.default_rng(seed)
    n, k = 8, int(rng.integers(1, 4))
    X = rng.standard_normal((n, rng.integers(1, 3)))
    run = km.kmeans(X, k, n_starts=300, rng=seed)
    assert run.converged
    assert run.last.objective == pytest.approx(oracles.best_within_ss(X, k), rel=1e-10, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_mle_of_a_common_small_eps_finds_what_enumeration_finds(seed):
    """As ε → 0 the log-likelihood at fixed equal weights is a constant less W / 2ε."""
    X = np.random.default_rng(seed).standard_normal((7, 2))
    eps = 1e-6
    run = km.mle(X, km.MixtureModel(3, km.Isotropic(eps), "equal"), n_starts=40, rng=seed)
    W = -2 * eps * (run.last.objective + 7 * np.log(3 * 2 * np.pi * eps))
    assert pytest.approx(oracles.best_within_ss(X, 3), rel=1e-6) == W


@pytest.mark.parametrize(
    ("structure", "k", "expected"),
    [
        (km.Isotropic(), 2, -1709.681),
        (km.Isotropic(), 3, -1663.540),
        (km.Diagonal(), 2, -1147.806),
        (km.Tied(), 2, -1140.187),
        (km.Tied(), 3, -1126.316),
        (km.Full(), 2, -1130.264),
    ],
    ids=repr,
)
def test_old_faithful_has_the_likelihoods_that_mclust_finds(structure, k, expected):
    X = km.data.old_faithful()
    run = km.mle(X, km.MixtureModel(k, structure), n_starts=10, rng=1, tol=1e-9)
    assert run.last.objective == pytest.approx(expected, abs=1e-3)
    bic = 2 * run.last.objective - run.last.mixture.model.n_params(2) * np.log(272)
    if (k, repr(structure)) == (3, "Tied()"):
        assert bic == pytest.approx(-2314.296, abs=1e-2)
    if repr(structure) == "Full()":
        assert bic == pytest.approx(-2322.192, abs=1e-2)


@pytest.mark.parametrize(("k", "expected"), [(2, 8901.7687), (3, 5188.5405), (4, 2941.7209)])
def test_old_faithful_has_the_known_within_ss(k, expected):
    run = km.kmeans(km.data.old_faithful(), k, n_starts=20, rng=1)
    assert run.last.objective == pytest.approx(expected, abs=5e-5)
    assert run.last.counts.sum() == 272


# Peers: full fits from equal starts


@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_of_lloyd_ends_where_scikit_learn_s_does(seed):
    X, _ = km.data.three_blobs(300, rng=seed)
    start = km.random_points(X, 3, rng=seed)
    ours = km.solve(km.lloyd(X, start)).last
    theirs = KMeans(3, init=start, n_init=1, tol=0, algorithm="lloyd").fit(X)
    assert ours.objective == pytest.approx(theirs.inertia_, rel=1e-12)
    np.testing.assert_allclose(ours.centers, theirs.cluster_centers_, atol=1e-10)
    np.testing.assert_array_equal(km.assign(X, ours.centers), theirs.labels_)


@pytest.mark.parametrize("peer", ["spherical", "diag", "tied", "full"])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_of_em_ends_where_scikit_learn_s_does(peer, seed):
    structure = dict(zip(["spherical", "diag", "tied", "full"], STRUCTURES[1:], strict=True))[peer]
    X, _ = km.data.three_blobs(300, rng=seed)
    truth = km.data.three_blobs.means
    ours = km.solve(km.em(X, km.MixtureModel(3, structure).at(truth, 1.0)), tol=1e-12).last
    one = {
        "spherical": np.ones(3),
        "diag": np.ones((3, 2)),
        "tied": np.eye(2),
        "full": np.tile(np.eye(2), (3, 1, 1)),
    }[peer]
    theirs = GaussianMixture(
        3,
        covariance_type=peer,
        reg_covar=0,
        tol=1e-12,
        max_iter=5000,
        weights_init=np.full(3, 1 / 3),
        means_init=truth,
        precisions_init=one,
    ).fit(X)
    assert ours.objective == pytest.approx(300 * theirs.score(X), rel=1e-8)
    np.testing.assert_allclose(ours.mixture.means, theirs.means_, atol=1e-3)


# Several starts


@pytest.mark.parametrize(
    "estimate",
    [
        lambda X, rng: km.kmeans(X, 7, n_starts=6, rng=rng),
        lambda X, rng: km.mle(X, km.MixtureModel(3, km.Tied()), n_starts=6, rng=rng, tol=1e-6),
    ],
    ids=["kmeans", "mle"],
)
def test_estimates_are_reproducible_and_take_a_generator(estimate):
    X, _ = km.data.three_blobs(90, rng=1)
    rng = np.random.default_rng(7)
    first = estimate(X, 7)
    np.testing.assert_array_equal(estimate(X, rng).finals, first.finals)
    assert (estimate(X, rng).finals != first.finals).any()  # the generator went on
    assert first.finals.shape == (6,)
    best = first.finals.min() if first.last.objective > 0 else first.finals.max()
    assert first.last.objective == pytest.approx(best, rel=1e-12)  # the first but for rounding
    with pytest.raises(TypeError):
        estimate(X, "seed")


def test_n_best_tells_how_many_starts_found_the_best():
    """Four groups on a line, two centers in one of them: a local optimum that some starts find."""
    X = np.repeat([0.0, 10.0, 20.0, 30.0], 10)[:, None]
    X += np.tile(np.linspace(-1, 1, 10), 4)[:, None]
    run = km.kmeans(X, 4, n_starts=30, rng=1)
    best = oracles.within_ss(X, np.array([[0.0], [10.0], [20.0], [30.0]]))
    assert run.last.objective == pytest.approx(best)
    assert 1 < run.n_best < 30
    assert run.n_best == (run.finals < best + 1e-6).sum()


def test_starts_that_collapse_are_left_out_and_shown():
    X = np.vstack([np.random.default_rng(1).standard_normal((30, 1)), np.full((3, 1), 9.0)])
    run = km.mle(X, km.MixtureModel(2, km.Spherical()), n_starts=20, rng=1, tol=1e-8)
    collapsed = np.isnan(run.finals)
    assert 0 < collapsed.sum() < 20
    assert run.last.objective == pytest.approx(np.nanmax(run.finals), rel=1e-8)
    assert run.n_best <= 20 - collapsed.sum()
    assert f"n_best={run.n_best} of 20" in repr(run)


@pytest.mark.parametrize("structure", [km.Diagonal(), km.Tied(), km.Full()], ids=repr)
def test_where_every_start_collapses_the_collapse_is_told(structure):
    line = np.column_stack([np.arange(9.0) ** 2, np.full(9, 0.1)])
    with pytest.raises(km.DegenerateCovariance, match=r"not positive definite at iteration \d+$"):
        km.mle(line, km.MixtureModel(2, structure), rng=1)


def test_as_many_components_as_distinct_points_leave_no_variance():
    X = np.repeat([[0.0], [1.0], [7.0]], 4, axis=0)
    with pytest.raises(km.DegenerateCovariance, match="the common covariance is not positive"):
        km.mle(X, km.MixtureModel(3, km.Isotropic()), rng=1)
    assert km.kmeans(X, 3, rng=1).last.objective == 0


@pytest.mark.parametrize("structure", STRUCTURES[1:], ids=repr)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_component_on_repeated_points_collapses_whatever_their_coordinates(structure, seed):
    """Their mean, computed, misses them by a last digit: that is not a variance."""
    rng = np.random.default_rng(seed)
    cloud, point = rng.standard_normal((30, 2)), rng.standard_normal(2) + 9
    X = np.vstack([cloud, np.tile(point, (5, 1))])
    start = km.MixtureModel(2, structure).at([cloud.mean(axis=0), point + 0.1], 1.0)
    if isinstance(structure, km.Tied):  # the cloud keeps a common covariance up
        assert km.solve(km.em(X, start), tol=1e-8).converged
    else:
        with pytest.raises(km.DegenerateCovariance, match=r"component 1 .* at iteration"):
            km.solve(km.em(X, start), tol=1e-8)


def test_the_unbounded_likelihood_is_not_held_back():
    """No hidden floor: on seven points a component may be as narrow as you like."""
    x = np.array([-2.1, -1.3, -0.4, 0.2, 0.9, 1.7, 2.6])[:, None]
    found = [
        km.log_likelihood(x, km.Mixture([0.5, 0.5], [[0.2], [x.mean()]], [s**2, x.var()]))
        for s in (1, 0.3, 0.1, 1e-10, 1e-100)
    ]
    np.testing.assert_allclose(found[:3], [-13.3946, -15.0800, -14.9716], atol=6e-5)
    assert found[4] - found[3] == pytest.approx(90 * np.log(10))


@pytest.mark.parametrize("n_starts", [0, -1, 2.0, True])
def test_no_starts_are_refused(n_starts):
    X = np.arange(6.0)[:, None]
    for call in (
        lambda: km.kmeans(X, 2, n_starts=n_starts, rng=1),
        lambda: km.mle(X, km.MixtureModel(2, km.Isotropic()), n_starts=n_starts, rng=1),
    ):
        with pytest.raises(
            ValueError, match=f"n_starts must be a whole number, 1 or more; got {n_starts}"
        ):
            call()


def test_a_fixed_eps_and_fixed_weights_stay_fixed():
    X, _ = km.data.two_normals(200, rng=1)
    model = km.MixtureModel(2, km.Isotropic(0.7), weights=[0.25, 0.75])
    last = km.mle(X, model, n_starts=3, rng=1, tol=1e-8).last.mixture
    assert last.covariances == 0.7
    assert last.weights.tolist() == [0.25, 0.75]


@pytest.mark.parametrize("seed", SEEDS)
def test_mle_with_tol_zero_converges_without_a_warning(seed):
    X, _ = random_mixture(km.Full(), 2, 2, seed).sample(150, rng=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert km.mle(X, km.MixtureModel(2, km.Full()), n_starts=3, rng=seed).converged


def test_a_start_that_creeps_along_is_no_matter_unless_it_is_the_best():
    """From the second of these starts EM still gains a little after 10,000 iterations."""
    groups = km.Mixture([0.5, 0.5], [[0, -1.5], [0, 1.5]], [np.diag([9, 0.25])] * 2)
    X, _ = groups.sample(400, rng=1)
    model = km.MixtureModel(2, km.Tied())
    run = km.mle(X, model, n_starts=2, rng=1)
    assert run.converged
    assert run.finals[1] < run.finals[0] - 100
    rng = np.random.default_rng(1)
    creeping = [start(X, 2, rng=rng) for start in (km.kmeans_plusplus, km.random_points)][1]
    with pytest.warns(RuntimeWarning, match="not converged after 10000 iterations"):
        km.solve(km.em(X, model.at(creeping, km.within_ss(X, creeping) / X.size)))


def test_a_best_run_that_has_not_converged_is_told(monkeypatch):
    def short(states, **kwargs):
        return runs.follow(states, max_iter=2)

    monkeypatch.setattr(estimators, "follow", short)
    X, _ = km.data.two_normals(500, rng=1)
    with pytest.warns(RuntimeWarning, match="the best run has not converged after 2 iterations"):
        km.mle(X, km.MixtureModel(2, km.Isotropic()), n_starts=2, rng=1)
