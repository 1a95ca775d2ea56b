"""Priors, Gibbs sampling, variational Bayes: against enumeration, closed forms and Geweke's test.

Simulations allow four standard errors, most of them estimated from 25 batches: a right program
fails a comparison with one seed in 2,000 (Student's t, 24 degrees of freedom). Seeds are fixed.
"""

import math
from dataclasses import replace
from itertools import islice, product

import numpy as np
import pytest
from scipy import integrate, special, stats
from scipy.stats import ortho_group

import kmgmm as km
from kmgmm import _arrays, _distributions, bayes

SEEDS = range(8)
KINDS = list(product(["known", "free"], ["equal", "free", "fixed"]))  # variance, weights


def prior_of(kind, k=2, d=1, seed=0, **changes):
    """A prior of a kind, with different numbers for each component."""
    rng = np.random.default_rng(seed)
    variance, weights = kind
    weights = rng.dirichlet(np.full(k, 9.0)) if weights == "fixed" else weights
    eps = 0.8 if variance == "known" else None
    values = {
        "model": km.MixtureModel(k, km.Isotropic(eps), weights),
        "means": rng.normal(size=(k, d)),
        "strength": rng.uniform(0.3, 2, size=k),
    }
    if isinstance(weights, str) and weights == "free":
        values["concentration"] = rng.uniform(0.8, 3, size=k)
    if eps is None:
        values |= {"shape": 3.0, "rate": 2.0}
    return km.Prior(**(values | changes))


def data(seed, n=40, d=2, k=3):
    rng = np.random.default_rng(seed)
    X = 2 * rng.normal(size=(k, d))[rng.integers(k, size=n)] + rng.normal(size=(n, d))
    return X, X[:k].copy()


def start_of(prior, seed=0):
    return prior.sample(rng=seed)


def log_evidence(prior, X, labels):
    """log p(x | z): the integral over means and variance in closed form, with loops."""
    n, d = X.shape
    scatter = value = 0.0
    for i in range(prior.model.k):
        x, kappa = X[labels == i], prior.strength[i]
        value += d / 2 * math.log(kappa / (kappa + len(x)))
        if len(x):
            scatter += ((x - x.mean(axis=0)) ** 2).sum()
            shift = ((x.mean(axis=0) - prior.means[i]) ** 2).sum()
            scatter += kappa * len(x) / (kappa + len(x)) * shift
    eps = prior.model.covariance.eps
    if eps is not None:
        return value - n * d / 2 * math.log(2 * math.pi * eps) - scatter / (2 * eps)
    a, b = prior.shape, prior.rate
    value += math.lgamma(a + n * d / 2) - math.lgamma(a) + a * math.log(b)
    value -= (a + n * d / 2) * math.log(b + scatter / 2)
    return value - n * d / 2 * math.log(2 * math.pi)


def log_labels(prior, labels):
    """log p(z), with free weights integrated out."""
    counts = np.bincount(labels, minlength=prior.model.k)
    if prior.concentration is None:
        return float(counts @ np.log(prior.model.fixed_weights))
    alpha = prior.concentration
    return float(
        special.gammaln(alpha + counts).sum()
        - special.gammaln(alpha).sum()
        + special.gammaln(alpha.sum())
        - special.gammaln(alpha.sum() + len(labels))
    )


def enumerate_labels(prior, X):
    """Every labeling (k^n, n), the log-weights p(x, z), and log p(x)."""
    labelings = np.array(list(product(range(prior.model.k), repeat=len(X))))
    logs = np.array([log_labels(prior, z) + log_evidence(prior, X, z) for z in labelings])
    return labelings, logs, special.logsumexp(logs)


def z_scores(values, expected, batches=25):
    """How many standard errors, from batch means, the averages are off."""
    values = np.asarray(values)[: len(values) // batches * batches]
    means = values.reshape(batches, -1, *values.shape[1:]).mean(axis=1)
    return (means.mean(axis=0) - expected) / (means.std(axis=0, ddof=1) / math.sqrt(batches))


# Priors


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_log_density_equals_scipys(kind, seed):
    prior = prior_of(kind, k=3, d=2, seed=seed)
    mixture = prior.sample(rng=seed)
    variance, expected = float(mixture.covariances), 0.0
    for i in range(3):
        normal = stats.multivariate_normal(prior.means[i], variance / prior.strength[i] * np.eye(2))
        expected += normal.logpdf(mixture.means[i])
    if prior.concentration is not None:
        expected += stats.dirichlet(prior.concentration).logpdf(mixture.weights)
    if prior.shape is not None:
        expected += stats.invgamma(prior.shape, scale=prior.rate).logpdf(variance)
    assert prior.log_density(mixture) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_samples_have_the_moments_of_the_prior(kind):
    prior, rng, size = prior_of(kind, k=2, d=2, seed=3), np.random.default_rng(4), 4000
    draws = [prior.sample(rng=rng) for _ in range(size)]
    means = np.array([m.means for m in draws])
    variances = np.array([float(m.covariances) for m in draws])
    errors = (
        (means - prior.means) * np.sqrt(prior.strength)[:, None] / np.sqrt(variances)[:, None, None]
    )
    assert abs(z_scores(errors, 0)).max() < 4
    assert abs(z_scores(errors**2, 1)).max() < 4
    assert abs(z_scores(errors.prod(axis=1), 0)).max() < 4
    assert all(m.model is prior.model for m in draws)
    if prior.concentration is not None:
        weights = np.array([m.weights for m in draws])
        expected = stats.dirichlet(prior.concentration).mean()
        assert abs(z_scores(weights, expected)).max() < 4
    if prior.shape is not None:
        assert abs(z_scores(1 / variances, prior.shape / prior.rate)) < 4
        gamma = stats.invgamma(prior.shape, scale=prior.rate)
        assert stats.kstest(variances, gamma.cdf).pvalue > 1e-4
    else:
        assert set(variances) == {0.8}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_bayes_rule_holds_at_every_mixture(kind, seed):
    """p(θ) p(x, z | θ) / p(θ | x, z) is p(x, z), whatever θ is; an empty component included."""
    prior = prior_of(kind, k=3, d=2, seed=seed)
    X, rng = data(seed)[0], np.random.default_rng(seed)
    labels = rng.integers(3 if seed % 2 else 2, size=len(X))
    posterior = prior.given(prior.model.statistics(X, np.eye(3)[labels]))
    expected = log_evidence(prior, X, labels) + log_labels(prior, labels)
    for _ in range(3):
        mixture = prior.sample(rng=rng)
        complete = mixture.log_joint(X)[np.arange(len(X)), labels].sum()
        found = prior.log_density(mixture) + complete - posterior.log_density(mixture)
        assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_posterior_is_the_prior_of_the_next_data(kind, seed):
    prior = prior_of(kind, k=3, d=2, seed=seed)
    X, _ = data(seed)
    statistics = start_of(prior, seed).statistics
    at_once = prior.given(statistics(X))
    in_turn = prior.given(statistics(X[:15])).given(statistics(X[15:]))
    for name in ("means", "strength", "concentration", "shape", "rate"):
        a, b = getattr(at_once, name), getattr(in_turn, name)
        assert (a is None) == (b is None)
        if a is not None:
            np.testing.assert_allclose(a, b, rtol=1e-12)
    assert at_once.model is prior.model
    assert at_once.d == 2


def test_one_component_is_the_textbook():
    """Posterior mean (κ m + n x̄)/(κ + n), precision κ + n in units of 1/ε."""
    x = np.array([1.0, 2.0, 6.0])
    model = km.MixtureModel(1, km.Isotropic(2.0))
    posterior = km.Prior(model, [1.0], 1.5).given(model.statistics(x[:, None], np.ones((3, 1))))
    assert posterior.means.item() == pytest.approx((1.5 * 1 + 9) / 4.5)
    assert posterior.strength.item() == 4.5
    model = km.MixtureModel(1, km.Isotropic())
    prior = km.Prior(model, [1.0], 1.5, shape=2.0, rate=3.0)
    posterior = prior.given(model.statistics(x[:, None], np.ones((3, 1))))
    assert posterior.shape == 3.5
    assert posterior.rate == pytest.approx(3 + (14 + 1.5 * 3 / 4.5 * 4) / 2)


def test_a_prior_is_frozen_and_copies_what_it_is_given():
    m = np.zeros((2, 1))
    prior = prior_of(("known", "equal"), means=m)
    m += 7
    assert prior.means.ravel().tolist() == [0, 0]
    with pytest.raises(ValueError, match="read-only"):
        prior.means[0] = 1
    with pytest.raises(AttributeError):
        prior.strength = 2


def test_one_mean_and_one_number_will_do_for_all_components():
    model = km.MixtureModel(3, km.Isotropic())
    prior = km.Prior(model, [1.0, 2.0], 0.5, shape=1, rate=1)
    assert prior.means.tolist() == [[1, 2]] * 3
    assert prior.strength.tolist() == [0.5] * 3
    assert prior.concentration.tolist() == [1] * 3


KNOWN = km.MixtureModel(2, km.Isotropic(1.0), "equal")
FREE = km.MixtureModel(2, km.Isotropic())
BAD = [
    ({"model": km.MixtureModel(2, km.Full())}, r"conjugate to km.Isotropic\(\) alone; got Full"),
    ({"means": 0.0}, r"means must be \(d,\) or \(2, d\); got \(\)"),
    ({"means": [[0.0]] * 3}, r"means must be \(d,\) or \(2, d\); got \(3, 1\)"),
    ({"means": [np.nan]}, "means must be finite"),
    ({"strength": 0.0}, "strength must be a positive number or 2 of them; got 0"),
    ({"strength": [1.0, -1.0]}, "strength must be a positive number or 2 of them"),
    ({"strength": [1.0, 1.0, 1.0]}, "strength must be a positive number or 2 of them"),
    ({"strength": np.inf}, "strength must be finite"),
    ({"concentration": 1.0}, "the model fixes the weights: leave the concentration out"),
    ({"shape": 1.0}, r"Isotropic\(1\) fixes the variance: leave shape and rate out"),
    ({"rate": 1.0}, r"Isotropic\(1\) fixes the variance: leave shape and rate out"),
    ({"model": FREE}, r"Isotropic\(\) leaves the variance free: give shape and rate"),
    ({"model": FREE, "shape": 1.0}, r"leaves the variance free: give shape and rate"),
    ({"model": FREE, "shape": 1.0, "rate": 0}, "shape, rate must be a positive number"),
    ({"model": FREE, "shape": 1, "rate": 1, "concentration": 0}, "concentration must be a posit"),
]


@pytest.mark.parametrize(("changes", "message"), BAD)
def test_bad_priors_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        km.Prior(**({"model": KNOWN, "means": [0.0], "strength": 1.0} | changes))


def test_a_prior_needs_a_model():
    with pytest.raises(TypeError, match="model must be a MixtureModel; got str"):
        km.Prior("EII", [0.0], 1.0)


def test_only_what_belongs_to_the_model_is_taken():
    prior = km.Prior(KNOWN, [0.0], 1.0)
    with pytest.raises(TypeError, match="statistics must be a Statistics; got list"):
        prior.given([1.0])
    with pytest.raises(ValueError, match="only statistics of one model add up"):
        prior.given(km.data.two_normals.statistics([[0.0]]))
    with pytest.raises(TypeError, match="mixture must be a Mixture; got float"):
        prior.log_density(1.0)
    with pytest.raises(ValueError, match=r"fixes the covariance at 1; got 2"):
        prior.log_density(km.Mixture([0.5, 0.5], [[0.0], [1.0]], 2.0))


# The distributions beneath


def test_digamma_equals_scipys():
    x = np.geomspace(1e-8, 1e12, 400)
    np.testing.assert_allclose(_distributions.digamma(x), special.psi(x), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("seed", SEEDS)
def test_divergences_equal_quadrature(seed):
    rng = np.random.default_rng(seed)
    a, b, c, e = rng.uniform(0.7, 4, size=4)
    p, q = stats.invgamma(a, scale=b), stats.invgamma(c, scale=e)

    def integrand(u):  # over log σ²
        v = math.exp(u)
        return p.pdf(v) * v * (p.logpdf(v) - q.logpdf(v))

    expected = integrate.quad(integrand, -15, 60, limit=500)[0]
    found = _distributions.inverse_gamma_divergence(a, b, c, e)
    assert found == pytest.approx(expected, rel=1e-6)
    p, q = stats.beta(a, b), stats.beta(c, e)
    expected = integrate.quad(lambda w: p.pdf(w) * (p.logpdf(w) - q.logpdf(w)), 0, 1, limit=500)[0]
    found = _distributions.dirichlet_divergence(np.array([a, b]), np.array([c, e]))
    assert found == pytest.approx(expected, rel=1e-5)


def test_a_uniform_prior_does_not_mind_a_weight_of_zero():
    density = _distributions.dirichlet_log_density
    assert density(np.ones(3), np.array([1.0, 0, 0])) == pytest.approx(math.log(2))
    assert density(np.array([2.0, 1.0]), np.array([0.0, 1.0])) == -math.inf


# Gibbs sampling


@pytest.mark.parametrize("kind", KINDS)
def test_a_state_of_gibbs_is_consistent_with_itself(kind):
    prior = prior_of(kind, k=3, d=2)
    X, start = data(1)[0], start_of(prior)
    for t, state in enumerate(islice(km.gibbs(X, prior, start, rng=1), 5)):
        assert (state.mixture is start) == (t == 0)
        joint = state.mixture.log_joint(X)[np.arange(len(X)), state.labels].sum()
        assert state.objective == pytest.approx(joint + prior.log_density(state.mixture))
        np.testing.assert_array_equal(state.counts, np.bincount(state.labels, minlength=3))
        assert state.mixture.model is prior.model


@pytest.mark.parametrize("kind", KINDS)
def test_labels_are_drawn_with_the_odds_of_the_responsibilities(kind):
    prior, size = prior_of(kind, k=3), 20_000
    x, start = np.array([[-1.0], [0.3], [2.0]]), start_of(prior)
    labels = next(km.gibbs(np.repeat(x, size, axis=0), prior, start, rng=2)).labels
    shares = np.eye(3)[labels].reshape(3, size, 3).mean(axis=1)
    r = start.responsibilities(x)
    assert (abs(shares - r) < 4 * np.sqrt(r * (1 - r) / size)).all()


def test_a_component_of_weight_zero_is_never_drawn():
    model = km.MixtureModel(3, km.Isotropic(1.0), [0.5, 0.0, 0.5])
    prior = km.Prior(model, [0.0], 1.0)
    X, start = np.zeros((2000, 1)), model.at([[-1.0], [0.0], [1.0]])
    for state in islice(km.gibbs(X, prior, start, rng=1), 5):
        assert state.counts[1] == 0
        assert np.isfinite(state.objective)
    assert next(km.variational(X, prior, start)).counts[1] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_gibbs_finds_the_posterior_of_labels_known_by_enumeration(kind):
    """All 3⁴ labelings, and the posterior means of what depends on no label's name."""
    prior = prior_of(kind, k=3, seed=5)
    X = np.array([[-1.5], [-0.7], [0.4], [2.0]])
    labelings, logs, total = enumerate_labels(prior, X)
    p = np.exp(logs - total)
    states = list(islice(km.gibbs(X, prior, start_of(prior), rng=6), 100, 3100))
    drawn = np.array([state.labels for state in states])
    pairs = [(0, 1), (0, 2), (1, 2), (2, 3), (0, 3)]

    def functions(z):
        together = [(z[:, a] == z[:, b]).astype(float) for a, b in pairs]
        return np.stack([*together, *(z.T == 0), *(z.T == 1)], axis=1)

    assert abs(z_scores(functions(drawn), p @ functions(labelings))).max() < 4
    # E μ_i and E 1/σ², as averages over labelings of what the posterior given labels says
    given = [prior.given(prior.model.statistics(X, np.eye(3)[z])) for z in labelings]
    expected = p @ np.array([q.means.ravel() for q in given])
    means = np.array([state.mixture.means.ravel() for state in states])
    assert abs(z_scores(means, expected)).max() < 4
    if prior.shape is not None:
        precision = np.array([1 / float(state.mixture.covariances) for state in states])
        assert abs(z_scores(precision, p @ [q.shape / q.rate for q in given])) < 4


def test_gibbs_with_one_component_draws_independently_from_the_posterior():
    model = km.MixtureModel(1, km.Isotropic())
    prior = km.Prior(model, [0.0], 0.5, shape=2, rate=1)
    X = np.random.default_rng(1).normal(2, 1.5, size=(10, 1))
    posterior = prior.given(model.statistics(X, np.ones((10, 1))))
    states = islice(km.gibbs(X, prior, start_of(prior), rng=3), 1, 3001)
    draws = np.array([(s.mixture.means[0, 0], float(s.mixture.covariances)) for s in states])
    scale = math.sqrt(posterior.rate / posterior.shape / posterior.strength[0])
    student = stats.t(2 * posterior.shape, loc=posterior.means.item(), scale=scale)
    gamma = stats.invgamma(posterior.shape, scale=posterior.rate)
    assert stats.kstest(draws[:, 0], student.cdf).pvalue > 1e-4
    assert stats.kstest(draws[:, 1], gamma.cdf).pvalue > 1e-4


def geweke(prior, n, size, rng):
    """Draw parameters and data in turn, each given the other; parameters must keep the prior.

    J. Geweke (2004), Getting it right: joint distribution tests of posterior simulators.
    """
    rng = np.random.default_rng(rng)
    mixture = prior.sample(rng=rng)
    for _ in range(size):
        X, _ = mixture.sample(n, rng=rng)
        mixture = list(islice(km.gibbs(X, prior, mixture, rng=rng), 2))[1].mixture
        yield mixture


def geweke_scores(prior, n=3, size=2000, rng=7):
    draws = list(geweke(prior, n, size, rng))
    variances = np.array([float(m.covariances) for m in draws])[:, None]
    errors = np.array([(m.means - prior.means).ravel() for m in draws])
    errors *= np.sqrt(prior.strength / variances)  # standard normal under the prior
    functions, expected = [errors, errors**2, errors[:, :1] * errors[:, 1:]], [0, 1, 0]
    if prior.concentration is not None:
        functions.append(np.log([m.weights for m in draws]))
        alpha = prior.concentration
        expected.append(special.psi(alpha) - special.psi(alpha.sum()))
    if prior.shape is not None:
        functions += [1 / variances, np.log(variances)]
        expected += [prior.shape / prior.rate, math.log(prior.rate) - special.psi(prior.shape)]
    return np.concatenate(
        [np.ravel(z_scores(f, e)) for f, e in zip(functions, expected, strict=True)]
    )


@pytest.mark.parametrize("kind", KINDS)
def test_gewekes_joint_distribution_test(kind):
    """At most nine averages: a right sampler fails with fewer than one seed in 200."""
    assert abs(geweke_scores(prior_of(kind, seed=2))).max() < 4


MISTAKES = {
    "two points too many": lambda q, s: replace(q, concentration=q.concentration + 2),
    "means too sure": lambda q, s: replace(q, strength=2 * q.strength),
    "scatter not halved": lambda q, s: replace(q, rate=q.rate + float(s.scatter) / 2),
    "degrees of freedom": lambda q, s: replace(q, shape=q.shape + 0.5),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_gewekes_test_finds_mistakes(mistake, monkeypatch):
    right = km.Prior.given
    monkeypatch.setattr(km.Prior, "given", lambda p, s: MISTAKES[mistake](right(p, s), s))
    prior = prior_of(("free", "free"), seed=2)
    assert abs(geweke_scores(prior, size=1000)).max() > 4


def test_the_same_seed_gives_the_same_chain_and_another_seed_another():
    prior = prior_of(("free", "free"), k=3, d=2)
    X, start = data(1)[0], start_of(prior)
    one, same, other = (
        [s.mixture.means for s in islice(km.gibbs(X, prior, start, rng=seed), 4)]
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one[1], other[1])


@pytest.mark.parametrize("seed", SEEDS)
def test_gibbs_becomes_lloyd_as_eps_vanishes(seed):
    """With the means' own variance held at ε / strength = 100."""
    X, centers = data(seed)
    lloyd = list(islice(km.lloyd(X, centers), 6))
    eps = 1e-10
    model = km.MixtureModel(3, km.Isotropic(eps), weights="equal")
    prior = km.Prior(model, [0.0, 0.0], strength=eps / 100)
    sampled = islice(km.gibbs(X, prior, model.at(centers), rng=seed), 6)
    for state, hard in zip(sampled, lloyd, strict=True):
        np.testing.assert_allclose(state.mixture.means, hard.centers, atol=1e-4)
        np.testing.assert_array_equal(state.counts, hard.counts)
    run = km.solve(km.variational(X, prior, model.at(centers)))
    rest = km.solve(km.lloyd(X, centers)).last.centers
    np.testing.assert_allclose(run.last.posterior.means, rest, atol=1e-8)


# Variational Bayes


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_the_evidence_lower_bound_never_falls(kind, seed):
    prior = prior_of(kind, k=3, d=2, seed=seed)
    X, _ = data(seed)
    states = list(islice(km.variational(X, prior, start_of(prior, seed)), 60))
    trace = np.array([state.objective for state in states])
    assert np.diff(trace).min() >= -1e-12 * abs(trace).max()
    assert trace[-1] > trace[0]
    for state in states[:3]:
        assert state.counts.sum() == pytest.approx(len(X))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_the_bound_is_below_the_evidence_known_by_enumeration(kind, seed):
    prior = prior_of(kind, k=2, d=2, seed=seed)
    X = 1.5 * np.random.default_rng(seed).normal(size=(7, 2))
    total = enumerate_labels(prior, X)[2]
    runs = [km.solve(km.variational(X, prior, start_of(prior, s))) for s in range(4)]
    best = max(run.last.objective for run in runs)
    assert best < total
    assert total - best < 1.5  # and not far below


@pytest.mark.parametrize("kind", KINDS)
def test_with_one_component_the_bound_is_the_evidence(kind):
    prior = prior_of(kind, k=1, d=2, seed=4)
    X = data(4)[0]
    state = next(km.variational(X, prior, start_of(prior)))
    labels = np.zeros(len(X), int)
    assert state.objective == pytest.approx(log_evidence(prior, X, labels), rel=1e-12)
    exact = prior.given(prior.model.statistics(X, np.ones((len(X), 1))))
    np.testing.assert_allclose(state.posterior.means, exact.means)


def test_with_the_labels_beyond_doubt_the_bound_is_the_evidence():
    """Far groups, different priors on their means: one labeling has all the weight."""
    model = km.MixtureModel(2, km.Isotropic())
    prior = km.Prior(model, [[-50.0], [50.0]], 5.0, concentration=2.0, shape=3, rate=2)
    X = np.array([[-50.5], [-49.0], [50.0], [50.3], [51.0]])
    run = km.solve(km.variational(X, prior, model.at([[-50.0], [50.0]], 1.0)))
    assert run.last.objective == pytest.approx(enumerate_labels(prior, X)[2], rel=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_the_bound_is_what_its_definition_says(kind):
    """E log p(x, z, θ) − log q(z) − log q(θ), by averaging over draws from q."""
    prior = prior_of(kind, k=2, d=2, seed=8)
    X = data(8, n=6)[0]
    state = list(islice(km.variational(X, prior, start_of(prior)), 3))[-1]
    q, rng = state.posterior, np.random.default_rng(9)
    draws = [q.sample(rng=rng) for _ in range(3000)]
    joint = np.array([m.log_joint(X) for m in draws])  # (draws, n, k)
    # labels at their best for this q: softmax of the average of the log-joint, in closed form
    d, weights = 2, prior.model.fixed_weights
    a, b = (1.0, prior.model.covariance.eps) if q.shape is None else (q.shape, q.rate)
    log_variance = math.log(b) - (0 if q.shape is None else special.psi(a))
    D = ((X[:, None] - q.means) ** 2).sum(axis=2)
    alpha = q.concentration
    means = np.log(weights) if alpha is None else special.psi(alpha) - special.psi(alpha.sum())
    means = means - (a / b * D + d / q.strength + d * (math.log(2 * math.pi) + log_variance)) / 2
    scores = z_scores(joint, means)
    assert abs(scores).max() < 4
    r = special.softmax(means, axis=1)
    np.testing.assert_allclose(state.counts, r.sum(axis=0))
    values = (joint * r).sum(axis=(1, 2)) - special.xlogy(r, r).sum()
    values += [prior.log_density(m) - q.log_density(m) for m in draws]
    assert abs(z_scores(values, state.objective)) < 4
    assert state.objective == pytest.approx(values.mean(), abs=0.5)


@pytest.mark.parametrize("kind", KINDS)
def test_no_neighbor_of_the_last_posterior_has_a_larger_bound(kind):
    prior = prior_of(kind, k=2, d=2, seed=1)
    X, rng = data(1)[0], np.random.default_rng(1)
    run = km.solve(km.variational(X, prior, start_of(prior)))
    last = run.last.posterior
    for _ in range(20):
        changes = {
            name: np.asarray(value) * np.exp(0.05 * rng.normal(size=np.shape(value)))
            for name in ("strength", "concentration", "shape", "rate")
            if (value := getattr(last, name)) is not None
        }
        changes["means"] = last.means + 0.05 * rng.normal(size=last.means.shape)
        other = next(bayes._variational(X, prior, replace(last, **changes)))
        assert other.objective < run.last.objective


def test_variational_bayes_becomes_em_with_many_data_and_a_flat_prior():
    X, _ = km.data.two_normals(20_000, rng=1)
    model = km.MixtureModel(2, km.Isotropic())
    prior = km.Prior(model, [0.0], 1e-6, shape=1e-6, rate=1e-6)
    start = model.at([[-1.0], [1.0]], 1.0)
    pairs = zip(km.variational(X, prior, start), islice(km.em(X, start), 1, None), strict=False)
    for state, em in islice(pairs, 6):
        np.testing.assert_allclose(state.posterior.means, em.mixture.means, atol=1e-3)
        variance = state.posterior.rate / state.posterior.shape
        assert variance == pytest.approx(float(em.mixture.covariances), abs=1e-3)


# Equivariance


def moved(prior, means, scale=1.0, order=slice(None)):
    """The prior of data that are moved, scaled or relabeled."""
    model = prior.model
    if model.covariance.eps is not None:
        model = km.MixtureModel(model.k, km.Isotropic(model.covariance.eps * scale**2), "equal")
    return replace(
        prior,
        model=model,
        means=means[order],
        strength=prior.strength[order],
        concentration=None if prior.concentration is None else prior.concentration[order],
        rate=None if prior.rate is None else prior.rate * scale**2,
    )


def runs(X, prior, start, n=8):
    """What comes of both algorithms: counts, means, variance, objective."""
    state = list(islice(km.variational(X, prior, start), n))[-1]
    drawn = list(islice(km.gibbs(X, prior, start, rng=3), n))[-1]
    q = state.posterior
    variational = state.counts, q.means, q._variance(), state.objective
    sampled = drawn.counts, drawn.mixture.means, float(drawn.mixture.covariances), drawn.objective
    return variational, sampled


@pytest.mark.parametrize("kind", [("known", "equal"), ("free", "free")])
@pytest.mark.parametrize("seed", SEEDS)
class TestEquivariance:
    def case(self, kind, seed):
        prior = prior_of(kind, k=3, d=2, seed=seed)
        return data(seed)[0], prior, start_of(prior, seed)

    @pytest.mark.parametrize("shift", [1.0, -1e4, 1e7])
    def test_translation(self, kind, seed, shift):
        X, prior, start = self.case(kind, seed)
        X = np.round(X * 2**20) / 2**20
        other = moved(prior, prior.means + shift)
        begin = km.Mixture(start.weights, start.means + shift, start.covariances, other.model)
        pairs = zip(runs(X, prior, start), runs(X + shift, other, begin), strict=True)
        for (counts, means, variance, objective), found in pairs:
            np.testing.assert_allclose(found[0], counts, atol=1e-5)
            np.testing.assert_allclose(found[1] - shift, means, atol=1e-6)
            assert found[2] == pytest.approx(variance, rel=1e-6)
            assert found[3] == pytest.approx(objective, rel=1e-6)

    @pytest.mark.parametrize("scale", [0.7e-6, 3.0, 1.3e6])
    def test_scale(self, kind, seed, scale):
        X, prior, start = self.case(kind, seed)
        other = moved(prior, prior.means * scale, scale)
        covariances = start.covariances * scale**2
        if other.model.covariance.eps is not None:
            covariances = other.model.covariance.eps
        begin = km.Mixture(start.weights, start.means * scale, covariances, other.model)
        pairs = list(zip(runs(X, prior, start), runs(X * scale, other, begin), strict=True))
        for (counts, means, variance, _), found in pairs:
            np.testing.assert_allclose(found[0], counts, atol=1e-6)
            np.testing.assert_allclose(found[1] / scale, means, atol=1e-8)
            assert found[2] / scale**2 == pytest.approx(variance)
        # densities of data and parameters change by their units; the bound is one of data alone
        bound, again = pairs[0][0][3], pairs[0][1][3]
        assert again == pytest.approx(bound - X.size * math.log(scale), abs=1e-6)

    def test_rotation_and_row_order_of_variational_bayes(self, kind, seed):
        X, prior, start = self.case(kind, seed)
        Q = ortho_group.rvs(2, random_state=seed)
        other = moved(prior, prior.means @ Q.T)
        begin = km.Mixture(start.weights, start.means @ Q.T, start.covariances, other.model)
        (counts, means, variance, objective), _ = runs(X, prior, start)
        order = np.random.default_rng(seed).permutation(len(X))
        found, _ = runs(X[order] @ Q.T, other, begin)
        np.testing.assert_allclose(found[0], counts)
        np.testing.assert_allclose(found[1], means @ Q.T)
        assert found[2:] == pytest.approx((variance, objective))

    def test_relabeling_of_variational_bayes(self, kind, seed):
        X, prior, start = self.case(kind, seed)
        order = np.random.default_rng(seed).permutation(3)
        other = moved(prior, prior.means, order=order)
        begin = km.Mixture(start.weights[order], start.means[order], start.covariances, other.model)
        (counts, means, variance, objective), _ = runs(X, prior, start)
        found, _ = runs(X, other, begin)
        np.testing.assert_allclose(found[0], counts[order])
        np.testing.assert_allclose(found[1], means[order])
        assert found[2:] == pytest.approx((variance, objective))

    def test_block_size(self, kind, seed, monkeypatch):
        """The same random numbers meet the same points, however they are cut."""
        prior = prior_of(kind, k=3, d=2, seed=seed)
        X, start = data(seed, n=1500)[0], start_of(prior, seed)
        whole = runs(X, prior, start, 4)
        monkeypatch.setattr(_arrays, "BLOCK_VALUES", 1)  # blocks of 256
        for expected, found in zip(whole, runs(X, prior, start, 4), strict=True):
            for a, b in zip(expected, found, strict=True):
                np.testing.assert_allclose(b, a, rtol=1e-8, atol=1e-9)


# Bad input


@pytest.mark.parametrize(
    "algorithm", [lambda *a: km.gibbs(*a, rng=1), km.variational], ids=["gibbs", "variational"]
)
class TestBadInput:
    prior = km.Prior(KNOWN, [0.0], 1.0)
    start = KNOWN.at([[-1.0], [1.0]])

    @pytest.mark.parametrize(
        ("X", "message"),
        [
            ([1.0, 2.0], r"X must be \(n, d\); got \(2,\): write x\[:, None\]"),
            ([[1.0, 2.0]], r"X must be \(n, 1\) to match the means"),
            ([[np.nan]], "X must be finite"),
            (np.empty((0, 1)), "X must not be empty"),
        ],
    )
    def test_data(self, algorithm, X, message):
        with pytest.raises(ValueError, match=message):
            algorithm(X, self.prior, self.start)

    def test_prior(self, algorithm):
        with pytest.raises(TypeError, match="prior must be a Prior; got MixtureModel"):
            algorithm([[0.0]], KNOWN, self.start)

    @pytest.mark.parametrize(
        ("start", "error", "message"),
        [
            ([[0.0], [1.0]], TypeError, "start must be a Mixture; got list"),
            (km.data.three_blobs, ValueError, r"means of start must be \(2, 1\) to match the pri"),
            (km.data.unbalanced, ValueError, "the model fixes the weights"),
            (km.Mixture([0.5, 0.5], [[0.0], [1.0]], 4.0), ValueError, "fixes the covariance at 1"),
        ],
    )
    def test_start(self, algorithm, start, error, message):
        with pytest.raises(error, match=message):
            algorithm([[0.0]], self.prior, start)

    def test_a_start_of_another_model_is_taken_if_it_is_a_member(self, algorithm):
        states = list(islice(algorithm([[0.0], [3.0]], self.prior, km.data.two_normals), 2))
        assert len(states) == 2

    def test_one_point_for_several_components_is_enough(self, algorithm):
        for state in islice(algorithm([[0.5]], self.prior, self.start), 5):
            assert state.counts.sum() == pytest.approx(1)
            assert np.isfinite(state.objective)


def test_rng_must_be_named():
    with pytest.raises(TypeError):
        km.gibbs([[0.0]], TestBadInput.prior, TestBadInput.start, 1)
