"""The rules one by one, beyond what the suite over the registry asks of all: edges, units, refusals."""

import random
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise, permutations
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling import assign, geodesy
from scheduling.assign import RULES, Assignment, AssignmentState, DateRange, Request, TimeWindow, Volunteer, rules_from
from scheduling.assign.rules import MostWalkingRule, walk_m
from scheduling.assign.scores import combined
from scheduling.assign.spans import covers, overlap, shared

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = DateRange(date(2026, 11, 21), date(2026, 11, 22))


def window(begin: float, end: float, zone: Any = UTC) -> TimeWindow:
    start = datetime(2026, 11, 21, tzinfo=zone)
    return TimeWindow(start + timedelta(hours=begin), start + timedelta(hours=end))


@pytest.mark.parametrize(
    ("a", "b", "meets", "holds"),
    [
        (window(1, 2), window(2, 3), False, False),
        (window(1, 3), window(2, 3), True, True),
        (DAY, window(47, 48), True, True),
        (DAY, window(48, 49), False, False),
        (DAY, window(-1, 1), True, False),
        (DAY, window(-1, 1, timezone(timedelta(hours=-5))), True, False),
        (DateRange(NOON, NOON + timedelta(hours=1)), window(13, 14), True, False),
        (window(12, 13), DateRange(NOON, NOON + timedelta(hours=1)), True, False),
        (DateRange(NOON, NOON + timedelta(hours=1)), DateRange(NOON, NOON + timedelta(hours=1)), True, True),
        (DateRange(NOON, NOON + timedelta(hours=1)), window(12, 13), True, True),
        (DateRange(date(2026, 1, 1), date.max), DAY, True, True),
    ],
)
def test_spans(a: Any, b: Any, meets: bool, holds: bool) -> None:
    """Windows are half-open, days are whole, and mean days in the zone of what they are compared with."""
    assert overlap(a, b) is overlap(b, a) is meets
    assert covers(a, b) is holds
    assert bool(shared(a, b)) is (meets and shared(b, a) > timedelta(0))


@pytest.mark.parametrize("ends", [(NOON, NOON), (NOON, NOON - timedelta(1)), (NOON, NOON.replace(tzinfo=None))])
def test_a_window_has_to_be_one(ends: Any) -> None:
    with pytest.raises(ValueError, match="end"):
        TimeWindow(*ends)


def test_naive_and_aware_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="time zone"):
        overlap(window(1, 2), window(1, 2, None))
    with pytest.raises(TypeError, match="must be a DateRange"):
        RULES["availability"].build().evaluate(Volunteer("w"), SimpleNamespace(key="a", window="noon"))


def test_enough_time() -> None:
    """Without a number the whole window has to be free; with one, that many minutes of it."""
    volunteer, request = Volunteer("w", available=(window(8, 9),)), Request("a", window=window(8.5, 10))
    verdicts = [RULES["time_window"].build({"least_minutes": least}) for least in (None, 0, 30, 31)]
    assert [rule.evaluate(volunteer, request).compatible for rule in verdicts] == [False, True, True, False]
    assert not verdicts[1].evaluate(volunteer, Request("a", window=window(9, 10))).compatible


def test_unknown_places_are_near_enough_and_half_good() -> None:
    for start, there in ((None, (1, 1)), ((1, 1), None), ((1, 1), {"latitude": None, "longitude": None})):
        volunteer, request = Volunteer("w", start=start), Request("a", location=there)
        assert RULES["distance"].build({"most_m": 1}).evaluate(volunteer, request).compatible
        assert RULES["nearness"].build().evaluate(volunteer, request).score == 0.5
        assert RULES["on_the_way"].build().evaluate(volunteer, request, AssignmentState()).score == 0.5


def test_metres_are_those_of_geodesy() -> None:
    here, there = (38.9, -77.0), (38.95, -77.1)
    far = geodesy.metres(here, there)
    volunteer, request = Volunteer("w", start=here), Request("a", location=there)
    assert walk_m(volunteer, [request]) == pytest.approx(far, abs=1e-6)
    assert RULES["distance"].build({"most_m": far + 1e-6}).evaluate(volunteer, request).compatible
    refused = RULES["distance"].build({"most_m": far - 1e-3}).evaluate(volunteer, request)
    assert refused.reason == f"{far:.0f} m away, {far:.0f} m allowed"
    assert RULES["nearness"].build({"half_m": far}).evaluate(volunteer, request).score == pytest.approx(0.5)


def test_on_the_way_is_by_the_nearest_stop() -> None:
    volunteer, near = Volunteer("w", start=(38.9, -77.0)), Request("near", location=(38.95, -77.0))
    state = AssignmentState(pinned=[Assignment(near, (volunteer,))])
    rule, request = RULES["on_the_way"].build(), Request("a", location=(38.95, -77.0))
    assert rule.evaluate(volunteer, request, AssignmentState()).score < 0.1
    assert rule.evaluate(volunteer, request, state).score == 1.0


def place(dice: random.Random) -> tuple[float, float]:
    return 38.9 + dice.uniform(0, 0.02), -77.0 + dice.uniform(0, 0.02)


@given(st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_a_walk_is_long_enough_and_one_stop_more_is_never_less(seed: int) -> None:
    dice = random.Random(seed)
    volunteer = Volunteer("w", start=place(dice))
    stops = [
        Request(str(i), location=place(dice), window=None if dice.random() < 0.7 else window(dice.randint(0, 5), 7))
        for i in range(dice.randint(1, 6))
    ]
    lengths = [walk_m(volunteer, stops[:i]) for i in range(len(stops) + 1)]
    assert lengths[0] == 0
    assert all(a <= b + 1e-6 for a, b in pairwise(lengths))
    shortest = min(length([volunteer.start, *(one.location for one in some)]) for some in permutations(stops))
    assert lengths[-1] >= shortest - 1e-6
    assert walk_m(volunteer, dice.sample(stops, len(stops))) == pytest.approx(lengths[-1])


def length(places: list[Any]) -> float:
    return sum(geodesy.metres(a, b) for a, b in pairwise(places))


def test_windows_give_the_order_of_a_walk() -> None:
    """There and back again, because the far one comes first by the clock."""
    volunteer = Volunteer("w", start=(38.9, -77.0), most_walking_m=5_000)
    near = Request("near", location=(38.91, -77.0), window=window(10, 11))
    far = Request("far", location=(38.92, -77.0), window=window(8, 9))
    step = geodesy.metres((38.9, -77.0), (38.91, -77.0))
    assert walk_m(volunteer, [near, far]) == pytest.approx(3 * step, rel=1e-4)
    rule, state = MostWalkingRule(1), AssignmentState(pinned=[Assignment(near, (volunteer,))])
    assert rule.evaluate(volunteer, far, state).compatible
    assert not rule.evaluate(Volunteer("w", start=(38.9, -77.0), most_walking_m=3 * step - 5), far, state).compatible
    assert rule.evaluate(volunteer, Request("anywhere"), state).compatible


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ([{"rule": "most_slot"}], "rule must be one of"),
        ([{}], "rule must be one of"),
        ([{"rule": "most_slots", "least": 3}], "most_slots knows no least, got 3"),
        ([{"rule": "most_slots", "most": -1}], "most must not be negative"),
        ([{"rule": "most_slots", "most": None}], "most must be a number"),
        ([{"rule": "most_slots", "most": "3"}], "most must be a number, got '3'"),
        ([{"rule": "most_slots", "most": 2.5}], "most must be a whole number"),
        ([{"rule": "distance", "most_m": 0}], "most_m must be above zero"),
        ([{"rule": "distance", "most_m": float("nan")}], "most_m must not be negative or NaN"),
    ],
)
def test_settings_that_are_wrong_say_so(wrong: Any, error: str) -> None:
    with pytest.raises((ValueError, TypeError), match=error):
        rules_from(wrong)


def test_every_rule_can_be_built_as_proposed_and_says_its_name() -> None:
    for name, kind in RULES.items():
        assert kind.build().name == name == kind.name
        assert kind.label


def test_the_last_seat_decides_about_newcomers() -> None:
    nora, otto, rule = Volunteer("nora", newcomer=True), Volunteer("otto", newcomer=True), "experienced_with_newcomer"
    pair, alone, begun = Request("a", 2), Request("b"), AssignmentState(pinned=[Assignment(Request("a", 2), (nora,))])
    assert RULES[rule].build().evaluate(nora, pair, AssignmentState()).compatible
    assert not RULES[rule].build().evaluate(otto, pair, begun).compatible
    assert RULES[rule].build().evaluate(Volunteer("alice"), pair, begun).compatible
    verdicts = [RULES[rule].build({"from_size": size}).evaluate(nora, alone, AssignmentState()) for size in (1, 2)]
    assert [one.compatible for one in verdicts] == [False, True]


def test_keys() -> None:
    assert [assign.key_of(one) for one in ("a", 7, {"id": 3}, SimpleNamespace(uuid="u"), (1, 2))] == [
        "a",
        7,
        3,
        "u",
        (1, 2),
    ]
    for unknown in ({}, SimpleNamespace(key=[1]), [1]):
        with pytest.raises(TypeError, match="must have a key"):
            assign.key_of(unknown)
    with pytest.raises(ValueError, match="at least 1"):
        assign.Planner(assign.LoadBalancingAssignmentAlgorithm()).run([Request("a", 0)], ["w"])


def test_soft_scores_are_one_mean_over_preliminary_and_stateful_rules() -> None:
    assert combined(0.25, 2, [1.0]) == pytest.approx((0.25 * 0.25 * 1.0) ** (1 / 3))
    assert combined(0.25, 2, []) == 0.25
    assert combined(1.0, 0, [0.3]) == pytest.approx(0.3)
    assert combined(0.5, 0, [0.5]) == pytest.approx(0.5)
    assert combined(0.0, 1, [1.0]) == 0.0


def test_who_is_kept_from_something_never_does_it() -> None:
    (rule,) = rules_from([{"rule": "never"}])
    kept = Request("a", never=("bob",))
    assert not rule.evaluate(Volunteer("bob"), kept).compatible
    assert rule.evaluate(Volunteer("alice"), kept).compatible
    assert rule.evaluate(Volunteer("bob"), Request("b")).compatible
    planner = assign.Planner(assign.LoadBalancingAssignmentAlgorithm(), [rule])
    plan = planner.run([kept], [Volunteer("bob")])
    assert [one.by_rule for one in plan.unfilled] == [{"never": 1}]
