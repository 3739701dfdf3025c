"""The store over its first memory, and how captures and slots are known again."""

import math
from collections.abc import Iterator
from threading import Barrier, Thread
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scheduling as cgsh
from scheduling.organize import (
    BatchedDistanceStore,
    RamPersistence,
    session_identities,
    slot_identity,
)
from tests.scheduling.store_contract import Memory, StoreContract, place
from tests.scheduling.store_memories import AttributeMemory, Mappings, Objects, RamMemory

SNIPPET = """
store = cgsh.organize.BatchedDistanceStore(
    persistence=persistence,                      # see 4.5
    sessions=target.captures,                     # any iterable; on the model a property giving a QuerySet
    distance_fn=cgsh.distance.location(sigma_m=50),
    threshold=1.0,
)
store.set_batch(candidate_slots)
slot = store.request_slot("user_123")             # the first in the tour
slot = store.request_slot("user_123")             # the same: sticky
store.is_empty()                                  # no unassigned slot is left
"""


class TestRamPersistence(StoreContract):
    @pytest.fixture(params=[Mappings, Objects])
    def memory(self, request: pytest.FixtureRequest) -> Memory:
        return RamMemory(request.param())


class TestAttributePersistence(StoreContract):
    @pytest.fixture(params=[Mappings, Objects])
    def memory(self, request: pytest.FixtureRequest) -> Memory:
        return AttributeMemory(request.param())


def near(sessions: Any = (), **options: Any) -> BatchedDistanceStore[Any]:
    return BatchedDistanceStore(RamPersistence(), sessions, cgsh.distance.location(sigma_m=50), **options)


def test_the_snippet_of_the_design_runs_as_it_stands() -> None:
    slots = [{"external_id": name, "location": place(east)} for name, east in (("A", 0), ("B", 300), ("C", 100))]
    room: dict[str, Any] = {
        "cgsh": cgsh,
        "persistence": RamPersistence(),
        "target": SimpleNamespace(captures=[place(700)]),
        "candidate_slots": slots,
    }
    exec(SNIPPET, room)
    assert room["slot"]["external_id"] == "A"
    assert not room["store"].is_empty()


def test_no_slot_is_handed_to_two_threads() -> None:
    store, threads, each = near(), 16, 20
    store.set_batch([{"id": i, "location": place(i)} for i in range(threads * each)])
    barrier, got = Barrier(threads), [[] for _ in range(threads)]

    def ask(thread: int) -> None:
        barrier.wait()
        for i in range(each):
            slot = store.request_slot(f"user {thread}-{i}")
            got[thread].append(slot["id"])

    workers = [Thread(target=ask, args=(i,)) for i in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sorted(i for ids in got for i in ids) == list(range(threads * each))
    assert store.is_empty()


def test_a_capture_that_replaces_another_is_new() -> None:
    sessions = [{"id": 1, "location": place(500)}]
    store = near(sessions)
    store.set_batch([{"id": "A", "location": place(0)}])
    store.request_slot("alice")
    sessions[:] = [{"id": 2, "location": place(0)}]
    assert len(store.settle()) == 1


def test_a_capture_that_went_and_came_back_is_not_new() -> None:
    capture = {"id": 1, "location": place(0)}
    sessions = [capture]
    store = near(sessions)
    store.set_batch([{"id": "A", "location": place(0)}])
    store.request_slot("alice")
    sessions.clear()
    store.settle()
    sessions.append(capture)
    assert store.settle() == []


def test_sessions_that_can_be_read_once_are_read_once() -> None:
    store = near(({"location": place(east)} for east in (0, 100)), close_covered=True)
    store.set_batch([place(0), place(200)])
    assert store.request_slot("alice") == place(200)
    assert store.settle() == []


def test_a_query_is_asked_anew() -> None:
    class Query:
        """Remembers what it has read, as Django's QuerySet does."""

        def __init__(self, rows: list[Any]):
            self.rows, self.read = rows, None

        def all(self) -> "Query":
            return Query(self.rows)

        def iterator(self) -> Iterator[Any]:
            return iter(self.rows)

        def __iter__(self) -> Iterator[Any]:
            self.read = list(self.rows) if self.read is None else self.read
            return iter(self.read)

    rows: list[Any] = []
    store = near(Query(rows))
    store.set_batch([place(0)])
    store.request_slot("alice")
    rows.append(place(0))
    assert store.settle() == [place(0)]


def test_a_plain_function_is_a_distance() -> None:
    sessions: list[Any] = []
    store = BatchedDistanceStore(RamPersistence(), sessions, lambda slot, capture: abs(slot[1] - capture[1]), 0.5)
    store.set_batch([(0.0, 1.0), (0.0, 2.0)])
    assert store.request_slot("alice") == (0.0, 1.0)
    sessions.append((0.0, 1.4))
    assert store.settle() == [(0.0, 1.0)]


def test_a_slot_given_twice_waits_once() -> None:
    store = near()
    store.set_batch([place(0), place(100), place(0)])
    assert [store.request_slot(user) for user in ("alice", "bob", "carol")] == [place(0), place(100), None]


def test_a_bad_capture_changes_nothing() -> None:
    sessions: list[Any] = []
    store = near(sessions)
    store.set_batch([place(0)])
    store.request_slot("alice")
    sessions += [place(0), (95.0, 0.0)]
    with pytest.raises(ValueError, match=r"latitude .*95"):
        store.settle()
    sessions.pop()
    assert store.settle() == [place(0)]


@pytest.mark.parametrize("threshold", [math.nan, math.inf, -0.1, True, "1", None])
def test_a_bad_threshold_is_named(threshold: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="threshold must"):
        near(threshold=threshold)


@pytest.mark.parametrize("user_id", ["", None, 7, b"alice"])
def test_a_bad_user_id_is_named(user_id: Any) -> None:
    with pytest.raises((ValueError, TypeError), match="user_id must"):
        near().request_slot(user_id)


def test_what_is_no_distance_is_named() -> None:
    with pytest.raises(TypeError, match=r"distance_fn must .* 50"):
        BatchedDistanceStore(RamPersistence(), [], 50)  # type: ignore[arg-type]


class TestIdentity:
    @pytest.mark.parametrize("name", ["id", "uuid", "key"])
    def test_a_key_is_enough_whatever_else_changes(self, name: str) -> None:
        assert session_identities([{name: 5, "note": "a"}]) == session_identities([{name: 5, "note": "b"}])
        assert session_identities([SimpleNamespace(**{name: 5})]) == session_identities([{name: 5}])

    def test_an_empty_key_is_none(self) -> None:
        first, second = session_identities([{"id": None, "key": "", "note": 1}, {"id": None, "key": "", "note": 2}])
        assert first != second

    def test_content_does_not_depend_on_the_order_of_fields(self) -> None:
        assert session_identities([{"a": 1, "b": [2, {3}]}]) == session_identities([{"b": [2, {3}], "a": 1}])
        assert session_identities([SimpleNamespace(a=1, b=2)]) == session_identities([SimpleNamespace(b=2, a=1)])

    def test_content_does_not_depend_on_where_an_object_lies(self) -> None:
        class Slotted:
            __slots__ = ("note",)

            def __init__(self, note: str):
                self.note = note

        assert session_identities([Slotted("x")]) == session_identities([Slotted("x")])
        assert session_identities([Slotted("x")]) != session_identities([Slotted("y")])

    def test_content_is_not_its_container_s_text(self) -> None:
        assert session_identities([("1", "2")]) != session_identities([("1, 2",)])
        assert session_identities([(1,)]) != session_identities([("1",)])
        assert session_identities([np.array([1.0, 2.0])]) == session_identities([(1.0, 2.0)])

    def test_a_slot_s_external_id_comes_first(self) -> None:
        assert slot_identity({"external_id": "NE1", "id": 1}) == slot_identity({"external_id": "NE1", "id": 2})

    @settings(deadline=None, max_examples=40)
    @given(st.lists(st.integers(0, 3), max_size=12), st.randoms())
    def test_equal_content_is_counted_in_any_order(self, notes: list[int], random: Any) -> None:
        sessions = [{"note": note} for note in notes]
        before = session_identities(sessions)
        assert len(set(before)) == len(sessions)
        random.shuffle(sessions)
        assert set(session_identities(sessions)) == set(before)


@settings(deadline=None, max_examples=30)
@given(st.data())
def test_the_store_agrees_with_the_rule_told_plainly(data: Any) -> None:
    covers_waiting = data.draw(st.booleans())
    east = [100 * i for i in data.draw(st.permutations(range(6)))]
    sessions: list[Any] = []
    store = near(sessions, covers_waiting=covers_waiting)
    store.set_batch([{"id": e, "location": place(e)} for e in east])
    waiting, held = set(east), dict[str, int]()
    for _ in range(12):
        if data.draw(st.booleans()):
            user = data.draw(st.sampled_from(["alice", "bob", "carol"]))
            slot = store.request_slot(user)
            if user in held or not waiting:
                assert (slot and slot["id"]) == held.get(user)
            else:
                assert slot is not None
                held[user] = slot["id"]
                waiting.remove(slot["id"])
        else:
            at = data.draw(st.integers(-51, 651).filter(lambda metres: metres % 100 != 50))
            sessions.append({"id": len(sessions), "location": place(at)})
            done = {e for e in [*held.values(), *(waiting if covers_waiting else ())] if abs(e - at) < 50}
            assert {slot["id"] for slot in store.settle()} == done
            held = {user: e for user, e in held.items() if e not in done}
            waiting -= done
        assert store.is_empty() == (not waiting)
