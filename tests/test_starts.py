"""Starts: distinct points of the data, with the odds they promise."""

import numpy as np
import oracles
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from strategies import STRUCTURES, data, name, seeds

import kmgmm as km

ALPHA = 1e-6  # each statistical test would fail once in 1e6 runs, were the seeds not fixed
STARTS = [km.random_points, km.kmeans_plusplus]


@given(st.sampled_from(STARTS), data(), seeds(), st.data())
def test_starts_are_distinct_points_of_the_data(start, X, seed, draw):
    k = draw.draw(st.integers(1, len(np.unique(X, axis=0))))
    centers = start(X, k, rng=seed)
    assert centers.shape == (k, X.shape[1])
    assert len(np.unique(centers, axis=0)) == k
    assert {tuple(c) for c in centers} <= {tuple(x) for x in X}


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("seed", range(20))
def test_starts_are_reproducible_take_a_generator_and_do_not_touch_x(start, seed):
    X = np.random.default_rng(0).standard_normal((30, 2))
    rng = np.random.default_rng(seed)
    first = start(X, 3, rng=seed)
    np.testing.assert_array_equal(start(X, 3, rng=rng), first)
    assert (start(X, 3, rng=rng) != first).any()  # the generator went on
    first += 1
    np.testing.assert_array_equal(X, np.random.default_rng(0).standard_normal((30, 2)))
    with pytest.raises(TypeError):
        start(X, 3, seed)


def test_random_points_are_drawn_evenly():
    X = np.arange(6.0)[:, None]
    draws = np.array([km.random_points(X, 2, rng=seed).ravel() for seed in range(3000)])
    pairs = np.bincount((draws[:, 0] * 6 + draws[:, 1]).astype(int), minlength=36)
    assert (pairs[::7] == 0).all()
    assert stats.chisquare(np.delete(pairs, np.arange(0, 36, 7))).pvalue > ALPHA


def test_kmeans_plusplus_draws_with_odds_proportional_to_squared_distances():
    X = np.array([[0.0], [1.0], [3.0], [3.0]])
    draws = [tuple(km.kmeans_plusplus(X, 2, rng=seed).ravel()) for seed in range(4000)]
    odds = {}
    for first, p in ((0.0, 1 / 4), (1.0, 1 / 4), (3.0, 1 / 2)):
        D = (X.ravel() - first) ** 2
        for second, share in zip(X.ravel(), D / D.sum(), strict=True):
            odds[first, second] = odds.get((first, second), 0) + p * share
    possible = [pair for pair, p in odds.items() if p]
    assert set(draws) == set(possible)
    found = [draws.count(pair) for pair in possible]
    expected = [4000 * odds[pair] for pair in possible]
    assert stats.chisquare(found, expected).pvalue > ALPHA


@pytest.mark.parametrize("k", [2, 4])
def test_kmeans_plusplus_keeps_its_promise(k):
    """E W ≤ 8 (log k + 2) W*; on these data far below, as the mean over 300 draws shows."""
    X = np.random.default_rng(3).standard_normal((8, 2))
    W = [oracles.within_ss(X, km.kmeans_plusplus(X, k, rng=seed)) for seed in range(300)]
    assert np.mean(W) < 8 * (np.log(k) + 2) * oracles.best_within_ss(X, k) / 3


@pytest.mark.parametrize("structure", [*STRUCTURES, km.Isotropic(2.0)], ids=repr)
def test_from_labels_is_the_estimate_from_labeled_data(structure):
    X, labels = km.data.ellipses(60, rng=1)
    found = km.from_labels(X, labels, km.MixtureModel(2, structure))
    weights, means, scatter = oracles.m_step(X, np.eye(2)[labels])
    np.testing.assert_allclose(found.weights, weights)
    np.testing.assert_allclose(found.means, means, atol=1e-12)
    if structure.eps is None:
        expected = oracles.covariances(name(structure), scatter, 60 * weights)
        np.testing.assert_allclose(found.covariances, expected, rtol=1e-10)
    else:
        assert found.covariances == 2.0


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 1], r"labels must be \(3,\) integers; got int64 \(2,\)"),
        ([0.0, 1.0, 1.0], r"labels must be \(3,\) integers; got float64 \(3,\)"),
        ([0, 1, -1], "labels must count from 0; the least is -1"),
        ([0, 0, 0], r"labels must show every component 0 … 1; got \[0\]"),
        ([0, 1, 2], r"labels must show every component 0 … 1; got \[0 1 2\]"),
    ],
)
def test_bad_labels_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        km.from_labels([[0.0], [1.0], [2.0]], labels, km.MixtureModel(2, km.Isotropic()))


def test_a_group_too_small_for_its_covariance_is_degenerate():
    with pytest.raises(km.DegenerateCovariance, match="component 1"):
        km.from_labels([[0.0], [1.0], [2.0]], [0, 0, 1], km.MixtureModel(2, km.Spherical()))
