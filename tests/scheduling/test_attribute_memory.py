"""The plain object of CaptureGraph as a memory: what it holds, and what an old one is read as."""

import json
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from store_contract import place

import scheduling as cgsh
from scheduling.organize.plain import plain

NEAR = cgsh.distance.location(sigma_m=50)


def store(owner: Any, sessions: Any = (), **options: Any) -> Any:
    return cgsh.organize.BatchedDistanceStore(owner, sessions, NEAR, **options)


def test_any_object_that_takes_attributes_is_a_memory() -> None:
    owner = SimpleNamespace()
    sessions: list[Any] = [place(900)]
    near = store(owner, sessions)
    near.set_batch([{"id": "A", "location": place(0)}, {"id": "B", "location": place(100)}])
    assert near.request_slot("alice")["id"] == "A"
    assert owner.batched_assignments == {"alice": {"id": "A", "location": list(place(0))}}
    assert [slot["id"] for slot in owner.batched_batch] == ["B"]
    assert owner.batched_prior_count == 1
    assert len(owner.batched_seen) == 1
    sessions.append(place(1))
    assert [slot["id"] for slot in near.settle()] == ["A"]
    assert owner.batched_assignments == {}
    assert owner.batched_prior_count == 2


def test_it_is_read_again_after_a_journey_as_json() -> None:
    owner = SimpleNamespace()
    sessions: list[Any] = [{"id": 7, "location": place(900)}]
    near = store(owner, sessions)
    near.set_batch([place(0), place(100)])
    assert near.request_slot("alice") == list(place(0))
    again = SimpleNamespace(**json.loads(json.dumps(vars(owner))))
    assert store(again, sessions).request_slot("alice") == list(place(0))
    assert store(again, sessions).request_slot("bob") == list(place(100))
    assert store(again, sessions).is_empty()


@pytest.mark.parametrize("prior", [0, 1, 2])
def test_an_old_one_knows_only_how_many_sessions_there_were(prior: int) -> None:
    slots = {name: {"id": name, "location": place(east)} for name, east in (("A", 0), ("B", 300))}
    owner = SimpleNamespace(
        batched_assignments={"alice": slots["A"], "bob": slots["B"]}, batched_batch=[], batched_prior_count=prior
    )
    store(owner, [place(0), place(300)])
    assert sorted(owner.batched_assignments) == ["alice", "bob"][:prior]
    assert len(owner.batched_seen) == 2


def test_absent_attributes_mean_empty() -> None:
    for owner in (SimpleNamespace(), SimpleNamespace(batched_assignments=None, batched_batch=None, batched_seen=None)):
        near = store(owner, [place(0)])
        assert near.is_empty()
        assert near.request_slot("alice") is None


@pytest.mark.parametrize("owner", [None, "x", 5, {}, []])
def test_what_takes_no_attributes_is_named(owner: Any) -> None:
    with pytest.raises(TypeError, match="persistence must be"):
        store(owner)


def test_things_become_plain_values() -> None:
    @dataclass
    class Stone:
        name: str
        _secret: int = 1

    thing = {
        1: (math.nan, math.inf, 1.5, True, None),
        "when": datetime(2026, 1, 1, tzinfo=UTC),
        "day": date(2026, 1, 1),
        "array": np.array([1.0, np.nan]),
        "number": np.float64(2.5),
        "whole": np.int64(3),
        "set": {2, 1},
        "id": UUID(int=5),
        "stone": Stone("NE1"),
        "nothing": SimpleNamespace(),
    }
    found = plain(thing)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["1"] == [None, None, 1.5, True, None]
    assert found["when"] == "2026-01-01T00:00:00+00:00"
    assert (found["array"], found["number"], found["whole"], found["set"]) == ([1.0, None], 2.5, 3, [1, 2])
    assert found["id"] == str(UUID(int=5))
    assert found["stone"] == {"name": "NE1"}
