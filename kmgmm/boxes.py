"""A second algorithm for the k-means estimator: Lloyd's iterates, without reading every point.

Points are sorted once along a space-filling curve, Morton's of 1966, and packed into boxes of
neighbors. A box that lies inside one Voronoi cell is assigned whole: by Steiner's lemma its mean
and its sum of squares are all that an iteration needs to know of it. Only boxes that a border
crosses are opened. In one to three dimensions they are few; in many dimensions every box is
crossed.

Chapter: k-means; speed and stability.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from kmgmm._arrays import Blocks, averages, nearest
from kmgmm._checks import Array, as_lloyd_start
from kmgmm.algorithms import KMeansState

SIZE = 128  # points in a box


class _Boxes(NamedTuple):
    """m boxes of `SIZE` points, and the few points left over, all relative to an origin."""

    X: Array  # (m, SIZE, d)
    rest: Array  # (n % SIZE, d)
    middle: Array  # (d, m)
    half: Array  # (d, m), from the middle to the sides
    means: Array  # (d, m)
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
    origin, (k, d) = X[0], centers.shape
    boxes = _pack(X - origin)
    while True:
        M = centers - origin
        owner, whole = _owners(boxes, M)
        # Boxes that a border crosses are read point by point, the others taken whole.
        opened = np.concatenate([boxes.X[~whole].reshape(-1, d), boxes.rest])
        counts, means, W = nearest(Blocks(opened, k, np.zeros(d)), M)
        claims = SIZE * owner * whole
        sums = counts[:, None] * means + claims @ boxes.means.T
        counts += claims.sum(axis=1)
        distances = ((boxes.means - M.T @ owner) ** 2).sum(axis=0)
        W += float(whole @ (boxes.scatter + SIZE * distances))
        means = averages(sums, counts, origin, centers)
        yield KMeansState(centers, W, counts)
        centers = means


def _pack(X: Array) -> _Boxes:
    """Sort points along Morton's curve, on a grid of 1,024 steps a side, and pack them."""
    (n, d), low, width = X.shape, X.min(axis=0), np.ptp(X, axis=0)
    grid = ((X - low) / np.where(width > 0, width, 1) * 1023).astype(np.int64)
    d_code = min(d, 6)  # 6 times 10 bits fit in a number
    places = ((bit, j) for bit in range(10) for j in range(d_code))
    code = sum(((grid[:, j] >> bit) & 1) << (bit * d_code + j) for bit, j in places)
    X = X[np.argsort(code, kind="stable")]
    packed, rest = X[: n - n % SIZE].reshape(-1, SIZE, d), X[n - n % SIZE :]
    features = packed.transpose(2, 0, 1).copy()  # (d, m, SIZE)
    low, high, means = features.min(axis=2), features.max(axis=2), features.mean(axis=2)
    scatter = ((features - means[:, :, None]) ** 2).sum(axis=(0, 2))
    return _Boxes(packed, rest, (low + high) / 2, (high - low) / 2, means, scatter)


def _owners(boxes: _Boxes, M: Array) -> tuple[Array, Any]:
    """Return the center nearest to each box's middle (k, m), zeros and ones, and which are whole.

    A box is whole if it lies inside that center's cell. From the middle to a corner, the lead of
    center i over center l shrinks by 2 |m_l − m_i| · half at the most. A border within rounding of
    a corner counts as crossing the box, and so does one through its middle.
    """
    m2 = np.vecdot(M, M)
    D = m2[:, None] - 2 * M @ boxes.middle  # less what does not depend on the center
    least = D.min(axis=0)
    owner = np.equal(D, least).astype(float)
    own = M.T @ owner
    rounding = 1e-12 * (m2.max() + abs(boxes.middle).max(initial=0.0) ** 2)
    whole = owner.sum(axis=0) == 1
    for m, D_i, mine in zip(M, D, owner, strict=True):
        shrinks = 2 * np.einsum("dm,dm->m", abs(own - m[:, None]), boxes.half) + rounding
        whole &= (D_i - least > shrinks) | (mine > 0)
    return owner, whole
