"""How estimates scatter about what they estimate, as n → ∞: normal mixtures on the line.

An estimator's limit z solves E ψ_i(X; z) = 0, i = 1 … k, with ψ_i = r_i(X) (X − z_i), where r_i is
1 in the cell of center i and 0 outside (k-means), or the responsibility at the common variance ε
(the dial). With the curvature H = −E ∂ψ/∂z, n times the covariance of the centers tends to
H⁻¹ E(ψψᵀ) H⁻¹.
"""

from typing import Any

import numpy as np

from kmgmm._checks import Array
from kmgmm._line import (
    cells,
    em_step,
    enter,
    line_of,
    lloyd_step,
    quadrature,
    sandwich,
)
from kmgmm.mixtures import Mixture
from kmgmm.population import dial, population_kmeans


def pollard_covariance(mixture: Mixture, centers: Any = None) -> Array:
    """Return the limit of n times the covariance of the sample k-means centers.

    Chapter: where k-means goes.

    Parameters
    ----------
    mixture : Mixture
        The distribution of the data, one-dimensional.
    centers : (k, 1) or (k,) array, optional
        The limit of the sample centers; the global minimum, unless you say.

    Returns
    -------
    (k, k) array
        In squared units of X; the centers ascending.

    Raises
    ------
    ValueError
        If the centers are not a strict local minimum of `population_within_ss`.

    References
    ----------
    .. [1] D. Pollard (1982). A central limit theorem for k-means clustering. Annals of Probability
       10, 919–926.

    Examples
    --------
    >>> import kmgmm as km
    >>> km.pollard_covariance(km.data.two_normals).round(6)
    array([[4.009263, 2.731319],
           [2.731319, 4.009263]])
    """
    line = line_of(mixture)
    z = enter(line, population_kmeans(mixture) if centers is None else centers)
    return sandwich(line, lloyd_step(line, z), np.diag(cells(line, z)[2]), "minimum of W")


def dial_covariance(
    mixture: Mixture, eps: float, *, k: int | None = None, start: Any = None
) -> Array:
    """Return the limit of n times the covariance of the means at fixed variance ε.

    Chapter: one line of estimators.

    Parameters
    ----------
    mixture : Mixture
        The distribution of the data, one-dimensional.
    eps : float
        The common variance ε > 0 of the model, in squared units of X.
    k : int, optional
        Number of means.
    start : (k, 1) or (k,) array, optional
        Where EM starts, as in `dial`.

    Returns
    -------
    (k, k) array
        In squared units of X; the means ascending.

    Raises
    ------
    ValueError
        If the means are not a strict local maximum of the likelihood, as at the ε where they merge;
        and as `dial`.

    References
    ----------
    .. [1] H. White (1982). Maximum likelihood estimation of misspecified models. Econometrica 50,
       1–25.

    Examples
    --------
    >>> import kmgmm as km
    >>> km.dial_covariance(km.data.two_normals, 1.0).round(4)
    array([[3.1794, 0.4543],
           [0.4543, 3.1794]])
    """
    line = line_of(mixture)
    z = enter(line, dial(mixture, eps, k=k, start=start))
    step, scatter = em_step(line, float(eps) / line.unit**2, z)
    return sandwich(line, step, scatter, "maximum of the likelihood")


def fisher_information(mixture: Mixture) -> Array:
    """Return the Fisher information of one observation about the free parameters of its model.

    Chapter: consistency regained.

    Parameters
    ----------
    mixture : Mixture
        One-dimensional; ``mixture.model`` says which parameters are free.

    Returns
    -------
    (p, p) array
        In the order means (k), variances (none, 1 or k), weights (the first k − 1, if free).

    Raises
    ------
    ValueError
        If the mixture is not one-dimensional, or a weight is 0.

    References
    ----------
    .. [1] R. A. Redner and H. F. Walker (1984). Mixture densities, maximum likelihood and the EM
       algorithm. SIAM Review 26, 195–239.

    Examples
    --------
    >>> import kmgmm as km
    >>> model = km.MixtureModel(2, km.Isotropic(1.0), weights="equal")
    >>> km.fisher_information(model.at([[-1.0], [1.0]])).round(4)
    array([[ 0.3211, -0.0459],
           [-0.0459,  0.3211]])
    """
    line = line_of(mixture)
    if line.weights.min() <= 0:
        raise ValueError(f"weights must be positive; got {line.weights}")
    k, n_variances = mixture.k, mixture.model.covariance.n_params(mixture.k, 1)
    x, p = quadrature(line)  # the scores are ∂ log f(x) / ∂θ, the information E(score scoreᵀ)
    u = (x[:, None] - line.means) / line.sds
    log_joint = np.log(line.weights / line.sds) - u * u / 2
    R = np.exp(log_joint - log_joint.max(axis=1, keepdims=True))
    R /= R.sum(axis=1, keepdims=True)
    sds = line.unit * line.sds
    scores = [R * u / sds]
    if n_variances:
        each = R * (u * u - 1) / (2 * sds**2)
        scores.append(each if n_variances == k else each.sum(axis=1, keepdims=True))
    if mixture.model.fixed_weights is None:
        scores.append(R[:, :-1] / line.weights[:-1] - R[:, -1:] / line.weights[-1])
    S = np.hstack(scores)
    return (S.T * p) @ S


def mle_covariance(mixture: Mixture) -> Array:
    """Return the limit of n times the covariance of the maximum likelihood estimate.

    Chapter: consistency regained. The inverse of `fisher_information`.

    Parameters
    ----------
    mixture : Mixture
        One-dimensional; ``mixture.model`` says which parameters are free.

    Returns
    -------
    (p, p) array
        In the order of `fisher_information`.

    Raises
    ------
    ValueError
        If the information is singular, as where two components coincide; and as
        `fisher_information`.

    Examples
    --------
    >>> import kmgmm as km
    >>> model = km.MixtureModel(2, km.Isotropic(1.0), weights="equal")
    >>> C = km.mle_covariance(model.at([[-1.0], [1.0]]))
    >>> round(float(C[0, 0] - 2 * C[0, 1] + C[1, 1]), 6)  # of the distance
    5.450247
    """
    information = fisher_information(mixture)
    root = np.sqrt(np.diag(information) + 1e-300)
    correlation = information / np.outer(root, root)
    if (least := np.linalg.eigvalsh(correlation)[0]) < 1e-12:
        raise ValueError(
            "the Fisher information is singular: the data cannot tell the parameters apart "
            f"(scaled to ones on the diagonal, its least eigenvalue is {least:.1e})"
        )
    return np.linalg.inv(correlation) / np.outer(root, root)
