"""Pictures: what each plotting function draws looks as it did when someone last looked at it.

After a change that is meant, draw them anew, and look at them before you commit:

    pytest -n 0 --mpl-generate-path=tests/pictures tests/test_pictures.py

Text is left out, so that no font matters; the limit lets the last shades of an edge differ.
"""

import numpy as np
import pytest
from matplotlib.figure import Figure

import kmgmm as km

BOX = {"xlim": (-4, 8), "ylim": (-5, 5)}
ROUND = [[1.0, 0], [0, 1]]
BLOBS = km.Mixture(
    [0.5, 0.3, 0.2], [[0.0, 0], [5, 1], [2, -3]], [[[2, 1.2], [1.2, 1]], ROUND, ROUND]
)
X, LABELS = BLOBS.sample(60, rng=1)

picture = pytest.mark.mpl_image_compare(tolerance=1, style="default", remove_text=True)


def panels(n):
    """Return a figure of n panels that show the same part of the plane."""
    figure = Figure(figsize=(3 * n, 2.5), dpi=50)
    axes = np.atleast_1d(figure.subplots(1, n))
    for ax in axes:
        ax.set(**BOX)
    return figure, axes


@picture
def test_points():
    figure, (gray, hard, soft) = panels(3)
    km.plots.points(X, ax=gray)
    km.plots.points(X, LABELS, ax=hard)
    km.plots.points(X, R=BLOBS.responsibilities(X), ax=soft)
    return figure


@picture
def test_centers():
    figure, (estimates, truth) = panels(2)
    km.plots.centers(BLOBS.means, ax=estimates)
    km.plots.centers(BLOBS.means, ax=truth, color=km.plots.TRUTH, population=True)
    return figure


@picture
def test_cells():
    figure, (ax,) = panels(1)
    km.plots.cells(BLOBS.means, ax=ax)
    return figure


@picture
def test_regions():
    figure, (straight, curved) = panels(2)
    km.plots.regions(BLOBS.means, **BOX, ax=straight)
    km.plots.regions(BLOBS, **BOX, ax=curved)
    return figure


@picture
def test_mixture():
    figure, (line, plane, truth) = panels(3)
    line.set(ylim=(0, 0.25))
    km.plots.mixture(km.data.two_normals, ax=line)
    km.plots.mixture(BLOBS, X, ax=plane)
    km.plots.mixture(BLOBS, ax=truth, color=km.plots.TRUTH)
    return figure
