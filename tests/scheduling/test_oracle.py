"""The specification itself: every clause on its own, at its edge, and that no order matters."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from geopy.distance import geodesic
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling.geodesy import metres
from scheduling.oracle import Capture, Held, Rules, Slot, counts_for, fulfilled, why_unusable

NOON = datetime(2026, 5, 2, 12, tzinfo=UTC)
HOUR, DAY, TICK = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)
RULES = Rules(sigma_m=50, threshold=1.0)
STONE = Slot(id="stone", latitude=38.9, longitude=-77.0)
PHOTO = Capture(id=1, person="alice", latitude=38.9, longitude=-77.0, captured_at=NOON, received_at=NOON)


def photo(**changed: Any) -> Capture:
    return replace(PHOTO, **changed)


def stone(**changed: Any) -> Slot:
    return replace(STONE, **changed)


def away(metres_off: float, bearing: float = 90, **changed: Any) -> Capture:
    there = geodesic(meters=metres_off).destination((38.9, -77.0), bearing=bearing)
    return photo(latitude=there.latitude, longitude=there.longitude, **changed)


def counts(capture: Capture = PHOTO, slot: Slot = STONE, rules: Rules = RULES, **given: Any) -> bool:
    return counts_for(capture, slot, rules, **{"now": NOON, **given})


def done(slots: Any, captures: Any, rules: Rules = RULES, **given: Any) -> set[Any]:
    return fulfilled(slots, captures, rules, **{"now": NOON, **given})


def test_a_photograph_at_the_place_counts() -> None:
    assert why_unusable(PHOTO, RULES, now=NOON) == ""
    assert counts()
    assert done([STONE], [PHOTO]) == {"stone"}
    assert done([STONE], []) == done([], [PHOTO]) == set()


class TestUsable:
    @pytest.mark.parametrize(
        ("changed", "rules", "code"),
        [
            ({"latitude": None}, {}, "no_position"),
            ({"longitude": math.nan}, {}, "no_position"),
            ({"latitude": math.inf}, {}, "no_position"),
            ({"accuracy_m": 0.0}, {}, "mock"),
            ({"accuracy_m": 0.001}, {}, ""),
            ({"accuracy_m": None}, {"accuracy_required": True}, "no_accuracy"),
            ({"accuracy_m": math.nan}, {"accuracy_required": True}, "no_accuracy"),
            ({"accuracy_m": math.nan}, {}, ""),
            ({"accuracy_m": 50.0}, {"accuracy_required": True}, ""),
            ({"accuracy_m": 50.001}, {}, "inaccurate"),
            ({"accuracy_m": math.inf}, {}, "inaccurate"),
            ({"accuracy_m": 50.0}, {"max_accuracy_m": 49.0}, "inaccurate"),
            ({"accuracy_m": 60.0}, {"max_accuracy_m": 70.0}, ""),
            ({"from_library": True}, {}, "from_library"),
            ({"review": "rejected"}, {}, "rejected"),
            ({"photo": "refused"}, {}, "refused_photo"),
            ({"photo": "awaited", "received_at": NOON - DAY + TICK}, {}, ""),
            ({"photo": "awaited", "received_at": NOON - DAY}, {}, "no_photo"),
            ({"photo": "awaited", "received_at": NOON - HOUR}, {"photo_grace": HOUR}, "no_photo"),
            ({"photo": "stored", "received_at": NOON - 9 * DAY}, {}, ""),
        ],
    )
    def test_each_reason_at_its_edge(self, changed: Any, rules: Any, code: str) -> None:
        capture, settled = photo(**changed), replace(RULES, **rules)
        assert why_unusable(capture, settled, now=NOON) == code
        if code != "no_position":
            assert counts(capture, rules=settled) is (code == "")

    @pytest.mark.parametrize(
        ("changed", "code"),
        [
            ({"accuracy_m": 0.0}, ""),
            ({"accuracy_m": 900.0}, ""),
            ({"accuracy_m": None}, ""),
            ({"from_library": True}, ""),
            ({"latitude": None}, "no_position"),
            ({"photo": "refused"}, "refused_photo"),
            ({"photo": "awaited", "received_at": NOON - DAY}, "no_photo"),
        ],
    )
    def test_a_reviewer_overrules_what_was_doubtful_only(self, changed: Any, code: str) -> None:
        strict = replace(RULES, accuracy_required=True)
        assert why_unusable(photo(review="accepted", **changed), strict, now=NOON) == code

    def test_the_first_reason_is_told(self) -> None:
        worst = photo(latitude=None, accuracy_m=0.0, from_library=True, review="rejected", photo="refused")
        for changed, code in (
            ({}, "no_position"),
            ({"latitude": 38.9}, "mock"),
            ({"accuracy_m": 99.0}, "inaccurate"),
            ({"accuracy_m": 9.0}, "from_library"),
            ({"from_library": False}, "rejected"),
            ({"review": "pending"}, "refused_photo"),
            ({"photo": "stored"}, ""),
        ):
            worst = replace(worst, **changed)
            assert why_unusable(worst, RULES, now=NOON) == code


class TestDistance:
    def test_exactly_the_threshold_is_too_far(self) -> None:
        capture = away(49.99)
        apart = metres(STONE, capture)
        assert counts(capture)
        assert not counts(capture, rules=replace(RULES, sigma_m=apart))
        assert counts(capture, rules=replace(RULES, sigma_m=math.nextafter(apart, math.inf)))
        assert not counts(capture, rules=replace(RULES, sigma_m=1.0, threshold=apart))
        assert not counts(away(50.01))

    def test_nothing_is_closer_than_zero_and_nothing_near_what_is_nowhere(self) -> None:
        assert not counts(rules=replace(RULES, threshold=0.0))
        assert not counts(slot=stone(latitude=None))
        assert not counts(slot=stone(longitude=math.nan))

    @pytest.mark.parametrize(
        ("place", "near"),
        [((0.0, 180.0), (0.0, -179.9996)), ((89.9998, 0.0), (89.9998, 180.0)), ((-90.0, 5.0), (-89.9996, -170.0))],
    )
    def test_the_date_line_and_the_poles(self, place: Any, near: Any) -> None:
        slot = stone(latitude=place[0], longitude=place[1])
        assert counts(photo(latitude=near[0], longitude=near[1]), slot)
        assert not counts(photo(latitude=near[0], longitude=near[1]), slot, replace(RULES, sigma_m=44))

    def test_accuracy_does_not_widen_the_threshold(self) -> None:
        assert not counts(away(60, accuracy_m=49.0))

    def test_headings_matter_where_the_target_says_so(self) -> None:
        slot, turned = stone(heading=350.0), photo(heading=30.0)
        asked = replace(RULES, heading_sigma_deg=40.0)
        assert counts(turned, slot)
        assert not counts(turned, slot, asked)
        assert counts(turned, slot, replace(asked, heading_sigma_deg=40.1))
        assert counts(turned, STONE, asked)
        assert counts(PHOTO, slot, asked)
        assert not counts(PHOTO, slot, replace(asked, heading_required=True))
        assert counts(PHOTO, STONE, replace(asked, heading_required=True))

    def test_terms_add_up_as_a_norm(self) -> None:
        asked = replace(RULES, heading_sigma_deg=50.0)
        # 0.6 and 0.8 of a σ are a whole one.
        assert counts(away(29.9, heading=40.0), stone(heading=0.0), asked)
        assert not counts(away(30.1, heading=40.0), stone(heading=0.0), asked)


class TestTimes:
    @pytest.mark.parametrize(
        ("window", "counted"),
        [
            ({"window_from": NOON}, True),
            ({"window_from": NOON + TICK}, False),
            ({"window_until": NOON}, False),
            ({"window_until": NOON + TICK}, True),
            ({"counts_from": NOON}, True),
            ({"counts_from": NOON + TICK}, False),
            ({"window_from": NOON - HOUR, "window_until": NOON + HOUR, "counts_from": NOON - HOUR}, True),
        ],
    )
    def test_the_time_it_was_taken_decides(self, window: Any, counted: bool) -> None:
        late = photo(received_at=NOON + 5 * HOUR)
        assert counts(late, stone(**window)) is counted
        assert counts(photo(received_at=NOON - 5 * HOUR), stone(**window)) is counted

    def test_without_covering_what_waits_somebody_must_have_held_it(self) -> None:
        """Taken at noon, arrived at two."""
        rules, late = replace(RULES, covers_waiting=False), photo(received_at=NOON + 2 * HOUR)

        def held(start: timedelta, end: timedelta, slot: str = "stone") -> bool:
            times = [Held(slot=slot, started_at=NOON + start, ended_at=NOON + end)]
            assert counts(late, held=times)
            return counts(late, rules=rules, held=times)

        assert not counts(late, rules=rules)
        assert held(-HOUR, TICK)
        assert held(timedelta(0), TICK)
        assert not held(-HOUR, timedelta(0))
        assert not held(TICK, 2 * HOUR)
        assert held(HOUR, 3 * HOUR)
        assert held(2 * HOUR, 3 * HOUR)
        assert not held(2 * HOUR + TICK, 3 * HOUR)
        assert not held(-HOUR, 3 * HOUR, slot="another")
        # Once used up, an iterator would leave nothing for the second slot.
        times = iter([Held(slot=name, started_at=NOON, ended_at=NOON + HOUR) for name in ("b", "stone")])
        assert done([STONE, stone(id="b")], [late], rules, held=times) == {"stone", "b"}


class TestFulfilled:
    def test_as_many_different_people_as_are_wanted(self) -> None:
        pair = stone(required_count=2)
        assert done([pair], [PHOTO, photo(id=2)]) == set()
        assert done([pair], [PHOTO, photo(id=2, person="bob")]) == {"stone"}
        assert done([pair], [PHOTO, photo(id=2, person="bob", review="rejected")]) == set()
        assert done([pair], [PHOTO, away(80, id=2, person="bob")]) == set()
        assert done([stone(required_count=3)], [photo(id=i, person=i % 3) for i in range(5)]) == {"stone"}

    def test_one_photograph_fulfils_all_it_is_near_to_and_withdrawn_is_withdrawn(self) -> None:
        slots = [STONE, stone(id="b"), stone(id="gone", withdrawn=True), stone(id="far", latitude=39.0)]
        assert done(slots, [PHOTO]) == {"stone", "b"}
        by_hand = {(1, "gone"), (1, "far")}
        assert done(slots, [PHOTO], linked=by_hand) == done(slots, [PHOTO], kept=by_hand) == {"stone", "b", "far"}

    @pytest.mark.parametrize("how", ["linked", "kept"])
    def test_what_was_decided_counts_wherever_and_whenever(self, how: str) -> None:
        pair = {how: {(1, "stone")}}
        strict = replace(RULES, accuracy_required=True, covers_waiting=False)
        for capture, slot in (
            (away(5_000), STONE),
            (photo(latitude=None), STONE),
            (PHOTO, stone(latitude=None)),
            (photo(accuracy_m=0.0), STONE),
            (photo(accuracy_m=500.0), STONE),
            (photo(from_library=True), STONE),
            (PHOTO, stone(window_from=NOON + HOUR)),
            (PHOTO, stone(window_until=NOON)),
            (PHOTO, stone(counts_from=NOON + HOUR)),
            (PHOTO, STONE),
        ):
            assert done([slot], [capture], strict) == set()
            assert done([slot], [capture], strict, **pair) == {"stone"}
            assert done([slot], [replace(capture, id=2)], strict, **pair) == set()
            assert done([replace(slot, id="b")], [capture], strict, **pair) == set()

    @pytest.mark.parametrize("how", ["linked", "kept"])
    def test_but_not_without_a_photograph_or_rejected(self, how: str) -> None:
        pair = {how: {(1, "stone")}}
        assert done([STONE], [photo(review="rejected")], **pair) == set()
        assert done([STONE], [photo(photo="refused")], **pair) == set()
        assert done([STONE], [photo(photo="awaited", received_at=NOON - DAY)], **pair) == set()
        assert done([STONE], [away(900, photo="awaited", received_at=NOON - DAY + TICK)], **pair) == {"stone"}

    def test_a_person_counts_once_by_hand_and_by_nearness(self) -> None:
        two = stone(required_count=2)
        assert done([two], [PHOTO, away(900, id=2)], linked={(2, "stone")}) == set()
        assert done([two], [PHOTO, away(900, id=2, person="bob")], linked={(2, "stone")}) == {"stone"}


moments = st.integers(-30, 30).map(lambda hours: NOON + hours * HOUR)
degrees = st.sampled_from([0.0, 0.0002, 0.0004, 0.0006])
captures = st.lists(
    st.builds(
        Capture,
        id=st.integers(0, 5),
        person=st.sampled_from(["alice", "bob", "zoe"]),
        latitude=st.none() | degrees,
        longitude=degrees,
        accuracy_m=st.sampled_from([None, 0.0, 8.0, 80.0]),
        heading=st.none() | st.sampled_from([0.0, 90.0]),
        from_library=st.booleans(),
        captured_at=moments,
        received_at=moments,
        photo=st.sampled_from(["stored", "awaited", "refused"]),
        review=st.sampled_from(["pending", "accepted", "rejected"]),
    ),
    max_size=6,
)
slots = st.lists(
    st.builds(
        Slot,
        id=st.integers(0, 9),
        latitude=degrees,
        longitude=degrees,
        heading=st.none() | st.sampled_from([0.0, 80.0]),
        required_count=st.integers(1, 2),
        window_from=st.none() | moments,
        withdrawn=st.booleans(),
    ),
    max_size=4,
    unique_by=lambda slot: slot.id,
)
pairs = st.frozensets(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=2)


@settings(deadline=None, max_examples=150)
@given(slots, captures, pairs, pairs, st.booleans(), st.booleans(), st.randoms(use_true_random=False))
def test_no_order_matters_and_more_never_harms(
    some: Any, taken: Any, linked: Any, kept: Any, heading: bool, waiting: bool, random: Any
) -> None:
    rules = replace(RULES, heading_sigma_deg=60.0 if heading else None, covers_waiting=waiting)
    held = [Held(slot=i, started_at=NOON - i * HOUR, ended_at=NOON + HOUR) for i in range(5)]
    given_too = {"linked": linked, "kept": kept, "held": held}
    told = done(some, taken, rules, **given_too)
    for shuffled in (some, taken, held):
        random.shuffle(shuffled)
    assert done(some, taken, rules, **given_too) == told
    # Each slot is judged on its own, and fewer photographs fulfil no more.
    assert {one.id for one in some if done([one], taken, rules, **given_too)} == told
    assert done(some, taken[1:], rules, **given_too) <= told
