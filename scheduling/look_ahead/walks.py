"""Every order of a few stops: which one to begin with, and the shortest way through all."""

from functools import lru_cache
from itertools import permutations

import numpy as np

from .. import tour
from ..geodesy import metres_between
from ..values import FloatArray, IntArray
from .scene import Scene
from .shortlist import Stops

_ALL_ORDERS = 7
_TOUR_WORK = 200


def best_from_each(scene: Scene, stops: Stops, depth: int) -> FloatArray:
    """For each stop the most that a walk closes in a second which begins there."""
    n = len(stops.at)
    points = scene.points[stops.at]
    legs_s = scene.pace.seconds(metres_between(points, points) + stops.extra_m)
    spent, closed = scene.pace.seconds(scene.metres[stops.at] + stops.extra_m), stops.closes
    best = closed / spent
    for legs, ends in _longer_walks(n, min(depth, n)):
        spent = (spent[:, None] + legs_s.take(legs)).ravel()
        closed = (closed[:, None] + stops.closes.take(ends)).ravel()
        best = np.maximum(best, (closed / spent).reshape(n, -1).max(axis=1))
    return best


@lru_cache(maxsize=64)
def _longer_walks(n: int, depth: int) -> tuple[tuple[IntArray, IntArray], ...]:
    """How the walks over n stops grow, for 2 … depth of them.

    Each time a row for every shorter walk (by its stops, so that those with one first stop are together) and a column
    for every stop that it lacks: the last leg as an index into the n × n legs, and the stop.
    """
    levels = []
    for length in range(2, depth + 1):
        walks = np.array(list(permutations(range(n), length)), dtype=np.int64).reshape(-1, n - length + 1, length)
        levels.append((walks[:, :, -2] * n + walks[:, :, -1], walks[:, :, -1].copy()))
    return tuple(levels)


def shortest(here: FloatArray, points: FloatArray, chosen: IntArray) -> IntArray:
    """The chosen points in the order of the shortest way through all that begins at `here`; over seven, a short one."""
    n = len(chosen)
    if n < 2:
        return chosen
    if n > _ALL_ORDERS:
        route = np.concatenate([here[None, :], points[chosen]])
        return chosen[tour.order(route, metric="euclidean", start=0, max_work=_TOUR_WORK * n)[1:] - 1]
    between = metres_between(points[chosen], points[chosen])
    every = _all_orders(n)
    length = metres_between(here[None, :], points[chosen])[0].take(every[:, :1]).sum(axis=1)
    for leg in range(n - 1):
        length += between[every[:, leg], every[:, leg + 1]]
    order: IntArray = chosen[every[int(np.argmin(length))]]
    return order


@lru_cache(maxsize=_ALL_ORDERS + 1)
def _all_orders(n: int) -> IntArray:
    return np.array(list(permutations(range(n))), dtype=np.int64)
