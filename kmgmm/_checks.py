"""Validation at the door: the value, in the form the package uses, or what is wrong with it."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Labels = npt.NDArray[np.intp]

TINY = float(np.finfo(np.float64).tiny)  # no variance is smaller: its reciprocal would overflow


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


def as_lloyd_start(X: Any, centers: Any) -> tuple[Array, Array]:
    """Return data and a copy of the centers from which an algorithm for k-means starts."""
    X = as_data(X)
    centers = as_centers(centers, X.shape[1])
    check_k(X, len(centers))
    return X, centers.copy()


def expect(value: Any, kind: type, name: str) -> None:
    """Raise unless value is of a kind."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be a {kind.__name__}; got {type(value).__name__}")


def read_only(array: Array) -> Array:
    """Freeze an array and return it."""
    array.flags.writeable = False
    return array


def check_count(count: Any, name: str) -> None:
    """Raise unless count is a whole number, 1 or more."""
    if not isinstance(count, int | np.integer) or isinstance(count, bool) or count < 1:
        raise ValueError(f"{name} must be a whole number, 1 or more; got {count!r}")


def check_eps(eps: Any, least: float = TINY) -> float:
    """Return a variance ε as a float, or say that it is none."""
    if not (np.ndim(eps) == 0 and least <= float(eps) < math.inf):
        raise ValueError(f"eps must be a positive finite number; got {eps!r} (least {least:.1e})")
    return float(eps)


def check_k(X: Array, k: int) -> None:
    """Raise unless k is a whole number from 1 to the number of distinct points of X."""
    check_count(k, "k")
    if k > len(X):
        raise ValueError(f"k = {k} clusters need at least {k} points; got n = {len(X)}")
    # The first few rows usually show k distinct points; only odd data need all of them.
    few = len(set(map(tuple, X[: 10 * k].tolist()))) < k
    if few and (found := len(np.unique(X, axis=0))) < k:
        raise ValueError(f"k = {k} clusters need {k} distinct points; X has {found}")
