"""The distances of sky, weather, angles and clocks; what a form asks for; the explanation of a verdict."""

import math
from datetime import UTC, datetime, time, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling import distance as d

skies = st.none() | st.tuples(st.floats(-90, 90), st.floats(-360, 720))
weathers = st.fixed_dictionaries(
    {"cloud_cover": st.none() | st.floats(0, 100), "temperature": st.floats(-40, 50), "wind_speed": st.floats(0, 60)}
)
THINGS = {
    "location": st.none() | st.tuples(st.floats(-90, 90), st.floats(-180, 180)),
    "solar": skies,
    "weather": weathers,
    "angle_degrees": st.none() | st.floats(-720, 720),
    "angle_radians": st.floats(-7, 7),
    "time_of_day": st.none() | st.times() | st.datetimes(),
    "scalar": st.none() | st.floats(-1e9, 1e9),
}


class TestSolar:
    @pytest.mark.parametrize(
        ("a", "b", "degrees"),
        [
            ((45, 90), (45, 92), 1.414178),
            ((10, 120), (50, 240), 100.573044),
            ((60, 0), (60, 180), 60),
            ((90, 0), (90, 123), 0),
            ((0, 0), (0, 180), 180),
            ((-90, 7), (90, 7), 180),
            ((0, 350), (0, 10), 20),
            ((30, 725), (30, 5), 0),
        ],
    )
    def test_angles_along_the_great_circle(self, a: Any, b: Any, degrees: float) -> None:
        assert d.solar()(a, b) == pytest.approx(degrees, abs=1e-6)
        assert d.solar(4)(a, b) == pytest.approx(degrees / 4, abs=1e-6)
        assert d.solar()(b, a) == d.solar()(a, b)

    def test_altitude_comes_first(self) -> None:
        assert d.solar()((80, 0), (80, 10)) == pytest.approx(1.7343, abs=1e-4)
        assert d.solar()((0, 80), (10, 80)) == pytest.approx(10)
        assert d.solar()({"altitude": 80, "azimuth": 0}, SimpleNamespace(altitude=80, azimuth=10)) == pytest.approx(
            1.7343, abs=1e-4
        )

    def test_tiny_angles_are_not_lost(self) -> None:
        assert d.solar()((30, 50), (30 + 1e-9, 50)) == pytest.approx(1e-9, rel=1e-5)
        assert d.solar()((0, 0), (1e-7, 180)) == pytest.approx(180 - 1e-7, abs=1e-11)

    def test_missing_is_nan(self) -> None:
        assert math.isnan(d.solar()(None, (1, 2)))
        assert math.isnan(d.solar()({"altitude": 3}, (1, 2)))

    @pytest.mark.parametrize("thing", [(90.5, 0), (-91, 0), (1, 2, 3), "noon", 5, (math.inf, 0), (0, True)])
    def test_bad_ones_are_named(self, thing: Any) -> None:
        with pytest.raises((ValueError, TypeError), match=r"ys\[1\].* must"):
            d.solar().matrix([(0, 0)], [(0, 0), thing])


class TestWeather:
    calm = {"cloud_cover": 0, "temperature": 20, "wind_speed": 0}

    def test_each_quantity_has_its_own_sigma(self) -> None:
        near = d.weather(cloud_cover_sigma=10, temperature_sigma=2, wind_speed_sigma=5)
        assert near(self.calm, {**self.calm, "cloud_cover": 30}) == pytest.approx(3)
        assert near(self.calm, {**self.calm, "temperature": 10}) == pytest.approx(5)
        assert near(self.calm, {**self.calm, "wind_speed": 5}) == pytest.approx(1)
        assert near(self.calm, SimpleNamespace(cloud_cover=30, temperature=12, wind_speed=0)) == pytest.approx(5)

    def test_what_has_no_sigma_is_left_out(self) -> None:
        assert d.weather(10, None, None)({"cloud_cover": 10}, {"cloud_cover": 30, "temperature": 4}) == 2
        with pytest.raises(ValueError, match="at least one"):
            d.weather(None, None, None)

    def test_missing_is_nan(self) -> None:
        assert math.isnan(d.weather()(self.calm, {"cloud_cover": 0, "temperature": 20}))
        assert math.isnan(d.weather()(self.calm, None))

    @pytest.mark.parametrize(
        ("thing", "message"),
        [("rain", r"ys\[1\] must .*rain"), ({"temperature": "hot"}, r"ys\.temperature\[1\] must .*hot")],
    )
    def test_bad_ones_are_named(self, thing: Any, message: str) -> None:
        with pytest.raises(TypeError, match=message):
            d.weather().matrix([self.calm], [self.calm, thing])


class TestTimeOfDay:
    near = staticmethod(d.time_of_day(timedelta(hours=2)))

    def test_the_day_is_a_circle(self) -> None:
        assert self.near(time(23), time(1)) == 1
        assert self.near(time(1), time(23)) == 1
        assert self.near(time(6), time(18)) == 6
        assert self.near(time(12, 30, 1, 500_000), time(12)) == pytest.approx(1801.5 / 7200)

    def test_the_date_does_not_count_and_the_time_written_does(self) -> None:
        east = timezone(timedelta(hours=9))
        assert self.near(datetime(2026, 1, 1, 12, tzinfo=UTC), datetime(2025, 6, 3, 14, tzinfo=UTC)) == 1
        assert self.near(datetime(2026, 1, 1, 12, tzinfo=UTC), datetime(2026, 1, 1, 12, tzinfo=east)) == 0

    def test_bad_ones_are_named(self) -> None:
        with pytest.raises(TypeError, match=r"ys\[1\] must .*7"):
            self.near.matrix([time(1)], [time(2), 7])  # type: ignore[attr-defined]
        for sigma in (timedelta(0), timedelta(seconds=-1)):
            with pytest.raises(ValueError, match="sigma must be above zero"):
                d.time_of_day(sigma)
        with pytest.raises(TypeError, match="sigma must be a timedelta, got 3600"):
            d.time_of_day(3600)  # type: ignore[arg-type]


def test_radians_and_degrees_are_one_circle() -> None:
    assert d.angle_radians(0.5)(0.1, math.tau - 0.1) == pytest.approx(0.4)
    assert d.angle_radians(1)(0, math.pi) == pytest.approx(math.pi)
    for a, b in ((10, 350), (90, 271), (-700, 3)):
        assert d.angle_radians(math.radians(30))(math.radians(a), math.radians(b)) == pytest.approx(
            d.angle_degrees(30)(a, b)
        )


@pytest.mark.parametrize("name", d.DISTANCES)
@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_laws_of_every_distance(name: str, data: Any) -> None:
    measure = d.DISTANCES[name].build()
    xs, ys = (data.draw(st.lists(THINGS[name], max_size=5)) for _ in range(2))
    matrix = measure.matrix(xs, ys)
    assert matrix.shape == (len(xs), len(ys))
    assert matrix.dtype == np.float64
    single = np.array([[measure(x, y) for y in ys] for x in xs]).reshape(matrix.shape)
    np.testing.assert_array_equal(matrix, single)
    np.testing.assert_allclose(matrix, measure.matrix(ys, xs).T, rtol=1e-9, atol=1e-9)
    assert not (matrix < 0).any()
    for x in xs:
        assert measure(x, x) == 0 or math.isnan(measure(x, x))
    read = d.reading(measure)
    if xs and ys:
        np.testing.assert_array_equal(read.between(read.read(xs, "xs")[[0]], read.read(ys, "ys")[-1:]), matrix[:1, -1:])


@pytest.mark.parametrize("name", d.DISTANCES)
def test_twice_the_sigma_is_half_the_distance(name: str) -> None:
    pairs: dict[str, Any] = {
        "location": ((38.9, -77), (38.91, -77)), "solar": ((10, 20), (30, 40)), "angle_degrees": (5, 25),
        "angle_radians": (0.5, 1), "time_of_day": (time(3), time(5)), "scalar": (1, 4),
        "weather": ({"cloud_cover": 1, "temperature": 2, "wind_speed": 3}, dict.fromkeys(
            ("cloud_cover", "temperature", "wind_speed"), 9)),
    }  # fmt: skip
    kind = d.DISTANCES[name]
    doubled = {parameter.name: 2 * parameter.default for parameter in kind.parameters}
    assert kind.build(doubled)(*pairs[name]) == pytest.approx(kind.build()(*pairs[name]) / 2)


class TestForms:
    def test_every_kind_says_what_a_form_has_to_ask(self) -> None:
        for name, kind in d.DISTANCES.items():
            assert kind.name == name
            assert kind.label
            assert kind.parameters
            for parameter in kind.parameters:
                assert parameter.label
                assert parameter.default > 0
        assert d.DISTANCES["location"].parameters[0].unit == "m"

    def test_numbers_of_a_form_make_the_distance(self) -> None:
        assert d.DISTANCES["time_of_day"].build({"sigma": 30})(time(1), time(2)) == 2
        assert d.DISTANCES["location"].build({"sigma_m": 5}) == d.location(5)
        assert d.DISTANCES["location"](50) == d.location(50)
        assert d.DISTANCES["weather"].build({"wind_speed_sigma": None, "cloud_cover_sigma": 2}) == d.weather(2, 5, None)

    @pytest.mark.parametrize(
        ("name", "values", "message"),
        [
            ("location", {"sigma": 5}, "sigma must be one of sigma_m, got 5"),
            ("location", {"sigma_m": None}, "sigma_m must be given"),
            ("location", {"sigma_m": -1}, "sigma_m must .*-1"),
            ("location", {"sigma_m": math.nan}, "sigma_m must .*nan"),
            ("time_of_day", {"sigma": "x"}, "sigma must .*x"),
            ("time_of_day", {"sigma": 0}, "sigma must be above zero"),
        ],
    )
    def test_bad_numbers_are_named(self, name: str, values: Any, message: str) -> None:
        with pytest.raises((ValueError, TypeError), match=message):
            d.DISTANCES[name].build(values)


class TestExplanation:
    slot = {"latitude": 0, "longitude": 0, "heading": 350}
    capture = {"latitude": 0.0003, "longitude": 0, "heading": 20, "accuracy_m": 10}
    full = staticmethod(d.combine(location=d.location(50), heading=d.optional(d.angle_degrees(30)), floor=d.scalar(1)))

    def test_a_place_near_enough(self) -> None:
        told = d.explain(self.slot, self.capture, d.location(50))
        assert told.fulfils
        assert told.metres == pytest.approx(33.17, abs=0.01)
        assert told.distance == pytest.approx(33.17 / 50, abs=1e-3)
        assert (told.allowed_m, told.threshold, told.decisive) == (50, 1.0, "location")
        assert told.heading_off_deg == pytest.approx(30)
        assert told.probability == pytest.approx(d.probability_within(told.metres, 10, 50))
        assert told.terms == (d.Term("location", told.distance, "counted"),)

    def test_every_term_says_whether_it_counts(self) -> None:
        told = d.explain(self.slot, self.capture, self.full, threshold=1.3)
        assert [(term.name, term.why) for term in told.terms] == [
            ("location", "counted"), ("heading", "counted"), ("floor", "not_asked"),
        ]  # fmt: skip
        assert told.distance == pytest.approx(math.hypot(*(term.distance or 0 for term in told.terms)))
        assert told.decisive == "heading"
        assert told.allowed_m == 65
        assert told.fulfils
        assert not d.explain(self.slot, self.capture, self.full, threshold=1.1).fulfils

    def test_what_is_missing_decides(self) -> None:
        told = d.explain({**self.slot, "floor": 2}, {"latitude": 0, "longitude": 0}, self.full)
        assert [term.why for term in told.terms] == ["counted", "left_out", "missing"]
        assert (told.fulfils, told.distance, told.decisive) == (False, None, "floor")
        assert (told.heading_off_deg, told.probability) == (None, None)
        assert told.metres == 0

    def test_a_missing_place_fulfils_nothing(self) -> None:
        told = d.explain(self.slot, {"latitude": None, "longitude": None}, d.location(50))
        assert (told.fulfils, told.metres, told.distance, told.probability) == (False, None, None, None)
        assert told.terms == (d.Term("location", None, "missing"),)

    def test_exactly_the_threshold_is_not_enough(self) -> None:
        exactly = d.location(1)(self.slot, self.capture)
        assert not d.explain(self.slot, self.capture, d.location(exactly)).fulfils
        assert d.explain(self.slot, self.capture, d.location(exactly * (1 + 1e-12))).fulfils

    def test_a_distance_without_a_place(self) -> None:
        told = d.explain(3, 5, lambda a, b: abs(a - b), threshold=3)
        assert (told.fulfils, told.metres, told.allowed_m, told.probability) == (True, None, None, None)
        assert told.terms == (d.Term("distance", 2.0, "counted"),)
        assert d.explain({}, {}, d.combine()).decisive is None

    def test_the_accuracy_given_comes_before_the_capture_s_own(self) -> None:
        told = d.explain(self.slot, self.capture, d.location(50), accuracy_m=200)
        assert told.probability == pytest.approx(d.probability_within(told.metres, 200, 50))
        with pytest.raises(ValueError, match=r"accuracy_m must .*-3"):
            d.explain(self.slot, self.capture, d.location(50), accuracy_m=-3)
        with pytest.raises(ValueError, match=r"threshold must .*nan"):
            d.explain(self.slot, self.capture, d.location(50), threshold=math.nan)


def test_somebody_else_s_distance_is_taken_as_it_is() -> None:
    class Theirs:
        def __call__(self, a: Any, b: Any) -> float:
            return abs(a - b)

        def matrix(self, xs: Any, ys: Any) -> Any:
            return np.abs(np.subtract.outer(xs, ys)).astype(float)

    both = d.combine(x=Theirs(), y=d.scalar(1))
    things = [{"x": 1, "y": 1}, {"x": 4, "y": 5}]
    np.testing.assert_allclose(both.matrix(things, things), [[0, 5], [5, 0]])
    assert both({"y": 1}, {"x": 9, "y": 3}) == 2
    assert math.isnan(both({"x": 1, "y": 1}, {"y": 3}))


def test_arrays_of_numbers_are_read_whole() -> None:
    assert d.scalar(1).matrix(np.array([1, 2]), np.array([4.0, np.nan]))[1, 0] == 2
    with pytest.raises(ValueError, match=r"xs\[1\] must be finite"):
        d.scalar(1).matrix(np.array([1, np.inf]), np.array([4.0]))
    with pytest.raises(TypeError, match=r"xs\[0\] must be a number"):
        d.scalar(1).matrix(np.zeros((2, 2)), np.array([4.0]))  # type: ignore[arg-type]
