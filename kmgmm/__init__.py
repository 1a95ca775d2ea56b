"""k-means and Gaussian mixtures: models, estimators and algorithms, kept apart.

A *model* is a set of distributions, an *estimator* is a function of the data, an *algorithm* is a
recipe that computes something. Each has its room: `models`, `estimators`, `algorithms`.

Notation, the same in the book and in the code:

======================  =====================================================================
``n, d, k``             number of points, of dimensions, of clusters
``X`` (n, d)            the data, a row a point; x_j is point j, j = 1 … n
``centers`` (k, d)      the centers of k-means
``weights`` (k,)        π_i, the share of component i = 1 … k
``means`` (k, d)        μ_i, the mean of component i
``covariances``         Σ_i; the shape depends on the structure, see `covariances`
``eps``                 ε, a common variance set by hand; σ² where it is estimated
``R`` (n, k)            responsibilities: r_ji is the probability of component i given x_j
``labels`` (n,)         a hard assignment: the index, from 0, of each point's cluster
``W``                   within-cluster sum of squares, Σ_j min_i ‖x_j − μ_i‖²
======================  =====================================================================
"""

from kmgmm import data, plots
from kmgmm._structure import DegenerateCovariance
from kmgmm.algorithms import KMeansState, MixtureState, classification_em, em, lloyd
from kmgmm.asymptotics import (
    dial_covariance,
    fisher_information,
    mle_covariance,
    pollard_covariance,
)
from kmgmm.bayes import GibbsState, VariationalState, gibbs, variational
from kmgmm.boxes import lloyd_boxes
from kmgmm.covariances import Diagonal, Full, Isotropic, Spherical, Tied
from kmgmm.estimators import (
    classification_log_likelihood,
    kmeans,
    log_likelihood,
    mle,
    within_ss,
)
from kmgmm.exact import Exact, kmeans_1d, kmeans_exhaustive
from kmgmm.mixtures import Mixture
from kmgmm.models import MixtureModel
from kmgmm.partitions import adjusted_rand, assign, match_labels, stability
from kmgmm.population import dial, population_kmeans, population_within_ss
from kmgmm.priors import Prior
from kmgmm.runs import Run, solve
from kmgmm.starts import from_labels, kmeans_plusplus, random_points
from kmgmm.statistics import Statistics

__all__ = [
    "DegenerateCovariance",
    "Diagonal",
    "Exact",
    "Full",
    "GibbsState",
    "Isotropic",
    "KMeansState",
    "Mixture",
    "MixtureModel",
    "MixtureState",
    "Prior",
    "Run",
    "Spherical",
    "Statistics",
    "Tied",
    "VariationalState",
    "adjusted_rand",
    "assign",
    "classification_em",
    "classification_log_likelihood",
    "data",
    "dial",
    "dial_covariance",
    "em",
    "fisher_information",
    "from_labels",
    "gibbs",
    "kmeans",
    "kmeans_1d",
    "kmeans_exhaustive",
    "kmeans_plusplus",
    "lloyd",
    "lloyd_boxes",
    "log_likelihood",
    "match_labels",
    "mle",
    "mle_covariance",
    "plots",
    "pollard_covariance",
    "population_kmeans",
    "population_within_ss",
    "random_points",
    "solve",
    "stability",
    "variational",
    "within_ss",
]
