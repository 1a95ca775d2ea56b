"""The machinery of `population` and `asymptotics`: normal mixtures on the line, in their own units.

Inside, x stands for the position in units in which the mixture has mean 0 and variance 1; so
nothing here depends on where the data's zero is or on their unit.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from kmgmm._checks import Array, as_centers, check_count, expect
from kmgmm.mixtures import Mixture

MAX_STEPS = 10_000
NODES, NODE_WEIGHTS = np.polynomial.legendre.leggauss(20)
tail = np.vectorize(lambda u: math.erfc(u / math.sqrt(2)) / 2, otypes=[float])  # of N(0, 1)


class Line(NamedTuple):
    """A mixture in units in which it has mean 0 and variance 1."""

    weights: Array
    means: Array
    sds: Array
    base: float  # the origin is base + offset, kept apart: at base = 1e8 a sum would lose offset
    offset: float
    unit: float

    def leave(self, z: Array) -> Array:
        """Return positions z, in units of the data, as a (k, 1) array."""
        return self.base + (self.offset + self.unit * z[:, None])

    def density(self, x: Array) -> Array:
        u = (x[:, None] - self.means) / self.sds
        return np.exp(-u * u / 2) @ (self.weights / self.sds) / math.sqrt(2 * math.pi)


class Step(NamedTuple):
    """One step of Lloyd or EM: with r_i as in `asymptotics`, z_i moves by pull_i / mass_i."""

    mass: Array  # E r_i
    pull: Array  # E r_i (X − z_i)
    curvature: Array  # −∂pull_i / ∂z_j
    noise: float  # a step this short is rounding

    @property
    def weight(self) -> Array:
        return np.maximum(self.mass, 1e-300)  # what attracts nothing stays

    @property
    def length(self) -> float:
        return float(np.abs(self.pull / self.weight).max())


def line_of(mixture: Mixture) -> Line:
    expect(mixture, Mixture, "mixture")
    if mixture.d != 1:
        raise ValueError(f"mixture must be one-dimensional; got d = {mixture.d}")
    base = float(mixture.means[0, 0])
    means, variances = mixture.means[:, 0] - base, mixture.covariance_matrices[:, 0, 0]
    offset = float(mixture.weights @ means)
    unit = math.sqrt(mixture.weights @ (variances + (means - offset) ** 2))
    return Line(
        mixture.weights, (means - offset) / unit, np.sqrt(variances) / unit, base, offset, unit
    )


def enter(line: Line, centers: Any, k: int | None = None) -> Array:
    """Return centers, checked, sorted, in the units of the line."""
    centers = as_centers(np.reshape(centers, (-1, 1)) if np.ndim(centers) == 1 else centers, 1)
    if k is not None and len(centers) != k:
        raise ValueError(f"start must be ({k}, 1) to match k; got {centers.shape}")
    return np.sort(((centers[:, 0] - line.base) - line.offset) / line.unit)


def moments(line: Line, lower: Array, upper: Array, about: Array) -> Array:
    """Return E (X − about)^j 1{lower < X < upper}, j = 0, 1, 2, from truncated normals: (3, …)."""
    # Beyond 40 standard deviations the normal tail is 0 in floating point.
    a, b = (np.clip((x[..., None] - line.means) / line.sds, -40, 40) for x in (lower, upper))
    ahead, behind = (np.exp(-x * x / 2) / math.sqrt(2 * math.pi) for x in (a, b))
    # On either side the difference of the smaller tails, so that neither is lost beside 1.
    mass = np.where(a > 0, tail(a) - tail(b), tail(-b) - tail(-a))
    first = line.sds * (ahead - behind)
    second = line.sds**2 * (mass + a * ahead - b * behind)
    shift = line.means - about[..., None]
    about_center = shift * mass + first, shift * (shift * mass + 2 * first) + second
    return np.stack([mass, *about_center]) @ line.weights


def cells(line: Line, z: Array) -> Array:
    """Return mass, first and second moment about its center of each center's cell: (3, k)."""
    cuts = np.concatenate([[-np.inf], (z[1:] + z[:-1]) / 2, [np.inf]])
    return moments(line, cuts[:-1], cuts[1:], z)


def lloyd_step(line: Line, z: Array) -> Step:
    mass, pull, _ = cells(line, z)
    curvature = np.diag(mass)
    bend = line.density((z[1:] + z[:-1]) / 2) * np.diff(z) / 4  # a boundary moves with two centers
    for i, b in enumerate(bend):
        curvature[i : i + 2, i : i + 2] -= b
    return Step(mass, pull, curvature, noise=1e-12)


def em_step(line: Line, eps: float, z: Array) -> tuple[Step, Array]:
    """Return the step of EM with equal weights and variance eps, and E ψψᵀ."""
    gaps, cuts = np.diff(z), (z[1:] + z[:-1]) / 2
    # Responsibilities this steep are steps to the last digit; steeper, they outrun the numbers.
    eps = max(eps, 1e-9 * line.sds.min() * min(gaps[gaps > 0], default=0.0))
    x, p = quadrature(line, cuts, (z[-1] - z[0]) / eps)
    nearest = z[np.searchsorted(cuts, x)][:, None]
    R = np.expm1((x[:, None] - (z + nearest) / 2) * (z - nearest) / eps)  # log r_i / r_nearest
    total = (len(z) + R.sum(axis=1))[:, None]
    # r_i − 1/k to full relative precision: means about to merge differ by little
    excess, R = (R - R.mean(axis=1, keepdims=True)) / total, (1 + R) / total
    others = R @ (1 - np.eye(len(z)))  # 1 − R, but exact where R is nearly 1
    psi = R * (x[:, None] - z)
    scatter = (psi.T * p) @ psi
    curvature = scatter / eps
    np.fill_diagonal(curvature, p @ (R - R * others * (x[:, None] - z) ** 2 / eps))
    mass = p @ R
    # E r_i X = E (r_i − 1/k) X as E X = 0: exact for means about to merge, not for a tiny mass
    pull = np.where(mass * len(z) > 0.5, (p * x) @ excess - mass * z, p @ psi)
    noise = max(1e-12 * float(np.abs(z).max()), 1e-20)
    return Step(mass, pull, curvature, noise), scatter


def settle(step_at: Callable[[Array], Step], z: Array) -> Array:
    """Follow the steps from z to a fixed point, as near to Newton's as is safe.

    Lloyd and EM always climb, but slowly where the objective is flat; between them and Newton lies
    one number, the damping. Safe is a step uphill that is short and after which little pulls back.
    """
    step, damping = step_at(z), 1.0
    for _ in range(MAX_STEPS):
        slope = damping * np.diag(step.weight) + (1 - damping) * step.curvature
        jump = np.linalg.solve(slope, step.pull)  # damping 1: Lloyd or EM; 0: Newton
        after = step_at(landing := np.sort(z + jump))
        short = np.abs(jump).max() < 0.1 and after.pull @ jump >= -0.5 * step.pull @ jump
        if damping < 1 and not (short and np.linalg.eigvalsh(slope)[0] > 0):
            damping = min(100 * damping, 1.0)
            continue
        settled = step.length <= step.noise and after.length >= step.length / 2
        z, step, damping = landing, after, max(damping / 10, 1e-16)
        if settled:
            break
    else:
        raise RuntimeError(f"no fixed point within {MAX_STEPS} steps; try another start")
    if step.mass.min() <= 0:
        idle = np.flatnonzero(step.mass <= 0)
        raise ValueError(f"no probability falls to centers {idle} of start: start nearer the data")
    return z


def candidates(line: Line, k: int) -> list[Array]:
    """Return starts for k centers in the basins of the lowest minima of W, by dynamic programming.

    With left_j(t) and right_j(t) the least W of j cells before and after t, a minimum of W shows as
    a minimum of left_j + right_{k−j} in t for each j = 1 … k − 1.
    """
    check_count(k, "k")
    if k == 1:
        return [np.zeros(1)]
    steps = np.linspace(-8, 8, 96 + 12 * k // len(line.means))
    grid = np.unique(line.means + line.sds * steps[:, None])
    S = moments(line, np.array(-np.inf), np.r_[-np.inf, grid, np.inf], np.array(0.0))
    mass, first, second = S[:, None, :] - S[:, :, None]
    W = np.where(mass > 1e-13, second - first**2 / np.maximum(mass, 1e-13), np.inf)
    left, right = [W[0]], [W[:, -1]]
    for _ in range(k - 1):
        left.append((left[-1][:, None] + W).min(axis=0))
        right.append((W + right[-1]).min(axis=1))
    cuts = set()  # no set twice: a minimum shows once for each j
    for j in range(1, k):
        h = left[j - 1] + right[k - j - 1]
        low = (h[1:-1] <= h[:-2]) & (h[1:-1] < h[2:]) & (h[1:-1] <= 1.02 * max(h.min(), 1e-14))
        for t in np.flatnonzero(low) + 1:
            path = [int(t)]
            for q in reversed(range(j - 1)):
                path.insert(0, int(np.argmin(left[q] + W[:, path[0]])))
            for q in reversed(range(k - j - 1)):
                path.append(int(np.argmin(W[path[-1]] + right[q])))
            cuts.add((0, *path, len(S[0]) - 1))
    return [first[c[:-1], c[1:]] / mass[c[:-1], c[1:]] for c in map(list, sorted(cuts))]


def quadrature(line: Line, kinks: Any = (), steepness: float = 0.0) -> tuple[Array, Array]:
    """Return nodes x and masses p with E g(X) = p @ g(x) for smooth g, to rounding.

    Gauss–Legendre on panels of one standard deviation of each component. Toward a kink, where g
    changes within 1/steepness, panels halve: no pole of a sigmoid is nearer than its panel is long.
    """
    edges = (line.means + line.sds * np.arange(-12, 13)[:, None]).ravel()
    low, high = edges.min(), edges.max()
    halvings = math.ceil(math.log2(1 + (high - low) * steepness))
    rungs = (high - low) * 2.0 ** -np.arange(halvings + 1)
    ladder = np.add.outer(kinks, np.concatenate([-rungs, rungs])).ravel()
    edges = np.unique(np.concatenate([edges, ladder.clip(low, high)]))
    half = np.diff(edges) / 2
    x = ((edges[1:] + edges[:-1])[:, None] / 2 + half[:, None] * NODES).ravel()
    bells = np.exp(-(((x[:, None] - line.means) / line.sds) ** 2) / 2)
    bells *= (half[:, None] * NODE_WEIGHTS).reshape(-1, 1)
    return x, bells @ (line.weights / bells.sum(axis=0))  # each component has its mass exactly


def sandwich(line: Line, step: Step, scatter: Array, extremum: str) -> Array:
    least = np.linalg.eigvalsh(step.curvature)[0]
    if step.length > 1e-5 or least < 1e-12:
        raise ValueError(
            f"the centers are not a strict local {extremum}: in standard deviations of the mixture "
            f"the next step is {step.length:.1e}, the least curvature {least:.1e}"
        )
    bread = np.linalg.inv(step.curvature)
    return line.unit**2 * bread @ scatter @ bread
