"""fast-tsp, a compiled local search: short tours of up to 3,000 points."""

from time import monotonic

import fast_tsp as solver
import numpy as np
from numpy.typing import NDArray

from .local import bettered
from .nearest import nearest_neighbor
from .task import IntArray, Task

MOST_POINTS = 3_000
_FAR = 65_535
_ENOUGH_S = 0.005
_SOLVER_SHARE = 0.9


def fast_tsp(task: Task) -> IntArray:
    """A short tour within `budget_s`, never longer than the greedy one; which one depends on the machine's speed.

    Raises ValueError for more than 3,000 distinct points, or where work is to be capped instead of time.
    """
    n = len(task.coordinates)
    if n > MOST_POINTS:
        raise ValueError(f"points must be at most {MOST_POINTS} for fast_tsp, got {n}")
    if task.max_work is not None:
        raise ValueError(f"max_work cannot cap fast_tsp, got {task.max_work!r}")
    greedy = nearest_neighbor(task)
    if n < 3 or task.budget_s == 0:
        return greedy
    distances = _whole_numbers(task)
    seconds = min(task.budget_s, n * _ENOUGH_S)
    deadline = monotonic() + seconds
    cycle = solver.find_tour(distances, duration_seconds=_SOLVER_SHARE * seconds, stop_when_converged=True)
    found = task.from_cycle(np.array(cycle, dtype=np.int64))
    # One place far off leaves the others too few of the solver's whole numbers: what it cannot tell apart is put right.
    found = bettered(task, found, iter(lambda: monotonic() < deadline, False))
    return found if task.length(found) < task.length(greedy) else greedy


def _whole_numbers(task: Task) -> NDArray[np.uint16]:
    """Distances as the solver takes them, 0 to 65,535, with a last node that stands for the open end.

    It is as near to every point, so that the cycle through it is a path; a fixed start is near to it alone, all
    others as far as the longest way, which no saving can outweigh.
    """
    n = len(task.coordinates)
    everyone = np.arange(n)
    result = np.zeros((n + (not task.closed),) * 2, dtype=np.uint16)
    scaled = np.vstack([task.apart(i, everyone) for i in range(n)])
    scaled *= (_FAR - 1) / scaled.max()
    result[:n, :n] = np.rint(scaled)
    if not task.closed and task.start is not None:
        result[n, :n] = result[:n, n] = _FAR
        result[n, task.start] = result[task.start, n] = 0
    return result
