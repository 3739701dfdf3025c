"""What one key of a person began, another key of the same person ends: captures are the person's, not the phone's."""

import copy
from pathlib import Path
from uuid import uuid4

import pytest
from django.test import Client
from stories import API, Clock, Person, place, sha256, slots_in
from uploading import HALF, PHOTO, asks, assert_stored, here, sends_part

from capturegraph.models import Capture, Target

pytestmark = pytest.mark.django_db


def with_a_new_key(who: Person) -> Person:
    """The same person on the same phone, which was signed out and let in again by a link."""
    code = who.post("me/devices/link/").json()["code"]
    assert who.phone.delete(f"{API}me/devices/{who.device.pk}/").status_code == 204
    again = copy.copy(who)
    again.token = sha256(uuid4().hex)
    asked = {"code": code, "device_id": str(uuid4()), "token": again.token, "consent": True}
    answer = Client().post(API + "join/", asked, content_type="application/json")
    assert answer.json()["user"]["id"] == str(who.user.pk)
    again.phone = Client(headers={"Authorization": f"Bearer {again.token}"})
    return again


def facts(target: Target, **more: object) -> dict[str, object]:
    latitude, longitude = place(0)
    where = {"latitude": latitude, "longitude": longitude, "accuracy_m": 5}
    return {
        "target": str(target.pk),
        "taken_at": "2026-11-21T09:00:00Z",
        "photo_sha256": sha256(PHOTO),
        **where,
        **more,
    }


def test_facts_by_the_old_key_and_the_photo_by_the_new_one(
    stones: Target, alice: Person, own_files: Path, clock: Clock
) -> None:
    """Half of the photo is there, the key is taken away; the new one is told how much is there, and sends the rest."""
    capture = uuid4()
    assert alice.put(f"captures/{capture}/", facts(stones)).status_code == 201
    sends_part(alice, capture, 0, HALF)
    again = with_a_new_key(alice)
    assert asks(alice, capture).status_code == 401
    assert again.put(f"captures/{capture}/", facts(stones)).status_code == 200
    assert here(asks(again, capture)) == (202, HALF, f"bytes=0-{HALF - 1}")
    sends_part(again, capture, HALF, len(PHOTO))
    assert_stored(capture, own_files)
    assert Capture.objects.get(pk=capture).volunteer == alice.user


def test_what_was_taken_under_the_old_key_names_its_slot_still(stones: Target, alice: Person, clock: Clock) -> None:
    """The slot went back to the others with the key; the photo taken before fulfils it all the same."""
    slots_in(stones, oak=0)
    held = alice.asks(stones)["assignment"]["id"]
    again = with_a_new_key(alice)
    answer = again.put(f"captures/{uuid4()}/", facts(stones, assignment=held, taken_at=clock.now.isoformat()))
    assert answer.status_code == 201
    assert answer.json()["verdict"]["named"]["fulfilled"]


def test_who_was_two_is_told_which_names_on_the_phone_are_theirs(stones: Target, alice: Person, carol: Person) -> None:
    """The phone of the merged one sends what lies on it under the other's name."""
    twin = Person("alice twice").joins(stones, "volunteer")
    assert alice.get("me/").json()["formerly"] == []
    carol.post(f"targets/{stones.pk}/members/{twin.user.pk}/merge/", {"into": str(alice.user.pk)})
    for phone in (alice, twin):
        assert phone.get("me/").json()["formerly"] == [str(twin.user.pk)]
