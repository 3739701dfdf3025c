"""Short tours: the order in which to walk past places, so that neighbours in rank are neighbours on the ground."""

from collections.abc import Callable, Iterable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ..values import FloatArray, IntArray, at_least_zero, whole
from .fast import MOST_POINTS, fast_tsp
from .greedy import greedy_edges
from .groups import by_groups
from .local import local_search
from .nearest import nearest_neighbor
from .task import Task, read_points, separation

__all__ = ["TOURS", "IntArray", "Task", "length", "order"]

Metric = Literal["geodesic", "euclidean"]

# Where the whole matrix takes much of the budget, groups get farther.
_ALWAYS_ONE_CALL = 1_000
_ONE_CALL_S = 2e-4


def auto(task: Task) -> IntArray:
    """The best way there is for the number of points, within the time or the work allowed."""
    if task.max_work is not None:
        return local_search(task)
    n = len(task.coordinates)
    one_call = n <= _ALWAYS_ONE_CALL or (n <= MOST_POINTS and task.budget_s >= n * _ONE_CALL_S)
    return fast_tsp(task) if one_call else by_groups(task)


TOURS: dict[str, Callable[[Task], IntArray]] = {
    "auto": auto,
    "nearest_neighbor": nearest_neighbor,
    "greedy_edges": greedy_edges,
    "fast_tsp": fast_tsp,
    "groups": by_groups,
    "local_search": local_search,
}


def order(
    points: Iterable[object],
    *,
    metric: Metric = "geodesic",
    closed: bool = False,
    start: int | None = None,
    method: str = "auto",
    budget_s: float = 1.0,
    max_work: int | None = None,
    seed: int = 0,
) -> IntArray:
    """A short tour of N points: their indices in the order of visit, a permutation of 0 … N-1.

    Points are things with locations (see `locations`) or an array (N, 2) of degrees; with the Euclidean metric pairs or
    triples of numbers. Missing ones come last, equal ones together, both in the order given. A `closed` tour returns to
    where it began. `start` is the index to begin at; without one an open tour begins where it is shortest.

    `budget_s` bounds the seconds spent on bettering a tour by greedy edges (that one is extra: 0.1 s for 20,000 points,
    15 s for a million); how good it gets depends on the machine. `max_work` caps the work instead (see `local_search`):
    slower, the same every time. "auto" is `fast_tsp` to 5,000 points, as the budget allows, else `by_groups`.

    Raises ValueError or TypeError naming the argument and the value; a missing point cannot be the start.
    """
    if method not in TOURS:
        raise ValueError(f"method must be one of {', '.join(TOURS)}, got {method!r}")
    limits = (at_least_zero(budget_s, "budget_s"), max_work if max_work is None else whole(max_work, "max_work"))
    whole(seed, "seed")
    coordinates = read_points(points, metric)
    located, missing = (np.flatnonzero(one) for one in (~np.isnan(coordinates[:, 0]), np.isnan(coordinates[:, 0])))
    _check_start(start, coordinates)
    if len(located) == 0:
        return missing
    distinct, group = _distinct(coordinates[located])
    first = None if start is None else int(group[np.searchsorted(located, start)])
    task = Task(distinct, metric == "geodesic", closed, first, *limits, seed)
    position = np.argsort(TOURS[method](task))
    visits = located[np.argsort(position[group], kind="stable")]
    if start is not None:
        visits = np.concatenate([[start], visits[visits != start]])
    return np.concatenate([visits, missing])


def length(points: Iterable[object], order: ArrayLike, *, metric: Metric = "geodesic", closed: bool = False) -> float:
    """Length of the tour that visits `points` in `order`: metres, or the caller's unit with the Euclidean metric.

    Missing points are passed over. A closed tour counts the way back. Errors as in `order`.
    """
    visits = read_points(points, metric)[np.asarray(order, dtype=np.int64)]
    visits = visits[~np.isnan(visits[:, 0])]
    if len(visits) < 2:
        return 0.0
    onward = visits if not closed else np.concatenate([visits, visits[:1]])
    return float(separation(onward[:-1], onward[1:], geodesic=metric == "geodesic").sum())


def _distinct(coordinates: FloatArray) -> tuple[FloatArray, IntArray]:
    """Each place once, numbered by first appearance, and every point's number."""
    by_place = np.lexsort(coordinates.T)
    along = coordinates[by_place]
    new = np.append(True, (along[1:] != along[:-1]).any(axis=1))
    # The sort is stable: the first of each place in it is the first to appear.
    first = by_place[new]
    number = np.argsort(np.argsort(first))
    group = np.empty(len(coordinates), dtype=np.int64)
    group[by_place] = number[np.cumsum(new) - 1]
    return coordinates[np.sort(first)], group


def _check_start(start: int | None, coordinates: FloatArray) -> None:
    if start is None:
        return
    if isinstance(start, bool) or not isinstance(start, (int, np.integer)):
        raise TypeError(f"start must be an index, got {start!r}")
    if not 0 <= start < len(coordinates):
        raise ValueError(f"start must be an index of one of {len(coordinates)} points, got {start!r}")
    if np.isnan(coordinates[start, 0]):
        raise ValueError(f"start must be a point with a location, got {start!r}")
