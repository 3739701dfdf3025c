"""What a store takes for a batch, a request and an upload, by the number of slots, in each memory."""

from types import SimpleNamespace
from typing import Any

import numpy as np
from geopy.distance import geodesic

import scheduling as cgsh
from tests.benchmarks.figures import Row, Table, timed

_HOLDERS = 1_000


def table() -> Table:
    result = Table("Stores")
    request = {n: _requests(cgsh.organize.RamPersistence(), n) for n in (1_000, 100_000)}
    result.add(Row("a request, 1,000 slots in RAM", request[1_000] * 1e6, "µs", None, digits=1))
    result.add(Row("a request, 100,000 slots in RAM", request[100_000] * 1e6, "µs", None, digits=1))
    result.add(Row("100,000 slots over 1,000", request[100_000] / request[1_000], "×", 3, digits=2))
    plain = _requests(SimpleNamespace(), 1_000)
    result.add(Row("a request, 1,000 slots in a plain object", plain * 1e6, "µs", None, digits=1))
    result.add(_upload())
    result.add(Row("sticky requests that gave another slot", float(_turncoats()), "", 0, digits=0))
    return result


def _slots(n: int) -> list[dict[str, Any]]:
    places = np.random.default_rng(0).uniform((38.8, -77.1), (39.0, -76.9), (n, 2)).tolist()
    return [{"id": i, "location": place} for i, place in enumerate(places)]


def _requests(memory: Any, n: int) -> float:
    """Seconds for a fresh request."""
    store = cgsh.organize.BatchedDistanceStore(memory, [], cgsh.distance.location(50))
    store._persistence.set_batch(_slots(n))
    seconds, _ = timed(lambda: [store.request_slot(f"user {i}") for i in range(500)], times=1)
    return seconds / 500


def _upload() -> Row:
    """One new capture while a thousand slots are held, beside the same loop over geopy."""
    sessions: list[Any] = []
    store = cgsh.organize.BatchedDistanceStore(cgsh.organize.RamPersistence(), sessions, cgsh.distance.location(1))
    slots = _slots(_HOLDERS)
    store._persistence.set_batch(slots)
    for i in range(_HOLDERS):
        store.request_slot(f"user {i}")

    def upload() -> None:
        sessions.append({"id": len(sessions), "location": (38.9, -77.0)})
        store.settle()

    ours, _ = timed(upload, times=9)
    theirs, _ = timed(lambda: [geodesic(slot["location"], (38.9, -77.0)).meters < 50 for slot in slots], times=1)
    return Row("an upload, 1,000 slots held", ours * 1e3, "ms", None, {"a loop over geopy": theirs * 1e3}, digits=2)


def _turncoats() -> int:
    store = cgsh.organize.BatchedDistanceStore(cgsh.organize.RamPersistence(), [], cgsh.distance.location(50))
    store._persistence.set_batch(_slots(200))
    first = {user: store.request_slot(user) for user in map(str, range(150))}
    return sum(store.request_slot(user) is not slot for user, slot in first.items())
