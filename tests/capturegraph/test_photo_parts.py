"""Photographs that arrive in parts: cut off, resumed, sent twice, before their words; one file in the end."""

import base64
from pathlib import Path
from uuid import uuid4

import pytest
from stories import API, Person, footprint, photo, sha256
from uploading import HALF, PHOTO, asks, assert_stored, files, here, sends_cut, sends_part
from world import assert_no

from capturegraph.models import Capture, PhotoPart, Target
from capturegraph.services.uploads import parts

pytestmark = pytest.mark.django_db


@pytest.fixture
def capture(stones: Target, alice: Person) -> str:
    """A capture of alice's whose photograph is on the way."""
    return alice.shoots(stones, 0, photo_sha256=sha256(PHOTO), photo_size=len(PHOTO))["id"]


# --- cut off and resumed ----------------------------------------------------------------------------------------------


def test_what_came_of_a_cut_photo_is_kept_and_the_rest_resumes(alice: Person, capture: str, own_files: Path) -> None:
    assert here(sends_cut(alice, capture, 1000)) == (202, 1000, "bytes=0-999")
    answer = asks(alice, capture)
    assert here(answer) == (202, 1000, "bytes=0-999")
    assert answer.json() == {"have": False, "received": 1000, "total": len(PHOTO), "waiting_for": "photo"}
    answer = sends_part(alice, capture, 1000, len(PHOTO))
    assert (answer.status_code, answer.json()["state"]) == (201, "stored")
    assert_stored(capture, own_files)


def test_nothing_is_here_before_the_first_byte(alice: Person, capture: str, own_files: Path) -> None:
    before = footprint(own_files)
    assert here(asks(alice, capture)) == (202, 0, None)
    assert here(asks(alice, capture, "*")) == (202, 0, None)
    assert here(sends_cut(alice, capture, 0)) == (202, 0, None)
    assert footprint(own_files) == before


def test_a_cut_part_counts_as_far_as_it_came(alice: Person, capture: str, own_files: Path) -> None:
    sends_part(alice, capture, 0, HALF)
    assert here(sends_part(alice, capture, HALF, len(PHOTO), arrives=7)) == (202, HALF + 7, f"bytes=0-{HALF + 6}")
    assert sends_part(alice, capture, HALF + 7, len(PHOTO)).status_code == 201
    assert_stored(capture, own_files)


def test_a_part_that_is_here_is_success_again_and_changes_nothing(alice: Person, capture: str, own_files: Path) -> None:
    first = sends_part(alice, capture, 0, HALF)
    before = footprint(own_files)
    for start, end in ((0, HALF), (0, 10), (5, HALF), (HALF - 1, HALF)):
        assert here(sends_part(alice, capture, start, end)) == here(first)
    assert footprint(own_files) == before


def test_parts_may_overlap_and_come_in_any_order(alice: Person, capture: str, own_files: Path) -> None:
    assert here(sends_part(alice, capture, HALF, len(PHOTO))) == (202, 0, None)
    assert here(sends_part(alice, capture, 0, 100))[1] == 100
    assert here(sends_part(alice, capture, 0, 300))[1] == 300
    assert here(sends_part(alice, capture, 200, HALF - 1))[1] == HALF - 1
    assert sends_part(alice, capture, HALF - 50, HALF + 50).status_code == 201
    assert_stored(capture, own_files)


def test_the_whole_at_once_ends_what_was_begun(alice: Person, capture: str, own_files: Path) -> None:
    sends_cut(alice, capture, HALF)
    assert alice.sends_photo(capture, PHOTO).status_code == 201
    assert_stored(capture, own_files)


def test_byte_for_byte_and_no_part_after_the_photo_is_whole(alice: Person, capture: str, own_files: Path) -> None:
    alice.sends_photo(capture, PHOTO)
    before = footprint(own_files)
    for answer in (
        asks(alice, capture), asks(alice, capture, "*"), sends_part(alice, capture, 0, 9), sends_cut(alice, capture, 5),
        sends_part(alice, capture, HALF, len(PHOTO)),
    ):  # fmt: skip
        assert (answer.status_code, answer.json()["photo"]["have"]) == (200, True)
    assert footprint(own_files) == before
    assert_no(sends_part(alice, capture, 0, 9, total=len(PHOTO) + 1), 409, "photo_differs")
    assert_no(asks(alice, capture, HTTP_X_PHOTO_SHA256=sha256("other")), 409, "photo_differs")
    damaged, digest = bytes(len(PHOTO)), {"HTTP_X_PHOTO_SHA256": sha256(PHOTO)}
    assert_no(sends_part(alice, capture, 0, len(PHOTO), damaged, **digest), 422, "digest_differs")
    assert_no(sends_part(alice, capture, 0, len(PHOTO), damaged), 409, "photo_differs")
    assert footprint(own_files) == before


def test_a_part_whose_file_is_gone_is_asked_for_again(alice: Person, capture: str, own_files: Path) -> None:
    sends_part(alice, capture, 0, HALF)
    for path in own_files.rglob("*.part"):
        path.unlink()
    assert here(sends_part(alice, capture, HALF, len(PHOTO))) == (202, 0, None)
    assert alice.sends_photo(capture, PHOTO).status_code == 201
    assert_stored(capture, own_files)


# --- damaged ----------------------------------------------------------------------------------------------------------


def test_a_damaged_part_leaves_nothing_behind_and_the_photo_is_sent_again(
    alice: Person, capture: str, own_files: Path
) -> None:
    sends_part(alice, capture, 0, HALF)
    answer = sends_part(alice, capture, HALF, len(PHOTO), PHOTO[:-1] + b"x")
    assert_no(answer, 422, "digest_differs")
    assert answer.json()["detail"] == "The photo arrived damaged. Send it again."
    assert (files(own_files), PhotoPart.objects.count()) == ([], 0)
    assert Capture.objects.get().state == "awaiting_photo"
    assert sends_part(alice, capture, 0, len(PHOTO)).status_code == 201
    assert_stored(capture, own_files)


@pytest.mark.parametrize("header", ["HTTP_X_PHOTO_SHA256", "HTTP_REPR_DIGEST"])
def test_the_digest_may_come_in_a_header(stones: Target, alice: Person, own_files: Path, header: str) -> None:
    def said(data: bytes) -> dict[str, str]:
        encoded = base64.b64encode(bytes.fromhex(sha256(data))).decode()
        return {header: sha256(data) if "X_" in header else f"sha-512=:AAAA:, sha-256=:{encoded}:"}

    capture = alice.shoots(stones, 0)["id"]
    sends_part(alice, capture, 0, HALF, **said(b"other"))
    assert_no(sends_part(alice, capture, HALF, len(PHOTO)), 422, "digest_differs")
    assert (files(own_files), PhotoPart.objects.count()) == ([], 0)
    sends_part(alice, capture, 0, HALF)
    assert sends_part(alice, capture, HALF, len(PHOTO), **said(PHOTO)).status_code == 201
    assert_stored(capture, own_files)


def test_parts_without_any_digest_are_a_photo_if_it_can_be_read(stones: Target, alice: Person, own_files: Path) -> None:
    capture = alice.shoots(stones, 0)["id"]
    sends_part(alice, capture, 0, HALF)
    damaged = PHOTO[:HALF] + bytes(len(PHOTO) - HALF)
    assert_no(sends_part(alice, capture, HALF, len(PHOTO), damaged), 415, "damaged")
    assert (files(own_files), PhotoPart.objects.count()) == ([], 0)
    sends_part(alice, capture, 0, HALF)
    assert sends_part(alice, capture, HALF, len(PHOTO)).status_code == 201


# --- what cannot be ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("bytes", 400),
        ("bytes 0-9", 400),
        ("bytes 9-0/100", 400),
        ("bytes 0-9/*", 400),
        ("bytes */100", 400),
        ("bytes -9/100", 400),
        ("bytes 0-10/100", 400),
        ("bytes 0-8/100", 400),
        ("items 0-9/100", 400),
        ("bytes 0-9/" + "9" * 40, 400),
        ("bytes ٠-٩/100", 400),
        ("bytes 95-104/100", 416),
        ("bytes 0-9/5", 416),
        ("bytes 0-9/40000001", 413),
    ],
)
def test_a_range_that_cannot_be(alice: Person, capture: str, own_files: Path, said: str, status: int) -> None:
    before = footprint(own_files)
    answer = alice.phone.put(f"{API}captures/{capture}/photo/", b"0123456789", "image/jpeg", HTTP_CONTENT_RANGE=said)
    assert_no(answer, status)
    assert footprint(own_files) == before


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_X_PHOTO_SHA256": "abc"},
        {"HTTP_X_PHOTO_SHA256": "g" * 64},
        {"HTTP_REPR_DIGEST": "sha-256=:abc:"},
        {"HTTP_REPR_DIGEST": "sha-256=:AAAA:"},
        {"HTTP_REPR_DIGEST": f"sha-256=:{'A' * 43}=:", "HTTP_X_PHOTO_SHA256": "1" * 64},
    ],
)
def test_a_digest_that_cannot_be(alice: Person, capture: str, own_files: Path, headers: dict[str, str]) -> None:
    before = footprint(own_files)
    assert_no(sends_part(alice, capture, 0, 10, **headers), 400, "bad_request")
    assert footprint(own_files) == before


def test_how_long_it_is_has_to_be_said(alice: Person, capture: str, own_files: Path) -> None:
    before = footprint(own_files)
    answer = alice.phone.put(f"{API}captures/{capture}/photo/", PHOTO, "image/jpeg", HTTP_TRANSFER_ENCODING="chunked")
    assert_no(answer, 411, "length_required")
    assert footprint(own_files) == before


def test_the_rest_of_another_photo_is_refused_and_its_beginning_begins_anew(
    alice: Person, stones: Target, own_files: Path
) -> None:
    capture, other = alice.shoots(stones, 0)["id"], photo("red", size=(310, 200))
    sends_part(alice, capture, 0, 100, other)
    before = footprint(own_files)
    answer = sends_part(alice, capture, 100, 200)
    assert_no(answer, 409, "upload_differs")
    assert (answer.json()["present"]["received"], answer.json()["present"]["total"]) == (100, len(other))
    assert footprint(own_files) == before
    assert here(sends_part(alice, capture, 0, HALF))[1] == HALF
    assert sends_part(alice, capture, HALF, len(PHOTO)).status_code == 201
    assert_stored(capture, own_files)


def test_another_photo_than_the_one_announced_is_refused_at_its_first_byte(
    alice: Person, capture: str, own_files: Path
) -> None:
    before = footprint(own_files)
    assert_no(sends_part(alice, capture, 0, 9, HTTP_X_PHOTO_SHA256=sha256("other")), 409, "photo_differs")
    assert footprint(own_files) == before


def test_a_photo_in_too_many_pieces_is_sent_whole(
    alice: Person, capture: str, own_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "MOST_OF_ONE", 3)
    for start in (0, 2, 4):
        sends_part(alice, capture, start, start + 1)
    before = footprint(own_files)
    assert_no(sends_part(alice, capture, 6, 7), 413, "too_many_parts")
    assert footprint(own_files) == before
    assert alice.sends_photo(capture, PHOTO).status_code == 201
    assert_stored(capture, own_files)


@pytest.mark.parametrize(("limit", "most"), [("MOST_BYTES", 150), ("MOST_ROWS", 1)])
def test_no_more_waits_than_there_is_room_for(
    alice: Person, bob: Person, own_files: Path, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    monkeypatch.setattr(parts, limit, most)
    assert sends_part(alice, uuid4(), 0, 100).status_code == 202
    before = footprint(own_files)
    assert_no(sends_part(alice, uuid4(), 0, 100), 413, "too_much_waits")
    assert footprint(own_files) == before
    assert sends_part(bob, uuid4(), 0, 100).status_code == 202
