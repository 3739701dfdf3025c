"""Two accounts that are one person's become one, and everything that bore on two people is counted again."""

import re
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.urls import reverse
from race import violations
from stories import Clock, Person, photo, sha256, slots_in

from capturegraph.models import Assignment, CandidateSlot, Capture, Event, Invite, Match, Membership, Target, User
from capturegraph.services.people import links, merging
from capturegraph.services.refusals import Conflict, Invalid

pytestmark = pytest.mark.django_db


def merge(by: Person, target: Target, gone: Person, into: Person) -> HttpResponse:
    return by.post(f"targets/{target.pk}/members/{gone.user.pk}/merge/", {"into": str(into.user.pk)})


def said(answer: HttpResponse) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def slot(name: str) -> CandidateSlot:
    return CandidateSlot.objects.get(title=name)


def held(who: Person) -> dict[str, int]:
    rows = Assignment.objects.filter(volunteer=who.user, state="held").select_related("slot")
    return {str(one.slot): one.stop for one in rows}


@pytest.fixture
def twin(stones: Target) -> Person:
    """Alice again, who joined a second time on her new phone."""
    return Person("alice twice").joins(stones, "volunteer")


def test_the_phone_of_the_one_speaks_for_the_other(stones: Target, alice: Person, twin: Person, carol: Person) -> None:
    answer = merge(carol, stones, twin, alice)
    assert (answer.status_code, answer.json()["id"]) == (200, str(alice.user.pk))
    assert twin.get("me/").json()["id"] == str(alice.user.pk)
    gone = User.objects.get(pk=twin.user.pk)
    assert (gone.is_active, gone.merged_into, gone.has_usable_password()) == (False, alice.user, False)
    assert Event.objects.get(verb="merged").data["into"] == str(alice.user.pk)


def test_captures_assignments_and_messages_move(stones: Target, alice: Person, twin: Person, carol: Person) -> None:
    slots_in(stones, oak=0, elm=500)
    capture = twin.shoots(stones, 0)["id"]
    twin.gets(stones)
    carol.post(f"targets/{stones.pk}/messages/", {"text": "Hello"})
    merge(carol, stones, twin, alice)
    assert Capture.objects.get(pk=capture).volunteer == alice.user
    assert held(alice) == {"elm": 0}
    assert len(alice.get("me/messages/").json()["results"]) == 2
    assert set(Match.objects.values_list("person_key", flat=True)) == {alice.user.person_key}
    assert violations(stones.pk) == []


def test_the_same_capture_again_after_the_merge_is_the_same_capture(
    stones: Target, alice: Person, twin: Person, carol: Person
) -> None:
    capture, words = uuid4(), twin.words(stones, 0, photo_sha256=sha256(photo()))
    twin.sends(capture, words)
    merge(carol, stones, twin, alice)
    assert twin.sends(capture, words).status_code == 200
    assert twin.sends_photo(capture).status_code in (200, 201)
    assert Capture.objects.count() == 1


def test_two_who_counted_are_one_and_the_slot_is_asked_for_again(
    stones: Target, alice: Person, bob: Person, twin: Person, carol: Person
) -> None:
    slots_in(stones, required_count=2, oak=0)
    alice.shoots(stones, 0)
    twin.shoots(stones, 1)
    assert slot("oak").state == "fulfilled"
    merge(carol, stones, twin, alice)
    assert (slot("oak").state, slot("oak").seats_left) == ("waiting", 1)
    assert Event.objects.filter(verb="reopened", row_id=slot("oak").pk).exists()
    # The person who took it twice is not sent there again.
    assert alice.gets(stones) == "none_for_you"
    assert bob.gets(stones) == "oak"
    assert violations(stones.pk) == []


def test_the_same_slot_held_by_both_is_held_once(stones: Target, alice: Person, twin: Person, carol: Person) -> None:
    slots_in(stones, required_count=2, oak=0)
    alice.gets(stones)
    twin.gets(stones)
    assert slot("oak").seats_left == 0
    merge(carol, stones, twin, alice)
    assert held(alice) == {"oak": 0}
    assert Assignment.objects.filter(state="released").count() == 1
    assert slot("oak").seats_left == 1
    assert violations(stones.pk) == []


def test_two_slots_become_two_stops(stones: Target, alice: Person, twin: Person, carol: Person) -> None:
    slots_in(stones, oak=0, elm=500)
    alice.gets(stones)
    twin.gets(stones)
    merge(carol, stones, twin, alice)
    assert held(alice) == {"oak": 0, "elm": 1}
    assert alice.gets(stones) == "oak"


@pytest.mark.parametrize("holder", ["keep", "gone"])
def test_what_one_holds_and_the_other_has_photographed_is_done(
    stones: Target, alice: Person, twin: Person, carol: Person, holder: str
) -> None:
    slots_in(stones, required_count=2, oak=0)
    who, other = (alice, twin) if holder == "keep" else (twin, alice)
    who.gets(stones)
    other.shoots(stones, 0)
    merge(carol, stones, twin, alice)
    assert (held(alice), Assignment.objects.get().state) == ({}, "fulfilled")
    assert (slot("oak").state, slot("oak").seats_left) == ("waiting", 1)


# --- roles ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mine", "theirs"), [("volunteer", "reviewer"), ("reviewer", "volunteer")])
def test_the_higher_role_stays(stones: Target, carol: Person, max_: Person, mine: str, theirs: str) -> None:
    keep, gone = Person("one").joins(stones, mine), Person("two").joins(stones, theirs)
    merge(max_, stones, gone, keep)
    current = Membership.objects.current()
    assert current.get(user=keep.user).role == "reviewer"
    assert not current.filter(user=gone.user).exists()


def test_a_target_that_only_the_other_had_comes_along(
    stones: Target, alice: Person, twin: Person, max_: Person
) -> None:
    memorials = Target.objects.create(name="Memorials")
    twin.joins(memorials, "reviewer")
    merge(max_, stones, twin, alice)
    assert Membership.objects.current().get(user=alice.user, target=memorials).role == "reviewer"


def test_whoever_was_removed_is_in_again_where_the_other_was(
    stones: Target, alice: Person, twin: Person, carol: Person, clock: Clock
) -> None:
    Membership.objects.filter(user=alice.user).update(removed_at=clock.now, role="coordinator")
    merge(carol, stones, twin, alice)
    member = Membership.objects.get(user=alice.user)
    # Not with the role that was taken from them.
    assert (member.removed_at, member.role) == (None, "volunteer")


# --- no ---------------------------------------------------------------------------------------------------------------


def test_a_coordinator_merges_nobody_who_logs_in(stones: Target, alice: Person, twin: Person, carol: Person, max_: Person) -> None:  # fmt: skip # noqa: E501
    twin.user.set_password("a tape of sixty-six feet")
    twin.user.save()
    assert said(merge(carol, stones, twin, alice)) == (403, "not_yours_alone")
    assert said(merge(carol, stones, alice, twin)) == (403, "not_yours_alone")
    assert merge(max_, stones, alice, twin).status_code == 200


@pytest.mark.parametrize("which", ["keep", "gone"])
def test_a_coordinator_merges_nobody_who_is_elsewhere_too(
    stones: Target, alice: Person, twin: Person, carol: Person, which: str
) -> None:
    (alice if which == "keep" else twin).joins(Target.objects.create(name="Memorials"), "volunteer")
    assert said(merge(carol, stones, twin, alice)) == (403, "not_yours_alone")
    assert User.objects.get(pk=twin.user.pk).is_active


@pytest.mark.parametrize("which", ["keep", "gone"])
def test_a_coordinator_merges_nobody_who_was_elsewhere(
    stones: Target, alice: Person, twin: Person, carol: Person, clock: Clock, which: str
) -> None:
    """Whoever has left everything is not everybody's."""
    who = alice if which == "keep" else twin
    who.joins(Target.objects.create(name="Memorials"), "volunteer")
    Membership.objects.filter(user=who.user).update(removed_at=clock.now)
    assert said(merge(carol, stones, twin, alice)) == (403, "not_yours_alone")
    assert User.objects.get(pk=twin.user.pk).is_active


def test_what_cannot_be_merged(
    stones: Target, alice: Person, bob: Person, twin: Person, carol: Person, max_: Person, clock: Clock
) -> None:
    def refused(error: type[Exception], **two: Person) -> None:
        with pytest.raises(error):
            merging.merge(keep=two["keep"].user, gone=two["gone"].user, by=max_.user, now=clock.now)

    refused(Invalid, keep=alice, gone=alice)
    refused(Conflict, keep=alice, gone=max_)
    merge(carol, stones, twin, alice)
    refused(Conflict, keep=bob, gone=twin)
    refused(Conflict, keep=twin, gone=bob)


def test_a_second_time_changes_nothing(stones: Target, alice: Person, twin: Person, carol: Person) -> None:
    slots_in(stones, oak=0)
    first, again = merge(carol, stones, twin, alice), merge(carol, stones, twin, alice)
    assert (again.status_code, again.json()) == (200, first.json())
    assert Event.objects.filter(verb="merged").count() == 1


def test_who_was_merged_before_comes_along(stones: Target, alice: Person, bob: Person, twin: Person, carol: Person) -> None:  # fmt: skip # noqa: E501
    merge(carol, stones, twin, alice)
    merge(carol, stones, alice, bob)
    assert User.objects.get(pk=twin.user.pk).merged_into == bob.user


def test_a_link_for_who_is_gone_opens_nothing(
    stones: Target, alice: Person, twin: Person, carol: Person, clock: Clock
) -> None:
    links.make_link(user=twin.user, by=carol.user, now=clock.now)
    merge(carol, stones, twin, alice)
    assert Invite.objects.get(for_user=twin.user).revoked_at == clock.now


def test_the_administration_merges_into_who_can_log_in(
    stones: Target, alice: Person, twin: Person, max_: Person
) -> None:
    twin.user.set_password("a tape of sixty-six feet")
    twin.user.save()
    office, rooms = max_.desk(), reverse("admin:capturegraph_user_changelist")

    def chosen(*people: Person) -> str:
        asked: dict[str, Any] = {"action": "merge", "_selected_action": [str(one.user.pk) for one in people]}
        return " ".join(map(str, get_messages(office.post(rooms, asked).wsgi_request)))

    assert re.search("Choose two", chosen(alice))
    assert "Alice is Alice Twice now." in chosen(alice, twin)
    assert User.objects.get(pk=alice.user.pk).merged_into_id == UUID(str(twin.user.pk))
