"""Reading locations: every form, what counts as missing, what is refused."""

import math
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from scheduling.locations import location_of, locations_of

FORMS = [
    {"latitude": 38.9, "longitude": -77.0},
    SimpleNamespace(latitude=38.9, longitude=-77.0),
    (38.9, -77.0),
    [38.9, np.float64(-77)],
    np.array([38.9, -77.0]),
    {"location": {"latitude": 38.9, "longitude": -77.0}},
    SimpleNamespace(location=(38.9, -77.0)),
    {"location": SimpleNamespace(latitude=38.9, longitude=-77)},
]
MISSING = [
    None,
    {},
    {"location": None},
    {"latitude": None, "longitude": None},
    {"latitude": 38.9},
    SimpleNamespace(latitude=None, longitude=-77.0),
    SimpleNamespace(location=None),
    (math.nan, 0.0),
    (0.0, math.nan),
    (None, None),
]
BAD = [
    ((90.001, 0), ValueError, r"latitude .*90\.001"),
    ((-91, 0), ValueError, "latitude .*-91"),
    ((0, 180.5), ValueError, r"longitude .*180\.5"),
    ((0, -181), ValueError, "longitude .*-181"),
    ((math.inf, 0), ValueError, "latitude .*inf"),
    ((10**400, 0), ValueError, "latitude .*1000"),
    ((True, 0), TypeError, "latitude .*True"),
    ((0, np.True_), TypeError, "longitude .*True"),
    (("38.9", 0), TypeError, r"latitude .*'38\.9'"),
    ({"latitude": 0, "longitude": Decimal(1)}, TypeError, "longitude .*Decimal"),
    ("38.9,-77", TypeError, "must have a latitude"),
    (7, TypeError, "must have a latitude .*7"),
    (object(), TypeError, "must have a latitude"),
    ((1, 2, 3), ValueError, "must be a pair"),
    ({"location": (95, 0)}, ValueError, r"location\.latitude .*95"),
]


@pytest.mark.parametrize("thing", FORMS)
def test_every_form_reads_the_same(thing: Any) -> None:
    assert location_of(thing) == (38.9, -77.0)


@pytest.mark.parametrize("thing", MISSING)
def test_missing_reads_as_nan(thing: Any) -> None:
    assert [math.isnan(value) for value in location_of(thing)] == [True, True]


@pytest.mark.parametrize("thing", [(90, 180), (-90, -180), (0, 0)])
def test_the_edges_are_places(thing: Any) -> None:
    assert location_of(thing) == thing


@pytest.mark.parametrize(("thing", "error", "message"), BAD)
def test_bad_ones_are_named(thing: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        location_of(thing)
    with pytest.raises(error, match=r"things\[1\]"):
        locations_of([(0, 0), thing], "things")


def test_many_at_once() -> None:
    latitudes, longitudes = locations_of([(1, 2), None, {"location": [3, 4]}])
    np.testing.assert_array_equal(latitudes, [1, math.nan, 3])
    np.testing.assert_array_equal(longitudes, [2, math.nan, 4])
    assert [part.shape for part in locations_of([])] == [(0,), (0,)]


def test_an_array_of_pairs() -> None:
    table = np.array([[1.0, 2.0], [math.nan, 5.0], [3.0, 4.0]])
    latitudes, longitudes = locations_of(table)
    np.testing.assert_array_equal(latitudes, [1, math.nan, 3])
    np.testing.assert_array_equal(longitudes, [2, math.nan, 4])
    assert table[1, 1] == 5
    with pytest.raises(ValueError, match=r"points\[2\]\.latitude .*95"):
        locations_of(np.array([[0, 0], [math.nan, 20], [95, 0]]), "points")
    with pytest.raises(ValueError, match=r"points\[0\]\.longitude .*185"):
        locations_of(np.array([[0, 185]]), "points")
    with pytest.raises(ValueError, match="shape"):
        locations_of(np.zeros((4, 3)), "points")


def test_a_pole_does_not_hide_an_impossible_place_after_it() -> None:
    for bad in ((90.5, 0.0), (0.0, -180.5)):
        with pytest.raises(ValueError, match=r"places\[1\]\."):
            locations_of(np.array([(90.0, 180.0), bad]), "places")
