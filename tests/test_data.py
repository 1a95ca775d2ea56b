"""Data: the book's named examples are what their names say."""

import numpy as np
import pytest
from scipy import stats

import kmgmm as km

ALPHA = 1e-6
EXAMPLES = {
    name: value for name, value in vars(km.data).items() if isinstance(value, km.data.Example)
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_a_mixture_to_draw_from(name):
    example = EXAMPLES[name]
    X, labels = example(500, rng=3)
    again, _ = example.sample(500, rng=np.random.default_rng(3))
    np.testing.assert_array_equal(X, again)
    assert X.shape == (500, example.d)
    assert labels.shape == (500,)
    assert stats.chisquare(np.bincount(labels), 500 * example.weights).pvalue > ALPHA
    with pytest.raises(ValueError, match="read-only"):
        example.means[0] = 0


def test_the_two_normals_have_the_density_of_the_book():
    x = np.linspace(-5, 5, 101)
    density = (stats.norm.pdf(x, -1) + stats.norm.pdf(x, 1)) / 2
    np.testing.assert_allclose(np.exp(km.data.two_normals.log_density(x[:, None])), density)
    density = 0.9 * stats.norm.pdf(x, -1) + 0.1 * stats.norm.pdf(x, 1)
    np.testing.assert_allclose(np.exp(km.data.unbalanced.log_density(x[:, None])), density)


def test_an_example_can_start_em_and_the_steps_are_mixtures():
    X, _ = km.data.two_normals(100, rng=1)
    state = km.solve(km.em(X, km.data.two_normals), tol=1e-6).last
    assert type(state.mixture) is km.Mixture


def test_old_faithful_is_r_s_faithful():
    """Its sample moments, as R prints them: colMeans(faithful), var(faithful)."""
    X = km.data.old_faithful()
    assert X.shape == (272, 2)
    np.testing.assert_allclose(X.mean(axis=0), [3.487783, 70.897059], rtol=1e-6)
    np.testing.assert_allclose(
        np.cov(X.T), [[1.302728, 13.977808], [13.977808, 184.823312]], rtol=1e-6
    )
    assert X[0].tolist() == [3.6, 79]
    assert X[-1].tolist() == [4.467, 74]
    X[0] = 0  # a fresh copy at each call
    assert km.data.old_faithful()[0, 1] == 79
