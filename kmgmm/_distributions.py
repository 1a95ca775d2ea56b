"""Distributions of weights and of a variance: log-densities, divergences, mean logarithms.

A divergence is Kullback and Leibler's, E log p/q under the first of the two distributions.
"""

import math

import numpy as np

from kmgmm._checks import Array

SHIFTS = np.arange(10.0)
SERIES = np.array([1 / 12, -1 / 120, 1 / 252, -1 / 240, 1 / 132])  # B_2j / 2j
POWERS = -2.0 * np.arange(1, 6)


def digamma(x: Array) -> Array:
    """Return ψ(x) (m,), the derivative of log Γ(x), x > 0: ten steps up, then a series [1]_.

    References
    ----------
    .. [1] M. Abramowitz and I. A. Stegun (1964). Handbook of Mathematical Functions, 6.3.5 and
       6.3.18. National Bureau of Standards.
    """
    y = x + len(SHIFTS)
    return (
        np.log(y)
        - 0.5 / y
        - y[:, None] ** POWERS @ SERIES
        - (1 / (x[:, None] + SHIFTS)).sum(axis=1)
    )


def mean_log_weights(alpha: Array) -> Array:
    """Return E log π_i (k,) under Dirichlet(α)."""
    psi = digamma(np.append(alpha, alpha.sum()))
    return psi[:-1] - psi[-1]


def log_beta(alpha: Array) -> float:
    """Return the logarithm of the constant of Dirichlet(α), Π Γ(α_i) / Γ(Σ α_i)."""
    return sum(map(math.lgamma, alpha.tolist())) - math.lgamma(alpha.sum())


def dirichlet_log_density(alpha: Array, weights: Array) -> float:
    """Return the log-density of Dirichlet(α) at weights (k,), in their first k − 1."""
    some = alpha != 1  # where α_i = 1, a weight of 0 does no harm
    with np.errstate(divide="ignore"):
        return float((alpha[some] - 1) @ np.log(weights[some])) - log_beta(alpha)


def dirichlet_divergence(alpha: Array, beta: Array) -> float:
    """Return the divergence of Dirichlet(α) from Dirichlet(β)."""
    difference = log_beta(beta) - log_beta(alpha)
    return difference + float((alpha - beta) @ mean_log_weights(alpha))


def inverse_gamma_log_density(a: float, b: float, variance: float) -> float:
    """Return the log-density of InverseGamma(a, b) at a variance."""
    return a * math.log(b) - math.lgamma(a) - (a + 1) * math.log(variance) - b / variance


def inverse_gamma_divergence(a: float, b: float, c: float, e: float) -> float:
    """Return the divergence of InverseGamma(a, b) from InverseGamma(c, e)."""
    shapes = math.lgamma(c) - math.lgamma(a) + (a - c) * float(digamma(np.array([a]))[0])
    return shapes + c * math.log(b / e) + a * (e / b - 1)
