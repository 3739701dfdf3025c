"""Joining by invite, however often an answer is lost, and being shut out again."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from race import at_once
from stories import API, Clock, Person, sha256

from capturegraph.models import Device, Event, Invite, Membership, Target, User
from capturegraph.services.people import invites, joining, phones
from capturegraph.services.refusals import Gone, Invalid

pytestmark = pytest.mark.django_db

WEEK = timedelta(days=7)


def invite(target: Target, clock: Clock, *, uses: int = 10, role: str = "volunteer") -> str:
    made = invites.make_invite(target=target, role=role, by=None, uses=uses, valid_for=WEEK, now=clock.now)
    return made.code


def phone(name: str = "Alice", **values: Any) -> dict[str, Any]:
    """What the page of an invite sends for a phone that has just made its id and token."""
    token = sha256(uuid4().hex)
    return {"name": name, "device_id": str(uuid4()), "token": token, "consent": True, **values}


def join(code: str, asked: dict[str, Any]) -> HttpResponse:
    return Client().post(API + "join/", {"code": code, **asked}, content_type="application/json")


def me(asked: dict[str, Any]) -> HttpResponse:
    return Client().get(API + "me/", headers={"Authorization": f"Bearer {asked['token']}"})


def code_of(answer: HttpResponse) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


# --- joining ----------------------------------------------------------------------------------------------------------


def test_joining(stones: Target, clock: Clock) -> None:
    Target.objects.update(consent_text="Photos are free for all.")
    asked = phone()
    answer = join(invite(stones, clock), asked)
    body = answer.json()
    assert (answer.status_code, body["user"]["name"], body["target"]["my_role"]) == (201, "Alice", "volunteer")
    assert body["device"]["id"] == asked["device_id"]
    assert body["target"]["id"] == str(stones.pk)
    member = Membership.objects.get()
    assert (member.consented_at, member.consent_text) == (clock.now, "Photos are free for all.")
    assert Device.objects.get().token_sha256 == sha256(asked["token"])
    shown = me(asked).json()
    assert (shown["id"], shown["device"]) == (body["user"]["id"], body["device"])
    assert [one["role"] for one in shown["memberships"]] == ["volunteer"]


def test_the_words_that_were_agreed_to_are_kept(stones: Target, clock: Clock) -> None:
    facts = {"run_by": "The town", "contact": "Carol, 555", "kept_for": "two years", "photo_licence": "CC0",
             "safety_note": "Mind the bulls.", "consent_text": "All is free."}  # fmt: skip
    Target.objects.update(**facts, consent_version=3)
    code = invite(stones, clock)
    page = Client().get(f"/join/{code}").content.decode()
    assert [fact for fact in facts.values() if fact not in page] == []
    assert code_of(join(code, phone(consent_version=2))) == (409, "consent_changed")
    assert (User.objects.count(), Invite.objects.get().uses_left) == (0, 10)
    asked = phone(consent_version=3)
    assert join(code, asked).status_code == 201
    member = Membership.objects.get()
    assert (member.consent_version, member.consented_at) == (3, clock.now)
    assert [fact for fact in facts.values() if fact not in member.consent_text] == []
    assert me(asked).json()["memberships"][0]["consent_due"] is False
    Target.objects.update(consent_version=4, consent_text="All is sold.")
    # The answer was lost, and the phone sends the same again: nothing new is agreed to.
    assert join(code, asked).status_code == 200
    member.refresh_from_db()
    assert (member.consent_version, "All is free." in member.consent_text) == (3, True)
    assert me(asked).json()["memberships"][0]["consent_due"] is True


def test_a_volunteer_who_joined_has_no_password(stones: Target, clock: Clock) -> None:
    join(invite(stones, clock), phone())
    user = User.objects.get()
    assert (user.username, user.has_usable_password()) == (None, False)


def test_a_lost_answer_and_a_second_try_are_one_person(stones: Target, clock: Clock) -> None:
    code, asked = invite(stones, clock, uses=1), phone()
    first, again = join(code, asked), join(code, asked)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert (User.objects.count(), Membership.objects.count(), Invite.objects.get().uses_left) == (1, 1, 0)
    assert Event.objects.filter(verb="joined").count() == 1


def test_a_phone_that_joins_a_second_target_is_the_same_person(stones: Target, clock: Clock) -> None:
    memorials, asked = Target.objects.create(name="Memorials"), phone()
    join(invite(stones, clock), asked)
    assert join(invite(memorials, clock), asked).status_code == 201
    assert (User.objects.count(), Membership.objects.count()) == (1, 2)
    assert {one["target"]["name"] for one in me(asked).json()["memberships"]} == {"Boundary stones", "Memorials"}


def test_two_phones_are_two_people(stones: Target, clock: Clock) -> None:
    code = invite(stones, clock)
    assert [join(code, phone(name)).status_code for name in ("Alice", "Alice")] == [201, 201]
    assert User.objects.count() == 2


def test_whoever_was_removed_can_be_invited_again(stones: Target, clock: Clock) -> None:
    asked = phone()
    join(invite(stones, clock), asked)
    Membership.objects.update(removed_at=clock.now)
    assert join(invite(stones, clock), asked).status_code == 201
    assert (User.objects.count(), Membership.objects.current().count()) == (1, 1)


def test_an_invite_can_make_coordinators(stones: Target, clock: Clock) -> None:
    answer = join(invite(stones, clock, role="coordinator"), phone())
    assert answer.json()["target"]["my_role"] == "coordinator"


# --- no ---------------------------------------------------------------------------------------------------------------


def test_without_consent_nobody_joins(stones: Target, clock: Clock) -> None:
    code = invite(stones, clock)
    answer = join(code, phone(consent=False))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "consent")
    assert (User.objects.count(), Invite.objects.get().uses_left) == (0, 10)


def test_an_unknown_invite(stones: Target) -> None:
    assert code_of(join("guess", phone())) == (404, "invite_unknown")


def test_a_revoked_invite(stones: Target, clock: Clock) -> None:
    code = invite(stones, clock)
    Invite.objects.update(revoked_at=clock.now)
    assert code_of(join(code, phone())) == (404, "invite_unknown")


def test_an_expired_invite(stones: Target, clock: Clock) -> None:
    code = invite(stones, clock)
    clock.forward(days=7, microseconds=-1)
    assert join(code, phone()).status_code == 201
    clock.forward(microseconds=1)
    assert code_of(join(code, phone())) == (410, "invite_expired")
    assert User.objects.count() == 1


def test_a_used_up_invite(stones: Target, clock: Clock) -> None:
    code = invite(stones, clock, uses=1)
    assert join(code, phone("Alice")).status_code == 201
    assert code_of(join(code, phone("Bob"))) == (410, "invite_used_up")
    assert (User.objects.count(), Device.objects.count()) == (1, 1)


def test_a_known_phone_with_another_token(stones: Target, clock: Clock) -> None:
    code, asked = invite(stones, clock), phone()
    join(code, asked)
    assert code_of(join(code, {**asked, "token": sha256("another")})) == (409, "device_known")
    assert code_of(join(code, {**asked, "device_id": str(uuid4())})) == (409, "device_known")
    assert (User.objects.count(), Device.objects.count(), Invite.objects.get().uses_left) == (1, 1, 9)


def test_a_phone_that_was_signed_out_does_not_come_back_by_itself(stones: Target, clock: Clock) -> None:
    code, asked = invite(stones, clock), phone()
    join(code, asked)
    Device.objects.update(revoked_at=clock.now)
    assert code_of(join(code, asked)) == (409, "device_signed_out")


@pytest.mark.parametrize(("uses", "days", "role"), [(0, 1, "volunteer"), (1, 0, "volunteer"), (1, 999, "volunteer"), (1, 1, "king")])  # fmt: skip # noqa: E501
def test_an_invite_that_cannot_be(stones: Target, clock: Clock, uses: int, days: int, role: str) -> None:
    with pytest.raises(Invalid):
        invites.make_invite(target=stones, role=role, by=None, uses=uses, valid_for=timedelta(days=days), now=clock.now)


@pytest.mark.django_db(transaction=True)
@pytest.mark.only_on("postgresql")
def test_thirty_two_who_use_a_one_use_invite_at_once_are_one(stones: Target, clock: Clock) -> None:
    code = invite(stones, clock, uses=1)

    def redeem() -> str:
        asked = phone()
        asked["device_id"] = UUID(asked["device_id"])
        try:
            joining.join(code=code, now=clock.now, **asked)
        except Gone as refused:
            return refused.code
        return "joined"

    assert Counter(at_once([redeem] * 32)) == {"joined": 1, "invite_used_up": 31}
    assert (User.objects.count(), Membership.objects.count(), Device.objects.count()) == (1, 1, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.only_on("postgresql")
def test_one_phone_that_joins_many_times_at_once_is_one(stones: Target, clock: Clock) -> None:
    code, asked = invite(stones, clock), phone()
    asked["device_id"] = UUID(asked["device_id"])
    joined = at_once([lambda: joining.join(code=code, now=clock.now, **asked).user.pk] * 8)
    assert (len(set(joined)), User.objects.count(), Invite.objects.get().uses_left) == (1, 1, 9)


# --- tokens -----------------------------------------------------------------------------------------------------------


def everywhere(who: Person, target: Target) -> list[tuple[int, str]]:
    """What both doors say: the plain one, and the one that looks the token up by itself."""
    return [code_of(who.get("me/")), code_of(who.post(f"targets/{target.pk}/request-slot/"))]


def test_a_revoked_phone_is_shut_out_at_its_next_request(
    stones: Target, alice: Person, max_: Person, clock: Clock
) -> None:
    assert alice.get("me/").status_code == 200
    phones.revoke_device(device=alice.device, by=max_.user, now=clock.now)
    assert everywhere(alice, stones) == [(401, "token_unknown")] * 2


def test_a_phone_that_was_not_used_for_long_is_told_so(stones: Target, alice: Person, clock: Clock) -> None:
    clock.forward(days=90)
    assert everywhere(alice, stones) == [(401, "token_expired")] * 2


def test_use_keeps_a_phone_signed_in(stones: Target, alice: Person, clock: Clock) -> None:
    for _month in range(6):
        clock.forward(days=30)
        assert alice.get("me/").status_code == 200
    assert Device.objects.get().expires_at == clock.now + timedelta(days=90)


def test_asking_for_slots_keeps_a_phone_signed_in_too(stones: Target, alice: Person, clock: Clock) -> None:
    for _month in range(6):
        clock.forward(days=30)
        assert alice.gets(stones) == "nothing_uploaded"


def test_seen_is_written_at_most_once_a_minute(stones: Target, alice: Person, clock: Clock) -> None:
    joined = clock.now
    clock.forward(seconds=60)
    alice.get("me/")
    assert Device.objects.get().last_seen_at == joined
    clock.forward(seconds=1)
    alice.get("me/")
    assert Device.objects.get().last_seen_at == clock.now


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic YTpi", "Bearer " + "x" * 600, "nonsense"])
def test_a_header_that_is_no_token(stones: Target, clock: Clock, header: str) -> None:
    client = Client(headers={"Authorization": header})
    for answer in (client.get(API + "me/"), client.post(f"{API}targets/{stones.pk}/request-slot/")):
        assert code_of(answer) == (401, "not_authenticated")
        assert answer["WWW-Authenticate"] == "Bearer"


def test_nobody_at_all(stones: Target, clock: Clock) -> None:
    for answer in (Client().get(API + "me/"), Client().post(f"{API}targets/{stones.pk}/request-slot/")):
        assert code_of(answer) == (401, "not_authenticated")
