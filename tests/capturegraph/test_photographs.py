"""Photographs on their way to the server: kept as they came, once, and shown to few."""

from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from stories import API, Person, photo, sha256, slots_in

from capturegraph.models import Assignment, CandidateSlot, Capture, Event, Match, Target

pytestmark = pytest.mark.django_db


def state_of(name: str) -> str:
    return CandidateSlot.objects.get(external_id=name).state


def everything() -> list[Any]:
    """Whatever an upload could change."""
    models = (Capture, Match, Assignment, CandidateSlot, Event)
    return [list(model.objects.order_by("pk").values()) for model in models]


# --- the photograph ---------------------------------------------------------------------------------------------------


def test_the_photo_after_the_words(stones: Target, alice: Person, rita: Person) -> None:
    receipt = alice.shoots(stones, 0, photo_sha256=sha256(photo()), photo_size=len(photo()))
    assert (receipt["state"], receipt["photo"]["have"]) == ("awaiting_photo", False)
    answer = alice.sends_photo(receipt["id"])
    assert (answer.status_code, answer.json()["state"]) == (201, "stored")
    assert answer.json()["photo"] == {"have": True, "sha256": sha256(photo()), "size": len(photo())}
    shown = rita.get(f"captures/{receipt['id']}/photo/")
    assert (b"".join(shown.streaming_content), shown["Content-Type"]) == (photo(), "image/jpeg")
    assert shown["Content-Disposition"].startswith("attachment")


def test_the_photo_twice(stones: Target, alice: Person, own_files: Any) -> None:
    capture = alice.shoots(stones, 0)["id"]
    first = alice.sends_photo(capture)
    before = everything()
    again = alice.sends_photo(capture)
    assert (first.status_code, again.status_code) == (201, 200)
    assert (again.json(), everything()) == (first.json(), before)
    assert len([path for path in own_files.rglob("*") if path.is_file()]) == 1


def test_another_photo_under_one_capture(stones: Target, alice: Person) -> None:
    capture = alice.shoots(stones, 0)["id"]
    alice.sends_photo(capture)
    before = everything()
    answer = alice.sends_photo(capture, photo("red"))
    assert (answer.status_code, answer.json()["code"]) == (409, "photo_differs")
    assert everything() == before


def test_a_photo_that_is_not_the_one_announced(stones: Target, alice: Person) -> None:
    capture = alice.shoots(stones, 0, photo_sha256=sha256(photo()))["id"]
    answer = alice.sends_photo(capture, photo("red"))
    assert (answer.status_code, answer.json()["code"]) == (422, "digest_differs")
    assert Capture.objects.get().state == "awaiting_photo"
    assert alice.sends_photo(capture).status_code == 201


def test_a_photo_of_somebody_else_s_capture(stones: Target, alice: Person, bob: Person) -> None:
    capture = alice.shoots(stones, 0)["id"]
    nobody_s = bob.sends_photo(uuid4())
    hers = bob.sends_photo(capture)
    assert (hers.status_code, hers.json()) == (nobody_s.status_code, nobody_s.json())
    assert hers.json()["waiting_for"] == "words"
    assert Capture.objects.get().state == "awaiting_photo"


def test_photos_are_shown_to_few(stones: Target, alice: Person, bob: Person, zoe: Person, carol: Person) -> None:
    capture = alice.shoots(stones, 0)["id"]
    assert alice.get(f"captures/{capture}/photo/").status_code == 404
    alice.sends_photo(capture)
    answers = {who: who.get(f"captures/{capture}/").status_code for who in (alice, bob, zoe, carol)}
    assert answers == {alice: 200, bob: 404, zoe: 404, carol: 200}
    assert bob.get(f"captures/{capture}/photo/").status_code == 404


# --- both in one ------------------------------------------------------------------------------------------------------


def form(who: Person, stones: Target, **values: Any) -> Any:
    fields = {"id": str(uuid4()), **{name: str(value) for name, value in who.words(stones, 30).items()}, **values}
    return who.phone.post(API + "captures/", fields)


def attached(data: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("photo.jpg", data, content_type="image/jpeg")


def test_words_and_photo_in_one_form(stones: Target, alice: Person) -> None:
    slots_in(stones, a=0)
    answer = form(alice, stones, photo=attached(photo()))
    assert (answer.status_code, answer.json()["state"]) == (201, "stored")
    assert state_of("a") == "fulfilled"


def test_the_form_twice(stones: Target, alice: Person) -> None:
    one = str(uuid4())
    first = form(alice, stones, id=one, photo=attached(photo()))
    again = form(alice, stones, id=one, photo=attached(photo()))
    assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"photo": b"not a photo"}, 415),
        ({"photo": b""}, 415),
        ({"photo": photo(), "photo_sha256": sha256("other")}, 422),
        ({"photo": photo(), "latitude": "91"}, 400),
        ({"photo": photo(), "target": str(uuid4())}, 404),
        ({"photo": photo(), "taken_at": "yesterday"}, 400),
    ],
)
def test_the_form_is_taken_whole_or_not_at_all(
    stones: Target, alice: Person, own_files: Any, values: dict[str, Any], status: int
) -> None:
    slots_in(stones, a=0)
    before = everything()
    answer = form(alice, stones, **{**values, "photo": attached(values["photo"])})
    assert answer.status_code == status, answer.content
    assert everything() == before
    assert list(own_files.rglob("*.*")) == []


def test_another_photo_in_a_second_form_is_refused(stones: Target, alice: Person) -> None:
    one = str(uuid4())
    form(alice, stones, id=one, photo=attached(photo()))
    assert form(alice, stones, id=one, photo=attached(photo("red"))).status_code == 409


# --- what is safe here ------------------------------------------------------------------------------------------------


def test_the_manifest(stones: Target, alice: Person, bob: Person) -> None:
    stored, announced, his = (who.shoots(stones, 0)["id"] for who in (alice, alice, bob))
    for who, capture in ((alice, stored), (bob, his)):
        who.sends_photo(capture)
    unknown = str(uuid4())
    asked = [
        {"id": stored, "sha256": sha256(photo())}, {"id": stored}, {"id": stored, "sha256": sha256("other")},
        {"id": announced}, {"id": his}, {"id": unknown},
    ]  # fmt: skip
    answer = alice.post("captures/manifest/", {"captures": asked}).json()
    assert [one["status"] for one in answer["results"]] == ["have", "have", "missing", "missing", "missing", "missing"]
    assert [one["id"] for one in answer["results"]] == [one["id"] for one in asked]
    assert (answer["have"], answer["total"]) == (2, 6)


def test_the_manifest_says_how_much_of_a_photo_is_here(stones: Target, alice: Person, bob: Person) -> None:
    begun, waits = alice.shoots(stones, 0)["id"], str(uuid4())
    for who, capture in ((alice, begun), (alice, waits), (bob, begun)):
        half = {"HTTP_CONTENT_RANGE": f"bytes 0-{99 if who is alice else 49}/{len(photo())}"}
        who.phone.put(f"{API}captures/{capture}/photo/", photo()[: 100 if who is alice else 50], "image/jpeg", **half)
    asked = {"captures": [{"id": begun}, {"id": waits}]}
    told = alice.post("captures/manifest/", asked).json()["results"]
    assert [(one["status"], one["received"]) for one in told] == [("missing", 100), ("missing", 100)]
    told = bob.post("captures/manifest/", asked).json()["results"]
    assert [(one["status"], one["received"]) for one in told] == [("missing", 50), ("missing", 0)]


def test_a_manifest_of_a_thousand(stones: Target, alice: Person) -> None:
    stored = alice.shoots(stones, 0)["id"]
    alice.sends_photo(stored)
    asked = [{"id": stored}, *({"id": str(uuid4())} for _ in range(999))]
    answer = alice.post("captures/manifest/", {"captures": asked}).json()
    assert (answer["have"], answer["total"], answer["results"][0]["received"]) == (1, 1000, len(photo()))
    assert alice.post("captures/manifest/", {"captures": [*asked, {"id": stored}]}).status_code == 400
