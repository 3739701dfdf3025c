"""What every way of touring is given: distinct points in space, and how much may be spent."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..geodesy import arc_over_chord, ecef
from ..locations import locations_of
from ..values import FloatArray, IntArray, number

METRICS = ("geodesic", "euclidean")


@dataclass(frozen=True)
class Task:
    """Distinct points to be toured: coordinates of shape (N, 3), N ≥ 1, in metres (geodesic) or the caller's unit."""

    coordinates: FloatArray
    geodesic: bool
    closed: bool
    start: int | None
    budget_s: float
    max_work: int | None
    seed: int

    def apart(self, i: IntArray | int, j: IntArray | int) -> FloatArray:
        """Distances between points by their indices, broadcast against each other."""
        return separation(self.coordinates[i], self.coordinates[j], geodesic=self.geodesic)

    def length(self, order: IntArray) -> float:
        """Length of a tour, with the way back if it is closed."""
        onward = self.apart(order[:-1], order[1:]).sum()
        return float(onward + self.apart(order[-1], order[0])) if self.closed else float(onward)

    def from_start(self, path: IntArray) -> IntArray:
        """The tour in a path through all points, one end of which is the `start` of an open tour."""
        if self.closed:
            return np.roll(path, -int(np.flatnonzero(path == (self.start or 0))[0]))
        backwards = path[0] > path[-1] if self.start is None else path[-1] == self.start
        return path[::-1] if backwards else path

    def from_cycle(self, cycle: IntArray) -> IntArray:
        """The tour in a cycle through all points: turned to begin at `start`, an open one cut at its end, point N."""
        n = len(self.coordinates)
        if self.closed:
            return np.roll(cycle, -int(np.flatnonzero(cycle == (self.start or 0))[0]))
        path = np.roll(cycle, -int(np.flatnonzero(cycle == n)[0]))[1:]
        if path[0] > path[-1]:
            path = path[::-1]
        if self.start is not None:
            at = int(np.flatnonzero(path == self.start)[0])
            # At an end in every tour worth having; in any other, turning the part before it costs one edge at most.
            path = np.concatenate([path[: at + 1][::-1], path[at + 1 :]])
        return path


def separation(a: FloatArray, b: FloatArray, *, geodesic: bool) -> FloatArray:
    """Distances between points of shape (…, 3), broadcast: over the ground or straight."""
    difference = a - b
    # Written out, not summed over an axis: every way of touring must see the same bits, or ties break differently.
    chord: FloatArray = np.sqrt(difference[..., 0] ** 2 + difference[..., 1] ** 2 + difference[..., 2] ** 2)
    return arc_over_chord(chord) if geodesic else chord


def read_points(points: Iterable[object], metric: str) -> FloatArray:
    """Coordinates of shape (N, 3), rows of NaN for points that are missing.

    Geodesic: whatever `locations` reads, to metres in space. Euclidean: pairs or triples of numbers, or such an array.
    Raises ValueError or TypeError naming the argument and the value.
    """
    if metric not in METRICS:
        raise ValueError(f"metric must be one of {', '.join(METRICS)}, got {metric!r}")
    return ecef(*locations_of(points, "points")) if metric == "geodesic" else _plane(points)


def _plane(points: Iterable[object]) -> FloatArray:
    if isinstance(points, np.ndarray) and points.ndim == 2 and points.dtype.kind in "fiu":
        return _table(points)
    rows = [_row(point, f"points[{i}]") for i, point in enumerate(points)]
    table = np.array(rows, dtype=np.float64).reshape(len(rows), 3)
    table[np.isnan(table).any(axis=1)] = np.nan
    return table


def _table(points: NDArray[np.generic]) -> FloatArray:
    if points.shape[1] not in (2, 3):
        raise ValueError(f"points must have the shape (N, 2) or (N, 3), got {points.shape}")
    table = np.zeros((len(points), 3))
    table[:, : points.shape[1]] = points
    for i in np.flatnonzero(np.isinf(table).any(axis=1))[:1]:
        _row(points[i], f"points[{i}]")
    table[np.isnan(table).any(axis=1)] = np.nan
    return table


def _row(point: object, name: str) -> list[float]:
    if point is None:
        return [np.nan] * 3
    if not isinstance(point, (tuple, list, np.ndarray)) or len(point) not in (2, 3):
        raise TypeError(f"{name} must be a pair or triple of numbers, got {point!r}")
    row = [number(value, name) for value in point]
    return [*row, 0.0] if len(row) == 2 else row
