"""Photographs where files are kept in a bucket: sent to us, kept there, and nothing lost while it is away."""

import io
import json
import tarfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from buckets import SECRET, InTheBucket
from django.core.management import call_command
from django.utils import timezone
from ingesting import found as looked_into
from ingesting import look
from stories import Clock, Person, photo, sha256, slots_in
from uploading import HALF, PHOTO, asks, here, sends_cut, sends_part

from capturegraph.models import Capture, Event, Job, PhotoPart, Target
from capturegraph.services import jobs, storage, work
from capturegraph.services.cycles import sweeping
from capturegraph.services.exports import archives
from capturegraph.services.ingest import orphans
from capturegraph.services.safekeeping.auditing import audit
from capturegraph.services.uploads import references

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("s3")]


@pytest.fixture
def capture(bucket: InTheBucket, stones: Target, alice: Person) -> str:
    """A capture of alice's whose photograph is on the way."""
    return alice.shoots(stones, 0, photo_sha256=sha256(PHOTO), photo_size=len(PHOTO))["id"]


def originals(bucket: InTheBucket) -> list[bytes]:
    return [data for name, data in bucket.files().items() if name.startswith("captures/")]


def parts_kept(bucket: InTheBucket) -> int:
    return sum(name.startswith("parts/") for name in bucket.files())


# --- sent to us -------------------------------------------------------------------------------------------------------


def test_a_photo_is_kept_in_the_bucket_as_it_came(bucket: InTheBucket, alice: Person, capture: str) -> None:
    assert alice.sends_photo(capture, PHOTO).status_code == 201
    assert list(bucket.files().values()) == [PHOTO]
    row = Capture.objects.get()
    assert (row.state, row.photo_sha256, list(bucket.files())) == ("stored", sha256(PHOTO), [row.photo.name])
    assert (
        alice.post("captures/manifest/", {"captures": [{"id": capture, "sha256": sha256(PHOTO)}]}).json()["have"] == 1
    )
    answer = alice.get(f"captures/{capture}/photo/")
    assert (b"".join(answer.streaming_content), answer["Content-Length"]) == (PHOTO, str(len(PHOTO)))
    assert answer["Cache-Control"] == "private, no-store"
    small = alice.get(f"captures/{capture}/photo/small/")
    assert (small.status_code, small["Content-Type"]) == (200, "image/webp")
    assert sum(name.startswith("small/") for name in bucket.files()) == 1


def test_parts_lie_in_the_bucket_so_that_any_machine_goes_on(
    bucket: InTheBucket, alice: Person, capture: str, own_files: Path
) -> None:
    assert here(sends_cut(alice, capture, HALF)) == (202, HALF, f"bytes=0-{HALF - 1}")
    assert (parts_kept(bucket), list(own_files.rglob("*.*"))) == (1, [])
    assert here(asks(alice, capture))[1] == HALF
    assert sends_part(alice, capture, HALF, len(PHOTO)).status_code == 201
    assert list(bucket.files().values()) == [PHOTO]


def test_the_rest_of_the_house_reads_and_writes_there(
    bucket: InTheBucket, stones: Target, alice: Person, carol: Person, rita: Person, capture: str
) -> None:
    slot = slots_in(stones, a=0)[0]
    alice.sends_photo(capture, PHOTO)
    assert look(timezone.now()) == [Job.State.DONE]
    assert looked_into(capture).photo_sha256 == sha256(PHOTO)
    assert rita.post(f"captures/{capture}/review/", {"verdict": "accepted"}).status_code == 200
    answer = carol.post(f"slots/{slot.pk}/reference/from-capture/", {"capture": capture})
    assert answer.status_code == 200, answer.content
    assert alice.get(f"slots/{slot.pk}/reference/").status_code == 200
    job = archives.ask(target=stones, by=carol.user, now=timezone.now())
    assert work.do(job_id=job.pk, clock=timezone.now) == Job.State.DONE
    whole = b"".join(carol.get(f"jobs/{job.pk}/file/").streaming_content)
    part = carol.phone.get(f"/api/v1/jobs/{job.pk}/file/", HTTP_RANGE="bytes=100-199")
    assert (part.status_code, b"".join(part.streaming_content)) == (206, whole[100:200])
    mine = b"".join(alice.get("me/export/").streaming_content)
    assert PHOTO in mine
    assert {name.partition("/")[0] for name in bucket.files()} == {"captures", "small", "references", "exports"}
    assert references.sweep_files(now=timezone.now() + timedelta(days=400)) == 0


def test_a_file_of_places_is_brought_in(bucket: InTheBucket, stones: Target, carol: Person) -> None:
    file = io.BytesIO(b"title,lat,lon\none,38.9,-77.0\n")
    file.name = "one.csv"
    answer = carol.phone.post(f"/api/v1/targets/{stones.pk}/batches/", {"file": file})
    assert answer.status_code == 201, answer.content
    assert carol.post(f"batches/{answer.json()['id']}/apply/").status_code == 200
    assert stones.slots.count() == 1


# --- while it is away -------------------------------------------------------------------------------------------------


def test_a_photo_sent_while_the_store_is_away_is_asked_for_again(
    bucket: InTheBucket, alice: Person, capture: str
) -> None:
    sends_cut(alice, capture, HALF)
    bucket.wire.down = True
    for answer in (
        alice.sends_photo(capture, PHOTO), sends_part(alice, capture, HALF, len(PHOTO)),
        sends_cut(alice, capture, HALF + 9),
    ):  # fmt: skip
        assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "files_away", "1")
        assert answer["Content-Type"] == "application/problem+json"
    bucket.wire.mend()
    assert (Capture.objects.get().state, PhotoPart.objects.count()) == ("awaiting_photo", 1)
    assert here(asks(alice, capture))[1] == HALF
    assert sends_part(alice, capture, HALF, len(PHOTO)).status_code == 201
    assert originals(bucket) == [PHOTO]


def test_what_is_safe_is_answered_even_if_its_parts_cannot_be_cleared_away(
    bucket: InTheBucket, alice: Person, capture: str, clock: Clock
) -> None:
    sends_cut(alice, capture, HALF)
    bucket.wire.refuses = "DELETE"
    assert sends_part(alice, capture, HALF, len(PHOTO)).status_code == 201
    assert (originals(bucket), parts_kept(bucket)) == ([PHOTO], 1 + 1)
    bucket.wire.mend()
    clock.forward(days=400)
    sweeping.sweep(now=clock.now)
    assert list(bucket.files().values()) == [PHOTO]


def test_the_words_are_taken_while_the_store_is_away(bucket: InTheBucket, stones: Target, alice: Person) -> None:
    words = alice.words(stones, 0, photo_sha256=sha256(PHOTO))
    capture = "0f9c2f3e-0000-4000-8000-000000000001"
    assert alice.sends_photo(capture, PHOTO).status_code == 202
    bucket.wire.down = True
    assert alice.sends(capture, words).status_code == 201
    bucket.wire.mend()
    answer = asks(alice, capture)
    assert (answer.status_code, answer.json()["state"]) == (201, "stored")
    assert originals(bucket) == [PHOTO]


def test_an_upload_whose_answer_is_lost_leaves_a_file_that_nobody_names(
    bucket: InTheBucket, alice: Person, capture: str, clock: Clock
) -> None:
    bucket.wire.loses_answers_to = "PUT"
    assert alice.sends_photo(capture, PHOTO).status_code == 503
    bucket.wire.mend()
    assert alice.sends_photo(capture, PHOTO).status_code == 201
    assert alice.get(f"captures/{capture}/photo/").status_code == 200
    clock.forward(days=400)
    for names in orphans.found(now=clock.now):
        orphans.delete(names)
    assert originals(bucket) == [PHOTO]


def test_a_photo_that_is_away_is_away_and_not_missing(
    bucket: InTheBucket, stones: Target, alice: Person, carol: Person, capture: str
) -> None:
    slot = slots_in(stones, a=900)[0]
    alice.sends_photo(capture, PHOTO)
    Capture.objects.update(review="accepted")
    bucket.wire.down = True
    assert carol.post(f"slots/{slot.pk}/reference/from-capture/", {"capture": capture}).status_code == 503
    bucket.wire.mend()
    bucket.wire.cut_down_after = 100
    assert carol.post(f"slots/{slot.pk}/reference/from-capture/", {"capture": capture}).status_code == 503
    bucket.wire.mend()
    bucket.wire.down = True
    assert alice.get(f"captures/{capture}/photo/").status_code == 503
    assert alice.get(f"captures/{capture}/photo/small/").status_code == 503
    job = Job.objects.get(kind="ingest")
    # Left to the next worker, and no fault is written down.
    assert work.do(job_id=job.pk, clock=timezone.now) is None
    assert not Event.objects.filter(verb__in=("file missing", "file differs")).exists()
    archives.ask(target=stones, by=carol.user, now=timezone.now())
    Job.objects.filter(kind=archives.ARCHIVE).update(state=Job.State.DONE, ended_at=timezone.now())
    page = carol.desk().get(f"/console/targets/{stones.pk}/data/")
    assert (page.status_code, page["Retry-After"]) == (503, "5")
    bucket.wire.mend()
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert work.do(job_id=job.pk, clock=timezone.now) == Job.State.DONE


def test_the_sweep_goes_on_while_the_store_is_away(bucket: InTheBucket, alice: Person, capture: str) -> None:
    bucket.wire.down = True
    assert sweeping.sweep(now=timezone.now())["parts"] == 0


def test_nothing_of_the_secret_is_logged_or_answered(
    bucket: InTheBucket, alice: Person, capture: str, caplog: pytest.LogCaptureFixture
) -> None:
    bucket.wire.down = True
    answer = alice.sends_photo(capture, PHOTO)
    assert "store of files" in caplog.text
    assert SECRET not in caplog.text + answer.content.decode()
    assert bucket.wire.url not in answer.content.decode()


# --- looked after -----------------------------------------------------------------------------------------------------


def test_the_storage_page_counts_what_is_there(
    bucket: InTheBucket, stones: Target, alice: Person, capture: str, clock: Clock
) -> None:
    alice.sends_photo(capture, PHOTO)
    bucket.gets(f"captures/{stones.pk}/nobody.jpg", b"12345")
    clock.forward(days=400)
    counted = storage.measured(now=clock.now)
    kinds = {one["kind"]: one for one in counted["kinds"]}
    assert (kinds["captures"]["files"], kinds["captures"]["bytes"]) == (2, len(PHOTO) + 5)
    assert counted["orphans"] == [f"captures/{stones.pk}/nobody.jpg"]
    assert [one["name"] for one in counted["targets"]] == ["Boundary stones"]
    assert counted["disk"] is None
    # A thousand files in a question, none by itself.
    assert not [seen for seen in bucket.wire.seen if seen.method == "HEAD" and "nobody" in seen.path]
    bucket.loses(Capture.objects.get().photo.name)
    kinds = {one["kind"]: one for one in storage.measured(now=clock.now)["kinds"]}
    assert kinds["captures"]["missing"] == 1


@pytest.mark.django_db(transaction=True)
def test_the_audit_finds_what_is_missing_different_and_nobody_s(
    bucket: InTheBucket, stones: Target, alice: Person, capture: str, clock: Clock
) -> None:
    alice.sends_photo(capture, PHOTO)
    name = Capture.objects.get().photo.name
    found: Callable[[], list[str]] = lambda: [one.code for one in audit(now=clock.now)]  # noqa: E731
    assert found() == []
    bucket.gets(name, PHOTO[:-1] + b"x")
    assert found() == ["file_sha256"]
    bucket.gets(name, PHOTO[:-1])
    assert found() == ["file_size"]
    bucket.loses(name)
    assert found() == ["file_missing"]
    bucket.gets(name, PHOTO)
    bucket.gets("captures/nobody.jpg", b"1")
    clock.forward(days=400)
    assert found() == ["file_orphan"]


@pytest.mark.django_db(transaction=True)
def test_a_backup_is_made_of_it_and_put_back_into_another_bucket(
    bucket: InTheBucket, settings: Any, stones: Target, alice: Person, capture: str, tmp_path: Path
) -> None:
    alice.sends_photo(capture, PHOTO)
    alice.sends_photo("0f9c2f3e-0000-4000-8000-000000000002", photo("red"))
    kept = bucket.files()
    call_command("backup", str(tmp_path / "all.tar"), stdout=io.StringIO(), stderr=io.StringIO())
    with tarfile.open(tmp_path / "all.tar") as tar:
        inside = {member.name.removeprefix("files/") for member in tar if member.name.startswith("files/")}
    assert inside == set(kept)
    other = InTheBucket(bucket.wire, bucket.name + "-two")
    kept_in = {"BACKEND": "capturegraph.services.uploads.s3.S3Files", "OPTIONS": {"place": other.place}}
    settings.STORAGES = {**settings.STORAGES, "default": kept_in}
    call_command("flush", interactive=False, verbosity=0)
    call_command("restore", str(tmp_path / "all.tar"), stdout=io.StringIO(), stderr=io.StringIO())
    assert other.files() == kept
    assert Capture.objects.get().photo_sha256 == sha256(PHOTO)
    assert [one.code for one in audit(now=timezone.now())] == []
    assert json.loads(alice.get(f"captures/{capture}/").content)["photo"]["have"]


def test_a_job_that_is_known_to_be_done_needs_no_store(bucket: InTheBucket, stones: Target, carol: Person) -> None:
    job = jobs.add(kind=storage.COUNT, target=None, by=carol.user, now=timezone.now())
    assert work.do(job_id=job.pk, clock=timezone.now) == Job.State.DONE
