"""Reading a location out of a thing.

A location is a mapping `{latitude, longitude}`, an object with these attributes, a pair `(latitude, longitude)`, or a
mapping or object whose `location` is one of them. WGS84 degrees. A missing one (None, NaN, no such key) reads as
`(nan, nan)`: things without a place are ordinary, things with an impossible one are errors.
"""

import math
from collections.abc import Iterable, Mapping

import numpy as np

from .values import FloatArray, number, pick

MISSING = (math.nan, math.nan)


def location_of(thing: object, name: str = "location") -> tuple[float, float]:
    """Latitude and longitude of one thing in degrees, `(nan, nan)` where either is missing.

    Raises ValueError for a latitude outside [-90, 90] or a longitude outside [-180, 180], TypeError for bools, strings
    and things that have no location; both name the argument and the value.
    """
    if thing is None:
        return MISSING
    if isinstance(thing, (tuple, list, np.ndarray)):
        if len(thing) != 2:
            raise ValueError(f"{name} must be a pair (latitude, longitude), got {thing!r}")
        latitude, longitude = thing
        return _checked(latitude, longitude, name)
    if _has(thing, "latitude") or _has(thing, "longitude"):
        return _checked(pick(thing, "latitude"), pick(thing, "longitude"), name)
    if _has(thing, "location"):
        return location_of(pick(thing, "location"), f"{name}.location")
    if isinstance(thing, Mapping):
        return MISSING
    raise TypeError(f"{name} must have a latitude and a longitude, got {thing!r}")


def locations_of(things: Iterable[object], name: str = "location") -> tuple[FloatArray, FloatArray]:
    """Latitudes and longitudes of many things in degrees, two arrays of their length, NaN where missing.

    An array of shape (N, 2) is taken as N pairs. Errors as in `location_of`, naming the first bad thing's position.
    """
    if isinstance(things, np.ndarray) and things.ndim == 2 and things.dtype.kind in "fiu":
        return _columns(things, name)
    pairs = [location_of(thing, f"{name}[{i}]") for i, thing in enumerate(things)]
    table = np.array(pairs, dtype=np.float64).reshape(len(pairs), 2)
    return table[:, 0].copy(), table[:, 1].copy()


def _has(thing: object, name: str) -> bool:
    return name in thing if isinstance(thing, Mapping) else hasattr(thing, name)


def _checked(latitude: object, longitude: object, name: str) -> tuple[float, float]:
    lat, lon = number(latitude, f"{name}.latitude"), number(longitude, f"{name}.longitude")
    if abs(lat) > 90:
        raise ValueError(f"{name}.latitude must be within [-90, 90], got {latitude!r}")
    if abs(lon) > 180:
        raise ValueError(f"{name}.longitude must be within [-180, 180], got {longitude!r}")
    return MISSING if math.isnan(lat) or math.isnan(lon) else (lat, lon)


def _columns(table: np.ndarray, name: str) -> tuple[FloatArray, FloatArray]:
    if table.shape[1] != 2:
        raise ValueError(f"{name} must have the shape (N, 2), got {table.shape}")
    rows = table.astype(np.float64)
    if len(rows) and np.abs(rows[:, 0]).max() <= 90 and np.abs(rows[:, 1]).max() <= 180:
        return rows[:, 0].copy(), rows[:, 1].copy()
    bad = np.flatnonzero((np.abs(rows) > (90, 180)).any(axis=1))
    for i in bad[:1]:
        location_of(rows[i], f"{name}[{i}]")
    rows[np.isnan(rows).any(axis=1)] = math.nan
    return rows[:, 0].copy(), rows[:, 1].copy()
