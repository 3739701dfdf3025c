"""What time makes due, tidied up once a cycle."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from stories import Clock, Person, slots_in

from capturegraph.models import Assignment, CandidateSlot, Capture, Event, Match, ServiceRun, ServiceRunner, Target
from capturegraph.services.cycles import periodic, sweeping
from capturegraph.services.writing import database_now

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


def swept() -> ServiceRun.State | None:
    """Do what a beat and a worker do together."""
    ServiceRunner.objects.get_or_create(
        pk="beat", defaults={"name": "beat", "started_at": database_now(), "heartbeat_at": database_now()}
    )
    claimed = periodic.claim(service="sweep", runner_id="beat")
    return periodic.run(service="sweep", claimed=claimed) if claimed else None


@pytest.mark.django_db(transaction=True)
def test_a_run_of_the_service_sweeps(stones: Target, alice: Person) -> None:
    slots_in(stones, a=0)
    alice.asks(stones)
    hour = timedelta(hours=1)
    Assignment.objects.update(started_at=timezone.now() - 2 * hour, expires_at=timezone.now() - hour)
    assert swept() == ServiceRun.State.COMPLETED
    assert Assignment.objects.get().state == "expired"
    assert CandidateSlot.objects.get().seats_left == 1
    done = {
        "leases": 1,
        "photo_less": 0,
        "parts": 0,
        "direct_uploads": 0,
        "photos": 0,
        "blur": 0,
        "webhooks": 0,
        "rung": 0,
    }
    assert ServiceRun.objects.get(state="completed").result == done
    assert Client().get("/readyz").json()["last_sweep_at"] is not None
