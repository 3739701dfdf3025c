"""One slot for each user, for a while."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_contract import place

from scheduling.organize import AssignmentStore

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SLOTS = [{"id": name, "location": place(east)} for name, east in (("A", 0), ("B", 100), ("C", 200))]


def name(slot: Any) -> str | None:
    return None if slot is None else slot["id"]


def test_each_user_gets_one_of_their_own_and_keeps_it() -> None:
    store = AssignmentStore(SimpleNamespace())
    asked = [store.assign_next(user, SLOTS, now=NOON) for user in ("alice", "bob", "alice", "carol", "rita")]
    assert [name(slot) for slot in asked] == ["A", "B", "A", "C", None]
    assert name(store.get("bob", now=NOON)) == "B"
    assert store.get("rita", now=NOON) is None


def test_it_ends_after_half_an_hour_however_often_one_asks() -> None:
    store = AssignmentStore(SimpleNamespace())
    store.assign_next("alice", SLOTS, now=NOON)
    store.assign_next("alice", SLOTS, now=NOON + 29 * MINUTE)
    assert name(store.get("alice", now=NOON + 30 * MINUTE - timedelta(microseconds=1))) == "A"
    assert store.get("alice", now=NOON + 30 * MINUTE) is None
    assert name(store.assign_next("bob", SLOTS, now=NOON + 30 * MINUTE)) == "A"


def test_a_photograph_since_then_ends_it() -> None:
    captures: dict[str, datetime] = {}
    for last_capture in (captures, captures.get):
        captures.clear()
        store = AssignmentStore(SimpleNamespace(), last_capture=last_capture)
        store.assign_next("alice", SLOTS, now=NOON)
        captures["alice"] = NOON - timedelta(microseconds=1)
        assert name(store.get("alice", now=NOON + MINUTE)) == "A"
        captures["alice"] = NOON
        assert store.get("alice", now=NOON + MINUTE) is None


def test_a_stored_slot_is_drawn_to_the_nearest_candidate_of_now() -> None:
    store = AssignmentStore(SimpleNamespace())
    store.assign_next("zoe", SLOTS, now=NOON)
    store.assign_next("bob", SLOTS, now=NOON + MINUTE)
    moved = [{"id": "far", "location": place(5000)}, {"id": "near", "location": place(60)}]
    later = NOON + 2 * MINUTE
    # Both are nearest to the second one; Zoe was first.
    assert name(store.assign_next("bob", moved, now=later)) == "far"
    assert name(store.assign_next("zoe", moved, now=later)) == "near"
    assert store.assign_next("carol", moved, now=later) is None


def test_whom_no_candidate_is_left_for_has_nothing() -> None:
    store = AssignmentStore(SimpleNamespace())
    for user in ("alice", "bob"):
        store.assign_next(user, SLOTS, now=NOON)
    assert name(store.assign_next("bob", SLOTS[:1], now=NOON)) is None
    assert store.get("bob", now=NOON) is None
    assert store.assign_next("alice", [], now=NOON) is None
    assert store.get("alice", now=NOON) is None


def test_a_slot_without_a_place_is_drawn_nowhere() -> None:
    store = AssignmentStore(SimpleNamespace())
    store.set("alice", {"id": "N", "location": None}, now=NOON)
    assert name(store.assign_next("alice", SLOTS, now=NOON)) == "A"


def test_set_and_get() -> None:
    owner = SimpleNamespace()
    store = AssignmentStore(owner)
    store.set("alice", SLOTS[1], now=NOON)
    store.set("alice", SLOTS[2], now=NOON)
    assert name(store.get("alice", now=NOON)) == "C"
    assert name(AssignmentStore(SimpleNamespace(**json.loads(json.dumps(vars(owner))))).get("alice", now=NOON)) == "C"
    store.set("alice", None, now=NOON)
    assert store.get("alice", now=NOON) is None
    assert owner.assignments == {}


def test_another_distance_draws_otherwise() -> None:
    store = AssignmentStore(SimpleNamespace(), distance_fn=lambda a, b: abs(a["rank"] - b["rank"]))
    store.set("alice", {"rank": 7}, now=NOON)
    assert store.assign_next("alice", [{"rank": 1}, {"rank": 9}], now=NOON) == {"rank": 9}


@settings(deadline=None, max_examples=80)
@given(st.data())
def test_no_slot_is_ever_two_users(data: Any) -> None:
    store, now, given_at = AssignmentStore(SimpleNamespace()), NOON, dict[str, tuple[int, datetime]]()
    for _ in range(15):
        now += data.draw(st.integers(0, 20)) * MINUTE
        user = data.draw(st.sampled_from(["alice", "bob", "carol", "rita"]))
        given_at = {who: (at, since) for who, (at, since) in given_at.items() if now - since < 30 * MINUTE}
        slot = store.assign_next(user, SLOTS, now=now)
        free = [i for i in range(3) if i not in {at for at, _ in given_at.values()}]
        if user not in given_at and free:
            given_at[user] = (free[0], now)
        assert name(slot) == (SLOTS[given_at[user][0]]["id"] if user in given_at else None)
        for who in ("alice", "bob", "carol", "rita"):
            assert name(store.get(who, now=now)) == (SLOTS[given_at[who][0]]["id"] if who in given_at else None)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"expire_after": 1800}, "expire_after must .*1800"),
        ({"expire_after": timedelta(0)}, "expire_after must be above"),
    ],
)
def test_bad_options_are_named(options: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        AssignmentStore(SimpleNamespace(), **options)


def test_bad_arguments_are_named() -> None:
    store = AssignmentStore(SimpleNamespace())
    for bad in ("", 5, None):
        for act in (store.get, lambda user, now: store.assign_next(user, SLOTS, now=now)):
            with pytest.raises((ValueError, TypeError), match="user_id must"):
                act(bad, now=NOON)  # type: ignore[arg-type]
    for now in (datetime(2026, 1, 1), 5, None):  # noqa: DTZ001
        with pytest.raises(TypeError, match="now must be a datetime with a time zone"):
            store.get("alice", now=now)  # type: ignore[arg-type]
