"""Boxes: the same iterates as Lloyd's algorithm, and few points read."""

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kmgmm as km
from kmgmm import boxes


def same_path(X, start, steps=12):
    pairs = zip(km.lloyd(X, start), km.lloyd_boxes(X, start), strict=False)
    scale = np.ptp(X) + 1e-300
    for plain, boxed in islice(pairs, steps):
        np.testing.assert_allclose(boxed.centers, plain.centers, rtol=0, atol=1e-9 * scale)
        np.testing.assert_array_equal(boxed.counts, plain.counts)
        assert boxed.objective == pytest.approx(plain.objective, rel=1e-9)


@settings(max_examples=60)
@given(st.integers(1, 3), st.integers(1, 7), st.integers(7, 3000), st.integers(0, 10_000))
def test_the_iterates_are_those_of_lloyd(d, k, n, seed):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(k, d))[rng.integers(k, size=n)] * 3 + rng.normal(size=(n, d))
    same_path(X, X[:k])


@pytest.mark.parametrize("shift", [0.0, 1e6])
@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_units_and_origin_do_not_matter(scale, shift):
    X, _ = km.data.three_blobs(2000, rng=1)
    same_path(scale * (X + shift), scale * (X[:3] + shift))


def test_ties_on_a_grid_go_to_the_first():
    """Every third row of this grid lies on a border; a box that touches one is opened."""
    X = np.stack(np.meshgrid(np.arange(60.0), np.arange(40.0)), axis=-1).reshape(-1, 2)
    same_path(X, np.array([[10.0, 20.0], [30.0, 20.0], [50.0, 20.0]]))


def test_constant_columns_empty_clusters_and_many_dimensions():
    rng = np.random.default_rng(1)
    flat = np.column_stack([rng.normal(size=900), np.full(900, 7.0)])
    same_path(flat, flat[:4])
    same_path(flat, np.vstack([flat[:2], [[1e6, 1e6]]]))
    wide = rng.normal(size=(900, 8))
    same_path(wide, wide[:5])


def test_few_boxes_are_opened():
    X, _ = km.data.three_blobs(200_000, rng=1)
    packed = boxes._pack(X - X[0])
    _, whole = boxes._owners(packed, km.data.three_blobs.means - X[0])
    assert whole.mean() > 0.9
    assert packed.X.size + packed.rest.size == X.size


def test_a_box_taken_whole_lies_in_one_cell():
    X, _ = km.data.three_blobs(20_000, rng=2)
    packed, M = boxes._pack(X), km.data.three_blobs.means
    owner, whole = boxes._owners(packed, M)
    for box in np.flatnonzero(whole):
        assert (km.assign(packed.X[box], M) == owner[:, box].argmax()).all()


def test_bad_input_is_refused_at_the_call():
    with pytest.raises(ValueError, match=r"centers must be \(k, 2\); got \(1, 3\)"):
        km.lloyd_boxes([[0.0, 1.0]], [[0.0, 1.0, 2.0]])
    with pytest.raises(ValueError, match="2 clusters need at least 2 points"):
        km.lloyd_boxes([[0.0, 1.0]], [[0.0, 1.0], [1.0, 1.0]])


def test_states_handed_out_cannot_change_the_next():
    X, _ = km.data.three_blobs(2000, rng=1)
    start = np.vstack([X[:2], [[1e6, 1e6]]])
    expected = list(islice(km.lloyd(X, start), 3))
    for state, plain in zip(km.lloyd_boxes(X, start), expected, strict=False):
        np.testing.assert_allclose(state.centers, plain.centers)
        state.centers[:] = 7
        state.counts[:] = 7
