"""Exact k-means: against enumeration, against theorems, against every local search."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, settings
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st
from sklearn.cluster import KMeans

from kmgmm.exact import Exact, _partitions, _search, kmeans_1d, kmeans_exhaustive


def given(*strategies):
    """Fifty examples of each property."""
    return lambda test: settings(max_examples=50)(hypothesis_given(*strategies)(test))


FIT = (kmeans_1d, lambda x, k: kmeans_exhaustive(np.reshape(x, (-1, 1)), k))


def within(x, centers):
    """W by its definition, for x (n,) and centers (k,)."""
    return (np.subtract.outer(x, centers) ** 2).min(axis=1).sum()


def best_intervals(x, k):
    """Return the minimum of W over all partitions into k intervals, in exact arithmetic."""
    x = sorted(Fraction(float(value)) for value in x)

    def cost(part):
        return sum(v * v for v in part) - sum(part) ** 2 / len(part)

    return min(
        sum(cost(x[a:b]) for a, b in itertools.pairwise((0, *cuts, len(x))))
        for cuts in itertools.combinations(range(1, len(x)), k - 1)
    )


def best_labels(X, k):
    """Return the minimum of W over all labelings that use k labels, empty clusters left out."""
    return min(
        sum(((X[labels == i] - X[labels == i].mean(axis=0)) ** 2).sum() for i in range(k))
        for labels in map(np.array, itertools.product(range(k), repeat=len(X)))
        if len(set(labels.tolist())) == k
    )


@st.composite
def problems(draw, max_n=30, max_k=6):
    """Draw integers with many ties (exact in floating point), and k that they allow."""
    values = st.integers(-20, 20)
    x = draw(st.lists(values, min_size=1, max_size=max_n).map(np.array))
    return x.astype(float), draw(st.integers(1, min(max_k, len(np.unique(x)))))


# --- against enumeration -------------------------------------------------------------------------


@given(problems(max_n=9))
def test_minimum_over_all_intervals(problem):
    x, k = problem
    centers, W = kmeans_1d(x, k)
    assert pytest.approx(float(best_intervals(x, k)), rel=1e-12, abs=1e-12) == W
    assert pytest.approx(within(x, centers), rel=1e-12, abs=1e-12) == W
    assert (np.diff(centers) > 0).all()


@given(problems(max_n=9))
def test_intervals_beat_all_other_partitions(problem):
    x, k = problem
    line, everything = (fit(x, k) for fit in FIT)
    assert line.objective == pytest.approx(everything.objective, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(("n", "k"), [(1, 1), (4, 2), (5, 3), (6, 2), (7, 3), (6, 6)])
def test_exhaustive_against_all_labelings(n, k):
    X = np.random.default_rng(n).normal(size=(n, 2))
    centers, W = kmeans_exhaustive(X, k)
    assert centers.shape == (k, 2)
    assert pytest.approx(best_labels(X, k), rel=1e-12, abs=1e-12) == W
    D = ((X[:, None] - centers) ** 2).sum(axis=2)
    assert pytest.approx(D.min(axis=1).sum(), rel=1e-12, abs=1e-12) == W
    first = D.argmin(axis=1)
    assert list(dict.fromkeys(first.tolist())) == list(range(k))  # the order that is promised


@pytest.mark.parametrize(
    ("n", "k", "stirling"), [(5, 2, 15), (6, 3, 90), (8, 4, 1701), (12, 2, 2047)]
)
def test_every_partition_once(n, k, stirling):
    rows = _partitions(n, k)
    assert len(np.unique(rows, axis=0)) == len(rows) == stirling
    assert (rows > 0).all()
    assert (np.bitwise_or.reduce(rows, axis=1) == 2**n - 1).all()
    assert (rows.sum(axis=1, dtype=int) == 2**n - 1).all()  # no point twice


def test_largest_exhaustive_search():
    X = np.random.default_rng(0).normal(size=(12, 1))
    assert kmeans_exhaustive(X, 5).objective == pytest.approx(kmeans_1d(X[:, 0], 5).objective)


# --- large samples: the quick search against the plain recursion ---------------------------------


def plain_recursion(x, k):
    """Return the minimum of W in O(k n²), interval costs about the mean of the data."""
    x = np.sort(x) - np.mean(x)
    S, Q = (np.append(0, np.cumsum(v)) for v in (x, x * x))
    i, j = np.triu_indices(len(S), 1)
    cost = np.full((len(S), len(S)), np.inf)
    cost[i, j] = Q[j] - Q[i] - (S[j] - S[i]) ** 2 / (j - i)
    W = cost[0]
    for _ in range(k - 1):
        W = (W[:, None] + cost).min(axis=0)
    return W[-1]


@pytest.mark.parametrize("k", [1, 2, 3, 4, 10])
@pytest.mark.parametrize("shape", ["normal", "uniform", "heavy", "skew", "ties"])
def test_quick_search_is_exact(shape, k):
    rng = np.random.default_rng(k)
    x = {
        "normal": rng.normal(size=700),
        "uniform": rng.random(700),
        "heavy": rng.standard_cauchy(700),
        "skew": rng.random(700) ** 9,
        "ties": rng.integers(0, 40, 700),
    }[shape]
    centers, W = kmeans_1d(x, k)
    assert pytest.approx(plain_recursion(x, k), rel=1e-9) == W
    assert pytest.approx(within(x, centers), rel=1e-12) == W


def test_blocks_of_the_search():
    x = np.random.default_rng(3).normal(size=40_000)  # more than one block a level
    centers, W = kmeans_1d(x, 3)
    thinned = kmeans_1d(x[:20_000], 3)
    assert pytest.approx(within(x, centers)) == W
    assert within(x, thinned.centers) >= W
    cells = np.abs(x[:, None] - centers).argmin(axis=1)
    np.testing.assert_allclose([x[cells == i].mean() for i in range(3)], centers, rtol=1e-12)
    nudges = centers + np.random.default_rng(4).normal(scale=0.05, size=(50, 3))
    assert all(within(x, nudged) > W for nudged in nudges)


# --- no local search does better -----------------------------------------------------------------


@pytest.mark.parametrize("k", [2, 3, 5])
def test_no_local_search_beats_it(k):
    x = np.random.default_rng(k).standard_t(2, size=200)
    W = kmeans_1d(x, k).objective
    for seed in range(10):
        run = KMeans(k, init="random", n_init=1, random_state=seed, tol=0).fit(x[:, None])
        assert run.inertia_ >= W * (1 - 1e-12)

    optimum = kmeans_1d(x, k).centers[:, None]
    run = KMeans(k, init=optimum, tol=0).fit(x[:, None])  # Lloyd cannot leave it
    np.testing.assert_allclose(run.cluster_centers_, optimum)


@given(problems(max_n=20), st.integers(0, 2**32 - 1))
def test_no_centers_at_all_beat_it(problem, seed):
    x, k = problem
    W = kmeans_1d(x, k).objective
    centers = np.random.default_rng(seed).uniform(-20, 20, size=(20, k))
    assert all(within(x, c) >= W * (1 - 1e-12) for c in centers)


# --- equivariance --------------------------------------------------------------------------------


@given(problems(), st.sampled_from([1e-8, 1e-3, 1.0, 7.0, 1e8]), st.sampled_from([0, -5, 1e4, 1e8]))
@example((np.array([0.0, -1, 3, 3, 3, 11]), 4), 1e-3, 0)  # W is 0 but for rounding
def test_translation_and_scale(problem, scale, shift):
    x, k = problem
    W = kmeans_1d(x, k).objective
    assert kmeans_1d(scale * x, k).objective == pytest.approx(scale**2 * W, rel=1e-11)
    moved = kmeans_1d(x + shift, k)
    assert moved.objective == pytest.approx(W, rel=1e-11, abs=1e-12)
    assert within(x, moved.centers - shift) == pytest.approx(W, rel=1e-11, abs=1e-11)


@given(problems(max_n=9, max_k=4), st.sampled_from([1e-8, 1e8]), st.sampled_from([0, 1e8]))
def test_translation_and_scale_exhaustive(problem, scale, shift):
    x, k = problem
    W = kmeans_exhaustive(x[:, None], k).objective
    assert kmeans_exhaustive(scale * x[:, None], k).objective == pytest.approx(scale**2 * W)
    assert kmeans_exhaustive(x[:, None] + shift, k).objective == pytest.approx(W, abs=1e-12)


@given(problems(), st.randoms(use_true_random=False))
def test_order_does_not_matter(problem, random):
    x, k = problem
    shuffled = np.array(random.sample(x.tolist(), len(x)))
    assert kmeans_1d(shuffled, k).objective == kmeans_1d(x, k).objective
    np.testing.assert_array_equal(kmeans_1d(shuffled, k).centers, kmeans_1d(x, k).centers)


@given(problems())
def test_reflection(problem):
    x, k = problem
    mirrored, W = kmeans_1d(-x, k)
    assert pytest.approx(kmeans_1d(x, k).objective, rel=1e-12, abs=1e-12) == W
    assert within(x, -mirrored) == pytest.approx(W, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("k", [1, 2, 3, 6])
def test_every_point_twice(k):
    x = np.random.default_rng(k).normal(size=100)
    once, twice = kmeans_1d(x, k), kmeans_1d(np.repeat(x, 2), k)
    np.testing.assert_allclose(twice.centers, once.centers, rtol=1e-12)
    assert twice.objective == pytest.approx(2 * once.objective, rel=1e-12)


# --- closed forms --------------------------------------------------------------------------------


@given(problems())
def test_one_cluster_is_the_mean(problem):
    x, _ = problem
    centers, W = kmeans_1d(x, 1)
    np.testing.assert_allclose(centers, [x.mean()], atol=1e-12)
    assert pytest.approx(x.var() * len(x), abs=1e-10) == W


@given(problems(max_n=12))
def test_a_cluster_for_each_distinct_value(problem):
    x, _ = problem
    values = np.unique(x)
    centers, W = kmeans_1d(x, len(values))
    np.testing.assert_allclose(centers, values, atol=1e-12)
    assert pytest.approx(0, abs=1e-20) == W


@given(problems())
def test_more_clusters_cost_less(problem):
    x, _ = problem
    W = [kmeans_1d(x, k).objective for k in range(1, len(np.unique(x)) + 1)]
    assert (np.diff(W) < 0).all()


def test_ties_are_cut_at_the_left():
    np.testing.assert_array_equal(kmeans_1d([0, 1, 2], 2).centers, [0, 1.5])
    np.testing.assert_array_equal(kmeans_1d([0, 1, 2, 3], 3).centers, [0, 1, 2.5])


def test_ties_within_a_level():
    zero = np.zeros(10)
    low, high, j = np.array([0, 2, 2]), np.array([3, 3, 7]), np.array([7, 8, 9])
    np.testing.assert_array_equal(_search(zero, zero, low, high, j), low)


def test_two_normals_cut_near_their_middle():
    rng = np.random.default_rng(0)
    x = rng.choice([-1, 1], 100_000) + rng.normal(size=100_000)
    s = 2 * math.exp(-0.5) / math.sqrt(2 * math.pi) + math.erf(math.sqrt(0.5))  # E|x| = 1.16663…
    np.testing.assert_allclose(kmeans_1d(x, 2).centers, [-s, s], atol=0.02)


# --- digits: tight groups far apart, where prefix sums alone fail --------------------------------


@pytest.mark.parametrize("distance", [1.0, 1e4, 1e8, 1e12])
@pytest.mark.parametrize("k", [2, 3, 4, 5])
def test_tight_groups_far_apart(distance, k):
    rng = np.random.default_rng(k)
    x = np.append(rng.integers(-50, 50, 6), distance + rng.integers(-50, 50, 7)) / 1.0
    assert pytest.approx(float(best_intervals(x, k)), rel=1e-12) == kmeans_1d(x, k).objective


@pytest.mark.parametrize("k", [2, 3, 4, 6])
def test_groups_within_groups_far_apart(k):
    tight = np.array([0, 1, 2, 5, 6]) * 2.0**-10
    x = np.concatenate([tight, 2.0**20 + tight, [2.0**60, 2.0**60 + 2.0**20]])
    assert pytest.approx(float(best_intervals(x, k)), rel=1e-12) == kmeans_1d(x, k).objective


def test_far_from_the_origin():
    x = np.round(np.random.default_rng(0).normal(size=500) * 2.0**20) / 2.0**20
    centers, W = kmeans_1d(x, 3)
    moved = kmeans_1d(x + 2.0**30, 3)  # no digit is lost in the data
    np.testing.assert_allclose(moved.centers - 2.0**30, centers, atol=1e-6)
    assert moved.objective == pytest.approx(W, rel=1e-12)


# --- broadcasting, and what is accepted ----------------------------------------------------------


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_broadcasting_is_a_loop(k):
    x = np.random.default_rng(k).normal(size=(3, 2, 20)) * [[[1], [1e6]]]
    centers, W = kmeans_1d(x, k)
    assert (centers.shape, W.shape) == ((3, 2, k), (3, 2))
    for row in np.ndindex(3, 2):
        one = kmeans_1d(x[row], k)
        assert isinstance(one, Exact)
        assert np.ndim(one.objective) == 0
        np.testing.assert_allclose(centers[row], one.centers, rtol=1e-13)
        np.testing.assert_allclose(W[row], one.objective, rtol=1e-13)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_input_is_not_touched(k):
    x = np.array([5.0, 1, 4, 2, 9])
    x.flags.writeable = False
    expected = kmeans_1d(x.copy(), k)
    for same in (x, x.tolist(), x.astype(int), x.astype(np.float32), x[::-1], tuple(x)):
        np.testing.assert_array_equal(kmeans_1d(same, np.int64(k)).centers, expected.centers)
    for same in (x[:, None], x[:, None].astype(np.float32).tolist()):
        assert kmeans_exhaustive(same, k).objective == pytest.approx(expected.objective)
    np.testing.assert_array_equal(x, [5, 1, 4, 2, 9])


@pytest.mark.parametrize("fit", FIT, ids=["line", "exhaustive"])
@pytest.mark.parametrize(
    ("x", "k", "message"),
    [
        ([1, np.nan, 2], 2, "must be finite"),
        ([1, np.inf, 2], 2, "must be finite"),
        ([-np.inf, 1, 2], 2, "must be finite"),
        ([], 1, "must not be empty"),
        ([1, 2, 3], 0, "k must be .* got 0"),
        ([1, 2, 3], -1, "k must be .* got -1"),
        ([1, 2, 3], 2.0, "k must be .* got 2.0"),
        ([1, 2, 3], "2", "k must be .* got '2'"),
        ([1, 2, 3], 5, "k = 5 clusters need at least 5 points; got n = 3"),
        ([1, 1, 1], 2, "k = 2 clusters need 2 distinct points"),
        ([1, 1, 2, 2], 3, "k = 3 clusters need 3 distinct points"),
    ],
)
def test_bad_input_is_refused(fit, x, k, message):
    with pytest.raises(ValueError, match=message):
        fit(x, k)


def test_bad_shapes_are_refused():
    with pytest.raises(ValueError, match=r"x must be \(\.\.\., n\); got \(\)"):
        kmeans_1d(3.0, 1)
    with pytest.raises(ValueError, match="2 distinct points"):
        kmeans_1d([[1, 2, 3], [4, 4, 4]], 2)
    with pytest.raises(ValueError, match="must not be empty"):
        kmeans_1d(np.empty((0, 5)), 2)
    with pytest.raises(ValueError, match=r"X must be \(n, d\); got \(3,\): write x\[:, None\]"):
        kmeans_exhaustive([1, 2, 3], 1)
    with pytest.raises(ValueError, match=r"at most 12 points .* got n = 13"):
        kmeans_exhaustive(np.arange(13.0)[:, None], 2)


def test_a_column_is_not_many_samples():
    with pytest.raises(ValueError, match=r"along its last axis; got \(3, 1\): write x\[:, 0\]"):
        kmeans_1d([[0.0], [1.0], [5.0]], 1)
