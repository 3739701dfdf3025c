"""Who is in a target: what coordinators see and change, and what follows for what is held."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from stories import API, Clock, Person, slots_in

from capturegraph.models import Assignment, CandidateSlot, Event, Membership, Message, Target, User
from capturegraph.services import telling
from capturegraph.services.people import accounts

pytestmark = pytest.mark.django_db


def members(coordinator: Person, target: Target) -> dict[str, dict[str, Any]]:
    shown = coordinator.get(f"targets/{target.pk}/members/").json()["results"]
    return {one["name"]: one for one in shown}


def remove(coordinator: Person, target: Target, who: Person) -> HttpResponse:
    return coordinator.phone.delete(f"{API}targets/{target.pk}/members/{who.user.pk}/")


def make(coordinator: Person, target: Target, who: Person, role: str) -> HttpResponse:
    return coordinator.patch(f"targets/{target.pk}/members/{who.user.pk}/", {"role": role})


def said(answer: HttpResponse) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_the_list_says_who_holds_and_took_what(
    stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock
) -> None:
    slots_in(stones, oak=0, elm=500, ash=900)
    alice.shoots(stones, 2000)
    alice.shoots(stones, 3000)
    alice.gets(stones)
    joined = clock.now
    clock.forward(minutes=5)
    alice.get("me/")
    remove(carol, stones, bob)
    shown = members(carol, stones)
    assert list(shown) == ["Alice", "Bob", "Carol"]
    row = shown["Alice"]
    assert (row["role"], row["holds"], row["captures"], row["removed_at"]) == ("volunteer", 1, 2, None)
    assert row["joined_at"] == joined.isoformat().replace("+00:00", "Z")
    assert row["last_seen_at"] == clock.now.isoformat().replace("+00:00", "Z")
    assert shown["Bob"]["removed_at"] is not None
    assert (shown["Carol"]["holds"], shown["Carol"]["captures"]) == (0, 0)


def test_a_lease_that_ran_out_is_not_held(stones: Target, alice: Person, carol: Person, clock: Clock) -> None:
    slots_in(stones, oak=0)
    alice.gets(stones)
    clock.forward(hours=5)
    assert members(carol, stones)["Alice"]["holds"] == 0


# --- roles ------------------------------------------------------------------------------------------------------------


def test_another_role(stones: Target, alice: Person, carol: Person) -> None:
    for _twice in range(2):
        answer = make(carol, stones, alice, "reviewer")
        assert (answer.status_code, answer.json()["role"]) == (200, "reviewer")
    assert Membership.objects.get(user=alice.user).role == "reviewer"
    assert Event.objects.filter(verb="set role", row_id=alice.user.pk).count() == 1


def test_whoever_is_no_member_gets_no_role(stones: Target, alice: Person, carol: Person, zoe: Person) -> None:
    assert said(make(carol, stones, zoe, "volunteer")) == (404, "not_found")
    remove(carol, stones, alice)
    assert said(make(carol, stones, alice, "coordinator")) == (404, "not_found")


def test_the_last_coordinator_stays(stones: Target, alice: Person, carol: Person, max_: Person, clock: Clock) -> None:
    assert said(make(carol, stones, carol, "volunteer")) == (409, "last_coordinator")
    assert said(remove(carol, stones, carol)) == (409, "last_coordinator")
    make(carol, stones, alice, "coordinator")
    accounts.set_active(user=alice.user, active=False, by=max_.user, now=clock.now)
    # One who cannot come in coordinates nothing.
    assert said(remove(carol, stones, carol)) == (409, "last_coordinator")
    accounts.set_active(user=alice.user, active=True, by=max_.user, now=clock.now)
    assert remove(carol, stones, carol).status_code == 204


def test_a_site_admin_may_leave_a_target_without_coordinators(stones: Target, carol: Person, max_: Person) -> None:
    assert remove(max_, stones, carol).status_code == 204


# --- taken out --------------------------------------------------------------------------------------------------------


def test_what_a_removed_member_holds_goes_back_at_once(
    stones: Target, alice: Person, bob: Person, carol: Person
) -> None:
    slots_in(stones, oak=0)
    alice.gets(stones)
    for _twice in range(2):
        assert remove(carol, stones, alice).status_code == 204
    ended = Assignment.objects.get()
    assert (ended.state, CandidateSlot.objects.get().seats_left) == ("withdrawn", 1)
    assert Event.objects.get(verb="withdrawn").data["why"] == "removed"
    assert bob.gets(stones) == "oak"
    assert alice.get(f"targets/{stones.pk}/").status_code == 404


def test_a_removed_member_is_told(stones: Target, alice: Person, carol: Person) -> None:
    remove(carol, stones, alice)
    remove(carol, stones, alice)
    told = alice.get("me/messages/").json()["results"]
    assert [(one["kind"], one["text"]) for one in told] == [("removed", str(telling.SENTENCES["removed"]))]


def test_elsewhere_a_removed_member_goes_on(stones: Target, alice: Person, carol: Person) -> None:
    memorials = Target.objects.create(name="Memorials", hand_out="queue")
    alice.joins(memorials, "volunteer")
    slots_in(stones, oak=0)
    slots_in(memorials, urn=0)
    alice.gets(stones)
    alice.gets(memorials)
    remove(carol, stones, alice)
    assert Assignment.objects.get(target=memorials).state == "held"


def test_whoever_never_was_a_member_is_not_there(stones: Target, carol: Person, zoe: Person) -> None:
    assert said(remove(carol, stones, zoe)) == (404, "not_found")


def test_what_somebody_shut_out_holds_goes_back_at_once(
    stones: Target, alice: Person, bob: Person, max_: Person, clock: Clock
) -> None:
    slots_in(stones, oak=0)
    alice.gets(stones)
    accounts.set_active(user=alice.user, active=False, by=max_.user, now=clock.now)
    assert Assignment.objects.get().state == "withdrawn"
    assert bob.gets(stones) == "oak"


# --- messages ---------------------------------------------------------------------------------------------------------


def write(coordinator: Person, target: Target, **body: Any) -> HttpResponse:
    return coordinator.post(f"targets/{target.pk}/messages/", body)


def test_a_coordinator_writes_to_some_and_to_all(
    stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock
) -> None:
    answer = write(carol, stones, text="Bring a hat: 100% sun.", users=[str(alice.user.pk)])
    assert (answer.status_code, answer.json()) == (201, {"sent": 1})
    clock.forward(seconds=1)
    assert write(carol, stones, text="We begin at nine.").json() == {"sent": 3}
    assert [one["text"] for one in alice.get("me/messages/").json()["results"]] == [
        "Bring a hat: 100% sun.",
        "We begin at nine.",
    ]
    assert len(bob.get("me/messages/").json()["results"]) == 1


def test_a_message_sent_twice_is_written_once(stones: Target, alice: Person, carol: Person) -> None:
    body = {"text": "Bring a hat.", "operation_id": "5f0c0f8e-4e1c-4b52-9a43-6f3f4b1f2a10"}
    first, again = write(carol, stones, **body), write(carol, stones, **body)
    assert (first.status_code, again.status_code, first.json()) == (201, 200, again.json())
    assert Message.objects.count() == 2


@pytest.mark.parametrize("text", ["", "   ", "x" * 1001])
def test_a_message_that_is_none(stones: Target, alice: Person, carol: Person, text: str) -> None:
    assert write(carol, stones, text=text).status_code == 400
    assert not Message.objects.exists()


def test_only_members_are_written_to(stones: Target, alice: Person, carol: Person, zoe: Person) -> None:
    answer = write(carol, stones, text="Hello", users=[str(alice.user.pk), str(zoe.user.pk)])
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "users")
    assert not Message.objects.exists()


def test_what_was_seen_is_not_shown_as_new(
    stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock
) -> None:
    write(carol, stones, text="one")
    clock.forward(seconds=1)
    write(carol, stones, text="two")
    first = alice.get("me/messages/", unseen="1").json()["results"][0]
    others = Message.objects.filter(user=bob.user).first()
    assert others is not None
    ids = [first["id"], str(others.pk), "5f0c0f8e-4e1c-4b52-9a43-6f3f4b1f2a10"]
    assert alice.post("me/messages/seen/", {"ids": ids}).json() == {"seen": 1, "unseen": 1}
    assert alice.post("me/messages/seen/", {"ids": ids}).json() == {"seen": 0, "unseen": 1}
    assert [one["text"] for one in alice.get("me/messages/", unseen="1").json()["results"]] == ["two"]
    assert len(alice.get("me/messages/").json()["results"]) == 2
    assert Message.objects.filter(user=bob.user, seen_at=None).count() == 2
    assert alice.get("me/messages/", unseen="perhaps").status_code == 400


def test_many_messages_come_in_pages(stones: Target, alice: Person, clock: Clock) -> None:
    for number in range(5):
        clock.forward(seconds=1)
        telling.tell(users=[alice.user.pk], kind="note", now=clock.now, target_id=stones.pk, data={"text": str(number)})
    page = alice.get("me/messages/", page_size="2").json()
    seen = [one["text"] for one in page["results"]]
    while page["next"]:
        page = alice.phone.get(page["next"]).json()
        seen += [one["text"] for one in page["results"]]
    assert seen == ["0", "1", "2", "3", "4"]


# --- consent ----------------------------------------------------------------------------------------------------------


def due(who: Person) -> bool:
    return who.get("me/").json()["memberships"][0]["consent_due"]


def test_new_words_are_to_be_agreed_to_again(stones: Target, alice: Person, clock: Clock) -> None:
    assert due(alice)
    body = {"target": str(stones.pk), "version": 1}
    assert alice.post("me/consent/", body).json()["consent_due"] is False
    agreed = clock.now
    Target.objects.update(consent_version=2, consent_text="All is free.", run_by="The town", safety_note="Mind bulls.")
    assert due(alice)
    clock.forward(minutes=1)
    answer = alice.post("me/consent/", body)
    assert (said(answer), answer.json()["present"]) == ((409, "consent_changed"), {"version": 2})
    assert Membership.objects.get().consented_at == agreed
    for _twice in range(2):
        assert alice.post("me/consent/", {**body, "version": 2}).status_code == 200
        clock.forward(minutes=1)
    member = Membership.objects.get()
    assert (member.consent_version, member.consented_at) == (2, agreed + timedelta(minutes=1))
    assert member.consent_text == "All is free.\n\nWho runs this: The town\n\nYour safety: Mind bulls."
    assert Event.objects.filter(verb="consented").count() == 2


def test_a_stranger_agrees_to_nothing(stones: Target, zoe: Person) -> None:
    assert zoe.post("me/consent/", {"target": str(stones.pk), "version": 1}).status_code == 404
    assert User.objects.get().memberships.count() == 0
