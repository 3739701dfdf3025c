"""What carol takes away: every list in every format, whole, harmless in a spreadsheet, unchanged when it comes back."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from bringing_in import counts, upload
from django.core.files.storage import default_storage
from stories import Clock, Person, at, photo, sha256, slots_in

from capturegraph.formats import read_table
from capturegraph.models import CandidateSlot, Capture, Target
from capturegraph.services import jobs, work
from capturegraph.services.exports import archives

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]

PLACES = Path(__file__).parents[1] / "data" / "places"
FORMS = ("geojson", "csv", "gpx", "kml")


def taken(who: Person, target: Target, name: str) -> bytes:
    answer = who.get(f"targets/{target.pk}/{name}")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content)


def table(data: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ["boundary-stones-location", "memorials-in-dc", "washington-dc-public-art"])
def test_import_export_import_changes_nothing(stones: Target, carol: Person, name: str, form: str) -> None:
    data = (PLACES / f"{name}.geojson").read_bytes()
    upload(carol, stones, data, "places.geojson", columns='{"external_id": "OBJECTID"}')
    before = list(CandidateSlot.objects.order_by("pk").values())
    again = upload(carol, stones, taken(carol, stones, f"slots.{form}"), f"slots.{form}", mode="replace")
    assert again["counts"] == counts(kept=len(before))
    assert list(CandidateSlot.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("form", FORMS)
def test_everything_about_a_place_comes_back(stones: Target, carol: Person, clock: Clock, form: str) -> None:
    (slot,) = slots_in(stones, a=0)
    CandidateSlot.objects.filter(pk=slot.pk).update(
        title="=cmd()", note="line one\nline <two> & “more”", heading=271.5, priority=7, required_count=3,
        skills=["ladder", "drone"],
        window_from=clock.now, window_until=clock.forward(hours=3),
    )  # fmt: skip
    slot.refresh_from_db()
    read = read_table(taken(carol, stones, f"slots.{form}"), "upload")
    names = ("external_id", "title", "note", "latitude", "longitude", "heading", "priority", "required_count",
             "window_from", "window_until")  # fmt: skip
    assert [row.skills for row in read.rows] == [("ladder", "drone")]
    assert [{name: getattr(row, name) for name in names} for row in read.rows] == [
        {name: getattr(slot, name) for name in names}
    ]


@pytest.mark.parametrize("mode", ["add", "replace"])
@pytest.mark.parametrize("form", FORMS)
def test_places_without_ids_are_the_same_again(
    stones: Target, carol: Person, clock: Clock, form: str, mode: str
) -> None:
    a, b, _ = slots_in(stones, a=0, b=500, c=500)
    CandidateSlot.objects.update(external_id=None)
    CandidateSlot.objects.filter(pk=a.pk).update(heading=271.5, window_from=clock.now)
    CandidateSlot.objects.filter(pk=b.pk).update(title="", note="The south side")
    before = list(CandidateSlot.objects.order_by("pk").values())
    again = upload(carol, stones, taken(carol, stones, f"slots.{form}"), f"slots.{form}", mode=mode)
    assert again["counts"] == counts(kept=3)
    assert list(CandidateSlot.objects.order_by("pk").values()) == before


def test_captures_are_for_who_may_review_and_named(stones: Target, carol: Person, rita: Person, alice: Person) -> None:
    slots_in(stones, a=0)
    alice.asks(stones)
    alice.sends_photo(alice.shoots(stones, 20)["id"])
    assert alice.get(f"targets/{stones.pk}/captures.csv").status_code == 403
    (row,) = table(taken(rita, stones, "captures.csv"))
    assert (row["volunteer"], row["state"], row["review"]) == ("Alice", "stored", "pending")
    assert float(row["longitude"]) == at(20)["longitude"]
    (feature,) = json.loads(taken(carol, stones, "captures.geojson"))["features"]
    assert feature["properties"]["photo_sha256"] == row["photo_sha256"] != ""


def test_assignments_and_events_tell_the_story(stones: Target, carol: Person, alice: Person, clock: Clock) -> None:
    slots_in(stones, a=0, b=500)
    held = alice.asks(stones)["assignment"]
    alice.post(f"assignments/{held['id']}/decline/", {"reason": "unsafe", "note": "=HYPERLINK(1)"})
    clock.forward(minutes=1)
    alice.asks(stones)
    first, second = table(taken(carol, stones, "assignments.csv"))
    assert (first["state"], first["reason"], first["note"]) == ("declined", "unsafe", "'=HYPERLINK(1)")
    assert (second["state"], second["slot_title"]) == ("held", "b")
    told = json.loads(taken(carol, stones, "events.geojson"))["features"]
    assert [one["properties"]["verb"] for one in told if one["properties"]["noun"] == "assignment"] == [
        "claimed", "declined", "claimed",
    ]  # fmt: skip
    claimed = next(one for one in told if one["properties"]["verb"] == "claimed")
    assert claimed["geometry"]["coordinates"] == pytest.approx([at(0)["longitude"], at(0)["latitude"]])


def test_holders_are_named_to_who_sees_people(stones: Target, carol: Person, alice: Person, bob: Person) -> None:
    slots_in(stones, a=0)
    alice.asks(stones)
    named: Callable[[Person], Any] = lambda who: table(taken(who, stones, "slots.csv"))[0]  # noqa: E731
    assert (named(carol)["held"], named(carol)["held_by"]) == ("yes", "Alice")
    assert (named(bob)["held"], named(bob)["held_by"]) == ("yes", "")


def test_it_is_saved_under_the_target_s_name(stones: Target, carol: Person) -> None:
    answer = carol.get(f"targets/{stones.pk}/slots.kml")
    assert answer["Content-Disposition"] == 'attachment; filename="boundary-stones-slots.kml"'
    assert answer["Content-Type"] == "application/vnd.google-earth.kml+xml"


# --- everything -------------------------------------------------------------------------------------------------------


def archived(carol: Person, target: Target, clock: Clock) -> dict[str, Any]:
    asked = carol.post(f"targets/{target.pk}/archive/", {"operation_id": str(uuid4())})
    assert asked.status_code == 202
    assert carol.get(f"jobs/{asked.json()['id']}/file/").status_code == 404
    assert work.do(job_id=UUID(asked.json()["id"]), clock=lambda: clock.now) == "done"
    job: dict[str, Any] = carol.get(f"jobs/{asked.json()['id']}/").json()
    return job


def test_the_archive_holds_everything_and_says_how_to_check_it(
    stones: Target, carol: Person, alice: Person, clock: Clock, own_files: Path
) -> None:
    slots_in(stones, a=0, b=500)
    alice.asks(stones)
    capture = alice.shoots(stones, 20)["id"]
    alice.sends_photo(capture, sent := photo())
    job = archived(carol, stones, clock)
    assert (job["state"], job["result"]["photos"], job["result"]["missing"]) == ("done", 1, [])
    answer = carol.get(f"jobs/{job['id']}/file/")
    assert answer["Content-Disposition"] == 'attachment; filename="boundary-stones.zip"'
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        assert archive.testzip() is None
        assert archive.read(f"photos/{capture}.jpg") == sent
        sums = dict(reversed(line.split("  ")) for line in archive.read("SHA256SUMS").decode().splitlines())
        assert set(sums) == set(archive.namelist()) - {"SHA256SUMS"}
        for name, digest in sums.items():
            assert sha256(archive.read(name)) == digest
        assert len(read_table(archive.read("slots.csv"), "slots.csv").rows) == 2
        assert b"Boundary stones" in archive.read("README.txt")


def test_a_photo_that_is_gone_is_named(stones: Target, carol: Person, alice: Person, clock: Clock) -> None:
    slots_in(stones, a=0)
    capture = alice.shoots(stones, 20)["id"]
    alice.sends_photo(capture)
    kept = Capture.objects.get().photo
    kept.storage.delete(kept.name)
    assert archived(carol, stones, clock)["result"]["missing"] == [capture]


def test_a_download_that_broke_off_goes_on(stones: Target, carol: Person, clock: Clock) -> None:
    job = archived(carol, stones, clock)
    whole = b"".join(carol.get(f"jobs/{job['id']}/file/").streaming_content)
    for asked, expected in (
        ("bytes=10-19", whole[10:20]), ("bytes=100-", whole[100:]), ("bytes=-7", whole[-7:]),
        ("bytes=0-999999999", whole),
    ):  # fmt: skip
        answer = carol.phone.get(f"/api/v1/jobs/{job['id']}/file/", headers={"range": asked})
        assert answer.status_code == 206
        assert b"".join(answer.streaming_content) == expected
        assert answer["Content-Range"].endswith(f"/{len(whole)}")
        assert int(answer["Content-Length"]) == len(expected)
    for asked in ("bytes=5-3", f"bytes={len(whole)}-", "bytes=999999999999999-"):
        assert carol.phone.get(f"/api/v1/jobs/{job['id']}/file/", headers={"range": asked}).status_code == 416
    for asked in ("lines=1-2", "bytes=-", "bytes=1-2,5-6"):
        assert carol.phone.get(f"/api/v1/jobs/{job['id']}/file/", headers={"range": asked}).status_code == 200
    other = {"range": "bytes=10-19", "if-range": '"another"'}
    assert carol.phone.get(f"/api/v1/jobs/{job['id']}/file/", headers=other).status_code == 200


def test_old_archives_are_removed(stones: Target, carol: Person, clock: Clock) -> None:
    job = archived(carol, stones, clock)
    assert archives.forget(before=clock.now, limit=10) == 0
    assert archives.forget(before=clock.forward(days=8), limit=10) == 1
    assert not default_storage.exists(job["result"]["file"])
    assert carol.get(f"jobs/{job['id']}/").status_code == 404


def test_a_second_worker_makes_it_anew(stones: Target, carol: Person, clock: Clock) -> None:
    """The first one died after it had kept the file, before it said so."""
    asked = carol.post(f"targets/{stones.pk}/archive/").json()
    held = jobs.claim(job_id=UUID(asked["id"]), clock=lambda: clock.now)
    assert held is not None
    archives.make(held)
    clock.forward(minutes=5)
    assert work.do(job_id=UUID(asked["id"]), clock=lambda: clock.now) == "done"
    names = default_storage.listdir(archives.FOLDER)[1]
    assert names == [f"{asked['id']}.zip"]
    with pytest.raises(jobs.Stopped):
        archives.make(held)
