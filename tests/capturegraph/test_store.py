"""The rows as a memory of the store: the contract of every memory, and the snippet of the design as it stands there."""

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import uuid4

import pytest
from django.utils import timezone
from store_contract import Memory, StoreContract, place

from capturegraph.models import CandidateSlot, Capture, Membership, Target, User
from capturegraph.services.store import RowPersistence

pytestmark = pytest.mark.django_db

NAMES = ("alice", "bob", "carol", "rita", "zoe")


class Rows:
    """The memory under test: one target's rows, with a clock that never stands still."""

    def __init__(self, target: Target, clock: Callable[[], datetime]) -> None:
        self.target, self._clock = target, clock
        self._passer_by = User.objects.create_user("max")

    @property
    def sessions(self) -> Iterable[Capture]:
        return self.target.captures

    def persistence(self) -> RowPersistence:
        return RowPersistence(self.target.pk, clock=self._clock)

    def slot(self, name: str, east_m: float | None) -> dict[str, object]:
        return {"id": name} if east_m is None else {"id": name, "location": place(east_m)}

    def name_of(self, slot: CandidateSlot) -> str:
        return slot.external_id or ""

    def capture(self, east_m: float | None, key: str | None = None) -> Capture:
        latitude, longitude = (None, None) if east_m is None else place(east_m)
        now = self._clock()
        return Capture.objects.create(
            target=self.target, volunteer=self._passer_by, latitude=latitude, longitude=longitude,
            taken_at=now, captured_at=now, received_at=now, fingerprint=key or uuid4().hex,
        )  # fmt: skip

    def user(self, name: str) -> str:
        return name


@pytest.fixture
def rows() -> Rows:
    target = Target.objects.create(name="Stones")
    for name in NAMES:
        user = User.objects.create_user(name, name=name.title())
        Membership.objects.create(user=user, target=target, created_at=timezone.now())
    return Rows(target, timezone.now)


class TestRowMemory(StoreContract):
    @pytest.fixture
    def memory(self, rows: Rows) -> Memory:
        return rows


def test_the_snippet_of_the_design_runs_as_it_stands(rows: Rows) -> None:
    import capturegraph.scheduling as cgsh

    target, persistence = rows.target, rows.persistence()
    User.objects.filter(username="alice").update(username="user_123")
    candidate_slots = [rows.slot("A", 0), rows.slot("B", 100)]

    store = cgsh.organize.BatchedDistanceStore(
        persistence=persistence,                      # see 4.5
        sessions=target.captures,                     # any iterable; on the model a property giving a QuerySet
        distance_fn=cgsh.distance.location(sigma_m=50),
        threshold=1.0,
    )  # fmt: skip
    store.set_batch(candidate_slots)
    slot = store.request_slot("user_123")  # the first in the tour # fmt: skip
    assert slot.external_id == "A"
    slot = store.request_slot("user_123")  # the same: sticky # fmt: skip
    assert slot.external_id == "A"
    assert not store.is_empty()
    assert store.request_slot("bob").external_id == "B"
    assert store.is_empty()
