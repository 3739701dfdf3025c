"""Taking one's data out: everything that is kept of somebody, and nothing of anybody else's."""

import io
import zipfile
from typing import Any

import orjson
import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from stories import Clock, Person, photo, slots_in

from capturegraph.models import Capture, Target
from capturegraph.services.people import exporting

pytestmark = pytest.mark.django_db


def taken_out(who: Person, *, desk: bool = False) -> tuple[dict[str, Any], zipfile.ZipFile]:
    answer = who.desk().get("/api/v1/me/export/") if desk else who.get("me/export/")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    assert "attachment" in answer["Content-Disposition"]
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))
    assert archive.testzip() is None
    return orjson.loads(archive.read("my-data.json")), archive


def test_everything_is_in_it(stones: Target, alice: Person, bob: Person, carol: Person, clock: Clock) -> None:
    slots_in(stones, oak=0, elm=500)
    Target.objects.update(consent_text="Photos are free for all.")
    alice.post("me/consent/", {"target": str(stones.pk), "version": 1})
    capture = alice.shoots(stones, 10, lens="wide")["id"]
    alice.sends_photo(capture, photo("teal"))
    alice.gets(stones)
    carol.post(f"targets/{stones.pk}/messages/", {"text": "Bring a hat."})
    bob.shoots(stones, 900)
    data, archive = taken_out(alice)
    assert data["user"]["name"] == "Alice"
    (membership,) = data["memberships"]
    assert (membership["target"]["name"], membership["consent_text"]) == ("Boundary stones", "Photos are free for all.")
    assert [one["id"] for one in data["phones"]] == [str(alice.device.pk)]
    (mine,) = data["captures"]
    assert (mine["id"], mine["extra"], mine["review"]) == (capture, {"lens": "wide"}, "pending")
    assert mine["verdict"]["usable"] is True
    assert [(one["title"], one["counts"]) for one in mine["matches"]] == [("oak", True)]
    assert archive.namelist() == ["my-data.json", mine["file"]]
    assert archive.read(mine["file"]) == photo("teal")
    assert [one["state"] for one in data["assignments"]] == ["held"]
    assert [one["text"] for one in data["messages"]] == ["Bring a hat."]
    assert {"consented", "received", "stored", "claimed"} <= {one["verb"] for one in data["events"]}


def test_secrets_and_other_people_are_not_in_it(stones: Target, alice: Person, bob: Person) -> None:
    alice.shoots(stones, 10)
    bob.shoots(stones, 10)
    data, __ = taken_out(alice)
    text = orjson.dumps(data).decode()
    assert alice.device.token_sha256 not in text
    assert "password" not in text
    assert str(bob.user.pk) not in text
    assert "Bob" not in text


def test_whoever_sits_at_a_desk_gets_theirs_too(stones: Target, carol: Person) -> None:
    carol.desk().patch(f"/api/v1/targets/{stones.pk}/", {"contact": "Carol"}, content_type="application/json")
    data, __ = taken_out(carol, desk=True)
    assert data["memberships"][0]["role"] == "coordinator"
    assert "changed" in [one["verb"] for one in data["events"]]


def test_what_was_done_before_a_merge_is_in_it(stones: Target, alice: Person, carol: Person) -> None:
    twin = Person("alice twice").joins(stones, "volunteer")
    capture = twin.shoots(stones, 0)["id"]
    carol.post(f"targets/{stones.pk}/members/{twin.user.pk}/merge/", {"into": str(alice.user.pk)})
    data, __ = taken_out(alice)
    assert [one["id"] for one in data["captures"]] == [capture]
    assert "received" in [one["verb"] for one in data["events"]]


def test_a_photo_whose_file_is_lost_is_named_and_the_rest_comes(stones: Target, alice: Person) -> None:
    kept, lost = (alice.shoots(stones, metres)["id"] for metres in (0, 500))
    alice.sends_photo(kept, photo("teal"))
    alice.sends_photo(lost, photo("olive"))
    default_storage.delete(Capture.objects.get(pk=lost).photo.name)
    data, archive = taken_out(alice)
    assert {one["id"]: one["file"] is None for one in data["captures"]} == {kept: False, lost: True}
    assert len(archive.namelist()) == 2


def test_it_is_never_whole_in_memory(stones: Target, alice: Person, clock: Clock) -> None:
    """Pieces of a photograph leave before its end has been read."""
    capture = Capture.objects.get(pk=alice.shoots(stones, 0)["id"])
    big = bytes(5_000_000)
    capture.photo = default_storage.save("captures/big.jpg", ContentFile(big))
    capture.save()
    pieces = [len(piece) for piece in exporting.my_data(user=alice.user, now=clock.now)]
    assert sum(pieces) > len(big)
    assert max(pieces) <= 2 * exporting.AT_ONCE
