"""What time makes due, tidied up once a cycle."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from stories import Clock, Person, slots_in

from capturegraph.models import Assignment, CandidateSlot, Capture, Event, Match, ServiceRun, Target
from capturegraph.services import sweeping

pytestmark = pytest.mark.django_db


def state_of(name: str) -> str:
    return CandidateSlot.objects.get(external_id=name).state


def everything() -> list[Any]:
    """Whatever an upload could change."""
    models = (Capture, Match, Assignment, CandidateSlot, Event)
    return [list(model.objects.order_by("pk").values()) for model in models]


# --- the sweep --------------------------------------------------------------------------------------------------------


def test_a_photo_that_never_comes_opens_the_slot_again(
    stones: Target, alice: Person, bob: Person, clock: Clock
) -> None:
    slots_in(stones, a=0)
    capture = alice.shoots(stones, 0)["id"]
    assert bob.gets(stones) == "all_done"
    clock.forward(hours=24, seconds=-1)
    assert sweeping.sweep(now=clock.now)["photo_less"] == 0
    clock.forward(seconds=1)
    assert sweeping.sweep(now=clock.now)["photo_less"] == 1
    assert sweeping.sweep(now=clock.now)["photo_less"] == 0
    assert (state_of("a"), bob.gets(stones)) == ("waiting", "a")
    assert (Capture.objects.get(pk=capture).counts, Match.objects.get().active) == (False, False)
    assert Event.objects.filter(verb="uncounted", row_id=capture).count() == 1


@pytest.mark.parametrize("covers_waiting", [True, False])
def test_a_photo_that_comes_after_all_closes_it_once_more(
    stones: Target, alice: Person, bob: Person, rita: Person, clock: Clock, covers_waiting: bool
) -> None:
    Target.objects.update(covers_waiting=covers_waiting)
    slots_in(stones, a=0)
    capture = alice.shoots(stones, 0, assignment=alice.asks(stones)["assignment"]["id"])["id"]
    clock.forward(days=2)
    sweeping.sweep(now=clock.now)
    assert bob.gets(stones) == "a"
    assert alice.sends_photo(capture).status_code == 201
    assert (state_of("a"), bob.gets(stones), rita.gets(stones)) == ("fulfilled", "all_done", "all_done")
    assert (Capture.objects.get().counts, Match.objects.get().active) == (True, True)
    assert CandidateSlot.objects.get().seats_left == 0


def test_a_late_photo_of_one_that_never_counted_changes_nothing(stones: Target, alice: Person, clock: Clock) -> None:
    slots_in(stones, a=0)
    capture = alice.shoots(stones, 0, accuracy_m=0)["id"]
    clock.forward(days=2)
    sweeping.sweep(now=clock.now)
    alice.sends_photo(capture)
    assert (state_of("a"), Capture.objects.get().unusable_reason) == ("waiting", "mock")


def test_a_photo_that_came_keeps_it_closed(stones: Target, alice: Person, clock: Clock) -> None:
    slots_in(stones, a=0)
    alice.sends_photo(alice.shoots(stones, 0)["id"])
    clock.forward(days=3)
    assert sweeping.sweep(now=clock.now)["photo_less"] == 0
    assert state_of("a") == "fulfilled"


def test_the_task_of_the_beat_sweeps(stones: Target, alice: Person, clock: Clock, settings: Any) -> None:
    from capturegraph import tasks

    slots_in(stones, a=0)
    alice.asks(stones)
    clock.forward(hours=1)
    assert "capturegraph.sweep" in [entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()]
    tasks.sweep()
    assert Assignment.objects.get().state == "expired"
    assert CandidateSlot.objects.get().seats_left == 1


def test_a_cycle_is_swept_once(clock: Clock) -> None:
    first = sweeping.run_cycle(now=clock.now, cycle_s=60)
    assert first is not None
    assert first.result == {"leases": 0, "photo_less": 0}
    assert sweeping.run_cycle(now=clock.now + timedelta(seconds=59), cycle_s=60) is None
    assert sweeping.run_cycle(now=clock.now + timedelta(seconds=60), cycle_s=60) is not None
    assert ServiceRun.objects.count() == 2
    assert Client().get("/readyz").json()["last_sweep_at"] is not None
