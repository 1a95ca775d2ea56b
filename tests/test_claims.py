"""The claims of the discussion the book follows, one test each, numbered as in the ledger.

A test checks the claim itself, by enumeration, a closed form, or a simulation with a stated error
rate, and not the code that illustrates it. Simulations allow four standard errors: a true claim
fails in fewer than one of 10,000 runs, and the seeds are fixed.
"""

import math
from fractions import Fraction
from itertools import combinations, islice, pairwise, product

import numpy as np
import pytest
from scipy import optimize, special, stats

import kmgmm as km

HALF = [0.5, 0.5]


def draw(seed, n=40, d=2, k=3):
    """Return data in k loose groups, and k of the points to start from."""
    rng = np.random.default_rng(seed)
    X = rng.normal(scale=2, size=(k, d))[rng.integers(k, size=n)] + rng.normal(size=(n, d))
    return X, X[:k].copy()


def partitions_ss(x, k):
    """Return the sum of squares of every partition of x into k parts that are not empty."""
    labelings = (z for z in product(range(k), repeat=len(x)) if len(set(z)) == k)
    return [
        sum(np.var(part) * len(part) for i in range(k) if (part := x[np.array(z) == i]).size)
        for z in labelings
    ]


def test_c04_lloyds_algorithm_need_not_reach_the_estimator():
    """Started at the truth, n = 100, it reaches the minimum in about two samples of three."""
    truth, rng, samples = km.data.two_normals, np.random.default_rng(4), 3000
    hits = 0
    for _ in range(samples):
        x = np.sort(truth.sample(100, rng=rng)[0][:, 0])
        cuts = range(1, 100)
        least = min(c * x[:c].var() + (100 - c) * x[c:].var() for c in cuts)
        hits += km.solve(km.lloyd(x[:, None], truth.means)).last.objective <= least * (1 + 1e-9)
    assert hits / samples == pytest.approx(0.67, abs=0.02 + 4 * math.sqrt(0.22 / samples))


@pytest.mark.parametrize("seed", range(5))
def test_c04_the_estimator_is_the_least_w_of_all_partitions(seed):
    x = np.random.default_rng(seed).normal(size=7)
    least = min(partitions_ss(x, 3))
    assert km.kmeans_1d(x, 3).objective == pytest.approx(least)
    assert km.kmeans_exhaustive(x[:, None], 3).objective == pytest.approx(least)


def test_c05_the_distance_is_squared():
    """The minimizer of W is made of means; that of the summed distances is another one."""
    x = np.array([0.0, 1, 2, 10, 11, 12, 30])
    grid = np.linspace(-1, 31, 161)  # includes every mean and every median below

    def best(power):
        D = np.abs(x[:, None] - grid) ** power
        cost = {pair: np.minimum(*D[:, list(pair)].T).sum() for pair in combinations(range(161), 2)}
        pair = min(cost, key=cost.get)
        return grid[list(pair)], cost[pair]

    squared, unsquared = best(2), best(1)
    np.testing.assert_allclose(km.kmeans_1d(x, 2).centers, squared[0])
    np.testing.assert_allclose(squared[0], [6, 30])
    assert np.abs(x - 6)[:-1].sum() == 30 > unsquared[1] + 6  # 6 and 30 are no minimum of that


def test_c11_cells_are_polyhedra():
    """A place is assigned by k - 1 linear inequalities, so cells are convex."""
    rng = np.random.default_rng(11)
    centers, a, b = rng.normal(size=(5, 3)), rng.normal(size=(2000, 3)), rng.normal(size=(2000, 3))
    labels = km.assign(a, centers)
    scores = 2 * a @ centers.T - (centers**2).sum(axis=1)
    np.testing.assert_array_equal(labels, scores.argmax(axis=1))
    same = labels == km.assign(b, centers)
    np.testing.assert_array_equal(km.assign((a + b)[same] / 2, centers), labels[same])


def test_c11_long_groups_are_cut_across_exactly_when_they_are_close():
    """Population W of the two cuts, by quadrature, changes order where E|Y| = s √(2/π)."""
    s, t = 3.0, 0.5

    def saved(gap):  # by cutting between the groups, and across
        folded = stats.foldnorm(gap / 2 / t, scale=t).mean()
        return folded**2, s**2 * 2 / math.pi

    even = optimize.brentq(lambda gap: np.subtract(*saved(gap)), 1, 10)
    assert even == pytest.approx(2 * math.sqrt(2 / math.pi) * s, abs=1e-5)
    for gap, right in ((0.7 * even, False), (1.3 * even, True)):
        groups = km.Mixture(HALF, [[0, -gap / 2], [0, gap / 2]], [np.diag([s**2, t**2])] * 2)
        X, labels = groups.sample(2000, rng=11)
        found = km.match_labels(km.assign(X, km.kmeans(X, 2, rng=11).last.centers), labels)
        assert (np.mean(found == labels) > 0.99) == right


@pytest.mark.parametrize("seed", range(20))
def test_c12_lloyd_is_coordinate_descent_and_stops(seed):
    X, start = draw(seed)
    states = list(islice(km.lloyd(X, start), 60))
    W = [state.objective for state in states]
    assert all(b <= a * (1 + 1e-14) for a, b in pairwise(W))
    np.testing.assert_array_equal(states[-1].centers, states[-2].centers)
    # each half-step is a minimum of W(μ, z) in one argument: no other label, no other center helps
    centers = states[-1].centers
    D = ((X[:, None] - centers) ** 2).sum(axis=2)
    z = km.assign(X, centers)
    np.testing.assert_allclose(D[np.arange(len(X)), z], D.min(axis=1))
    for i in range(3):
        np.testing.assert_allclose(centers[i], X[z == i].mean(axis=0))


@pytest.mark.parametrize("structure", [km.Isotropic(), km.Spherical(), km.Tied(), km.Full()])
@pytest.mark.parametrize("seed", range(5))
def test_c13_em_ascends_and_its_m_step_is_complete_data_likelihood(structure, seed):
    X, start = draw(seed, n=200)
    run = km.solve(km.em(X, km.MixtureModel(3, structure).at(start, variance=4.0)), tol=1e-6)
    assert (np.diff(run.trace) > -1e-9).all()
    # no other member does better on the same responsibilities
    mixture = run.last.mixture
    R = mixture.responsibilities(X)
    updated = mixture.model.mle(mixture.statistics(X))
    best = (R * updated.log_joint(X)).sum()
    rng = np.random.default_rng(seed)
    for _ in range(20):
        weights = updated.weights * np.exp(0.05 * rng.normal(size=3))
        means = updated.means + 0.05 * rng.normal(size=(3, 2))
        covariances = updated.covariances * np.exp(0.05 * rng.normal())
        other = km.Mixture(weights / weights.sum(), means, covariances, mixture.model)
        assert (R * other.log_joint(X)).sum() < best


@pytest.mark.parametrize("seed", range(10))
def test_c14_responsibilities_tend_to_the_nearest_center(seed):
    X, centers = draw(seed)
    weights = np.random.default_rng(seed).dirichlet([1, 1, 1])
    D = np.sort(((X[:, None] - centers) ** 2).sum(axis=2), axis=1)
    nearest, gap = km.assign(X, centers), D[:, 1] - D[:, 0]
    rows = np.arange(len(X))
    for eps in (1.0, 1e-1, 1e-2, 1e-3, 1e-300):
        r = km.Mixture(weights, centers, eps).responsibilities(X)
        bound = (1 - weights[nearest]) / weights[nearest] * np.exp(-gap / (2 * eps))
        lack = 1 - r[rows, nearest]
        assert (lack <= bound + 1e-15).all()
        assert (lack >= -1e-15).all()


def test_c14_a_tie_is_shared_in_proportion_to_the_weights():
    for eps in (1.0, 1e-6, 1e-300):
        mixture = km.Mixture([0.2, 0.3, 0.5], [[-1.0], [1.0], [9.0]], eps)
        np.testing.assert_allclose(mixture.responsibilities([[0.0]]), [[0.4, 0.6, 0]], atol=1e-6)


def test_c15_it_is_the_e_step_that_computes_responsibilities():
    """The M-step sees statistics alone: different data with equal statistics, equal result."""
    model = km.MixtureModel(2, km.Isotropic(1.0))
    start = model.at([[0.0, 0.0], [50.0, 0.0]])
    near = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    turned = near @ np.array([[1, 1], [-1, 1]]) / math.sqrt(2)
    one, other = (np.vstack([part, part + np.array([50, 0])]) for part in (near, turned))
    a, b = (model.mle(start.statistics(X)) for X in (one, other))
    np.testing.assert_allclose(a.means, b.means, atol=1e-12)
    np.testing.assert_allclose(a.weights, b.weights)
    assert not np.allclose(
        start.responsibilities(one[:4] + 25), start.responsibilities(other[:4] + 25)
    )


@pytest.mark.parametrize("eps", [1e-8, 1e-3, 1.0, 1e3])
@pytest.mark.parametrize("seed", range(5))
def test_c16_classification_em_with_equal_weights_is_lloyd(eps, seed):
    X, start = draw(seed)
    model = km.MixtureModel(3, km.Isotropic(eps), weights="equal")
    pairs = zip(km.lloyd(X, start), km.classification_em(X, model.at(start)), strict=False)
    for lloyd, classified in islice(pairs, 25):
        np.testing.assert_allclose(classified.mixture.means, lloyd.centers, atol=1e-12)
        assert classified.mixture.covariances == eps


@pytest.mark.parametrize("weights", ["equal", "free"])
@pytest.mark.parametrize("seed", range(5))
def test_c16_one_step_of_em_is_one_of_lloyd_within_the_stated_bound(weights, seed):
    X, start = draw(seed)
    lloyd = list(islice(km.lloyd(X, start), 2))
    D = np.sort(((X[:, None] - start) ** 2).sum(axis=2), axis=1)
    gap = (D[:, 1] - D[:, 0]).min()
    diameter = max(np.linalg.norm(a - b) for a, b in combinations(X, 2))
    for eps in gap / np.array([4.0, 10, 40, 200]):
        model = km.MixtureModel(3, km.Isotropic(eps), weights=weights)
        em = list(islice(km.em(X, model.at(start)), 2))
        delta = 2 * math.exp(-gap / (2 * eps))
        assert delta < 1
        bound = len(X) / lloyd[0].counts * delta / (1 - delta) * diameter
        apart = np.linalg.norm(em[1].mixture.means - lloyd[1].centers, axis=1)
        assert (apart <= bound + 1e-12).all()


@pytest.mark.parametrize("seed", range(10))
def test_c17_the_rescaled_objectives_tend_to_w(seed):
    X, centers = draw(seed)
    (n, d), W = X.shape, ((X[:, None] - centers) ** 2).sum(axis=2).min(axis=1).sum()
    weights = np.random.default_rng(seed).dirichlet([2, 2, 2])
    for eps in (1.0, 1e-2, 1e-4, 1e-8):
        mixture = km.Mixture(weights, centers, eps)
        F = -2 * eps * (km.log_likelihood(X, mixture) + n * d / 2 * math.log(2 * math.pi * eps))
        assert W * (1 - 1e-12) <= F <= W * (1 + 1e-12) + 2 * eps * n * math.log(1 / weights.min())
    R = mixture.responsibilities(X)
    Q = special.xlogy(R, 1).sum() + (R * mixture.log_joint(X)).sum()
    assert -2 * eps * Q == pytest.approx(W, rel=1e-4)


@pytest.mark.parametrize("weights", ["equal", "free"])
@pytest.mark.parametrize("seed", range(5))
def test_c17_maximum_likelihood_tends_to_least_squares(weights, seed):
    """With n = 8 the k-means estimate is known by enumeration."""
    X, _ = draw(seed, n=8, k=2)
    least = km.kmeans_exhaustive(X, 2).objective
    for eps in (0.1, 1e-2, 1e-3):
        model = km.MixtureModel(2, km.Isotropic(eps), weights=weights)
        means = km.mle(X, model, n_starts=30, rng=seed).last.mixture.means
        W = km.within_ss(X, means)
        assert least * (1 - 1e-12) <= W <= least + 2 * eps * 8 * math.log(2)


def test_c18_unequal_variances_give_circles():
    """In rational arithmetic: |x|² = |x − (3, 0)|²/4 is the circle about (−1, 0) of radius 2."""
    for x, y in [(Fraction(1), 0), (-1, Fraction(2)), (Fraction(1, 5), Fraction(8, 5))]:
        assert 4 * (x**2 + y**2) == (x - 3) ** 2 + y**2
    eps = 1e-3
    mixture = km.Mixture(HALF, [[0.0, 0], [3, 0]], [eps, 4 * eps])
    assert mixture.responsibilities([[1.1, 0]])[0, 0] == pytest.approx(6.7e-67, rel=0.01)
    turn = np.linspace(0, 6, 13)
    radius = math.sqrt(4 + 16 / 3 * eps * math.log(2))
    circle = [-1, 0] + radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    np.testing.assert_allclose(mixture.responsibilities(circle), 0.5, atol=1e-9)


def test_c18_a_common_shape_gives_k_means_after_whitening():
    rng = np.random.default_rng(18)
    X, centers, shape = rng.normal(size=(500, 2)), rng.normal(size=(4, 2)), [[2.0, 0.9], [0.9, 1]]
    model = km.MixtureModel(4, km.Tied())
    mixture = km.Mixture(np.full(4, 0.25), centers, 1e-9 * np.array(shape), model)
    whitener = np.linalg.inv(np.linalg.cholesky(shape)).T
    whitened = km.assign(X @ whitener, centers @ whitener)
    np.testing.assert_array_equal(mixture.assign(X), whitened)
    assert (whitened != km.assign(X, centers)).mean() > 0.02


def test_c18_weights_that_vanish_exponentially_give_a_power_diagram():
    rng = np.random.default_rng(18)
    X, centers = rng.normal(size=(500, 2)), rng.normal(size=(3, 2))
    D, b = ((X[:, None] - centers) ** 2).sum(axis=2), np.array([0, 0.3, 0.6])
    for eps, power, decay in [(1e-3, b, np.exp(-b / 1e-3)), (1e-8, 0 * b, 1e-8**b)]:
        mixture = km.Mixture(decay / decay.sum(), centers, eps)
        np.testing.assert_array_equal(mixture.assign(X), (D + 2 * power).argmin(axis=1))


def test_c35_k_means_needs_no_gaussian():
    """Lloyd descends and stops on Cauchy data, which have no mean, and on data with two values."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        for X in (rng.standard_cauchy((60, 2)), rng.integers(2, size=(60, 2)).astype(float)):
            run = km.kmeans(X, 2, n_starts=3, rng=rng)
            assert run.converged
            assert (np.diff(run.trace) <= 1e-9 * run.trace[0]).all()
