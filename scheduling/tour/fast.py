"""fast-tsp, a compiled local search: short tours of up to 5,000 points in one call."""

from time import monotonic

import fast_tsp as solver
import numpy as np
from numpy.typing import NDArray

from ..geodesy import MEAN_RADIUS_M, arc_over_chord
from ..values import FloatArray, IntArray
from .greedy import constructed
from .local import bettered
from .task import Task

MOST_POINTS = 5_000
FAR = 65_535
_ENOUGH_S = 0.005
_SOLVER_SHARE = 0.9
_MOST_FOR_LOCAL_SEARCH = 1_000
_BLOCK = 1 << 18
# From here on the arc is longer than its chord by more than one part in 65,535.
_STRAIGHT_M = MEAN_RADIUS_M / 55


def fast_tsp(task: Task) -> IntArray:
    """A short tour within `budget_s`, never longer than the greedy one; which one depends on the machine's speed.

    Raises ValueError for more than 5,000 distinct points, or where work is to be capped instead of time.
    """
    n = len(task.coordinates)
    if n > MOST_POINTS:
        raise ValueError(f"points must be at most {MOST_POINTS} for fast_tsp, got {n}")
    if task.max_work is not None:
        raise ValueError(f"max_work cannot cap fast_tsp, got {task.max_work!r}")
    few = n <= _MOST_FOR_LOCAL_SEARCH
    seconds = min(task.budget_s, n * _ENOUGH_S)
    # What construction takes comes out of the budget, up to a half of it.
    began = monotonic()
    greedy = constructed(task)
    if n < 3 or task.budget_s == 0:
        return greedy
    deadline = max(began + seconds, monotonic() + seconds / 2)
    distances = _with_open_end(task, whole_numbers(task.coordinates, geodesic=task.geodesic))
    cycle = solved(distances, (deadline - monotonic()) * (_SOLVER_SHARE if few else 1))
    found = task.from_cycle(cycle)
    if few:
        # One place far off leaves the others too few of the solver's whole numbers: what it could not tell apart.
        found = bettered(task, found, iter(lambda: monotonic() < deadline, False))
    return found if task.length(found) < task.length(greedy) else greedy


def solved(distances: NDArray[np.uint16], seconds: float) -> IntArray:
    """A short cycle through all rows of a symmetric matrix, in about so many seconds; up to 20 rows exact."""
    # A duration of nothing is refused.
    cycle = solver.find_tour(distances, duration_seconds=max(seconds, 1e-4), stop_when_converged=True)
    return np.array(cycle, dtype=np.int64)


def whole_numbers(points: FloatArray, *, geodesic: bool, surcharge: int = 0) -> NDArray[np.uint16]:
    """Distances of M points in space as the solver takes them: from 0, or a surcharge, to 65,535, nearly all used.

    In single precision about the points' middle, which is finer than whole numbers are, and in blocks of rows that
    stay in the processor's cache.
    """
    columns = (points - points.mean(axis=0)).T.astype(np.float32)
    chord = float(np.sqrt(np.square(np.ptp(columns, axis=1)).sum()))
    bent = geodesic and chord > _STRAIGHT_M
    scale = (FAR - surcharge - 1) / (float(arc_over_chord(np.array(chord))) if bent else chord)
    result = np.empty((len(points), len(points)), dtype=np.uint16)
    rows = max(1, _BLOCK // len(points))
    for first in range(0, len(points), rows):
        apart = np.zeros((len(result[first : first + rows]), len(points)), dtype=np.float32)
        for column in columns[np.ptp(columns, axis=1) > 0]:
            apart += np.square(column[first : first + rows, None] - column)
        np.sqrt(apart, out=apart)
        if bent:
            apart = 2 * np.arcsin(np.minimum(apart / (2 * MEAN_RADIUS_M), 1)) * MEAN_RADIUS_M
        apart *= scale
        apart += surcharge + 0.5
        result[first : first + rows] = apart
    np.fill_diagonal(result, 0)
    return result


def _with_open_end(task: Task, distances: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """With a last node that stands for the open end of a tour that is not closed.

    It is as near to every point, so that the cycle through it is a path; a fixed start is near to it alone, all
    others as far as the longest way, which no saving can outweigh.
    """
    if task.closed:
        return distances
    result = np.pad(distances, (0, 1))
    if task.start is not None:
        result[-1, :-1] = result[:-1, -1] = FAR
        result[-1, task.start] = result[task.start, -1] = 0
    return result
