"""Starts: where an algorithm begins.

Chapter: k-means.
"""

from typing import Any

import numpy as np

from kmgmm._checks import Array, as_data, as_labels, check_k, expect
from kmgmm.mixtures import Mixture
from kmgmm.models import MixtureModel


def random_points(X: Any, k: int, *, rng: Any) -> Array:
    """Return k distinct points of X, drawn at random.

    Chapter: k-means.

    Parameters
    ----------
    X : (n, d) array
        The data.
    k : int
        How many.
    rng : seed or numpy.random.Generator
        Whatever `numpy.random.default_rng` takes.

    Returns
    -------
    (k, d) array
        The points. No two are equal.

    Raises
    ------
    ValueError
        If X is not a finite (n, d) array, or has fewer than k distinct points.

    Examples
    --------
    >>> import kmgmm as km
    >>> km.random_points([[0.0], [1.0], [1.0]], 2, rng=1).shape
    (2, 1)
    """
    X = as_data(X)
    check_k(X, k)
    rng = np.random.default_rng(rng)
    centers = X[rng.choice(len(X), size=k, replace=False)]
    while len(np.unique(centers, axis=0)) < k:  # duplicates in X: draw from its distinct points
        centers = rng.permutation(np.unique(X, axis=0))[:k]
    return centers


def kmeans_plusplus(X: Any, k: int, *, rng: Any) -> Array:
    """Return k points of X, each drawn with odds proportional to its W so far.

    Chapter: k-means.

    Parameters
    ----------
    X : (n, d) array
        The data.
    k : int
        How many.
    rng : seed or numpy.random.Generator
        Whatever `numpy.random.default_rng` takes.

    Returns
    -------
    (k, d) array
        The points. No two are equal. Their expected W is at most 8 (log k + 2) times the least.

    Raises
    ------
    ValueError
        If X is not a finite (n, d) array, or has fewer than k distinct points.

    References
    ----------
    .. [1] D. Arthur and S. Vassilvitskii (2007). k-means++: the advantages of careful seeding.
       Proceedings of the 18th ACM–SIAM Symposium on Discrete Algorithms, 1027–1035.

    Examples
    --------
    >>> import kmgmm as km
    >>> km.kmeans_plusplus([[0.0], [0.0], [9.0]], 2, rng=1).ravel().tolist() in ([0, 9], [9, 0])
    True
    """
    X = as_data(X)
    check_k(X, k)
    rng = np.random.default_rng(rng)
    centers = X[[rng.integers(len(X))]]
    odds = np.full(len(X), np.inf)
    while len(centers) < k:
        differences = X - centers[-1]
        np.minimum(odds, np.einsum("nd,nd->n", differences, differences), out=odds)
        centers = np.vstack([centers, X[rng.choice(len(X), p=odds / odds.sum())]])
    return centers


def from_labels(X: Any, labels: Any, model: MixtureModel) -> Mixture:
    """Return the maximum likelihood estimate from labeled data, as a start or an end.

    Chapter: Gaussian mixtures; EM becomes k-means.

    Parameters
    ----------
    X : (n, d) array
        The data.
    labels : (n,) array of int
        The component of each point, from 0.
    model : MixtureModel
        The set to choose from.

    Returns
    -------
    Mixture
        The complete-data maximum likelihood estimate. Its means are the groups' means.

    Raises
    ------
    ValueError
        If X or labels do not fit, or a component has no point.
    DegenerateCovariance
        If a group has too few points for its covariance.

    Examples
    --------
    >>> import kmgmm as km
    >>> model = km.MixtureModel(2, km.Isotropic())
    >>> km.from_labels([[0.0], [2.0], [9.0]], [0, 0, 1], model).means.ravel()
    array([1., 9.])
    """
    X = as_data(X)
    expect(model, MixtureModel, "model")
    labels = as_labels(labels, len(X))
    present = np.unique(labels)
    if not np.array_equal(present, np.arange(model.k)):
        raise ValueError(f"labels must show every component 0 … {model.k - 1}; got {present}")
    return model.mle(model.statistics(X, np.eye(model.k)[labels]))
