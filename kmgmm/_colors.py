"""The colors and marks of the figures: Okabe and Ito's palette, which most eyes can tell apart."""

import numpy as np
from matplotlib.colors import to_rgb

from kmgmm._checks import Array

KMEANS, MIXTURE, TRUTH, DATA = "#D55E00", "#0072B2", "#000000", "#7F7F7F"
CLUSTERS = ("#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
MARKS = "os^Dv"


def color_of(i: int) -> str:
    """Return the color of cluster i; after five they come again."""
    return CLUSTERS[i % len(CLUSTERS)]


def mark_of(i: int) -> str:
    """Return the mark of cluster i; it changes when the colors come again."""
    return MARKS[(i + i // len(CLUSTERS)) % len(MARKS)]


def palette(k: int) -> Array:
    """Return the colors of k clusters as (k, 3) shares of red, green and blue."""
    return np.array([to_rgb(color_of(i)) for i in range(k)])
