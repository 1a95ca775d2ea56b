"""What every covariance structure does, and what happens when a covariance collapses."""

import math
from typing import Any

import numpy as np

from kmgmm._checks import TINY, Array, as_real

SCATTERED = 1e-3  # below this share of the total, total − between has lost digits


class DegenerateCovariance(ValueError):
    """A component's covariance is not positive definite: the component has collapsed.

    The likelihood of a mixture with free covariances is unbounded: a component that closes in on
    too few points to span the space gains without end. Nothing here holds it back in silence; the
    remedy is another start, or a common covariance. Chapter: consistency regained.

    Parameters
    ----------
    component : int or None
        Index of the component, from 0; None where all share one covariance.
    message : str
        What is wrong with it.

    Examples
    --------
    >>> import kmgmm as km
    >>> model = km.MixtureModel(2, km.Spherical())
    >>> try:
    ...     model.mle(model.statistics([[0.0], [1.0], [2.0]], [[1, 0], [0, 1], [0, 1]]))
    ... except km.DegenerateCovariance as error:
    ...     print(error.component, error)
    0 covariance of component 0 is not positive definite
    """

    def __init__(self, component: int | None, message: str) -> None:
        super().__init__(message)
        self.component = component


class Covariance:
    """What every structure does; those in `covariances` differ only in their arrays.

    Arrays inside: a block F, its features X (d, b), ones and squares; means M (k, d); the whitener
    W, W_iᵀW_i = Σ_i⁻¹; responsibilities R (k, b), and the sums R Fᵀ.
    """

    eps: float | None = None  # the variance, where it is not estimated
    common = False  # whether all components share one covariance, or the first axis is theirs
    each = False  # whether a block holds the square of each feature, or their sum |x|²

    def shape(self, k: int, d: int) -> tuple[int, ...]:
        """Return the shape of the covariances' array."""
        raise NotImplementedError

    def n_params(self, k: int, d: int) -> int:
        """Return the number of free parameters in the covariances of k components."""
        return math.prod(self.shape(k, d))

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def check(self, covariances: Any, k: int, d: int) -> Array:
        """Return the covariances as an array of the right shape."""
        shape = self.shape(k, d)
        covariances = as_real(covariances, f"{self} covariances", len(shape), str(shape))
        if covariances.shape != shape:
            raise ValueError(f"{self} covariances must be {shape}; got {covariances.shape}")
        return covariances

    def spherical(self, variance: float, k: int, d: int) -> Array:
        """Return the covariances that are all variance · I."""
        return np.full(self.shape(k, d), variance)

    def matrices(self, covariances: Array, k: int, d: int) -> Array:
        """Return the covariances as k full matrices (k, d, d)."""
        # common: () or (d,), the same in each row; otherwise (k,) or (k, d), a row a component
        rows = covariances if self.common or covariances.ndim == 2 else covariances[:, None]
        return np.broadcast_to(rows, (k, d))[:, :, None] * np.eye(d)

    def whitener(self, covariances: Array) -> Array:
        """Return W, or raise `DegenerateCovariance`."""
        if self.eps is not None:  # known to be good
            return np.asarray(1 / math.sqrt(self.eps))
        covariances = np.asarray(covariances)
        good = (covariances >= TINY) & np.isfinite(covariances)
        if not good.all():
            raise _degenerate(None if self.common else int(np.argwhere(~good)[0, 0]))
        return 1 / np.sqrt(covariances)

    def scale(self, covariances: Array) -> float:
        """Return the variance in units of which `distances` are given."""
        return 1.0

    def log_det(self, W: Array, k: int, d: int) -> Array:
        """Return log det Σ_i (k,), or one number for all."""
        raise NotImplementedError

    def distances(self, F: Array, M: Array, W: Array) -> Array:
        """Return D (k, b), the squared Mahalanobis distances in units of `scale`."""
        raise NotImplementedError

    def scatter(self, F: Array, M: Array, W: Array, R: Array, D: Array, sums: Array) -> Array:
        """Return what the M-step needs of Σ_j r_ji (x_j − m_i)(x_j − m_i)ᵀ over a block."""
        raise NotImplementedError

    def total(self, F: Array) -> Array:
        """Return Σ_j x_j x_jᵀ over a block, in the form of `scatter`; only if that is `common`."""
        raise NotImplementedError(f"{self} is common, and so needs total(F)")

    def spread(self, weights: Array, shifts: Array) -> Array:
        """Return the scatter of weights (k,) placed at shifts (k, d) from the means."""
        raise NotImplementedError

    def mle(self, scatter: Array, counts: Array, d: int) -> Array:
        """Return the covariances that maximize the complete-data likelihood."""
        if self.common:
            return scatter / counts.sum()
        with np.errstate(invalid="ignore", divide="ignore"):  # a component may claim nothing
            return (scatter.T / counts).T


class Matrices(Covariance):
    """What structures with full matrices share."""

    def n_params(self, k: int, d: int) -> int:
        """Return the number of free parameters: a symmetric matrix has d (d + 1) / 2."""
        return math.prod(self.shape(k, d)) // d * (d + 1) // 2

    def check(self, covariances: Any, k: int, d: int) -> Array:
        """Return the covariances as an array of the right shape, each matrix symmetric."""
        covariances = super().check(covariances, k, d)
        if not np.allclose(covariances, np.swapaxes(covariances, -1, -2), rtol=1e-10, atol=0):
            raise ValueError("covariances must be symmetric")
        return covariances

    def spherical(self, variance: float, k: int, d: int) -> Array:
        """Return the covariances that are all variance · I."""
        return np.broadcast_to(variance * np.eye(d), self.shape(k, d)).copy()

    def matrices(self, covariances: Array, k: int, d: int) -> Array:
        """Return the covariances as k full matrices (k, d, d)."""
        return np.broadcast_to(covariances, (k, d, d)).copy()

    def log_det(self, W: Array, k: int, d: int) -> Array:
        """Return log det Σ_i (k,), or one number for all."""
        return -2 * np.log(np.diagonal(W, axis1=-2, axis2=-1)).sum(axis=-1)


def _degenerate(component: int | None) -> DegenerateCovariance:
    which = "the common covariance" if component is None else f"covariance of component {component}"
    return DegenerateCovariance(component, f"{which} is not positive definite")


def lost_digits(scatter: Array, total: Array) -> bool:
    """Tell whether a scatter, what is left of the total, is too small in some direction."""
    if scatter.ndim < 2:
        return not (scatter >= SCATTERED * total).all()
    sd = np.sqrt(np.where(np.diag(total) > 0, np.diag(total), 1.0))
    try:  # a scatter of NaN is lost as well
        np.linalg.cholesky(scatter / sd / sd[:, None] - SCATTERED * np.eye(len(sd)))
    except np.linalg.LinAlgError:
        return True
    return False


def whiten(covariance: Array, component: int | None = None) -> Array:
    """Return W, lower triangular, WᵀW = covariance⁻¹."""
    d = len(covariance)
    variances = np.diag(covariance)
    if not (np.isfinite(covariance).all() and (variances > 0).all()):
        raise _degenerate(component)
    # The Cholesky factor of the correlations tells a flat covariance from a badly scaled one.
    sd = np.sqrt(variances)
    try:
        L = np.linalg.cholesky(covariance / sd / sd[:, None])
    except np.linalg.LinAlgError:
        raise _degenerate(component) from None
    if np.diag(L).min() ** 2 < d * np.finfo(float).eps:
        raise _degenerate(component)
    return np.linalg.inv(L) / sd
