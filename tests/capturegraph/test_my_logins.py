"""Logging in without the phone, leaving a target, and what one has done: what a person does about themselves."""

from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client
from race import at_once
from stories import API, Clock, Person, sha256, slots_in
from test_joining import invite

from capturegraph.models import Assignment, Event, Membership, Target, User

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]

PASSWORD = "a tape of sixty-six feet"


def somebody(target: Target, clock: Clock) -> Client:
    """The phone of a person who has just joined by their name alone."""
    token = sha256(uuid4().hex)
    asked = {"name": "Ada", "device_id": str(uuid4()), "token": token, "consent": True}
    answer = Client().post(API + "join/", {"code": invite(target, clock), **asked}, content_type="application/json")
    assert answer.status_code == 201
    return Client(headers={"Authorization": f"Bearer {token}"})


def adds(phone: Client, username: str, password: str = PASSWORD) -> HttpResponse:
    return phone.put(API + "me/login/", {"username": username, "password": password}, content_type="application/json")


def logs_in(username: str, password: str = PASSWORD) -> bool:
    return Client().post("/login/", {"username": username, "password": password}).status_code == 302


# --- a password -------------------------------------------------------------------------------------------------------


def test_who_has_no_password_chooses_one(stones: Target, clock: Clock) -> None:
    phone = somebody(stones, clock)
    assert phone.get(API + "me/").json()["username"] is None
    answer = adds(phone, "ada@stones")
    assert (answer.status_code, answer.json()) == (200, {"username": "ada@stones"})
    assert phone.get(API + "me/").json()["username"] == "ada@stones"
    assert logs_in("ada@stones")
    event = Event.objects.get(verb="added log-in")
    assert (event.actor_id, event.data) == (User.objects.get(username="ada@stones").pk, {})


def test_a_lost_answer_and_a_second_try_are_one(stones: Target, clock: Clock) -> None:
    phone = somebody(stones, clock)
    assert [adds(phone, "ada").status_code for _try in range(2)] == [200, 200]
    assert Event.objects.filter(verb="added log-in").count() == 1


def test_another_password_is_not_set_this_way(stones: Target, clock: Clock) -> None:
    """Who holds the phone for a minute cannot lock its owner out."""
    phone = somebody(stones, clock)
    adds(phone, "ada")
    for username, password in (("ada", "another tape of some feet"), ("eve", PASSWORD)):
        refused = adds(phone, username, password)
        assert (refused.status_code, refused.json()["code"]) == (409, "has_login")
    assert logs_in("ada")


@pytest.mark.parametrize("taken", ["alice", "ALICE"])
def test_a_name_that_is_taken(stones: Target, clock: Clock, alice: Person, taken: str) -> None:
    refused = adds(somebody(stones, clock), taken)
    assert (refused.status_code, refused.json()["code"]) == (409, "name_taken")
    assert refused.json()["errors"] == [{"field": "username", "reason": "Choose another one."}]


@pytest.mark.parametrize(
    ("username", "password", "field"),
    [
        ("ada", "short", "password"),
        ("ada", "12345678901", "password"),
        ("ada lovelace!", PASSWORD, "username"),
        ("", PASSWORD, "username"),
    ],
)
def test_what_cannot_be(stones: Target, clock: Clock, username: str, password: str, field: str) -> None:
    phone = somebody(stones, clock)
    refused = adds(phone, username, password)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (400, field)
    assert phone.get(API + "me/").json()["username"] is None


def test_a_password_keeps_its_spaces(stones: Target, clock: Clock) -> None:
    adds(somebody(stones, clock), "ada", f"  {PASSWORD} ")
    assert (logs_in("ada", f"  {PASSWORD} "), logs_in("ada")) == (True, False)


@pytest.mark.django_db(transaction=True)
def test_two_people_want_one_name(stones: Target, clock: Clock) -> None:
    phones = [somebody(stones, clock) for _person in range(2)]
    answers = at_once([lambda phone=phone: adds(phone, "ada").status_code for phone in phones])
    assert sorted(answers) == [200, 409]
    assert User.objects.filter(username="ada").count() == 1


def test_logged_in_one_goes_on_with_the_phone_in_hand(stones: Target, alice: Person) -> None:
    desk = alice.desk()
    assert "Alice" in desk.get("/this-phone/").content.decode()
    answer = desk.post("/this-phone/")
    assert answer.status_code == 302
    code = answer.url.removeprefix("/join/")
    phone = {"code": code, "device_id": str(uuid4()), "token": sha256(uuid4().hex), "consent": True}
    joined = Client().post(API + "join/", phone, content_type="application/json")
    assert joined.json()["user"]["id"] == str(alice.user.pk)


def test_a_phone_leads_nowhere_for_who_takes_part_in_nothing(max_: Person) -> None:
    answer = max_.desk().post("/this-phone/")
    assert (answer.status_code, "Take part in something first" in answer.content.decode()) == (409, True)


# --- a target ---------------------------------------------------------------------------------------------------------


def leaves(who: Person, target: Target) -> HttpResponse:
    return who.phone.delete(API + f"me/targets/{target.pk}/")


def test_leaving_gives_back_what_is_held_and_keeps_what_was_done(stones: Target, alice: Person, bob: Person) -> None:
    slots_in(stones, oak=0, elm=500)
    alice.shoots(stones, 0)
    alice.gets(stones)
    assert leaves(alice, stones).status_code == 204
    assert not Membership.objects.current().filter(user=alice.user).exists()
    assert Assignment.objects.get(volunteer=alice.user).state == Assignment.State.WITHDRAWN
    assert alice.get("me/").json()["memberships"] == []
    assert leaves(alice, stones).status_code == 404
    assert bob.get("me/").json()["memberships"] != []


def test_the_last_coordinator_stays(stones: Target, carol: Person) -> None:
    refused = leaves(carol, stones)
    assert (refused.status_code, refused.json()["code"]) == (409, "last_coordinator")
    assert Membership.objects.current().filter(user=carol.user).exists()


def test_what_i_have_done_is_counted_for_each_target(stones: Target, alice: Person, clock: Clock) -> None:
    slots_in(stones, oak=0, elm=500)
    memorials = Target.objects.create(name="Memorials")
    alice.joins(memorials, "volunteer")
    for east in (0, 1, 500, 2000):
        alice.shoots(stones, east)
    done = {one["target"]["name"]: (one["photos"], one["places"]) for one in alice.get("me/").json()["memberships"]}
    assert done == {stones.name: (4, 2), memorials.name: (0, 0)}


def test_a_link_comes_with_its_picture(stones: Target, alice: Person) -> None:
    made = alice.post("me/devices/link/").json()
    assert made["qr"].startswith("data:image/svg+xml")
