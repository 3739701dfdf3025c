"""Metres and sky angles beside Karney's geodesic (geopy) and the haversine formula: errors and time."""

import math

import numpy as np
from geopy.distance import geodesic

from scheduling import distance
from scheduling.geodesy import metres_matrix
from tests.benchmarks.figures import Row, Table, timed

_PAIRS = 20_000
_SKY = {((45, 90), (45, 92)): 1.414178, ((10, 120), (50, 240)): 100.573044, ((60, 0), (60, 180)): 60.0}


def table() -> Table:
    result = Table("Distances")
    heres, theres = _pairs()
    exact = np.array([geodesic(a, b).meters for a, b in zip(heres, theres, strict=True)])
    ours = np.array([metres_matrix(a[:1], a[1:], b[:1], b[1:])[0, 0] for a, b in zip(heres, theres, strict=True)])
    round_earth = _haversine(heres, theres)
    what = f"largest error to 50 km, {_PAIRS:,} pairs, poles and date line among them"
    result.add(
        Row(what, np.abs(ours - exact).max() * 1000, "mm", 10, {"haversine": np.abs(round_earth - exact).max() * 1000})
    )
    far = exact > 1_000
    relative = [100 * (np.abs(one - exact) / exact)[far].max() for one in (ours, round_earth)]
    result.add(Row("largest relative error from 1 km on", relative[0], "%", None, {"haversine": relative[1]}, digits=6))
    sky = max(abs(distance.solar()(a, b) - angle) for (a, b), angle in _SKY.items())
    result.add(Row("largest error of the three sky angles", sky, "°", 1e-6, digits=7))
    result.add(_speed())
    return result


def _pairs() -> tuple[np.ndarray, np.ndarray]:
    """Pairs up to 50 km apart, evenly over the earth, and a third of them at poles, equator and date line."""
    random = np.random.default_rng(11)
    here = np.degrees(np.arcsin(random.uniform(-1, 1, _PAIRS))), random.uniform(-180, 180, _PAIRS)
    heres = np.stack(here, axis=-1)
    special = np.arange(_PAIRS) % 3 == 0
    heres[special, 0] = random.choice([90, -90, 89.9, -89.9, 0, 60], special.sum())
    heres[special, 1] = random.choice([180, -180, 179.9, 0], special.sum())
    metres, bearings = 10 ** random.uniform(-1, math.log10(50_000), _PAIRS), random.uniform(0, 360, _PAIRS)
    theres = [geodesic(meters=m).destination(a, bearing=b) for a, m, b in zip(heres, metres, bearings, strict=True)]
    return heres, np.array([(there.latitude, (there.longitude + 180) % 360 - 180) for there in theres])


def _haversine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    (lat1, lon1), (lat2, lon2) = np.radians(a).T, np.radians(b).T
    half = np.sin((lat2 - lat1) / 2) ** 2 + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    return 2 * 6_371_008.8 * np.arcsin(np.sqrt(half))


def _speed() -> Row:
    table = np.random.default_rng(1).uniform((38, -78), (39, -77), (1_000, 2))
    ours, _ = timed(lambda: distance.location(50).matrix(table, table))
    few = [tuple(place) for place in table[:30]]
    theirs, _ = timed(lambda: [geodesic(a, b).meters for a in few for b in few])
    round_earth, _ = timed(lambda: _haversine(np.repeat(table, 1_000, axis=0), np.tile(table, (1_000, 1))))
    peers = {"geopy": theirs / 900 * 1e9, "haversine in numpy": round_earth / 1e6 * 1e9}
    return Row("a pair in a matrix of a million", ours / 1e6 * 1e9, "ns", None, peers, digits=1)
