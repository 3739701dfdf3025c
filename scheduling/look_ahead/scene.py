"""Places as points in space, seen from where somebody stands."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..geodesy import MEAN_RADIUS_M, ecef, metres_between
from ..locations import location_of, locations_of
from ..values import FloatArray, IntArray, positive, whole

_FEW_FOR_EACH = 8
# Below the rounding of coordinates a place would not even close itself.
_LEAST_M = 1e-6


@dataclass(frozen=True)
class Pace:
    """How long a way takes, and a photograph at its end."""

    s_per_m: float
    photo_s: float

    def seconds(self, metres: FloatArray) -> FloatArray:
        """Seconds for metres as the crow flies, any shape."""
        result: FloatArray = metres * self.s_per_m + self.photo_s
        return result


@dataclass(frozen=True)
class Scene:
    """The places that have a location, as points in space (N, 3), seen from one spot.

    `names` are their indices as given, `metres` from here, `free` truth values; `near` are the free ones, nearest
    first. `nowhere` are the indices of free places without a location. `few` says that not many are left.
    """

    here: FloatArray
    points: FloatArray
    names: IntArray
    free: NDArray[np.bool_]
    metres: FloatArray
    near: IntArray
    nowhere: IntArray
    others: FloatArray
    closes_m: float
    few: bool
    pace: Pace

    def seen_from(self, here: FloatArray, some: IntArray) -> "Scene":
        """Some of the points from another spot; their names are their positions here."""
        points, free = self.points[some], self.free[some]
        metres, near = _nearest_first(here, points, free)
        return replace(self, here=here, points=points, names=some, free=free, metres=metres, near=near)

    def ahead_m(self, some: IntArray) -> FloatArray:
        """By how many metres somebody else is nearer to some of the points; at least 0."""
        if len(self.others) == 0:
            return np.zeros(len(some))
        theirs = metres_between(self.others, self.points[some]).min(axis=0)
        ahead: FloatArray = np.maximum(self.metres[some] - theirs, 0.0)
        return ahead


def read_scene(
    here: FloatArray,
    places: Iterable[object],
    free: ArrayLike | None,
    others: Iterable[object],
    closes_m: float,
    free_left: int | None,
    pace: Pace,
) -> Scene:
    """What `order` is told; ValueError or TypeError naming the argument and the value."""
    points = ecef(*locations_of(places, "places"))
    people = ecef(*locations_of(others, "others"))
    usable = _truths(free, len(points))
    missing = np.isnan(points[:, 0])
    names, nowhere = np.arange(len(points)), np.flatnonzero(missing & usable)
    if missing.any():
        names = np.flatnonzero(~missing)
        points, usable = points[names], usable[names]
    few = free_left is not None and whole(free_left, "free_left") < _FEW_FOR_EACH * (len(people) + 1)
    return Scene(
        here,
        points,
        names,
        usable,
        *_nearest_first(here, points, usable),
        nowhere,
        people[~np.isnan(people[:, 0])],
        max(positive(closes_m, "closes_m"), _LEAST_M),
        few,
        pace,
    )


def _nearest_first(here: FloatArray, points: FloatArray, free: NDArray[np.bool_]) -> tuple[FloatArray, IntArray]:
    metres = metres_between(here[None, :], points)[0]
    # A stable sort takes twice as long. Only equal ones need it.
    near = np.argsort(metres)
    equal = np.diff(metres[near]) == 0
    if equal.any():
        tied = np.flatnonzero(np.append(equal, False) | np.append(False, equal))
        near[tied] = near[tied][np.lexsort((near[tied], metres[near[tied]]))]
    return metres, near[free[near]]


def read_here(here: object) -> FloatArray:
    """Where somebody stands as a point in space; ValueError where that is missing."""
    latitude, longitude = location_of(here, "here")
    if math.isnan(latitude):
        raise ValueError(f"here must not be missing, got {here!r}")
    point: FloatArray = ecef(np.array([latitude]), np.array([longitude]))[0]
    return point


def read_pace(walking_m_s: float, detour: float, photo_s: float) -> Pace:
    """How long things take; ValueError or TypeError unless all are finite and above zero."""
    s_per_m = positive(detour, "detour") / positive(walking_m_s, "walking_m_s")
    return Pace(s_per_m, positive(photo_s, "photo_s"))


def _truths(free: ArrayLike | None, count: int) -> NDArray[np.bool_]:
    if free is None:
        return np.ones(count, dtype=np.bool_)
    truths = np.asarray(free)
    if truths.shape != (count,) or (truths.dtype != np.bool_ and count):
        raise ValueError(f"free must be {count} truth values, one for each place, got {free!r}")
    return truths.astype(np.bool_)


def closer(ours: FloatArray, theirs: FloatArray, closes_m: float) -> NDArray[np.bool_]:
    """Which of N and M points are closer than `closes_m` to each other, shape (N, M)."""
    square = np.square(ours[:, 0, None] - theirs[:, 0])
    for axis in (1, 2):
        square += np.square(ours[:, axis, None] - theirs[:, axis])
    result: NDArray[np.bool_] = square < chord_squared(closes_m)
    return result


def chord_squared(metres: float) -> float:
    """The square of the straight line under so many metres of ground; infinite from half the earth's girth on."""
    half_angle = metres / (2 * MEAN_RADIUS_M)
    return math.inf if half_angle >= math.pi / 2 else (2 * MEAN_RADIUS_M * math.sin(half_angle)) ** 2
