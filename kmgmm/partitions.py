"""Partitions: what a clustering says once the labels' names are forgotten.

Chapter: k-means; speed and stability.
"""

from itertools import combinations
from typing import Any

import numpy as np

from kmgmm._arrays import Blocks, squared_distances
from kmgmm._checks import Array, Labels, as_centers, as_data, as_labels


def assign(X: Any, centers: Any) -> Labels:
    """Return the index of the center nearest to each point; ties go to the first.

    Chapter: k-means.

    Parameters
    ----------
    X : (n, d) array
        The data.
    centers : (k, d) array
        The centers.

    Returns
    -------
    (n,) array of int
        Labels, from 0.

    Raises
    ------
    ValueError
        If X or centers is not a finite array of the right shape.

    Examples
    --------
    >>> import kmgmm as km
    >>> km.assign([[0.0], [1.0], [5.0]], [[0.0], [4.0]])
    array([0, 0, 1])
    """
    X = as_data(X)
    centers = as_centers(centers, X.shape[1])
    points = Blocks(X, len(centers), centers[0])
    M = centers - points.origin
    return np.concatenate([squared_distances(F, M).argmin(axis=0) for _, F in points])


def _contingency(a: Labels, b: Labels) -> Array:
    """Return how many points have label i in a and l in b, a square table."""
    k = int(max(a.max(), b.max())) + 1
    return np.bincount(a * k + b, minlength=k * k).reshape(k, k).astype(float)


def match_labels(labels: Any, reference: Any) -> Labels:
    """Return labels renamed so that they agree with a reference as often as they can.

    Chapter: k-means.

    Parameters
    ----------
    labels, reference : (n,) array of int
        Labels, from 0.

    Returns
    -------
    (n,) array of int
        The same partition, with the names permuted.

    Raises
    ------
    ValueError
        If the two are not integer labels of the same points.

    References
    ----------
    .. [1] H. W. Kuhn (1955). The Hungarian method for the assignment problem. Naval Research
       Logistics Quarterly 2, 83–97.

    Examples
    --------
    >>> import kmgmm as km
    >>> km.match_labels([1, 1, 0, 2], [0, 0, 1, 1])
    array([0, 0, 1, 2])
    """
    reference = np.asarray(reference)
    labels = as_labels(labels, reference.size)
    reference = as_labels(reference, labels.size)
    return _cheapest_assignment(-_contingency(labels, reference))[labels]


def _cheapest_assignment(cost: Array) -> Labels:
    """Return the permutation p that minimizes Σ_i cost[i, p_i]: shortest augmenting paths."""
    k = len(cost)
    row_of = np.full(k + 1, -1)  # the row that holds each column; column k is the one to place
    u, v = np.zeros(k), np.zeros(k + 1)  # prices: cost[i, j] ≥ u_i + v_j, equal where matched
    for row in range(k):
        row_of[k], column = row, k
        slack, previous, seen = np.full(k, np.inf), np.full(k, k), np.zeros(k + 1, bool)
        while row_of[column] >= 0:
            seen[column] = True
            i = row_of[column]
            reduced = cost[i] - u[i] - v[:k]
            better = ~seen[:k] & (reduced < slack)
            slack[better], previous[better] = reduced[better], column
            following = int(np.where(seen[:k], np.inf, slack).argmin())
            step = slack[following]
            u[row_of[seen]] += step
            v[seen] -= step
            slack[~seen[:k]] -= step
            column = following
        while column != k:  # hand the columns on along the path
            row_of[column] = row_of[previous[column]]
            column = previous[column]
    return np.argsort(row_of[:k])


def adjusted_rand(a: Any, b: Any) -> float:
    """Return the adjusted Rand index of two partitions.

    Chapter: speed and stability.

    Parameters
    ----------
    a, b : (n,) array of int
        Labels, from 0, of the same points.

    Returns
    -------
    float
        1 where the partitions are the same, 0 on average where they are unrelated.

    Raises
    ------
    ValueError
        If the two are not integer labels of the same points.

    References
    ----------
    .. [1] L. Hubert and P. Arabie (1985). Comparing partitions. Journal of Classification 2,
       193–218.

    Examples
    --------
    >>> import kmgmm as km
    >>> km.adjusted_rand([0, 0, 1, 1], [1, 1, 0, 0])
    1.0
    """
    b = np.asarray(b)
    a = as_labels(a, b.size)
    table = _contingency(a, as_labels(b, a.size))

    def pairs(counts: Array) -> float:
        return float((counts * (counts - 1)).sum() / 2)

    together, in_a, in_b = pairs(table), pairs(table.sum(axis=1)), pairs(table.sum(axis=0))
    expected = in_a * in_b / max(pairs(np.array([a.size])), 1)
    largest = (in_a + in_b) / 2
    return 1.0 if largest == expected else (together - expected) / (largest - expected)


def stability(partitions: Any) -> float:
    """Return how alike several partitions of the same points are.

    Chapter: speed and stability.

    Parameters
    ----------
    partitions : (r, n) array of int
        Labels from r runs, r ≥ 2.

    Returns
    -------
    float
        The mean adjusted Rand index over all pairs.

    Raises
    ------
    ValueError
        If there are fewer than two partitions.

    Examples
    --------
    >>> import kmgmm as km
    >>> round(km.stability([[0, 0, 1, 1], [1, 1, 0, 0], [0, 1, 0, 1]]), 3)
    0.0
    """
    partitions = list(partitions)
    if len(partitions) < 2:
        raise ValueError(f"stability needs two partitions or more; got {len(partitions)}")
    return float(np.mean([adjusted_rand(a, b) for a, b in combinations(partitions, 2)]))
