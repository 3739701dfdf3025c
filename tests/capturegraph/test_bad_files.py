"""Photographs, forms and files of places that are none: a clear no, and nothing left behind."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from stories import API, Person, footprint, photo
from world import World, assert_no

from capturegraph.models import CandidateSlot, Target

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]


# --- captures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "extra",
    [
        {"x": "y" * 20_000},
        {f"field {number}": 1 for number in range(5_000)},
        {"deep": json.loads("[" * 200 + "]" * 200)},
    ],
    ids=["long", "many", "deep"],
)
def test_more_unknown_words_than_anybody_needs(stones: Target, alice: Person, own_files: Path, extra: Any) -> None:
    before = footprint(own_files)
    assert_no(alice.sends(uuid4(), {**alice.words(stones, 0), **extra}), 400)
    assert footprint(own_files) == before


def test_a_foreign_target_is_not_there(world: World, own_files: Path) -> None:
    alice, there, before = world.people["alice"], world.memorials, footprint(own_files)
    assert_no(alice.sends(uuid4(), alice.words(there.target, 0)), 404, "not_found")
    assert_no(
        alice.sends(uuid4(), alice.words(world.stones.target, 0, assignment=there.assignment)), 400, None, "assignment"
    )
    assert_no(alice.post(f"targets/{there.target.pk}/request-slot/"), 404, "not_found")
    assert footprint(own_files) == before


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"", 415),
        (b"not a photo", 415),
        (b"GIF89a", 415),
        (photo()[:60], 415),
        (b"<svg onload='x'/>", 415),
        (b"%PDF-1.7", 415),
    ],
)
def test_what_is_not_a_photo(stones: Target, alice: Person, own_files: Path, data: bytes, status: int) -> None:
    capture = alice.shoots(stones, 0)["id"]
    before = footprint(own_files)
    assert_no(alice.sends_photo(capture, data), status)
    assert footprint(own_files) == before
    assert alice.sends_photo(capture).status_code == 201


def test_a_photo_that_is_too_large(stones: Target, alice: Person, own_files: Path, settings: Any) -> None:
    settings.MAX_PHOTO_BYTES = len(photo()) - 1
    capture = alice.shoots(stones, 0)["id"]
    before = footprint(own_files)
    assert_no(alice.sends_photo(capture), 413, "too_large")
    assert footprint(own_files) == before


def forms(who: Person, path: str, values: dict[str, Any]) -> Iterator[HttpResponse]:
    """Send a form from a phone, and from a desk, where Django has read it before our parser does."""
    for client in (who.phone, who.desk()):
        for value in values.values():
            if isinstance(value, SimpleUploadedFile):
                value.seek(0)
        yield client.post(API + path, values)


def upload(name: str = "photo.jpg", data: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, photo() if data is None else data)


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"id": "x"}, 400),
        ({"id": ""}, 400),
        ({"photo": "text and no file"}, 400),
        ({"latitude": "nan", "longitude": "0"}, 400),
        ({"latitude": "91", "longitude": "0"}, 400),
        ({"latitude": "38.9"}, 400),
        ({"note": "a\0b"}, 400),
        ({"a\0b": "note"}, 400),
        ({"photo_sha256": "a\0b"}, 400),
        ({"note": "x" * 20_000}, 400),
        ({"note": "x" * 2_000_000}, 413),
        ({f"field {number}": "1" for number in range(300)}, 400),
        ({"another": SimpleUploadedFile("other.jpg", b"12")}, 400),
    ],
    ids=lambda value: "",
)
def test_a_form_that_cannot_be(world: World, own_files: Path, values: dict[str, Any], status: int) -> None:
    alice, before = world.people["alice"], footprint(own_files)
    fields = {"id": str(uuid4()), "target": str(world.stones.target.pk), "taken_at": "2026-06-01T09:00:00Z"}
    for answer in forms(alice, "captures/", {**fields, "photo": upload(), **values}):
        assert_no(answer, status)
    assert footprint(own_files) == before


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data"),
        (b"", "multipart/form-data; boundary="),
        (b"nonsense", "multipart/form-data; boundary=x"),
        (b'--x\r\nContent-Disposition: form-data; name="id"\r\n\r\n', "multipart/form-data; boundary=x"),
        (b"--x\r\n\r\n", "multipart/form-data; boundary=" + "x" * 300),
        (b"{}", "application/json"),
    ],
)
def test_something_that_is_no_form(world: World, own_files: Path, body: bytes, kind: str) -> None:
    before = footprint(own_files)
    max_ = world.people["max"]
    for path in ("captures/", f"targets/{world.stones.target.pk}/batches/"):
        assert_no(max_.phone.generic("POST", API + path, body, content_type=kind))
    assert footprint(own_files) == before


# --- files of places --------------------------------------------------------------------------------------------------

FILES = {
    "nothing": b"",
    "only a BOM": b"\xef\xbb\xbf",
    "no rows": b"title,lat,lon\n",
    "no rows, with a BOM": b"\xef\xbb\xbftitle,lat,lon\r\n",
    "no columns of a place": b"a,b\n1,2\n",
    "NULs": b"title,lat,lon\na\0b,1,2\n",
    "not a place": b"title,lat,lon\na,91,2\n",
    "not a number": b"title,lat,lon\na,NaN,2\n",
    "infinity": b"title,lat,lon\na,1e9999,2\n",
    "a huge title": b"title,lat,lon\n" + b"a" * 1_000_000 + b",1,2\n",
    "a workbook": b"PK\x03\x04 and so on",
    "JSON of something": b'{"a": 1}',
    "deep JSON": b'{"type": "FeatureCollection", "features": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "half a character": b'{"type": "Feature", "properties": {"name": "\\ud800"}, "geometry": null}',
    "JSON without end": b'{"type": "FeatureCollection", "features": [',
}


@pytest.mark.parametrize("what", FILES)
def test_a_file_that_holds_no_places(world: World, own_files: Path, what: str) -> None:
    before = footprint(own_files)
    file = upload("places.csv" if b"{" not in FILES[what] else "places.geojson", FILES[what])
    for answer in forms(world.people["max"], f"targets/{world.stones.target.pk}/batches/", {"file": file}):
        assert_no(answer, 400)
    assert footprint(own_files) == before


def test_a_file_that_begins_with_a_bom_is_a_file(stones: Target, max_: Person) -> None:
    file = upload("places.csv", "\ufefftitle,lat,lon\nwell,1,2\n".encode())
    assert max_.phone.post(f"{API}targets/{stones.pk}/batches/", {"file": file}).status_code == 201
    assert CandidateSlot.objects.get().title == "well"


@pytest.mark.parametrize(
    "values",
    [
        {"mode": "destroy"},
        {"dry_run": "maybe"},
        {"operation_id": "x"},
        {"columns": "{"},
        {"columns": "[]"},
        {"columns": '{"title": 5}'},
        {"columns": '{"height": "a"}'},
        {"columns": '{"title": "no such column"}'},
        {"columns": '{"title": "a\\u0000b"}'},
        {"columns": '{"title": "\\ud800"}'},
        {"columns": '{"ti\\u0000tle": "a"}'},
        {"columns": '{"title": NaN}'},
        {"columns": "[" * 100_000},
        {"columns": '{"a":' * 50_000 + "1" + "}" * 50_000},
        {"surprise": "1"},
        {"mode": "a\0dd"},
        {"file": "text and no file"},
        {"another": SimpleUploadedFile("other.csv", b"title,lat,lon\nx,1,2\n")},
    ],
    ids=lambda values: next(iter(values.items()))[1][:20] if isinstance(next(iter(values.values())), str) else "file",
)
def test_an_upload_that_cannot_be(world: World, own_files: Path, values: dict[str, Any]) -> None:
    before = footprint(own_files)
    fields = {"file": upload("places.csv", b"title,lat,lon\nwell,1,2\n"), **values}
    for answer in forms(world.people["max"], f"targets/{world.stones.target.pk}/batches/", fields):
        assert_no(answer, 400)
    assert footprint(own_files) == before


def test_a_file_that_is_too_large(world: World, own_files: Path, settings: Any) -> None:
    settings.MAX_BATCH_BYTES = 20
    before = footprint(own_files)
    file = upload("places.csv", b"title,lat,lon\nwell,1,2\n")
    for answer in forms(world.people["max"], f"targets/{world.stones.target.pk}/batches/", {"file": file}):
        assert_no(answer, 413, "too_large")
    assert footprint(own_files) == before


@pytest.mark.parametrize("name", ["../../etc/passwd", "a" * 400 + ".csv", "na\u202eme.csv", "name\r\nX: y.csv"])
def test_a_file_s_name_is_only_a_name(stones: Target, max_: Person, own_files: Path, name: str) -> None:
    file = upload(name, b"title,lat,lon\nwell,1,2\n")
    answer = max_.phone.post(f"{API}targets/{stones.pk}/batches/", {"file": file})
    assert answer.status_code in (201, 400), answer.content
    assert all(path.is_relative_to(own_files) and name not in str(path) for path in own_files.rglob("*"))
