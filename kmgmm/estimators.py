"""Estimators: functions of the data.

Chapter: models, estimators, algorithms.
"""

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from kmgmm._arrays import Blocks, nearest
from kmgmm._checks import Array, as_centers, as_data, check_count, check_k, expect
from kmgmm._structure import DegenerateCovariance
from kmgmm.algorithms import em, lloyd
from kmgmm.mixtures import Mixture
from kmgmm.models import MixtureModel
from kmgmm.runs import Run, follow
from kmgmm.starts import kmeans_plusplus, random_points


def within_ss(X: Any, centers: Any) -> float:
    """Return W, the within-cluster sum of squares Σ_j min_i ‖x_j − μ_i‖².

    Chapter: k-means.

    Parameters
    ----------
    X : (n, d) array
        The data.
    centers : (k, d) array
        The centers.

    Returns
    -------
    float
        W, in squared units of X; a sum over the points.

    Raises
    ------
    ValueError
        If X or centers is not a finite array of the right shape.

    Examples
    --------
    >>> import kmgmm as km
    >>> km.within_ss([[0.0], [1.0], [5.0]], [[0.0], [4.0]])
    2.0
    """
    X = as_data(X)
    centers = as_centers(centers, X.shape[1])
    return nearest(Blocks(X, len(centers), centers[0]), centers)[2]


def log_likelihood(X: Any, mixture: Mixture) -> float:
    """Return Σ_j log Σ_i π_i N(x_j | μ_i, Σ_i).

    Chapter: Gaussian mixtures.

    Parameters
    ----------
    X : (n, d) array
        The data.
    mixture : Mixture
        A mixture in d dimensions.

    Returns
    -------
    float
        The log-likelihood; a sum over the points.

    Raises
    ------
    ValueError
        If X is not a finite (n, d) array.

    Examples
    --------
    >>> import kmgmm as km
    >>> round(km.log_likelihood([[0.0], [1.0]], km.data.two_normals), 4)
    -2.9041
    """
    expect(mixture, Mixture, "mixture")
    return float(mixture.statistics(X).objective)


def classification_log_likelihood(X: Any, mixture: Mixture) -> float:
    """Return Σ_j max_i log π_i N(x_j | μ_i, Σ_i).

    Chapter: EM becomes k-means.

    Parameters
    ----------
    X : (n, d) array
        The data.
    mixture : Mixture
        A mixture in d dimensions.

    Returns
    -------
    float
        The log-likelihood of X with each point's label set to its likeliest component.

    Raises
    ------
    ValueError
        If X is not a finite (n, d) array.

    Examples
    --------
    >>> import kmgmm as km
    >>> round(km.classification_log_likelihood([[0.0], [1.0]], km.data.two_normals), 4)
    -3.7242
    """
    expect(mixture, Mixture, "mixture")
    return float(mixture.statistics(X, hard=True).objective)


def kmeans(X: Any, k: int, *, n_starts: int = 10, rng: Any, tol: float = 0.0) -> Run:
    """Minimize W: the best of several runs of Lloyd's algorithm.

    Every other start is k-means++, the rest are random points. Nothing but more starts guards
    against local minima: ``run.n_best`` tells how many starts reached the best.
    Chapter: k-means.

    Parameters
    ----------
    X : (n, d) array
        The data.
    k : int
        Number of clusters.
    n_starts : int
        Number of runs.
    rng : seed or numpy.random.Generator
        Whatever `numpy.random.default_rng` takes.
    tol : float
        Tolerance of `solve`.

    Returns
    -------
    Run
        The best run; ``run.finals`` holds what each start reached. A warning says if it has not
        converged; what became of other starts does not matter.

    Raises
    ------
    ValueError
        If X is not a finite (n, d) array, or has fewer than k distinct points.

    Examples
    --------
    >>> import kmgmm as km
    >>> X, _ = km.data.three_blobs(600, rng=1)
    >>> km.kmeans(X, 3, rng=1).last.counts
    array([199., 202., 199.])
    """
    X = as_data(X)
    check_k(X, k)
    return _best(X, k, lambda start: follow(lloyd(X, start), tol=tol), min, n_starts, rng)


def mle(X: Any, model: MixtureModel, *, n_starts: int = 10, rng: Any, tol: float = 0.0) -> Run:
    """Maximize the likelihood of a mixture model: the best of several runs of EM.

    Starts are those of `kmeans`, with the variance of its clusters as the first covariances. A
    start from which a component collapses is left out, and shows as NaN in ``run.finals``.
    Chapter: Gaussian mixtures.

    Parameters
    ----------
    X : (n, d) array
        The data.
    model : MixtureModel
        The set to choose from.
    n_starts : int
        Number of runs.
    rng : seed or numpy.random.Generator
        Whatever `numpy.random.default_rng` takes.
    tol : float
        Tolerance of `solve`.

    Returns
    -------
    Run
        The best run.

    Raises
    ------
    ValueError
        If X is not a finite (n, d) array, or has fewer than k distinct points.
    DegenerateCovariance
        If a component collapses from every start.

    Examples
    --------
    >>> import kmgmm as km
    >>> X = km.data.old_faithful()
    >>> run = km.mle(X, km.MixtureModel(2, km.Full()), rng=1)
    >>> round(run.last.objective, 3)
    -1130.264
    """
    X = as_data(X)
    expect(model, MixtureModel, "model")
    check_k(X, model.k)

    def run(centers: Array) -> Run:
        variance = model.covariance.eps or within_ss(X, centers) / X.size
        return follow(em(X, model.at(centers, variance)), tol=tol)

    return _best(X, model.k, run, max, n_starts, rng)


def _best(
    X: Array,
    k: int,
    run: Callable[[Array], Run],
    best: Callable[..., Run],
    n_starts: int,
    rng: Any,
) -> Run:
    """Run from several starts and return the best run, with what every start reached."""
    check_count(n_starts, "n_starts")
    rng = np.random.default_rng(rng)
    runs: list[Run] = []
    finals = np.full(n_starts, np.nan)
    for start in range(n_starts):
        centers = (random_points if start % 2 else kmeans_plusplus)(X, k, rng=rng)
        try:
            runs.append(run(centers))
        except DegenerateCovariance:
            if start == n_starts - 1 and not runs:
                raise
            continue
        finals[start] = runs[-1].last.objective
    reached = best(run.last.objective for run in runs)
    # Several starts may reach the best but for rounding: the first of them, on every machine.
    first = next(run for run in runs if run.reached(reached, 1e-9))
    if not first.converged:
        message = f"the best run has not converged after {first.n_iter} iterations"
        warnings.warn(message, RuntimeWarning, stacklevel=3)
    return replace(first, finals=finals)
