"""The colors and marks of the figures: Okabe and Ito's palette, which most eyes can tell apart."""

import numpy as np
from matplotlib.colors import to_rgb

from kmgmm._arrays import Array

KMEANS, MIXTURE, TRUTH, DATA = "#D55E00", "#0072B2", "#000000", "#7F7F7F"
CLUSTERS = ("#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442")
MARKS = "os^Dv"


def palette(k: int) -> Array:
    """Return the colors of k clusters as (k, 3) shares of red, green and blue."""
    return np.array([to_rgb(CLUSTERS[i % len(CLUSTERS)]) for i in range(k)])
