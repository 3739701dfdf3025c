"""Distances in σ: the laws, the terms of a combination, the threshold, the probability."""

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from geopy.distance import geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling import distance as d

places = st.tuples(st.floats(-90, 90), st.floats(-180, 180))
captures = st.fixed_dictionaries(
    {
        "location": st.none() | places,
        "heading": st.none() | st.floats(0, 360),
        "floor": st.none() | st.integers(-2, 9),
    }
)
FIELD = d.combine(location=d.location(50), heading=d.optional(d.angle_degrees(30)), floor=d.scalar(2))


def test_location_counts_metres_in_sigmas() -> None:
    a, b = (38.9, -77.0), (38.9003, -77.0004)
    assert d.location(50)(a, b) == pytest.approx(geodesic(a, b).meters / 50, abs=1e-6)
    assert d.location(50)(a, b) == pytest.approx(2 * d.location(100)(a, b))
    assert d.location(50)({"latitude": 60, "longitude": 0}, (60, 0.001)) == pytest.approx(55.8 / 50, abs=1e-3)
    assert d.location(50)({**dict.fromkeys(("latitude", "longitude"), 1), "altitude": 900}, (1, 1)) == 0


def test_angles_go_the_short_way_round() -> None:
    turn = d.angle_degrees(30)
    assert turn(350, 10) == pytest.approx(20 / 30)
    assert turn(10, 350) == pytest.approx(20 / 30)
    assert turn(0, 180) == pytest.approx(6)
    assert turn(0, 360) == 0
    assert turn(-90, 270) == 0
    assert turn(725, 0) == pytest.approx(5 / 30)


def test_scalars_are_plain() -> None:
    assert d.scalar(2)(10, 3) == 3.5
    assert d.scalar(2)(3, 10) == 3.5
    assert math.isnan(d.scalar(2)(None, 3))
    assert math.isnan(d.scalar(2)(1, math.nan))


@settings(deadline=None, max_examples=60)
@given(places, places, st.floats(0.1, 1e4))
def test_laws_of_the_location_distance(a: Any, b: Any, sigma_m: float) -> None:
    near = d.location(sigma_m)
    assert near(a, b) == near(b, a)
    assert near(a, a) == 0
    assert near(a, b) >= 0


@settings(deadline=None, max_examples=60)
@given(st.floats(-720, 720), st.floats(-720, 720), st.floats(0.1, 100))
def test_laws_of_an_angle(a: float, b: float, sigma: float) -> None:
    turn = d.angle_degrees(sigma)
    assert turn(a, b) == turn(b, a)
    assert turn(a, a) == 0
    assert turn(a, b) <= 180 / sigma
    assert turn(a, b) * sigma == pytest.approx(
        math.degrees(abs(math.remainder(math.radians(a - b), math.tau))), abs=1e-6
    )


@settings(deadline=None, max_examples=60)
@given(st.lists(captures, max_size=6), st.lists(captures, max_size=6))
def test_a_matrix_is_made_of_single_distances(xs: Any, ys: Any) -> None:
    for measure in (FIELD, d.location(50), d.lift(lambda a, b: len(str(a)) - len(str(b)))):
        matrix = measure.matrix(xs, ys)
        assert matrix.shape == (len(xs), len(ys))
        assert matrix.dtype == np.float64
        single = [[measure(x, y) for y in ys] for x in xs]
        np.testing.assert_allclose(matrix, np.array(single).reshape(matrix.shape), rtol=1e-12, atol=1e-9)


@settings(deadline=None, max_examples=60)
@given(captures, captures)
def test_a_combination_is_the_norm_of_its_terms(slot: Any, capture: Any) -> None:
    terms = [d.location(50)(slot, capture)]
    if slot["heading"] is not None and capture["heading"] is not None:
        terms.append(d.angle_degrees(30)(slot["heading"], capture["heading"]))
    if slot["floor"] is not None:
        terms.append(d.scalar(2)(slot["floor"], capture["floor"]))
    assert FIELD(slot, capture) == pytest.approx(math.hypot(*terms), nan_ok=True)


class TestCombine:
    here = {"latitude": 38.9, "longitude": -77.0}
    norm = staticmethod(d.combine(location=d.location(50), heading=d.angle_degrees(30)))
    lenient = staticmethod(d.combine(location=d.location(50), heading=d.optional(d.angle_degrees(30))))

    def test_terms_add_as_squares(self) -> None:
        both = d.combine(x=d.scalar(1), y=d.scalar(2))
        assert both({"x": 0, "y": 0}, SimpleNamespace(x=3, y=8)) == 5

    def test_what_the_slot_does_not_ask_for_is_left_out(self) -> None:
        for heading in ({}, {"heading": None}, {"heading": math.nan}):
            assert self.norm({**self.here, **heading}, {**self.here, "heading": 90}) == 0

    def test_a_required_value_missing_in_the_capture_makes_it_nan(self) -> None:
        assert math.isnan(self.norm({**self.here, "heading": 0}, self.here))

    def test_an_optional_one_is_left_out(self) -> None:
        assert self.lenient({**self.here, "heading": 0}, self.here) == 0
        assert self.lenient({**self.here, "heading": 0}, {**self.here, "heading": 30}) == pytest.approx(1)

    def test_the_location_is_required_of_both(self) -> None:
        assert math.isnan(self.lenient({"heading": 0}, {**self.here, "heading": 0}))
        assert math.isnan(self.lenient({**self.here, "heading": 0}, {"location": None, "heading": 0}))
        with pytest.raises(ValueError, match="location must not be optional"):
            d.combine(location=d.optional(d.location(50)))

    def test_nothing_to_combine_is_nan(self) -> None:
        assert math.isnan(d.combine()({}, {}))
        assert math.isnan(d.combine(heading=d.optional(d.angle_degrees(30)))({}, {"heading": 1}))

    def test_plain_functions_are_given_the_values(self) -> None:
        tags = d.combine(location=lambda a, b: abs(a[0] - b[0]), tag=lambda a, b: float(a != b))
        assert tags({"location": (3, 0), "tag": "x"}, {"location": (3, 1), "tag": "y"}) == 1
        assert tags({"location": (3, 0)}, {"location": (1, 0), "tag": "y"}) == 2

    def test_an_optional_distance_is_itself_on_its_own(self) -> None:
        assert d.optional(d.scalar(2))(1, 5) == 2
        assert math.isnan(d.optional(d.scalar(2))(1, None))


@pytest.mark.parametrize("factory", d.DISTANCES.values(), ids=d.DISTANCES.keys())
@pytest.mark.parametrize("sigma", [0, -1, math.nan, math.inf, True, "50", None])
def test_a_bad_sigma_is_named(factory: Any, sigma: Any) -> None:
    if sigma is None and factory.name == "weather":
        return  # leaves a quantity of the weather out
    with pytest.raises((ValueError, TypeError), match=f"sigma.* must .*{sigma}"):
        factory(sigma)


@pytest.mark.parametrize("value", ["90", True, math.inf, 1j, (1, 2)])
def test_a_bad_value_is_named(value: Any) -> None:
    with pytest.raises((ValueError, TypeError), match=r"ys\[1\] must"):
        d.angle_degrees(30).matrix([1], [2, value])


def test_lifting_leaves_a_distance_as_it_is() -> None:
    near = d.location(50)
    assert d.lift(near) is near
    assert d.lift(lambda a, b: 3)(None, None) == 3.0
    with pytest.raises(TypeError, match="50"):
        d.lift(50)  # type: ignore[arg-type]


def test_within_is_strict_and_nan_is_not() -> None:
    distances = np.array([[0.0, np.nextafter(1.0, 0), 1.0, np.nextafter(1.0, 2), math.nan, math.inf]])
    np.testing.assert_array_equal(d.within(distances, 1.0), [[True, True, False, False, False, False]])
    assert not d.within(np.array([0.0]), 0).any()


@pytest.mark.parametrize("threshold", [math.nan, math.inf, -1, True, "1", None])
def test_a_bad_threshold_is_named(threshold: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="threshold must"):
        d.within(np.zeros(1), threshold)


class TestProbability:
    def test_at_the_centre_it_is_rayleigh(self) -> None:
        assert d.probability_within(0, 10, 20) == pytest.approx(1 - math.exp(-2), abs=1e-12)

    @pytest.mark.parametrize("accuracy_m", [0.5, 2, 5, 20, 80, 500])
    @pytest.mark.parametrize("metres", [0.0, 1, 10, 30, 49, 50, 51, 120, 500])
    @pytest.mark.parametrize("allowed_m", [1, 50, 250])
    def test_it_is_the_integral_along_the_circle(self, metres: float, accuracy_m: float, allowed_m: float) -> None:
        # Another road to the same figure: by Green's theorem the mass of a disc as an integral along its edge.
        angle = (np.arange(20_000) + 0.5) * math.pi / 20_000
        square = np.maximum(allowed_m**2 + metres**2 - 2 * allowed_m * metres * np.cos(angle), 1e-12)
        share = -np.expm1(-square / (2 * accuracy_m**2)) / square
        expected = np.mean((allowed_m**2 - allowed_m * metres * np.cos(angle)) * share)
        assert d.probability_within(metres, accuracy_m, allowed_m) == pytest.approx(expected, abs=1e-8)

    def test_a_thousand_throws_agree(self) -> None:
        x, y = np.random.default_rng(3).normal(0, 20, (2, 400_000))
        assert d.probability_within(45, 20, 50) == pytest.approx(np.mean(np.hypot(45 + x, y) < 50), abs=3e-3)

    def test_far_off_and_close_by(self) -> None:
        assert d.probability_within(1e7, 5, 50) == 0
        assert d.probability_within(0, 5, 1e6) == pytest.approx(1, abs=1e-12)
        assert d.probability_within(50, 1e-4, 50) == pytest.approx(0.5, abs=1e-5)
        assert d.probability_within(5_000, 1, 5_000) == pytest.approx(0.49996, abs=1e-5)

    def test_a_perfect_fix_is_a_strict_yes_or_no(self) -> None:
        assert [d.probability_within(metres, 0, 50) for metres in (49.9, 50, 50.1)] == [1, 0, 0]

    def test_unknown_stays_unknown(self) -> None:
        assert d.probability_within(30, None, 50) is None
        assert d.probability_within(30, math.nan, 50) is None
        assert d.probability_within(None, 5, 50) is None
        assert d.probability_within(math.nan, 5, 50) is None

    @pytest.mark.parametrize("bad", [(-1, 5, 50), (30, -5, 50), (30, 5, -50), (30, math.inf, 50), (30, 5, None)])
    def test_bad_values_are_named(self, bad: Any) -> None:
        with pytest.raises((ValueError, TypeError), match=r"(metres|accuracy_m|allowed_m).* must"):
            d.probability_within(*bad)
