"""Covariance structures: what the components' covariance matrices have in common.

A structure is one small class. It says which arrays it stores, how many free parameters they hold,
how far a point is from a component, and what the M-step makes of the scatter, the sum of squares
and products about the means that the structure needs. The names in brackets are those of mclust.
To add a sixth, write one more class.

======================  ===========================  ===========  =================
structure               Σ_i                          covariances  M-step
======================  ===========================  ===========  =================
``Isotropic()`` [EII]   σ²I, one σ² for all          a number     Σ_i tr S_i / nd
``Isotropic(eps)``      εI, ε set by hand            eps          nothing to estimate
``Spherical()`` [VII]   σ_i²I                        (k,)         tr S_i / n_i d
``Diagonal()`` [VVI]    diag(σ_i1², …, σ_id²)        (k, d)       diag S_i / n_i
``Tied()`` [EEE]        Σ, the same for all          (d, d)       Σ_i S_i / n
``Full()`` [VVV]        Σ_i                          (k, d, d)    S_i / n_i
======================  ===========================  ===========  =================

Here S_i = Σ_j r_ji (x_j − μ_i)(x_j − μ_i)ᵀ and n_i = Σ_j r_ji.

Source: C. Fraley and A. E. Raftery (2002), Model-based clustering, discriminant analysis, and
density estimation, Journal of the American Statistical Association 97, 611–631.

Chapter: Gaussian mixtures.
"""

from typing import Any

import numpy as np

from kmgmm._arrays import CANCELED, square, squared_distances
from kmgmm._checks import Array, check_eps
from kmgmm._structure import Covariance, Matrices, whiten

FAR = 1e3  # standard deviations from the origin


class Isotropic(Covariance):
    """One common spherical covariance: εI set by hand, or σ²I to be estimated [EII].

    Chapter: EM becomes k-means.

    Parameters
    ----------
    eps : float, optional
        The variance ε > 0, in squared units of X. Without it σ² is a parameter.

    Raises
    ------
    ValueError
        If eps is not a positive finite number.

    Examples
    --------
    >>> import kmgmm as km
    >>> km.Isotropic(0.5).n_params(k=3, d=2), km.Isotropic().n_params(k=3, d=2)
    (0, 1)
    """

    common = True

    def __init__(self, eps: float | None = None) -> None:
        self.eps = None if eps is None else check_eps(eps)

    def __repr__(self) -> str:
        return f"Isotropic({'' if self.eps is None else repr(self.eps).removesuffix('.0')})"

    def shape(self, k: int, d: int) -> tuple[int, ...]:
        return ()

    def n_params(self, k: int, d: int) -> int:
        return int(self.eps is None)

    def check(self, covariances: Any, k: int, d: int) -> Array:
        covariances = super().check(covariances, k, d)
        if self.eps is not None and covariances != self.eps:
            raise ValueError(f"{self} fixes the covariance at {self.eps:g}; got {covariances:g}")
        return covariances

    def scale(self, covariances: Array) -> float:
        return float(covariances)

    def log_det(self, W: Array, k: int, d: int) -> Array:
        return -2 * d * np.log(W)

    def distances(self, F: Array, M: Array, W: Array) -> Array:
        return squared_distances(F, M)

    def scatter(self, F: Array, M: Array, W: Array, R: Array, D: Array, sums: Array) -> Array:
        return np.zeros(()) if self.eps else np.asarray(np.einsum("kb,kb->", R, D))

    def total(self, F: Array) -> Array:
        return np.zeros(()) if self.eps else F[-1].sum()

    def spread(self, weights: Array, shifts: Array) -> Array:
        return np.zeros(()) if self.eps else weights @ np.vecdot(shifts, shifts)

    def mle(self, scatter: Array, counts: Array, d: int) -> Array:
        return np.asarray(self.eps or super().mle(scatter, counts, d) / d)


class Spherical(Covariance):
    """A spherical covariance σ_i²I for each component [VII].

    Chapter: Gaussian mixtures.

    Examples
    --------
    >>> import kmgmm as km
    >>> km.Spherical().n_params(k=3, d=2)
    3
    """

    def shape(self, k: int, d: int) -> tuple[int, ...]:
        return (k,)

    def log_det(self, W: Array, k: int, d: int) -> Array:
        return -2 * d * np.log(W)

    def distances(self, F: Array, M: Array, W: Array) -> Array:
        return squared_distances(F, M) * (W * W)[:, None]

    def scatter(self, F: Array, M: Array, W: Array, R: Array, D: Array, sums: Array) -> Array:
        return np.einsum("kb,kb->k", R, D) / (W * W)

    def spread(self, weights: Array, shifts: Array) -> Array:
        return weights * np.vecdot(shifts, shifts)

    def mle(self, scatter: Array, counts: Array, d: int) -> Array:
        return super().mle(scatter, counts, d) / d


class Diagonal(Covariance):
    """A diagonal covariance for each component [VVI]: variances of each feature.

    Chapter: Gaussian mixtures.

    Examples
    --------
    >>> import kmgmm as km
    >>> km.Diagonal().n_params(k=3, d=2)
    6
    """

    each = True

    def shape(self, k: int, d: int) -> tuple[int, ...]:
        return (k, d)

    def log_det(self, W: Array, k: int, d: int) -> Array:
        return -2 * np.log(W).sum(axis=1)

    def distances(self, F: Array, M: Array, W: Array) -> Array:
        return squared_distances(F, M, W * W)

    def scatter(self, F: Array, M: Array, W: Array, R: Array, D: Array, sums: Array) -> Array:
        d = M.shape[1]
        moments = sums[:, d, None] * M * M
        S = sums[:, d + 1 :] - 2 * M * sums[:, :d] + moments
        for i in np.flatnonzero((CANCELED * moments > S).any(axis=1)):  # digits have canceled
            S[i] = (F[:d] - M[i, :, None]) ** 2 @ R[i]
        return S

    def spread(self, weights: Array, shifts: Array) -> Array:
        return weights[:, None] * shifts**2


class Tied(Matrices):
    """One covariance matrix, the same for all components [EEE].

    Chapter: Gaussian mixtures.

    Examples
    --------
    >>> import kmgmm as km
    >>> km.Tied().n_params(k=3, d=2)
    3
    """

    common = True

    def shape(self, k: int, d: int) -> tuple[int, ...]:
        return (d, d)

    def whitener(self, covariances: Array) -> Array:
        return whiten(covariances)

    def distances(self, F: Array, M: Array, W: Array) -> Array:
        Z = np.empty_like(F)
        np.matmul(W, F[:-2], out=Z[:-2])
        Z[-2] = 1
        return squared_distances(square(Z, len(W)), M @ W.T)

    def scatter(self, F: Array, M: Array, W: Array, R: Array, D: Array, sums: Array) -> Array:
        # The law of total variance: the scatter about each point's expected mean, plus that of
        # the means about it, Σ_j Σ_i>l r_ji r_jl (m_i − m_l)(m_i − m_l)ᵀ. The copy is there because
        # OpenBLAS takes longer over the product of an array with itself than over others.
        E = M.T @ R
        np.subtract(F[:-2], E, out=E)
        pairs = (M[1:, None] - M[:-1]).reshape(-1, M.shape[1])
        return E @ E.copy().T + (np.tril(R[1:] @ R[:-1].T).ravel() * pairs.T) @ pairs

    def total(self, F: Array) -> Array:
        return F[:-2] @ F[:-2].T

    def spread(self, weights: Array, shifts: Array) -> Array:
        parts = np.sqrt(weights)[:, None] * shifts
        return parts.T @ parts  # symmetric to the last digit


class Full(Matrices):
    """A covariance matrix for each component [VVV].

    Chapter: Gaussian mixtures.

    Examples
    --------
    >>> import kmgmm as km
    >>> km.Full().n_params(k=3, d=2)
    9
    """

    def shape(self, k: int, d: int) -> tuple[int, ...]:
        return (k, d, d)

    def whitener(self, covariances: Array) -> Array:
        return np.stack([whiten(covariance, i) for i, covariance in enumerate(covariances)])

    def distances(self, F: Array, M: Array, W: Array) -> Array:
        D, Z = np.empty((len(M), F.shape[1])), np.empty((M.shape[1], F.shape[1]))
        A = np.concatenate([W, -W @ M[:, :, None]], axis=2)
        far = (abs(W) @ abs(M[:, :, None])).max(axis=(1, 2)) > FAR
        for i, D_i in enumerate(D):
            if far[i]:  # W_i x − W_i m_i would round anew in each iteration, and EM might fall
                np.matmul(W[i], F[:-2] - M[i, :, None], out=Z)
            else:
                np.matmul(A[i], F[:-1], out=Z)
            Z *= Z
            Z.sum(axis=0, out=D_i)
        return D

    def scatter(self, F: Array, M: Array, W: Array, R: Array, D: Array, sums: Array) -> Array:
        S = np.empty_like(W)
        for S_i, m, r in zip(S, M, R, strict=True):
            differences = F[:-2] - m[:, None]
            np.matmul(differences * r, differences.T, out=S_i)
        return S

    def spread(self, weights: Array, shifts: Array) -> Array:
        return weights[:, None, None] * shifts[:, :, None] * shifts[:, None, :]
