"""Metres, bearings and boxes against Karney's geodesic (geopy), at every latitude."""

import math
import tracemalloc
from typing import Any

import numpy as np
import pytest
from geopy.distance import geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.geodesy import bearing, bounding_box, metres, metres_matrix

latitudes = st.floats(-90, 90) | st.sampled_from([90.0, -90.0, 89.9999, 0.0])
longitudes = st.floats(-180, 180) | st.sampled_from([180.0, -180.0, 179.9999, 0.0])
places = st.tuples(latitudes, longitudes)


def around(place: tuple[float, float], bearing_deg: float, distance_m: float) -> tuple[float, float]:
    there = geodesic(meters=distance_m).destination(place, bearing=bearing_deg)
    return (there.latitude, (there.longitude + 180) % 360 - 180)


def random_pairs(count: int) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Pairs up to 50 km apart, evenly over the earth, and a third of them at poles, equator and date line."""
    random = np.random.default_rng(7)
    pairs = []
    for i in range(count):
        here = (math.degrees(math.asin(random.uniform(-1, 1))), float(random.uniform(-180, 180)))
        if i % 3 == 0:
            here = (float(random.choice([90, -90, 89.9, -89.9, 0, 60])), float(random.choice([180, -180, 179.9, 0])))
        distance_m = 50_000 if i % 5 == 0 else 10 ** random.uniform(-1, math.log10(50_000))
        pairs.append((here, around(here, float(random.uniform(0, 360)), distance_m)))
    return pairs


@pytest.mark.parametrize("count", [2_000, pytest.param(20_000, marks=pytest.mark.slow)])
def test_within_a_centimetre_of_karney_to_50_km(count: int) -> None:
    pairs = random_pairs(count)
    errors = [abs(metres(a, b) - geodesic(a, b).meters) for a, b in pairs]
    assert max(errors) < 0.002
    assert max(abs(((bearing(a, b) - _azimuth(a, b)) + 180) % 360 - 180) for a, b in pairs if _apart(a, b)) < 1e-4


def _azimuth(a: Any, b: Any) -> float:
    from geographiclib.geodesic import Geodesic

    return float(Geodesic.WGS84.Inverse(*a, *b)["azi1"])


def _apart(a: Any, b: Any) -> bool:
    return abs(a[0]) < 90 and geodesic(a, b).meters > 10


def test_known_lengths() -> None:
    assert metres((0, 0), (1, 0)) == pytest.approx(110_574.4, abs=0.1)
    assert metres((0, 0), (0, 1)) == pytest.approx(111_319.5, abs=0.1)
    assert metres((60, 0), (60, 1)) == pytest.approx(55_799.5, abs=0.1)
    assert metres((0, 180), (0, -180)) == pytest.approx(0, abs=1e-6)
    assert metres((90, 0), (90, 123)) == pytest.approx(0, abs=1e-6)
    assert metres((0, 0), (0, 180)) == pytest.approx(20_003_931, rel=0.006)


def test_the_compass() -> None:
    assert bearing((0, 0), (1, 0)) == 0
    assert bearing((0, 0), (0, 1)) == pytest.approx(90)
    assert bearing((1, 0), (0, 0)) == pytest.approx(180)
    assert bearing((0, 180), (0, 179.9)) == pytest.approx(270)
    assert bearing((0, 179.9), (0, -179.9)) == pytest.approx(90)
    assert math.isnan(bearing((5, 5), (5, 5)))
    assert math.isnan(bearing((5, 5), None))


def test_missing_is_nan() -> None:
    assert math.isnan(metres(None, (0, 0)))
    assert math.isnan(metres((0, 0), (0, math.nan)))


@settings(deadline=None, max_examples=60)
@given(places, places)
def test_laws_of_a_distance(a: Any, b: Any) -> None:
    assert metres(a, b) == metres(b, a)
    assert metres(a, a) == 0
    assert 0 <= metres(a, b) <= 20_100_000


@settings(deadline=None, max_examples=30)
@given(st.lists(places, max_size=7), st.lists(places, max_size=7))
def test_the_matrix_is_made_of_single_distances(xs: Any, ys: Any) -> None:
    ours, theirs = np.array(xs).reshape(-1, 2), np.array(ys).reshape(-1, 2)
    matrix = metres_matrix(ours[:, 0], ours[:, 1], theirs[:, 0], theirs[:, 1])
    assert matrix.shape == (len(xs), len(ys))
    for i, x in enumerate(xs):
        for j, y in enumerate(ys):
            assert matrix[i, j] == pytest.approx(metres(x, y), rel=1e-12, abs=1e-8)


def test_a_large_matrix_needs_little_more_than_itself() -> None:
    random = np.random.default_rng(1)
    ours, theirs = random.uniform(-90, 90, (2, 4_000)), random.uniform(-90, 90, (2, 3_000))
    tracemalloc.start()
    matrix = metres_matrix(*ours, *theirs)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < matrix.nbytes + 16e6
    assert matrix[-1, -1] == pytest.approx(metres(ours[:, -1], theirs[:, -1]))


def inside(place: tuple[float, float], boxes: list[tuple[float, float, float, float]]) -> bool:
    return any(south <= place[0] <= north and west <= place[1] <= east for south, north, west, east in boxes)


@settings(deadline=None, max_examples=300)
@given(places, st.floats(0, 360), st.floats(0.1, 5e6), st.floats(0, 1))
def test_a_box_holds_all_that_is_nearer(here: Any, bearing_deg: float, radius_m: float, part: float) -> None:
    there = around(here, bearing_deg, radius_m * part)
    if metres(here, there) < radius_m:
        assert inside(there, bounding_box(*here, radius_m))


@settings(deadline=None, max_examples=60)
@given(st.floats(-89, 89), longitudes, st.floats(10, 50_000))
def test_a_box_is_no_larger_than_it_must_be(latitude: float, longitude: float, radius_m: float) -> None:
    boxes = bounding_box(latitude, longitude, radius_m)
    south, north = boxes[0][:2]
    high = radius_m / 110_574
    assert north - south <= 2 * high * 1.01 + 1e-6
    if abs(latitude) + high < 88:
        wide = sum(east - west for _, _, west, east in boxes)
        assert wide <= 2 * high / math.cos(math.radians(abs(latitude) + high)) * 1.02 + 1e-6


def test_boxes_at_the_edges_of_the_map() -> None:
    (south, north, west, east), (_, _, west2, east2) = bounding_box(0, 179.9, 50_000)
    assert (east, west2) == (180, -180)
    assert south == pytest.approx(-0.4522, abs=1e-3)
    assert north == -south
    assert west == pytest.approx(179.9 - 0.4492, abs=1e-3)
    assert east2 == pytest.approx(-180 + 0.3492, abs=1e-3)
    assert [box[2:] for box in bounding_box(0, -179.9, 50_000)] == [
        (pytest.approx(180 - 0.3492, abs=1e-3), 180),
        (-180, pytest.approx(-179.9 + 0.4492, abs=1e-3)),
    ]
    assert [box[1:] for box in bounding_box(89.9, 20, 50_000)] == [(90, -180, 180)]
    assert [box[0] for box in bounding_box(-89.9, 20, 50_000)] == [-90]
    assert bounding_box(10, 20, 3e7) == [(-90, 90, -180, 180)]
    assert inside((0.0, -180.0), bounding_box(0, 180, 1))


@pytest.mark.parametrize("radius_m", [-1, math.nan, math.inf, True, "5", None])
def test_a_bad_radius_is_named(radius_m: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="radius_m must"):
        bounding_box(0, 0, radius_m)


@pytest.mark.parametrize("place", [(91, 0), (0, 181), (math.nan, 0), (None, None), ("1", 0)])
def test_a_bad_centre_is_named(place: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="location"):
        bounding_box(*place, 10)
