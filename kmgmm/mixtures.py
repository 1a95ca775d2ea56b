"""Mixtures: single distributions, members of a `MixtureModel`.

Chapter: Gaussian mixtures.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from kmgmm._arrays import Blocks, averages, logits, one_hot, softmax
from kmgmm._checks import Array, Labels, as_data, as_real, as_weights, expect, read_only
from kmgmm._structure import Covariance, lost_digits
from kmgmm.covariances import Full, Isotropic, Spherical
from kmgmm.statistics import Statistics

if TYPE_CHECKING:
    from kmgmm.models import MixtureModel

LOG_2PI = math.log(2 * math.pi)


@dataclass(frozen=True, eq=False, init=False)
class Mixture:
    """One Gaussian mixture: Σ_i π_i N(μ_i, Σ_i).

    Chapter: Gaussian mixtures.

    Parameters
    ----------
    weights : (k,) array
        π_i ≥ 0, summing to 1.
    means : (k, d) array
        μ_i, in units of X.
    covariances : array
        In the shape of the structure, in squared units of X. Without a model the shape tells the
        structure: a number is ``Isotropic()``, (k,) ``Spherical()``, (k, d, d) ``Full()``.
    model : MixtureModel, optional
        The set it is a member of.

    Raises
    ------
    ValueError
        If shapes do not fit, weights do not sum to 1, or a value is NaN or infinite.
    DegenerateCovariance
        If a covariance is not positive definite.

    Examples
    --------
    >>> import kmgmm as km
    >>> two_normals = km.Mixture([0.5, 0.5], [[-1.0], [1.0]], 1.0)
    >>> two_normals.responsibilities([[0.0], [1.0]]).round(3)
    array([[0.5  , 0.5  ],
           [0.119, 0.881]])
    """

    weights: Array
    means: Array
    covariances: Array
    model: "MixtureModel"
    _whitener: Array = field(repr=False)

    def __init__(
        self, weights: Any, means: Any, covariances: Any, model: "MixtureModel | None" = None
    ) -> None:
        from kmgmm.models import MixtureModel  # the set knows its members: this import must wait

        means = as_real(means, "means", 2, "(k, d)")
        k, d = means.shape
        weights = as_weights(weights, k)
        model = model or MixtureModel(k, _structure_of(covariances))
        expect(model, MixtureModel, "model")
        if model.k != k:
            raise ValueError(f"means must be ({model.k}, d) to match the model; got {means.shape}")
        if model.fixed_weights is not None and not np.allclose(weights, model.fixed_weights):
            raise ValueError(f"the model fixes the weights at {model.fixed_weights}; got {weights}")
        covariances = model.covariance.check(covariances, k, d)
        self._set(weights, means.copy(), covariances.copy(), model)

    def _set(
        self, weights: Array, means: Array, covariances: Array, model: "MixtureModel"
    ) -> "Mixture":
        """Fill a new mixture with arrays known to be right; EM's inner loop starts here."""
        vars(self).update(
            weights=read_only(weights),
            means=read_only(means),
            covariances=read_only(np.asarray(covariances)),
            model=model,
            _whitener=model.covariance.whitener(covariances),
        )
        return self

    @property
    def k(self) -> int:
        """Number of components."""
        return self.means.shape[0]

    @property
    def d(self) -> int:
        """Number of dimensions."""
        return self.means.shape[1]

    @property
    def covariance_matrices(self) -> Array:
        """Σ_i as full matrices (k, d, d), whatever the structure."""
        return self.model.covariance.matrices(self.covariances, self.k, self.d)

    def _points(self, X: Any) -> Blocks:
        return self._blocks(as_data(X, self.d), self.means[0])

    def _blocks(self, X: Array, origin: Array) -> Blocks:
        return Blocks(X, self.k, origin, self.model.covariance.each)

    def _logits(self, points: Blocks) -> Iterator[tuple[slice, Array, Array, Array, Array]]:
        """Yield rows, block, distances, logits, and what the log joint is above them."""
        structure, W = self.model.covariance, self._whitener
        M = self.means - points.origin
        with np.errstate(divide="ignore"):  # a weight of 0 has logarithm −inf
            offset = np.log(self.weights) - 0.5 * structure.log_det(W, self.k, self.d)
        highest = max(offset.tolist())
        offset -= highest
        for rows, F in points:
            D = structure.distances(F, M, W)
            L, top = logits(D, offset, structure.scale(self.covariances))
            top += highest - 0.5 * self.d * LOG_2PI
            yield rows, F, D, L, top

    def _statistics(self, points: Blocks, assignment: Callable[[Array], Array]) -> Statistics:
        structure, M, W = self.model.covariance, self.means - points.origin, self._whitener
        sums, objective = np.zeros((self.k, self.d + 1)), 0.0
        scatter = np.zeros(self.covariances.shape)
        for _, F, D, R, top in self._logits(points):
            top += assignment(R)
            objective += float(top.sum())
            block = R @ F.T
            sums += block[:, : self.d + 1]
            if points.total is None:
                scatter += structure.scatter(F, M, W, R, D, block)
        counts = sums[:, -1].copy()
        shifts = averages(sums[:, :-1], counts, -M, 0.0)
        if points.total is None:
            scatter -= structure.spread(counts, shifts)  # from the current means to the new ones
        else:  # within = total − between
            scatter = points.total - structure.spread(counts, M + shifts)
            if lost_digits(scatter, points.total):
                points.total = None  # never again
                return self._statistics(points, assignment)
        return Statistics(read_only(counts), self.means + shifts, scatter, structure, objective)

    def statistics(self, X: Any, *, hard: bool = False) -> Statistics:
        """Return the statistics of X (n, d) claimed by this mixture: the E-step.

        Its objective is the log-likelihood of X; with hard assignments (each point to its
        likeliest component) the classification log-likelihood.
        """
        return self._statistics(self._points(X), one_hot if hard else softmax)

    def log_joint(self, X: Any) -> Array:
        """Return log π_i N(x_j | μ_i, Σ_i), (n, k)."""
        points = self._points(X)
        out = np.empty((len(points.X), self.k))
        for rows, _, _, L, top in self._logits(points):
            out[rows] = (L + top).T
        return out

    def log_density(self, X: Any) -> Array:
        """Return log Σ_i π_i N(x_j | μ_i, Σ_i), (n,)."""
        points = self._points(X)
        out = np.empty(len(points.X))
        for rows, _, _, L, top in self._logits(points):
            out[rows] = softmax(L) + top
        return out

    def responsibilities(self, X: Any) -> Array:
        """Return r_ji, the probability of component i given x_j, (n, k)."""
        points = self._points(X)
        out = np.empty((len(points.X), self.k))
        for rows, _, _, L, _ in self._logits(points):
            softmax(L)
            out[rows] = L.T
        return out

    def assign(self, X: Any) -> Labels:
        """Return the likeliest component of each point, (n,); ties go to the first."""
        points = self._points(X)
        return np.concatenate([L.argmax(axis=0) for _, _, _, L, _ in self._logits(points)])

    def sample(self, n: int, *, rng: Any) -> tuple[Array, Labels]:
        """Return n draws: X (n, d) and the labels (n,) of the components they came from."""
        rng = np.random.default_rng(rng)
        labels = rng.choice(self.k, size=n, p=self.weights)
        roots = np.linalg.cholesky(self.covariance_matrices)
        X = self.means[labels] + np.einsum(
            "nij,nj->ni", roots[labels], rng.standard_normal((n, self.d))
        )
        return X, labels


def _structure_of(covariances: Any) -> Covariance:
    """Guess the structure from the covariances' shape."""
    shapes: dict[int, Covariance] = {0: Isotropic(), 1: Spherical(), 3: Full()}
    ndim = np.ndim(covariances)
    if ndim not in shapes:
        raise ValueError(
            f"covariances of shape {np.shape(covariances)} may be Diagonal or Tied: "
            "name the structure, model=km.MixtureModel(k, km.Diagonal()) or (k, km.Tied())"
        )
    return shapes[ndim]
