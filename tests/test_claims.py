"""The claims of the discussion the book follows, one test each, numbered as in the ledger.

A test checks the claim itself, by enumeration, a closed form, or a simulation with a stated error
rate, and not the code that illustrates it. Simulations allow four standard errors: a true claim
fails in fewer than one of 10,000 runs, and the seeds are fixed.
"""

import math
import pickle
from fractions import Fraction
from itertools import combinations, islice, pairwise, permutations, product

import numpy as np
import pytest
from scipy import integrate, optimize, special, stats

import kmgmm as km

HALF = [0.5, 0.5]


def draw(seed, n=40, d=2, k=3):
    """Return data in k loose groups, and k of the points to start from."""
    rng = np.random.default_rng(seed)
    X = rng.normal(scale=2, size=(k, d))[rng.integers(k, size=n)] + rng.normal(size=(n, d))
    return X, X[:k].copy()


def partitions_ss(x, k):
    """Return the sum of squares of every partition of x into k parts that are not empty."""
    labelings = (z for z in product(range(k), repeat=len(x)) if len(set(z)) == k)
    return [
        sum(np.var(part) * len(part) for i in range(k) if (part := x[np.array(z) == i]).size)
        for z in labelings
    ]


# Models, estimators, algorithms


TWO = km.MixtureModel(2, km.Isotropic(1.0), weights="equal")


def samples(size, n, rng, m=1.0):
    """Return samples of n draws from ½N(−m, 1) + ½N(m, 1), in rows."""
    rng = np.random.default_rng(rng)
    return m * (2 * rng.integers(2, size=(size, n)) - 1) + rng.normal(size=(size, n))


def middles(x):
    """Return the middle of the means of the two sides of each cut of a sorted sample."""
    return np.array([(x[:c].mean() + x[c:].mean()) / 2 for c in range(1, len(x))])


@pytest.mark.parametrize("weights", ["free", "equal"])
@pytest.mark.parametrize(
    ("structure", "shape"),
    [
        (km.Isotropic(1.0), lambda A: np.array([np.eye(2)] * 2)),
        (km.Isotropic(), lambda A: np.array([A[0, 0, 0] ** 2 * np.eye(2)] * 2)),
        (km.Spherical(), lambda A: A[:, :1, :1] ** 2 * np.eye(2)),
        (km.Diagonal(), lambda A: np.array([np.diag(np.diag(a) ** 2) for a in A])),
        (km.Tied(), lambda A: np.array([A[0] @ A[0].T] * 2)),
        (km.Full(), lambda A: A @ A.transpose(0, 2, 1)),
    ],
)
def test_c01_a_model_is_a_set_and_its_dimension_counts_its_parameters(structure, shape, weights):
    """With more names than needed, the rank of the derivative is the dimension of the set."""
    rng = np.random.default_rng(1)
    x = rng.normal(scale=2, size=(300, 2))
    roots = np.eye(2) + 0.3 * rng.normal(size=(2, 2, 2))
    name = np.concatenate([[0.3, -0.2], rng.normal(size=4), roots.ravel()])

    def log_density(name):
        w = np.exp(name[:2]) if weights == "free" else np.ones(2)
        matrices, means = shape(name[6:].reshape(2, 2, 2)), name[2:6].reshape(2, 2)
        parts = [
            stats.multivariate_normal(m, S).pdf(x) for m, S in zip(means, matrices, strict=True)
        ]
        return np.log(w / w.sum() @ parts)

    steps = 1e-5 * np.eye(len(name))
    jacobian = np.array([log_density(name + h) - log_density(name - h) for h in steps]) / 2e-5
    dimension = np.linalg.matrix_rank(jacobian, tol=1e-6 * np.linalg.norm(jacobian, 2))
    assert km.MixtureModel(2, structure, weights=weights).n_params(d=2) == dimension


@pytest.mark.parametrize("seed", range(5))
def test_c01_parameters_name_a_member_by_two_names_at_most(seed):
    """Mean and variance, by quadrature, give back the name, but for the order."""
    name = np.random.default_rng(seed).normal(scale=2, size=2)
    member, renamed = TWO.at(name[:, None]), TWO.at(name[::-1, None])
    x = np.linspace(-9, 9, 50)[:, None]
    np.testing.assert_allclose(member.log_density(x), renamed.log_density(x), rtol=1e-12)

    def moment(g):
        f = lambda x: g(x) * math.exp(member.log_density([[x]])[0])  # noqa: E731
        return integrate.quad(f, -20, 20, points=name, limit=200)[0]

    mean = moment(lambda x: x)
    half = math.sqrt(moment(lambda x: (x - mean) ** 2) - 1)
    np.testing.assert_allclose([mean - half, mean + half], np.sort(name), atol=1e-6)


def test_c02_an_estimator_is_a_function_of_the_data():
    """The same data, the same value, in whatever order they are listed."""
    x = samples(1, 60, rng=2)[0]
    other = np.random.default_rng(2).permutation(x)
    np.testing.assert_array_equal(km.kmeans_1d(x, 2).centers, km.kmeans_1d(x, 2).centers)
    np.testing.assert_allclose(km.kmeans_1d(x, 2).centers, km.kmeans_1d(other, 2).centers)


def test_c02_being_near_is_not_part_of_the_definition():
    """Of two estimators of the distance 2 one comes near, the other does not."""
    y = samples(50, 20_000, rng=2)
    for d, target in [
        (2 * np.sqrt(y.var(axis=1) - 1), 2),
        (np.ptp(km.kmeans_1d(y, 2).centers, axis=1), 2.333262),
    ]:
        error = 4 * d.std() / math.sqrt(50)
        assert d.mean() == pytest.approx(target, abs=error + 1e-3)
        assert error < 0.02


@pytest.mark.parametrize("m", [1.0, 1.5, 2.0])
def test_c02_variance_of_the_moment_estimator(m):
    """n · Var → 4 + 2/m²."""
    size, n = 8000, 400
    d = 2 * np.sqrt(np.maximum(samples(size, n, 3, m).var(axis=1) - 1, 0))
    squares = n * (d - d.mean()) ** 2
    allowed = 4 * squares.std() / math.sqrt(size) + 30 / n  # the rest of the expansion
    assert squares.mean() == pytest.approx(4 + 2 / m**2, abs=allowed)


@pytest.mark.parametrize("seed", range(5))
def test_c02_maximum_likelihood_picks_a_member_whatever_its_name(seed):
    """Three parametrizations, maximized by a general optimizer, and EM: one member."""
    x = samples(1, 80, rng=seed)[0]

    def minus_ell(pair):
        logs = [-((x - m) ** 2) / 2 for m in pair]
        return (math.log(8 * math.pi) / 2 - np.logaddexp(*logs)).sum()

    names = [  # the means; midpoint and log distance; their arsinh
        (lambda p: p, [-1.0, 1.0]),
        (lambda p: [p[0] - math.exp(p[1]) / 2, p[0] + math.exp(p[1]) / 2], [0.0, 0.7]),
        (np.sinh, [-1.0, 1.0]),
    ]
    for to_means, start in names:
        found = optimize.minimize(lambda p, to=to_means: minus_ell(to(p)), start, tol=1e-9)
        means = km.mle(x[:, None], TWO, rng=seed).last.mixture.means
        np.testing.assert_allclose(np.sort(to_means(found.x)), np.sort(means.ravel()), atol=1e-4)
    assert minus_ell(means) <= minus_ell([-1, 1])  # at least as likely as the truth


@pytest.mark.parametrize("seed", range(10))
def test_c03_one_estimator_has_several_algorithms(seed):
    x = samples(1, 10, rng=seed)[0]
    least = km.kmeans_exhaustive(x[:, None], 2).objective
    assert km.kmeans_1d(x, 2).objective == pytest.approx(least)
    starts = [np.sort(x)[[c - 1, c], None] for c in range(1, 10)]
    finals = [km.solve(km.lloyd(x[:, None], start)).last.objective for start in starts]
    assert min(finals) >= least * (1 - 1e-12)  # each stops there, or short of it


def test_c03_they_may_stop_at_different_answers():
    stops = [
        km.solve(km.lloyd([[0.0], [2.0], [5.0]], start)).last
        for start in ([[0], [3.5]], [[1], [5]])
    ]
    assert [stop.objective for stop in stops] == [4.5, 2]
    assert km.kmeans_1d([0, 2, 5], 2).objective == pytest.approx(2)


def test_c03_one_algorithm_serves_several_estimators():
    """EM, given four models, finds what a general optimizer finds for each."""
    x, reached = samples(1, 100, rng=3, m=1.5)[0], {}
    for weights, eps in product(("equal", "free"), (1.0, None)):
        model = km.MixtureModel(2, km.Isotropic(eps), weights=weights)
        last = km.solve(km.em(x[:, None], model.at([[-1.5], [1.5]], 1.0)), tol=1e-12).last

        def minus_ell(name, weights=weights, eps=eps):
            free = list(name[2:])
            variance = 1.0 if eps else math.exp(free.pop())
            tilt = free.pop() if weights == "free" else 0.0
            logs = [
                u - (x - m) ** 2 / (2 * variance)
                for u, m in zip((tilt, -tilt), name[:2], strict=True)
            ]
            norm = np.logaddexp(tilt, -tilt) + math.log(2 * math.pi * variance) / 2
            return -(np.logaddexp(*logs) - norm).sum()

        start = [-1.5, 1.5] + [0.0] * (model.n_params(d=1) - 2)
        found = optimize.minimize(minus_ell, start)
        assert last.objective == pytest.approx(-found.fun, abs=1e-5)
        reached[weights, eps] = last.objective, np.ptp(last.mixture.means)
    ell = {key: value[0] for key, value in reached.items()}
    assert ell["equal", 1.0] < min(ell["equal", None], ell["free", 1.0])
    assert max(ell["equal", None], ell["free", 1.0]) < ell["free", None]
    assert len({round(distance, 3) for _, distance in reached.values()}) == 4


@pytest.mark.parametrize("seed", range(5))
def test_c04_lloyd_on_a_line_stops_at_the_first_place_of_rest_it_meets(seed):
    x = np.sort(samples(1, 30, rng=seed)[0])
    middle = middles(x)
    rest = [c for c in range(1, 30) if x[c - 1] <= middle[c - 1] < x[c]]
    for c in range(1, 30):
        start = [[x[:c].mean()], [x[c:].mean()]]
        cuts = [np.sum(x <= s.centers.mean()) for s in islice(km.lloyd(x[:, None], start), 30)]
        forward = cuts[0] >= c
        assert all((b >= a) if forward else (b <= a) for a, b in pairwise([c, *cuts]))
        ahead = [r for r in rest if (r >= c if forward else r < c)]
        assert cuts[-1] == (min(ahead) if forward else max(ahead))
    W = [c * x[:c].var() + (30 - c) * x[c:].var() for c in range(1, 30)]
    assert 1 + int(np.argmin(W)) in rest


def test_c04_more_data_do_not_leave_fewer_places_of_rest():
    """Their mean number tends to 1/(1 − 2 m₀ f(0)) = 2.2966 for the two normals."""
    m0 = 2 * stats.norm.pdf(1) + 1 - 2 * stats.norm.cdf(-1)
    expected = 1 / (1 - 2 * m0 * stats.norm.pdf(1))
    assert expected == pytest.approx(2.2966, abs=1e-4)
    for n, size in ((200, 8000), (2000, 1500)):
        x = np.sort(samples(size, n, rng=n), axis=1)
        left, c = np.cumsum(x, axis=1), np.arange(1, n)
        middle = (left[:, :-1] / c + (left[:, -1:] - left[:, :-1]) / (n - c)) / 2
        rests = ((x[:, :-1] <= middle) & (middle < x[:, 1:])).sum(axis=1)
        allowed = 4 * rests.std() / math.sqrt(size) + 5 / n
        assert rests.mean() == pytest.approx(expected, abs=allowed)


# k-means


def test_c04_lloyds_algorithm_need_not_reach_the_estimator():
    """Started at the truth, n = 100, it reaches the minimum in about two samples of three."""
    truth, rng, samples = km.data.two_normals, np.random.default_rng(4), 3000
    hits = 0
    for _ in range(samples):
        x = np.sort(truth.sample(100, rng=rng)[0][:, 0])
        cuts = range(1, 100)
        least = min(c * x[:c].var() + (100 - c) * x[c:].var() for c in cuts)
        hits += km.solve(km.lloyd(x[:, None], truth.means)).last.objective <= least * (1 + 1e-9)
    assert hits / samples == pytest.approx(0.67, abs=0.02 + 4 * math.sqrt(0.22 / samples))


@pytest.mark.parametrize("seed", range(5))
def test_c04_the_estimator_is_the_least_w_of_all_partitions(seed):
    x = np.random.default_rng(seed).normal(size=7)
    least = min(partitions_ss(x, 3))
    assert km.kmeans_1d(x, 3).objective == pytest.approx(least)
    assert km.kmeans_exhaustive(x[:, None], 3).objective == pytest.approx(least)


def test_c05_the_distance_is_squared():
    """The minimizer of W is made of means; that of the summed distances is another one."""
    x = np.array([0.0, 1, 2, 10, 11, 12, 30])
    grid = np.linspace(-1, 31, 161)  # includes every mean and every median below

    def best(power):
        D = np.abs(x[:, None] - grid) ** power
        cost = {pair: np.minimum(*D[:, list(pair)].T).sum() for pair in combinations(range(161), 2)}
        pair = min(cost, key=cost.get)
        return grid[list(pair)], cost[pair]

    squared, unsquared = best(2), best(1)
    np.testing.assert_allclose(km.kmeans_1d(x, 2).centers, squared[0])
    np.testing.assert_allclose(squared[0], [6, 30])
    assert np.abs(x - 6)[:-1].sum() == 30 > unsquared[1] + 6  # 6 and 30 are no minimum of that


def test_c11_cells_are_polyhedra():
    """A place is assigned by k - 1 linear inequalities, so cells are convex."""
    rng = np.random.default_rng(11)
    centers, a, b = rng.normal(size=(5, 3)), rng.normal(size=(2000, 3)), rng.normal(size=(2000, 3))
    labels = km.assign(a, centers)
    scores = 2 * a @ centers.T - (centers**2).sum(axis=1)
    np.testing.assert_array_equal(labels, scores.argmax(axis=1))
    same = labels == km.assign(b, centers)
    np.testing.assert_array_equal(km.assign((a + b)[same] / 2, centers), labels[same])


def test_c11_long_groups_are_cut_across_exactly_when_they_are_close():
    """Population W of the two cuts, by quadrature, changes order where E|Y| = s √(2/π)."""
    s, t = 3.0, 0.5

    def saved(gap):  # by cutting between the groups, and across
        folded = stats.foldnorm(gap / 2 / t, scale=t).mean()
        return folded**2, s**2 * 2 / math.pi

    even = optimize.brentq(lambda gap: np.subtract(*saved(gap)), 1, 10)
    assert even == pytest.approx(2 * math.sqrt(2 / math.pi) * s, abs=1e-5)
    for gap, right in ((0.7 * even, False), (1.3 * even, True)):
        groups = km.Mixture(HALF, [[0, -gap / 2], [0, gap / 2]], [np.diag([s**2, t**2])] * 2)
        X, labels = groups.sample(2000, rng=11)
        found = km.match_labels(km.assign(X, km.kmeans(X, 2, rng=11).last.centers), labels)
        assert (np.mean(found == labels) > 0.99) == right


@pytest.mark.parametrize("seed", range(20))
def test_c12_lloyd_is_coordinate_descent_and_stops(seed):
    X, start = draw(seed)
    states = list(islice(km.lloyd(X, start), 60))
    W = [state.objective for state in states]
    assert all(b <= a * (1 + 1e-14) for a, b in pairwise(W))
    np.testing.assert_array_equal(states[-1].centers, states[-2].centers)
    # each half-step is a minimum of W(μ, z) in one argument: no other label, no other center helps
    centers = states[-1].centers
    D = ((X[:, None] - centers) ** 2).sum(axis=2)
    z = km.assign(X, centers)
    np.testing.assert_allclose(D[np.arange(len(X)), z], D.min(axis=1))
    for i in range(3):
        np.testing.assert_allclose(centers[i], X[z == i].mean(axis=0))


def test_c35_k_means_needs_no_gaussian():
    """Lloyd descends and stops on Cauchy data, which have no mean, and on data with two values."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        for X in (rng.standard_cauchy((60, 2)), rng.integers(2, size=(60, 2)).astype(float)):
            run = km.kmeans(X, 2, n_starts=3, rng=rng)
            assert run.converged
            assert (np.diff(run.trace) <= 1e-9 * run.trace[0]).all()


# Gaussian mixtures


FAMILY = [km.Isotropic(), km.Spherical(), km.Tied(), km.Diagonal(), km.Full()]


BY_HAND = {  # covariance matrices (2, 2, 2) of two components from as many parameters as needed
    "Isotropic": (1, lambda p: np.exp(p[0]) * np.stack([np.eye(2)] * 2)),
    "Spherical": (2, lambda p: np.exp(p)[:, None, None] * np.eye(2)),
    "Tied": (3, lambda p: np.stack([root(p)] * 2)),
    "Diagonal": (4, lambda p: np.exp(p.reshape(2, 2))[:, :, None] * np.eye(2)),
    "Full": (6, lambda p: np.stack([root(p[:3]), root(p[3:])])),
}


def root(p):
    """Return the covariance matrix whose Cholesky factor has these three entries."""
    L = np.array([[math.exp(p[0]), 0], [p[1], math.exp(p[2])]])
    return L @ L.T


@pytest.mark.parametrize("structure", FAMILY, ids=BY_HAND)
@pytest.mark.parametrize("seed", range(2))
def test_c13_each_m_step_is_the_maximum_that_a_general_optimizer_finds(structure, seed):
    """Σ r_ji log π_i N(x_j | μ_i, Σ_i), maximized by BFGS over every parameter of the structure."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(30, 2)) @ rng.normal(size=(2, 2))
    R = rng.dirichlet(HALF, size=30)
    free, matrices = BY_HAND[type(structure).__name__]

    def lost(p):
        weights = np.exp([p[0], 0]) / np.exp([p[0], 0]).sum()
        means, covariances = p[1:5].reshape(2, 2), matrices(p[5:])
        D = X[:, None] - means
        forms = np.einsum("nia,iab,nib->ni", D, np.linalg.inv(covariances), D)
        logs = np.log(weights) - np.linalg.slogdet(2 * math.pi * covariances)[1] / 2 - forms / 2
        return -(R * logs).sum()

    model = km.MixtureModel(2, structure)
    assert free == structure.n_params(2, 2)
    assert 5 + free == model.n_params(2)
    best = (R * model.mle(model.statistics(X, R)).log_joint(X)).sum()
    found = optimize.minimize(lost, 0.1 * rng.normal(size=5 + free))
    assert -found.fun == pytest.approx(best, abs=1e-6)


def coordinates(mixture):
    """Return means, log variance and log odds of a mixture on the line with one variance."""
    odds = math.log(mixture.weights[0] / mixture.weights[1])
    return np.array([*mixture.means[:, 0], math.log(mixture.covariances), odds])


def at(p):
    weight = 1 / (1 + math.exp(-p[3]))
    return km.Mixture([weight, 1 - weight], [[p[0]], [p[1]]], math.exp(p[2]))


def derivative(f, p, h=1e-5):
    steps = h * np.eye(len(p))
    return np.stack([(f(p + s) - f(p - s)) / (2 * h) for s in steps], axis=-1)


def em_map(X, p):
    return coordinates(list(islice(km.em(X, at(p)), 2))[1].mixture)


@pytest.mark.parametrize("seed", range(3))
def test_c13_em_rests_where_the_gradient_vanishes_and_nowhere_else(seed):
    rng = np.random.default_rng(seed)
    X, _ = km.Mixture([0.4, 0.6], [[-1.5], [1.5]], 1.0).sample(80, rng=rng)

    def ell(p):
        return km.log_likelihood(X, at(p))

    p = np.array([-2.0, 1.5, 0.3, 0.4]) + 0.3 * rng.normal(size=4)
    mixture = at(p)
    R = mixture.responsibilities(X)
    # Fisher's identity: the gradient of ℓ is that of F with the responsibilities held
    held = derivative(lambda q: (R * at(q).log_joint(X)).sum(), p)
    np.testing.assert_allclose(derivative(ell, p), held, rtol=1e-5, atol=1e-4)
    means = R.T @ X / R.sum(axis=0)[:, None]
    step = R.sum(axis=0) / mixture.covariances * (means - mixture.means)[:, 0]
    np.testing.assert_allclose(held[:2], step, rtol=1e-5)
    assert abs(held).max() > 1
    assert abs(em_map(X, p) - p).max() > 1e-2
    rest = coordinates(list(islice(km.em(X, mixture), 800))[-1].mixture)
    assert abs(derivative(ell, rest)).max() < 1e-4


@pytest.mark.parametrize("seed", range(3))
def test_c13_ems_rate_is_the_share_of_information_lost_with_the_labels(seed):
    """The derivative of EM's map is I − C⁻¹H, every derivative taken numerically."""
    groups = km.Mixture([0.4, 0.6], [[-1.5], [1.5]], 1.0)
    X, _ = groups.sample(100, rng=seed)
    p = coordinates(list(islice(km.em(X, groups), 800))[-1].mixture)
    R = at(p).responsibilities(X)

    def second(f):
        return derivative(lambda q: derivative(f, q, 1e-4), p, 1e-4)

    H = -second(lambda q: km.log_likelihood(X, at(q)))
    C = -second(lambda q: (R * at(q).log_joint(X)).sum())
    expected = np.eye(4) - np.linalg.solve(C, H)
    np.testing.assert_allclose(derivative(lambda q: em_map(X, q), p), expected, atol=1e-4)
    shares = np.linalg.eigvals(expected).real
    assert shares.min() > -1e-4
    assert shares.max() < 1


@pytest.mark.parametrize("seed", range(8))
def test_c09_em_finds_the_highest_point_which_k_means_does_not(seed):
    """The whole surface of two means is known on a grid; weights ½, variance 1."""
    X, _ = km.data.two_normals(60, rng=seed)
    model = km.MixtureModel(2, km.Isotropic(1.0), weights="equal")
    side = np.linspace(-3, 3, 121)
    bells = stats.norm.pdf(X, side)
    top = np.log((bells[:, :, None] + bells[:, None]) / 2).sum(axis=0).max()
    run = km.mle(X, model, rng=seed)
    slack = 2 * len(X) * 0.025**2 / 2  # no place is further from the grid, no curvature above n
    assert top - 1e-9 <= run.last.objective <= top + slack
    hard = km.kmeans_1d(X[:, 0], 2).centers
    assert km.log_likelihood(X, model.at(hard[:, None])) < run.last.objective - 1e-3


@pytest.mark.parametrize("seed", range(5))
def test_c09_the_parameters_are_determined_up_to_order(seed):
    """Different normal densities are independent: their Gram matrix, in closed form, is regular."""
    rng = np.random.default_rng(seed)
    means, variances = rng.normal(size=4), rng.uniform(0.2, 2, size=4)
    means[1], variances[2] = means[0], variances[0]  # pairs differ, not means or variances

    def gram(means, variances):
        spread = np.sqrt(variances[:, None] + variances)
        G = stats.norm.pdf(means[:, None] - means, scale=spread)
        return np.linalg.eigvalsh(G / np.sqrt(np.outer(np.diag(G), np.diag(G))))

    assert gram(means, variances)[0] > 1e-9
    means[3], variances[3] = means[0], variances[0]
    assert abs(gram(means, variances)[0]) < 1e-14


@pytest.mark.parametrize("seed", range(10))
def test_c24_equal_spherical_covariances_have_flat_borders(seed):
    """Voronoi cells for equal weights; shifted toward the rarer component for unequal ones."""
    rng = np.random.default_rng(seed)
    X, means = 3 * rng.normal(size=(1000, 3)), rng.normal(size=(2, 3))
    variance = rng.uniform(0.2, 3)
    equal = km.Mixture(HALF, means, variance)
    np.testing.assert_array_equal(equal.assign(X), km.assign(X, means))
    weights = rng.dirichlet([1, 1])
    u = np.linalg.norm(means[1] - means[0])
    along = (X - means.mean(axis=0)) @ (means[1] - means[0]) / u
    beyond = along > variance / u * math.log(weights[0] / weights[1])
    np.testing.assert_array_equal(km.Mixture(weights, means, variance).assign(X), beyond)


@pytest.mark.parametrize("seed", range(10))
def test_c24_unequal_spherical_covariances_have_spheres_for_borders(seed):
    rng = np.random.default_rng(seed)
    X, means = 3 * rng.normal(size=(2000, 3)), rng.normal(size=(2, 3))
    a, b = np.sort(rng.uniform(0.2, 3, size=2))
    for weight in (0.5, 0.1, 1e-6):  # with the last the narrow component wins nowhere
        mixture = km.Mixture([weight, 1 - weight], means, [a, b])
        center = (b * means[0] - a * means[1]) / (b - a)
        gap = ((means[0] - means[1]) ** 2).sum() / (b - a)
        odds = 2 * math.log(weight / (1 - weight))
        square = a * b / (b - a) * (gap + 3 * math.log(b / a) + odds)
        inside = ((X - center) ** 2).sum(axis=1) < square
        np.testing.assert_array_equal(mixture.assign(X) == 0, inside)


# EM becomes k-means


@pytest.mark.parametrize("structure", [km.Isotropic(), km.Spherical(), km.Tied(), km.Full()])
@pytest.mark.parametrize("seed", range(5))
def test_c13_em_ascends_and_its_m_step_is_complete_data_likelihood(structure, seed):
    X, start = draw(seed, n=200)
    run = km.solve(km.em(X, km.MixtureModel(3, structure).at(start, variance=4.0)), tol=1e-6)
    assert (np.diff(run.trace) > -1e-9).all()
    # no other member does better on the same responsibilities
    mixture = run.last.mixture
    R = mixture.responsibilities(X)
    updated = mixture.model.mle(mixture.statistics(X))
    best = (R * updated.log_joint(X)).sum()
    rng = np.random.default_rng(seed)
    for _ in range(20):
        weights = updated.weights * np.exp(0.05 * rng.normal(size=3))
        means = updated.means + 0.05 * rng.normal(size=(3, 2))
        covariances = updated.covariances * np.exp(0.05 * rng.normal())
        other = km.Mixture(weights / weights.sum(), means, covariances, mixture.model)
        assert (R * other.log_joint(X)).sum() < best


@pytest.mark.parametrize("seed", range(10))
def test_c14_responsibilities_tend_to_the_nearest_center(seed):
    X, centers = draw(seed)
    weights = np.random.default_rng(seed).dirichlet([1, 1, 1])
    D = np.sort(((X[:, None] - centers) ** 2).sum(axis=2), axis=1)
    nearest, gap = km.assign(X, centers), D[:, 1] - D[:, 0]
    rows = np.arange(len(X))
    for eps in (1.0, 1e-1, 1e-2, 1e-3, 1e-300):
        r = km.Mixture(weights, centers, eps).responsibilities(X)
        bound = (1 - weights[nearest]) / weights[nearest] * np.exp(-gap / (2 * eps))
        lack = 1 - r[rows, nearest]
        assert (lack <= bound + 1e-15).all()
        assert (lack >= -1e-15).all()


def test_c14_a_tie_is_shared_in_proportion_to_the_weights():
    for eps in (1.0, 1e-6, 1e-300):
        mixture = km.Mixture([0.2, 0.3, 0.5], [[-1.0], [1.0], [9.0]], eps)
        np.testing.assert_allclose(mixture.responsibilities([[0.0]]), [[0.4, 0.6, 0]], atol=1e-6)


def test_c15_it_is_the_e_step_that_computes_responsibilities():
    """The M-step sees statistics alone: different data with equal statistics, equal result."""
    model = km.MixtureModel(2, km.Isotropic(1.0))
    start = model.at([[0.0, 0.0], [50.0, 0.0]])
    near = np.array([[1.0, 0], [-1, 0], [0, 1], [0, -1]])
    turned = near @ np.array([[1, 1], [-1, 1]]) / math.sqrt(2)
    one, other = (np.vstack([part, part + np.array([50, 0])]) for part in (near, turned))
    a, b = (model.mle(start.statistics(X)) for X in (one, other))
    np.testing.assert_allclose(a.means, b.means, atol=1e-12)
    np.testing.assert_allclose(a.weights, b.weights)
    assert not np.allclose(
        start.responsibilities(one[:4] + 25), start.responsibilities(other[:4] + 25)
    )


@pytest.mark.parametrize("eps", [1e-8, 1e-3, 1.0, 1e3])
@pytest.mark.parametrize("seed", range(5))
def test_c16_classification_em_with_equal_weights_is_lloyd(eps, seed):
    X, start = draw(seed)
    model = km.MixtureModel(3, km.Isotropic(eps), weights="equal")
    pairs = zip(km.lloyd(X, start), km.classification_em(X, model.at(start)), strict=False)
    for lloyd, classified in islice(pairs, 25):
        np.testing.assert_allclose(classified.mixture.means, lloyd.centers, atol=1e-12)
        assert classified.mixture.covariances == eps


@pytest.mark.parametrize("weights", ["equal", "free"])
@pytest.mark.parametrize("seed", range(5))
def test_c16_one_step_of_em_is_one_of_lloyd_within_the_stated_bound(weights, seed):
    X, start = draw(seed)
    lloyd = list(islice(km.lloyd(X, start), 2))
    D = np.sort(((X[:, None] - start) ** 2).sum(axis=2), axis=1)
    gap = (D[:, 1] - D[:, 0]).min()
    diameter = max(np.linalg.norm(a - b) for a, b in combinations(X, 2))
    for eps in gap / np.array([4.0, 10, 40, 200]):
        model = km.MixtureModel(3, km.Isotropic(eps), weights=weights)
        em = list(islice(km.em(X, model.at(start)), 2))
        delta = 2 * math.exp(-gap / (2 * eps))
        assert delta < 1
        bound = len(X) / lloyd[0].counts * delta / (1 - delta) * diameter
        apart = np.linalg.norm(em[1].mixture.means - lloyd[1].centers, axis=1)
        assert (apart <= bound + 1e-12).all()


@pytest.mark.parametrize("seed", range(10))
def test_c17_the_rescaled_objectives_tend_to_w(seed):
    X, centers = draw(seed)
    (n, d), W = X.shape, ((X[:, None] - centers) ** 2).sum(axis=2).min(axis=1).sum()
    weights = np.random.default_rng(seed).dirichlet([2, 2, 2])
    for eps in (1.0, 1e-2, 1e-4, 1e-8):
        mixture = km.Mixture(weights, centers, eps)
        F = -2 * eps * (km.log_likelihood(X, mixture) + n * d / 2 * math.log(2 * math.pi * eps))
        assert W * (1 - 1e-12) <= F <= W * (1 + 1e-12) + 2 * eps * n * math.log(1 / weights.min())
    R = mixture.responsibilities(X)
    Q = special.xlogy(R, 1).sum() + (R * mixture.log_joint(X)).sum()
    assert -2 * eps * Q == pytest.approx(W, rel=1e-4)


@pytest.mark.parametrize("weights", ["equal", "free"])
@pytest.mark.parametrize("seed", range(5))
def test_c17_maximum_likelihood_tends_to_least_squares(weights, seed):
    """With n = 8 the k-means estimate is known by enumeration."""
    X, _ = draw(seed, n=8, k=2)
    least = km.kmeans_exhaustive(X, 2).objective
    for eps in (0.1, 1e-2, 1e-3):
        model = km.MixtureModel(2, km.Isotropic(eps), weights=weights)
        means = km.mle(X, model, n_starts=30, rng=seed).last.mixture.means
        W = km.within_ss(X, means)
        assert least * (1 - 1e-12) <= W <= least + 2 * eps * 8 * math.log(2)


def test_c18_unequal_variances_give_circles():
    """In rational arithmetic: |x|² = |x − (3, 0)|²/4 is the circle about (−1, 0) of radius 2."""
    for x, y in [(Fraction(1), 0), (-1, Fraction(2)), (Fraction(1, 5), Fraction(8, 5))]:
        assert 4 * (x**2 + y**2) == (x - 3) ** 2 + y**2
    eps = 1e-3
    mixture = km.Mixture(HALF, [[0.0, 0], [3, 0]], [eps, 4 * eps])
    assert mixture.responsibilities([[1.1, 0]])[0, 0] == pytest.approx(6.7e-67, rel=0.01)
    turn = np.linspace(0, 6, 13)
    radius = math.sqrt(4 + 16 / 3 * eps * math.log(2))
    circle = [-1, 0] + radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    np.testing.assert_allclose(mixture.responsibilities(circle), 0.5, atol=1e-9)


def test_c18_a_common_shape_gives_k_means_after_whitening():
    rng = np.random.default_rng(18)
    X, centers, shape = rng.normal(size=(500, 2)), rng.normal(size=(4, 2)), [[2.0, 0.9], [0.9, 1]]
    model = km.MixtureModel(4, km.Tied())
    mixture = km.Mixture(np.full(4, 0.25), centers, 1e-9 * np.array(shape), model)
    whitener = np.linalg.inv(np.linalg.cholesky(shape)).T
    whitened = km.assign(X @ whitener, centers @ whitener)
    np.testing.assert_array_equal(mixture.assign(X), whitened)
    assert (whitened != km.assign(X, centers)).mean() > 0.02


def test_c18_weights_that_vanish_exponentially_give_a_power_diagram():
    rng = np.random.default_rng(18)
    X, centers = rng.normal(size=(500, 2)), rng.normal(size=(3, 2))
    D, b = ((X[:, None] - centers) ** 2).sum(axis=2), np.array([0, 0.3, 0.6])
    for eps, power, decay in [(1e-3, b, np.exp(-b / 1e-3)), (1e-8, 0 * b, 1e-8**b)]:
        mixture = km.Mixture(decay / decay.sum(), centers, eps)
        np.testing.assert_array_equal(mixture.assign(X), (D + 2 * power).argmin(axis=1))


# One line of estimators


def balance(a, mu=1.0, sigma=1.0):
    """E X tanh(aX), for ½N(−μ, σ²) + ½N(μ, σ²), by quadrature."""

    def integrand(x):
        return x * math.tanh(a * x) * stats.norm.pdf(x, mu, sigma)

    low, high = mu - 9 * sigma, mu + 9 * sigma
    return integrate.quad(integrand, low, high, points=[0.0], limit=400, epsabs=1e-12)[0]


def gain(z, X, eps):
    """How much two centers with equal weights gain over the mean, per point of X with mean 0."""
    a, b = np.reshape(z, (2, -1))
    terms = [(X @ c - c @ c / 2) / eps for c in (a, b)]
    return np.mean(np.logaddexp(*terms)) - math.log(2)


@pytest.mark.parametrize(("mu", "sigma"), [(1.0, 1.0), (2.0, 1.0), (0.5, 2.0)])
def test_c19_k_means_the_truth_and_collapse_lie_on_one_falling_line(mu, sigma):
    group = km.Mixture(HALF, [[-mu], [mu]], sigma**2)
    total = mu**2 + sigma**2
    eps = total * np.array([1e-9, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1.0, 1.2])
    m = np.array([km.dial(group, e)[1, 0] for e in eps])
    fold = stats.foldnorm(mu / sigma, scale=sigma).mean()  # E|X|
    assert m[0] == pytest.approx(fold, abs=1e-8)
    assert km.population_kmeans(group)[1, 0] == pytest.approx(fold, abs=1e-8)
    assert (np.diff(m[:-1]) < 0).all()
    assert m[-2] == m[-1] == 0
    assert km.dial(group, sigma**2)[1, 0] == pytest.approx(mu, abs=1e-8)
    for e, center in zip(eps[1:-2], m[1:-2], strict=True):
        assert balance(center / e, mu, sigma) == pytest.approx(center, abs=1e-8)


def test_c19_infinite_precision_is_approached_quadratically_and_collapse_like_a_root():
    left = [(1.1666309412 - balance(a)) / (balance(a) / a) ** 2 for a in (5, 20, 80)]
    curve = math.pi**2 * stats.norm.pdf(1) / 12 / 1.1666309412**2
    assert abs(np.array(left) - curve)[1:].max() < 1e-3
    right = [balance(a) ** 2 / (2 - balance(a) / a) for a in (0.1, 0.02)]
    assert right == pytest.approx([1.2, 1.2], rel=0.01)
    assert abs(right[1] - 1.2) < abs(right[0] - 1.2) / 10


@pytest.mark.parametrize("start", [(0.0, 3.0), (-5.0, -4.0), (0.1, 0.2)])
@pytest.mark.parametrize("eps", [0.2, 1.0, 1.8])
def test_c19_no_other_pair_of_centers_is_at_rest(start, eps):
    x, step = np.linspace(-10, 10, 4001, retstep=True)
    p = (stats.norm.pdf(x, -1) + stats.norm.pdf(x, 1)) / 2 * step
    left, right = start
    for _ in range(600):
        T = np.tanh((right - left) * (x - (left + right) / 2) / (2 * eps))
        left, right = (p @ ((1 + s * T) * x) / (p @ (1 + s * T)) for s in (-1, 1))
    m = optimize.brentq(lambda m: balance(m / eps) - m, 0.01, 2)
    assert [left, right] == pytest.approx([-m, m], abs=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_c19_two_equal_weights_collapse_at_the_largest_eigenvalue_of_any_data(seed):
    """Skewed data in up to three dimensions: no pair gains at λ, some pair gains below it."""
    rng = np.random.default_rng(seed)
    d = 1 + seed % 3
    X = rng.exponential(size=(9, d)) ** (1 + seed % 2)
    X -= X.mean(axis=0)
    variances, axes = np.linalg.eigh(X.T @ X / 9)
    lam, axis = variances[-1], axes[:, -1]
    starts = X[rng.integers(9, size=(6, 2))].reshape(6, -1)
    found = [optimize.minimize(lambda z: -gain(z, X, lam), z, method="BFGS") for z in starts]
    assert max(-run.fun for run in found) < 1e-12
    near = 1e-3 * math.sqrt(lam) * axis
    assert gain(np.r_[-near, near], X, 0.98 * lam) > 0
    assert gain(np.r_[-near, near], X, 1.02 * lam) < 0


@pytest.mark.parametrize(("p", "delta"), [(0.1, 2.0), (0.3, 3.0), (0.4999999, 2.0)])
def test_c19_free_weights_collapse_at_the_variance_proxy(p, delta):
    """It is σ² + δ²(1 − 2p)/(2 log((1 − p)/p)), and at p = ½ the total variance."""
    odds = math.log((1 - p) / p)
    proxy = 1 + delta**2 * (1 - 2 * p) / (2 * odds)
    away = np.array([-p * delta, (1 - p) * delta])
    weights, t = np.array([1 - p, p]), np.linspace(-8, 8, 4001)
    log_moments = np.log(weights @ np.exp(np.outer(away, t))) + t**2 / 2
    assert (log_moments <= proxy * t**2 / 2 + 1e-12).all()
    if p > 0.45:
        assert proxy == pytest.approx(1 + delta**2 / 4)
        return
    for eps, better in ((0.97 * proxy, True), (1.001 * proxy, False)):
        Y = log_moments - eps * t**2 / 2  # log E of what a new component at εt multiplies by
        assert (Y.max() > 1e-9) == better
    x, step = np.linspace(-12, 16, 6001, retstep=True)
    density = weights @ stats.norm.pdf(x, away[:, None]) * step
    eps, at = 0.97 * proxy, 2 * odds / delta
    ratio = np.exp(at * x - eps * at**2 / 2)
    assert eps > 1 + p * (1 - p) * delta**2  # the total variance
    assert density @ np.log1p(1e-4 * (ratio - 1)) > 0


def test_c19_with_few_data_the_best_variance_is_below_the_true_one():
    """n = 20: the paired differences of squared errors exceed four standard errors."""
    samples, n = 3000, 20
    X = km.data.two_normals(samples * n, rng=19)[0].reshape(samples, n)

    def errors(eps):
        left, right = -np.ones((samples, 1)), np.ones((samples, 1))
        for _ in range(150):
            T = np.tanh((right - left) * (X - (left + right) / 2) / (2 * eps))
            left = ((1 - T) * X).sum(1, keepdims=True) / (1 - T).sum(1, keepdims=True)
            right = ((1 + T) * X).sum(1, keepdims=True) / (1 + T).sum(1, keepdims=True)
        return (right - left - 2)[:, 0] ** 2

    def sure(differences):
        return differences.mean() > 4 * differences.std() / math.sqrt(samples)

    best, right = errors(0.6), errors(1.0)
    kmeans = np.array([(np.ptp(km.kmeans_1d(row, 2).centers) - 2) ** 2 for row in X])
    assert sure(right - best)
    assert sure(right - kmeans)
    assert sure(kmeans - best)


# Partitions and probabilities


TRUTH = km.data.two_normals


def draw_soft(seed, n=60, d=2, k=3):
    """Return data in k loose groups, and k of the points to start from."""
    rng = np.random.default_rng(seed)
    X = rng.normal(scale=2, size=(k, d))[rng.integers(k, size=n)] + rng.normal(size=(n, d))
    return X, X[:k].copy()


def expect(function):
    """Return E function(V) by quadrature, V from N(1, 1)."""
    density = stats.norm(1, 1).pdf
    return integrate.quad(lambda v: function(v) * density(v), -9, 11, points=[0, 1], limit=400)[0]


def slope(eps):
    """Return a = m(ε)/ε; stated log-odds are 2ax."""
    return km.dial(TRUTH, eps)[1, 0] / eps


def test_c20_responsibilities_are_probabilities():
    """Of the points whose responsibility lies in an interval, its mean is the share of members."""
    groups = km.Mixture([0.2, 0.3, 0.5], [[0.0, 0], [1.5, 0], [0, 2]], [0.5, 1.0, 2.0])
    X, z = groups.sample(200_000, rng=20)
    R = groups.responsibilities(X)
    assert R.mean(axis=0) == pytest.approx(groups.weights, abs=4 / math.sqrt(4 * len(X)))
    for i in range(3):
        for low in np.arange(0, 1, 0.1):
            inside = (R[:, i] >= low) & (R[:, i] < low + 0.1)
            stated, happened = R[inside, i], (z == i)[inside]
            error = math.sqrt((stated * (1 - stated)).sum())
            assert abs((happened - stated).sum()) <= 4 * error


def test_c20_a_partition_does_not_tell_the_probabilities():
    """One partition, every degree of doubt: the center alone does not say which."""
    X, _ = TRUTH(1000, rng=20)
    member = {eps: km.Mixture(HALF, [[-1.0], [1.0]], eps) for eps in (0.01, 0.1, 1, 10, 100)}
    nearest = km.assign(X, [[-1.0], [1.0]])
    errors = []
    for mixture in member.values():
        np.testing.assert_array_equal(mixture.assign(X), nearest)
        errors.append((1 - mixture.responsibilities(X).max(axis=1)).mean())
    assert errors[0] < 0.01
    assert errors[-1] > 0.4
    assert (np.diff(errors) > 0).all()


@pytest.mark.parametrize(("c1", "c2"), [(1, 10), (3, 1), (1, 1)])
def test_c20_unequal_costs_move_the_border_to_half_the_log_of_their_ratio(c1, c2):
    """The cost of every border, by closed form, is least where the responsibilities say."""
    t = np.linspace(-4, 4, 8001)
    cost = c1 / 2 * stats.norm.sf(t + 1) + c2 / 2 * stats.norm.cdf(t - 1)
    border = math.log(c1 / c2) / 2
    assert t[cost.argmin()] == pytest.approx(border, abs=2e-3)
    assert TRUTH.responsibilities([[border]])[0, 1] == pytest.approx(c1 / (c1 + c2))


@pytest.mark.parametrize("seed", range(10))
def test_c21_the_likeliest_component_is_a_hard_break_with_flat_walls(seed):
    """Voronoi cells of the means if the weights are equal; else walls moved by σ² log(π₁/π₂)/u."""
    X, means = draw_soft(seed, n=400)
    equal = km.Mixture(np.full(3, 1 / 3), means, 0.7)
    np.testing.assert_array_equal(equal.assign(X), km.assign(X, means))
    pair, weights = means[:2], np.random.default_rng(seed).dirichlet([2, 2])
    u = np.linalg.norm(pair[1] - pair[0])
    along = (pair[1] - pair[0]) / u
    wall = pair.mean(axis=0) + 0.7 * math.log(weights[0] / weights[1]) / u * along
    across = np.outer(np.linspace(-9, 9, 7), [-along[1], along[0]])
    R = km.Mixture(weights, pair, 0.7).responsibilities(wall + across)
    np.testing.assert_allclose(R, 0.5, atol=1e-9)


@pytest.mark.parametrize("eps", [0.1, 0.3])
@pytest.mark.parametrize(("d", "k"), [(1, 2), (2, 3)])
@pytest.mark.parametrize("seed", range(5))
def test_c21_the_cells_are_those_of_other_centers(eps, d, k, seed):
    """Where EM with equal weights rests at affinely independent means, Lloyd's does not."""
    X = np.random.default_rng(seed).normal(size=(60, d))
    model = km.MixtureModel(k, km.Isotropic(eps), weights="equal")
    run = km.solve(km.em(X, model.at(km.kmeans(X, k, rng=seed).last.centers)))
    means = run.last.mixture.means
    assert np.linalg.svd(means[1:] - means[0], compute_uv=False)[-1] > 0.1
    before, after = (state.centers for state in islice(km.lloyd(X, means), 2))
    assert abs(after - before).max() > 1e-3


def test_c22_the_centers_differ_where_the_partitions_are_the_same():
    """On the two normals both cut at 0; E|X| is 1.1666, by closed form, and the mixture has 1."""
    kmeans, mixture = km.population_kmeans(TRUTH)[:, 0], km.dial(TRUTH, 1.0)[:, 0]
    assert kmeans.mean() == pytest.approx(0, abs=1e-9)
    assert mixture.mean() == pytest.approx(0, abs=1e-9)
    folded = math.sqrt(2 / math.pi) * math.exp(-1 / 2) + 1 - 2 * stats.norm.cdf(-1)
    assert kmeans[1] == pytest.approx(folded)
    assert folded == pytest.approx(1.16663, abs=5e-6)
    assert mixture[1] == pytest.approx(1)


@pytest.mark.parametrize("n", [1000, 10_000, 100_000])
def test_c22_the_difference_does_not_go_away_as_n_grows(n):
    """Variances of the half distance: 2.556/4n for k-means, 5.450/4n for the mixture."""
    X, _ = TRUTH(n, rng=n)
    c = np.sort(km.kmeans(X, 2, n_starts=4, rng=1).last.centers[:, 0])
    model = km.MixtureModel(2, km.Isotropic(1.0), weights="equal")
    m = np.sort(km.mle(X, model, n_starts=2, rng=1).last.mixture.means[:, 0])
    assert np.diff(c)[0] / 2 == pytest.approx(1.16663, abs=4 * math.sqrt(2.556 / 4 / n))
    assert np.diff(m)[0] / 2 == pytest.approx(1, abs=4 * math.sqrt(5.450 / 4 / n))


def test_c22_with_unequal_weights_the_partitions_differ_too():
    """.9 N(−1, 1) + .1 N(1, 1): 42.7 % are right of k-means' border, 6.2 % of the best one."""
    data, Phi = km.data.unbalanced, stats.norm.cdf
    kmeans = km.population_kmeans(data).mean()
    likeliest = math.log(9) / 2
    assert data.responsibilities([[likeliest]])[0, 0] == pytest.approx(0.5)
    shares = [0.9 * Phi(-1 - t) + 0.1 * Phi(1 - t) for t in (kmeans, likeliest)]
    assert shares == pytest.approx([0.42681, 0.06221], abs=1e-5)


@pytest.mark.parametrize("eps", [0.01, 0.1, 0.5, 0.9, 1.0, 1.1, 1.5, 1.9])
def test_c23_on_the_dial_the_answers_are_the_same_and_the_confidence_is_not(eps):
    a, accuracy = slope(eps), stats.norm.cdf(1)
    member = km.MixtureModel(2, km.Isotropic(eps), weights="equal").at(km.dial(TRUTH, eps))
    x = np.array([-3, -1e-3, 1e-3, 0.7, 3])[:, None]
    np.testing.assert_array_equal(member.assign(x), x[:, 0] > 0)
    assert expect(lambda v: v > 0) == pytest.approx(accuracy)
    stated = expect(lambda v: 1 / (1 + math.exp(-2 * a * abs(v))))
    assert np.sign(round(stated - accuracy, 9)) == np.sign(1 - eps)
    both = (mixture.responsibilities([[0.7]]) for mixture in (member, TRUTH))
    odds, true = (np.log(r[:, 1] / r[:, 0]) for r in both)
    assert true == pytest.approx(odds / a)


def test_c23_numbers_of_the_ledger():
    slopes = map(slope, (1.5, 1, 0.5, 0.1))
    stated = [expect(lambda v, a=a: 1 / (1 + math.exp(-2 * a * abs(v)))) for a in slopes]
    assert stated == pytest.approx([0.734967, 0.841345, 0.926031, 0.985605], abs=1e-6)


def test_c23_both_scores_are_least_at_the_true_variance():
    """And as ε → 0 they tend to the error rate, and to infinity like .1944/ε."""
    brier, loss = [], []
    for eps in (0.01, 0.3, 0.9, 1.0, 1.1, 1.5, 1.9):
        a = slope(eps)
        brier.append(expect(lambda v, a=a: math.exp(-2 * np.logaddexp(0, 2 * a * v))))
        loss.append(expect(lambda v, a=a: np.logaddexp(0, -2 * a * v)))
    assert np.argmin(brier) == np.argmin(loss) == 3
    assert brier[3] == pytest.approx(0.112400, abs=1e-6)
    assert loss[3] == pytest.approx(0.356316, abs=1e-6)
    assert brier[0] == pytest.approx(stats.norm.cdf(-1), abs=2e-3)
    rate = 2 * km.population_kmeans(TRUTH)[1, 0] * (stats.norm.pdf(1) - stats.norm.cdf(-1))
    assert rate == pytest.approx(0.19440, abs=5e-6)
    assert 0.01 * loss[0] == pytest.approx(rate, abs=0.01 * math.log(2))
    assert 0.01 * loss[0] >= rate - 1e-4  # m(.01) is a little less than m₀


def test_c23_a_wrong_model_is_not_calibrated():
    """Groups of unequal spread: with a common variance far too sure, with their own right."""
    unlike = km.Mixture(HALF, [[-1.0], [1.0]], [0.25, 2.25])
    X, z = unlike.sample(20_000, rng=23)
    gap = []
    for structure in (km.Isotropic(), km.Spherical()):
        start = km.MixtureModel(2, structure).at([[-1.0], [1.0]], 1.0)
        R = km.solve(km.em(X, start), tol=1e-9).last.mixture.responsibilities(X)
        gap.append(R.max(axis=1).mean() - np.mean(R.argmax(axis=1) == z))
    assert gap[0] > 0.15
    assert abs(gap[1]) < 0.02


# Clustering without a model


NORMAL = stats.norm


def cut_of(density, low, high):
    """Return cut, centers and W of the best 2-means of a density, by quadrature and a grid."""
    x = np.linspace(low, high, 200_001)
    f = density(x)
    mass, first, second = (integrate.cumulative_simpson(f * x**j, x=x, initial=0) for j in range(3))
    assert mass[-1] == pytest.approx(1, abs=1e-9)
    left, right = slice(2000, -2000), 1 - mass[2000:-2000]
    sums = first[-1] - first[left]
    W = second[-1] - first[left] ** 2 / mass[left] - sums**2 / right
    best = W.argmin()
    centers = first[left][best] / mass[left][best], sums[best] / right[best]
    return x[left][best], np.array(centers), W[best]


def pair(weight, mu):
    return lambda x: weight * NORMAL.pdf(x, -mu) + (1 - weight) * NORMAL.pdf(x, mu)


@pytest.mark.parametrize(("mu", "excess"), [(1, 0.1666), (2, 0.0170), (3, 0.00076)])
def test_c06_centers_are_close_to_means_if_the_components_are_well_separated(mu, excess):
    """The excess in closed form, its bound, and its global minimum on a grid of cuts."""
    cut, centers, _ = cut_of(pair(0.5, mu), -mu - 10, mu + 10)
    e = 2 * (NORMAL.pdf(mu) - mu * NORMAL.cdf(-mu))
    assert e == pytest.approx(excess, rel=0.006)
    assert cut == pytest.approx(0, abs=1e-3)
    np.testing.assert_allclose(centers, [-mu - e, mu + e], atol=2e-4)
    assert 0 < e < 2 * NORMAL.pdf(mu) / (1 + mu**2)


def test_c06_the_excess_has_its_bound_at_every_distance():
    u = np.linspace(0.01, 8, 800)
    e = 2 * (NORMAL.pdf(u) - u * NORMAL.cdf(-u))
    bound = 2 * NORMAL.pdf(u) / (1 + u**2)
    assert ((e > 0) & (e < bound)).all()
    assert bound[-1] / e[-1] < 1.05  # and it is the right order


def test_c06_a_rare_component_is_not_found_however_far_from_the_others_for_its_weight():
    """Six standard deviations apart: with a share of .03 it has its center, with .02 it has not."""
    for weight, found in ((0.97, True), (0.98, False)):
        _, centers, W = cut_of(pair(weight, 3), -13, 13)
        assert (centers[1] > 2.5) == found
        assert (centers[1] < 0) != found
        nearest = integrate.quad(
            lambda x, f: f(x) * (abs(x) - 3) ** 2, -13, 13, args=(pair(weight, 3),), points=[0]
        )
        assert nearest[0] > W


@pytest.mark.parametrize("seed", range(3))
def test_c07_no_code_of_k_words_has_less_distortion(seed):
    """All ways to name 7 points, with the best points for the names, and random points."""
    rng = np.random.default_rng(seed)
    X = rng.standard_cauchy(size=(7, 2))  # no moments, no model
    W = km.kmeans_exhaustive(X, 3).objective
    codes = []
    for names in product(range(3), repeat=7):
        z = np.array(names)
        parts = [X[z == i] for i in set(names)]
        codes.append(sum(((part - part.mean(axis=0)) ** 2).sum() for part in parts))
        assert ((X - rng.standard_cauchy(size=(3, 2))[z]) ** 2).sum() > W
    assert min(codes) == pytest.approx(W)


def test_c07_one_normal_is_cut_in_the_middle():
    """Centers at .798 σ, and 2/π of the variance explained, where there are no groups."""
    cut, centers, W = cut_of(NORMAL.pdf, -10, 10)
    assert cut == pytest.approx(0, abs=1e-3)
    np.testing.assert_allclose(
        centers, [-math.sqrt(2 / math.pi), math.sqrt(2 / math.pi)], atol=1e-4
    )
    assert pytest.approx(1 - 2 / math.pi, abs=1e-6) == W


def test_c07_distortion_keeps_above_shannon_and_goes_to_panter_and_dite():
    """k² D_k of N(0, 1): above 1, rising, and √3π/2 in the limit. Lloyd by quadrature."""
    products = []
    for k in (1, 2, 4, 8, 16):
        z = NORMAL.ppf((np.arange(k) + 0.5) / k)

        def residual(z):
            t = np.concatenate([[-np.inf], (z[1:] + z[:-1]) / 2, [np.inf]])
            return -np.diff(NORMAL.pdf(t)) / np.diff(NORMAL.cdf(t)) - z

        z = optimize.root(residual, z, tol=1e-12).x
        t = np.concatenate([[-np.inf], (z[1:] + z[:-1]) / 2, [np.inf]])
        products.append(k**2 * (1 - np.diff(NORMAL.cdf(t)) @ z**2))
    limit = math.sqrt(3) * math.pi / 2
    assert (np.diff(products) > 0).all()
    assert products[0] == pytest.approx(1)
    assert 0.85 * limit < products[-1] < limit
    # the gap is of the order 1/k, so Richardson's extrapolation is nearer
    assert 2 * products[-1] - products[-2] == pytest.approx(limit, rel=0.03)


def test_c07_stable_segments_need_no_groups():
    """Two samples of one oblong normal are cut in nearly the same place; of a disc they are not."""
    rng, agreement = np.random.default_rng(7), {"oblong": [], "round": []}
    for _ in range(20):
        for name, scale in (("oblong", [3.0, 1.0]), ("round", [1.0, 1.0])):
            a, b, fresh = rng.normal(size=(3, 1000, 2)) * scale
            labels = (
                km.assign(fresh, km.kmeans(X, 2, n_starts=3, rng=rng).last.centers) for X in (a, b)
            )
            agreement[name].append(km.adjusted_rand(*labels))
    mean = {name: np.mean(values) for name, values in agreement.items()}
    error = {name: np.std(values) / math.sqrt(20) for name, values in agreement.items()}
    assert mean["oblong"] - 4 * error["oblong"] > 0.8
    assert mean["round"] + 4 * error["round"] < 0.8


def sandwich_interval(x):
    """Return the right-hand center of one sample and its plug-in standard errors."""
    left, right = km.kmeans_1d(x, 2).centers
    t, n = (left + right) / 2, len(x)
    parts = x[x <= t], x[x > t]
    h = x.std() * n**-0.2
    bend = np.mean(abs(x - t) < h) / (2 * h) * (right - left) / 4
    H = np.diag([len(part) / n for part in parts]) - bend
    V = np.diag([len(part) / n * part.var() for part in parts])
    bread = np.linalg.inv(H)
    W = sum(len(part) * part.var() for part in parts)
    return right, math.sqrt((bread @ V @ bread)[1, 1] / n), math.sqrt(W / n / len(parts[1]))


@pytest.mark.parametrize(
    ("draw", "limit", "fixed"),
    [
        # exponential: no groups, nothing normal; the centers are t ∓ 1 with t = 2(1 − e^−t)
        (lambda rng: rng.exponential(size=1500), 1 + 1.5936242600400403, 0.45),
        (lambda rng: km.data.two_normals(1500, rng=rng)[0][:, 0], 1.1666309411753728, 0.80),
    ],
    ids=["exponential", "two normals"],
)
def test_c10_there_is_inference_without_a_gaussian_mixture(draw, limit, fixed):
    """The sandwich covers the limit of k-means; the model whose ML estimate it is does not."""
    rng, samples = np.random.default_rng(10), 1000
    found = np.array([sandwich_interval(draw(rng)) for _ in range(samples)])
    gap = abs(found[:, 0] - limit)
    cover = np.mean(gap < 1.96 * found[:, 1])
    error = math.sqrt(0.95 * 0.05 / samples)
    assert cover == pytest.approx(0.94, abs=0.01 + 4 * error)
    assert np.mean(gap < 1.96 * found[:, 2]) < fixed - 4 * error


def test_c10_the_limit_of_k_means_is_not_the_mean_of_a_component():
    """However good the interval for the first, at n = 6000 it hardly ever covers the second."""
    rng = np.random.default_rng(11)
    found = np.array(
        [sandwich_interval(km.data.two_normals(6000, rng=rng)[0][:, 0]) for _ in range(200)]
    )
    assert np.mean(abs(found[:, 0] - 1) < 1.96 * found[:, 1]) < 0.02


def test_c10_a_mean_assumes_no_normal_distribution_but_a_reference_range_does():
    """Exponential data: the interval covers the mean; within one sd lie 86 %, not 68 %."""
    x = np.random.default_rng(12).exponential(size=(4000, 400))
    mean, sd = x.mean(axis=1), x.std(axis=1, ddof=1)
    cover = np.mean(abs(mean - 1) < 1.96 * sd / 20)
    assert cover == pytest.approx(0.945, abs=0.005 + 4 * math.sqrt(0.05 * 0.95 / 4000))
    inside = np.mean(abs(x - mean[:, None]) < sd[:, None])
    assert inside == pytest.approx(1 - math.exp(-2), abs=0.03)
    assert inside > NORMAL.cdf(1) - NORMAL.cdf(-1) + 0.1


# Fixed partition; where k-means goes


M0 = 2 * stats.norm.pdf(1) + 2 * stats.norm.cdf(1) - 1  # E|X| for the two normals


SPREAD = 2 - M0**2  # E(|X| − M0)²


@pytest.mark.parametrize("variance", [0.1, 1.0, 10.0, None])
@pytest.mark.parametrize("seed", range(3))
def test_c26_k_means_is_maximum_likelihood_with_fixed_labels(seed, variance):
    """Of all labels, with their best means (and variance), those of k-means are the likeliest."""
    n, d, k = 6, 2, 3
    X = np.random.default_rng(seed).normal(size=(n, d))

    def likelihood(z):
        groups = [X[np.equal(z, i)] for i in range(k)]
        means = np.array([g.mean(axis=0) if len(g) else np.zeros(d) for g in groups])
        residuals = X - means[list(z)]
        scale = math.sqrt(np.mean(residuals**2) if variance is None else variance)
        return stats.norm.logpdf(residuals, scale=scale).sum()

    labels = list(product(range(k), repeat=n))
    best = labels[int(np.argmax([likelihood(z) for z in labels]))]
    least = km.kmeans_exhaustive(X, k)
    np.testing.assert_array_equal(
        km.match_labels(km.assign(X, least.centers), np.array(best)), best
    )
    if variance is None:
        stated = -n * d / 2 * (math.log(2 * math.pi * least.objective / (n * d)) + 1)
        assert likelihood(best) == pytest.approx(stated)


def test_c26_estimated_shares_make_it_another_estimator():
    """With Σ n_i log n_i in the criterion one cluster is likelier than the k-means cut."""
    cut = math.log(SPREAD) + 2 * math.log(2)
    assert cut > math.log(2)  # of −2 ℓ/n, so the smaller is the likelier
    x = km.data.two_normals(20_000, rng=26)[0][:, 0]
    halves = np.mean((np.abs(x) - np.abs(x).mean()) ** 2)
    assert math.log(halves) + 2 * math.log(2) > math.log(x.var()) + 0.1


def test_c27_the_model_has_a_parameter_for_each_observation_and_standard_results_fail():
    """With labels known the truth loses about p/2; with labels estimated, a share of n."""
    truth, rng, samples = km.data.two_normals, np.random.default_rng(27), 200
    known, estimated = np.empty(samples), np.empty(samples)
    n = 1000
    for i in range(samples):
        x, z = truth(n, rng=rng)
        x, noise = x[:, 0], x[:, 0] - truth.means[z, 0]
        at_truth = stats.norm.logpdf(noise).sum()
        within = sum(x[z == c].var() * np.sum(z == c) for c in (0, 1)) / n
        least = km.kmeans_1d(x, 2).objective / n
        for lead, v in ((known, within), (estimated, least)):
            lead[i] = -n / 2 * (math.log(2 * math.pi * v) + 1) - at_truth
    assert abs(known.mean() - 1.5) < 4 * math.sqrt(1.5 / samples)  # χ²₃/2
    assert estimated.mean() / n == pytest.approx(-math.log(SPREAD) / 2, abs=0.01)


@pytest.mark.parametrize("r", [2, 3, 10])
def test_c27_neyman_and_scott(r):
    rng, m = np.random.default_rng(r), 20_000
    x = rng.normal(size=(m, 1)) * 100 + rng.normal(size=(m, r))
    estimate = x.var(axis=1).mean()
    error = math.sqrt(2 * (r - 1) / m) / r
    assert abs(estimate - (1 - 1 / r)) < 4 * error


def test_c27_maximum_likelihood_prefers_the_wrong_answer_and_the_mixture_the_truth():
    """Expected log-likelihoods per point by quadrature: the two likelihoods disagree."""

    def density(x):
        return stats.norm.pdf(x, [[-1], [1]]).mean(axis=0)

    def expect(g):
        nodes = np.linspace(-12, 12, 4_001)
        return integrate.simpson(density(nodes) * g(nodes), x=nodes)

    def chosen(x, m, v):
        return stats.norm.logpdf(x, [[-m], [m]], math.sqrt(v)).max(axis=0)

    def mixed(x, m, v):
        return np.log(stats.norm.pdf(x, [[-m], [m]], math.sqrt(v)).mean(axis=0))

    own = stats.norm.expect(stats.norm.logpdf)
    limits = [expect(lambda x, a=a: chosen(x, *a)) for a in ((1, 1), (M0, SPREAD))]
    np.testing.assert_allclose([own, *limits], [-1.418939, -1.252308, -1.194991], atol=6e-7)
    top = optimize.minimize(lambda p: -expect(lambda x: chosen(x, *p)), [1, 1], method="BFGS")
    np.testing.assert_allclose(top.x, [M0, SPREAD], atol=1e-3)
    limits = [expect(lambda x, a=a: mixed(x, *a)) for a in ((1, 1), (M0, SPREAD))]
    np.testing.assert_allclose(limits, [-1.755769, -1.780049], atol=6e-7)
    top = optimize.minimize(lambda p: -expect(lambda x: mixed(x, *p)), [1.1, 0.8], method="BFGS")
    np.testing.assert_allclose(top.x, [1, 1], atol=1e-3)


def test_c27_chosen_labels_have_more_than_their_share_of_probability():
    nodes = np.linspace(-15, 15, 20_001)
    for m, v in ((0.3, 1.0), (1.0, 1.0), (M0, SPREAD), (3.0, 0.5)):
        chosen = stats.norm.pdf(nodes, [[-m], [m]], math.sqrt(v)).max(axis=0)
        mass = integrate.simpson(chosen, x=nodes)
        assert mass == pytest.approx(2 * stats.norm.cdf(m / math.sqrt(v)), abs=1e-8)


def truncated_means(w, mu, cut):
    """Means of w N(−μ, 1) + (1 − w) N(μ, 1) left and right of the cut, from truncated normals."""
    cut = np.asarray(cut)[..., None]
    shares, m = np.array([w, 1 - w]), np.array([-mu, mu])
    right, left = shares * special.ndtr(m - cut), shares * special.ndtr(cut - m)
    bell = shares * np.exp(-((cut - m) ** 2) / 2) / math.sqrt(2 * math.pi)
    sides = [(s * m + d * bell).sum(-1) / s.sum(-1) for s, d in ((left, -1), (right, 1))]
    return np.stack(sides, axis=-1)


def limit_of_k_means(w, mu):
    """The centers of the best cut, found on a grid, then by root finding."""
    cuts = np.linspace(-mu - 2, mu + 2, 401)
    p = w * special.ndtr(cuts + mu) + (1 - w) * special.ndtr(cuts - mu)
    saved = p * (1 - p) * np.ptp(truncated_means(w, mu, cuts), axis=-1) ** 2
    low, high = cuts[saved.argmax() - 1], cuts[saved.argmax() + 1]
    cut = optimize.brentq(lambda t: truncated_means(w, mu, t).mean() - t, low, high, xtol=1e-14)
    return truncated_means(w, mu, cut)


def test_c25_the_means_of_truncated_normals_are_those_of_scipy():
    for w, mu, cut in ((0.5, 1.0, 0.0), (0.9, 2.0, -0.4)):
        mass = np.array([w, 1 - w]) * stats.norm.sf(cut, [-mu, mu])
        means = [stats.truncnorm.mean(cut - m, np.inf, loc=m) for m in (-mu, mu)]
        right = mass @ means / mass.sum()
        assert truncated_means(w, mu, cut)[1] == pytest.approx(right)


@pytest.mark.parametrize("seed", range(3))
def test_c08_k_means_converges_without_any_mixture(seed):
    """Exponential data: the cut t solves 2t = E[X | X < t] + t + 1, and n·var is Pollard's."""
    t = optimize.brentq(lambda t: 1 - t * math.exp(-t) / -math.expm1(-t) + 1 - t, 0.5, 5)
    left, right = 1 - t * math.exp(-t) / -math.expm1(-t), t + 1
    P = np.array([-math.expm1(-t), math.exp(-t)])
    second = integrate.quad(lambda x: x**2 * math.exp(-x), 0, t)[0] / P[0]
    a = math.exp(-t) * (right - left) / 2
    bread = np.linalg.inv(2 * np.diag(P) - a)
    covariance = bread @ np.diag(4 * P * [second - left**2, 1]) @ bread
    n, samples = 1000, 2000
    x = np.random.default_rng([8, seed]).exponential(size=(samples, n))
    c = km.kmeans_1d(x, 2).centers
    error = 4 * np.sqrt(np.diag(covariance) / n / samples)
    assert (np.abs(c.mean(axis=0) - [left, right]) < error + 5 / n).all()
    scatter = n * c.var(axis=0) / np.diag(covariance)
    np.testing.assert_allclose(scatter, 1, atol=0.05 + 4 * math.sqrt(2 / samples))


def test_c08_pollards_covariance_of_the_two_normals():
    """n·var of distance and midpoint in closed form, against the exact minimizer."""
    f0, n, samples = stats.norm.pdf(1), 1000, 4000
    x = km.data.two_normals.sample(n * samples, rng=8)[0].reshape(samples, n)
    c = km.kmeans_1d(x, 2).centers
    stated = [4 * SPREAD, SPREAD / (1 - 2 * M0 * f0) ** 2]
    np.testing.assert_allclose(stated, [2.555889, 3.370291], atol=1e-6)
    found = [n * np.ptp(c, axis=1).var(), n * c.mean(axis=1).var()]
    np.testing.assert_allclose(found, stated, rtol=0.03 + 4 * math.sqrt(2 / samples))


def test_c25_k_means_goes_to_means_of_truncated_normals_and_too_far_apart():
    centers = limit_of_k_means(0.5, 1.0)
    np.testing.assert_allclose(centers, [-M0, M0], atol=1e-10)
    stated = 2 * (math.sqrt(2 / math.pi) * math.exp(-1 / 2) + 2 * stats.norm.cdf(1) - 1)
    assert np.ptp(centers) == pytest.approx(stated)
    assert stated == pytest.approx(2.333262, abs=5e-7)
    for n in (10_000, 1_000_000):
        x, _ = km.data.two_normals(n, rng=25)
        c = km.kmeans_1d(x[:, 0], 2).centers
        assert abs(np.ptp(c) - stated) < 4 * math.sqrt(4 * SPREAD / n) + 2 / n


def test_c25_there_is_one_cut_if_the_groups_are_no_further_than_two_standard_deviations():
    for mu in (0.2, 0.7, 1.0):
        cuts = np.linspace(-3, 3, 301)
        off = truncated_means(0.5, mu, cuts).mean(axis=-1) - cuts
        assert (np.diff(off) < 0).all()


@pytest.mark.parametrize("mu", [0.0, 0.3, 1.0, 1.01, 1.2, 2.0, 4.0, 7.0])
def test_c25_at_any_distance_there_is_one_cut_and_it_is_in_the_middle(mu):
    """A cut t > 0 lies beyond the middle of its cells' means; by symmetry only 0 is a cut."""
    cuts = np.geomspace(1e-3, mu + 5, 2000)
    assert (truncated_means(0.5, mu, cuts).mean(axis=-1) < cuts - 1e-6).all()
    folded = 2 * stats.norm.pdf(mu) + mu * (2 * stats.norm.cdf(mu) - 1)  # E|X|
    np.testing.assert_allclose(truncated_means(0.5, mu, 0.0), [-folded, folded])
    np.testing.assert_allclose(limit_of_k_means(0.5, mu), [-folded, folded], atol=1e-10)


def test_c28_a_maximum_likelihood_estimator_that_is_not_consistent_for_the_means():
    """One fixed sequence of labels, many samples: the estimate stays away from ∓1."""
    rng, n = np.random.default_rng(28), 10_000
    means = np.tile([-1.0, 1.0], n // 2)
    c = km.kmeans_1d(means + rng.normal(size=(200, n)), 2).centers
    errors = c.std(axis=0) / math.sqrt(200)
    assert (np.abs(c.mean(axis=0) - [-M0, M0]) < 4 * errors + 5 / n).all()
    assert (np.abs(c.mean(axis=0)) > 1.16).all()


def test_c29_the_classification_likelihood_misses_means_and_variance():
    """With a common variance its limit is ∓1.1666 and 0.639, whatever the data's size."""
    for n in (1000, 100_000):
        x, _ = km.data.two_normals(n, rng=29)
        model = km.MixtureModel(2, km.Isotropic(), weights="equal")
        start = model.at(km.data.two_normals.means, 1.0)
        fitted = km.solve(km.classification_em(x, start)).last.mixture
        error = 4 * math.sqrt(4.1 / n)
        np.testing.assert_allclose(np.sort(fitted.means[:, 0]), [-M0, M0], atol=error)
        assert float(fitted.covariances) == pytest.approx(SPREAD, abs=error)


@pytest.mark.parametrize(("delta", "share"), [(2, 0.8431), (3, 0.7290), (4, 0.6959)])
def test_c31_the_distance_is_too_large_up_to_a_share_and_too_small_beyond(delta, share):
    for w in (0.5, share - 0.02, share - 1e-4):
        assert np.ptp(limit_of_k_means(w, delta / 2)) > delta
    for w in (share + 1e-4, share + 0.02, 0.9):
        assert np.ptp(limit_of_k_means(w, delta / 2)) < delta
    x = km.Mixture([0.9, 0.1], [[-delta / 2], [delta / 2]], 1.0).sample(200_000, rng=31)[0]
    assert np.ptp(km.kmeans_1d(x[:, 0], 2).centers) < delta - 0.05


def test_c31_near_groups_are_always_torn_apart():
    """Below 2√(2/π), the distance of the halves of one normal, at every share."""
    for w in (0.5, 0.9, 0.99, 0.999):
        assert np.ptp(limit_of_k_means(w, 1.59 / 2)) > 1.59
    assert np.ptp(limit_of_k_means(0.9999, 1.61 / 2)) < 1.61


def test_c31_three_groups_may_do_both():
    x = km.Mixture(np.full(3, 1 / 3), [[-2.0], [0.0], [3.0]], 1.0).sample(200_000, rng=31)[0]
    near, far = np.diff(km.kmeans_1d(x[:, 0], 3).centers)
    assert near > 2.25
    assert far < 2.99


def test_c31_two_dimensions():
    """A triangle with side 2 becomes one with side 2.4268; two groups keep to their axis."""
    angle, radius = np.meshgrid(np.linspace(-np.pi / 3, np.pi / 3, 601), np.linspace(0, 9, 1801))
    x, y = radius * np.cos(angle), radius * np.sin(angle)
    turn = 2 * np.pi / 3 * np.arange(3)
    corners = 2 / math.sqrt(3) * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    density = sum(np.exp(-((x - a) ** 2 + (y - b) ** 2) / 2) for a, b in corners) / 6 / np.pi
    inner = integrate.simpson(x * density * radius, x=angle[0], axis=1)
    center = 3 * integrate.simpson(inner, x=radius[:, 0])
    assert math.sqrt(3) * center == pytest.approx(2.42677, abs=1e-5)
    X, _ = km.Mixture(np.full(3, 1 / 3), corners, 1.0).sample(50_000, rng=31)
    c = km.solve(km.lloyd(X, corners)).last.centers
    sides = np.linalg.norm(c - np.roll(c, 1, axis=0), axis=1)
    assert sides.mean() == pytest.approx(2.42677, abs=0.03)
    X, _ = km.Mixture(HALF, [[-1.0, 0.0], [1.0, 0.0]], 1.0).sample(50_000, rng=31)
    c = km.kmeans(X, 2, n_starts=2, rng=31).last.centers
    assert np.linalg.norm(c[0] - c[1]) == pytest.approx(2 * M0, abs=0.05)


def test_c31_the_mixture_needs_the_right_model_of_the_shares():
    rare = km.data.unbalanced
    x, _ = rare(100_000, rng=31)
    for weights, limit, error in (("free", 2.0, 0.1), ("equal", np.ptp(km.dial(rare, 1.0)), 0.05)):
        start = km.MixtureModel(2, km.Isotropic(1.0), weights).at(rare.means)
        means = km.solve(km.em(x, start), tol=1e-6).last.mixture.means
        assert np.ptp(means) == pytest.approx(limit, abs=error)
    assert np.ptp(km.dial(rare, 1.0)) < 1.2


# Consistency regained


NORMAL_REGAINED = stats.norm.pdf


def expected_log_density(log_density):
    """Return E log q(X) for X from the two normals, by quadrature."""
    x = np.linspace(-14, 14, 5601)[:, None]
    return np.exp(km.data.two_normals.log_density(x)) @ log_density(x) * (x[1, 0] - x[0, 0])


@pytest.mark.parametrize("seed", range(3))
def test_c30_the_expected_log_likelihood_is_largest_at_the_truth(seed):
    """Whatever the other mixture: other weights, means and variances, one to four components."""
    truth, rng = km.data.two_normals, np.random.default_rng(seed)
    best = expected_log_density(truth.log_density)
    assert best == pytest.approx(-1.755769, abs=1e-6)
    for _ in range(100):
        k = rng.integers(1, 5)
        means, variances = rng.normal(scale=1.5, size=(k, 1)), rng.uniform(0.1, 3, size=k)
        other = km.Mixture(rng.dirichlet(np.ones(k)), means, variances)
        assert expected_log_density(other.log_density) < best
    swapped = km.Mixture([0.5, 0.5], [[1.0], [-1.0]], 1.0)
    assert expected_log_density(swapped.log_density) == pytest.approx(best, abs=1e-13)


@pytest.mark.parametrize("structure", [km.Spherical(), km.Diagonal(), km.Full()])
def test_c30_with_covariances_of_their_own_the_likelihood_is_unbounded(structure):
    """Along the path it grows by d log 10 each time the spike narrows tenfold."""
    X = np.random.default_rng(30).normal(size=(20, 2))
    model, unit = km.MixtureModel(2, structure), structure.spherical(1.0, 2, 2)
    weight = np.array([0.0, 1.0]).reshape(2, *[1] * (unit.ndim - 1))
    ell = []
    for s in (1e-6, 1e-7, 1e-60):
        covariances = unit * (weight + (1 - weight) * s * s)
        ell.append(km.log_likelihood(X, km.Mixture([0.5, 0.5], X[[3, 5]], covariances, model)))
    assert ell[1] - ell[0] == pytest.approx(2 * math.log(10))
    assert ell[2] - ell[0] == pytest.approx(2 * 54 * math.log(10))


def test_c30_em_walks_up_the_path_and_the_package_says_so():
    x = np.array([-2.1, -1.3, -0.4, 0.2, 0.9, 1.7, 2.6])[:, None]
    start = km.Mixture([0.5, 0.5], [[0.2], x.mean(axis=0)], [0.1**2, x.var()])
    with pytest.raises(km.DegenerateCovariance) as caught:
        km.solve(km.em(x, start))
    assert caught.value.component == 0


@pytest.mark.parametrize("seed", range(3))
def test_c30_a_common_variance_bounds_the_likelihood(seed):
    """ℓ ≤ −(nd/2) log 2πσ² − W/2σ², W by enumeration; so no small variance is worth its price."""
    rng = np.random.default_rng(seed)
    X, (n, d) = rng.normal(size=(8, 2)), (8, 2)
    W = min(
        sum(len(X[z == i]) * X[z == i].var(axis=0).sum() for i in set(z))
        for z in map(np.array, product(range(2), repeat=n))
    )
    model, top = (
        km.MixtureModel(2, km.Isotropic()),
        -n * d / 2 * (math.log(2 * math.pi * W / n / d) + 1),
    )
    for variance in (1e-12, 1e-4, 1e-2, W / n / d, 1.0, 1e4):
        bound = -n * d / 2 * math.log(2 * math.pi * variance) - W / 2 / variance
        assert bound <= top + 1e-12
        for _ in range(50):
            means = X[rng.choice(n, 2, replace=False)] + rng.normal(
                scale=variance**0.5, size=(2, 2)
            )
            member = km.Mixture(rng.dirichlet([1, 1]), means, variance, model)
            assert km.log_likelihood(X, member) <= bound + 1e-9 * abs(bound)
    best = km.mle(X, model, n_starts=20, rng=seed).last.objective
    assert top - n * math.log(2) <= best <= top


def test_c30_equal_is_what_counts_not_spherical():
    """With too few points (k different ones) a common variance degenerates, too."""
    with pytest.raises(km.DegenerateCovariance):
        km.mle([[0.0], [0.0], [1.0]], km.MixtureModel(2, km.Isotropic()), rng=1)
    X = km.data.old_faithful()
    assert np.isfinite(
        km.mle(X, km.MixtureModel(2, km.Tied()), n_starts=2, tol=1e-6, rng=1).last.objective
    )


@pytest.mark.parametrize("seed", range(2))
def test_c30_the_global_maximum_converges_up_to_numbering(seed):
    """Three groups of unequal shares in the plane: every error is a small multiple of 1/√n."""
    truth = km.Mixture([0.5, 0.3, 0.2], [[0.0, 0], [2.5, 0], [0, 3]], 1.0)
    X, _ = truth.sample(20_000, rng=seed)
    model = km.MixtureModel(3, km.Isotropic())
    for n, allowed in ((1000, 0.4), (20_000, 0.4 / math.sqrt(20))):
        fit = km.mle(X[:n], model, n_starts=4, tol=1e-6, rng=seed).last.mixture
        errors = [
            max(
                abs(fit.means[list(p)] - truth.means).max(),
                abs(fit.weights[list(p)] - truth.weights).max(),
            )
            for p in permutations(range(3))
        ]
        assert max(min(errors), abs(fit.covariances - 1)) < allowed


def first_order(variance_known):
    """Return n·var of the distance, from the information about half of it and the variance."""
    x, step = np.linspace(-14, 14, 28_001), 1e-4

    def log_density(m, v):
        return np.log((NORMAL_REGAINED(x, -m, v**0.5) + NORMAL_REGAINED(x, m, v**0.5)) / 2)

    scores = np.array(
        [
            (log_density(1 + h, 1 + g) - log_density(1 - h, 1 - g)) / 2 / step
            for h, g in ((step, 0), (0, step))
        ]
    )
    information = (scores * np.exp(log_density(1, 1))) @ scores.T * (x[1] - x[0])
    return 4 / information[0, 0] if variance_known else 4 * np.linalg.inv(information)[0, 0]


def test_c32_first_order_puts_the_crossings_at_26_and_60():
    m0 = 2 * NORMAL_REGAINED(1) + 2 * stats.norm.cdf(1) - 1  # E|X|
    bias, scatter = 2 * m0 - 2, 4 * (2 - m0**2)
    known, estimated = first_order(True), first_order(False)
    assert known == pytest.approx(5.450247, abs=1e-5)
    assert estimated == pytest.approx(9.275997, abs=1e-5)
    assert (known - scatter) / bias**2 == pytest.approx(26.06, abs=0.01)
    assert (estimated - scatter) / bias**2 == pytest.approx(60.51, abs=0.01)
    models = km.MixtureModel(2, km.Isotropic(1.0), "equal"), km.MixtureModel(2, km.Isotropic())
    for model, value in zip(models, (known, estimated), strict=True):
        C = km.mle_covariance(model.at([[-1.0], [1.0]], 1.0))
        assert C[0, 0] - 2 * C[0, 1] + C[1, 1] == pytest.approx(value, abs=1e-4)


def normal_rows(x, mean, variance):
    return -((x - mean[:, None]) ** 2) / 2 / variance[:, None] - np.log(variance)[:, None] / 2


def fit_rows(x, share, variance, free, n_iter):
    """Run EM in every row from the labels of a cut; return distance and log-likelihood."""
    n, cut = x.shape[1], round((1 - share) * x.shape[1])
    a, b = x[:, :cut].mean(axis=1), x[:, cut:].mean(axis=1)
    w = np.full(len(x), 1 - cut / n)
    v = np.full(len(x), variance or 0.0)
    if not variance:
        v = x.var(axis=1) - w * (1 - w) * (b - a) ** 2
    if not free:
        w[:] = 0.5
    rows = np.arange(len(x))
    for _ in range(n_iter):
        y, slope = x[rows], (b - a)[rows] / v[rows]
        level = special.logit(w[rows]) - slope * (a + b)[rows] / 2
        r = special.expit(slope[:, None] * y + level[:, None])
        right, total = r.sum(axis=1), y.sum(axis=1)
        taken = np.vecdot(r, y)
        new_a, new_b = (total - taken) / (n - right), taken / right
        moved = abs(new_b - new_a - b[rows] + a[rows]) > 1e-6
        a[rows], b[rows] = new_a, new_b
        if not variance:
            v[rows] = (np.vecdot(y, y) - right * new_b**2 - (n - right) * new_a**2) / n
        if free:
            w[rows] = right / n
        rows = rows[moved]
        if not len(rows):
            break
    left = np.log1p(-w)[:, None] + normal_rows(x, a, v)
    ell = np.logaddexp(left, np.log(w)[:, None] + normal_rows(x, b, v))
    return b - a, ell.sum(axis=1)


def global_mle_distance(x, variance=None, free=False):
    """Return the distance of the best of several places of rest, and of one group."""
    x = np.sort(x, axis=1)
    one = np.full(len(x), variance) if variance else x.var(axis=1)
    distance, best = np.zeros(len(x)), normal_rows(x, x.mean(axis=1), one).sum(axis=1)
    for share in (0.05, 0.5, 0.95) if free else (0.5,):
        d, ell = fit_rows(x, share, variance, free, 200 if free else 2000)
        distance, best = np.where(ell > best, d, distance), np.maximum(ell, best)
    return distance


def draw_rows(samples, n, seed):
    return km.data.two_normals(samples * n, rng=seed)[0].reshape(samples, n)


@pytest.mark.parametrize(
    ("options", "n", "samples", "kmeans_is_better"),
    [
        ({"variance": 1.0}, 26, 5000, True),  # where first order says equal
        ({"variance": 1.0}, 40, 4000, False),
        ({}, 60, 600, True),  # where first order says equal
        ({}, 100, 1500, True),
        ({}, 300, 800, False),
        ({"free": True}, 30, 2000, True),
        ({"free": True}, 300, 500, False),
    ],
)
def test_c32_simulated_crossings_lie_further_out(options, n, samples, kmeans_is_better):
    """About 32, 190 and 85: paired, with exact k-means and the global maximum, four s.e."""
    x = draw_rows(samples, n, seed=32)
    hard = np.ptp(km.kmeans_1d(x, 2).centers, axis=1)
    lead = (global_mle_distance(x, **options) - 2) ** 2 - (hard - 2) ** 2
    error = 4 * lead.std() / math.sqrt(samples)
    assert lead.mean() > error if kmeans_is_better else lead.mean() < -error


def test_c32_the_estimate_collapses_in_a_share_of_samples_that_first_order_cannot_see():
    """At n = 100 in one of twenty, which costs more than the whole first-order error."""
    x = draw_rows(2000, 100, seed=100)
    distance = global_mle_distance(x)
    share, error = np.mean(distance == 0), 4 * math.sqrt(0.05 / 2000)
    assert share == pytest.approx(0.052, abs=error)
    assert 4 * share > 9.276 / 100
    rest = (distance[distance > 0] - 2) ** 2
    assert rest.mean() == pytest.approx(0.101, abs=4 * rest.std() / math.sqrt(len(rest)))
    kurtosis = stats.kurtosis(x, axis=1, fisher=False)
    assert (kurtosis[distance == 0] > 2.95).all()
    assert np.mean(distance[kurtosis > 3] == 0) > 0.8


def exact_moment(j):
    """Return E X^j for the two normals, j even, in whole numbers."""
    return sum(math.comb(j, i) * math.prod(range(i - 1, 0, -2)) for i in range(0, j + 1, 2))


def test_c32_the_cliff_is_a_sixth_of_root_n_standard_errors_away():
    """The kurtosis is 5/2, and n times the variance of the sample's tends to 9, exactly."""
    m2, m4, m6, m8 = (exact_moment(j) for j in (2, 4, 6, 8))
    assert (m2, m4, m6, m8) == (2, 10, 76, 764)
    a, b = Fraction(1, m2**2), Fraction(2 * m4, m2**3)  # influence: a (x⁴ − m4) − b (x² − m2)
    assert Fraction(m4, m2**2) == Fraction(5, 2)
    assert a * a * (m8 - m4**2) - 2 * a * b * (m6 - m2 * m4) + b * b * (m4 - m2**2) == 9


@pytest.mark.parametrize("seed", range(6))
def test_c32_one_group_is_a_local_maximum_exactly_if_the_kurtosis_exceeds_3(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=60) if seed % 2 else rng.uniform(-1, 1, size=60)
    x = np.append(x, 4.0) if seed % 2 else x  # an outlier: kurtosis above 3
    x = (x - x.mean()) / x.std()
    kurtosis = np.mean(x**4)
    assert (kurtosis > 3) == bool(seed % 2)
    one = stats.norm.logpdf(x).sum()

    def lead(c, m, v, w=0.5):
        """Return what the member with center c, half-distance m, variance v has over one group."""
        parts = [
            np.log(q) + stats.norm.logpdf(x, c + s * m, v**0.5) for q, s in ((1 - w, -1), (w, 1))
        ]
        return np.logaddexp(*parts).sum() - one

    for tau in (0.1, 0.2):
        promised = -(tau**4) / 12 * len(x) * (kurtosis - 3)
        assert lead(0, tau, 1 - tau**2) == pytest.approx(promised, rel=0.3)
    nearby = optimize.minimize(
        lambda p: -lead(p[0], p[1], math.exp(p[2])), [0, 0.3, -0.1], method="Nelder-Mead"
    )
    if seed % 2:
        assert nearby.fun == pytest.approx(0, abs=1e-6)
    else:
        assert nearby.fun < -0.1


@pytest.mark.parametrize("seed", range(6))
def test_c32_with_free_weights_no_single_normal_is_the_maximum(seed):
    """A member with the sample's mean and variance, and skewed to the right side, beats it."""
    x = np.random.default_rng(seed).normal(size=50)
    x = (x - x.mean()) / x.std()
    tau, w = 1e-2, 0.2 if np.mean(x**3) > 0 else 0.8  # the share of the right component
    offsets = tau * np.array([-math.sqrt(w / (1 - w)), math.sqrt((1 - w) / w)])
    member = km.Mixture([1 - w, w], offsets[:, None], 1 - tau**2)
    assert km.log_likelihood(x[:, None], member) > stats.norm.logpdf(x).sum()


# Speed and stability


def groups(distance, n, seed):
    """Return n points in three spherical groups in the plane, and five starts."""
    rng = np.random.default_rng(seed)
    turn = 2 * np.pi / 3 * np.arange(3)
    means = distance / 3**0.5 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    X = means[rng.integers(3, size=n)] + rng.normal(size=(n, 2))
    return X, [X[rng.choice(n, 3, replace=False)] for _ in range(5)]


def counts(X, starts):
    """Return the mean number of iterations of k-means and of EM with σ²I."""
    model = km.MixtureModel(3, km.Isotropic())
    hard = [km.solve(km.lloyd(X, s)).n_iter for s in starts]
    soft = [km.solve(km.em(X, model.at(s, 1.0)), tol=1e-6).n_iter for s in starts]
    return np.mean(hard), np.mean(soft)


@pytest.mark.parametrize("seed", range(3))
def test_c33_em_needs_many_more_iterations_where_groups_overlap(seed):
    hard, soft = counts(*groups(1.5, 1500, seed))
    assert soft > 2 * hard


@pytest.mark.parametrize("seed", range(3))
def test_c33_the_excess_depends_on_the_overlap(seed):
    near, far = (np.divide(*counts(*groups(d, 1500, seed))[::-1]) for d in (1.5, 6.0))
    assert near > 1.5 * far


@pytest.mark.parametrize("seed", range(3))
def test_c33_the_number_of_iterations_does_not_grow_with_the_data(seed):
    """The rate has a limit: ten times the data, iterations within a factor of two."""
    model = km.MixtureModel(2, km.Isotropic(1.0), weights="equal")
    runs = [
        km.solve(
            km.em(km.data.two_normals(n, rng=seed)[0], model.at([[-2.0], [2.0]])), tol=1e-8
        ).n_iter
        for n in (2000, 20_000)
    ]
    assert 0.5 < runs[1] / runs[0] < 2


def expectation(f, eps, delta):
    """Return E f(X) for ½N(−δ, ε) + ½N(δ, ε), by quadrature."""
    normal = stats.norm(delta, math.sqrt(eps))
    return integrate.quad(lambda x: f(x) * normal.pdf(x), -30, 30, points=[0, delta], limit=400)[0]


@pytest.mark.parametrize(("eps", "delta"), [(1.0, 0.5), (1.0, 1.0), (0.3, 1.0), (2.0, 3.0)])
def test_c33_the_rate_is_the_missing_information(eps, delta):
    """M′(δ) by differences, 1 − εI from the score, and the bound exp(−δ²/2ε)."""

    def step(m):
        return expectation(lambda x: x * math.tanh(m * x / eps), eps, delta)

    slope = (step(delta + 1e-4) - step(delta - 1e-4)) / 2e-4
    score = expectation(lambda x: ((x * math.tanh(delta * x / eps) - delta) / eps) ** 2, eps, delta)
    assert step(delta) == pytest.approx(delta, rel=1e-7)
    assert slope == pytest.approx(1 - eps * score, abs=1e-5)
    assert 0 < slope < math.exp(-(delta**2) / (2 * eps))


@pytest.mark.parametrize("eps", [0.5, 1.5])
def test_c33_the_rate_grows_along_the_dial(eps):
    def step(m, e):
        return expectation(lambda x: x * math.tanh(m * x / e), 1.0, 1.0)

    def rate(e):
        m = optimize.brentq(lambda m: step(m, e) - m, 1e-2, 3)
        return (step(m + 1e-4, e) - step(m - 1e-4, e)) / 2e-4

    assert rate(eps) < rate(eps + 0.05) < 1


def success(X, k, covariance, starts):
    """Return the share of starts at the best value, and the agreement of the partitions."""
    finals, parts = [], []
    for seed in range(starts):
        start = km.random_points(X, k, rng=100 + seed)
        if covariance is None:
            run = km.solve(km.lloyd(X, start))
            parts.append(km.assign(X, run.last.centers))
        else:
            member = km.MixtureModel(k, covariance).at(start, km.within_ss(X, start) / X.size)
            run = km.solve(km.em(X, member), tol=1e-8)
            parts.append(run.last.mixture.assign(X))
        finals.append(run.last.objective * (1 if covariance else -1))
    finals = np.array(finals)
    return np.mean(finals > finals.max() - 1e-4 * abs(finals.max())), km.stability(parts)


def test_c34_kmeans_is_less_stable_on_old_faithful():
    X, starts = km.data.old_faithful(), 20
    hard, soft = (success(X, 3, c, starts) for c in (None, km.Isotropic()))
    error = math.sqrt(0.25 / starts)
    assert hard[0] + 4 * error < soft[0]
    assert hard[1] < soft[1]


def test_c34_kmeans_is_not_always_less_stable():
    """Nine groups far apart, three samples: k-means succeeds no less often, and agrees as well."""
    steps = 6.0 * np.arange(3)
    means = np.array([[a, b] for a in steps for b in steps])
    truth = km.Mixture(np.ones(9) / 9, means, 1.0)
    samples = [truth.sample(600, rng=seed)[0] for seed in range(3)]
    hard, soft = (
        np.mean([success(X, 9, c, 25) for X in samples], axis=0) for c in (None, km.Isotropic())
    )
    assert hard[0] > soft[0]
    assert hard[1] > soft[1] - 0.05


@pytest.mark.parametrize("p", [0.13, 0.5])
def test_c34_time_to_the_first_success_is_the_time_of_a_run_over_p(p):
    """Failures take three times as long as successes, and still Wald's identity holds."""
    rng, samples = np.random.default_rng(1), 20_000
    total = np.empty(samples)
    for i, failures in enumerate(rng.geometric(p, samples) - 1):
        total[i] = rng.exponential(3.0, failures).sum() + rng.exponential(1.0)
    mean = p * 1.0 + (1 - p) * 3.0
    assert total.mean() == pytest.approx(mean / p, abs=4 * total.std() / math.sqrt(samples))


@pytest.mark.parametrize("covariance", [km.Isotropic(), km.Spherical(), km.Tied(), km.Full()])
def test_c33_em_over_blocks_is_em(covariance):
    X, _ = groups(2.5, 900, 1)
    mixture = km.MixtureModel(3, covariance).at(X[:3], 1.0)
    for state in islice(km.em(X, mixture), 1, 8):
        blocks = [X[:1], X[1:200], X[200:650], X[650:]]
        sent = [pickle.loads(pickle.dumps(mixture.statistics(B))) for B in blocks]
        mixture = mixture.model.mle(sum(sent))
        np.testing.assert_allclose(mixture.means, state.mixture.means, atol=1e-9)
        np.testing.assert_allclose(mixture.covariances, state.mixture.covariances, atol=1e-9)


# Bayesian estimators


MODEL = km.MixtureModel(2, km.Isotropic(1.0), weights="equal")


TAU2 = 4.0


PRIOR = km.Prior(MODEL, [0.0], strength=1 / TAU2)


def grid(x, eps=1.0, size=161):
    """Log-likelihood and log-prior of two means, both on a grid from −4 to 4."""
    m = np.linspace(-4, 4, size)
    logs = [stats.norm(m, math.sqrt(eps)).logpdf(value) for value in x]
    log_likelihood = sum(np.logaddexp(f[:, None], f) - math.log(2) for f in logs)
    log_prior = stats.norm(0, math.sqrt(TAU2)).logpdf(m)
    return m, log_likelihood, log_prior[:, None] + log_prior


def expectation_bayes(log_p, values):
    p = np.exp(log_p - log_p.max())
    return (p * values).sum() / p.sum()


@pytest.mark.parametrize("seed", range(3))
def test_c09_three_ways_to_fit_one_mixture(seed):
    """EM ends at the maximum of the likelihood, Gibbs sampling and variational Bayes do not."""
    X, _ = km.data.two_normals(25, rng=seed)
    m, log_likelihood, log_prior = grid(X[:, 0])
    apart = abs(m[:, None] - m)
    mle = km.mle(X, MODEL, rng=seed).last.mixture.means
    best = apart.flat[log_likelihood.argmax()]
    assert np.ptp(mle) == pytest.approx(best, abs=0.1)
    # the posterior, by quadrature and by Gibbs sampling, to four standard errors
    posterior = log_likelihood + log_prior
    mean = expectation_bayes(posterior, apart)
    square = expectation_bayes(posterior, apart**2)
    states = islice(km.gibbs(X, PRIOR, MODEL.at([[-1.0], [1.0]]), rng=seed), 50, 2050)
    draws = np.array([np.ptp(state.mixture.means) for state in states])
    for found, exact in ((draws, mean), (draws**2, square)):
        batches = found.reshape(20, -1).mean(axis=1)
        assert abs(batches.mean() - exact) < 4 * batches.std(ddof=1) / math.sqrt(20)
    # variational Bayes has a smaller spread than the posterior, and a bound below the evidence
    run = km.solve(km.variational(X, PRIOR, MODEL.at([[-1.0], [1.0]])))
    evidence = special.logsumexp(posterior) + 2 * math.log(m[1] - m[0])
    assert run.last.objective < evidence
    assert (1 / run.last.posterior.strength).sum() < square - mean**2


@pytest.mark.parametrize("seed", range(5))
def test_c09_the_posterior_knows_no_names(seed):
    """Both means have the same posterior mean, and a point is as likely to have either label."""
    X, _ = km.data.two_normals(25, rng=seed)
    m, log_likelihood, log_prior = grid(X[:, 0])
    posterior = log_likelihood + log_prior
    first, second = (expectation_bayes(posterior, mean) for mean in (m[:, None], m))
    assert first == pytest.approx(second, abs=1e-9)
    for x in (-2.0, 0.3, 1.5):
        own, other = (stats.norm(mean).pdf(x) for mean in (m[:, None], m))
        assert expectation_bayes(posterior, own / (own + other)) == pytest.approx(0.5, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_c09_the_posterior_tends_to_k_means(seed):
    """The bound kⁿ e^{−η/4ε} / P(W < min W + η/2), by quadrature; min W by enumeration."""
    x, eta = np.random.default_rng(seed).normal(size=6), 1.0
    least = min(
        sum(np.var(part) * len(part) for i in range(2) if (part := x[np.array(z) == i]).size)
        for z in product(range(2), repeat=6)
    )
    m, _, log_prior = grid(x)
    W = sum(np.minimum((v - m[:, None]) ** 2, (v - m) ** 2) for v in x)
    close = expectation_bayes(log_prior, least + eta / 2 > W)
    shares = []
    for eps in (0.3, 0.1, 0.03, 0.01):
        posterior = grid(x, eps)[1] + log_prior
        shares.append(expectation_bayes(posterior, least + eta < W))
        assert shares[-1] <= 2**6 * math.exp(-eta / (4 * eps)) / close
    assert shares[-1] < 1e-6
    assert shares[0] > shares[1] > shares[2]


@pytest.mark.parametrize("seed", range(5))
def test_c09_a_flat_prior_leaves_one_component(seed):
    """Weights uniform, variance known: all labelings of six points, as κ vanishes."""
    x = np.random.default_rng(seed).normal(size=6) + np.repeat([-1.5, 1.5], 3)
    alone = []
    for kappa in (1.0, 1e-4, 1e-16):
        log_p = []
        for z in product(range(2), repeat=6):
            value = 0.0
            for part in (x[np.array(z) == i] for i in range(2)):
                n = len(part)
                precision = np.eye(n) - np.ones((n, n)) / (kappa + n)  # of N(0, I + 11ᵀ/κ)
                value += math.lgamma(n + 1) + 0.5 * math.log(kappa / (kappa + n))
                value -= 0.5 * part @ precision @ part
            log_p.append(value)
        p = special.softmax(log_p)
        alone.append(p[0] + p[-1])
    assert alone[2] > 0.99
    assert alone[0] < alone[1] < alone[2]
