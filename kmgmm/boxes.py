"""A second algorithm for the k-means estimator: Lloyd's iterates, without reading every point.

Points are sorted once along a space-filling curve, Morton's of 1966, and packed into boxes of
neighbors. A box that lies inside one Voronoi cell is assigned whole: by Steiner's lemma its size,
its mean and its sum of squares are all that an iteration needs to know of it. Only boxes that a
border crosses are opened. In one to three dimensions they are few; in many dimensions every box is
crossed.

Chapter: k-means; speed and stability.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from kmgmm._arrays import Blocks, nearest
from kmgmm._checks import Array, as_lloyd_start
from kmgmm.algorithms import KMeansState

SIZE = 256  # points in a box


class _Boxes(NamedTuple):
    """Sorted points X (n, d), relative to an origin, in m boxes."""

    X: Array
    middle: Array  # (m, d)
    half: Array  # (m, d), from the middle to the sides
    counts: Array  # (m,)
    means: Array  # (m, d)
    scatter: Array  # (m,), sum of squares about the mean


def lloyd_boxes(X: Any, centers: Any) -> Iterator[KMeansState]:
    """Iterate Lloyd's algorithm on boxes of points, faster for large n in few dimensions.

    The states are those of `lloyd`, to rounding. Chapter: k-means; speed and stability.

    Parameters
    ----------
    X : (n, d) array
        The data; d up to 3, to be worth it.
    centers : (k, d) array
        Where to start.

    Yields
    ------
    KMeansState
        The start, then a state an iteration, without end.

    Raises
    ------
    ValueError
        If X or centers is not a finite array of the right shape, or X has fewer than k distinct
        points.

    Examples
    --------
    >>> import kmgmm as km
    >>> X, _ = km.data.three_blobs(5000, rng=1)
    >>> a, b = km.solve(km.lloyd(X, X[:3])), km.solve(km.lloyd_boxes(X, X[:3]))
    >>> bool(abs(a.last.centers - b.last.centers).max() < 1e-9)
    True
    """
    return _iterate(*as_lloyd_start(X, centers))


def _iterate(X: Array, centers: Array) -> Iterator[KMeansState]:
    origin = X[0]
    boxes = _pack(X - origin)
    while True:
        M = centers - origin
        owner, whole = _owners(boxes, M)
        # Boxes that a border crosses are read point by point, the others taken whole.
        opened = (np.flatnonzero(~whole)[:, None] * SIZE + np.arange(SIZE)).ravel()
        X = boxes.X[opened[opened < len(boxes.X)]]
        counts, means, W = nearest(Blocks(X, len(M), np.zeros_like(origin)), M)
        claims = (owner == np.arange(len(M))[:, None]) * (whole * boxes.counts)  # (k, m)
        sums = counts[:, None] * means + claims @ boxes.means
        counts += claims.sum(axis=1)
        distances = ((boxes.means - M[owner]) ** 2).sum(axis=1)
        W += float(whole @ (boxes.scatter + boxes.counts * distances))
        yield KMeansState(centers, W, counts.copy())
        some = counts > 0
        centers = centers.copy()
        centers[some] = origin + sums[some] / counts[some, None]


def _pack(X: Array) -> _Boxes:
    """Sort points along Morton's curve, on a grid of 1,024 steps a side, and pack them."""
    low, width = X.min(axis=0), np.ptp(X, axis=0)
    grid = ((X - low) / np.where(width > 0, width, 1) * 1023).astype(np.int64)
    d = min(X.shape[1], 6)  # 6 times 10 bits fit in a number
    code = sum(((grid[:, j] >> bit) & 1) << (bit * d + j) for bit in range(10) for j in range(d))
    X = X[np.argsort(code, kind="stable")]
    starts = np.arange(0, len(X), SIZE)
    counts = np.diff(np.append(starts, len(X))).astype(float)
    means = np.add.reduceat(X, starts) / counts[:, None]
    squares = ((X - np.repeat(means, SIZE, axis=0)[: len(X)]) ** 2).sum(axis=1)
    low, high = np.minimum.reduceat(X, starts), np.maximum.reduceat(X, starts)
    scatter = np.add.reduceat(squares, starts)
    return _Boxes(X, (low + high) / 2, (high - low) / 2, counts, means, scatter)


def _owners(boxes: _Boxes, M: Array) -> tuple[Any, Any]:
    """Return the center nearest to each box's middle, and whether the box lies inside its cell.

    From the middle to a corner, the lead of center i over center l shrinks by 2 |m_l − m_i| · half
    at the most. A border within rounding of a corner counts as crossing the box.
    """
    m2 = np.vecdot(M, M)
    D = m2[:, None] - 2 * M @ boxes.middle.T  # (k, m), less what does not depend on the center
    owner = D.argmin(axis=0)
    whole = np.empty(len(owner), dtype=bool)
    rounding = 1e-12 * (m2.max() + abs(boxes.middle).max() ** 2)
    for i, m in enumerate(M):
        mine = owner == i
        lead = D[:, mine] - D[i, mine]
        shrinks = 2 * abs(M - m) @ boxes.half[mine].T + rounding
        shrinks[i] = -1.0  # over itself it needs no lead
        whole[mine] = (lead > shrinks).all(axis=0)
    return owner, whole
