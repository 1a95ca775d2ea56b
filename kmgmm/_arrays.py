"""The inner loops of all algorithms: validation at the door, blocks, squared distances, softmax.

Inside a block everything is feature-major, (d, b) and (k, b): NumPy's inner loops then run over the
points, and no array is larger than a block. A block's origin is a center or a point, so that data
far from zero lose no digits, and ties on a grid stay exact.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Labels = npt.NDArray[np.intp]

BLOCK_VALUES = 1 << 16  # k + d values for each point of a block: about half a megabyte
BLOCK_PRODUCTS = 1 << 18  # multiplications up to which OpenBLAS starts no threads; they would wait
CANCELLED = 1e-6  # |x|² − 2x·m + |m|² below this share of |m|² is computed afresh


def as_real(values: Any, name: str, ndim: int, shape: str) -> Array:
    """Return `values` as a finite float64 array of `ndim` dimensions, or say what is wrong."""
    if isinstance(values, tuple) and [np.ndim(value) for value in values] == [2, 1]:
        raise ValueError(f"{name} must be {shape}; got data with labels: write X, labels = …")
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be a {shape} array of real numbers: {error}") from None
    if array.ndim != ndim:
        hint = "write x[:, None]" if name == "X" else "one row each, such as [[0.0], [3.0]]"
        hint = f": {hint}" if (array.ndim, ndim) == (1, 2) else ""
        raise ValueError(f"{name} must be {shape}; got {array.shape}{hint}")
    if array.size == 0:
        raise ValueError(f"{name} must not be empty; got {array.shape}")
    if not np.isfinite(array).all():
        bad = array.size - np.count_nonzero(np.isfinite(array))
        raise ValueError(f"{name} must be finite; {bad} of its {array.size} values are NaN or inf")
    return array


def as_data(X: Any, d: int | None = None) -> Array:
    """Return X as a finite (n, d) array."""
    X = as_real(X, "X", 2, "(n, d)")
    if d is not None and X.shape[1] != d:
        raise ValueError(f"X must be (n, {d}) to match the means; got {X.shape}")
    return X


def as_centers(centers: Any, d: int | None = None, name: str = "centers") -> Array:
    """Return centers as a finite (k, d) array of the data's dimension."""
    centers = as_real(centers, name, 2, "(k, d)")
    if d is not None and centers.shape[1] != d:
        raise ValueError(f"{name} must be (k, {d}); got {centers.shape}")
    return centers


def as_labels(labels: Any, n: int) -> Labels:
    """Return labels as (n,) integers from 0."""
    labels = np.asarray(labels)
    if labels.shape != (n,) or not np.issubdtype(labels.dtype, np.integer):
        raise ValueError(f"labels must be ({n},) integers; got {labels.dtype} {labels.shape}")
    if labels.min() < 0:
        raise ValueError(f"labels must count from 0; the least is {labels.min()}")
    return labels.astype(np.intp)


def as_weights(weights: Any, k: int) -> Array:
    """Return weights as (k,) probabilities."""
    weights = as_real(weights, "weights", 1, "(k,)")
    if weights.shape != (k,):
        raise ValueError(f"weights must be ({k},); got {weights.shape}")
    if weights.min() < 0:
        raise ValueError(f"weights must not be negative; the least is {weights.min()}")
    if abs(weights.sum() - 1) > 1e-8:
        raise ValueError(f"weights must sum to 1; they sum to {weights.sum()}")
    return read_only(weights.copy())


def expect(value: Any, kind: type, name: str) -> None:
    """Raise unless value is of a kind."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be a {kind.__name__}; got {type(value).__name__}")


def read_only(array: Array) -> Array:
    """Freeze an array and return it."""
    array.flags.writeable = False
    return array


def divide(sums: Array, counts: Array, otherwise: Array | float) -> Array:
    """Return sums (k, d) / counts (k,), but `otherwise` in rows whose count is 0."""
    if counts.all():
        return sums / counts[:, None]
    counts = counts[:, None]
    return np.where(counts > 0, sums / np.where(counts > 0, counts, 1), otherwise)


def check_k(X: Array, k: int) -> None:
    """Raise unless k is a whole number from 1 to the number of distinct points of X."""
    if not isinstance(k, int | np.integer) or isinstance(k, bool) or k < 1:
        raise ValueError(f"k must be a whole number, 1 or more; got {k!r}")
    if k > len(X):
        raise ValueError(f"k = {k} clusters need at least {k} points; got n = {len(X)}")
    # The first few rows usually show k distinct points; only odd data need all of them.
    few = len(set(map(tuple, X[: 10 * k].tolist()))) < k
    if few and (found := len(np.unique(X, axis=0))) < k:
        raise ValueError(f"k = {k} clusters need {k} distinct points; X has {found}")


def blocks(X: Array, k: int, origin: Array) -> Iterator[tuple[slice, Array]]:
    """Yield slices of rows and F (d + 1, b), the block X − origin with a last row of ones.

    The ones make one product of what would be two: scores b_i + a_i · x, and sums with counts.
    """
    n, d = X.shape
    size = max(1, min(n, max(256, min(BLOCK_VALUES // (k + d), BLOCK_PRODUCTS // (k * (d + 1))))))
    # A transposing copy is slow in many dimensions; there the products do not care for the order.
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
    near = cancelled(D.min(axis=0), m2)
    if near.size:
        D[:, near] = differences(X[:, near], M, P)
    return D


def cancelled(low: Array, m2: Array) -> Labels:
    """Return the points whose least distance (b,) has lost digits, beside |m|² (k,).

    |x|² is at most 2 |m|² + 2 D, so digits have cancelled only where D is small beside |m|².
    """
    small = CANCELLED * m2.max()
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
        near = cancelled(D, m2)
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
