"""Hypothesis strategies, and seeded examples: data, mixtures of each structure, labels."""

import numpy as np
from hypothesis import strategies as st

import kmgmm as km

STRUCTURES = [km.Isotropic(), km.Spherical(), km.Diagonal(), km.Tied(), km.Full()]


def name(structure):
    return type(structure).__name__


def random_covariances(structure, k, d, rng, scale=1.0):
    """Covariances of a structure, not nearly singular."""
    roots = rng.standard_normal((k, d, d))
    matrices = scale * (0.3 * np.eye(d) + roots @ np.swapaxes(roots, 1, 2) / d)
    variances = np.diagonal(matrices, axis1=1, axis2=2)
    return {
        "Isotropic": variances[0, 0] if structure.eps is None else structure.eps,
        "Spherical": variances[:, 0],
        "Diagonal": variances,
        "Tied": matrices[0],
        "Full": matrices,
    }[name(structure)]


def random_mixture(structure, k, d, rng, spread=3.0, weights="free"):
    rng = np.random.default_rng(rng)
    model = km.MixtureModel(k, structure, weights=weights)
    shares = rng.dirichlet(np.full(k, 5.0)) if weights == "free" else np.full(k, 1 / k)
    means = spread * rng.standard_normal((k, d))
    return km.Mixture(shares, means, random_covariances(structure, k, d, rng), model)


def example(structure, seed, n=60, k=3, d=2, weights="free"):
    """Data from one random mixture and, to start from, another not far from it."""
    rng = np.random.default_rng(seed)
    truth = random_mixture(structure, k, d, rng, weights=weights)
    X, _ = truth.sample(n, rng=rng)
    means = truth.means + 0.3 * rng.standard_normal((k, d))
    covariances = truth.covariances * (1.5 if structure.eps is None else 1)
    return X, km.Mixture(np.full(k, 1 / k), means, covariances, truth.model)


def seeds():
    return st.integers(0, 2**32 - 1)


@st.composite
def data(draw, max_n=30, max_d=3):
    """Points on a coarse grid or spread out, so that duplicates and ties are common."""
    n, d = draw(st.integers(2, max_n)), draw(st.integers(1, max_d))
    rng = np.random.default_rng(draw(seeds()))
    coarse = draw(st.booleans())
    return rng.integers(-3, 4, (n, d)).astype(float) if coarse else rng.standard_normal((n, d))


@st.composite
def data_and_centers(draw, max_n=30, max_d=3):
    """Data and k of its distinct points."""
    X = draw(data(max_n, max_d))
    k = draw(st.integers(1, min(4, len(np.unique(X, axis=0)))))
    return X, km.random_points(X, k, rng=draw(seeds()))


@st.composite
def mixtures(draw, max_k=4, max_d=3):
    structure = draw(st.sampled_from([*STRUCTURES, km.Isotropic(0.7)]))
    k, d = draw(st.integers(1, max_k)), draw(st.integers(1, max_d))
    return random_mixture(structure, k, d, draw(seeds()), weights=draw(weights_constraints()))


def weights_constraints():
    return st.sampled_from(["free", "equal"])


@st.composite
def two_labelings(draw, max_n=40, max_k=5):
    n = draw(st.integers(1, max_n))
    labels = st.lists(st.integers(0, max_k - 1), min_size=n, max_size=n)
    return np.array(draw(labels)), np.array(draw(labels))
