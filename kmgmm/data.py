"""Data: the book's named examples.

Each simulated example is the `Mixture` it is drawn from, and can be called to draw from it.
"""

from importlib.resources import files
from typing import Any

import numpy as np

from kmgmm._checks import Array, Labels
from kmgmm.mixtures import Mixture


class Example(Mixture):
    """A mixture to draw data from: ``X, labels = example(n, rng=seed)``.

    Chapter: models, estimators, algorithms.

    Parameters
    ----------
    weights, means, covariances, model : see `Mixture`
        What a mixture is made of.

    Examples
    --------
    >>> import kmgmm as km
    >>> X, labels = km.data.two_normals(500, rng=1)
    >>> X.shape, km.data.two_normals.means.ravel()
    ((500, 1), array([-1.,  1.]))
    """

    def __call__(self, n: int, *, rng: Any) -> tuple[Array, Labels]:
        """Draw n points and the labels of their components, as `Mixture.sample` does."""
        return self.sample(n, rng=rng)


#: ½N(−1, 1) + ½N(1, 1), the example of the whole book.
#: Chapter: models, estimators, algorithms.
two_normals = Example([0.5, 0.5], [[-1.0], [1.0]], 1.0)

#: Three spherical groups of equal size and unit variance, in the plane, overlapping a little.
#: Chapter: EM becomes k-means.
three_blobs = Example([1 / 3, 1 / 3, 1 / 3], [[0.0, 3.0], [-2.5, -1.5], [2.5, -1.5]], 1.0)

#: Two long, parallel groups, so close that k-means cuts them across.
#: Chapter: the fixed-partition model.
ellipses = Example(
    [0.5, 0.5], [[0.0, -1.5], [0.0, 1.5]], [[[9.0, 0.0], [0.0, 0.25]], [[9.0, 0.0], [0.0, 0.25]]]
)

#: .9 N(−1, 1) + .1 N(1, 1): two normals of which one is rare.
#: Chapter: where k-means goes.
unbalanced = Example([0.9, 0.1], [[-1.0], [1.0]], 1.0)


def old_faithful() -> Array:
    """Return the Old Faithful eruptions: duration and waiting time to the next, (272, 2).

    Both in minutes, Yellowstone National Park, 1985; R's ``faithful``.
    Chapter: k-means; Old Faithful.

    Returns
    -------
    (272, 2) array
        Eruption time and waiting time, in minutes.

    References
    ----------
    .. [1] A. Azzalini and A. W. Bowman (1990). A look at some data on the Old Faithful geyser.
       Applied Statistics 39, 357–365.

    Examples
    --------
    >>> import kmgmm as km
    >>> km.data.old_faithful()[0]
    array([ 3.6, 79. ])
    """
    with (files("kmgmm") / "old_faithful.csv").open() as file:
        return np.loadtxt(file, delimiter=",", skiprows=1)
