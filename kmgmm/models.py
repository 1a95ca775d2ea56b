"""Models: sets of distributions.

A `MixtureModel` is a set, {Σ_i π_i N(μ_i, Σ_i)} with as many components as you say and with the
constraints you put on covariances and weights; a `Mixture` is one member of it.

EM's M-step and the maximum likelihood estimate from labeled data are the same function,
``model.mle(statistics)``; only the responsibilities differ.

Chapter: models, estimators, algorithms.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kmgmm._arrays import Blocks, averages
from kmgmm._checks import Array, as_centers, as_data, as_real, as_weights, check_count
from kmgmm._structure import Covariance
from kmgmm.mixtures import Mixture
from kmgmm.statistics import Statistics

LAST_DIGITS = 10 * np.finfo(float).eps  # of a coordinate: a smaller standard deviation is rounding


@dataclass(frozen=True, eq=False)
class MixtureModel:
    """A set of Gaussian mixtures with k components.

    Chapter: models, estimators, algorithms; Gaussian mixtures.

    Parameters
    ----------
    k : int
        Number of components.
    covariance : Covariance
        The structure of the covariances, such as ``Isotropic(eps)`` or ``Full()``.
    weights : "free", "equal" or (k,) array
        Weights to be estimated, all 1/k, or fixed at these values.

    Raises
    ------
    ValueError
        If k < 1, the covariance is not a structure, or the weights are none of these.

    Examples
    --------
    >>> import kmgmm as km
    >>> km.MixtureModel(2, km.Isotropic(1.0), weights="equal").n_params(d=1)
    2
    >>> km.MixtureModel(2, km.Full()).n_params(d=2)
    11
    """

    k: int
    covariance: Covariance
    weights: Any = "free"

    def __post_init__(self) -> None:
        check_count(self.k, "k")
        if not isinstance(self.covariance, Covariance):
            raise ValueError(
                f"covariance must be a structure such as km.Full(); got {self.covariance!r}"
            )
        if not isinstance(self.weights, str):
            object.__setattr__(self, "weights", as_weights(self.weights, self.k))
        elif self.weights not in ("free", "equal"):
            raise ValueError(
                f"weights must be 'free', 'equal' or a (k,) array; got {self.weights!r}"
            )

    @property
    def fixed_weights(self) -> Array | None:
        """The weights (k,), or None where they are free."""
        if isinstance(self.weights, str):
            return None if self.weights == "free" else np.full(self.k, 1 / self.k)
        return self.weights

    def n_params(self, d: int) -> int:
        """Return the number of free parameters in d dimensions."""
        free_weights = self.k - 1 if self.fixed_weights is None else 0
        return free_weights + self.k * d + self.covariance.n_params(self.k, d)

    def at(self, means: Any, variance: float | None = None) -> Mixture:
        """Return the member with these means (k, d) and every covariance variance · I.

        The weights are the model's, or 1/k where they are free. ``Isotropic(eps)`` needs no
        variance.
        """
        means = as_centers(means, name="means")
        if len(means) != self.k:
            raise ValueError(f"means must be ({self.k}, d); got {means.shape}")
        if variance is None:
            variance = self.covariance.eps
        if variance is None:
            raise ValueError(
                f"{self.covariance} does not fix the variance: give at(means, variance)"
            )
        weights = np.full(self.k, 1 / self.k) if self.fixed_weights is None else self.fixed_weights
        return Mixture(weights, means, self.covariance.spherical(variance, *means.shape), self)

    def statistics(self, X: Any, R: Any) -> Statistics:
        """Return the statistics of X (n, d) claimed by responsibilities R (n, k).

        Rows of zeros and ones are known labels; ``mle`` of them is the textbook estimate.
        """
        X, R = as_data(X), as_real(R, "R", 2, "(n, k)")
        if R.shape != (len(X), self.k):
            raise ValueError(f"R must be ({len(X)}, {self.k}) to match X and k; got {R.shape}")
        if R.min() < 0 or abs(R.sum(axis=1) - 1).max() > 1e-8:
            raise ValueError("each row of R must hold probabilities that sum to 1")
        counts = R.sum(axis=0)
        middle = X.mean(axis=0)
        means = averages(R.T @ (X - middle), counts, middle, middle)
        unit = self.covariance.spherical(1.0, self.k, X.shape[1])
        W = self.covariance.whitener(unit)
        points = Blocks(X, self.k, means[0], self.covariance.each)
        M = means - points.origin
        scatter = np.zeros_like(unit)
        for rows, F in points:
            D, claims = self.covariance.distances(F, M, W), R[rows].T
            scatter += self.covariance.scatter(F, M, W, claims, D, claims @ F.T)
        return Statistics(counts, means, scatter, self.covariance)

    def mle(self, statistics: Statistics) -> Mixture:
        """Return the member that maximizes the complete-data likelihood: the M-step.

        A component that claims nothing keeps its mean.

        Raises
        ------
        DegenerateCovariance
            If a covariance comes out singular, or no larger than the rounding of the coordinates.
        """
        counts, means, scatter = statistics.counts, statistics.means, statistics.scatter
        weights = counts / counts.sum() if self.fixed_weights is None else self.fixed_weights
        if self.covariance.eps is None:  # points that agree to the last digits have no scatter
            digits = np.full_like(means, LAST_DIGITS * abs(means).max(axis=0))
            scatter = np.where(abs(scatter) > self.covariance.spread(counts, digits), scatter, 0.0)
        covariances = self.covariance.mle(scatter, counts, means.shape[1])
        return Mixture.__new__(Mixture)._set(weights, means, covariances, self)
