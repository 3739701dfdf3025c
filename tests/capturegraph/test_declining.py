"""Places where the photograph cannot be taken; and what a coordinator says of a place."""

from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from stories import Clock, Person, slots_in

from capturegraph.models import Assignment, CandidateSlot, Event, Message, Target

pytestmark = pytest.mark.django_db


def state_of(name: str) -> str:
    return CandidateSlot.objects.get(external_id=name).state


def declines(person: Person, target: Target, **said: Any) -> HttpResponse:
    """Ask for a slot, and say no to it."""
    return no_to(person, person.asks(target)["assignment"]["id"], **said)


def no_to(person: Person, assignment_id: str, **said: Any) -> HttpResponse:
    return person.post(f"assignments/{assignment_id}/decline/", {"reason": "gone", **said})


def puts(person: Person, name: str, **values: Any) -> HttpResponse:
    return person.patch(f"slots/{CandidateSlot.objects.get(external_id=name).pk}/", values)


def told(person: Person) -> list[tuple[str, str]]:
    return [(one.kind, one.data["title"]) for one in Message.objects.unseen_by(person.user)]


# --- volunteers say no ------------------------------------------------------------------------------------------------


def test_declining_is_written_down_with_its_reason_and_a_repeat_is_success(stones: Target, alice: Person) -> None:
    slots_in(stones, a=0)
    held = alice.asks(stones)["assignment"]["id"]
    first = no_to(alice, held, reason="blocked_view", note="A bus.", operation_id=str(uuid4()))
    second = no_to(alice, held, reason="other")
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert {"state": "declined", "reason": "blocked_view", "note": "A bus."}.items() <= first.json().items()
    assert Event.objects.filter(verb="declined", row_id=held).count() == 1
    assert CandidateSlot.objects.get().seats_left == 1


@pytest.mark.parametrize("said", [{"reason": "boring"}, {"reason": None}, {"note": "n" * 1001}, {"why": "gone"}])
def test_a_reason_is_one_of_a_list(stones: Target, alice: Person, said: dict[str, Any]) -> None:
    slots_in(stones, a=0)
    assert declines(alice, stones, **said).status_code == 400
    assert Assignment.objects.get().state == "held"


@pytest.mark.parametrize("way", ["look_ahead", "nearest", "planned", "queue"])
def test_nobody_is_offered_again_what_they_said_no_to(
    stones: Target, alice: Person, bob: Person, clock: Clock, way: str
) -> None:
    Target.objects.update(hand_out=way)
    slots_in(stones, a=0)
    declines(alice, stones)
    clock.forward(days=30)
    assert [alice.gets(stones, 0), bob.gets(stones, 0)] == ["none_for_you", "a"]


def test_two_who_say_no_are_enough_and_others_are_told(
    stones: Target, alice: Person, bob: Person, rita: Person
) -> None:
    slots_in(stones, required_count=3, a=0)
    for person in (alice, bob, rita):
        person.asks(stones)
    declines(alice, stones)
    assert (state_of("a"), rita.gets(stones), told(rita)) == ("waiting", "a", [])
    declines(bob, stones)
    assert state_of("a") == "not_capturable"
    assert Assignment.objects.get(volunteer=rita.user).state == "withdrawn"
    assert (told(rita), told(alice)) == ([("slot_not_capturable", "a")], [])
    assert rita.gets(stones) == "all_done"


def test_how_many_is_a_setting(stones: Target, alice: Person, bob: Person, rita: Person) -> None:
    Target.objects.update(declines_needed=3)
    slots_in(stones, a=0)
    for person, state in ((alice, "waiting"), (bob, "waiting"), (rita, "not_capturable")):
        declines(person, stones)
        assert state_of("a") == state


def test_one_coordinator_is_enough(stones: Target, carol: Person) -> None:
    slots_in(stones, a=0)
    declines(carol, stones)
    assert state_of("a") == "not_capturable"


def test_one_person_is_one_however_often(stones: Target, alice: Person, clock: Clock) -> None:
    slots_in(stones, required_count=2, a=0)
    declines(alice, stones)
    row = Assignment.objects.get()
    Assignment.objects.create(
        target=stones, slot=row.slot, volunteer=alice.user, started_at=row.started_at, expires_at=row.expires_at
    )
    no_to(alice, str(Assignment.objects.get(state="held").pk))
    assert state_of("a") == "waiting"


def test_a_photo_outranks_those_who_say_no(stones: Target, alice: Person, bob: Person, rita: Person) -> None:
    slots_in(stones, a=0)
    declines(alice, stones)
    declines(bob, stones)
    rita.shoots(stones, 0)
    assert state_of("a") == "fulfilled"
    # Bob did not hear of it.
    Target.objects.update(declines_needed=1)
    assert state_of("a") == "fulfilled"


def test_what_is_done_cannot_be_declined(stones: Target, alice: Person, bob: Person) -> None:
    slots_in(stones, a=0)
    held = alice.asks(stones)["assignment"]["id"]
    bob.shoots(stones, 0)
    answer = no_to(alice, held)
    assert (answer.status_code, answer.json()["present"]["state"], state_of("a")) == (409, "fulfilled", "fulfilled")


# --- coordinators -----------------------------------------------------------------------------------------------------


def test_asked_for_again_counts_from_nought(stones: Target, alice: Person, bob: Person, carol: Person) -> None:
    slots_in(stones, a=0)
    declines(alice, stones)
    declines(bob, stones)
    answer = puts(carol, "a", state="waiting")
    assert (answer.status_code, answer.json()["state"], state_of("a")) == (200, "waiting", "waiting")
    declines(alice, stones)
    assert (state_of("a"), bob.gets(stones)) == ("waiting", "a")


@pytest.mark.parametrize(
    ("state", "kind"), [("withdrawn", "slot_withdrawn"), ("not_capturable", "slot_not_capturable")]
)
def test_nothing_is_pulled_from_under_a_volunteer_unless_it_is_said(
    stones: Target, alice: Person, carol: Person, state: str, kind: str
) -> None:
    slots_in(stones, a=0)
    held = alice.asks(stones)["assignment"]["id"]
    refused = puts(carol, "a", state=state)
    assert (refused.status_code, refused.json()["code"]) == (409, "held")
    assert (alice.gets(stones), told(alice)) == ("a", [])
    assert puts(carol, "a", state=state, release_holders=True).json()["state"] == state
    assert Assignment.objects.get(pk=held).state == "withdrawn"
    assert (told(alice), CandidateSlot.objects.get().seats_left) == ([(kind, "a")], 1)
    assert puts(carol, "a", state=state).status_code == 200
    assert told(alice) == [(kind, "a")]


def test_a_lease_that_ran_out_holds_nothing_up(stones: Target, alice: Person, carol: Person, clock: Clock) -> None:
    slots_in(stones, a=0)
    alice.asks(stones)
    clock.forward(minutes=20)
    assert puts(carol, "a", state="withdrawn").status_code == 200
    assert (Assignment.objects.get().state, told(alice)) == ("expired", [])


def test_a_place_with_a_photo_is_not_one_that_nobody_can_get_to(stones: Target, alice: Person, carol: Person) -> None:
    slots_in(stones, a=0)
    alice.shoots(stones, 0)
    assert puts(carol, "a", state="not_capturable").status_code == 409
    assert puts(carol, "a", state="waiting").json()["state"] == "fulfilled"
    assert puts(carol, "a", state="withdrawn").json()["state"] == "withdrawn"
    # The photograph counts still.
    assert puts(carol, "a", state="waiting").json()["state"] == "fulfilled"


def test_words_and_priority_can_be_changed(stones: Target, carol: Person) -> None:
    slots_in(stones, a=0)
    assert puts(carol, "a", priority=90, title="The gate", note="Ring.").status_code == 200
    slot = CandidateSlot.objects.get()
    assert (slot.priority, slot.title, slot.note) == (90, "The gate", "Ring.")
    puts(carol, "a", priority=90)
    assert Event.objects.filter(noun="slot", verb="changed").count() == 1


@pytest.mark.parametrize("values", [{"state": "fulfilled"}, {"priority": 101}, {"colour": "red"}, {"title": "t" * 201}])
def test_what_cannot_be_is_refused(stones: Target, carol: Person, values: dict[str, Any]) -> None:
    slots_in(stones, a=0)
    assert puts(carol, "a", **values).status_code == 400


def test_what_is_taken_back_goes_to_others_and_its_holder_is_told(
    stones: Target, alice: Person, bob: Person, carol: Person
) -> None:
    slots_in(stones, a=0, b=500)
    held = alice.asks(stones)["assignment"]["id"]
    first, second = (carol.post(f"assignments/{held}/take-back/") for _twice in range(2))
    assert (first.json()["state"], second.json()) == ("withdrawn", first.json())
    assert told(alice) == [("slot_taken_back", "a")]
    # It is not given to her again straight away.
    assert [alice.gets(stones), bob.gets(stones)] == ["b", "a"]


def test_what_was_given_back_cannot_be_taken_back(stones: Target, alice: Person, carol: Person) -> None:
    slots_in(stones, a=0)
    held = alice.asks(stones)["assignment"]["id"]
    alice.releases(held)
    answer = carol.post(f"assignments/{held}/take-back/")
    assert (answer.status_code, answer.json()["present"]["state"], told(alice)) == (409, "released", [])
