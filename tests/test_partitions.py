"""Partitions: nearest centers, matching labels, and how alike two clusterings are."""

import numpy as np
import oracles
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score
from strategies import data_and_centers, seeds, two_labelings

import kmgmm as km
from kmgmm import _arrays, partitions

ALPHA = 1e-6


@given(data_and_centers())
def test_assign_equals_the_loops(case):
    X, centers = case
    found = km.assign(X, centers)
    D = oracles.squared_distances(X, centers)
    np.testing.assert_allclose(D[np.arange(len(X)), found], D.min(axis=1), rtol=1e-12, atol=1e-12)
    assert np.bincount(found, minlength=len(centers)).tolist() == (
        next(km.lloyd(X, centers)).counts.tolist()
    )


def test_assign_takes_the_first_of_the_nearest_in_every_block(monkeypatch):
    monkeypatch.setattr(_arrays, "BLOCK_VALUES", 1)
    X = np.tile([[0.0], [1.0], [2.0]], (2000, 1))
    assert km.assign(X, [[0.0], [2.0]]).tolist() == [0, 0, 1] * 2000
    assert km.assign(X, [[2.0], [0.0]]).tolist() == [1, 0, 0] * 2000


@pytest.mark.parametrize("seed", range(50))
def test_cheapest_assignment_equals_scipy(seed):
    rng = np.random.default_rng(seed)
    k = rng.integers(1, 12)
    for cost in (rng.standard_normal((k, k)), rng.integers(0, 3, (k, k)).astype(float)):
        found = partitions._cheapest_assignment(cost)
        rows, columns = linear_sum_assignment(cost)
        assert sorted(found) == list(range(k))
        assert cost[rows, found].sum() == pytest.approx(cost[rows, columns].sum())


@given(two_labelings())
def test_match_labels_agrees_as_often_as_any_renaming(case):
    labels, reference = case
    found = km.match_labels(labels, reference)
    k = max(labels.max(), reference.max()) + 1
    table = np.zeros((k, k))
    for a, b in zip(labels, reference, strict=True):
        table[a, b] += 1
    rows, columns = linear_sum_assignment(-table)
    assert (found == reference).sum() == table[rows, columns].sum()
    assert km.adjusted_rand(found, labels) == 1  # the same partition


@given(two_labelings(), seeds())
def test_adjusted_rand_equals_scikit_learn_and_forgets_names(case, seed):
    a, b = case
    found = km.adjusted_rand(a, b)
    assert found == pytest.approx(adjusted_rand_score(a, b), abs=1e-12)
    assert found == km.adjusted_rand(b, a)
    renamed = np.random.default_rng(seed).permutation(b.max() + 3)[b]
    assert km.adjusted_rand(a, renamed) == pytest.approx(found, abs=1e-12)


def test_unrelated_partitions_score_zero_on_average():
    """The mean of 400 scores, within 5 of its standard errors (one failure in 1.7e6)."""
    rng = np.random.default_rng(1)
    scores = [km.adjusted_rand(*rng.integers(0, 3, (2, 30))) for _ in range(400)]
    assert abs(np.mean(scores)) < 5 * np.std(scores) / 20


@given(st.integers(2, 4), seeds())
def test_stability_is_the_mean_over_pairs(r, seed):
    labels = np.random.default_rng(seed).integers(0, 3, (r, 12))
    pairs = [adjusted_rand_score(labels[i], labels[j]) for i in range(r) for j in range(i)]
    assert km.stability(labels) == pytest.approx(np.mean(pairs), abs=1e-12)
    assert km.stability(iter(labels)) == km.stability(labels)
    assert km.stability([labels[0]] * r) == 1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: km.match_labels([0, 1], [0, 1, 2]),
            r"labels must be \(3,\) integers; got .* \(2,\)",
        ),
        (lambda: km.match_labels([0, 1], [0, 0.5]), r"labels must be \(2,\) integers; got float64"),
        (lambda: km.match_labels([0, -2], [0, 1]), "labels must count from 0; the least is -2"),
        (
            lambda: km.adjusted_rand([0, 1], [[0, 1]]),
            r"labels must be \(2,\) integers; got .*\(1, 2\)",
        ),
        (lambda: km.adjusted_rand([True, False], [0, 1]), r"\(2,\) integers; got bool"),
        (lambda: km.stability([[0, 1]]), "stability needs two partitions or more; got 1"),
    ],
)
def test_bad_labels_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
