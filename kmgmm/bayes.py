"""Bayesian estimators have their own algorithms: Gibbs sampling and variational Bayes.

Both are EM with its two steps changed. EM gives a point to the components in shares, and then takes
the likeliest parameters; `gibbs` gives it whole to a component drawn with these odds, and then
draws parameters from the posterior; `variational` gives it in shares again, and then takes the
posterior itself.

Chapter: Bayesian estimators.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from kmgmm._arrays import Blocks, softmax
from kmgmm._checks import Array, Labels, as_data, expect
from kmgmm.mixtures import Mixture
from kmgmm.priors import Prior


class GibbsState(NamedTuple):
    """A state of Gibbs sampling: in the long run, a draw from the posterior.

    Chapter: Bayesian estimators.

    Parameters
    ----------
    mixture : Mixture
        The parameters, drawn given the labels of the state before.
    objective : float
        The joint log-density of the data, these labels and these parameters. It does not come to
        rest: take as many states as you want with `itertools.islice`, and not with `solve`.
    counts : (k,) array
        How many points carry each label; the next parameters will use them.
    labels : (n,) array of int
        The labels, drawn given these parameters.

    Examples
    --------
    >>> import kmgmm as km
    >>> model = km.MixtureModel(2, km.Isotropic(1.0), weights="equal")
    >>> prior = km.Prior(model, [0.0], strength=0.01)
    >>> next(km.gibbs([[-9.0], [8.0], [9.0]], prior, model.at([[-9.0], [9.0]]), rng=1)).labels
    array([0, 1, 1])
    """

    mixture: Mixture
    objective: float
    counts: Array
    labels: Labels


class VariationalState(NamedTuple):
    """A state of variational Bayes.

    Chapter: Bayesian estimators.

    Parameters
    ----------
    posterior : Prior
        The distribution that stands for the posterior of the parameters.
    objective : float
        The evidence lower bound of this distribution, the labels' being the best for it.
    counts : (k,) array
        How many points each component claims; the next iteration will use them.

    Examples
    --------
    >>> import kmgmm as km
    >>> model = km.MixtureModel(2, km.Isotropic(1.0), weights="equal")
    >>> prior = km.Prior(model, [0.0], strength=1.0)
    >>> state = next(km.variational([[-9.0], [8.0], [9.0]], prior, model.at([[-9.0], [9.0]])))
    >>> state.posterior.means.ravel().round(3)
    array([-4.5  ,  5.667])
    """

    posterior: Prior
    objective: float
    counts: Array


def gibbs(X: Any, prior: Prior, start: Mixture, *, rng: Any) -> Iterator[GibbsState]:
    """Sample from the posterior of a mixture: labels given parameters, and the reverse.

    Chapter: Bayesian estimators.

    Parameters
    ----------
    X : (n, d) array
        The data.
    prior : Prior
        What is assumed of the parameters, and of which model.
    start : Mixture
        Where to start; a member of the model.
    rng : seed or numpy.random.Generator
        Whatever `numpy.random.default_rng` takes.

    Yields
    ------
    GibbsState
        The start with labels drawn for it, then a state an iteration, without end: a Markov chain
        whose distribution tends to the posterior.

    Raises
    ------
    ValueError
        If X is not a finite (n, d) array, or start is not a member of the prior's model.

    References
    ----------
    .. [1] J. Diebolt and C. P. Robert (1994). Estimation of finite mixture distributions through
       Bayesian sampling. Journal of the Royal Statistical Society B 56, 363–375.

    Examples
    --------
    >>> from itertools import islice
    >>> import kmgmm as km
    >>> X, _ = km.data.two_normals(1000, rng=1)
    >>> model = km.MixtureModel(2, km.Isotropic(1.0), weights="equal")
    >>> prior = km.Prior(model, [0.0], strength=0.1)
    >>> states = km.gibbs(X, prior, model.at([[-2.0], [2.0]]), rng=1)
    >>> draws = [state.mixture.means for state in islice(states, 100, 600)]
    >>> (sum(draws) / 500).ravel().round(1)
    array([-1. ,  1.1])
    """
    return _gibbs(*_checked(X, prior, start), np.random.default_rng(rng))


def _gibbs(
    X: Array, prior: Prior, mixture: Mixture, rng: np.random.Generator
) -> Iterator[GibbsState]:
    points = mixture._blocks(X, X[0])
    while True:
        drawn: list[Labels] = []
        statistics = mixture._statistics(points, partial(_draw, rng, drawn))
        objective = statistics.objective + prior.log_density(mixture)
        yield GibbsState(mixture, objective, statistics.counts, np.concatenate(drawn))
        mixture = prior.given(statistics).sample(rng=rng)


def _draw(rng: np.random.Generator, drawn: list[Labels], L: Array) -> Array:
    """Turn logits into hard assignments, drawn with their odds, in place; return those chosen."""
    odds = np.cumsum(np.exp(L), axis=0)
    labels = (odds <= rng.random(L.shape[1]) * odds[-1]).sum(axis=0)
    drawn.append(labels)
    chosen = L[labels, np.arange(L.shape[1])]
    np.equal(labels, np.arange(len(L))[:, None], out=L)
    return chosen


def variational(X: Any, prior: Prior, start: Mixture) -> Iterator[VariationalState]:
    """Iterate variational Bayes: the best posterior in which labels and parameters are independent.

    Chapter: Bayesian estimators.

    Parameters
    ----------
    X : (n, d) array
        The data.
    prior : Prior
        What is assumed of the parameters, and of which model.
    start : Mixture
        Whose responsibilities are the first guess at the labels; a member of the model.

    Yields
    ------
    VariationalState
        The posterior given the first guess, then a state an iteration, without end: the evidence
        lower bound never falls.

    Raises
    ------
    ValueError
        If X is not a finite (n, d) array, or start is not a member of the prior's model.

    References
    ----------
    .. [1] C. M. Bishop (2006). Pattern Recognition and Machine Learning, section 10.2. Springer.

    Examples
    --------
    >>> import kmgmm as km
    >>> X, _ = km.data.two_normals(1000, rng=1)
    >>> model = km.MixtureModel(2, km.Isotropic(1.0), weights="equal")
    >>> prior = km.Prior(model, [0.0], strength=0.1)
    >>> run = km.solve(km.variational(X, prior, model.at([[-2.0], [2.0]])))
    >>> run.last.posterior.means.ravel().round(1)
    array([-1. ,  1.1])
    """
    X, prior, start = _checked(X, prior, start)
    return _variational(X, prior, prior.given(start.statistics(X)))


def _variational(X: Array, prior: Prior, posterior: Prior) -> Iterator[VariationalState]:
    points = Blocks(X, posterior.model.k, X[0])
    while True:
        mixture, constant = posterior._mean_log_joint()
        statistics = mixture._statistics(points, softmax)
        bound = statistics.objective + len(X) * constant - posterior._divergence(prior)
        yield VariationalState(posterior, bound, statistics.counts)
        posterior = prior.given(statistics)


def _checked(X: Any, prior: Prior, start: Mixture) -> tuple[Array, Prior, Mixture]:
    expect(prior, Prior, "prior")
    return as_data(X, prior.d), prior, prior._member(start, "start")
