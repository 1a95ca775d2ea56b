"""Validation at the door, and the tuned inner loops against plain ones."""

import numpy as np
import oracles
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import data_and_centers, seeds

import kmgmm as km
from kmgmm import _arrays

DATA = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
MODEL = km.MixtureModel(2, km.Isotropic(1.0))
START = MODEL.at(DATA[:2])

# Every function that takes data.
TAKES_DATA = {
    "within_ss": lambda X: km.within_ss(X, DATA[:2]),
    "log_likelihood": lambda X: km.log_likelihood(X, START),
    "classification_log_likelihood": lambda X: km.classification_log_likelihood(X, START),
    "kmeans": lambda X: km.kmeans(X, 2, rng=1),
    "mle": lambda X: km.mle(X, MODEL, rng=1),
    "lloyd": lambda X: km.lloyd(X, DATA[:2]),
    "em": lambda X: km.em(X, START),
    "classification_em": lambda X: km.classification_em(X, START),
    "random_points": lambda X: km.random_points(X, 2, rng=1),
    "kmeans_plusplus": lambda X: km.kmeans_plusplus(X, 2, rng=1),
    "from_labels": lambda X: km.from_labels(X, [0, 1, 1], MODEL),
    "assign": lambda X: km.assign(X, DATA[:2]),
    "Mixture.log_joint": START.log_joint,
    "Mixture.log_density": START.log_density,
    "Mixture.responsibilities": START.responsibilities,
    "Mixture.assign": START.assign,
    "Mixture.statistics": START.statistics,
    "MixtureModel.statistics": lambda X: MODEL.statistics(X, np.eye(2)[[0, 1, 1]]),
}

BAD_DATA = {
    "NaN": ([[0.0, 1.0], [np.nan, 3.0]], r"X must be finite; 1 of its 4 values"),
    "inf": ([[0.0, -np.inf], [np.inf, 3.0]], r"X must be finite; 2 of its 4 values"),
    "1-D": ([0.0, 1.0, 2.0], r"X must be \(n, d\); got \(3,\): write x\[:, None\]"),
    "3-D": (np.zeros((2, 2, 2)), r"X must be \(n, d\); got \(2, 2, 2\)$"),
    "no points": (np.zeros((0, 2)), r"X must not be empty; got \(0, 2\)"),
    "no features": (np.zeros((3, 0)), r"X must not be empty; got \(3, 0\)"),
    "text": ([["a", "b"]], r"X must be a \(n, d\) array of real numbers"),
    "ragged": ([[1.0], [1.0, 2.0]], r"X must be a \(n, d\) array of real numbers"),
}


@pytest.mark.parametrize("function", TAKES_DATA.values(), ids=TAKES_DATA.keys())
@pytest.mark.parametrize(("X", "message"), BAD_DATA.values(), ids=BAD_DATA.keys())
def test_bad_data_is_refused_at_the_call(function, X, message):
    with pytest.raises(ValueError, match=message):
        function(X)  # a generator is not even started


@pytest.mark.parametrize(
    "function",
    [f for name, f in TAKES_DATA.items() if name.startswith(("Mixture.", "log", "em", "class"))],
)
def test_data_of_another_dimension_are_refused(function):
    with pytest.raises(ValueError, match=r"X must be \(n, 2\) to match the means; got \(4, 3\)"):
        function(np.zeros((4, 3)))


@pytest.mark.parametrize("function", [km.lloyd, km.within_ss, km.assign])
@pytest.mark.parametrize(
    ("centers", "message"),
    [
        ([0.0, 1.0], r"centers must be \(k, d\); got \(2,\): one row each, such as"),
        ([[0.0, 1.0, 2.0]], r"centers must be \(k, 2\); got \(1, 3\)"),
        ([[0.0, np.nan]], r"centers must be finite; 1 of its 2 values"),
        (np.zeros((0, 2)), r"centers must not be empty; got \(0, 2\)"),
    ],
)
def test_bad_centers_are_refused(function, centers, message):
    with pytest.raises(ValueError, match=message):
        function(DATA, centers)


@pytest.mark.parametrize(
    "function",
    [
        lambda X, k: km.kmeans(X, k, rng=1),
        lambda X, k: km.random_points(X, k, rng=1),
        lambda X, k: km.kmeans_plusplus(X, k, rng=1),
    ],
    ids=["kmeans", "random_points", "kmeans_plusplus"],
)
@pytest.mark.parametrize(
    ("k", "message"),
    [
        (0, "k must be a whole number, 1 or more; got 0"),
        (-1, "k must be a whole number, 1 or more; got -1"),
        (1.5, r"k must be a whole number, 1 or more; got 1\.5"),
        (True, "k must be a whole number, 1 or more; got True"),
        (5, r"k = 5 clusters need at least 5 points; got n = 4"),
        (3, r"k = 3 clusters need 3 distinct points; X has 2"),
    ],
)
def test_bad_k_is_refused(function, k, message):
    with pytest.raises(ValueError, match=message):
        function([[0.0], [0.0], [7.0], [7.0]], k)


def test_too_few_distinct_points_are_refused_by_lloyd_and_mle():
    X = np.repeat([[0.0], [1.0]], 50, axis=0)
    with pytest.raises(ValueError, match="k = 3 clusters need 3 distinct points; X has 2"):
        km.lloyd(X, [[0.0], [1.0], [2.0]])
    with pytest.raises(ValueError, match="k = 3 clusters need 3 distinct points; X has 2"):
        km.mle(X, km.MixtureModel(3, km.Isotropic()), rng=1)


def test_distinct_points_are_found_behind_many_duplicates():
    X = np.zeros((1000, 1))
    X[-1] = 1
    assert km.random_points(X, 2, rng=1).shape == (2, 1)


# Whatever NumPy can read is accepted, and nothing is ever modified.


def pandas_frame(X):
    return pytest.importorskip("pandas").DataFrame(X, columns=list("ab"))


def read_only(X):
    X = X.copy()
    X.flags.writeable = False
    return X


FORMS = {
    "float32": lambda X: X.astype(np.float32),
    "integers": lambda X: X.astype(np.int8),
    "lists": lambda X: X.tolist(),
    "pandas": pandas_frame,
    "strided": lambda X: np.repeat(np.repeat(X, 3, axis=0), 2, axis=1)[::3, ::2],
    "reversed": lambda X: X[::-1].copy()[::-1],
    "Fortran": np.asfortranarray,
    "read-only": read_only,
}


def everything(X):
    """A number or array from each part of the package."""
    model = km.MixtureModel(2, km.Full())
    start = model.at(np.asarray(X, float)[:2], 4.0)
    yield km.kmeans(X, 2, rng=1).last.centers
    yield km.mle(X, model, n_starts=2, rng=1, tol=1e-6).last.mixture.covariances
    yield [
        s.centers
        for s, _ in zip(
            km.lloyd(X, X[:2] if isinstance(X, list) else np.asarray(X)[:2]), range(3), strict=False
        )
    ]
    yield [s.objective for s, _ in zip(km.classification_em(X, start), range(2), strict=False)]
    yield from (start.log_joint(X), start.statistics(X).scatter, km.assign(X, [[0, 0], [1, 1]]))
    yield model.statistics(X, start.responsibilities(X)).scatter


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_every_form_of_data_gives_the_same_and_stays_as_it_was(form):
    X = np.random.default_rng(1).integers(-20, 20, (50, 2)).astype(float)
    given = form(X)
    for expected, found in zip(everything(X), everything(given), strict=True):
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(np.asarray(given, float), X)


# The inner loops


def block_of(X, each=False):
    """Return X (n, d) as a block: feature-major, below it ones and |x|², or each square."""
    squares = np.transpose(X) ** 2 if each else np.einsum("nd,nd->n", X, X)
    return np.vstack([np.transpose(X), np.ones(len(X)), squares])


@given(data_and_centers())
def test_squared_distances_equal_the_loops(case):
    X, centers = case
    D = _arrays.squared_distances(block_of(X), centers)
    np.testing.assert_allclose(D.T, oracles.squared_distances(X, centers), rtol=1e-9, atol=0)


@given(data_and_centers(), seeds())
def test_weighted_squared_distances_equal_the_loops(case, seed):
    X, M = case
    P = 10 ** np.random.default_rng(seed).uniform(-6, 6, M.shape)
    D = _arrays.squared_distances(block_of(X, each=True), M, P)
    scaled = [
        oracles.squared_distances(X * p**0.5, [m * p**0.5]) for m, p in zip(M, P, strict=True)
    ]
    np.testing.assert_allclose(D.T, np.hstack(scaled), rtol=1e-9, atol=1e-200)


@pytest.mark.parametrize("gap", [1e-12, 1e-9, 1e-6, 1e-3, 1.0])
def test_squared_distances_to_near_centers_keep_their_digits(gap):
    M = np.array([[3.0, 4.0], [-3.0, -4.0]])
    X = M[[0, 1, 0]] + gap * np.array([[1.0, 0.0], [0.0, -1.0], [0.0, 0.0]])
    D = _arrays.squared_distances(block_of(X), M)
    np.testing.assert_allclose(D.T, oracles.squared_distances(X, M), rtol=1e-9, atol=0)


@given(st.integers(1, 6), st.integers(1, 9), seeds())
def test_one_hot_gives_each_point_to_the_first_of_the_best(k, b, seed):
    L = np.random.default_rng(seed).integers(-2, 1, (k, b)).astype(float)
    L -= L.max(axis=0)
    expected = np.eye(k)[L.argmax(axis=0)].T
    assert not _arrays.one_hot(L).any()
    np.testing.assert_array_equal(L, expected)


@pytest.mark.parametrize("each", [False, True])
@pytest.mark.parametrize("size", [1, 255, 256, 257, 5000])
def test_blocks_cover_every_row_once(size, each, monkeypatch):
    monkeypatch.setattr(_arrays, "BLOCK_VALUES", 1)
    X = np.random.default_rng(1).standard_normal((size, 2))
    parts = [(rows, F.copy()) for rows, F in _arrays.Blocks(X, 3, X[0], each)]
    np.testing.assert_array_equal(
        np.concatenate([np.arange(size)[r] for r, _ in parts]), range(size)
    )
    np.testing.assert_array_equal(np.hstack([F for _, F in parts]), block_of(X - X[0], each))
    assert len(parts) == -(-size // 256)


def test_one_block_is_made_once_and_several_anew(monkeypatch):
    X = np.random.default_rng(1).standard_normal((500, 2))
    (_, once), (_, again) = (*(points := _arrays.Blocks(X, 3, X[0])), *points)
    assert once is again
    monkeypatch.setattr(_arrays, "BLOCK_VALUES", 1)
    points = _arrays.Blocks(X, 3, X[0])
    for _ in range(2):
        np.testing.assert_array_equal(np.hstack([F.copy() for _, F in points]), once)


def test_data_with_labels_are_told_from_data():
    with pytest.raises(ValueError, match=r"X must be \(n, d\); got data with labels: write X"):
        km.kmeans(km.data.two_normals(50, rng=1), 2, rng=1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: km.log_likelihood(km.data.two_normals, [[0.0]]), "must be a Mixture; got list"),
        (lambda: km.classification_log_likelihood([[0.0]], None), "must be a Mixture; got None"),
        (lambda: km.mle([[0.0], [1.0]], 2, rng=1), "model must be a MixtureModel; got int"),
        (lambda: km.dial([[0.0]], 0.5), "mixture must be a Mixture; got list"),
    ],
)
def test_arguments_of_another_kind_are_refused(call, message):
    with pytest.raises(TypeError, match=message):
        call()


@pytest.mark.parametrize("eps", [5e-324, 1e-310])
def test_a_variance_without_a_finite_reciprocal_is_refused(eps):
    with pytest.raises(ValueError, match="eps must be a positive finite number"):
        km.Isotropic(eps)
    with pytest.raises(km.DegenerateCovariance):
        km.Mixture([0.5, 0.5], [[0.0], [3.0]], eps)


@pytest.mark.parametrize("k", [0, True, 2.0, "2"])
def test_a_number_of_clusters_is_a_whole_number_wherever_it_is_given(k):
    for call in (
        lambda: km.MixtureModel(k, km.Full()),
        lambda: km.population_kmeans(km.data.two_normals, k=k),
        lambda: km.kmeans_1d([1.0, 2.0], k),
        lambda: km.random_points([[1.0], [2.0]], k, rng=1),
    ):
        with pytest.raises(ValueError, match="k must be a whole number, 1 or more"):
            call()


def test_what_is_no_model_is_no_model():
    with pytest.raises(TypeError, match="model must be a MixtureModel; got int"):
        km.Mixture([1.0], [[0.0]], 1.0, 3)
    with pytest.raises(TypeError, match="model must be a MixtureModel; got NoneType"):
        km.from_labels([[0.0], [1.0]], [0, 1], None)
