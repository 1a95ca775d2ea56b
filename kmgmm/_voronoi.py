"""The edges of Voronoi cells in the plane, for `plots.cells`."""

import numpy as np

from kmgmm._checks import Array


def voronoi_edges(M: Array, xlim: tuple[float, float], ylim: tuple[float, float]) -> list[Array]:
    """Return the edges between the cells of M (k, 2) as (2, 2) segments that leave the box."""
    corners = np.array([(x, y) for x in xlim for y in ylim])
    edges = []
    for i, a in enumerate(M):
        for other, b in enumerate(M[:i]):
            # Points middle + t · along are as far from a as from b; other centers bound t.
            middle, along = (a + b) / 2, np.array([a[1] - b[1], b[0] - a[0]])
            along = along / np.hypot(*along)
            reach = 2 * np.hypot(*(corners - middle).T).max()
            others = np.delete(M, [i, other], axis=0)
            slope = 2 * (others - a) @ along
            room = ((middle - others) ** 2).sum(axis=1) - ((middle - a) ** 2).sum()
            high = np.divide(room, slope, out=np.full(len(slope), reach), where=slope > 0)
            low = np.divide(room, slope, out=np.full(len(slope), -reach), where=slope < 0)
            low, high = low.max(initial=-reach), high.min(initial=reach)
            if low < high and not np.any((slope == 0) & (room < 0)):
                edges.append(middle + np.outer([low, high], along))
    return edges
