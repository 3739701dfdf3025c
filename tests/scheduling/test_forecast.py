"""Candidate times, the sun, and places over an area or along its edge."""

import math
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from geopy.distance import geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling import distance as d
from scheduling import forecast as f
from scheduling.geodesy import metres_matrix

NOON = datetime(2026, 6, 21, 12, tzinfo=UTC)
SQUARE = [(38.90, -77.04), (38.90, -77.02), (38.92, -77.02), (38.92, -77.04)]


class TestTimes:
    def test_the_end_is_not_among_them(self) -> None:
        assert f.times((NOON, NOON + timedelta(hours=2))) == [NOON, NOON + timedelta(hours=1)]
        assert len(f.times((NOON, NOON + timedelta(hours=2, seconds=1)))) == 3
        assert f.times((NOON, NOON + timedelta(minutes=1)), every=timedelta(hours=5)) == [NOON]

    def test_steps_stay_as_long_as_they_are_when_the_clocks_change(self) -> None:
        there = ZoneInfo("America/New_York")
        start = datetime(2026, 11, 1, 0, tzinfo=there)
        hours = f.times((start, datetime(2026, 11, 1, 4, tzinfo=there)))
        assert [hour.hour for hour in hours] == [0, 1, 1, 2, 3]
        assert len({hour.timestamp() for hour in hours}) == 5

    @pytest.mark.parametrize(
        ("span", "every", "message"),
        [
            ((NOON, NOON), timedelta(1), "span must end"),
            ((NOON, NOON - timedelta(1)), timedelta(1), "span must end"),
            ((NOON, datetime(2027, 1, 1)), timedelta(1), r"span\[1\] must have a time zone"),  # noqa: DTZ001
            ((NOON, 5), timedelta(1), r"span\[1\] must be a datetime, got 5"),
            (NOON, timedelta(1), "span must be a pair"),
            ((NOON, NOON + timedelta(1)), timedelta(0), "every must be above zero"),
            ((NOON, NOON + timedelta(1)), 3600, "every must be a timedelta, got 3600"),
        ],
    )
    def test_bad_ones_are_named(self, span: Any, every: Any, message: str) -> None:
        with pytest.raises((ValueError, TypeError), match=message):
            f.times(span, every)

    def test_hours_are_clock_times(self) -> None:
        assert f.times_of_day([0, 6.5, 23.999_99]) == [time(0), time(6, 30), time(23, 59, 59)]
        for bad in (24, -0.1, math.nan, "6", True):
            with pytest.raises((ValueError, TypeError), match=rf"hours\[1\] must .*{bad}"):
                f.times_of_day([1, bad])


class TestSun:
    @pytest.mark.parametrize(
        ("place", "date", "altitude", "azimuth"),
        [
            # The worked example of the NREL solar position algorithm, and of Meeus 25.a by way of its declination.
            ((39.742476, -105.1786), datetime(2003, 10, 17, 19, 30, 30, tzinfo=UTC), 39.872, 194.340),
            ((90, 0), datetime(1992, 10, 13, 0, 0, tzinfo=UTC), -7.785, None),
            # The equinox at noon, the solstices, and both sides of the date line.
            ((0, 0), datetime(2026, 3, 20, 12, 7, 20, tzinfo=UTC), 89.95, None),
            ((51.4779, 0), datetime(2026, 6, 21, 12, 1, 50, tzinfo=UTC), 61.960, 180.0),
            ((-33.86, 151.21), datetime(2026, 12, 21, 1, 53, 5, tzinfo=UTC), 79.58, 0.0),
        ],
    )
    def test_known_positions(self, place: Any, date: datetime, altitude: float, azimuth: float | None) -> None:
        (found,) = f.solar_position(place, [date])
        assert found[0] == pytest.approx(altitude, abs=0.02)
        if azimuth is not None:
            assert abs((found[1] - azimuth + 180) % 360 - 180) < 0.5

    def test_it_goes_from_east_to_west(self) -> None:
        day = f.solar_position((38.9, -77.0), f.times((NOON, NOON + timedelta(hours=10))))
        assert (np.diff(day[:, 1]) > 0).all()
        assert 60 < day[0, 1] < 110
        assert 180 < day[-1, 1] < 290
        assert f.solar_position((38.9, 180), [NOON]) == pytest.approx(f.solar_position((38.9, -180), [NOON]))

    def test_zones_and_what_reads_it(self) -> None:
        tokyo = timezone(timedelta(hours=9))
        a, b = f.solar_position((35, 139), [NOON, NOON.astimezone(tokyo)])
        assert d.solar(1)(a, b) == 0
        assert f.solar_position((35, 139), []).shape == (0, 2)

    @pytest.mark.parametrize(
        ("place", "dates", "message"),
        [
            (None, [NOON], "location must not be missing"),
            ((95, 0), [NOON], r"location\.latitude must .*95"),
            ((0, 0), [NOON, datetime(2026, 1, 1)], r"dates\[1\] must have a time zone"),  # noqa: DTZ001
            ((0, 0), [NOON, 3], r"dates\[1\] must be a datetime, got 3"),
        ],
    )
    def test_bad_ones_are_named(self, place: Any, dates: Any, message: str) -> None:
        with pytest.raises((ValueError, TypeError), match=message):
            f.solar_position(place, dates)


class TestArea:
    def test_places_are_so_far_apart_and_fill_it(self) -> None:
        grid = f.locations_area(SQUARE, 100)
        apart = metres_matrix(grid[:, 0], grid[:, 1], grid[:, 0], grid[:, 1]) + np.where(np.eye(len(grid)), np.inf, 0)
        # Rows of different latitudes do not lie column over column; within a row it is exact.
        assert apart.min() > 99
        assert np.median(apart.min(axis=1)) == pytest.approx(100, abs=0.5)
        area = geodesic(SQUARE[0], SQUARE[1]).meters * geodesic(SQUARE[1], SQUARE[2]).meters
        assert len(grid) == pytest.approx(area / 100**2, rel=0.1)
        assert grid[:, 0].min() - 38.90 == pytest.approx(38.92 - grid[:, 0].max())

    @settings(deadline=None, max_examples=40)
    @given(st.floats(-80, 80), st.floats(-180, 180), st.floats(20, 400))
    def test_it_is_the_same_everywhere(self, south: float, west: float, step: float) -> None:
        high = 1000 / 111_000
        wide = high / math.cos(math.radians(south))
        corners = [(south, west), (south, west + wide), (south + high, west + wide), (south + high, west)]
        corners = [(lat, (lon + 180) % 360 - 180) for lat, lon in corners]
        grid = f.locations_area(corners, step)
        assert len(grid) == pytest.approx((1000 / step) ** 2, rel=0.25 + 2 * step / 1000)
        assert (np.abs(grid[:, 1]) <= 180).all()
        inside = (grid[:, 1] - west) % 360
        assert ((inside >= -1e-9) & (inside <= wide + 1e-9)).all()
        assert ((grid[:, 0] >= south) & (grid[:, 0] <= south + high)).all()

    def test_the_date_line_is_no_edge(self) -> None:
        there = f.locations_area([(10, 179.99), (10, -179.99), (10.02, -179.99), (10.02, 179.99)], 200)
        here = f.locations_area([(10, 9.99), (10, 10.01), (10.02, 10.01), (10.02, 9.99)], 200)
        np.testing.assert_allclose(np.sort((there[:, 1] + 190) % 360), np.sort(here[:, 1]), atol=1e-9)

    def test_holes_and_parts(self) -> None:
        ring = [[0, 0], [0.02, 0], [0.02, 0.02], [0, 0.02], [0, 0]]
        hole = [[0.005, 0.005], [0.015, 0.005], [0.015, 0.015], [0.005, 0.015], [0.005, 0.005]]
        whole, holed = (
            f.locations_area({"type": "Polygon", "coordinates": rings}, 50) for rings in ([ring], [ring, hole])
        )
        assert len(holed) == pytest.approx(len(whole) * 0.75, rel=0.05)
        assert not ((np.abs(holed - 0.01) < 0.0049).all(axis=1)).any()
        apart = [[[x + 1, y] for x, y in ring]]
        both = {"type": "Feature", "geometry": {"type": "MultiPolygon", "coordinates": [[ring], apart]}}
        assert len(f.locations_area(both, 50)) == pytest.approx(2 * len(whole), rel=0.05)
        assert len(f.locations_perimeter(both, 500)) == 2 * len(f.locations_perimeter([(y, x) for x, y in ring], 500))

    def test_longitude_comes_first_in_geojson_and_nowhere_else(self) -> None:
        ring = [[10, 50], [10.01, 50], [10.01, 50.02], [10, 50.02], [10, 50]]
        for places in (f.locations_area, f.locations_perimeter):
            found = places({"type": "Polygon", "coordinates": [ring]}, 300)
            assert (np.abs(found - (50.01, 10.005)) <= (0.0101, 0.0051)).all()
            np.testing.assert_array_equal(found, places([(lat, lon) for lon, lat in ring], 300))

    def test_a_hollow_corner_is_outside(self) -> None:
        bent = [(0, 0), (0, 0.02), (0.02, 0.02), (0.02, 0.01), (0.01, 0.01), (0.01, 0)]
        grid = f.locations_area(bent, 50)
        assert not ((grid[:, 0] > 0.0101) & (grid[:, 1] < 0.0099)).any()
        assert len(grid) == pytest.approx(
            0.75 * len(f.locations_area([(0, 0), (0, 0.02), (0.02, 0.02), (0.02, 0)], 50)), rel=0.05
        )

    def test_a_row_through_a_corner_is_crossed_once_there(self) -> None:
        diamond = [(0, -0.01), (0.01, 0), (0, 0.01), (-0.01, 0)]
        for corners in (diamond, diamond[::-1]):
            grid = f.locations_area(corners, 105)
            middle = grid[np.abs(grid[:, 0]) < 1e-12]
            assert len(middle) == 21
            # A row through the top alone touches nothing.
            peaked = [(0, 0), (0.01, 0.01), (0.02, 0), (0.01, 0.005)]
            assert len(f.locations_area(peaked, 9_000)) == 1
            assert f.locations_area(peaked, 9_000)[0] == pytest.approx((0.01, 0.0075))

    def test_a_small_area_has_its_middle(self) -> None:
        np.testing.assert_allclose(f.locations_area(SQUARE, 90_000), [(38.91, -77.03)])

    @pytest.mark.parametrize(
        ("bounds", "resolution", "message"),
        [
            ([], 50, "bounds must have at least three corners, got"),
            ([(0, 0), (1, 1)], 50, "bounds must have at least three corners"),
            ([(0, 0), (1, 1), (0, 0)], 50, "bounds must have at least three corners"),
            ([(0, 0), (1, 1), None], 50, "bounds must not have a missing corner"),
            ([(0, 0), (1, 1), (95, 0)], 50, r"bounds\[2\]\.latitude must .*95"),
            ([(80, 0), (80, 120), (80, -120)], 50_000, "bounds must not go around a pole"),
            (SQUARE, 0, "resolution_meters must be above zero, got 0"),
            (SQUARE, -5, "resolution_meters must .*-5"),
            (SQUARE, math.nan, "resolution_meters must .*nan"),
            ([(0, 0), (0, 50), (50, 50), (50, 0)], 100, "resolution_meters must be coarser .*100"),
            ({"type": "Point", "coordinates": [0, 0]}, 50, "bounds must be a Polygon .*Point"),
            ("Rome", 50, "bounds must be the corners .*Rome"),
            (5, 50, "bounds must be the corners .*5"),
        ],
    )
    @pytest.mark.parametrize("places", [f.locations_area, f.locations_perimeter])
    def test_bad_ones_are_named(self, places: Any, bounds: Any, resolution: Any, message: str) -> None:
        if places is f.locations_perimeter and "coarser" in message:
            resolution = 1
        with pytest.raises((ValueError, TypeError), match=message.replace("100", str(resolution))):
            places(bounds, resolution)


class TestPerimeter:
    def test_corners_are_among_them_and_none_is_farther_apart(self) -> None:
        edge = f.locations_perimeter(SQUARE, 150)
        steps = [geodesic(a, b).meters for a, b in zip(edge, np.roll(edge, -1, axis=0), strict=True)]
        assert max(steps) <= 150.01
        assert min(steps) > 120
        for corner in SQUARE:
            assert np.abs(edge - corner).sum(axis=1).min() < 1e-9

    def test_a_closed_ring_is_one_that_is_not(self) -> None:
        np.testing.assert_array_equal(
            f.locations_perimeter([*SQUARE, SQUARE[0]], 90), f.locations_perimeter(SQUARE, 90)
        )

    def test_across_the_date_line(self) -> None:
        edge = f.locations_perimeter([(10, 179.99), (10, -179.99), (10.02, -179.99), (10.02, 179.99)], 300)
        steps = [geodesic(a, b).meters for a, b in zip(edge, np.roll(edge, -1, axis=0), strict=True)]
        assert max(steps) <= 300.01

    def test_a_coarse_step_leaves_the_corners(self) -> None:
        np.testing.assert_allclose(f.locations_perimeter(SQUARE, 1e6), SQUARE)
