"""The inner loops of all algorithms: blocks, squared distances, softmax.

Inside a block everything is feature-major, (d, b) and (k, b): NumPy's inner loops then run over the
points, and no array is larger than a block. A block's origin is a center or a point, so that data
far from zero lose no digits, and ties of unweighted distances on a grid stay exact.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from kmgmm._checks import Array, Labels

BLOCK_VALUES = 1 << 16  # k + d values for each point of a block: about half a megabyte
BLOCK_POINTS = 256  # at least so many: each call costs about a microsecond, whatever it does
BLOCK_PRODUCTS = 1 << 18  # multiplications up to which OpenBLAS starts no threads; they would wait
CANCELED = 1e-6  # |x|² − 2x·m + |m|² below this share of |m|² is computed afresh
LOWEST = -500.0  # the exponential of a logit at least so high has all its digits


def averages(sums: Array, counts: Array, origin: Array, otherwise: Array | float) -> Array:
    """Return origin + sums (k, d) / counts (k,), but `otherwise` in rows whose count is 0."""
    if min(counts.tolist()) > 0:
        return origin + sums / counts[:, None]
    counts = counts[:, None]
    return np.where(counts > 0, origin + sums / np.where(counts > 0, counts, 1), otherwise)


class Blocks:
    """X (n, d) in blocks: iterating, as often as needed, gives slices of rows and F (d + 2, b).

    F is the block X − origin, below it a row of ones and |x|²; or the square of each feature, with
    `each`, F (2d + 1, b). So scores b_i + a_i · x are one product, and sums with counts. If there
    is one block it is made once, for all iterations; of several there is never more than one.
    `total` is the scatter about the origin, if EM is to subtract from it and loses no digits.
    """

    def __init__(self, X: Array, k: int, origin: Array, each: bool = False) -> None:
        n, d = X.shape
        size = min(BLOCK_VALUES // (k + d), BLOCK_PRODUCTS // (k * (d + 1)))
        self.X, self.origin, self.size = X, origin, max(1, min(n, max(size, BLOCK_POINTS)))
        self.total: Any = None
        self._n_squares = d if each else 1
        self._kept = list(self._made()) if self.size == n else None

    def __iter__(self) -> Iterator[tuple[slice, Array]]:
        return iter(self._kept or self._made())

    def _made(self) -> Iterator[tuple[slice, Array]]:
        n, d = self.X.shape
        # From about 16 dimensions on a transposing copy costs more than slower products.
        shape = d + 1 + self._n_squares, self.size
        buffer = np.ones(shape, order="C" if d < 16 else "F")
        for first in range(0, n, self.size):
            rows = slice(first, min(first + self.size, n))
            F = buffer[:, : rows.stop - first]
            np.subtract(self.X[rows].T, self.origin[:, None], out=F[:d])
            yield rows, square(F, d)


def square(F: Array, d: int) -> Array:
    """Fill in |x|², or the square of each feature, below a block and its ones; return F."""
    X, squares = F[:d], F[d + 1 :]
    if len(squares) == 1:
        np.einsum("db,db->b", X, X, out=squares[0])
    else:
        np.multiply(X, X, out=squares)
    return F


def squared_distances(F: Array, M: Array, P: Array | None = None) -> Array:
    """Return D (k, b), Σ_d P_id (x_d − m_id)², of a block F; M (k, d), P (k, d) or ones.

    With P, F holds the square of each feature, without it their sum |x|². Expanding the square
    makes this one matrix product, but subtracts large numbers where a point lies very near a
    center; such points are computed again from the differences.
    """
    X, PM = F[: M.shape[1]], M if P is None else P * M
    m2 = np.vecdot(PM, M)
    if P is None:
        D = np.concatenate([-2 * PM, m2[:, None]], axis=1) @ F[:-1]
        D += F[-1]  # not in the product, where it could decide a tie, as it may with P
    else:
        D = np.concatenate([-2 * PM, m2[:, None], P], axis=1) @ F
    near = canceled(D, m2)
    if near.size:
        D[:, near] = differences(X[:, near], M, P)
    return D


def canceled(D: Array, m2: Array) -> Labels:
    """Return the points with a distance in D (k, b) that has lost digits, beside |m|² (k,).

    |x|² is at most 2 |m|² + 2 D, so digits have canceled only where D is small beside |m|².
    """
    small = CANCELED * max(m2.tolist())
    return np.flatnonzero(D.min(axis=0) < small) if D.min() < small else np.empty(0, dtype=np.intp)


def differences(X: Array, M: Array, P: Array | None = None) -> Array:
    """Return squared distances (k, b) the slow way, which loses no digits."""
    D = np.empty((len(M), X.shape[1]))
    for i, m in enumerate(M):
        squares = X - m[:, None]
        squares *= squares
        D[i] = squares.sum(axis=0) if P is None else P[i] @ squares
    return D


def logits(D: Array, offset: Array, scale: float) -> tuple[Array, Array]:
    """Return L (k, b) and top (b,), whose sum is offset_i − D_i / (2 scale); no offset is above 0.

    L is nowhere above 0, and its largest value at each point not below `LOWEST`. The least distance
    is subtracted before the division, so that any positive scale will do.
    """
    low = min(offset.tolist())
    if low == -np.inf:  # a component of weight 0 is nearest to nothing
        D = np.where(offset[:, None] > -np.inf, D, np.inf)
    top = D.min(axis=0)
    L = D - top
    with np.errstate(over="ignore"):  # a hopeless component at a tiny scale: −inf is right
        L *= -0.5 / scale
        top *= -0.5 / scale
    if low < 0:
        L += offset[:, None]
    if low < LOWEST:
        highest = L.max(axis=0)
        L -= highest
        top += highest
    return L, top


def softmax(L: Array) -> Array:
    """Turn logits into soft assignments, in place; return log Σ_i exp L_i (b,)."""
    np.exp(L, out=L)
    total = L.sum(axis=0)
    L /= total
    return np.log(total, out=total)


def one_hot(L: Array) -> Array:
    """Turn logits into hard assignments, in place; return max_i L_i (b,).

    Ties go to the first.
    """
    highest = L.max(axis=0)
    np.equal(L, highest, out=L)
    first_only(L)
    return highest


def first_only(R: Array) -> None:
    """Keep the first 1 of each column of zeros and ones."""
    R *= np.cumsum(R, axis=0) == 1


def nearest(points: Blocks, centers: Array) -> tuple[Array, Array, float]:
    """Return counts (k,) and means (k, d) of the points nearest to each center, and W.

    A tie goes to the first of the nearest centers; a center without points is its own mean. With
    one origin for all iterations the means depend on the partition alone, down to the last digit.
    """
    M = centers - points.origin
    m2 = np.vecdot(M, M)
    A = np.concatenate([-2 * M, m2[:, None]], axis=1)
    sums, W = np.zeros((len(M), M.shape[1] + 1)), 0.0
    for _, F in points:
        X1 = F[:-1]
        R = A @ X1  # |x − m|² − |x|²: enough to tell which center is nearest
        least = R.min(axis=0)
        D = least + F[-1]
        near = canceled(D[None], m2)
        if near.size:
            R[:, near] = differences(F[:-2, near], M)
            least[near] = D[near] = R[:, near].min(axis=0)
        W += float(D.sum())
        np.equal(R, least, out=R)
        block = R @ X1.T
        if sum(block[:, -1].tolist()) > F.shape[1]:  # there are ties
            first_only(R)
            block = R @ X1.T
        sums += block
    counts = sums[:, -1]
    return counts, averages(sums[:, :-1], counts, points.origin, centers), W
