"""One thing done with many places: what is changed, what is left and why, who is told, and how it is undone."""

from collections.abc import Iterable
from typing import Any
from uuid import uuid4

import pytest
from stories import Clock, Person, slots_in

from capturegraph.models import Assignment, CandidateSlot, Event, Message, Target

pytestmark = pytest.mark.django_db


def change(who: Person, target: Target, action: str, some: Iterable[CandidateSlot], **more: Any) -> dict[str, Any]:
    answer = who.post(
        f"targets/{target.pk}/slots/change/", {"action": action, "slots": [one.pk for one in some], **more}
    )
    assert answer.status_code == 200, answer.content
    return answer.json()


def undo(who: Person, target: Target, done: dict[str, Any]) -> dict[str, Any]:
    answer = who.post(f"targets/{target.pk}/slots/change/undo/", {"change": done["id"]})
    assert answer.status_code == 200, answer.content
    return answer.json()


def states(target: Target) -> dict[str, str]:
    return dict(CandidateSlot.objects.of(target).values_list("title", "state"))


def said(done: dict[str, Any]) -> tuple[int, dict[str, int]]:
    return done["changed"], done["left"]


def test_what_is_held_or_done_is_not_withdrawn_with_the_rest(stones: Target, alice: Person, carol: Person) -> None:
    some = slots_in(stones, a=0, b=500, c=1000, d=1500)
    alice.shoots(stones, 500)
    assert alice.gets(stones) == "a"
    done = change(carol, stones, "withdraw", some)
    assert said(done) == (2, {"held": 1, "fulfilled": 1})
    assert {one["title"]: one["why"] for one in done["left_slots"]} == {"a": "held", "b": "fulfilled"}
    assert states(stones) == {"a": "waiting", "b": "fulfilled", "c": "withdrawn", "d": "withdrawn"}
    assert alice.gets(stones) == "a"


def test_a_holder_is_called_back_when_the_coordinator_says_so(stones: Target, alice: Person, carol: Person) -> None:
    some = slots_in(stones, a=0)
    alice.gets(stones)
    done = change(carol, stones, "withdraw", some, release_holders=True)
    assert (said(done), done["told"]) == ((1, {}), 1)
    assert Assignment.objects.get().state == "withdrawn"
    assert Message.objects.get(user=alice.user).kind == "slot_withdrawn"
    assert CandidateSlot.objects.get().seats_left == 1
    assert alice.gets(stones) != "a"


def test_a_lease_that_has_run_out_protects_nothing(stones: Target, alice: Person, carol: Person, clock: Clock) -> None:
    some = slots_in(stones, a=0)
    alice.gets(stones)
    clock.forward(hours=2)
    assert said(change(carol, stones, "withdraw", some)) == (1, {})
    assert Assignment.objects.get().state == "expired"


def test_a_withdrawal_is_undone(stones: Target, alice: Person, carol: Person, clock: Clock) -> None:
    some = slots_in(stones, a=0, b=500)
    CandidateSlot.objects.filter(title="b").update(state="not_capturable")
    done = change(carol, stones, "withdraw", some)
    assert done["undoable"]
    clock.forward(minutes=1)
    back = undo(carol, stones, done)
    assert said(back) == (2, {})
    assert states(stones) == {"a": "waiting", "b": "not_capturable"}
    assert undo(carol, stones, done) == back
    assert alice.gets(stones) == "a"
    verbs = Event.objects.filter(noun="slot", row_id=some[0].pk).order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["withdrawn", "reopened"]


def test_what_was_changed_since_is_not_undone(stones: Target, carol: Person, clock: Clock) -> None:
    some = slots_in(stones, a=0, b=500)
    done = change(carol, stones, "withdraw", some)
    clock.forward(minutes=1)
    for state in ("waiting", "withdrawn"):
        carol.patch(f"slots/{some[0].pk}/", {"state": state})
    assert said(undo(carol, stones, done)) == (1, {"changed": 1})
    assert states(stones) == {"a": "withdrawn", "b": "waiting"}


def test_a_priority_is_given_and_taken_back(stones: Target, alice: Person, carol: Person) -> None:
    some = slots_in(stones, a=0, b=500, c=1000)
    CandidateSlot.objects.filter(title="c").update(priority=90)
    done = change(carol, stones, "priority", some, priority=90)
    assert said(done) == (2, {"same": 1})
    assert alice.gets(stones) == "a"
    undo(carol, stones, done)
    assert dict(CandidateSlot.objects.values_list("title", "priority")) == {"a": 50, "b": 50, "c": 90}


def test_what_is_held_goes_back_to_the_others(stones: Target, alice: Person, bob: Person, carol: Person) -> None:
    some = slots_in(stones, a=0, b=500)
    alice.gets(stones)
    done = change(carol, stones, "release", some)
    assert (said(done), done["undoable"]) == ((1, {"nobody": 1}), False)
    assert Message.objects.get(user=alice.user).kind == "slot_taken_back"
    assert bob.gets(stones) == "a"
    answer = carol.post(f"targets/{stones.pk}/slots/change/undo/", {"change": done["id"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_undoable")


def test_places_are_held_at_the_next_requests_of_whom_they_were_assigned_to(
    stones: Target, alice: Person, bob: Person, carol: Person
) -> None:
    some = slots_in(stones, a=0, b=500, c=1000)
    done = change(carol, stones, "assign", some[1:], volunteer=alice.user.pk)
    assert (said(done), done["told"]) == ((2, {}), 1)
    assert Message.objects.get(user=alice.user).data["places"] == 2
    assert bob.gets(stones) == "a"
    assert alice.gets(stones) == "b"
    alice.shoots(stones, 500)
    assert alice.gets(stones) == "c"


def test_nobody_is_sent_where_they_cannot_be(stones: Target, alice: Person, bob: Person, carol: Person) -> None:
    """Not what another holds, what they declined, photographed, hold already, or what is not open in that time."""
    some = slots_in(stones, a=0, b=500, c=1000, d=1500)
    bob.gets(stones)
    alice.post(f"assignments/{alice.asks(stones)['assignment']['id']}/decline/", {"reason": "unsafe"})
    assert alice.gets(stones) == "c"
    CandidateSlot.objects.filter(title="d").update(window_until="2026-05-01T00:00Z")
    done = change(carol, stones, "assign", some, volunteer=alice.user.pk)
    assert said(done) == (0, {"held": 1, "declined": 1, "theirs": 1, "window": 1})
    assert Message.objects.count() == 0


def test_whom_something_was_planned_for_is_sent_there_again(
    stones: Target, alice: Person, carol: Person, clock: Clock
) -> None:
    """When the time of it has gone by, and nobody has swept."""
    some = slots_in(stones, a=0)
    change(carol, stones, "assign", some, volunteer=alice.user.pk)
    clock.forward(hours=25)
    done = change(carol, stones, "assign", some, volunteer=alice.user.pk)
    assert (said(done), done["told"]) == ((1, {}), 1)
    assert alice.gets(stones) == "a"


def test_a_repeat_does_nothing_again(stones: Target, carol: Person) -> None:
    some, operation = slots_in(stones, a=0, b=500), str(uuid4())
    first = change(carol, stones, "withdraw", some, operation_id=operation)
    CandidateSlot.objects.update(state="waiting")
    assert change(carol, stones, "withdraw", some, operation_id=operation) == first
    assert set(states(stones).values()) == {"waiting"}


def test_it_is_all_or_nothing(stones: Target, carol: Person) -> None:
    other = slots_in(Target.objects.create(name="Memorials"), far=0)
    some = slots_in(stones, a=0)
    body = {"action": "withdraw", "slots": [some[0].pk, other[0].pk]}
    answer = carol.post(f"targets/{stones.pk}/slots/change/", body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "slots")
    assert CandidateSlot.objects.filter(state="withdrawn").count() == 0
    assert not Event.objects.filter(noun="change").exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"action": "burn"}, "action"),
        ({"action": "withdraw", "slots": []}, "slots"),
        ({"action": "priority", "priority": 101}, "priority"),
        ({"action": "assign"}, "volunteer"),
        ({"action": "assign", "volunteer": "00000000-0000-4000-8000-000000000000"}, "volunteer"),
        ({"action": "assign", "volunteer": "zoe"}, "volunteer"),
        ({"action": "assign", "volunteer": "alice", "until": "9999-12-31T23:59:59Z"}, "until"),
    ],
)
def test_a_bad_change_is_named(
    stones: Target, alice: Person, carol: Person, zoe: Person, body: dict[str, Any], field: str
) -> None:
    (slot,) = slots_in(stones, a=0)
    people = {"alice": alice.user.pk, "zoe": zoe.user.pk}
    if body.get("volunteer") in people:
        body = {**body, "volunteer": people[body["volunteer"]]}
    answer = carol.post(f"targets/{stones.pk}/slots/change/", {"slots": [slot.pk], **body})
    assert answer.status_code == 400, answer.content
    assert answer.json()["errors"][0]["field"].split(".")[0] == field


def test_only_a_coordinator_changes_places(stones: Target, alice: Person, rita: Person, zoe: Person) -> None:
    (slot,) = slots_in(stones, a=0)
    for who, status in ((alice, 403), (rita, 403), (zoe, 404)):
        body = {"action": "withdraw", "slots": [slot.pk]}
        assert who.post(f"targets/{stones.pk}/slots/change/", body).status_code == status
    assert states(stones) == {"a": "waiting"}


def test_ten_thousand_at_once(stones: Target, carol: Person, django_assert_max_num_queries: Any) -> None:
    """By some statements for a thousand, not for each."""
    some = slots_in(stones, **{f"s{number}": float(number) for number in range(2500)})
    with django_assert_max_num_queries(60):
        done = change(carol, stones, "withdraw", some)
    assert said(done) == (2500, {})
    with django_assert_max_num_queries(90):
        assert said(undo(carol, stones, done)) == (2500, {})
