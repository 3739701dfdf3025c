"""What the files take up: counted by a job, with orphans and missing files by name, and nothing is deleted by it."""

import os
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from stories import Clock, Person, photo, slots_in

from capturegraph.models import CandidateSlot, Capture, Job, Target
from capturegraph.services import storage, work
from capturegraph.services.uploads.small_photos import open_small

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]


@pytest.fixture
def filled(stones: Target, alice: Person, clock: Clock) -> Target:
    """Two photographs, one of which somebody has looked at, and a reference that one of the places has."""
    slots_in(stones, oak=0, elm=900)
    for east, colour in ((5, "olive"), (905, "navy")):
        capture = alice.shoots(stones, east)
        assert alice.sends_photo(capture["id"], photo(colour)).status_code in (200, 201)
    open_small(capture=Capture.objects.first()).close()
    name = default_storage.save(f"references/{stones.pk}/one.webp", ContentFile(b"x" * 100))
    CandidateSlot.objects.filter(title="oak").update(reference=name)
    return stones


def left_lying(name: str, size: int, clock: Clock, *, days: float) -> None:
    """A file that no row names, so many days old."""
    default_storage.save(name, ContentFile(b"x" * size))
    written = clock.now.timestamp() - 86_400 * days
    os.utime(default_storage.path(name), (written, written))


def kinds(found: dict[str, object]) -> dict[str, dict[str, int]]:
    return {one["kind"]: one for one in found["kinds"]}  # type: ignore[attr-defined]


def test_every_file_is_counted_by_kind_and_by_target(filled: Target, own_files: Path, clock: Clock) -> None:
    found = storage.measured(now=clock.now)
    on_disk = [path for path in own_files.rglob("*") if path.is_file()]
    counted = kinds(found)
    assert {name: one["files"] for name, one in counted.items() if one["files"]} == {
        "captures": 2, "small": 1, "references": 1,
    }  # fmt: skip
    assert sum(one["files"] for one in counted.values()) == len(on_disk)
    assert sum(one["bytes"] for one in counted.values()) == sum(path.stat().st_size for path in on_disk)
    assert [(one["name"], one["bytes"]) for one in found["targets"]] == [
        ("Boundary stones", sum(path.stat().st_size for path in on_disk))
    ]
    assert (found["orphans"], found["missing"]) == ([], [])


def test_orphans_and_missing_files_are_named(filled: Target, clock: Clock) -> None:
    gone = Capture.objects.order_by("pk").first()
    default_storage.delete(gone.photo.name)
    left_lying(f"captures/{filled.pk}/left.jpg", 50, clock, days=2)
    left_lying(f"captures/{filled.pk}/just-written.jpg", 60, clock, days=0.5)
    left_lying("elsewhere/of-somebody-else.bin", 70, clock, days=9)
    found = storage.measured(now=clock.now)
    assert found["missing"] == [gone.photo.name]
    assert found["orphans"] == [f"captures/{filled.pk}/left.jpg"]
    counted = kinds(found)
    assert (counted["captures"]["orphans"], counted["captures"]["orphan_bytes"]) == (1, 50)
    assert counted["captures"]["missing"] == 1
    assert counted["elsewhere"]["bytes"] == 70
    # A small copy is made when it is asked for: that there is none is no fault.
    assert counted["small"]["missing"] == 0
    assert default_storage.exists(f"captures/{filled.pk}/left.jpg")


def test_the_page_counts_by_a_job_and_shows_when_it_was(filled: Target, max_: Person, clock: Clock) -> None:
    office = max_.desk()
    page = "/admin/storage/"
    assert "have not been counted yet" in office.get(page).content.decode()
    for _twice in range(2):
        assert office.post(page, {"what": "count"}).status_code == 302
    job = Job.objects.get(kind="count_storage")
    assert "Waiting for its turn" in office.get(page).content.decode()
    assert work.do(job_id=job.pk, clock=lambda: clock.now) == "done"
    left_lying(f"captures/{filled.pk}/left.jpg", 50, clock, days=2)
    shown = office.get(page).content.decode()
    assert "Every row has its file." in shown
    # What was counted is what is shown, with its time, until it is counted again.
    assert "As of 2026-06-01 09:00:00 (UTC)" in shown
    assert "left.jpg" not in shown
    clock.forward(minutes=5)
    office.post(page, {"what": "count"})
    again = Job.objects.get(kind="count_storage", state="waiting")
    assert work.do(job_id=again.pk, clock=lambda: clock.now) == "done"
    shown = office.get(page).content.decode()
    assert "As of 2026-06-01 09:05:00 (UTC)" in shown
    assert f"captures/{filled.pk}/left.jpg" in shown


def test_counting_is_stopped(filled: Target, max_: Person) -> None:
    office = max_.desk()
    office.post("/admin/storage/", {"what": "count"})
    office.post("/admin/storage/", {"what": "stop"})
    assert Job.objects.get(kind="count_storage").state == "cancelled"


def test_only_the_site_admin_sees_it(stones: Target, alice: Person, carol: Person, zoe: Person) -> None:
    for desk in (alice.desk(), carol.desk(), zoe.desk()):
        assert desk.get("/admin/storage/").status_code == 302
        assert desk.post("/admin/storage/", {"what": "count"}).status_code == 302
    assert not Job.objects.exists()
