"""Sufficient statistics: all that the data say to the M-step.

How much of the data each component claims, where, and how scattered. They add up, so a loop over
blocks, a pool of threads and a cluster of machines are the same lines of code.

Chapter: Gaussian mixtures; EM becomes k-means.

Source: T. F. Chan, G. H. Golub and R. J. LeVeque (1983), Algorithms for computing the sample
variance: analysis and recommendations, The American Statistician 37, 242–247.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kmgmm._checks import Array
from kmgmm._structure import Covariance


@dataclass(frozen=True, eq=False)
class Statistics:
    """What the M-step needs to know of the data; ``a + b`` is that of both data sets.

    Chapter: Gaussian mixtures; EM becomes k-means.

    Parameters
    ----------
    counts : (k,) array
        n_i = Σ_j r_ji, how many points component i claims.
    means : (k, d) array
        Σ_j r_ji x_j / n_i. A component that claims nothing keeps the mean it had, if it had one
        (`Mixture.statistics`); otherwise the data's mean stands in (`MixtureModel.statistics`).
    scatter : array
        Sum of squares and products about these means, in the form the structure needs; 0 where ε
        is given, and nothing is to be estimated.
    covariance : Covariance
        The structure.
    objective : float
        What the mixture that claimed the points says of them: its log-likelihood, or with hard
        assignments its classification log-likelihood; 0 where no mixture did.

    Examples
    --------
    >>> import kmgmm as km
    >>> X, _ = km.data.three_blobs(600, rng=1)
    >>> mixture = km.MixtureModel(3, km.Full()).at(X[:3], variance=1.0)
    >>> whole = mixture.statistics(X)
    >>> parts = sum(mixture.statistics(X[i : i + 100]) for i in range(0, 600, 100))
    >>> bool(abs(whole.scatter - parts.scatter).max() < 1e-9)
    True
    """

    counts: Array
    means: Array
    scatter: Array
    covariance: Covariance
    objective: float = 0.0

    @property
    def n(self) -> float:
        """Number of points."""
        return float(self.counts.sum())

    def __add__(self, other: "Statistics") -> "Statistics":
        models = [(repr(s.covariance), s.means.shape) for s in (self, other)]
        if models[0] != models[1]:
            raise ValueError(
                f"only statistics of one model add up; got {self.covariance} {self.means.shape} "
                f"and {other.covariance} {other.means.shape}"
            )
        counts = self.counts + other.counts
        with np.errstate(invalid="ignore"):
            share = np.where(counts > 0, other.counts / counts, 0.5)
        shifts = other.means - self.means
        return Statistics(
            counts,
            self.means + share[:, None] * shifts,
            # the scatter within the two, and that of their means (Chan, Golub and LeVeque)
            self.scatter + other.scatter + self.covariance.spread(self.counts * share, shifts),
            self.covariance,
            self.objective + other.objective,
        )

    def __radd__(self, other: Any) -> "Statistics":
        return self if isinstance(other, int) and other == 0 else NotImplemented  # for sum()
