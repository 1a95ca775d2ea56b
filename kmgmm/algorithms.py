"""Algorithms: recipes, as generators of states.

Each state carries parameters and the objective *of those parameters*; the first is the start.
Stopping is not part of an algorithm: `solve` stops, or your own loop does.

Chapters: k-means; EM becomes k-means.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from kmgmm._arrays import Blocks, nearest, one_hot, softmax
from kmgmm._checks import Array, as_data, as_lloyd_start, expect
from kmgmm._structure import DegenerateCovariance
from kmgmm.mixtures import Mixture


class KMeansState(NamedTuple):
    """A state of Lloyd's algorithm.

    Chapter: k-means.

    Parameters
    ----------
    centers : (k, d) array
        The centers.
    objective : float
        W, the within-cluster sum of squares of these centers, in squared units of X.
    counts : (k,) array
        How many points are nearest to each; an empty cluster shows as 0.

    Examples
    --------
    >>> import kmgmm as km
    >>> next(km.lloyd([[0.0], [1.0], [5.0]], [[0.0], [4.0]])).objective
    2.0
    """

    centers: Array
    objective: float
    counts: Array


class MixtureState(NamedTuple):
    """A state of EM or of classification EM.

    Chapter: EM becomes k-means.

    Parameters
    ----------
    mixture : Mixture
        The current member of the model.
    objective : float
        Its log-likelihood, or its classification log-likelihood: sums over the points.
    counts : (k,) array
        n_i, how many points each component claims; the next M-step will use them.

    Examples
    --------
    >>> import kmgmm as km
    >>> start = km.MixtureModel(2, km.Isotropic(1.0)).at([[0.0], [4.0]])
    >>> next(km.em([[0.0], [1.0], [5.0]], start)).counts.round(3)
    array([1.982, 1.018])
    """

    mixture: Mixture
    objective: float
    counts: Array


def lloyd(X: Any, centers: Any) -> Iterator[KMeansState]:
    """Iterate Lloyd's algorithm: points to their nearest centers, centers to their points' mean.

    A tie goes to the first of the nearest centers; a center without points stays where it is.
    Chapter: k-means.

    Parameters
    ----------
    X : (n, d) array
        The data.
    centers : (k, d) array
        Where to start.

    Yields
    ------
    KMeansState
        The start, then a state an iteration, without end: W never rises, and after finitely many
        iterations nothing changes any more.

    Raises
    ------
    ValueError
        If X or centers is not a finite array of the right shape, or X has fewer than k distinct
        points.

    References
    ----------
    .. [1] S. P. Lloyd (1982). Least squares quantization in PCM. IEEE Transactions on Information
       Theory 28, 129–137.

    Examples
    --------
    >>> import kmgmm as km
    >>> states = km.lloyd([[0.0], [1.0], [5.0], [6.0]], [[0.0], [1.0]])
    >>> for _, state in zip(range(3), states):
    ...     print(state.centers.ravel(), state.objective)
    [0. 1.] 41.0
    [0. 4.] 6.0
    [0.5 5.5] 1.0
    """
    return _lloyd(*as_lloyd_start(X, centers))


def _lloyd(X: Array, centers: Array) -> Iterator[KMeansState]:
    points = Blocks(X, len(centers), X[0])  # a point of the data: on a grid, ties stay exact
    while True:
        counts, means, W = nearest(points, centers)
        yield KMeansState(centers, W, counts)
        centers = means


def em(X: Any, start: Mixture) -> Iterator[MixtureState]:
    """Iterate the EM algorithm for the model of which `start` is a member.

    Chapter: EM becomes k-means; Gaussian mixtures.

    Parameters
    ----------
    X : (n, d) array
        The data.
    start : Mixture
        Where to start; its model says what is estimated.

    Yields
    ------
    MixtureState
        The start, then a state an iteration, without end: the log-likelihood never falls.

    Raises
    ------
    ValueError
        If X is not a finite (n, d) array or start is not a mixture in d dimensions.
    DegenerateCovariance
        When a component collapses; the message tells the iteration.

    References
    ----------
    .. [1] A. P. Dempster, N. M. Laird and D. B. Rubin (1977). Maximum likelihood from incomplete
       data via the EM algorithm. Journal of the Royal Statistical Society B 39, 1–38.

    Examples
    --------
    >>> import kmgmm as km
    >>> X, _ = km.data.two_normals(1000, rng=1)
    >>> model = km.MixtureModel(2, km.Isotropic(1.0), weights="equal")
    >>> run = km.solve(km.em(X, model.at([[-2.0], [2.0]])))
    >>> run.last.mixture.means.ravel().round(1)
    array([-1. ,  1.1])
    """
    return _em(*_checked(X, start), softmax)


def classification_em(X: Any, start: Mixture) -> Iterator[MixtureState]:
    """Iterate classification EM: EM with each point given whole to its likeliest component.

    With ``Isotropic`` covariance and equal weights it is Lloyd's algorithm, step for step.
    Chapter: EM becomes k-means.

    Parameters
    ----------
    X : (n, d) array
        The data.
    start : Mixture
        Where to start; its model says what is estimated.

    Yields
    ------
    MixtureState
        The start, then a state an iteration; the classification log-likelihood never falls.

    Raises
    ------
    ValueError
        If X is not a finite (n, d) array or start is not a mixture in d dimensions.
    DegenerateCovariance
        When a component collapses; the message tells the iteration.

    References
    ----------
    .. [1] G. Celeux and G. Govaert (1992). A classification EM algorithm for clustering and two
       stochastic versions. Computational Statistics & Data Analysis 14, 315–332.

    Examples
    --------
    >>> import kmgmm as km
    >>> start = km.MixtureModel(2, km.Isotropic(9.0), weights="equal").at([[0.0], [1.0]])
    >>> for _, state in zip(range(3), km.classification_em([[0.0], [1.0], [5.0], [6.0]], start)):
    ...     print(state.mixture.means.ravel())
    [0. 1.]
    [0. 4.]
    [0.5 5.5]
    """
    return _em(*_checked(X, start), one_hot)


def _checked(X: Any, start: Mixture) -> tuple[Array, Mixture]:
    expect(start, Mixture, "start")
    return as_data(X, start.d), start


def _em(X: Array, mixture: Mixture, assignment: Callable[[Array], Array]) -> Iterator[MixtureState]:
    points, iteration, structure = mixture._blocks(X, X[0]), 0, mixture.model.covariance
    if structure.common:  # the total scatter is the same in all iterations
        points.total = sum(structure.total(F) for _, F in points)
    while True:
        statistics = mixture._statistics(points, assignment)  # E-step
        yield MixtureState(mixture, statistics.objective, statistics.counts)
        iteration += 1
        try:
            mixture = mixture.model.mle(statistics)  # M-step
        except DegenerateCovariance as error:
            message = f"{error} at iteration {iteration}"
            raise DegenerateCovariance(error.component, message) from None
