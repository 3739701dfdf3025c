"""Photographs on their way straight into the store: while it is away, abandoned, and by two requests at once."""

import itertools
from typing import Any

import pytest
from buckets import InTheBucket, puts
from putting import LARGE, PART, assert_away, assert_stored, begins, completes, missing, puts_all
from stories import Clock, Person, sha256
from world import assert_no

from capturegraph.models import DirectUpload, Event, Job, Target
from capturegraph.services.cycles import sweeping
from capturegraph.services.people import erasing
from capturegraph.services.uploads import direct, photographs

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("s3")]


@pytest.fixture
def capture(bucket: InTheBucket, stones: Target, alice: Person) -> str:
    """A capture of alice's whose large photograph is on the way."""
    return alice.shoots(stones, 0, photo_sha256=sha256(LARGE), photo_size=len(LARGE))["id"]


# --- while it is away -------------------------------------------------------------------------------------------------


def test_a_store_that_is_away_loses_nothing(bucket: InTheBucket, alice: Person, capture: str) -> None:
    bucket.wire.down = True
    assert_away(begins(alice, capture))
    bucket.wire.mend()
    puts_all(begins(alice, capture))
    bucket.wire.down = True
    assert_away(completes(alice, capture))
    assert_away(begins(alice, capture))
    bucket.wire.mend()
    bucket.wire.cut_down_after = PART
    assert_away(completes(alice, capture))
    bucket.wire.mend()
    assert completes(alice, capture).status_code == 201
    assert_stored(bucket, capture)


def test_a_photo_that_cannot_be_kept_now_is_completed_later(bucket: InTheBucket, alice: Person, capture: str) -> None:
    puts_all(begins(alice, capture))
    bucket.wire.refuses = "PUT"
    assert_away(completes(alice, capture))
    bucket.wire.mend()
    assert completes(alice, capture).status_code == 201
    assert_stored(bucket, capture)


def test_what_cannot_be_cleared_away_is_left_to_the_sweep(
    bucket: InTheBucket, alice: Person, capture: str, clock: Clock
) -> None:
    puts_all(begins(alice, capture))
    bucket.wire.refuses = "DELETE"
    assert completes(alice, capture).status_code == 201
    assert len(bucket.files()) == 2
    assert sweeping.sweep(now=clock.now)["direct_uploads"] == 0
    bucket.wire.mend()
    assert sweeping.sweep(now=clock.now)["direct_uploads"] == 1
    assert_stored(bucket, capture)


# --- abandoned --------------------------------------------------------------------------------------------------------


def test_one_that_is_abandoned_is_aborted_by_the_sweep_and_counted(
    bucket: InTheBucket, stones: Target, alice: Person, capture: str, clock: Clock
) -> None:
    puts(begins(alice, capture).json()["parts"][0]["url"], LARGE[:PART])
    clock.forward(days=13)
    begins(alice, alice.shoots(stones, 0)["id"])
    assert sweeping.sweep(now=clock.now)["direct_uploads"] == 0
    clock.forward(days=1, minutes=1)
    assert sweeping.sweep(now=clock.now)["direct_uploads"] == 1
    assert len(bucket.under_way()) == 1
    assert Event.objects.get(verb="direct upload dropped").data == {"size": len(LARGE), "why": "it never came"}
    assert_no(completes(alice, capture), 409, "not_begun")
    # Nor is the capture lost: its photograph may come to this day.
    puts_all(begins(alice, capture))
    assert completes(alice, capture).status_code == 201


def test_one_that_the_store_gave_up_begins_anew(bucket: InTheBucket, alice: Person, capture: str) -> None:
    puts_all(begins(alice, capture))
    upload = DirectUpload.objects.get()
    key = f"some/where/{upload.name}"
    bucket.client.abort_multipart_upload(Bucket=bucket.name, Key=key, UploadId=upload.parts)
    assert_no(completes(alice, capture), 409, "not_begun")
    again = begins(alice, capture)
    assert missing(again) == [1, 2, 3]
    puts_all(again)
    assert completes(alice, capture).status_code == 201
    assert_stored(bucket, capture)


def test_whoever_erases_themselves_leaves_nothing_on_the_way(
    bucket: InTheBucket, alice: Person, capture: str, clock: Clock
) -> None:
    puts(begins(alice, capture).json()["parts"][0]["url"], LARGE[:PART])
    erasing.erase(user=alice.user, confirm="Alice", now=clock.now)
    assert sweeping.sweep(now=clock.now)["direct_uploads"] == 1
    assert (bucket.under_way(), bucket.files(), DirectUpload.objects.count()) == ([], {}, 0)


# --- at the same time -------------------------------------------------------------------------------------------------


def test_somebody_else_completes_while_it_is_read(
    bucket: InTheBucket, alice: Person, capture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another request with the same photograph is through, and has cleared all away, before this one opens the file."""
    puts_all(begins(alice, capture))
    fetch, times = direct.keeping.fetch, itertools.count()

    def slow(name: str, file: Any) -> int:
        if not next(times):
            assert completes(alice, capture).status_code == 201
        return fetch(name, file)

    monkeypatch.setattr(direct.keeping, "fetch", slow)
    assert completes(alice, capture).status_code == 200
    assert_stored(bucket, capture)


def test_somebody_else_stores_it_while_it_is_read(
    bucket: InTheBucket, alice: Person, capture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    puts_all(begins(alice, capture))
    receive, times = photographs.receive_photo, itertools.count()

    def slow(**said: Any) -> Any:
        if next(times) == 1:
            assert alice.sends_photo(capture, LARGE).status_code == 201
        return receive(**said)

    monkeypatch.setattr(direct.photographs, "receive_photo", slow)
    assert completes(alice, capture).status_code == 200
    assert_stored(bucket, capture)
    assert Job.objects.filter(kind="ingest").count() == 1
