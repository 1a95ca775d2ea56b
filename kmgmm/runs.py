"""Runs: where an algorithm stops, and what came of it.

Chapter: k-means.
"""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from kmgmm._checks import Array


@dataclass(frozen=True, eq=False)
class Run:
    """What came of running an algorithm.

    Chapter: k-means.

    Parameters
    ----------
    last : KMeansState or MixtureState
        The last state.
    trace : (n_iter + 1,) array
        The objective of each state, the start's first.
    converged : bool
        Whether the run ended by itself, not at max_iter.
    n_iter : int
        Number of iterations.
    tol : float
        The tolerance it was run with.
    finals : (n_starts,) array
        The objective that each start reached, if there were several; NaN where one collapsed.

    Examples
    --------
    >>> import kmgmm as km
    >>> km.solve(km.lloyd([[0.0], [1.0], [5.0]], [[0.0], [4.0]]))
    Run(objective=0.5, converged=True, n_iter=2, tol=0)
    """

    last: Any
    trace: Array
    converged: bool
    n_iter: int
    tol: float
    finals: Array

    def reached(self, objective: Any, share: float) -> Any:
        """Tell whether this run's objective is as given, to a share of what the run gained."""
        gain = abs(self.trace[-1] - self.trace[0])
        rounding = 1e-12 * abs(self.trace[-1])
        return abs(np.asarray(objective) - self.trace[-1]) <= share * gain + rounding

    @property
    def n_best(self) -> int:
        """How many starts reached this run's objective, to 1e-6 of what it gained."""
        return int(np.count_nonzero(self.reached(self.finals, 1e-6)))

    def __repr__(self) -> str:
        starts = f", n_best={self.n_best} of {len(self.finals)}" if len(self.finals) > 1 else ""
        return (
            f"Run(objective={self.trace[-1]:.7g}, converged={self.converged}, "
            f"n_iter={self.n_iter}, tol={self.tol:g}{starts})"
        )


def solve(states: Iterable[Any], *, tol: float = 0.0, max_iter: int = 10_000) -> Run:
    """Run an algorithm until its objective stands still.

    Chapter: k-means.

    Parameters
    ----------
    states : iterable of states
        Such as ``lloyd(X, centers)`` or ``em(X, start)``.
    tol : float
        Stop when an iteration gains no more than this share of all that was gained since the
        start. The objective's unit and origin do not matter. 0 means: until nothing changes, or
        the change is rounding (a step against the trend, which the theorems exclude).
    max_iter : int
        Stop after so many iterations all the same, with a warning.

    Returns
    -------
    Run
        With the last state, the trace of objectives, and whether it converged.

    Raises
    ------
    ValueError
        If there is no state, tol is not in [0, 1) or max_iter is negative.

    Warns
    -----
    RuntimeWarning
        If it did not converge.

    Examples
    --------
    >>> import kmgmm as km
    >>> run = km.solve(km.lloyd([[0.0], [1.0], [5.0], [6.0]], [[0.0], [1.0]]))
    >>> run.trace, run.converged
    (array([41.,  6.,  1.,  1.]), True)
    """
    run = follow(states, tol=tol, max_iter=max_iter)
    if not run.converged:
        warnings.warn(f"not converged after {run.n_iter} iterations", RuntimeWarning, stacklevel=2)
    return run


def follow(states: Iterable[Any], *, tol: float = 0.0, max_iter: int = 10_000) -> Run:
    """Do as `solve` does, but leave it to the caller to warn. Chapter: k-means."""
    if not 0 <= tol < 1:
        raise ValueError(f"tol must be in [0, 1); got {tol}")
    if max_iter < 0:
        raise ValueError(f"max_iter must not be negative; got {max_iter}")
    trace: list[float] = []
    converged = False
    for state in islice(states, max_iter + 1):
        trace.append(state.objective)
        gain = trace[-1] - trace[0]
        if len(trace) > 1 and (gain == 0 or (trace[-1] - trace[-2]) / gain <= tol):
            converged = True
            break
    if not trace:
        raise ValueError("states must hold one state or more; got none")
    return Run(state, np.array(trace), converged, len(trace) - 1, tol, np.array([trace[-1]]))
