"""Photographs that come before their words, many senders at once, and parts whose rest never comes."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from race import at_once
from stories import API, Clock, Person, footprint, photo, sha256, slots_in
from uploading import HALF, PHOTO, asks, assert_stored, files, here, sends_cut, sends_part
from world import assert_no

from capturegraph.models import Capture, Event, PhotoPart, Target, User
from capturegraph.services.cycles import sweeping
from capturegraph.services.refusals import Busy, NotAuthenticated
from capturegraph.services.uploads import keeping, parts

pytestmark = pytest.mark.django_db


@pytest.fixture
def capture(stones: Target, alice: Person) -> str:
    """A capture of alice's whose photograph is on the way."""
    return alice.shoots(stones, 0, photo_sha256=sha256(PHOTO), photo_size=len(PHOTO))["id"]


# --- before the words -------------------------------------------------------------------------------------------------


def test_a_photo_before_its_words_waits_for_them(stones: Target, alice: Person, own_files: Path) -> None:
    slots_in(stones, a=0)
    capture = uuid4()
    answer = alice.sends_photo(capture, PHOTO)
    assert here(answer) == (202, len(PHOTO), f"bytes=0-{len(PHOTO) - 1}")
    assert (answer.json()["have"], answer.json()["waiting_for"]) == (False, "words")
    assert alice.get(f"captures/{capture}/").status_code == 404
    receipt = alice.sends(capture, alice.words(stones, 0, photo_sha256=sha256(PHOTO)))
    assert (receipt.status_code, receipt.json()["state"], receipt.json()["photo"]["have"]) == (201, "stored", True)
    assert [one["title"] for one in receipt.json()["verdict"]["also"]] == ["a"]
    assert alice.sends_photo(capture, PHOTO).status_code == 200
    assert_stored(capture, own_files)


def test_half_a_photo_before_its_words_and_half_after(stones: Target, alice: Person, own_files: Path) -> None:
    capture = uuid4()
    assert sends_part(alice, capture, 0, HALF).json()["waiting_for"] == "photo"
    assert alice.sends(capture, alice.words(stones, 0)).json()["state"] == "awaiting_photo"
    assert sends_part(alice, capture, HALF, len(PHOTO)).status_code == 201
    assert_stored(capture, own_files)


def test_a_photo_that_waits_and_is_not_the_one_announced_is_dropped(
    stones: Target, alice: Person, own_files: Path
) -> None:
    capture = uuid4()
    alice.sends_photo(capture, photo("red"))
    receipt = alice.sends(capture, alice.words(stones, 0, photo_sha256=sha256(PHOTO)))
    assert (receipt.status_code, receipt.json()["state"]) == (201, "awaiting_photo")
    assert (files(own_files), PhotoPart.objects.count()) == ([], 0)
    assert alice.sends_photo(capture, PHOTO).status_code == 201


def test_a_damaged_photo_does_not_even_wait(alice: Person, own_files: Path) -> None:
    capture, digest = uuid4(), {"HTTP_X_PHOTO_SHA256": sha256("other")}
    answer = alice.phone.put(f"{API}captures/{capture}/photo/", PHOTO, "image/jpeg", **digest)
    assert_no(answer, 422, "digest_differs")
    assert (files(own_files), PhotoPart.objects.count()) == ([], 0)


def test_another_volunteer_s_bytes_never_mix_and_teach_nothing(
    stones: Target, alice: Person, bob: Person, own_files: Path
) -> None:
    capture = uuid4()
    alice.sends(capture, alice.words(stones, 0, photo_sha256=sha256(PHOTO)))
    sends_part(alice, capture, 0, HALF)
    assert here(asks(bob, capture)) == (202, 0, None)
    assert here(sends_part(bob, capture, HALF, len(PHOTO))) == (202, 0, None)
    assert here(sends_part(bob, capture, 0, 50, bytes(len(PHOTO)))) == (202, 50, "bytes=0-49")
    assert here(asks(alice, capture))[1] == HALF
    assert sends_part(alice, capture, HALF, len(PHOTO)).status_code == 201
    assert [path.read_bytes() for path in own_files.rglob("*.jpg")] == [PHOTO]
    assert set(PhotoPart.objects.values_list("volunteer", flat=True)) == {bob.user.pk}
    assert_no(bob.sends(capture, bob.words(stones, 0)), 409, "capture_id_taken")


def test_bytes_of_somebody_who_was_merged_or_shut_out_meanwhile(
    alice: Person, bob: Person, clock: Clock, own_files: Path
) -> None:
    def keep() -> None:
        stretch = parts.Stretch(size=9, total=99)
        parts.keep(
            capture_id=uuid4(), stretch=stretch, file=io.BytesIO(bytes(9)), arrived=9, by=alice.user, now=clock.now
        )  # fmt: skip

    for change, refusal in (
        ({"merged_into": bob.user}, Busy),
        ({"merged_into": None, "is_active": False}, NotAuthenticated),
    ):
        User.objects.filter(pk=alice.user.pk).update(**change)
        before = footprint(own_files)
        with pytest.raises(refusal):
            keep()
        assert footprint(own_files) == before


# --- many at once -----------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("start", [0, HALF], ids=["whole", "the rest"])
def test_sent_twice_at_once_there_is_one_file(
    stones: Target, alice: Person, capture: str, own_files: Path, start: int
) -> None:
    sends_cut(alice, capture, HALF)
    answers = at_once([lambda: sends_part(alice, capture, start, len(PHOTO))] * 4)
    assert {answer.status_code for answer in answers} <= {200, 201}
    assert [answer.status_code for answer in answers].count(201) == 1
    assert Event.objects.filter(verb="stored").count() == 1
    assert_stored(capture, own_files)


@pytest.mark.django_db(transaction=True)
def test_words_and_the_last_part_at_once_miss_each_other_never(stones: Target, alice: Person, own_files: Path) -> None:
    for _round in range(5):
        capture, words = uuid4(), alice.words(stones, 0, photo_sha256=sha256(PHOTO))
        sends_part(alice, capture, 0, HALF)
        said, sent = at_once(
            [lambda: alice.sends(capture, words), lambda: sends_part(alice, capture, HALF, len(PHOTO))]  # noqa: B023
        )
        assert (said.status_code, sent.status_code in (200, 201, 202)) == (201, True)
        assert Capture.objects.get(pk=capture).state == "stored"
    assert len(files(own_files)) == 5
    assert PhotoPart.objects.count() == 0


def test_a_part_that_comes_as_the_photo_becomes_whole_is_not_kept(
    alice: Person, capture: str, own_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile(monkeypatch, lambda: alice.sends_photo(capture, PHOTO))
    assert sends_part(alice, capture, 0, HALF).status_code == 200
    assert_stored(capture, own_files)


def test_words_that_come_as_the_last_part_does_get_their_photo(
    stones: Target, alice: Person, own_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = uuid4()
    sends_part(alice, capture, 0, HALF)
    meanwhile(monkeypatch, lambda: alice.sends(capture, alice.words(stones, 0, photo_sha256=sha256(PHOTO))))
    assert sends_part(alice, capture, HALF, len(PHOTO)).status_code == 201
    assert_stored(capture, own_files)


def meanwhile(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], Any]) -> None:
    """Let something happen while the next part is written to the disk."""
    save = keeping.save

    def interrupted(name: str, file: Any) -> str:
        monkeypatch.setattr(keeping, "save", save)
        happens()
        return save(name, file)

    monkeypatch.setattr(keeping, "save", interrupted)


# --- what stays -------------------------------------------------------------------------------------------------------


def test_parts_whose_rest_never_comes_go_after_14_days(
    alice: Person, capture: str, own_files: Path, clock: Clock
) -> None:
    other = uuid4()
    sends_part(alice, capture, 0, 100)
    sends_part(alice, other, 0, 100)
    clock.forward(days=10)
    sends_part(alice, other, 100, 200)
    clock.forward(days=4, seconds=-1)
    assert sweeping.sweep(now=clock.now)["parts"] == 0
    clock.forward(seconds=1)
    # Of the other one, something came ten days ago only: all of it stays.
    assert sweeping.sweep(now=clock.now)["parts"] == 1
    assert (here(asks(alice, capture))[1], here(asks(alice, other))[1]) == (0, 200)
    assert len(files(own_files)) == 2


def test_a_file_of_a_part_that_no_row_knows_goes_too(
    alice: Person, capture: str, own_files: Path, clock: Clock
) -> None:
    sends_part(alice, capture, 0, 100)
    (kept,) = own_files.rglob("*.part")
    for age, name in ((15, "old.part"), (13, "young.part"), (15, kept.name)):
        path = own_files / "parts" / name
        path.write_bytes(path.read_bytes() if path.exists() else b"x")
        os.utime(path, (clock.now.timestamp() - age * 86400,) * 2)
    assert sweeping.sweep(now=clock.now)["parts"] == 1
    assert {path.name for path in own_files.rglob("*.part")} == {"young.part", kept.name}


def test_every_part_is_written_down(alice: Person, capture: str) -> None:
    sends_part(alice, capture, 0, HALF)
    kept: Any = Event.objects.get(noun="photo_part", verb="kept")
    assert (str(kept.row_id), kept.data) == (capture, {"start": 0, "size": HALF, "total": len(PHOTO)})
    sends_part(alice, capture, HALF, len(PHOTO))
    assert Event.objects.filter(noun="photo_part", verb="dropped").count() == 2
