"""Slow, obvious references: loops, explicit sums and enumeration, as a textbook writes them."""

import math
from itertools import product

import numpy as np
from scipy.stats import multivariate_normal


def squared_distances(X, centers):
    """|x_j − m_i|², (n, k)."""
    return np.array([[math.fsum((x - m) ** 2) for m in centers] for x in X])


def within_ss(X, centers):
    return math.fsum(squared_distances(X, centers).min(axis=1))


def lloyd(X, centers, n_iter):
    """The centers of n_iter iterations, the start's first."""
    history = [np.array(centers, float)]
    for _ in range(n_iter):
        old = history[-1]
        labels = squared_distances(X, old).argmin(axis=1)
        groups = [X[labels == i] for i in range(len(old))]
        history.append(
            np.array([g.mean(axis=0) if len(g) else m for g, m in zip(groups, old, strict=True)])
        )
    return history


def log_joint(X, weights, means, matrices):
    """log π_i N(x_j | μ_i, Σ_i), (n, k)."""
    columns = [
        math.log(w) + multivariate_normal(m, S).logpdf(X) if w > 0 else np.full(len(X), -np.inf)
        for w, m, S in zip(weights, means, matrices, strict=True)
    ]
    return np.column_stack([np.atleast_1d(column) for column in columns])


def log_density(joint):
    tops = joint.max(axis=1)
    return np.array(
        [top + math.log(math.fsum(np.exp(row - top))) for row, top in zip(joint, tops, strict=True)]
    )


def responsibilities(joint):
    return np.exp(joint - log_density(joint)[:, None])


def one_hot(joint):
    return np.eye(joint.shape[1])[joint.argmax(axis=1)]


def m_step(X, R):
    """Weights, means and scatter matrices S_i (k, d, d), by explicit sums about the new means."""
    n, d = X.shape
    counts = R.sum(axis=0)
    means = np.array([sum(R[j, i] * X[j] for j in range(n)) / counts[i] for i in range(R.shape[1])])
    scatter = np.zeros((R.shape[1], d, d))
    for i, j in product(range(R.shape[1]), range(n)):
        scatter[i] += R[j, i] * np.outer(X[j] - means[i], X[j] - means[i])
    return counts / n, means, scatter


def covariances(structure, scatter, counts):
    """The maximum likelihood covariances of a structure, by name, from scatter matrices."""
    n, d = counts.sum(), scatter.shape[1]
    traces = np.trace(scatter, axis1=1, axis2=2)
    return {
        "Isotropic": traces.sum() / (n * d),
        "Spherical": traces / (counts * d),
        "Diagonal": np.array([np.diag(S) / c for S, c in zip(scatter, counts, strict=True)]),
        "Tied": scatter.sum(axis=0) / n,
        "Full": np.array([S / c for S, c in zip(scatter, counts, strict=True)]),
    }[structure]


def partitions(n, k):
    """Every labeling of n points that uses all of k labels, up to the labels' names."""
    for labels in product(range(k), repeat=n):
        firsts = [labels.index(i) for i in range(k) if i in labels]
        if len(firsts) == k and firsts == sorted(firsts):
            yield np.array(labels)


def best_within_ss(X, k):
    """The least W over all partitions."""
    return min(
        sum(((X[labels == i] - X[labels == i].mean(axis=0)) ** 2).sum() for i in range(k))
        for labels in partitions(len(X), k)
    )
