"""Exact minimizers of W, the within-cluster sum of squares. Chapter: k-means.

On the line the clusters of a minimizer are intervals of the sorted data (Fisher): k − 1 cuts say
all. With S_j = x_1 + … + x_j, points i + 1 … j have the sum of squares Σ x² − (S_j − S_i)² / (j −
i) about their mean. Σ x² summed over the clusters is constant, so the least W is the largest total
of the gains (S_j − S_i)² / (j − i). The largest for the first j points in q clusters is (Wang and
Song)

    G_q(j) = max_{i < j}  G_{q−1}(i) + (S_j − S_i)² / (j − i),     G_1(j) = S_j² / j.

An interval's sum of squares satisfies the quadrangle inequality, so the best i never decreases with
j (Grønlund et al.): searches between the best i of two known neighbors overlap in their ends alone,
and halving the distance of the known j from n to 1 finds G_q in O(n log n), everything in O(k n log
n) time and O(k n) memory. In the plane the problem is NP-hard.

Sources: W. D. Fisher (1958), On grouping for maximum homogeneity, J. Amer. Statist. Assoc. 53; H.
Wang and M. Song (2011), Ckmeans.1d.dp: optimal k-means clustering in one dimension by dynamic
programming, The R Journal 3(2):29–33; A. Grønlund et al. (2017), Fast exact k-means, k-medians and
Bregman divergence clustering in 1D, arXiv:1701.07204.
"""

from typing import Any, NamedTuple

import numpy as np

from kmgmm._checks import Array, as_data, as_real, check_k


class Exact(NamedTuple):
    """A global minimizer of W, and the minimum. Chapter: k-means.

    Parameters
    ----------
    centers : (..., k) or (k, d) array
        The centers; of data on a line, ascending.
    objective : float or (...) array
        W, the within-cluster sum of squares of these centers.

    Examples
    --------
    >>> import kmgmm as km
    >>> km.kmeans_1d([0, 1, 5], 2).centers
    array([0.5, 5. ])
    """

    centers: Array
    objective: Array


def kmeans_1d(x: Any, k: int) -> Exact:
    """Exact k-means on the line. Chapter: k-means.

    Parameters
    ----------
    x : (..., n) array_like
        n real numbers in any order; leading axes are samples (for k = 2, thousands at a time).
    k : int
        Number of clusters.

    Returns
    -------
    Exact
        ``centers`` (..., k), ascending, and ``objective`` (...), the minimum of W. Of several
        minimizers, the one whose last cut is leftmost (then the last but one, and so on).

    Raises
    ------
    ValueError
        If x is a scalar, empty or not finite, or if k is not a whole number from 1 to the number
        of distinct points of every sample.

    Examples
    --------
    >>> kmeans_1d([1, 2, 3, 10, 12], 2).centers
    array([ 2., 11.])
    >>> kmeans_1d([[0, 1, 5], [0, 4, 5]], 2).objective
    array([0.5, 0.5])
    """
    x = np.sort(as_real(x, "x", max(np.ndim(x), 1), "(..., n)"), axis=-1)
    if x.shape[1:] == (1,):
        raise ValueError(f"x must hold n numbers along its last axis; got {x.shape}: write x[:, 0]")
    rows = x.reshape(-1, x.shape[-1])
    steps = np.count_nonzero(rows[:, 1:] > rows[:, :-1], axis=1)
    check_k(rows[steps.argmin(), :, None], k)  # the sample with the fewest distinct points
    starts = _two(rows) if k == 2 else np.array([_starts(row, k) for row in rows])
    centers, W = _means_and_cost(rows, starts)
    return Exact(centers.reshape(*x.shape[:-1], k), W.reshape(x.shape[:-1])[()])


def _two(x: Array) -> Any:
    """Return the best starts (m, 2) in samples (m, n). About the mean S_n = 0, so G_2(n) is short.

    S_i² / i + S_i² / (n − i) = n S_i² / (i (n − i)), computed in place: memory costs most here.
    """
    i = np.arange(1.0, x.shape[1])
    G = x - x.mean(axis=1, keepdims=True)
    G = np.cumsum(G, axis=1, out=G)[:, :-1]
    G *= G
    G /= i
    i -= x.shape[1]  # i − n: the sign turns the largest into the least
    G /= i
    return np.stack([np.zeros(len(x), dtype=np.intp), 1 + G.argmin(axis=1)], axis=1)


def _starts(x: Array, k: int) -> Any:
    """Return where the k intervals of a minimizer start in the sorted sample x (n,).

    Gains carry rounding errors of about eps Σ x²: too much if W is far smaller. But two points
    with a gap g between them cost a cluster g²/2 or more. So all minimizers cut every gap beyond
    √(2W), W that of any partition, and shortening it to 2 √W keeps the minimizers: once more.
    """
    near, best, bound = x, None, np.inf
    while True:
        starts = _dynamic_program(near, k)
        W = _means_and_cost(x[None], starts[None])[1][0]
        if bound < W:  # W was rounding, and gaps were shortened to nothing
            return best
        excess = np.maximum(np.diff(near) - 2 * np.sqrt(W), 0)
        if not (0 < W < bound / 2 and excess.any()):
            return starts
        near, best, bound = near - np.append(0, np.cumsum(excess)), starts, W


def _dynamic_program(x: Array, k: int) -> Any:
    """Fill G_1 … G_{k−1}, then read off the cuts from the last to the first."""
    S = np.append(0, np.cumsum(x - x.mean()))  # about the mean, sums lose fewer digits
    layers = [np.append(-np.inf, S[1:] ** 2 / np.arange(1, len(S)))]  # −∞: no cluster is empty
    while len(layers) < k - 1:
        layers.append(_next_layer(layers[-1], S))
    starts = [len(x)]
    for G in reversed(layers[: k - 1]):
        starts.append(_last_cut(G, S, 0, starts[-1], starts[-1]))
    return np.array([0, *starts[:0:-1]])


def _total(G: Array, S: Array, i: Any, j: Any, m: Any) -> Array:
    """Return G(i) + (S_j − S_i)² / m, m = j − i, for integers, slices or arrays of indices."""
    total = S[j] - S[i]
    total *= total
    total /= m
    total += G[i]
    return total


def _last_cut(G: Array, S: Array, low: int, high: int, j: int) -> int:
    """Return the leftmost best i, low ≤ i < high, for one j."""
    m = np.arange(j - low, j - high, -1.0)
    return low + int(_total(G, S, slice(low, high), j, m).argmax())


def _next_layer(G: Array, S: Array) -> Array:
    """Return G_q(0 … n) from G = G_{q−1}."""
    n = len(S) - 1
    best = np.zeros(n + 1, dtype=np.intp)
    step = 1 << (n.bit_length() - 1)
    while step:
        j = np.arange(step, n + 1, 2 * step)
        known = np.append(best[:: 2 * step], n)  # at 0, 2 step, 4 step …, and a bound beyond n
        low, high = known[: len(j)], np.minimum(known[1 : len(j) + 1] + 1, j)
        if len(j) <= 64:  # few long ranges: one by one
            ranges = zip(low.tolist(), high.tolist(), j.tolist(), strict=True)
            best[j] = [_last_cut(G, S, *each) for each in ranges]
        else:  # many short ranges: together, about 2¹⁴ numbers at a time stay in the cache
            for part in np.array_split(np.arange(len(j)), 1 + (n >> 14)):
                best[j[part]] = _search(G, S, low[part], high[part], j[part])
        step //= 2
    j, i = np.arange(1, n + 1), best[1:]
    return np.append(-np.inf, _total(G, S, i, j, j - i))


def _search(G: Array, S: Array, low: Any, high: Any, j: Any) -> Any:
    """Return for each j the leftmost best i, low ≤ i < high; the ranges lie end to end in `i`."""
    size = high - low
    begin = np.cumsum(size) - size
    owner = np.repeat(np.arange(len(j)), size)
    i = np.arange(len(owner)) + (low - begin)[owner]
    end = j[owner]
    total = _total(G, S, i, end, end - i)
    hits = np.flatnonzero(total == np.maximum.reduceat(total, begin)[owner])[::-1]
    best = np.empty_like(j)
    best[owner[hits]] = i[hits]  # of equals the leftmost is written last, and stays
    return best


def _means_and_cost(x: Array, starts: Any) -> tuple[Array, Array]:
    """Return means (m, k) and W (m,) of the intervals of x (m, n) that start at starts (m, k)."""
    m, n = x.shape
    sizes = np.diff(starts, append=n)
    sums = np.add.reduceat(x.ravel(), (starts + n * np.arange(m)[:, None]).ravel())
    means = sums.reshape(sizes.shape) / sizes
    D = np.repeat(means, sizes.ravel()).reshape(m, n)
    np.subtract(x, D, out=D)
    return means, np.vecdot(D, D)


def kmeans_exhaustive(X: Any, k: int) -> Exact:
    """Exact k-means in any dimension: the best of all partitions. Chapter: k-means.

    Parameters
    ----------
    X : (n, d) array_like
        The data, at most 12 points.
    k : int
        Number of clusters.

    Returns
    -------
    Exact
        ``centers`` (k, d), in the order of each cluster's first point, and ``objective``.

    Raises
    ------
    ValueError
        If X is not (n, d), empty or not finite, if n > 12, or if k is not a whole number from 1 to
        the number of distinct points.

    Examples
    --------
    >>> kmeans_exhaustive([[0, 0], [5, 5], [0, 1], [5, 7]], 2).centers
    array([[0. , 0.5],
           [5. , 6. ]])
    """
    X = as_data(X)
    check_k(X, k)
    n = len(X)
    if n > 12:  # 12 points have 1,379,400 partitions into 5 clusters, 15 have 210,766,920
        raise ValueError(f"X must have at most 12 points for an exhaustive search; got n = {n}")
    shift = X.mean(axis=0)
    X = X - shift
    subsets = np.arange(1 << n)[:, None] >> np.arange(n) & 1  # (2ⁿ, n): bit j is point j
    means = subsets @ X / np.maximum(subsets.sum(axis=1, keepdims=True), 1)
    costs = (subsets * ((X - means[:, None]) ** 2).sum(axis=2)).sum(axis=1)
    clusterings = _partitions(n, k)
    W = costs[clusterings].sum(axis=1)
    best = W.argmin()
    return Exact(means[clusterings[best]] + shift, W[best])


def _partitions(n: int, k: int) -> Any:
    """Return all partitions of n points into k groups (m, k); a group's bit j is point j.

    Restricted growth: each point joins one of the groups there are, or opens the next.
    """
    rows = np.zeros((1, k), dtype=np.int16)
    for j in range(n):
        groups = np.count_nonzero(rows, axis=1)
        point = np.eye(k, dtype=np.int16) << j
        rows = np.concatenate([rows[groups >= c] | point[c] for c in range(k)])
        rows = rows[np.count_nonzero(rows, axis=1) + n - 1 - j >= k]  # enough points are left
    return rows
