"""What estimators estimate as n → ∞: normal mixtures on the line.

k-means and the dial are limits of functions of the data, so they are functions of a distribution.
`asymptotics` tells how the estimates scatter about them.

Chapters: where k-means goes; one line of estimators.
"""

import math
from functools import partial
from typing import Any

import numpy as np

from kmgmm._checks import Array, check_eps
from kmgmm._line import (
    candidates,
    cells,
    em_step,
    enter,
    line_of,
    lloyd_step,
    settle,
)
from kmgmm.mixtures import Mixture


def population_within_ss(mixture: Mixture, centers: Any) -> float:
    """Return E min_i (X − c_i)², the within-cluster sum of squares per point as n → ∞.

    Chapter: where k-means goes.

    Parameters
    ----------
    mixture : Mixture
        The distribution of X, one-dimensional.
    centers : (k, 1) or (k,) array
        The centers c_i, in any order.

    Returns
    -------
    float
        In squared units of X.

    Raises
    ------
    ValueError
        If the mixture is not one-dimensional, or the centers are not (k, 1), finite.

    Examples
    --------
    >>> import kmgmm as km
    >>> round(km.population_within_ss(km.data.two_normals, [-1.0, 1.0]), 6)
    0.666738
    """
    line = line_of(mixture)
    return float(line.unit**2 * cells(line, enter(line, centers))[2].sum())


def population_kmeans(mixture: Mixture, start: Any = None, *, k: int | None = None) -> Array:
    """Return the centers that k-means finds as n → ∞.

    With a start: the stationary point that Lloyd's steps reach from there. Without: the global
    minimum of `population_within_ss`. Its basin is found by dynamic programming over boundaries on
    a grid, which is exact there; every local minimum of the grid within 2 % of the best one is then
    polished to rounding, and the lowest kept; of mirror images, the leftmost.

    Chapter: where k-means goes.

    Parameters
    ----------
    mixture : Mixture
        The distribution of the data, one-dimensional.
    start : (k, 1) or (k,) array, optional
        Where Lloyd's algorithm starts.
    k : int, optional
        Number of centers: as many as the mixture has components, unless you say.

    Returns
    -------
    (k, 1) array
        The centers, ascending, in units of X.

    Raises
    ------
    ValueError
        If the mixture is not one-dimensional, k < 1, or a center of the start attracts nothing.
    RuntimeError
        If no fixed point is found.

    Examples
    --------
    >>> import kmgmm as km
    >>> km.population_kmeans(km.data.two_normals).round(6)
    array([[-1.166631],
           [ 1.166631]])
    """
    line = line_of(mixture)
    step = partial(lloyd_step, line)
    if start is not None:
        return line.leave(settle(step, enter(line, start, k)))
    found = [settle(step, z) for z in candidates(line, mixture.k if k is None else k)]
    W = [cells(line, z)[2].sum() for z in found]
    ties = [z for z, w in zip(found, W, strict=True) if w <= min(W) * (1 + 1e-12)]
    return line.leave(min(ties, key=tuple))


def dial(mixture: Mixture, eps: float, *, k: int | None = None, start: Any = None) -> Array:
    """Return the means that EM with equal weights and common variance ε finds as n → ∞.

    At ε → 0 stands k-means; as ε grows the means move inward, and finally all are one.

    Chapter: one line of estimators.

    Parameters
    ----------
    mixture : Mixture
        The distribution of the data, one-dimensional.
    eps : float
        The common variance ε > 0 of the model, in squared units of X.
    k : int, optional
        Number of means: as many as the mixture has components, unless you say.
    start : (k, 1) or (k,) array, optional
        Where EM starts; `population_kmeans`, the end ε → 0 of the dial, unless you say.

    Returns
    -------
    (k, 1) array
        The means, ascending, in units of X.

    Raises
    ------
    ValueError, RuntimeError
        If eps is not a positive finite number; and as `population_kmeans`.

    Examples
    --------
    >>> import kmgmm as km
    >>> [float(km.dial(km.data.two_normals, eps)[1, 0].round(6)) for eps in (1e-8, 0.5, 1, 3)]
    [1.166631, 1.128261, 1.0, 0.0]
    """
    line = line_of(mixture)
    eps = check_eps(eps, least=math.ulp(0.0))  # however small: it is k-means
    z = enter(line, population_kmeans(mixture, k=k) if start is None else start, k)
    z = settle(lambda z: em_step(line, eps / line.unit**2, z)[0], z)
    # Where means merge, ε determines the square of their distance: below this it is rounding.
    return line.leave(z if np.ptp(z) > 2e-7 else np.zeros_like(z))
