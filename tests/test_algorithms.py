"""Algorithms: Lloyd, EM and classification EM, iterate by iterate, and the theorems on them."""

import tracemalloc
from contextlib import suppress
from itertools import islice

import numpy as np
import oracles
import pytest
from hypothesis import given
from scipy.stats import ortho_group
from strategies import STRUCTURES, data_and_centers, example, name, seeds

import kmgmm as km
from kmgmm import _arrays

SEEDS = range(10)
MIXTURES = [*STRUCTURES, km.Isotropic(0.5)]


def states(iterator, n):
    return list(islice(iterator, n))


def until_collapse(iterator, n):
    """At most n states, fewer if a component collapses."""
    found = []
    with suppress(km.DegenerateCovariance):
        for state in islice(iterator, n):
            found.append(state)
    return found


def rising(trace):
    """Whether a trace never falls by more than rounding."""
    return np.diff(trace).min() >= -1e-12 * np.abs(trace).max()


# Lloyd


@given(data_and_centers())
def test_lloyd_equals_the_loops(case):
    X, start = case
    found = states(km.lloyd(X, start), 6)
    for state, centers in zip(found, oracles.lloyd(X, start, 5), strict=True):
        distances = oracles.squared_distances(X, state.centers)
        # A tie that rounding decides may go either way: compare up to the first.
        np.testing.assert_allclose(state.centers, centers, atol=1e-12)
        assert state.objective == pytest.approx(distances.min(axis=1).sum(), rel=1e-9, abs=1e-12)
        assert state.counts.sum() == len(X)
        nearest = np.partition(distances, min(1, len(start) - 1), axis=1)
        if len(start) > 1 and (nearest[:, 1] - nearest[:, 0]).min() < 1e-9:
            break
        np.testing.assert_array_equal(
            state.counts, np.bincount(distances.argmin(axis=1), minlength=len(start))
        )


@given(data_and_centers(max_n=60))
def test_lloyd_descends_and_ends_at_a_fixed_point(case):
    X, start = case
    run = km.solve(km.lloyd(X, start), max_iter=len(X) ** 3)
    assert run.converged
    assert rising(-run.trace)
    again = states(km.lloyd(X, run.last.centers), 2)[1]
    assert again.objective == pytest.approx(run.trace[-1], rel=1e-12, abs=1e-12)
    np.testing.assert_allclose(again.centers, run.last.centers, atol=1e-9)


def test_an_empty_cluster_keeps_its_center_and_shows_in_the_counts():
    found = states(km.lloyd([[0.0], [1.0], [5.0]], [[0.0], [4.0], [1e6]]), 4)
    assert [s.counts.tolist() for s in found] == [[2, 1, 0]] * 4
    assert [s.centers[2, 0] for s in found] == [1e6] * 4
    assert found[-1].centers.ravel().tolist() == [0.5, 5, 1e6]


def test_a_tie_goes_to_the_first_center():
    first = next(km.lloyd([[0.0], [1.0], [2.0], [9.0]], [[0.0], [2.0]]))
    assert first.counts.tolist() == [2, 2]
    first = next(km.lloyd([[0.0], [1.0], [2.0], [9.0]], [[2.0], [0.0]]))
    assert first.counts.tolist() == [3, 1]
    first = next(km.lloyd([[0.0], [1.0]], [[0.0], [0.0], [0.0]][:2]))
    assert first.counts.tolist() == [2, 0]


@pytest.mark.parametrize("seed", SEEDS)
def test_lloyds_means_depend_on_the_partition_alone(seed):
    """From centers that give the same partition, the next centers agree to the last digit."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(200, 2)) + 1e3
    last = km.kmeans(X, 3, n_starts=1, rng=rng).last.centers
    nudged = last * (1 + 1e-13 * rng.standard_normal(last.shape))
    for start in (last, nudged):
        np.testing.assert_array_equal(states(km.lloyd(X, start), 2)[1].centers, last)


# States


@pytest.mark.parametrize("algorithm", [km.em, km.classification_em])
@pytest.mark.parametrize("structure", MIXTURES, ids=repr)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_state_has_the_objective_of_its_own_parameters(algorithm, structure, seed):
    X, start = example(structure, seed, n=100)
    found = states(algorithm(X, start), 4)
    assert found[0].mixture is start
    for state in found:
        joint = oracles.log_joint(
            X, state.mixture.weights, state.mixture.means, state.mixture.covariance_matrices
        )
        if algorithm is km.em:
            assert state.objective == pytest.approx(oracles.log_density(joint).sum(), rel=1e-10)
            assert state.objective == pytest.approx(km.log_likelihood(X, state.mixture), rel=1e-12)
            R = oracles.responsibilities(joint)
        else:
            own = km.classification_log_likelihood(X, state.mixture)
            assert state.objective == pytest.approx(joint.max(axis=1).sum(), rel=1e-10)
            assert state.objective == pytest.approx(own, rel=1e-12)
            R = oracles.one_hot(joint)
        np.testing.assert_allclose(state.counts, R.sum(axis=0), rtol=1e-8, atol=1e-8)
        assert state.mixture.model is start.model


@pytest.mark.parametrize("seed", SEEDS)
def test_the_first_state_is_the_start_and_nobody_can_move_it(seed):
    X = np.random.default_rng(seed).standard_normal((50, 2))
    start = X[:3].copy()
    iterator = km.lloyd(X, start)
    start += 7  # after the call: too late
    first = next(iterator)
    np.testing.assert_array_equal(first.centers, X[:3])
    assert first.objective == pytest.approx(km.within_ss(X, X[:3]))


def test_counts_handed_out_cannot_change_the_next_m_step():
    X, start = example(km.Spherical(), 1)
    iterator = km.em(X, start)
    with pytest.raises(ValueError, match="read-only"):
        next(iterator).counts[0] = 0


@pytest.mark.parametrize("algorithm", [km.em, km.classification_em])
@pytest.mark.parametrize(
    "start", [[[0.0], [1.0]], np.zeros((2, 1)), None, km.MixtureModel(2, km.Full())]
)
def test_a_start_that_is_no_mixture_is_refused_at_the_call(algorithm, start):
    with pytest.raises(TypeError, match=r"start must be a Mixture; got "):
        algorithm([[0.0], [1.0]], start)


# EM


@pytest.mark.parametrize("structure", MIXTURES, ids=repr)
@pytest.mark.parametrize("weights", ["free", "equal"])
@pytest.mark.parametrize("seed", SEEDS)
def test_em_climbs_and_classification_em_does_too(structure, weights, seed):
    X, start = example(structure, seed, n=200, weights=weights)
    for algorithm in (km.em, km.classification_em):
        found = until_collapse(algorithm(X, start), 40)
        assert len(found) >= 8
        assert rising([s.objective for s in found])


@pytest.mark.parametrize("structure", MIXTURES, ids=repr)
@pytest.mark.parametrize("seed", SEEDS)
def test_em_ends_where_the_gradient_in_the_means_is_zero(structure, seed):
    """At a stationary point μ_i is the mean of its claims and nothing changes any more."""
    X, start = example(structure, seed, n=300)
    last = km.solve(km.em(X, start), tol=1e-12).last.mixture
    R = last.responsibilities(X)
    weighted = R.T @ X / R.sum(axis=0)[:, None]
    np.testing.assert_allclose(last.means, weighted, atol=1e-3)
    np.testing.assert_allclose(last.weights, R.mean(axis=0), atol=1e-3)


def test_a_component_that_loses_every_point_stays_with_weight_zero():
    model = km.MixtureModel(2, km.Isotropic(1.0))
    start = model.at([[0.0], [1e3]])
    found = states(km.em([[-1.0], [1.0]], start), 4)
    assert [s.counts.tolist() for s in found] == [[2, 0]] * 4
    assert found[-1].mixture.means.ravel().tolist() == [0, 1e3]
    assert found[-1].mixture.weights.tolist() == [1, 0]


@pytest.mark.parametrize("structure", [km.Spherical(), km.Diagonal(), km.Full()], ids=name)
def test_a_component_that_loses_every_point_and_has_a_covariance_of_its_own_collapses(structure):
    start = km.MixtureModel(2, structure).at([[0.0], [1e3]], 1.0)
    iterator = km.em([[-1.0], [1.0]], start)
    assert next(iterator).counts.tolist() == [2, 0]
    with pytest.raises(km.DegenerateCovariance, match=r"component 1 .* at iteration 1$") as caught:
        next(iterator)
    assert caught.value.component == 1


def test_a_collapse_names_the_component_and_the_iteration():
    """The likelihood is unbounded: a component closes in on one point."""
    X = np.array([[0.0], [10.0], [11.0], [12.0], [13.0]])
    start = km.Mixture([0.5, 0.5], [[0.0], [11.5]], [1.0, 1.0])
    found = until_collapse(km.em(X, start), 100)
    with pytest.raises(km.DegenerateCovariance, match=r"component 0 .* at iteration") as caught:
        states(km.em(X, start), 100)
    assert caught.value.component == 0
    assert str(caught.value).endswith(f" at iteration {len(found)}")
    assert len(found) >= 2
    assert rising([s.objective for s in found])


# The theorem: classification EM with εI and equal weights is Lloyd's algorithm


@pytest.mark.parametrize("eps", [1e-300, 1e-6, 0.1, 1.0, 50.0, 1e6, 1e300])
@pytest.mark.parametrize("seed", range(20))
def test_classification_em_is_lloyd_iterate_by_iterate(eps, seed):
    rng = np.random.default_rng(seed)
    k, d, n = rng.integers(2, 6), rng.integers(1, 4), 80
    X = rng.standard_normal((n, d)) * 2
    start = km.random_points(X, k, rng=rng)
    model = km.MixtureModel(k, km.Isotropic(eps), weights="equal")
    hard = km.classification_em(X, model.at(start))
    for lloyd, state in islice(zip(km.lloyd(X, start), hard, strict=False), 15):
        np.testing.assert_allclose(state.mixture.means, lloyd.centers, rtol=1e-12, atol=1e-13)
        np.testing.assert_array_equal(state.counts, lloyd.counts)
        constant = -n * (np.log(k) + 0.5 * d * np.log(2 * np.pi * eps))
        assert state.objective == pytest.approx(constant - lloyd.objective / eps / 2, rel=1e-10)


@pytest.mark.parametrize("weights", ["free", "equal"])
@pytest.mark.parametrize("seed", range(20))
def test_em_becomes_lloyd_as_eps_vanishes(weights, seed):
    """As ε → 0 each iterate of EM tends to Lloyd's, whatever the (positive) weights."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((60, 2))
    start = km.random_points(X, 3, rng=rng)
    hard = states(km.lloyd(X, start), 8)
    gaps = []
    for eps in (1.0, 1e-2, 1e-12, 1e-300):
        soft = states(km.em(X, km.MixtureModel(3, km.Isotropic(eps), weights).at(start)), 8)
        pairs = zip(soft, hard, strict=True)
        gaps.append(max(abs(s.mixture.means - h.centers).max() for s, h in pairs))
    assert gaps[0] > 0.01  # at ε = 1 they differ
    np.testing.assert_allclose(gaps[2:], 0, atol=1e-12)


# Equivariance. Data on a grid of 2⁻²⁰, so that a shift by 1e8 rounds nothing.


def gridded(X):
    return np.round(X * 2**20) / 2**20


def run(X, start, n=6):
    """Objective, counts, means and covariances after n − 1 iterations."""
    if isinstance(start, km.Mixture):
        last = states(km.em(X, start), n)[-1]
        mixture = last.mixture
        return last.objective, last.counts, mixture.means, mixture.covariance_matrices
    last = states(km.lloyd(X, start), n)[-1]
    return last.objective, last.counts, last.centers, np.eye(X.shape[1])


def moved(start, means, covariances=None, order=slice(None)):
    if not isinstance(start, km.Mixture):
        return means
    covariances = start.covariances if covariances is None else covariances
    return km.Mixture(start.weights[order], means, covariances, start.model)


def close(found, expected, size=1.0):
    """Agreement to six digits of the data's scatter."""
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-6 * size)


CASES = [*MIXTURES, "lloyd"]


def case(kind, seed, n=150):
    X, start = example(km.Full() if kind == "lloyd" else kind, seed, n=n)
    X = gridded(X)
    means = gridded(start.means)
    return X, means if kind == "lloyd" else moved(start, means)


def means_of(start):
    return getattr(start, "means", start)


@pytest.mark.parametrize("kind", CASES, ids=str)
@pytest.mark.parametrize("seed", SEEDS)
class TestEquivariance:
    @pytest.mark.parametrize("shift", [1.0, -1e4, 1e8])
    def test_translation(self, kind, seed, shift):
        X, start = case(kind, seed)
        shift = shift * np.array([1.0, -0.5])
        objective, counts, means, covariances = run(X, start)
        found = run(X + shift, moved(start, means_of(start) + shift))
        close(
            (found[0], found[1], found[2] - shift, found[3]),
            (objective, counts, means, covariances),
        )

    @pytest.mark.parametrize("exponent", [-27, -3, 27])
    def test_scale(self, kind, seed, exponent):
        """Between 1e-8 and 1e8, and no power of two, so that every operation rounds."""
        X, start = case(kind, seed)
        scale = 0.7 * 2.0**exponent
        objective, counts, means, covariances = run(X, start)
        if kind == "lloyd":
            other, objective, factor = scale * start, objective * scale**2, 1.0
        else:
            model = start.model
            if model.covariance.eps:
                structure = km.Isotropic(model.covariance.eps * scale**2)
                model = km.MixtureModel(3, structure)
            other = km.Mixture(
                start.weights, scale * start.means, start.covariances * scale**2, model
            )
            objective, factor = objective - X.size * np.log(scale), scale**2
        found = run(scale * X, other)
        close(
            (found[0] / objective, found[1], found[2] / scale, found[3] / factor),
            (1.0, counts, means, covariances),
        )

    def test_rotation(self, kind, seed):
        """By any angle; by a right angle where the axes matter, so that they change places."""
        X, start = case(kind, seed)
        Q = ortho_group.rvs(2, random_state=seed)
        covariances = None
        if isinstance(kind, km.Diagonal):
            Q, covariances = np.array([[0.0, -1.0], [1.0, 0.0]]), start.covariances[:, ::-1]
        elif isinstance(kind, km.Tied | km.Full):
            covariances = Q @ start.covariances @ Q.T
        objective, counts, means, matrices = run(X, start)
        expected = (objective, counts, means @ Q.T, Q @ matrices @ Q.T)
        close(run(X @ Q.T, moved(start, means_of(start) @ Q.T, covariances)), expected)

    def test_relabeling(self, kind, seed):
        X, start = case(kind, seed)
        order = np.random.default_rng(seed).permutation(3)
        own = isinstance(kind, km.Spherical | km.Diagonal | km.Full)
        other = moved(
            start, means_of(start)[order], start.covariances[order] if own else None, order
        )
        objective, counts, means, matrices = run(X, start)
        per_component = matrices if kind == "lloyd" else matrices[order]
        close(run(X, other), (objective, counts[order], means[order], per_component))

    def test_row_order(self, kind, seed):
        X, start = case(kind, seed)
        close(run(np.random.default_rng(seed).permutation(X), start), run(X, start))

    def test_duplicated_rows(self, kind, seed):
        X, start = case(kind, seed)
        objective, counts, means, matrices = run(X, start)
        close(run(np.repeat(X, 3, axis=0), start), (3 * objective, 3 * counts, means, matrices))

    def test_block_size(self, kind, seed, monkeypatch):
        X, start = case(kind, seed, n=2500)
        whole = run(X, start)
        monkeypatch.setattr(_arrays, "BLOCK_VALUES", 1)  # blocks of 256
        close(run(X, start), whole)


# Memory


@pytest.mark.parametrize("kind", ["lloyd", km.Isotropic(1.0), km.Full()], ids=str)
def test_an_iteration_needs_a_block_and_not_another_copy_of_the_data(kind):
    X = np.random.default_rng(1).standard_normal((1_000_000, 2))
    start = X[:3] if kind == "lloyd" else km.MixtureModel(3, kind).at(X[:3], 1.0)
    tracemalloc.start()
    try:
        states(km.lloyd(X, start) if kind == "lloyd" else km.em(X, start), 2)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= 20 * 2**20


@given(seeds())
def test_every_iteration_of_em_is_the_e_step_and_the_m_step(seed):
    X, start = example(km.Full(), seed)
    first, second = states(km.em(X, start), 2)
    by_hand = start.model.mle(start.model.statistics(X, start.responsibilities(X)))
    np.testing.assert_allclose(second.mixture.means, by_hand.means, rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(
        second.mixture.covariances, by_hand.covariances, rtol=1e-6, atol=1e-9
    )
    assert first.objective <= second.objective + 1e-9


@pytest.mark.parametrize("structure", [km.Isotropic(), km.Tied()], ids=name)
@pytest.mark.parametrize("gap", [1.0, 1e2, 1e5, 1e8])
def test_a_common_covariance_keeps_its_digits_however_far_apart_the_components_are(structure, gap):
    """EM knows the total scatter for good; what the means leave of it may be too little for it."""
    rng, rounding = np.random.default_rng(1), 1e-9 + 1e-15 * gap
    centers = gap * np.array([[0.0, 0.0], [3.0, 1.0], [-2.0, 2.0]])
    X = centers[rng.integers(3, size=600)] + rng.standard_normal((600, 2))
    mixture = start = km.MixtureModel(3, structure).at(centers + 0.5, 2.0)
    for state in islice(km.em(X, start), 1, 6):
        mixture = start.model.mle(mixture.statistics(X))  # without the total
        covariances = [m.covariances for m in (state.mixture, mixture)]
        np.testing.assert_allclose(*covariances, rtol=rounding, atol=rounding)
        assert state.objective == pytest.approx(km.log_likelihood(X, mixture), rel=1e-9)


def test_a_common_ellipse_that_narrows_to_nothing_is_refused():
    """No feature's variance vanishes: what the means leave of the total is flat all the same."""
    X = np.repeat([[0.1, 0.2], [1.3, 0.7], [2.9, 0.4]], [13, 13, 14], axis=0)
    start = km.MixtureModel(2, km.Tied()).at(X[[0, -1]], 1.0)
    with pytest.raises(km.DegenerateCovariance):
        list(islice(km.em(X, start), 30))


@pytest.mark.parametrize("order", [1, -1])
def test_em_climbs_wherever_its_origin_lies(order):
    """Its origin is the first point, which may be of a group far from all others."""
    rng = np.random.default_rng(3)
    groups = [rng.standard_normal((n, 2)) for n in (50, 200, 200)]
    X = np.vstack([groups[0] + 1e6, groups[1], groups[2] * [0.5, 1] + [2.5, 0]])[::order]
    start = km.MixtureModel(3, km.Full()).at([[0, 0], [2, 0], [1e6, 1e6]], 1.0)
    objectives = np.array([state.objective for state in islice(km.em(X, start), 90)])
    assert np.diff(objectives).min() > -5e-13 * abs(objectives[-1])


def test_what_em_finds_can_be_made_again_as_a_mixture():
    corners = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1.0]])
    means = np.array([[0, 0], [6.6, 2.2], [13.2, -2.2]])
    X = np.vstack([corners + mean for mean in means])
    start = km.MixtureModel(3, km.Tied()).at(means, 1.0)
    for state in islice(km.em(X, start), 5):
        m = state.mixture
        assert km.Mixture(m.weights, m.means, m.covariances, m.model).k == 3
