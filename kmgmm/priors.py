"""Priors: conjugate distributions over the members of a model.

A conjugate prior is worth data that nobody saw: `Prior.given` adds statistics to it, and the
posterior that comes of that is a `Prior` again, ready for the next data.

Source: C. M. Bishop (2006), Pattern Recognition and Machine Learning, sections 2.3.6 and 10.2,
Springer.

Chapter: Bayesian estimators.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from kmgmm import _distributions as dist
from kmgmm._checks import Array, as_real, expect, read_only
from kmgmm.covariances import Isotropic
from kmgmm.mixtures import LOG_2PI, Mixture
from kmgmm.models import MixtureModel
from kmgmm.statistics import Statistics


@dataclass(frozen=True, eq=False)
class Prior:
    """A conjugate distribution over the mixtures with one common spherical covariance.

    Given σ² the means are independent, μ_i ~ N(m_i, σ²/κ_i I). Free weights are Dirichlet(α), a
    free variance is inverse gamma, 1/σ² ~ Gamma(a, b). A posterior is of this form, too.
    Chapter: Bayesian estimators.

    Parameters
    ----------
    model : MixtureModel
        With covariance ``Isotropic()`` or ``Isotropic(eps)``.
    means : (d,) or (k, d) array
        One m for all components, or m_i for each.
    strength : float or (k,) array
        κ_i > 0: of a mean, the prior knows as much as so many observations.
    concentration : float or (k,) array, optional
        α_i > 0, where the weights are free; 1, the uniform distribution, if left out.
    shape, rate : float, optional
        a, b > 0, where the variance is free; b is in squared units of X.

    Raises
    ------
    ValueError
        If the covariance is not ``Isotropic``, a shape does not fit, a number is not positive, or
        something is said of what the model fixes, or nothing of a free variance.

    Examples
    --------
    >>> import kmgmm as km
    >>> model = km.MixtureModel(2, km.Isotropic(1.0), weights="equal")
    >>> prior = km.Prior(model, means=[0.0], strength=1.0)
    >>> posterior = prior.given(model.statistics([[1.0], [2.0], [5.0]], [[1, 0], [1, 0], [0, 1]]))
    >>> posterior.means.ravel(), posterior.strength
    (array([1. , 2.5]), array([3., 2.]))
    """

    model: MixtureModel
    means: Any
    strength: Any
    concentration: Any = None
    shape: Any = None
    rate: Any = None

    def __post_init__(self) -> None:
        expect(self.model, MixtureModel, "model")
        k, structure = self.model.k, self.model.covariance
        if not isinstance(structure, Isotropic):
            raise ValueError(f"the prior is conjugate to km.Isotropic() alone; got {structure}")
        means = as_real(self.means, "means", np.ndim(self.means), "(d,) or (k, d)")
        if means.ndim not in (1, 2) or (means.ndim == 2 and len(means) != k):
            raise ValueError(f"means must be (d,) or ({k}, d); got {means.shape}")
        alpha, shape, rate = self.concentration, self.shape, self.rate
        if self.model.fixed_weights is None:
            alpha = _positive(1.0 if alpha is None else alpha, "concentration", k)
        elif alpha is not None:
            raise ValueError("the model fixes the weights: leave the concentration out")
        if structure.eps is None:
            if shape is None or rate is None:
                raise ValueError(f"{structure} leaves the variance free: give shape and rate")
            shape, rate = (float(_positive(v, "shape, rate", 1)[0]) for v in (shape, rate))
        elif shape is not None or rate is not None:
            raise ValueError(f"{structure} fixes the variance: leave shape and rate out")
        means = np.broadcast_to(means, (k, means.shape[-1])).copy()
        self._set(self.model, means, _positive(self.strength, "strength", k), alpha, shape, rate)

    def _set(self, *values: Any) -> "Prior":
        """Fill in fields known to be right; the algorithms' inner loops start here."""
        for name, value in zip(self.__dataclass_fields__, values, strict=True):
            object.__setattr__(self, name, value)
        for array in values[1:4]:
            if array is not None:
                read_only(array)
        return self

    def given(self, statistics: Statistics) -> "Prior":
        """Return the posterior, given the statistics of data with known or guessed labels."""
        expect(statistics, Statistics, "statistics")
        alpha, shape, rate = self.concentration, self.shape, self.rate
        scatter = np.asarray(2 * (rate or 0.0))
        unseen = Statistics(self.strength, self.means, scatter, self.model.covariance)
        both = unseen + statistics
        if alpha is not None:
            alpha = alpha + statistics.counts
        if shape is not None:
            shape, rate = shape + 0.5 * statistics.n * self.d, 0.5 * float(both.scatter)
        return Prior.__new__(Prior)._set(self.model, both.means, both.counts, alpha, shape, rate)

    def sample(self, *, rng: Any) -> Mixture:
        """Return a mixture drawn from this distribution."""
        rng = np.random.default_rng(rng)
        weights, variance = self.model.fixed_weights, self.model.covariance.eps
        if weights is None:
            weights = rng.dirichlet(self.concentration)
        if variance is None:
            variance = self.rate / rng.standard_gamma(self.shape)
        sd = np.sqrt(variance / self.strength)
        means = self.means + sd[:, None] * rng.standard_normal(self.means.shape)
        return Mixture.__new__(Mixture)._set(weights, means, np.asarray(variance), self.model)

    def log_density(self, mixture: Mixture) -> float:
        """Return the log-density of this distribution at a mixture."""
        mixture = self._member(mixture, "mixture")
        precisions = self.strength / float(mixture.covariances)
        squares = precisions * ((mixture.means - self.means) ** 2).sum(axis=1)
        log_density = float(self.d * (np.log(precisions) - LOG_2PI).sum() - squares.sum()) / 2
        if self.concentration is not None:
            log_density += dist.dirichlet_log_density(self.concentration, mixture.weights)
        if self.shape is not None:
            variance = float(mixture.covariances)
            log_density += dist.inverse_gamma_log_density(self.shape, self.rate, variance)
        return log_density

    @property
    def d(self) -> int:
        """Number of dimensions."""
        return int(self.means.shape[1])

    def _variance(self) -> float:
        """Return 1 / E 1/σ²."""
        return self.model.covariance.eps or self.rate / self.shape

    def _divergence(self, other: "Prior") -> float:
        """Return the divergence of this distribution from another."""
        ratio = other.strength / self.strength
        squares = other.strength * ((self.means - other.means) ** 2).sum(axis=1) / self._variance()
        divergence = float((self.d * (ratio - 1 - np.log(ratio)) + squares).sum()) / 2
        if self.concentration is not None:
            divergence += dist.dirichlet_divergence(self.concentration, other.concentration)
        if self.shape is not None:
            divergence += dist.inverse_gamma_divergence(
                self.shape, self.rate, other.shape, other.rate
            )
        return divergence

    def _mean_log_joint(self) -> tuple[Mixture, float]:
        """Return a mixture and c such that its log-joint plus c is E log π_i N(x | μ_i, σ²I)."""
        logs = -0.5 * self.d / self.strength
        if self.shape is not None:  # E log σ² is more than the logarithm of 1 / E 1/σ²
            logs = logs - 0.5 * self.d * (np.log(self.shape) - dist.digamma(np.array([self.shape])))
        weights = self.model.fixed_weights
        with np.errstate(divide="ignore"):
            known = (
                dist.mean_log_weights(self.concentration) if weights is None else np.log(weights)
            )
        logs = logs + known
        odds = np.exp(logs - logs.max())
        model = MixtureModel(self.model.k, self.model.covariance)
        values = odds / odds.sum(), self.means, np.asarray(self._variance()), model
        return Mixture.__new__(Mixture)._set(*values), float(logs.max() + np.log(odds.sum()))

    def _member(self, mixture: Mixture, name: str) -> Mixture:
        """Return the mixture as a member of this prior's model, or say why it is none."""
        expect(mixture, Mixture, name)
        if mixture.means.shape != self.means.shape:
            shapes = f"{self.means.shape} to match the prior; got {mixture.means.shape}"
            raise ValueError(f"the means of {name} must be {shapes}")
        if mixture.model is self.model:
            return mixture
        return Mixture(mixture.weights, mixture.means, mixture.covariances, self.model)


def _positive(values: Any, name: str, k: int) -> Array:
    """Return one positive number, or k of them, as (k,)."""
    array = as_real(values, name, np.ndim(values), "a number or (k,)")
    if array.shape not in ((), (k,)) or array.min() <= 0:
        raise ValueError(f"{name} must be a positive number or {k} of them; got {values}")
    return np.full(k, array)
