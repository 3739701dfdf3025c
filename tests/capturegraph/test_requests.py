"""Asking for a slot, keeping it, giving it back."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError
from stories import Clock, Person, slots_in

from capturegraph.models import Assignment, CandidateSlot, Event, Target
from capturegraph.services.cycles import sweeping
from capturegraph.services.hand_out import claims

pytestmark = pytest.mark.django_db

LEASE = timedelta(seconds=1200)


def state_of(name: str) -> tuple[str, int]:
    slot = CandidateSlot.objects.get(external_id=name)
    return slot.state, slot.seats_left


# --- who gets what ----------------------------------------------------------------------------------------------------


def test_two_volunteers_get_different_slots_and_each_repeat_the_same(
    stones: Target, alice: Person, bob: Person
) -> None:
    slots_in(stones, a=0, b=100)
    first = alice.asks(stones)
    assert [alice.gets(stones), bob.gets(stones), alice.gets(stones), bob.gets(stones)] == ["a", "b", "a", "b"]
    again = alice.asks(stones)
    assert (first["sticky"], again["sticky"]) == (False, True)
    assert again["assignment"] == first["assignment"]
    assert again["slot"] == first["slot"]


def test_a_request_says_how_long_the_slot_is_held(stones: Target, alice: Person, clock: Clock) -> None:
    slots_in(stones, a=0)
    assignment = alice.asks(stones)["assignment"]
    assert assignment["started_at"] == clock.now.isoformat().replace("+00:00", "Z")
    assert assignment["expires_at"] == (clock.now + LEASE).isoformat().replace("+00:00", "Z")
    assert (assignment["state"], assignment["stop"], assignment["ended_at"]) == ("held", 0, None)


def test_asking_again_costs_one_query(stones: Target, alice: Person, django_assert_num_queries: Any) -> None:
    slots_in(stones, a=0)
    alice.asks(stones)
    with django_assert_num_queries(1):
        alice.asks(stones)


# --- none -------------------------------------------------------------------------------------------------------------


def test_nothing_uploaded(stones: Target, alice: Person) -> None:
    answer = alice.asks(stones)
    assert (answer["assignment"], answer["slot"], answer["sticky"]) == (None, None, False)
    assert (answer["reason"]["code"], answer["retry_after"]) == ("nothing_uploaded", 60)


def test_all_held_says_when_the_next_lease_ends(stones: Target, alice: Person, bob: Person, clock: Clock) -> None:
    slots_in(stones, a=0)
    ends = alice.asks(stones)["assignment"]["expires_at"]
    reason = bob.asks(stones)["reason"]
    assert (reason["code"], reason["next_lease_ends_at"]) == ("all_held", ends)


def test_all_done(stones: Target, alice: Person, bob: Person) -> None:
    slots_in(stones, a=0)
    alice.shoots(stones, 0)
    assert [alice.gets(stones), bob.gets(stones)] == ["all_done", "all_done"]


@pytest.mark.parametrize("state", ["draft", "paused", "closed"])
def test_a_target_that_is_not_open_hands_out_nothing_and_takes_nothing_away(
    stones: Target, alice: Person, bob: Person, carol: Person, state: str
) -> None:
    slots_in(stones, a=0, b=100)
    assert alice.gets(stones) == "a"
    carol.patch(f"targets/{stones.pk}/", {"state": state})
    held, none = alice.asks(stones), bob.asks(stones)
    assert (held["slot"]["title"], held["reason"]["code"]) == ("a", state)
    assert (none["slot"], none["reason"]["code"]) == (None, state)
    assert alice.shoots(stones, 0)["verdict"]["also"][0]["fulfilled"]


def test_a_race_lost_too_often_is_no_refusal(stones: Target, alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    slots_in(stones, a=0)
    monkeypatch.setattr(claims, "claim", lambda wanted: False)
    answer = alice.post(f"targets/{stones.pk}/request-slot/")
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "busy", "1")
    monkeypatch.undo()
    assert state_of("a") == ("waiting", 1)


def test_a_database_that_gives_up_waiting_is_busy_too(
    stones: Target, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(wanted: claims.Wanted) -> bool:
        raise OperationalError("database is locked")

    slots_in(stones, a=0)
    monkeypatch.setattr(claims, "claim", locked)
    assert alice.post(f"targets/{stones.pk}/request-slot/").json()["code"] == "busy"


# --- giving back ------------------------------------------------------------------------------------------------------


def test_what_i_gave_back_comes_last_for_half_an_hour(stones: Target, alice: Person, clock: Clock) -> None:
    slots_in(stones, a=0, b=100)
    first = alice.asks(stones)
    assert alice.releases(first["assignment"]["id"]).json()["state"] == "released"
    second = alice.asks(stones)
    assert second["slot"]["title"] == "b"
    alice.releases(second["assignment"]["id"])
    assert alice.gets(stones) == "a"


def test_after_half_an_hour_it_comes_in_its_turn(stones: Target, alice: Person, clock: Clock) -> None:
    slots_in(stones, a=0, b=100)
    alice.releases(alice.asks(stones)["assignment"]["id"])
    clock.forward(minutes=31)
    assert alice.gets(stones) == "a"


def test_what_i_gave_back_others_get_at_once(stones: Target, alice: Person, bob: Person) -> None:
    slots_in(stones, a=0)
    alice.releases(alice.asks(stones)["assignment"]["id"])
    assert bob.gets(stones) == "a"


def test_giving_back_twice_is_success_and_one_event(stones: Target, alice: Person) -> None:
    slots_in(stones, a=0)
    held = alice.asks(stones)["assignment"]["id"]
    first, second = alice.releases(held), alice.releases(held)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert Event.objects.filter(verb="released", row_id=held).count() == 1
    assert state_of("a") == ("waiting", 1)


def test_what_is_done_cannot_be_given_back(stones: Target, alice: Person) -> None:
    slots_in(stones, a=0)
    held = alice.asks(stones)["assignment"]["id"]
    alice.shoots(stones, 0, assignment=held)
    for answer in (alice.releases(held), alice.post(f"assignments/{held}/extend/")):
        assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
        assert answer.json()["present"]["state"] == "fulfilled"


def test_another_s_slot_is_not_there(stones: Target, alice: Person, bob: Person) -> None:
    slots_in(stones, a=0)
    hers = alice.asks(stones)["assignment"]["id"]
    assert bob.releases(hers).status_code == 404
    assert bob.post(f"assignments/{hers}/extend/").status_code == 404
    assert alice.gets(stones) == "a"


# --- time -------------------------------------------------------------------------------------------------------------


def test_extending_gives_one_more_lease_from_now(stones: Target, alice: Person, clock: Clock) -> None:
    slots_in(stones, a=0)
    held = alice.asks(stones)["assignment"]["id"]
    clock.forward(minutes=15)
    assert alice.post(f"assignments/{held}/extend/").status_code == 200
    assert Assignment.objects.get().expires_at == clock.now + LEASE


def test_a_repeated_extension_extends_once(stones: Target, alice: Person, clock: Clock) -> None:
    slots_in(stones, a=0)
    held, operation = alice.asks(stones)["assignment"]["id"], {"operation_id": str(uuid4())}
    clock.forward(minutes=5)
    first = alice.post(f"assignments/{held}/extend/", operation).json()
    clock.forward(minutes=5)
    assert alice.post(f"assignments/{held}/extend/", operation).json() == first


def test_extending_never_shortens_a_long_lease(stones: Target, alice: Person) -> None:
    slots_in(stones, far=9000)
    held = alice.asks(stones, 0)["assignment"]
    assert alice.post(f"assignments/{held['id']}/extend/").json()["expires_at"] == held["expires_at"]


def test_a_lease_lasts_until_its_last_microsecond(stones: Target, alice: Person, bob: Person, clock: Clock) -> None:
    slots_in(stones, a=0)
    alice.asks(stones)
    clock.forward(minutes=20, microseconds=-1)
    assert bob.gets(stones) == "all_held"
    clock.forward(microseconds=1)
    assert bob.gets(stones) == "a"


def test_the_sweep_tidies_up_what_nobody_asked_for(stones: Target, alice: Person, clock: Clock) -> None:
    slots_in(stones, a=0)
    held = alice.asks(stones)["assignment"]["id"]
    assert sweeping.sweep(now=clock.now)["leases"] == 0
    clock.forward(minutes=20)
    assert sweeping.sweep(now=clock.now)["leases"] == 1
    assert sweeping.sweep(now=clock.now)["leases"] == 0
    assert Assignment.objects.get(pk=held).state == "expired"
    assert state_of("a") == ("waiting", 1)
    assert Event.objects.filter(verb="expired", row_id=held).count() == 1


# --- what is written down, and what is not ----------------------------------------------------------------------------


def test_every_step_is_written_down(stones: Target, alice: Person, clock: Clock) -> None:
    slots_in(stones, a=0)
    held = alice.asks(stones)["assignment"]["id"]
    alice.post(f"assignments/{held}/extend/")
    alice.releases(held)
    said = Event.objects.filter(row_id=held).order_by("pk")
    assert [(event.verb, event.actor_id, event.at) for event in said] == [
        (verb, alice.user.pk, clock.now) for verb in ("claimed", "extended", "released")
    ]
    assert said[0].data["slot"] == str(CandidateSlot.objects.get().pk)


def test_the_list_of_my_slots(stones: Target, alice: Person, bob: Person) -> None:
    slots_in(stones, a=0, b=100)
    first = alice.asks(stones)["assignment"]["id"]
    alice.releases(first)
    second = alice.asks(stones)
    bob.asks(stones)
    both = alice.get("assignments/").json()["results"]
    held = alice.get("assignments/", state="held").json()["results"]
    assert {one["id"] for one in both} == {first, second["assignment"]["id"]}
    assert held == [{**second["assignment"], "slot_detail": second["slot"]}]


def test_two_targets_are_two_queues(stones: Target, alice: Person) -> None:
    memorials = Target.objects.create(name="Memorials")
    alice.joins(memorials, "volunteer")
    slots_in(stones, a=0)
    slots_in(memorials, m=0)
    assert [alice.gets(stones), alice.gets(memorials), alice.gets(stones)] == ["a", "m", "a"]
