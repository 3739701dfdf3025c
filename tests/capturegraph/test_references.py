"""Reference photographs: set, shown, replaced, taken from a capture, removed; and small copies of captures' photos."""

import io
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base
from stories import API, Clock, Person, photo, sha256, slots_in, zipped
from world import assert_no

from capturegraph.models import CandidateSlot, Event, Target
from capturegraph.photos import archives
from capturegraph.services.refusals import NotFound
from capturegraph.services.uploads import references

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]

STILL = Path(__file__).resolve().parent.parent / "data" / "photos" / "still.heic"


def telling(size: tuple[int, int] = (3000, 1800), turned: int = 6) -> bytes:
    """A photograph of two halves that lies on its side, and says who took it with what, and where."""
    exif = Image.Exif()
    exif[Base.Orientation], exif[Base.Artist], exif[Base.Model] = turned, "Alice Doe", "PhoneMaker 12"
    exif.get_ifd(IFD.GPSInfo).update({GPS.GPSLatitudeRef: "N", GPS.GPSLatitude: (38.0, 53.0, 42.0)})
    picture = Image.new("RGB", size, "olive")
    picture.paste("navy", (0, 0, size[0] // 2, size[1]))
    file = io.BytesIO()
    picture.save(file, "JPEG", exif=exif, comment=b"a secret note")
    return file.getvalue()


def sets(person: Person, slot: CandidateSlot, data: bytes, kind: str = "image/jpeg") -> HttpResponse:
    return person.phone.put(f"{API}slots/{slot.pk}/reference/", data, content_type=kind)


def sends_zip(person: Person, target: Target, data: bytes, **fields: Any) -> HttpResponse:
    file = SimpleUploadedFile("references.zip", data)
    return person.phone.post(f"{API}targets/{target.pk}/references/", {"file": file, **fields})


def shown(person: Person, address: str, **headers: str) -> HttpResponse:
    return person.phone.get(address, headers={"Authorization": f"Bearer {person.token}", **headers})


def bytes_of(answer: HttpResponse) -> bytes:
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content)


def files_in(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# --- set and shown ----------------------------------------------------------------------------------------------------


def test_it_is_kept_upright_small_and_says_nothing(stones: Target, alice: Person, carol: Person) -> None:
    (slot,) = slots_in(stones, a=0)
    answer = sets(carol, slot, telling())
    assert answer.status_code == 200, answer.content
    address = answer.json()["reference"]
    assert alice.asks(stones)["slot"]["reference"] == address
    # The repeated request goes another way through the database.
    assert alice.asks(stones)["slot"]["reference"] == address
    data = bytes_of(shown(alice, address))
    for said in (b"Alice", b"PhoneMaker", b"secret", b"Exif", b"GPS"):
        assert said not in data
    picture = Image.open(io.BytesIO(data))
    assert (picture.format, picture.size) == ("WEBP", (960, 1600))
    assert not picture.getexif()
    # It lay on its left side: what was on the left is on top.
    top, bottom = picture.convert("RGB").getpixel((480, 100)), picture.convert("RGB").getpixel((480, 1500))
    assert top[2] > 100 > top[0]
    assert bottom[0] > 100 > bottom[2]


def test_a_slot_without_one_says_so(stones: Target, alice: Person) -> None:
    (slot,) = slots_in(stones, a=0)
    assert alice.asks(stones)["slot"]["reference"] is None
    assert_no(alice.get(f"slots/{slot.pk}/reference/"), 404, "not_found")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_it_is_not_made_larger(stones: Target, carol: Person, kind: str) -> None:
    (slot,) = slots_in(stones, a=0)
    address = sets(carol, slot, photo(kind=kind, size=(40, 30))).json()["reference"]
    assert Image.open(io.BytesIO(bytes_of(shown(carol, address)))).size == (40, 30)


def test_a_heic_becomes_something_that_every_browser_shows(stones: Target, carol: Person) -> None:
    (slot,) = slots_in(stones, a=0)
    address = sets(carol, slot, STILL.read_bytes(), "image/heic").json()["reference"]
    assert Image.open(io.BytesIO(bytes_of(shown(carol, address)))).format == "WEBP"


def test_a_browser_may_keep_it_and_nothing_on_the_way_may(stones: Target, alice: Person, carol: Person) -> None:
    (slot,) = slots_in(stones, a=0)
    address = sets(carol, slot, photo()).json()["reference"]
    answer = shown(alice, address)
    assert answer["Content-Type"] == "image/webp"
    assert answer["Cache-Control"].startswith("private, max-age=")
    assert "Authorization" in answer["Vary"]
    bytes_of(answer)
    again = shown(alice, address, **{"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    # An address that does not say which one it means may mean another one tomorrow.
    whatever = shown(alice, address.partition("?")[0])
    assert whatever["Cache-Control"] == "private, no-cache"
    bytes_of(whatever)


def test_another_one_has_another_address_and_the_old_file_goes(
    stones: Target, carol: Person, own_files: Path, clock: Clock
) -> None:
    (slot,) = slots_in(stones, a=0)
    first = sets(carol, slot, photo("olive")).json()["reference"]
    clock.forward(minutes=1)
    second = sets(carol, slot, photo("navy")).json()["reference"]
    assert first != second
    slot.refresh_from_db()
    assert files_in(own_files) == [slot.reference]
    assert slot.updated_at == clock.now
    answer = shown(carol, second)
    bytes_of(answer)
    assert answer["ETag"].strip('"') in slot.reference


def test_the_same_one_again_changes_nothing(stones: Target, carol: Person, own_files: Path, clock: Clock) -> None:
    (slot,) = slots_in(stones, a=0)
    first = sets(carol, slot, photo()).json()["reference"]
    before = Event.objects.count(), files_in(own_files)
    clock.forward(minutes=1)
    assert sets(carol, slot, photo()).json()["reference"] == first
    assert (Event.objects.count(), files_in(own_files)) == before
    slot.refresh_from_db()
    assert slot.updated_at < clock.now


def test_it_is_removed_with_its_file_and_a_repeat_is_success(stones: Target, carol: Person, own_files: Path) -> None:
    (slot,) = slots_in(stones, a=0)
    sets(carol, slot, photo())
    for _repeat in range(2):
        assert carol.phone.delete(f"{API}slots/{slot.pk}/reference/").status_code == 204
    assert files_in(own_files) == []
    assert_no(carol.get(f"slots/{slot.pk}/reference/"), 404)
    assert [event.data["how"] for event in Event.objects.filter(verb="reference changed")] == ["uploaded", "removed"]


# --- who --------------------------------------------------------------------------------------------------------------


def test_only_members_see_it_and_only_coordinators_set_it(
    stones: Target, alice: Person, rita: Person, zoe: Person, carol: Person
) -> None:
    (slot,) = slots_in(stones, a=0)
    address = sets(carol, slot, photo()).json()["reference"]
    assert_no(shown(zoe, address), 404)
    bytes_of(shown(rita, address))
    for person in (alice, rita):
        assert_no(sets(person, slot, photo("navy")), 403, "forbidden")
        assert_no(person.phone.delete(f"{API}slots/{slot.pk}/reference/"), 403, "forbidden")
    assert_no(sets(zoe, slot, photo("navy")), 404)
    alice.user.memberships.update(removed_at=stones.updated_at)
    assert_no(shown(alice, address), 404)
    desk = carol.desk()
    assert b"".join(desk.get(address).streaming_content)


# --- what is no picture -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 415, "empty"),
        (b"GIF89a" + bytes(40), 415, "wrong_type"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "not_an_image"),
        (photo(size=(400, 300))[:600], 415, "damaged"),
        (b"\xff\xd8\xff" + bytes(41_000_000), 413, "too_large"),
    ],
    ids=["empty", "gif", "svg", "cut", "large"],
)
def test_what_is_no_picture_is_refused_and_the_old_one_stays(
    stones: Target, carol: Person, own_files: Path, data: bytes, status: int, code: str
) -> None:
    (slot,) = slots_in(stones, a=0)
    sets(carol, slot, photo())
    before = files_in(own_files)
    assert_no(sets(carol, slot, data), status, code)
    slot.refresh_from_db()
    assert files_in(own_files) == before == [slot.reference]


def test_no_slot_no_file(carol: Person, own_files: Path) -> None:
    assert_no(carol.phone.put(f"{API}slots/{uuid4()}/reference/", photo(), content_type="image/jpeg"), 404)
    assert files_in(own_files) == []


def test_a_file_that_no_slot_names_is_swept_after_a_day(
    stones: Target, carol: Person, own_files: Path, clock: Clock
) -> None:
    (slot,) = slots_in(stones, a=0)
    sets(carol, slot, photo())
    slot.refresh_from_db()
    lost = own_files / "references" / str(stones.pk) / f"{uuid4()}-0123456789abcdef-01234567.webp"
    lost.write_bytes(photo())
    written = clock.now.fromtimestamp(lost.stat().st_mtime, clock.now.tzinfo)
    assert references.sweep_files(now=written + timedelta(hours=23)) == 0
    assert references.sweep_files(now=written + timedelta(hours=25)) == 1
    assert references.sweep_files(now=written + timedelta(hours=25)) == 0
    assert files_in(own_files) == [slot.reference]


# --- from a capture ---------------------------------------------------------------------------------------------------


def shoots(person: Person, target: Target, data: bytes | None = None) -> str:
    capture: str = person.shoots(target, 0)["id"]
    assert person.sends_photo(capture, data).status_code == 201
    return capture


def takes_from(person: Person, slot: CandidateSlot, capture: object) -> HttpResponse:
    return person.post(f"slots/{slot.pk}/reference/from-capture/", {"capture": str(capture)})


def test_an_accepted_capture_becomes_a_reference(
    stones: Target, alice: Person, rita: Person, carol: Person, own_files: Path
) -> None:
    (slot,) = slots_in(stones, a=0)
    capture = shoots(alice, stones, telling())
    assert_no(takes_from(carol, slot, capture), 409, "not_accepted")
    rita.post(f"captures/{capture}/review/", {"verdict": "accepted"})
    answer = takes_from(carol, slot, capture)
    assert answer.status_code == 200, answer.content
    data = bytes_of(shown(alice, answer.json()["reference"]))
    assert Image.open(io.BytesIO(data)).size == (960, 1600)
    assert b"Alice" not in data
    # The capture keeps its own file, whatever becomes of the slot's.
    carol.phone.delete(f"{API}slots/{slot.pk}/reference/")
    assert len(files_in(own_files)) == 1
    rita.post(f"captures/{capture}/review/", {"verdict": "rejected"})
    assert_no(takes_from(carol, slot, capture), 409, "not_accepted")


def test_a_capture_that_is_rejected_while_it_is_made_small_is_not_taken(
    stones: Target, alice: Person, rita: Person, carol: Person, own_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (slot,) = slots_in(stones, a=0)
    capture = shoots(alice, stones)
    rita.post(f"captures/{capture}/review/", {"verdict": "accepted"})
    make = references.made_of

    def slowly(file: BinaryIO) -> references.Made:
        rita.post(f"captures/{capture}/review/", {"verdict": "rejected"})
        return make(file)

    monkeypatch.setattr(references, "made_of", slowly)
    assert_no(takes_from(carol, slot, capture), 409, "not_accepted")
    assert len(files_in(own_files)) == 1
    slot.refresh_from_db()
    assert slot.reference == ""


def test_of_several_all_are_kept_or_none(stones: Target, carol: Person, own_files: Path, clock: Clock) -> None:
    (slot,) = slots_in(stones, a=0)
    made = references.made_of(io.BytesIO(photo()))
    pictures = [(slot.pk, made), (uuid4(), made)]
    with pytest.raises(NotFound):
        references.set_several(target=stones, pictures=pictures, by=carol.user, now=clock.now)
    assert files_in(own_files) == []
    slot.refresh_from_db()
    assert slot.reference == ""


def test_a_capture_of_elsewhere_or_without_its_photo_is_none(
    stones: Target, alice: Person, rita: Person, carol: Person
) -> None:
    (slot,) = slots_in(stones, a=0)
    bare = alice.shoots(stones, 0)["id"]
    rita.post(f"captures/{bare}/review/", {"verdict": "accepted"})
    assert_no(takes_from(carol, slot, bare), 400, "invalid", "capture")
    assert_no(takes_from(carol, slot, uuid4()), 400, "invalid", "capture")
    elsewhere = Target.objects.create(name="Elsewhere")
    alice.joins(elsewhere, "volunteer")
    rita.joins(elsewhere, "reviewer")
    foreign = shoots(alice, elsewhere)
    assert rita.post(f"captures/{foreign}/review/", {"verdict": "accepted"}).status_code == 200
    assert_no(takes_from(carol, slot, foreign), 400, "invalid", "capture")


# --- several at once --------------------------------------------------------------------------------------------------


def test_a_zip_sets_several_by_their_external_ids(stones: Target, carol: Person, own_files: Path) -> None:
    slots_in(stones, a=0, b=100, c=200)
    files = {"a.jpg": photo("olive"), "in a folder/b.png": photo("navy", "PNG"), "__MACOSX/._a.jpg": b"junk"}
    answer = sends_zip(carol, stones, zipped(files))
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert sorted(slot["external_id"] for slot in body["slots"]) == ["a", "b"]
    assert body["skipped"] == []
    kept = set(CandidateSlot.objects.exclude(reference="").values_list("reference", flat=True))
    assert set(files_in(own_files)) == kept
    assert len(kept) == 2


BAD = {"a.jpg": photo(), "nobody.jpg": photo(), "b.jpg": b"no photo", "folder/a.png": photo("navy", "PNG")}


def test_a_zip_with_bad_files_changes_nothing_and_names_them(stones: Target, carol: Person, own_files: Path) -> None:
    slots_in(stones, a=0, b=100)
    answer = sends_zip(carol, stones, zipped(BAD))
    assert_no(answer, 422, "bad_files")
    assert {error["field"] for error in answer.json()["errors"]} == {"nobody.jpg", "b.jpg", "folder/a.png"}
    assert files_in(own_files) == []
    assert not CandidateSlot.objects.exclude(reference="").exists()


def test_a_zip_with_bad_files_may_set_the_good_ones(stones: Target, carol: Person) -> None:
    slots_in(stones, a=0, b=100)
    body = sends_zip(carol, stones, zipped(BAD), skip_bad_files="true").json()
    assert [slot["external_id"] for slot in body["slots"]] == ["a"]
    assert {one["name"] for one in body["skipped"]} == {"nobody.jpg", "b.jpg", "folder/a.png"}


def test_zips_that_are_none_or_too_much(
    stones: Target, carol: Person, own_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots_in(stones, a=0)
    assert_no(sends_zip(carol, stones, b"not a zip"), 415, "not_a_zip")
    assert_no(sends_zip(carol, stones, b""), 415, "not_a_zip")
    assert_no(sends_zip(carol, stones, zipped({})), 400, "invalid", "file")
    assert_no(sends_zip(carol, stones, zipped({"a.jpg": photo()})[:-30]), 415, "not_a_zip")
    # 20 MB of noughts take 20 kB: what is unpacked is summed before anything is.
    monkeypatch.setattr(archives, "MOST_UNPACKED", 10_000_000)
    assert_no(sends_zip(carol, stones, zipped({"a.jpg": bytes(20_000_000)})), 413, "too_large")
    monkeypatch.setattr(archives, "MOST_FILES", 2)
    assert_no(sends_zip(carol, stones, zipped({f"{n}.jpg": b"" for n in range(3)})), 413, "too_many_files")
    assert files_in(own_files) == []


def test_a_zip_that_declares_less_than_it_holds_gives_no_more(stones: Target, carol: Person) -> None:
    slots_in(stones, a=0)
    packed = bytearray(zipped({"a.jpg": photo() + bytes(5_000_000)}))
    size = (len(photo()) + 5_000_000).to_bytes(4, "little")
    assert packed.count(size) == 2
    lied = bytes(packed).replace(size, (100).to_bytes(4, "little"))
    answer = sends_zip(carol, stones, lied)
    assert_no(answer, 422, "bad_files")
    assert "unpacked" in answer.json()["errors"][0]["reason"]


# --- small copies of captures -----------------------------------------------------------------------------------------


def test_a_volunteer_sees_their_own_photo_small(
    stones: Target, alice: Person, bob: Person, rita: Person, own_files: Path
) -> None:
    slots_in(stones, a=0)
    capture = shoots(alice, stones, telling())
    address = f"{API}captures/{capture}/photo/small/"
    answer = shown(alice, address)
    assert answer["Cache-Control"].startswith("private")
    data = bytes_of(answer)
    picture = Image.open(io.BytesIO(data))
    assert (picture.format, picture.size) == ("WEBP", (614, 1024))
    assert b"Alice" not in data
    assert len(files_in(own_files)) == 2
    assert sha256(bytes_of(shown(rita, address))) == sha256(data)
    assert len(files_in(own_files)) == 2
    assert shown(alice, address, **{"If-None-Match": answer["ETag"]}).status_code == 304
    assert_no(shown(bob, address), 404)


def test_a_photo_that_is_not_here_has_no_small_copy(stones: Target, alice: Person, own_files: Path) -> None:
    slots_in(stones, a=0)
    capture = alice.shoots(stones, 0)["id"]
    assert_no(alice.get(f"captures/{capture}/photo/small/"), 404)
    refused = uuid4()
    data = b"no photo at all"
    alice.sends(refused, alice.words(stones, 0, photo_sha256=sha256(data)))
    alice.sends_photo(refused, data)
    answer = alice.get(f"captures/{refused}/photo/small/")
    assert_no(answer, 404)
    assert "cannot be read" in answer.json()["detail"]
    assert not (own_files / "small").exists()
