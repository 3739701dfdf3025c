"""The few places worth comparing: those that close most for what they cost, and the nearest."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..values import FloatArray, IntArray
from .scene import Scene, chord_squared, closer

_POOL, _LARGEST_POOL = 48, 192
_CELLS_FOR_EACH = 8
_ROW_STEP = 40_503


@dataclass(frozen=True)
class Stops:
    """Some of the points: how many places a photograph at each closes, and what others make it cost in metres."""

    at: IntArray
    closes: FloatArray
    extra_m: FloatArray

    def __add__(self, more: "Stops") -> "Stops":
        closes, extra_m = np.append(self.closes, more.closes), np.append(self.extra_m, more.extra_m)
        return Stops(np.append(self.at, more.at), closes, extra_m)

    def __getitem__(self, some: list[int]) -> "Stops":
        return Stops(self.at[some], self.closes[some], self.extra_m[some])


def shortlisted(scene: Scene, most: int) -> Stops:
    """In turn the place that closes most for its cost and the nearest, no two so close that one closes the other.

    What a place closes is only counted for those that might be next: the nearest, and those that have most around
    them. A pool that leaves doubt grows; when it may not grow more, the best in it is taken.
    """
    ground = Ground(scene)
    bound = np.where(scene.free, ground.at_most() / scene.pace.seconds(scene.metres), -1.0)
    near, size = scene.near, _POOL
    found = Stops(near[:0], np.zeros(0), np.zeros(0))
    while len(found.at) < most and len(near):
        nearest = near[:size]
        pool = _once(len(bound), nearest, _largest(bound, size))
        stops = Stops(pool, ground.closed_at(pool), scene.ahead_m(pool) / 2)
        turns = range(len(found.at), most)
        picks = list(_picks(scene, stops, bound, nearest, turns, sure=size >= _LARGEST_POOL))
        if not picks:
            size *= 4
            continue
        found += stops[picks]
        if len(found.at) < most:
            bound[ground.closed_by(stops.at[picks])] = -1.0
            near = near[bound[near] > 0]
    return found


def _picks(scene: Scene, pool: Stops, bound: FloatArray, nearest: IntArray, turns: range, sure: bool) -> Iterator[int]:
    """Positions in the pool, by worth and by nearness in turn, as long as nothing outside of it can come before.

    `bound` is the most that each place can be worth, below 0 for those that are out.
    """
    worth = pool.closes / scene.pace.seconds(scene.metres[pool.at] + pool.extra_m)
    outside = bound.copy()
    outside[pool.at] = -1.0
    rival = int(np.argmax(outside))
    ranked = np.argsort(-worth, kind="stable").tolist(), np.searchsorted(pool.at, nearest).tolist()
    points = scene.points[pool.at].tolist()
    limit = chord_squared(scene.closes_m)
    taken: list[list[float]] = []
    for turn in turns:
        apart = (one for one in ranked[turn % 2] if all(_square(points[one], spot) >= limit for spot in taken))
        pick = next(apart, None)
        if pick is None:
            return
        if turn % 2 == 0 and not sure and (-worth[pick], pool.at[pick]) > (-outside[rival], rival):
            return
        yield pick
        taken.append(points[pick])


def _square(a: list[float], b: list[float]) -> float:
    x, y, z = a[0] - b[0], a[1] - b[1], a[2] - b[2]
    return x * x + y * y + z * z


class Ground:
    """Where the places lie on the plane that touches the earth at `here`, in cells two closing distances wide.

    Seen on a plane points are never farther apart than they are. So whatever a photograph closes lies in the four cells
    around the nearest corner of its own cell. Cells share the entries of a table: a bound may be too high, never too
    low.
    """

    def __init__(self, scene: Scene):
        self.points, self.closes_m = scene.points, scene.closes_m
        self.size = 1 << (len(scene.points) * _CELLS_FOR_EACH).bit_length()
        # A little wider than needed, for what is lost in rounding.
        width = scene.closes_m * 1.000001 + 1e-6
        halves = np.floor(_east_north(scene.here) @ scene.points.T / width).astype(np.int64)
        own = halves >> 1
        beside = own + ((halves & 1) << 1) - 1
        rows = own[1] * _ROW_STEP, beside[1] * _ROW_STEP
        self.cells = np.stack([column + row for row in rows for column in (own[0], beside[0])])
        self.cells &= self.size - 1

    def at_most(self) -> IntArray:
        """For each place a number that a photograph there closes at most."""
        table = np.bincount(self.cells[0], minlength=self.size)
        counts: IntArray = table[self.cells].sum(axis=0)
        return counts

    def closed_at(self, some: IntArray) -> FloatArray:
        """How many places a photograph at each of some places closes."""
        closed, _ = self._around(some)
        counts: FloatArray = closed.sum(axis=1).astype(np.float64)
        return counts

    def closed_by(self, some: IntArray) -> IntArray:
        """The places that are closed by photographs at all of some places."""
        closed, around = self._around(some)
        return around[closed.any(axis=0)]

    def _around(self, some: IntArray) -> tuple[NDArray[np.bool_], IntArray]:
        asked = np.zeros(self.size, dtype=np.bool_)
        asked[self.cells[:, some]] = True
        around = np.flatnonzero(asked[self.cells[0]])
        return closer(self.points[some], self.points[around], self.closes_m), around


def _east_north(here: FloatArray) -> FloatArray:
    """Two directions along the ground at a point, shape (2, 3)."""
    x, y, z = here / math.sqrt(float(here @ here))
    level = math.hypot(x, y)
    east = (-y / level, x / level, 0.0) if level > 0 else (0.0, 1.0, 0.0)
    return np.stack([east, np.cross((x, y, z), east)])


def _once(count: int, *some: IntArray) -> IntArray:
    """Numbers below `count` that are in any of some arrays, each once, from low to high."""
    is_in = np.zeros(count, dtype=np.bool_)
    for numbers in some:
        is_in[numbers] = True
    return np.flatnonzero(is_in)


def _largest(values: FloatArray, most: int) -> IntArray:
    """Where the largest of the positive values are; of equal ones the first."""
    if len(values) <= most:
        return np.flatnonzero(values > 0)
    least = max(np.partition(values, len(values) - most)[len(values) - most], 0.0)
    above = np.flatnonzero(values > least)
    equal = np.flatnonzero(values == least)[: most - len(above)] if least > 0 else above[:0]
    return np.concatenate([above, equal])
