"""Speed beside scikit-learn: equal data, equal starts, equal iterations, set-up left out.

    pytest -n 0 --benchmark-enable tests/benchmarks/bench_speed.py

prints a table of ratios, ours / theirs, beside the goals. An iteration's time is the difference of
a long and a short run divided by the iterations between them; ours and theirs alternate, and the
median counts. Without --benchmark-enable each workload runs once on few points, as a test.
"""

import time
from statistics import median

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.mixture import GaussianMixture

import kmgmm as km

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SMALL, MIDDLE, LARGE = (1_000_000, 2, 3), (200_000, 8, 8), (100_000, 32, 16)
PEERS = {"Isotropic": "spherical", "Spherical": "spherical", "Diagonal": "diag", "Tied": "tied",
         "Full": "full"}  # fmt: skip

EM = [
    *((km.Isotropic, size, goal) for size, goal in ((SMALL, 0.12), (MIDDLE, 0.2), (LARGE, 0.4))),
    *((km.Spherical, size, goal) for size, goal in ((SMALL, 0.12), (MIDDLE, 0.2), (LARGE, 0.4))),
    *((km.Diagonal, size, goal) for size, goal in ((SMALL, 0.15), (MIDDLE, 0.25), (LARGE, 0.5))),
    *((km.Tied, size, goal) for size, goal in ((SMALL, 0.1), (MIDDLE, 0.1), (LARGE, 0.1))),
    *((km.Full, size, goal) for size, goal in ((SMALL, 0.15), (MIDDLE, 0.35), (LARGE, 0.45))),
]
LLOYD = [
    (km.lloyd, SMALL, 1.5),
    (km.lloyd, (1_000_000, 2, 8), 1.5),
    (km.lloyd, (200_000, 16, 32), 1.8),
    (km.lloyd, (100_000, 64, 100), 1.2),
    (km.lloyd_boxes, SMALL, 0.3),
    (km.lloyd_boxes, (1_000_000, 2, 8), 0.3),
]


@pytest.fixture(scope="module")
def table(request):
    """Collect rows and print them when all workloads are done."""
    rows = []
    yield rows
    if rows:
        capture = request.config.pluginmanager.get_plugin("capturemanager")
        with capture.global_and_fixture_disabled():
            print(f"\n\n{'workload':<32} {'ours':>10} {'theirs':>10} {'ratio':>7} {'goal':>6}")
            for name, ours, theirs, goal in rows:
                times = f"{1e3 * ours:>8.3f}ms {1e3 * theirs:>8.3f}ms"
                print(f"{name:<32} {times} {ours / theirs:>7.3f} {goal:>6}")


@pytest.fixture
def compare(benchmark, table):
    """Return a function that times ours and theirs in turn and notes the medians."""

    def run(name, goal, ours, theirs, rounds=5):
        times = []
        benchmark.pedantic(lambda: times.append((ours(), theirs())), rounds=rounds)
        medians = [median(column) for column in zip(*times, strict=True)]
        benchmark.extra_info.update(goal=goal, ratio=medians[0] / medians[1])
        if benchmark.enabled:
            table.append((name, *medians, goal))

    return run


def seconds(call, *arguments):
    begin = time.perf_counter()
    result = call(*arguments)
    return time.perf_counter() - begin, result


def per_iteration(fit, short, long):
    """Return a function that times one iteration of fit(n_iter) → iterations really done."""

    def measure():
        quick, few = seconds(fit, short)
        slow, many = seconds(fit, long)
        return (slow - quick) / max(many - few, 1)

    return measure


def data(n, d, k, enabled, separation=2.0):
    """Points in k groups, and centers not far from theirs."""
    rng = np.random.default_rng(1)
    n = n if enabled else 200 * k
    centers = separation * rng.standard_normal((k, d))
    X = centers[rng.integers(k, size=n)] + rng.standard_normal((n, d))
    return X, centers + 0.5 * rng.standard_normal((k, d))


def take(iterator, n_iter):
    for t, _ in enumerate(iterator):
        if t == n_iter:
            return n_iter
    raise AssertionError("algorithms do not end")


def em_fits(X, means, model):
    """Functions of the number of iterations: our EM and scikit-learn's from the same start."""
    k, d = means.shape
    peer = PEERS[type(model.covariance).__name__]
    one = {"spherical": np.ones(k), "diag": np.ones((k, d)), "tied": np.eye(d),
           "full": np.tile(np.eye(d), (k, 1, 1))}[peer]  # fmt: skip

    def theirs(n_iter):
        return GaussianMixture(
            k, covariance_type=peer, tol=0, reg_covar=1e-12, max_iter=n_iter,
            init_params="random_from_data", random_state=1,
            weights_init=np.full(k, 1 / k), means_init=means, precisions_init=one,
        ).fit(X).n_iter_  # fmt: skip

    return lambda n_iter: take(km.em(X, model.at(means, 1.0)), n_iter), theirs


@pytest.mark.parametrize(("structure", "size", "goal"), EM)
def test_em(benchmark, compare, structure, size, goal):
    X, means = data(*size, benchmark.enabled)
    ours, theirs = em_fits(X, means, km.MixtureModel(size[2], structure()))
    name = f"EM {structure.__name__} {size}"
    compare(name, goal, per_iteration(ours, 1, 5), per_iteration(theirs, 1, 5))


@pytest.mark.parametrize(("algorithm", "size", "goal"), LLOYD)
def test_lloyd(benchmark, compare, algorithm, size, goal):
    X, start = data(*size, benchmark.enabled, separation=0)  # one group: many iterations

    def ours(n_iter):
        return take(algorithm(X, start), n_iter)

    def theirs(n_iter):
        return KMeans(len(start), init=start, n_init=1, tol=0, max_iter=n_iter).fit(X).n_iter_

    compare(
        f"{algorithm.__name__} {size}", goal, per_iteration(ours, 1, 9), per_iteration(theirs, 1, 9)
    )


def test_em_on_few_points(benchmark, compare):
    X, means = data(1000, 2, 3, benchmark.enabled)
    ours, theirs = em_fits(X, means, km.MixtureModel(3, km.Isotropic(1.0)))
    measures = per_iteration(ours, 10, 210), per_iteration(theirs, 10, 210)
    compare("EM Isotropic(eps) (1000, 2, 3)", 0.125, *measures, rounds=21)


def test_kmeans_fits_on_few_points(benchmark, compare):
    """Whole fits here: how many data sets a second."""
    X, start = data(1000, 2, 3, benchmark.enabled)

    def ours():
        return seconds(lambda: km.solve(km.lloyd(X, start)))[0]

    def theirs():
        return seconds(lambda: KMeans(3, init=start, n_init=1, tol=0).fit(X))[0]

    compare("Lloyd, a fit (1000, 2, 3)", 0.25, ours, theirs, rounds=101)


def test_exact_two_means_in_one_dimension(benchmark, compare):
    x = np.random.default_rng(1).standard_normal(1_000_000 if benchmark.enabled else 1000)
    compare(
        "kmeans_1d k = 2, to np.sort",
        2.5,
        lambda: seconds(km.kmeans_1d, x, 2)[0],
        lambda: seconds(np.sort, x)[0],
    )
