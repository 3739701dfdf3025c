"""Photographs that cannot be read, kept for rescue; full disks; forms that break off; what the file itself says."""

import errno
import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.test.client import encode_multipart
from PIL import Image, PngImagePlugin
from PIL.ExifTags import GPS, IFD, Base
from stories import API, Clock, Person, footprint, photo, place, sha256, slots_in
from world import assert_no

from capturegraph.models import CandidateSlot, Capture, Event, Match, PhotoPart, Target
from capturegraph.photos import inspect
from capturegraph.services.cycles import sweeping
from capturegraph.services.matches import judging

pytestmark = pytest.mark.django_db

TORN = photo(size=(300, 200))[:900]
BAD = {"torn": (TORN, "damaged", ".jpg"), "a video": (b"\0\0\0\x18ftypmp42" + bytes(99), "wrong_type", ".bin")}


def announced(who: Person, stones: Target, data: bytes, **words: Any) -> str:
    return who.shoots(stones, 0, photo_sha256=sha256(data), photo_size=len(data), **words)["id"]


def media(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


# --- kept for rescue --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", BAD)
def test_a_photo_that_cannot_be_read_is_kept_for_rescue(
    stones: Target, alice: Person, own_files: Path, what: str
) -> None:
    data, code, suffix = BAD[what]
    capture = announced(alice, stones, data)
    first = alice.sends_photo(capture, data)
    assert_no(first, 415, code)
    row = Capture.objects.get()
    assert (row.state, row.photo_sha256, row.photo_size, row.photo_at) == (
        "refused", sha256(data), len(data), row.received_at,
    )  # fmt: skip
    assert [(path.read_bytes(), path.suffix) for path in media(own_files)] == [(data, suffix)]
    assert row.photo_type == ("image/jpeg" if suffix == ".jpg" else "application/octet-stream")
    (told,) = alice.post("captures/manifest/", {"captures": [{"id": capture, "sha256": sha256(data)}]}).json()[
        "results"
    ]
    assert (told["status"], told["received"]) == ("refused", len(data))
    assert Event.objects.get(verb="refused").data["code"] == code


def test_the_same_refusal_every_time(stones: Target, alice: Person, own_files: Path) -> None:
    capture = announced(alice, stones, TORN)
    first = alice.sends_photo(capture, TORN)
    before = footprint(own_files)
    url, kind = f"{API}captures/{capture}/photo/", "image/jpeg"
    for again in (
        alice.sends_photo(capture, TORN),
        alice.phone.put(url, b"", kind, HTTP_CONTENT_RANGE=f"bytes */{len(TORN)}"),
        alice.phone.put(url, TORN[5:9], kind, HTTP_CONTENT_RANGE=f"bytes 5-8/{len(TORN)}"),
    ):
        assert (again.status_code, again.content) == (first.status_code, first.content)
    assert footprint(own_files) == before


def test_in_parts_or_before_its_words_it_is_kept_all_the_same(stones: Target, alice: Person, own_files: Path) -> None:
    capture = uuid4()
    assert alice.sends_photo(capture, TORN).status_code == 202
    receipt = alice.sends(capture, alice.words(stones, 0, photo_sha256=sha256(TORN)))
    assert (receipt.status_code, receipt.json()["state"], receipt.json()["photo"]["have"]) == (201, "refused", False)
    assert ([path.read_bytes() for path in media(own_files)], PhotoPart.objects.count()) == ([TORN], 0)
    assert_no(alice.sends_photo(capture, TORN), 415, "damaged")


def test_a_form_with_it_is_refused_and_it_is_kept(stones: Target, alice: Person, own_files: Path) -> None:
    words = {name: str(value) for name, value in alice.words(stones, 0).items()}
    for _time in range(2):
        form = {"id": str(words.setdefault("id", str(uuid4()))), **words, "photo_sha256": sha256(TORN)}
        answer = alice.phone.post(API + "captures/", {**form, "photo": SimpleUploadedFile("photo.jpg", TORN)})
        assert_no(answer, 415, "damaged")
        assert (Capture.objects.get().state, len(media(own_files))) == ("refused", 1)


def test_it_counts_for_nothing_and_the_slot_is_open_again(
    stones: Target, alice: Person, bob: Person, clock: Clock
) -> None:
    slots_in(stones, a=0)
    capture = announced(alice, stones, TORN, assignment=alice.asks(stones)["assignment"]["id"])
    assert bob.gets(stones) == "all_done"
    verdict = alice.get(f"captures/{capture}/").json()["verdict"]
    alice.sends_photo(capture, TORN)
    row = Capture.objects.get()
    assert (row.counts, row.unusable_reason, Match.objects.get().active) == (False, "refused_photo", False)
    assert judging.why_unusable(row, stones, clock.now) == "refused_photo"
    assert (CandidateSlot.objects.get().state, bob.gets(stones)) == ("waiting", "a")
    assert alice.get(f"captures/{capture}/").json()["verdict"] == verdict
    clock.forward(days=2)
    assert sweeping.sweep(now=clock.now)["photo_less"] == 0
    assert Capture.objects.get().unusable_reason == "refused_photo"


def test_another_photo_cannot_take_its_place(stones: Target, alice: Person, own_files: Path) -> None:
    capture = announced(alice, stones, TORN)
    alice.sends_photo(capture, TORN)
    before = footprint(own_files)
    assert_no(alice.sends_photo(capture, photo()), 409, "photo_differs")
    assert footprint(own_files) == before


def test_who_may_rescue_it(
    stones: Target, alice: Person, bob: Person, carol: Person, rita: Person, zoe: Person, max_: Person
) -> None:
    capture = announced(alice, stones, TORN)
    alice.sends_photo(capture, TORN)
    for who in (alice, carol, rita, max_):
        shown = who.get(f"captures/{capture}/photo/")
        assert (b"".join(shown.streaming_content), shown["Content-Type"]) == (TORN, "application/octet-stream")
        assert shown["Content-Disposition"].startswith("attachment")
    for who in (bob, zoe):
        assert who.get(f"captures/{capture}/photo/").status_code == 404
    assert Client().get(f"{API}captures/{capture}/photo/").status_code == 401


def test_what_was_not_announced_or_was_damaged_is_not_kept(stones: Target, alice: Person, own_files: Path) -> None:
    plain, other = alice.shoots(stones, 0)["id"], announced(alice, stones, photo())
    before = footprint(own_files)
    assert_no(alice.sends_photo(plain, TORN), 415, "damaged")
    assert_no(alice.sends_photo(other, TORN), 422, "digest_differs")
    assert footprint(own_files) == before
    assert alice.sends_photo(plain).status_code == alice.sends_photo(other).status_code == 201


def test_a_photo_whose_file_is_gone_is_not_there(stones: Target, alice: Person, own_files: Path) -> None:
    capture = announced(alice, stones, photo())
    alice.sends_photo(capture)
    for path in media(own_files):
        path.unlink()
    assert_no(alice.get(f"captures/{capture}/photo/"), 404, "not_found")


# --- no room ----------------------------------------------------------------------------------------------------------


def half(number: int) -> Callable[..., str]:
    """A disk on which the first bytes of every file still fit."""

    def save(self: FileSystemStorage, name: str, content: Any) -> str:
        path = Path(self.path(name))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.read(10))
        raise OSError(number, "no")

    return save


def fails(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, "no")


def assert_no_room(answer: HttpResponse) -> None:
    assert (answer.status_code, answer["Content-Type"]) == (507, "application/problem+json")
    assert answer.json()["code"] == "no_room"
    assert answer.json()["detail"] == "The server's disk is full. Keep your copy, and send it again later."


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_said_and_leaves_nothing_behind(
    stones: Target, alice: Person, own_files: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    capture, waits, torn = announced(alice, stones, photo()), uuid4(), announced(alice, stones, TORN)
    before = footprint(own_files)
    with monkeypatch.context() as full:
        full.setattr(FileSystemStorage, "_save", half(number))
        assert_no_room(alice.sends_photo(capture))
        assert_no_room(alice.sends_photo(waits))
        assert_no_room(alice.sends_photo(torn, TORN))
    assert footprint(own_files) == before
    # The words wait, and all goes well once there is room.
    assert Capture.objects.get(pk=capture).state == "awaiting_photo"
    assert (alice.sends_photo(capture).status_code, alice.sends_photo(waits).status_code) == (201, 202)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_words_are_taken_though_the_photo_that_waits_for_them_finds_no_room(
    stones: Target, alice: Person, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    capture, words = uuid4(), alice.words(stones, 0, photo_sha256=sha256(photo()))
    alice.sends_photo(capture)
    with monkeypatch.context() as full:
        full.setattr(FileSystemStorage, "_save", half(number))
        receipt = alice.sends(capture, words)
    assert (receipt.status_code, receipt.json()["state"]) == (201, "awaiting_photo")
    assert PhotoPart.objects.count() == 1
    asked = alice.phone.put(f"{API}captures/{capture}/photo/", b"", "image/jpeg", HTTP_CONTENT_RANGE="bytes */*")
    assert (asked.status_code, asked.json()["state"]) == (201, "stored")


def test_a_body_that_finds_no_room_is_said_too(
    stones: Target, alice: Person, own_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = announced(alice, stones, photo())
    before = footprint(own_files)
    for where in (
        "capturegraph.services.uploads.keeping.tempfile.TemporaryFile",
        "django.core.files.uploadhandler.BytesIO",
    ):
        with monkeypatch.context() as full:
            full.setattr(where, fails)
            form = {"id": uuid4(), "target": stones.pk, "taken_at": "2026-06-01T09:00:00Z"}
            if "django" in where:
                answer = alice.phone.post(API + "captures/", {**form, "photo": SimpleUploadedFile("p.jpg", photo())})
            else:
                answer = alice.sends_photo(capture)
        assert_no_room(answer)
    assert footprint(own_files) == before


def test_whatever_else_fails_leaves_no_file_behind(
    stones: Target, alice: Person, own_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = announced(alice, stones, photo())

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr("capturegraph.services.uploads.photographs.matching.count_again", fail)
    with pytest.raises(RuntimeError):
        alice.sends_photo(capture)
    assert (media(own_files), Capture.objects.get().state) == ([], "awaiting_photo")


# --- forms that break off ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("gone", [1, 30, 60, 200])
def test_a_form_that_breaks_off_is_not_taken(stones: Target, alice: Person, own_files: Path, gone: int) -> None:
    """Its last value would be half of one: a heading of 18 for 180."""
    fields = {
        "photo": SimpleUploadedFile("photo.jpg", photo()), "id": str(uuid4()), "target": str(stones.pk),
        "taken_at": "2026-06-01T09:00:00Z", "heading": "180",
    }  # fmt: skip
    body = encode_multipart("line", fields)
    before = footprint(own_files)
    answer = alice.phone.generic(
        "POST",
        API + "captures/",
        body,
        "multipart/form-data; boundary=line",
        **{"wsgi.input": io.BytesIO(body[:-gone])},
    )
    assert_no(answer, 400)
    assert footprint(own_files) == before


class Broken(io.BytesIO):
    """A connection that ends in an error, as it does behind some servers, where others just end."""

    def read(self, size: int | None = -1) -> bytes:
        chunk = super().read(size)
        if not chunk:
            raise OSError("the other side has gone")
        return chunk


def test_a_connection_that_ends_in_an_error_is_one_that_ends(stones: Target, alice: Person, own_files: Path) -> None:
    capture, form = announced(alice, stones, photo()), encode_multipart("line", {"photo": "x"})
    before = footprint(own_files)
    for method, path, body, kind in (
        ("PUT", f"captures/{uuid4()}/", b'{"target": "1"}', "application/json"),
        ("POST", "captures/", form, "multipart/form-data; boundary=line"),
    ):
        came = {"CONTENT_LENGTH": str(len(body)), "wsgi.input": Broken(body[:10])}
        assert_no(alice.phone.generic(method, API + path, body, kind, **came), 400, "bad_request")
    assert footprint(own_files) == before
    came = {"CONTENT_LENGTH": str(len(photo())), "wsgi.input": Broken(photo()[:100])}
    answer = alice.phone.put(f"{API}captures/{capture}/photo/", photo(), "image/jpeg", **came)
    assert (answer.status_code, answer.json()["received"]) == (202, 100)


# --- what the file itself says ----------------------------------------------------------------------------------------


def dms(value: float) -> tuple[float, float, float]:
    minutes = abs(value) % 1 * 60
    return float(int(abs(value))), float(int(minutes)), round(minutes % 1 * 60, 6)


def exif_at(latitude: float, longitude: float, *, offset: str | None = "+02:00") -> Image.Exif:
    exif = Image.Exif()
    exif[IFD.GPSInfo] = {
        GPS.GPSLatitudeRef: "N" if latitude >= 0 else "S", GPS.GPSLatitude: dms(latitude),
        GPS.GPSLongitudeRef: "E" if longitude >= 0 else "W", GPS.GPSLongitude: dms(longitude),
        GPS.GPSDateStamp: "2026:05:30", GPS.GPSTimeStamp: (8.0, 15.0, 0.0),
    }  # fmt: skip
    clock = {Base.DateTimeOriginal: "2026:05:30 10:30:00"}
    exif[IFD.Exif] = {**clock, Base.OffsetTimeOriginal: offset} if offset else clock
    return exif


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_place_and_time_of_the_file(kind: str) -> None:
    for latitude, longitude in ((38.9, -77.03), (-33.85, 151.2)):
        facts = inspect(io.BytesIO(photo(kind=kind, exif=exif_at(latitude, longitude))))
        assert (facts.latitude, facts.longitude) == (pytest.approx(latitude), pytest.approx(longitude))
        assert facts.taken_at == datetime(2026, 5, 30, 8, 30, tzinfo=UTC)
    satellite = inspect(io.BytesIO(photo(kind=kind, exif=exif_at(1, 2, offset=None))))
    assert satellite.taken_at == datetime(2026, 5, 30, 8, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    "gps",
    [
        {}, {GPS.GPSLatitude: (1.0, 2.0, 3.0), GPS.GPSLatitudeRef: "N"},
        *[
            {GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: latitude, GPS.GPSLongitudeRef: "E", GPS.GPSLongitude: longitude}
            for latitude, longitude in [
                ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)), ((91.0, 0.0, 0.0), (0.0, 0.0, 0.0)),
                ((1.0, 0.0, 0.0), (181.0, 0.0, 0.0)), ((1.0, 0.0), (1.0, 0.0)),
            ]
        ],
        {GPS.GPSLatitudeRef: "X", GPS.GPSLatitude: (1.0,) * 3, GPS.GPSLongitudeRef: "E", GPS.GPSLongitude: (1.0,) * 3},
        {GPS.GPSDateStamp: "2026:99:99", GPS.GPSTimeStamp: (99.0, 99.0, 99.0)},
    ],
    ids=lambda value: "",
)  # fmt: skip
def test_a_place_that_cannot_be_is_none(gps: dict[int, Any]) -> None:
    exif = Image.Exif()
    exif[IFD.GPSInfo], exif[IFD.Exif] = gps, {Base.DateTimeOriginal: "yesterday", Base.OffsetTimeOriginal: "+99:99"}
    facts = inspect(io.BytesIO(photo(exif=exif)))
    assert (facts.latitude, facts.longitude, facts.taken_at) == (None, None, None)


def test_exif_that_is_nonsense_is_none() -> None:
    file, info = io.BytesIO(), PngImagePlugin.PngInfo()
    info.add(b"eXIf", b"MM\0*" + b"\xff" * 60)
    Image.new("RGB", (4, 4)).save(file, "PNG", pnginfo=info)
    assert inspect(file).latitude is None


def test_a_picture_from_the_library_gets_its_place_from_the_file_and_closes_nothing(
    stones: Target, alice: Person
) -> None:
    slots_in(stones, a=0)
    latitude, longitude = place(3)
    data = photo(exif=exif_at(latitude, longitude))
    capture = alice.shoots(stones, None, from_library=True)["id"]
    assert Capture.objects.get().unusable_reason == "no_position"
    verdict = alice.sends_photo(capture, data).json()["verdict"]
    row = Capture.objects.get()
    assert (row.latitude, row.longitude) == (pytest.approx(latitude), pytest.approx(longitude))
    assert (row.counts, row.unusable_reason, verdict["reason"]) == (False, "from_library", "no_position")
    assert CandidateSlot.objects.get().state == "waiting"


def test_one_that_a_reviewer_has_accepted_counts_once_its_place_is_known(stones: Target, alice: Person) -> None:
    slots_in(stones, a=0)
    capture = alice.shoots(stones, None, from_library=True)["id"]
    Capture.objects.update(review="accepted")
    alice.sends_photo(capture, photo(exif=exif_at(*place(3))))
    row = Capture.objects.get()
    assert (row.counts, row.unusable_reason, CandidateSlot.objects.get().state) == (True, "", "fulfilled")


def test_what_the_phone_said_is_never_written_over(stones: Target, alice: Person) -> None:
    data = photo(exif=exif_at(*place(400)))
    for words in ({}, {"from_library": True}):
        alice.sends_photo(announced(alice, stones, data, **words), data)
    nowhere = alice.shoots(stones, None, photo_sha256=sha256(data))["id"]
    alice.sends_photo(nowhere, data)
    assert set(Capture.objects.values_list("latitude", "longitude")) == {place(0), (None, None)}
    # How far the two are apart is written down for reviewers.
    told = [event.data.get("exif_off_m") for event in Event.objects.filter(verb="stored").order_by("pk")]
    assert told == [pytest.approx(400, abs=0.2), pytest.approx(400, abs=0.2), None]
