"""Runs: where solve stops and what it keeps."""

from types import SimpleNamespace

import numpy as np
import pytest
from strategies import example

import kmgmm as km

X = np.array([[0.0], [1.0], [5.0], [6.0]])


def objectives(*values):
    return [SimpleNamespace(objective=float(value)) for value in values]


def gains(share, n=200):
    """A trace that climbs to 1 and leaves `share` of the distance at each iteration."""
    return objectives(*(1 - share**t for t in range(n)))


@pytest.mark.parametrize("tol", [0.0, 1e-12, 1e-3, 0.1])
@pytest.mark.parametrize(("unit", "origin"), [(1.0, 0.0), (-1.0, 0.0), (1e9, 1e9), (-1e-9, 0.0)])
def test_it_stops_when_an_iteration_gains_no_more_than_tol_of_all_gains(tol, unit, origin):
    """The objective may rise or fall, in any unit and from any origin."""
    trace = [origin + unit * s.objective for s in gains(0.5)]
    run = km.solve(objectives(*trace), tol=tol)
    t = run.n_iter
    steps = np.abs(np.diff(trace))
    total = np.abs(np.array(trace) - trace[0])
    assert run.converged
    assert steps[t - 1] <= tol * total[t]
    assert (steps[: t - 1] > tol * total[1:t]).all()
    assert run.trace.tolist() == trace[: t + 1]
    assert run.last.objective == trace[t]


def test_tol_zero_goes_on_until_nothing_changes():
    run = km.solve(objectives(9, 5, 4.9999999999, 4.9999999999, 3))
    assert (run.n_iter, run.converged, run.last.objective) == (3, True, 4.9999999999)


def test_a_step_against_the_trend_is_rounding_and_ends_the_run():
    assert km.solve(objectives(0, 5, 5 - 1e-12, 6)).n_iter == 2
    assert km.solve(objectives(0, -5, -5 + 1e-12, -6)).n_iter == 2


def test_a_start_at_a_fixed_point_stays_there():
    run = km.solve(km.lloyd(X, [[0.5], [5.5]]))
    assert run.converged
    assert run.n_iter == 1
    assert run.trace.tolist() == [1, 1]
    assert run.last.centers.ravel().tolist() == [0.5, 5.5]


@pytest.mark.parametrize("max_iter", [0, 1, 5])
def test_max_iter_warns_and_is_not_convergence(max_iter):
    with pytest.warns(RuntimeWarning, match=f"not converged after {max_iter} iterations") as caught:
        run = km.solve(gains(0.5), max_iter=max_iter)
    assert caught[0].filename == __file__
    assert not run.converged
    assert run.n_iter == max_iter
    assert len(run.trace) == max_iter + 1


def test_no_state_is_computed_beyond_the_last():
    def states():
        yield from objectives(3, 1, 1)
        raise AssertionError("solve asked for one state too many")

    assert km.solve(states()).n_iter == 2


@pytest.mark.parametrize("container", [list, tuple, iter, lambda s: (x for x in s)])
def test_any_iterable_of_states_will_do(container):
    run = km.solve(container(objectives(4, 2, 1, 1)))
    assert run.trace.tolist() == [4, 2, 1, 1]
    with pytest.warns(RuntimeWarning, match="not converged after 1 iterations"):
        assert not km.solve(container(objectives(4, 2))).converged  # the states run out


def test_no_states_at_all_are_refused():
    with pytest.raises(ValueError, match="states must hold one state or more"):
        km.solve([])


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"tol": -1e-9}, r"tol must be in \[0, 1\); got -1e-09"),
        ({"tol": 1.0}, r"tol must be in \[0, 1\); got 1"),
        ({"tol": np.nan}, r"tol must be in \[0, 1\); got nan"),
        ({"max_iter": -1}, "max_iter must not be negative; got -1"),
    ],
)
def test_bad_arguments_are_refused(keywords, message):
    with pytest.raises(ValueError, match=message):
        km.solve(km.lloyd(X, X[:2]), **keywords)


@pytest.mark.parametrize("seed", range(20))
def test_em_with_tol_zero_comes_to_an_end(seed):
    data, start = example(km.Isotropic(0.5), seed, n=100)
    run = km.solve(km.em(data, start))
    assert run.converged
    assert run.n_iter < 10_000
    assert run.trace[-1] >= run.trace.max() - 1e-10 * abs(run.trace[-1])


def test_repr_tells_objective_tolerance_and_starts():
    run = km.solve(km.lloyd(X, X[:2]), tol=1e-3)
    assert repr(run) == "Run(objective=1, converged=True, n_iter=3, tol=0.001)"
    assert run.n_best == 1
    assert run.finals.tolist() == [1]
    best = km.kmeans(X, 2, n_starts=4, rng=1)
    assert repr(best).endswith(f"tol=0, n_best={best.n_best} of 4)")


@pytest.mark.parametrize(
    ("finals", "expected"),
    [([1.0, 1.0, 2.0], 2), ([1.0, 1 + 5e-6, 1 + 5e-4], 2), ([1.0, np.nan, np.nan], 1)],
)
def test_n_best_counts_starts_that_reached_the_best(finals, expected):
    run = km.Run(None, np.array([11.0, 1.0]), True, 1, 0.0, np.array(finals))
    assert run.n_best == expected
