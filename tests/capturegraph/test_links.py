"""The same person on another phone: links, second phones, tokens that ran out, and phones that are signed out."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from stories import API, Clock, Person, sha256, slots_in

from capturegraph.models import Assignment, CandidateSlot, Device, Event, Invite, Membership, Target, User
from capturegraph.services.people import accounts, invites, members, phones

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]


def new_phone(**values: Any) -> dict[str, Any]:
    return {"device_id": str(uuid4()), "token": sha256(uuid4().hex), "consent": True, **values}


def join(code: str, asked: dict[str, Any]) -> HttpResponse:
    return Client().post(API + "join/", {"code": code, **asked}, content_type="application/json")


def get(asked: dict[str, Any], path: str) -> HttpResponse:
    return Client().get(API + path, headers={"Authorization": f"Bearer {asked['token']}"})


def link_from(answer: HttpResponse) -> str:
    assert answer.status_code == 201, answer.content
    return answer.json()["code"]


def own_link(who: Person) -> str:
    return link_from(who.post("me/devices/link/"))


def link_for(coordinator: Person, target: Target, who: Person) -> HttpResponse:
    return coordinator.post(f"targets/{target.pk}/members/{who.user.pk}/link/")


def said(answer: HttpResponse) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# --- the same person --------------------------------------------------------------------------------------------------


def test_a_new_phone_becomes_the_same_user(stones: Target, alice: Person, carol: Person) -> None:
    phone, people = new_phone(name="Somebody else"), User.objects.count()
    answer = join(link_from(link_for(carol, stones, alice)), phone)
    assert (answer.status_code, answer.json()["user"]) == (201, {"id": str(alice.user.pk), "name": "Alice"})
    assert (User.objects.count(), Device.objects.filter(user=alice.user).count()) == (people, 2)
    assert get(phone, "me/").json()["id"] == alice.get("me/").json()["id"]
    assert Event.objects.get(verb="signed in").row_id == alice.user.pk


def test_a_second_phone_holds_the_same_slot(stones: Target, alice: Person) -> None:
    slots_in(stones, oak=0, elm=500)
    alice.gets(stones)
    phone = new_phone()
    join(own_link(alice), phone)
    held = get(phone, "assignments/").json()["results"]
    assert [one["slot_detail"]["title"] for one in held] == ["oak"]


def test_a_link_from_a_session_works_as_one_from_a_phone(stones: Target, alice: Person) -> None:
    made = alice.desk().post(API + "me/devices/link/", {}, content_type="application/json")
    assert join(link_from(made), new_phone()).json()["user"]["id"] == str(alice.user.pk)
    assert made.json()["link"].endswith(f"/join/{made.json()['code']}")


def test_a_lost_answer_and_a_second_try_are_one_phone(stones: Target, alice: Person, clock: Clock) -> None:
    code, phone = own_link(alice), new_phone()
    first, again = join(code, phone), join(code, phone)
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
    clock.forward(days=3)
    assert join(code, phone).status_code == 200
    assert Device.objects.filter(user=alice.user).count() == 2


def test_a_link_is_for_one_phone_within_a_day(stones: Target, alice: Person, clock: Clock) -> None:
    code = own_link(alice)
    assert join(code, new_phone()).status_code == 201
    assert said(join(code, new_phone())) == (410, "invite_used_up")
    late = own_link(alice)
    clock.forward(hours=24)
    assert said(join(late, new_phone())) == (410, "invite_expired")


def test_only_the_newest_link_works(stones: Target, alice: Person) -> None:
    older, newer = own_link(alice), own_link(alice)
    assert said(join(older, new_phone())) == (404, "invite_unknown")
    assert join(newer, new_phone()).status_code == 201


def test_a_phone_that_is_somebody_else_s_stays_theirs(stones: Target, alice: Person, bob: Person) -> None:
    code = own_link(alice)
    answer = join(code, new_phone(device_id=str(bob.device.pk), token=bob.token))
    assert said(answer) == (409, "signed_in_as_another")
    assert Device.objects.get(pk=bob.device.pk).user == bob.user
    assert join(code, new_phone()).status_code == 201


def test_somebody_new_needs_a_name(stones: Target, clock: Clock) -> None:
    made = invites.make_invite(
        target=stones, role="volunteer", by=None, uses=1, valid_for=timedelta(days=1), now=clock.now
    )
    answer = join(made.code, new_phone())
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "name")
    assert (User.objects.count(), Invite.objects.get().uses_left) == (0, 1)


def test_the_page_of_a_link_says_whose_phone_it_will_be(stones: Target, alice: Person) -> None:
    page = Client().get(f"/join/{own_link(alice)}").content.decode()
    assert 'value="Alice"' in page
    assert "readonly" in page


# --- who may make one -------------------------------------------------------------------------------------------------


def test_a_coordinator_makes_none_for_somebody_with_a_password(stones: Target, alice: Person, carol: Person) -> None:
    alice.user.set_password("a tape of sixty-six feet")
    alice.user.save()
    assert said(link_for(carol, stones, alice)) == (403, "not_yours_alone")


@pytest.mark.parametrize("power", ["is_staff", "is_superuser"])
def test_a_coordinator_makes_none_for_an_admin(stones: Target, alice: Person, carol: Person, power: str) -> None:
    User.objects.filter(pk=alice.user.pk).update(**{power: True})
    assert said(link_for(carol, stones, alice)) == (403, "not_yours_alone")


def test_a_coordinator_makes_none_for_somebody_who_is_elsewhere_too(
    stones: Target, alice: Person, carol: Person
) -> None:
    """Else it would let carol act as alice there."""
    memorials = Target.objects.create(name="Memorials")
    alice.joins(memorials, "volunteer")
    assert said(link_for(carol, stones, alice)) == (403, "not_yours_alone")
    carol.joins(memorials, "reviewer")
    assert said(link_for(carol, stones, alice)) == (403, "not_yours_alone")
    Membership.objects.filter(user=carol.user, target=memorials).update(role="coordinator")
    assert link_for(carol, stones, alice).status_code == 201


def test_a_coordinator_makes_none_for_somebody_who_was_elsewhere(
    stones: Target, alice: Person, carol: Person, clock: Clock
) -> None:
    """Else carol would take out what alice photographed there, and read what she was written."""
    memorials = Target.objects.create(name="Memorials")
    alice.joins(memorials, "volunteer")
    alice.shoots(memorials, 0)
    members.remove(target=memorials, user_id=alice.user.pk, by=alice.user, now=clock.now)
    assert said(link_for(carol, stones, alice)) == (403, "not_yours_alone")
    carol.joins(memorials, "coordinator")
    assert link_for(carol, stones, alice).status_code == 201


def test_a_link_stops_working_when_its_maker_might_make_it_no_more(
    stones: Target, alice: Person, carol: Person
) -> None:
    code = link_from(link_for(carol, stones, alice))
    alice.joins(Target.objects.create(name="Memorials"), "volunteer")
    assert said(join(code, new_phone())) == (410, "invite_expired")
    assert Device.objects.filter(user=alice.user).count() == 1


def test_a_site_admin_makes_one_for_anybody(stones: Target, alice: Person, max_: Person) -> None:
    alice.user.set_password("a tape of sixty-six feet")
    alice.user.save()
    assert join(link_from(link_for(max_, stones, alice)), new_phone()).json()["user"]["name"] == "Alice"


def test_nobody_makes_one_for_a_stranger_or_for_somebody_shut_out(
    stones: Target, alice: Person, carol: Person, zoe: Person, max_: Person, clock: Clock
) -> None:
    assert said(link_for(carol, stones, zoe)) == (404, "not_found")
    accounts.set_active(user=alice.user, active=False, by=max_.user, now=clock.now)
    assert said(link_for(carol, stones, alice)) == (409, "shut_out")


def test_a_removed_member_s_link_opens_nothing(stones: Target, alice: Person, carol: Person) -> None:
    code = own_link(alice)
    assert carol.phone.delete(f"{API}targets/{stones.pk}/members/{alice.user.pk}/").status_code == 204
    assert said(join(code, new_phone())) == (404, "invite_unknown")


# --- tokens that ran out ----------------------------------------------------------------------------------------------


def test_a_phone_whose_token_ran_out_goes_on_as_who_it_was(stones: Target, clock: Clock) -> None:
    """By the old invite, long expired: the queue on the phone is still theirs to send."""
    made = invites.make_invite(
        target=stones, role="volunteer", by=None, uses=1, valid_for=timedelta(days=1), now=clock.now
    )
    phone = new_phone(name="Alice")
    first = join(made.code, phone)
    clock.forward(days=91)
    assert said(get(phone, "me/")) == (401, "token_expired")
    again = join(made.code, phone)
    assert (again.status_code, again.json()["user"]) == (200, first.json()["user"])
    assert get(phone, "me/").status_code == 200
    assert (User.objects.count(), Device.objects.count()) == (1, 1)


def test_a_phone_whose_token_ran_out_comes_back_by_a_link(stones: Target, alice: Person, carol: Person, clock: Clock) -> None:  # fmt: skip # noqa: E501
    clock.forward(days=91)
    carol.device.expires_at = clock.now + timedelta(days=1)
    carol.device.save()
    code = link_from(link_for(carol, stones, alice))
    answer = join(code, new_phone(device_id=str(alice.device.pk), token=alice.token))
    assert answer.status_code == 200
    assert alice.get("me/").status_code == 200
    assert Invite.objects.get(for_user=alice.user).uses_left == 1


def test_a_revoked_phone_does_not_come_back_even_by_a_link(stones: Target, alice: Person, clock: Clock) -> None:
    code = own_link(alice)
    phones.revoke_device(device=alice.device, by=alice.user, now=clock.now)
    answer = join(code, new_phone(device_id=str(alice.device.pk), token=alice.token))
    assert said(answer) == (409, "device_signed_out")
    assert alice.get("me/").status_code == 401


# --- one's phones -----------------------------------------------------------------------------------------------------


def test_the_list_of_one_s_phones(stones: Target, alice: Person, bob: Person, clock: Clock) -> None:
    phone = new_phone()
    join(own_link(alice), phone)
    clock.forward(hours=1)
    shown = get(phone, "me/devices/").json()["results"]
    assert [(one["id"], one["this"]) for one in shown] == [(phone["device_id"], True), (str(alice.device.pk), False)]
    assert set(shown[0]) == {"id", "created_at", "last_seen_at", "expires_at", "this"}


def test_a_phone_that_one_signs_out_is_out_at_once(stones: Target, alice: Person, bob: Person) -> None:
    phone = new_phone()
    join(own_link(alice), phone)
    for _twice in range(2):
        assert alice.phone.delete(f"{API}me/devices/{phone['device_id']}/").status_code == 204
    assert said(get(phone, "me/")) == (401, "token_unknown")
    assert alice.phone.delete(f"{API}me/devices/{bob.device.pk}/").status_code == 404
    assert bob.get("me/").status_code == 200


def test_a_revoked_phone_uploads_nothing(stones: Target, alice: Person, clock: Clock) -> None:
    words = alice.words(stones, 0)
    phones.revoke_device(device=alice.device, by=alice.user, now=clock.now)
    assert alice.sends(uuid4(), words).status_code == 401


def test_what_one_holds_goes_back_with_one_s_last_phone(
    stones: Target, alice: Person, bob: Person, clock: Clock
) -> None:
    """While another phone of hers is signed in, she is still on her way."""
    slots_in(stones, oak=0)
    alice.gets(stones)
    phone = new_phone()
    join(own_link(alice), phone)
    alice.phone.delete(f"{API}me/devices/{alice.device.pk}/")
    assert Assignment.objects.get().state == "held"
    second = Client(headers={"Authorization": f"Bearer {phone['token']}"})
    assert second.delete(f"{API}me/devices/{phone['device_id']}/").status_code == 204
    assert (Assignment.objects.get().state, CandidateSlot.objects.get().seats_left) == ("released", 1)
    assert bob.gets(stones) == "oak"


def test_the_page_of_an_old_invite_lets_known_phones_go_on(stones: Target, clock: Clock) -> None:
    made = invites.make_invite(
        target=stones, role="volunteer", by=None, uses=1, valid_for=timedelta(days=1), now=clock.now
    )
    clock.forward(days=1)
    page = Client().get(f"/join/{made.code}")
    assert page.status_code == 410
    assert "join-again.js" in page.content.decode()
    assert made.code in page.content.decode()
    assert "join-again.js" not in Client().get("/join/guess").content.decode()
