"""The inner loops of all algorithms: blocks, squared distances, softmax.

Inside a block everything is feature-major, (d, b) and (k, b): NumPy's inner loops then run over the
points, and no array is larger than a block. A block's origin is a center or a point, so that data
far from zero lose no digits, and ties on a grid stay exact.
"""

from collections.abc import Iterator

import numpy as np

from kmgmm._checks import Array, Labels

BLOCK_VALUES = 1 << 16  # k + d values for each point of a block: about half a megabyte
BLOCK_POINTS = 256  # at least so many: each call costs about a microsecond, whatever it does
BLOCK_PRODUCTS = 1 << 18  # multiplications up to which OpenBLAS starts no threads; they would wait
CANCELED = 1e-6  # |x|² − 2x·m + |m|² below this share of |m|² is computed afresh


def divide(sums: Array, counts: Array, otherwise: Array | float) -> Array:
    """Return sums (k, d) / counts (k,), but `otherwise` in rows whose count is 0."""
    if counts.all():
        return sums / counts[:, None]
    counts = counts[:, None]
    return np.where(counts > 0, sums / np.where(counts > 0, counts, 1), otherwise)


def blocks(X: Array, k: int, origin: Array) -> Iterator[tuple[slice, Array]]:
    """Yield slices of rows and F (d + 1, b), the block X − origin with a last row of ones.

    The ones make one product of what would be two: scores b_i + a_i · x, and sums with counts.
    """
    n, d = X.shape
    size = min(BLOCK_VALUES // (k + d), BLOCK_PRODUCTS // (k * (d + 1)))
    size = max(1, min(n, max(size, BLOCK_POINTS)))
    # From about 16 dimensions on a transposing copy costs more than products in the other order.
    buffer = np.ones((d + 1, size), order="C" if d < 16 else "F")
    for first in range(0, n, size):
        rows = slice(first, min(first + size, n))
        block = buffer[:, : rows.stop - first]
        np.subtract(X[rows].T, origin[:, None], out=block[:-1])
        yield rows, block


def squared_distances(F: Array, M: Array, P: Array | None = None) -> Array:
    """Return D (k, b), Σ_d P_id (x_d − m_id)², of a block F (d + 1, b); M (k, d), P (k, d) or ones.

    Expanding the square makes this one matrix product, but subtracts large numbers where a point
    lies very near a center; such points are computed again from the differences.
    """
    X, PM = F[:-1], M if P is None else P * M
    m2 = np.vecdot(PM, M)
    D = np.column_stack([-2 * PM, m2]) @ F
    D += np.einsum("db,db->b", X, X) if P is None else P @ (X * X)
    near = canceled(D.min(axis=0), m2)
    if near.size:
        D[:, near] = differences(X[:, near], M, P)
    return D


def canceled(low: Array, m2: Array) -> Labels:
    """Return the points whose least distance (b,) has lost digits, beside |m|² (k,).

    |x|² is at most 2 |m|² + 2 D, so digits have canceled only where D is small beside |m|².
    """
    small = CANCELED * m2.max()
    return np.flatnonzero(low < small) if low.min() < small else np.empty(0, dtype=np.intp)


def differences(X: Array, M: Array, P: Array | None = None) -> Array:
    """Return squared distances (k, b) the slow way, which loses no digits."""
    D = np.empty((len(M), X.shape[1]))
    for i, m in enumerate(M):
        squares = X - m[:, None]
        squares *= squares
        D[i] = squares.sum(axis=0) if P is None else P[i] @ squares
    return D


def logits(D: Array, offset: Array, scale: float) -> tuple[Array, Array]:
    """Return L (k, b), offset_i − D_i / (2 scale) less its largest value at each point, and that.

    The least distance is subtracted before the division, so that any positive scale will do.
    """
    unequal = offset.any()
    if unequal and offset.min() == -np.inf:  # a component of weight 0 is nearest to nothing
        D = np.where(offset[:, None] > -np.inf, D, np.inf)
    top = D.min(axis=0)
    L = D - top
    with np.errstate(over="ignore"):  # a hopeless component at a tiny scale: −inf is right
        L *= -0.5 / scale
        top *= -0.5 / scale
    if unequal:
        L += offset[:, None]
        highest = L.max(axis=0)
        L -= highest
        top += highest
    return L, top


def softmax(L: Array) -> Array:
    """Turn logits with maximum 0 into soft assignments, in place; return log Σ_i exp L_i (b,)."""
    np.exp(L, out=L)
    total = L.sum(axis=0)
    L /= total
    return np.log(total, out=total)


def one_hot(L: Array) -> Array:
    """Turn logits with maximum 0 into hard assignments, in place; return log Σ_i of them, 0 (b,).

    Ties go to the first.
    """
    np.equal(L, 0, out=L)
    first_only(L)
    return np.zeros(L.shape[1])


def first_only(R: Array) -> None:
    """Keep the first 1 of each column of zeros and ones."""
    R *= np.cumsum(R, axis=0) == 1


def nearest(X: Array, centers: Array, origin: Array) -> tuple[Array, Array, float]:
    """Return counts (k,) and means (k, d) of the points nearest to each center, and W.

    A tie goes to the first of the nearest centers; a center without points is its own mean. With
    one origin for all iterations the means depend on the partition alone, down to the last digit.
    """
    M = centers - origin
    m2 = np.vecdot(M, M)
    A, sums, W = np.column_stack([-2 * M, m2]), np.zeros((len(M), X.shape[1] + 1)), 0.0
    for _, F in blocks(X, len(M), origin):
        R = A @ F  # |x − m|² − |x|²: enough to tell which center is nearest
        least = R.min(axis=0)
        D = least + np.einsum("db,db->b", F[:-1], F[:-1])
        near = canceled(D, m2)
        if near.size:
            R[:, near] = differences(F[:-1, near], M)
            least[near] = D[near] = R[:, near].min(axis=0)
        W += float(D.sum())
        np.equal(R, least, out=R)
        block = R @ F.T
        if block[:, -1].sum() > F.shape[1]:  # there are ties
            first_only(R)
            block = R @ F.T
        sums += block
    counts, means = sums[:, -1], origin + divide(sums[:, :-1], sums[:, -1], 0.0)
    return counts, np.where(counts[:, None] > 0, means, centers), W
