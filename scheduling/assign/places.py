"""Metres between places that are asked about again and again."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from ..geodesy import MEAN_RADIUS_M, ecef
from ..locations import location_of
from .facts import fact

_CURVE_BITS = 22


class Point(NamedTuple):
    """A place: earth-centred metres, degrees, and its rank on a curve through all places (see `_hilbert`)."""

    space: tuple[float, float, float]
    latitude: float
    longitude: float
    curve: int


def point_of(thing: object) -> Point | None:
    """Where a thing is; None where it has no location (see `locations`)."""
    if thing is None:
        return None
    return _of_pair(thing) if isinstance(thing, tuple) else _of_thing(thing)


def place_of(allocation: object) -> Point | None:
    """Where an allocation has to be done: its `location`, None where it has none."""
    return point_of(fact(allocation, "location"))


def start_of(entity: object) -> Point | None:
    """Where an entity sets out: its `last_position`, else its `start`; None where it has neither."""
    return point_of(fact(entity, "last_position")) or point_of(fact(entity, "start"))


def metres(a: Point, b: Point) -> float:
    """Geodesic metres between two points, as in `geodesy`."""
    return 2 * MEAN_RADIUS_M * math.asin(min(math.dist(a.space, b.space) / (2 * MEAN_RADIUS_M), 1.0))


def _of_thing(thing: object) -> Point | None:
    latitude, longitude = location_of(thing)
    return None if math.isnan(latitude) else _point(latitude, longitude)


@lru_cache(maxsize=65_536)
def _of_pair(pair: tuple[object, ...]) -> Point | None:
    return _of_thing(pair)


@lru_cache(maxsize=65_536)
def _point(latitude: float, longitude: float) -> Point:
    x, y, z = ecef(np.array([latitude]), np.array([longitude]))[0].tolist()
    return Point((x, y, z), latitude, longitude, _hilbert(latitude, longitude))


def _hilbert(latitude: float, longitude: float) -> int:
    """Rank on Hilbert's curve over degrees: near ranks are near places, though not all near places have near ranks."""
    side = 1 << _CURVE_BITS
    x, y = (min(int((degrees + 180) / 360 * side), side - 1) for degrees in (longitude, latitude))
    rank, step = 0, side >> 1
    while step:
        right, up = int(bool(x & step)), int(bool(y & step))
        rank += step * step * ((3 * right) ^ up)
        if not up:
            if right:
                x, y = side - 1 - x, side - 1 - y
            x, y = y, x
        step >>= 1
    return rank
