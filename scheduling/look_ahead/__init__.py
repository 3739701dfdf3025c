"""Which free place to send somebody to next: the first stop of the best short walk from where they stand.

What a place is worth is how many places a photograph there would close. What it costs is the way, the time a photograph
takes, and half of the way by which somebody else is nearer. Ten places are looked at, by worth over cost and by
nearness; every order of up to four of them is a walk; the best walk closes most in a minute.

Simulated over real places with 3 and 12 people (`python -m tests.benchmarks hand_out`) this closes 5 to 30 % more than
sending everybody to the nearest free place. Near the end, when people get in each other's way, the nearest place of
one's own is better, and is given.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike

from ..geodesy import arc_over_chord, ecef
from ..locations import locations_of
from ..values import IntArray, whole
from .scene import Scene, closer, read_here, read_pace, read_scene
from .shortlist import shortlisted
from .walks import best_from_each, shortest

__all__ = ["order", "route_s", "walk"]


def order(
    here: object,
    places: Iterable[object],
    *,
    free: ArrayLike | None = None,
    others: Iterable[object] = (),
    closes_m: float,
    free_left: int | None = None,
    shortlist: int = 10,
    depth: int = 4,
    walking_m_s: float = 1.2,
    detour: float = 1.3,
    photo_s: float = 180.0,
) -> IntArray:
    """All free places, the best to go to first: their indices into `places`.

    First the first stops of the best short walks, by what they close in a minute; then the rest by nearness; then those
    without a location. Ties go to the lowest index. Whoever loses the race for one takes the next.

    `here` is a location, `places` an array (N, 2) of degrees or things with locations: all that wait to be closed.
    `free` (N truth values, None for all) says which may be handed out; the others only make their neighbours worth
    more. `others` are the places that other people walk to. A photograph closes what is strictly closer than
    `closes_m`. With fewer than eight free places for each person (`free_left` in all, None for many) the nearest comes
    first to which nobody else is nearer. Walks are up to `depth` out of `shortlist` places: 5,860 for 4 out of 10.

    Raises ValueError or TypeError naming the argument and the value; `here` must not be missing.
    """
    pace = read_pace(walking_m_s, detour, photo_s)
    scene = read_scene(read_here(here), places, free, others, closes_m, free_left, pace)
    first = _first_stops(scene, *_sizes(shortlist, depth))
    later = np.ones(len(scene.points), dtype=np.bool_)
    later[first] = False
    return np.concatenate([scene.names[first], scene.names[scene.near[later[scene.near]]], scene.nowhere])


def walk(
    here: object,
    places: Iterable[object],
    *,
    stops: int,
    free: ArrayLike | None = None,
    others: Iterable[object] = (),
    closes_m: float,
    free_left: int | None = None,
    shortlist: int = 10,
    depth: int = 4,
    walking_m_s: float = 1.2,
    detour: float = 1.3,
    photo_s: float = 180.0,
) -> IntArray:
    """Up to `stops` free places for one walk, in the order of the walk: their indices into `places`.

    The first as in `order`, each further one in the same way from the one before. No two are so close that a photograph
    at one would close the other, unless nothing else is left. The way through them is the shortest that begins at
    `here`; with more than seven, nearly. Places without a location are left out. Arguments and errors as in `order`.
    """
    wanted, sizes = whole(stops, "stops"), _sizes(shortlist, depth)
    pace = read_pace(walking_m_s, detour, photo_s)
    scene = read_scene(read_here(here), places, free, others, closes_m, free_left, pace)
    waiting = np.ones(len(scene.points), dtype=np.bool_)
    chosen: list[int] = []
    spot = scene.here
    while len(chosen) < min(wanted, len(scene.near)):
        if not waiting[scene.near].any():
            waiting[:] = True
            waiting[chosen] = False
        left = scene.seen_from(spot, np.flatnonzero(waiting))
        best = int(left.names[_first_stops(left, *sizes)[0]])
        chosen.append(best)
        spot = scene.points[best]
        waiting &= ~closer(scene.points[best : best + 1], scene.points, scene.closes_m)[0]
        waiting[best] = False
    return scene.names[shortest(scene.here, scene.points, np.array(sorted(chosen), dtype=np.int64))]


def route_s(
    here: object, places: Iterable[object], *, walking_m_s: float = 1.2, detour: float = 1.3, photo_s: float = 180.0
) -> float:
    """Seconds that a walk from `here` through `places` in that order takes, with a photograph at each.

    Places without a location take a photograph's time and no way. Errors as in `order`.
    """
    pace = read_pace(walking_m_s, detour, photo_s)
    points = ecef(*locations_of(places, "places"))
    route = np.concatenate([read_here(here)[None, :], points[~np.isnan(points[:, 0])]])
    legs_m = arc_over_chord(np.sqrt(np.square(np.diff(route, axis=0)).sum(axis=1)))
    return float(legs_m.sum()) * pace.s_per_m + len(points) * pace.photo_s


def _first_stops(scene: Scene, shortlist: int, depth: int) -> IntArray:
    """The places to go to before all others, best first."""
    if scene.few:
        own = scene.near[scene.ahead_m(scene.near) == 0]
        return own if len(own) else scene.near
    stops = shortlisted(scene, shortlist)
    if len(stops.at) == 0:
        return stops.at
    return stops.at[np.lexsort((stops.at, -best_from_each(scene, stops, depth)))]


def _sizes(shortlist: int, depth: int) -> tuple[int, int]:
    for value, name in ((shortlist, "shortlist"), (depth, "depth")):
        if whole(value, name) == 0:
            raise ValueError(f"{name} must be above zero, got {value!r}")
    return shortlist, depth
