"""Figures: what is drawn, in which color, and nothing else."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import same_color, to_rgba
from matplotlib.figure import Figure
from scipy.spatial import Voronoi

import kmgmm as km
from kmgmm._colors import CLUSTERS
from kmgmm._voronoi import voronoi_edges

TILTED = km.Mixture([0.4, 0.6], [[0.0, 0], [5, 1]], [[[4.0, 1.5], [1.5, 1]], [[1, 0], [0, 9.0]]])


@pytest.fixture
def ax():
    before = dict(mpl.rcParams)
    yield Figure().subplots()
    assert dict(mpl.rcParams) == before  # plots leave the reader's settings alone


def test_points_are_gray_or_in_the_colors_and_marks_of_their_clusters(ax):
    X = np.arange(12.0).reshape(6, 2)
    (gray,) = km.plots.points(X, ax=ax)
    np.testing.assert_array_equal(gray.get_offsets(), X)
    assert same_color(gray.get_facecolor()[0][:3], km.plots.DATA)
    clusters = km.plots.points(X, [0, 1, 2, 0, 1, 2], ax=ax)
    assert len({tuple(c.get_facecolor()[0]) for c in clusters}) == 3
    assert len({len(c.get_paths()[0].vertices) for c in clusters}) == 3
    np.testing.assert_array_equal(clusters[1].get_offsets(), X[[1, 4]])


def test_many_clusters_are_all_drawn(ax):
    X = np.arange(24.0).reshape(12, 2)
    assert sum(len(c.get_offsets()) for c in km.plots.points(X, np.arange(12), ax=ax)) == 12


def test_soft_points_blend_the_colors_in_their_shares(ax):
    hard = km.plots.points([[0, 0], [1, 1]], [0, 1], ax=ax)
    first, second = (c.get_facecolor()[0][:3] for c in hard)
    (soft,) = km.plots.points([[0, 0], [1, 1], [2, 2]], R=[[1, 0], [0, 1], [0.25, 0.75]], ax=ax)
    expected = [first, second, 0.25 * first + 0.75 * second]
    np.testing.assert_allclose(soft.get_facecolors()[:, :3], expected)


def test_an_estimate_is_a_disc_and_a_population_value_a_ring(ax):
    disc = km.plots.centers([[1.0], [2.0]], ax=ax)
    ring = km.plots.centers([[1.0], [2.0]], ax=ax, population=True, color=km.plots.TRUTH)
    np.testing.assert_array_equal(disc.get_offsets(), [[1, 0], [2, 0]])
    np.testing.assert_array_equal(disc.get_facecolor()[0], to_rgba(km.plots.KMEANS))
    np.testing.assert_array_equal(ring.get_edgecolor()[0], to_rgba(km.plots.TRUTH))
    assert not same_color(ring.get_facecolor()[0], ring.get_edgecolor()[0])


def test_the_space_has_at_most_two_dimensions(ax):
    with pytest.raises(ValueError, match=r"line or in the plane.*d = 3"):
        km.plots.points(np.zeros((4, 3)), ax=ax)


@settings(max_examples=60)
@given(st.integers(2, 7), st.integers(0, 10_000))
def test_every_edge_lies_between_its_two_nearest_centers(k, seed):
    M = np.random.default_rng(seed).normal(size=(k, 2))
    for edge in voronoi_edges(M, (-3, 3), (-3, 3)):
        for share in (0.01, 0.5, 0.99):
            place = edge[0] + share * (edge[1] - edge[0])
            D = np.sort(((M - place) ** 2).sum(axis=1))
            assert D[0] == pytest.approx(D[1], abs=1e-9 * D[-1])


@pytest.mark.parametrize("seed", range(10))
def test_edges_are_those_of_qhull(seed):
    M = np.random.default_rng(seed).normal(size=(8, 2))
    theirs = len(Voronoi(M).ridge_points)
    assert len(voronoi_edges(M, (-1e4, 1e4), (-1e4, 1e4))) == theirs


def test_a_square_and_a_row_of_centers():
    square = np.array([[0.0, 0], [1, 0], [0, 1], [1, 1]])
    assert len(voronoi_edges(square, (-1, 2), (-1, 2))) == 4
    row = np.array([[0.0, 0], [1, 0], [2, 0]])  # the middle cell hides the border of the outer two
    assert len(voronoi_edges(row, (-1, 3), (-1, 1))) == 2


def test_cells_keep_the_limits(ax):
    ax.set(xlim=(0, 1), ylim=(0, 2))
    lines = km.plots.cells([[0.0, 0], [1, 1], [0, 2]], ax=ax)
    assert (*ax.get_xlim(), *ax.get_ylim()) == (0, 1, 0, 2)
    assert len(lines.get_segments()) == 3  # the third is outside the box


@pytest.mark.parametrize("assigner", [TILTED, TILTED.means])
def test_regions_cover_the_box(ax, assigner):
    drawn = km.plots.regions(assigner, xlim=(-2, 6), ylim=(-3, 3), ax=ax)
    assert len(drawn.levels) == 3
    assert ax.get_xlim() == (-2, 6)


def test_a_density_on_the_line_integrates_to_one(ax):
    (line,) = km.plots.mixture(km.data.two_normals, ax=ax)
    assert np.trapezoid(line.get_ydata(), line.get_xdata()) == pytest.approx(1, abs=1e-4)


def test_ellipses_have_the_standard_deviations_for_axes(ax):
    ellipses = km.plots.mixture(TILTED, [[0.0, 0.0], [5, 5]], ax=ax, color=km.plots.TRUTH)
    covariances = np.repeat(TILTED.covariance_matrices, 2, axis=0)
    for ellipse, radius, covariance in zip(ellipses, (1, 2, 1, 2), covariances, strict=True):
        turn = np.radians(ellipse.angle)
        axes = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        half = np.diag([ellipse.width / 2 / radius, ellipse.height / 2 / radius])
        np.testing.assert_allclose(axes @ half**2 @ axes.T, covariance, atol=1e-12)


@pytest.mark.parametrize(("color", "ring"), [(km.plots.MIXTURE, False), (km.plots.TRUTH, True)])
def test_the_means_of_the_truth_are_rings_those_of_an_estimate_discs(ax, color, ring):
    km.plots.mixture(TILTED, ax=ax, color=color)
    (marks,) = ax.collections
    np.testing.assert_array_equal(marks.get_offsets(), TILTED.means)
    filled, edge = marks.get_facecolor()[0], marks.get_edgecolor()[0]
    assert same_color(edge if ring else filled, color)
    assert same_color(filled if ring else edge, "white")


def test_colors_are_those_of_the_style_and_of_the_stylesheet(ax):
    """Three files name them: the package's, Matplotlib's style, and the pages' style."""
    book = Path(__file__).parent.parent / "book"
    cycle = mpl.rc_params_from_file(book / "book.mplstyle", use_default_template=False)
    ours = [km.plots.MIXTURE, km.plots.KMEANS, km.plots.TRUTH, km.plots.DATA, *CLUSTERS]
    theirs = [entry["color"] for entry in cycle["axes.prop_cycle"]]
    assert all(same_color(a, b) for a, b in zip(ours, theirs, strict=True))
    assert km.plots.MIXTURE.lower() in (book / "_static" / "book.css").read_text("utf-8")


def test_who_draws_what_unless_told(ax):
    box = {"xlim": (-2, 6), "ylim": (-3, 3), "ax": ax}
    disc = km.plots.centers([[1.0, 0.0]], ax=ax)
    edges = km.plots.cells(TILTED.means, ax=ax)
    ellipses = km.plots.mixture(TILTED, ax=ax)
    assert same_color(disc.get_facecolor()[0], km.plots.KMEANS)
    assert same_color(edges.get_color()[0], km.plots.KMEANS)
    assert same_color(ellipses[0].get_edgecolor(), km.plots.MIXTURE)
    assert 0 < km.plots.regions(TILTED, **box).get_alpha() < 0.5  # what is beneath stays visible


def test_the_axes_reach_to_the_ends_of_the_ellipses(ax):
    km.plots.mixture(TILTED, ax=ax)
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    sd = 2 * np.sqrt(np.diagonal(TILTED.covariance_matrices, axis1=1, axis2=2))
    assert (TILTED.means - sd >= [left, low]).all()
    assert (TILTED.means + sd <= [right, high]).all()


def test_only_a_mixture_is_drawn_as_one(ax):
    with pytest.raises(TypeError, match="mixture must be a Mixture; got list"):
        km.plots.mixture([[0.0]], ax=ax)
