"""The people of a target, at the desk: found, written to, removed and taken in again, two who are one."""

import re
from uuid import uuid4

import pytest
from django.http import HttpResponse
from stories import Clock, Person, slots_in

from capturegraph.models import Assignment, CandidateSlot, Event, Invite, Membership, Target
from capturegraph.services.people import accounts, members, merging

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]


def page_of(target: Target, who: Person | None = None) -> str:
    return f"/console/targets/{target.pk}/people/" + (f"{who.user.pk}/" if who else "")


def does(by: Person, target: Target, who: Person, what: str, **fields: object) -> HttpResponse:
    """Do one thing for a member, on their page."""
    return by.desk().post(page_of(target, who), {"what": what, **fields})


def said(person: Person) -> list[str]:
    return [one.kind for one in person.user.messages.order_by("created_at", "id")]


def names(answer: HttpResponse) -> list[str]:
    return [str(row["one"].user) for row in answer.context["members"]]


# --- the list ---------------------------------------------------------------------------------------------------------


def test_the_list_says_what_each_holds_and_did(carol: Person, alice: Person, bob: Person, stones: Target) -> None:
    slots_in(stones, oak=0, elm=500)
    alice.asks(stones)
    alice.shoots(stones, 0)
    assert alice.gets(stones) == "elm"
    rows = {str(row["one"].user): row for row in carol.desk().get(page_of(stones)).context["members"]}
    one = rows["Alice"]["one"]
    assert (one.captures, one.places, one.holds, one.phones) == (1, 1, 1, 1)
    assert [str(held.slot) for held in rows["Alice"]["holds"]] == ["elm"]
    assert (rows["Bob"]["one"].captures, rows["Bob"]["holds"]) == (0, [])


def test_somebody_is_found_by_a_part_of_their_name(carol: Person, alice: Person, bob: Person, stones: Target) -> None:
    desk = carol.desk()
    assert names(desk.get(page_of(stones), {"q": "LIC"})) == ["Alice"]
    assert names(desk.get(page_of(stones), {"q": "nobody"})) == []
    assert names(desk.get(page_of(stones), {"q": "%"})) == []
    slots_in(stones, oak=0)
    bob.asks(stones)
    assert names(desk.get(page_of(stones), {"show": "out"})) == ["Bob"]
    members.remove(target=stones, user_id=bob.user.pk, by=carol.user, now=Event.objects.latest("id").at)
    assert names(desk.get(page_of(stones), {"show": "removed"})) == ["Bob"]
    assert "Bob" not in names(desk.get(page_of(stones)))


@pytest.mark.parametrize("query", [{"page": "0"}, {"page": "x"}, {"page": "99999999"}, {"show": "\0"}, {"q": "a\0b"}])
def test_nonsense_in_the_address_of_the_list(carol: Person, stones: Target, query: dict[str, str]) -> None:
    assert carol.desk().get(page_of(stones), query).status_code == 200


def test_a_long_list_comes_in_pages(carol: Person, stones: Target, clock: Clock) -> None:
    for number in range(120):
        Person(f"v{number:03}").joins(stones, "volunteer")
    first = carol.desk().get(page_of(stones))
    second = carol.desk().get(f"{page_of(stones)}?{first.context['more']}")
    assert (len(names(first)), len(names(second)), second.context["more"]) == (100, 21, "")
    assert len({*names(first), *names(second)}) == 121


# --- roles, out and in again ------------------------------------------------------------------------------------------


def test_a_role_is_changed_and_the_last_coordinator_stays_one(carol: Person, alice: Person, stones: Target) -> None:
    assert does(carol, stones, alice, "role", role="reviewer").status_code == 302
    assert Membership.objects.role_of(alice.user, stones) == "reviewer"
    for what in ({"what": "role", "role": "volunteer"}, {"what": "remove"}):
        answer = carol.desk().post(page_of(stones, carol), what)
        assert answer.status_code == 409
        assert "last coordinator" in answer.content.decode()
    assert Membership.objects.role_of(carol.user, stones) == "coordinator"
    assert "remove" not in re.findall(r'name="what" value="(\S+)"', answer.content.decode())


@pytest.mark.parametrize("form", [{"what": "remove"}, {"what": "role", "role": "volunteer"}])
def test_who_steps_down_is_led_to_the_other_targets(
    carol: Person, zoe: Person, stones: Target, form: dict[str, str]
) -> None:
    zoe.joins(stones, "coordinator")
    assert carol.desk().post(page_of(stones, carol), form)["Location"] == "/console/"
    assert zoe.desk().get(page_of(stones)).status_code == 200


def test_who_is_removed_gives_back_what_they_hold_and_is_taken_in_again_as_they_were(
    carol: Person, alice: Person, bob: Person, stones: Target
) -> None:
    slots_in(stones, oak=0)
    Membership.objects.filter(user=alice.user).update(role="reviewer", skills=["drone"])
    alice.asks(stones)
    assert does(carol, stones, alice, "remove").status_code == 302
    assert (CandidateSlot.objects.get().seats_left, bob.gets(stones)) == (1, "oak")
    assert alice.get(f"targets/{stones.pk}/").status_code == 404
    for _time in range(2):
        assert does(carol, stones, alice, "take-in").status_code == 302
    member = Membership.objects.get(user=alice.user)
    assert (member.role, member.skills, member.removed_at) == ("reviewer", ["drone"], None)
    # What has gone to Bob stays there.
    assert Assignment.objects.get(state="held").volunteer == bob.user
    assert sorted(said(alice)) == ["removed", "taken_in"]


def test_who_left_by_themselves_is_not_brought_back(carol: Person, alice: Person, stones: Target) -> None:
    assert alice.phone.delete(f"/api/v1/me/targets/{stones.pk}/").status_code == 204
    assert 'value="take-in"' not in carol.desk().get(page_of(stones, alice)).content.decode()
    assert does(carol, stones, alice, "take-in").status_code == 409
    assert Membership.objects.role_of(alice.user, stones) is None


def test_who_was_shut_out_is_not_taken_in(
    carol: Person, alice: Person, max_: Person, stones: Target, clock: Clock
) -> None:
    does(carol, stones, alice, "remove")
    accounts.set_active(user=alice.user, active=False, by=max_.user, now=clock.now)
    assert does(carol, stones, alice, "take-in").status_code == 409


@pytest.mark.parametrize(
    "form",
    [
        {"what": "role", "role": "king"}, {"what": "release", "assignment": "x"}, {"what": "write", "text": ""},
        {"what": "write", "text": "x" * 1001}, {"what": "profile", "skills": "x" * 60},
        {"what": "profile", "newcomer": "?"},
        {"what": "role", "role": "a\0b"}, {"what": "release", "assignment": str(uuid4())},
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_a_sentence(
    carol: Person, alice: Person, stones: Target, form: dict[str, str]
) -> None:
    answer = carol.desk().post(page_of(stones, alice), form)
    assert answer.status_code == 400
    assert answer.context["refused"]
    assert Membership.objects.role_of(alice.user, stones) == "volunteer"


def test_skills_and_being_new_are_noted(carol: Person, alice: Person, stones: Target) -> None:
    assert does(carol, stones, alice, "profile", skills="Drone, ladder", newcomer="no").status_code == 302
    member = Membership.objects.get(user=alice.user)
    assert (member.skills, member.newcomer) == (["drone", "ladder"], False)
    does(carol, stones, alice, "profile", skills="", newcomer="")
    member.refresh_from_db()
    assert (member.skills, member.newcomer) == ([], None)


# --- what they hold, and words to them --------------------------------------------------------------------------------


def test_what_somebody_holds_is_taken_back_and_they_are_told(
    carol: Person, alice: Person, bob: Person, stones: Target
) -> None:
    slots_in(stones, oak=0)
    held = alice.asks(stones)["assignment"]["id"]
    # Of another member there is no such assignment.
    assert does(carol, stones, bob, "release", assignment=held).status_code == 400
    assert does(carol, stones, alice, "release", assignment=held).status_code == 302
    assert (Assignment.objects.get().state, said(alice)) == ("withdrawn", ["slot_taken_back"])
    assert bob.gets(stones) == "oak"


def test_a_message_goes_to_whom_it_says(
    carol: Person, alice: Person, bob: Person, rita: Person, stones: Target
) -> None:
    slots_in(stones, oak=0)
    alice.asks(stones)
    desk, once = carol.desk(), str(uuid4())
    for to in ("holders", "holders"):
        # The same form sent twice writes once.
        desk.post(page_of(stones) + "write/", {"to": to, "text": "Bring a hat.", "operation_id": once})
    assert [len(said(one)) for one in (alice, bob, rita, carol)] == [1, 0, 0, 0]
    desk.post(page_of(stones) + "write/", {"to": "volunteers", "text": "Rain at five."})
    assert [len(said(one)) for one in (alice, bob, rita, carol)] == [2, 1, 0, 0]
    desk.post(page_of(stones) + "write/", {"to": "all", "text": "Thank you."})
    does(carol, stones, bob, "write", text="Only you.")
    assert [len(said(one)) for one in (alice, bob, rita, carol)] == [3, 3, 1, 1]
    texts = {one["text"] for one in bob.get("me/messages/").json()["results"]}
    assert texts == {"Rain at five.", "Thank you.", "Only you."}


@pytest.mark.parametrize("form", [{"to": "all", "text": " "}, {"to": "everyone", "text": "Hello"}, {}])
def test_a_message_that_cannot_be(carol: Person, alice: Person, stones: Target, form: dict[str, str]) -> None:
    assert carol.desk().post(page_of(stones) + "write/", form).status_code == 400
    assert said(alice) == []


# --- links, and two who are one ---------------------------------------------------------------------------------------


def test_a_link_for_a_new_phone_is_shown_once(carol: Person, stones: Target, clock: Clock) -> None:
    wendy = Person("wendy").joins(stones, "volunteer")
    answer = carol.desk().post(page_of(stones, wendy) + "link/")
    assert (answer.status_code, answer["Cache-Control"].count("no-store")) == (200, 1)
    (link,) = re.findall(r'value="\S+/join/(\S+)"', answer.content.decode())
    assert "<svg" in answer.content.decode()
    assert link not in carol.desk().get(page_of(stones, wendy)).content.decode()
    asked = {"code": link, "device_id": str(uuid4()), "token": "w" * 43, "consent": True}
    assert wendy.post("join/", {**asked, "device_id": str(wendy.device.pk), "token": wendy.token}).status_code == 200
    assert Invite.objects.get(for_user=wendy.user).uses_left in (0, 1)


def test_no_link_for_somebody_who_takes_part_elsewhere(carol: Person, alice: Person, stones: Target) -> None:
    alice.joins(Target.objects.create(name="Memorials"), "volunteer")
    assert 'data-testid="no-link"' in carol.desk().get(page_of(stones, alice)).content.decode()
    assert carol.desk().post(page_of(stones, alice) + "link/").status_code == 403
    assert not Invite.objects.filter(for_user=alice.user).exists()


def test_what_would_move_is_what_moves(carol: Person, alice: Person, bob: Person, stones: Target, clock: Clock) -> None:
    slots_in(stones, required_count=2, oak=0)
    slots_in(stones, elm=500, ash=900)
    for one in (alice, bob):
        one.asks(stones)
        one.shoots(stones, 0)
    bob.asks(stones)
    address = page_of(stones, bob) + "merge/"
    answer = carol.desk().get(address, {"into": str(alice.user.pk)})
    moving = answer.context["moving"]
    assert moving == merging.Moving(
        captures=1, places=1, phones=1, messages=bob.user.messages.count(), held=1, targets=["Boundary stones"], short=1
    )
    assert CandidateSlot.objects.get(title="oak").state == "fulfilled"
    assert carol.desk().post(address, {"into": str(alice.user.pk)}).status_code == 302
    assert CandidateSlot.objects.get(title="oak").state == "waiting"
    assert (alice.user.captures.count(), Assignment.objects.filter(volunteer=alice.user, state="held").count()) == (
        2,
        1,
    )


@pytest.mark.parametrize("into", ["", "x", "00000000-0000-0000-0000-000000000000", "self"])
def test_a_merge_into_nobody(carol: Person, alice: Person, stones: Target, into: str) -> None:
    wanted = str(alice.user.pk) if into == "self" else into
    for send in (carol.desk().get, carol.desk().post):
        assert send(page_of(stones, alice) + "merge/", {"into": wanted}).status_code == 400


# --- pause ------------------------------------------------------------------------------------------------------------


def test_a_pause_is_told_to_every_holder_at_once_and_undone_by_opening(
    carol: Person, alice: Person, bob: Person, stones: Target, clock: Clock
) -> None:
    slots_in(stones, oak=0, elm=500)
    alice.asks(stones)
    desk, address = carol.desk(), f"/console/targets/{stones.pk}/state/"
    assert desk.post(address, {"state": "paused", "back": "people"})["Location"] == page_of(stones)
    assert (said(alice), said(bob), bob.gets(stones), alice.gets(stones)) == (["paused"], [], "paused", "oak")
    clock.forward(minutes=1)
    assert desk.post(address, {"state": "open", "back": "settings"})["Location"].endswith("/settings/")
    assert (said(alice), bob.gets(stones)) == (["paused", "opened"], "elm")


@pytest.mark.parametrize("state", ["", "gone", "a\0b"])
def test_a_state_that_there_is_not(carol: Person, stones: Target, state: str) -> None:
    assert carol.desk().post(f"/console/targets/{stones.pk}/state/", {"state": state}).status_code == 302
    stones.refresh_from_db()
    assert stones.state == "open"
