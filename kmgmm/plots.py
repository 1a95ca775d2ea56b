"""Figures: draw into an `ax`, compute nothing that is not drawn, return the artists.

One visual language. k-means is vermillion, the mixture blue, the truth black, data gray. A hard
assignment has flat colors and straight edges, a soft one a gradient. An estimate is a filled mark,
a population value a ring. Clusters differ in their marks too, not in color alone.
"""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.contour import QuadContourSet
from matplotlib.patches import Ellipse

from kmgmm._checks import Array, as_centers, as_real, expect
from kmgmm._colors import DATA, KMEANS, MIXTURE, TRUTH, color_of, mark_of, palette
from kmgmm._voronoi import voronoi_edges
from kmgmm.mixtures import Mixture
from kmgmm.partitions import assign
from kmgmm.slider import slider

__all__ = ["DATA", "KMEANS", "MIXTURE", "TRUTH"]
__all__ += ["cells", "centers", "mixture", "points", "regions", "slider"]


def points(X: Any, labels: Any = None, *, ax: Axes, R: Any = None) -> list[PathCollection]:
    """Draw points in the plane, or on a line: gray, in their clusters' colors, or blended.

    Chapter: k-means.

    Parameters
    ----------
    X : (n, d) array
        The data, d = 1 or 2.
    labels : (n,) array of int, optional
        Flat colors and marks, one for each cluster.
    ax : matplotlib.axes.Axes
        Where to draw.
    R : (n, k) array, optional
        Responsibilities: each point gets the clusters' colors in these shares.

    Returns
    -------
    list of PathCollection
        The points, a collection for each cluster.

    Raises
    ------
    ValueError
        If d is neither 1 nor 2.

    Examples
    --------
    >>> import kmgmm as km, matplotlib.figure
    >>> ax = matplotlib.figure.Figure().subplots()
    >>> len(km.plots.points([[0.0, 1.0], [2.0, 3.0]], [0, 1], ax=ax))
    2
    """
    x, y = _coordinates(X)
    style: dict[str, Any] = {"s": 12, "linewidths": 0, "alpha": 0.75}
    if R is not None or labels is None:
        color = DATA if R is None else R @ palette(np.shape(R)[1])
        return [ax.scatter(x, y, color=color, **style)]
    labels = np.asarray(labels)
    return [
        ax.scatter(x[labels == i], y[labels == i], color=color_of(i), marker=mark_of(i), **style)
        for i in np.unique(labels)
    ]


def centers(
    centers: Any, *, ax: Axes, color: str = KMEANS, population: bool = False
) -> PathCollection:
    """Draw centers or means: discs for estimates, rings for what belongs to a distribution.

    Chapter: k-means.

    Parameters
    ----------
    centers : (k, d) array
        Centers, d = 1 or 2.
    ax : matplotlib.axes.Axes
        Where to draw.
    color : color
        `KMEANS`, `MIXTURE` or `TRUTH`.
    population : bool
        Whether they belong to a distribution, not to data.

    Returns
    -------
    PathCollection
        The marks.

    Raises
    ------
    ValueError
        If d is neither 1 nor 2.

    Examples
    --------
    >>> import kmgmm as km, matplotlib.figure
    >>> ax = matplotlib.figure.Figure().subplots()
    >>> km.plots.centers([[0.0], [1.0]], ax=ax).get_offsets().shape
    (2, 2)
    """
    face, edge = ("white", color) if population else (color, "white")
    x, y = _coordinates(centers, "centers")
    return ax.scatter(x, y, s=70, facecolors=face, edgecolors=edge, linewidths=1.5, zorder=3)


def cells(centers: Any, *, ax: Axes, color: str = KMEANS) -> LineCollection:
    """Draw the edges of the Voronoi cells of centers in the plane, as far as the axes reach.

    Chapter: k-means.

    Parameters
    ----------
    centers : (k, 2) array
        The centers.
    ax : matplotlib.axes.Axes
        Where to draw; its limits are kept.
    color : color
        Of the edges.

    Returns
    -------
    LineCollection
        The edges, each a piece of the line halfway between two centers.

    Raises
    ------
    ValueError
        If d is not 2.

    Examples
    --------
    >>> import kmgmm as km, matplotlib.figure
    >>> ax = matplotlib.figure.Figure().subplots()
    >>> len(km.plots.cells([[0.0, 0.0], [1.0, 0.0]], ax=ax).get_segments())
    1
    """
    limits = ax.get_xlim(), ax.get_ylim()
    edges = voronoi_edges(as_centers(centers, 2), *limits)
    lines = LineCollection(edges, colors=color, linewidths=1.4)
    ax.add_collection(lines, autolim=False)
    ax.set(xlim=limits[0], ylim=limits[1])
    return lines


def regions(
    assigner: Any, *, xlim: tuple[float, float], ylim: tuple[float, float], ax: Axes
) -> QuadContourSet:
    """Color the plane by the component or center to which each place is assigned.

    Chapter: EM becomes k-means.

    Parameters
    ----------
    assigner : Mixture or (k, 2) array
        A mixture assigns a place to its likeliest component, centers to the nearest.
    xlim, ylim : pair of float
        The part of the plane to color.
    ax : matplotlib.axes.Axes
        Where to draw.

    Returns
    -------
    QuadContourSet
        The colored regions.

    Raises
    ------
    ValueError
        If the mixture or the centers are not in the plane.

    Examples
    --------
    >>> import kmgmm as km, matplotlib.figure
    >>> ax = matplotlib.figure.Figure().subplots()
    >>> box = {"xlim": (-4, 4), "ylim": (-4, 4)}
    >>> len(km.plots.regions(km.data.three_blobs, **box, ax=ax).levels)
    4
    """
    x, y = np.linspace(*xlim, 400), np.linspace(*ylim, 400)
    places = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    soft = isinstance(assigner, Mixture)
    labels = assigner.assign(places) if soft else assign(places, assigner)
    k = assigner.k if soft else len(assigner)
    levels = np.arange(k + 1) - 0.5
    return ax.contourf(x, y, labels.reshape(400, 400), levels, colors=palette(k), alpha=0.35)


def mixture(mixture: Mixture, X: Any = None, *, ax: Axes, color: str = MIXTURE) -> list[Any]:
    """Draw a mixture: on the line its density, in the plane its means and ellipses.

    Chapter: EM becomes k-means; Gaussian mixtures.

    Parameters
    ----------
    mixture : Mixture
        With d = 1 or 2. The ellipses hold points up to 1 and 2 standard deviations away.
    X : (n, d) array, optional
        Data, drawn beneath in the colors of their responsibilities.
    ax : matplotlib.axes.Axes
        Where to draw.
    color : color
        `MIXTURE` for an estimate, `TRUTH` for the truth, whose means are rings.

    Returns
    -------
    list of Line2D or of Ellipse
        The density, or the ellipses.

    Raises
    ------
    ValueError
        If d is neither 1 nor 2.

    Examples
    --------
    >>> import kmgmm as km, matplotlib.figure
    >>> ax = matplotlib.figure.Figure().subplots()
    >>> len(km.plots.mixture(km.data.three_blobs, ax=ax))
    6
    """
    expect(mixture, Mixture, "mixture")
    if X is not None:
        points(X, R=mixture.responsibilities(X), ax=ax)
    variances, axes = np.linalg.eigh(mixture.covariance_matrices)
    sd = np.sqrt(variances)
    if mixture.d == 1:
        x = np.linspace((mixture.means - 4 * sd).min(), (mixture.means + 4 * sd).max(), 401)
        return ax.plot(x, np.exp(mixture.log_density(x[:, None])), color=color)
    centers(mixture.means, ax=ax, color=color, population=color == TRUTH)
    angles = np.degrees(np.arctan2(axes[:, 1, 0], axes[:, 0, 0]))
    ellipses = []
    for mean, (a, b), angle in zip(mixture.means, 2 * sd, angles, strict=True):
        for r in (1, 2):
            ellipse = Ellipse(mean, r * a, r * b, angle=angle, fill=False, color=color)
            ellipses.append(ax.add_patch(ellipse))
    ax.autoscale_view()
    return ellipses


def _coordinates(X: Any, name: str = "X") -> tuple[Array, Array]:
    X = as_real(X, name, 2, "(n, d)")
    if X.shape[1] > 2:
        raise ValueError(f"{name} must lie on a line or in the plane; got d = {X.shape[1]}")
    return X[:, 0], X[:, 1] if X.shape[1] == 2 else np.zeros(len(X))
