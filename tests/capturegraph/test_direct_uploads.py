"""Photographs that phones put straight into the store: parts at signed addresses, and the server's word in the end."""

from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from buckets import InTheBucket, puts
from putting import LARGE, PART, assert_away, assert_stored, begins, completes, missing, puts_all
from stories import Clock, Person, footprint, photo, sha256
from uploading import PHOTO as SMALL
from uploading import sends_part
from world import assert_no

from capturegraph.models import Capture, DirectUpload, Event, Job, Target
from capturegraph.services.cycles import sweeping
from capturegraph.services.uploads import direct, parts

pytestmark = [pytest.mark.django_db, pytest.mark.xdist_group("s3")]


@pytest.fixture
def capture(bucket: InTheBucket, stones: Target, alice: Person) -> str:
    """A capture of alice's whose large photograph is on the way."""
    return alice.shoots(stones, 0, photo_sha256=sha256(LARGE), photo_size=len(LARGE))["id"]


# --- the way it goes --------------------------------------------------------------------------------------------------


def test_a_photo_is_put_in_parts_and_stored_whole(bucket: InTheBucket, alice: Person, capture: str) -> None:
    answer = begins(alice, capture)
    said = answer.json()
    assert (said["have"], said["part_size"]) == (False, PART)
    assert [(one["number"], one["start"], one["size"]) for one in said["parts"]] == [
        (1, 0, PART), (2, PART, PART), (3, 2 * PART, len(LARGE) - 2 * PART)
    ]  # fmt: skip
    assert puts_all(answer) == [200, 200, 200]
    # What lies there is nobody's photograph before the server has read it.
    assert Capture.objects.get().state == "awaiting_photo"
    done = completes(alice, capture)
    assert (done.status_code, done.json()["photo"]) == (
        201, {"have": True, "sha256": sha256(LARGE), "size": len(LARGE)},
    )  # fmt: skip
    assert_stored(bucket, capture)
    assert Job.objects.filter(kind="ingest", row_id=capture).count() == 1
    verbs = list(Event.objects.filter(noun="capture", row_id=capture).order_by("pk").values_list("verb", flat=True))
    assert verbs == ["received", "direct upload begun", "stored"]


def test_it_is_the_same_as_one_that_was_sent_here(
    bucket: InTheBucket, alice: Person, bob: Person, stones: Target, capture: str
) -> None:
    puts_all(begins(alice, capture))
    put = completes(alice, capture).json()
    other = bob.shoots(stones, 0, photo_sha256=sha256(LARGE), photo_size=len(LARGE))["id"]
    sent = bob.sends_photo(other, LARGE).json()
    assert {name: put[name] for name in ("state", "photo", "flags", "findings")} == {
        name: sent[name] for name in ("state", "photo", "flags", "findings")
    }
    said = [Event.objects.get(verb="stored", row_id=one).data for one in (capture, other)]
    assert said[0] == said[1]
    columns = ("photo_type", "photo_width", "photo_height", "photo_size", "counts", "photo_at")
    assert len(set(Capture.objects.values_list(*columns))) == 1


def test_larger_parts_are_fewer(bucket: InTheBucket, alice: Person, capture: str) -> None:
    answer = begins(alice, capture, part_size=2 * PART)
    assert [one["size"] for one in answer.json()["parts"]] == [2 * PART, len(LARGE) - 2 * PART]
    puts_all(answer)
    assert completes(alice, capture).status_code == 201
    assert_stored(bucket, capture)


def test_a_connection_cut_in_a_part_is_gone_on_with(bucket: InTheBucket, alice: Person, capture: str) -> None:
    answer = begins(alice, capture)
    addresses = [one["url"] for one in answer.json()["parts"]]
    assert puts(addresses[0], LARGE[:PART]) == 200
    bucket.wire.cut_up_after = 100_000
    assert puts(addresses[1], LARGE[PART : 2 * PART]) == 0
    bucket.wire.mend()
    no = completes(alice, capture)
    assert_no(no, 409, "parts_missing")
    assert no.json()["present"] == {"missing": [2, 3]}
    again = begins(alice, capture)
    assert missing(again) == [2, 3]
    assert puts_all(again) == [200, 200]
    assert missing(begins(alice, capture)) == []
    assert completes(alice, capture).status_code == 201
    assert_stored(bucket, capture)


def test_a_part_of_another_length_has_not_come(bucket: InTheBucket, alice: Person, capture: str) -> None:
    answer = begins(alice, capture)
    puts_all(answer)
    assert puts(answer.json()["parts"][1]["url"], LARGE[PART : 2 * PART - 1]) == 200  # moto looks at no length
    assert_no(completes(alice, capture), 409, "parts_missing")
    assert missing(begins(alice, capture)) == [2]


def test_asking_again_is_the_same_upload(bucket: InTheBucket, alice: Person, capture: str) -> None:
    begins(alice, capture)
    first = DirectUpload.objects.get()
    begins(alice, capture)
    assert (DirectUpload.objects.get().parts, len(bucket.under_way())) == (first.parts, 1)


def test_completing_twice_gives_the_same_answer(bucket: InTheBucket, alice: Person, capture: str) -> None:
    puts_all(begins(alice, capture))
    first, second = completes(alice, capture), completes(alice, capture)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert begins(alice, capture).json() == {"have": True, "part_size": PART, "parts": [], "expires_at": None}
    assert Job.objects.filter(kind="ingest").count() == 1
    assert_stored(bucket, capture)


def test_whoever_died_between_the_store_and_us_is_gone_on_for(bucket: InTheBucket, alice: Person, capture: str) -> None:
    puts_all(begins(alice, capture))
    bucket.wire.loses_answers_to = "POST uploadId"
    assert_away(completes(alice, capture))
    assert bucket.under_way() == []
    bucket.wire.mend()
    assert missing(begins(alice, capture)) == []
    assert completes(alice, capture).status_code == 201
    assert_stored(bucket, capture)


def test_it_may_come_the_other_way_after_all(bucket: InTheBucket, alice: Person, capture: str, clock: Clock) -> None:
    puts(begins(alice, capture).json()["parts"][0]["url"], LARGE[:PART])
    assert alice.sends_photo(capture, LARGE).status_code == 201
    assert sweeping.sweep(now=clock.now)["direct_uploads"] == 1
    assert_stored(bucket, capture)


def test_half_of_each_way_is_none(bucket: InTheBucket, alice: Person, capture: str) -> None:
    sends_part(alice, capture, 0, PART, LARGE)
    answer = begins(alice, capture)
    assert missing(answer) == [1, 2, 3]
    puts_all(answer)
    assert completes(alice, capture).status_code == 201
    assert_stored(bucket, capture)


# --- what is refused --------------------------------------------------------------------------------------------------


def test_other_bytes_than_were_announced_are_refused_and_nothing_stays(
    bucket: InTheBucket, alice: Person, capture: str
) -> None:
    puts_all(begins(alice, capture), LARGE[:-1] + b"x")
    answer = completes(alice, capture)
    assert_no(answer, 422, "digest_differs")
    assert answer.json()["detail"] == "The photo arrived damaged. Send it again."
    assert (bucket.files(), bucket.under_way(), DirectUpload.objects.count()) == ({}, [], 0)
    assert Capture.objects.get().state == "awaiting_photo"
    assert_no(completes(alice, capture), 409, "not_begun")
    puts_all(begins(alice, capture))
    assert completes(alice, capture).status_code == 201
    assert_stored(bucket, capture)


def test_the_digest_may_be_said_with_the_parts_alone(bucket: InTheBucket, stones: Target, alice: Person) -> None:
    capture = alice.shoots(stones, 0)["id"]
    puts_all(begins(alice, capture), LARGE[:-1] + b"x")
    assert_no(completes(alice, capture), 422, "digest_differs")
    puts_all(begins(alice, capture))
    assert completes(alice, capture).status_code == 201
    assert_stored(bucket, capture)


def test_what_was_announced_and_cannot_be_read_is_kept_for_rescue(
    bucket: InTheBucket, stones: Target, alice: Person, rita: Person
) -> None:
    broken = LARGE[:60]
    capture = alice.shoots(stones, 0, photo_sha256=sha256(broken), photo_size=len(broken))["id"]
    puts_all(begins(alice, capture, broken), broken)
    first, second = completes(alice, capture), completes(alice, capture)
    for answer in (first, second, begins(alice, capture, broken), alice.sends_photo(capture, broken)):
        assert_no(answer, 415)
    assert first.json() == second.json()
    row = Capture.objects.get()
    assert (row.state, row.counts, list(bucket.files().values())) == ("refused", False, [broken])
    assert (bucket.under_way(), DirectUpload.objects.count()) == ([], 0)
    kept = rita.get(f"captures/{capture}/photo/")
    assert b"".join(kept.streaming_content) == broken


def test_another_photo_than_the_one_announced(bucket: InTheBucket, alice: Person, capture: str) -> None:
    assert_no(begins(alice, capture, SMALL), 409, "photo_differs")
    puts_all(begins(alice, capture))
    completes(alice, capture)
    assert_no(begins(alice, capture, SMALL), 409, "photo_differs")
    assert_stored(bucket, capture)


def test_another_photo_begins_anew_where_none_was_announced(bucket: InTheBucket, stones: Target, alice: Person) -> None:
    capture = alice.shoots(stones, 0)["id"]
    puts_all(begins(alice, capture))
    other = photo("red")
    puts_all(begins(alice, capture, other), other)
    assert len(bucket.under_way()) == 2
    assert completes(alice, capture).status_code == 201
    assert_stored(bucket, capture, other)


def test_a_stranger_neither_begins_nor_completes(
    bucket: InTheBucket, alice: Person, bob: Person, carol: Person, zoe: Person, capture: str
) -> None:
    puts_all(begins(alice, capture))
    for who in (bob, carol, zoe):
        assert_no(begins(who, capture), 404, "not_found")
        assert_no(completes(who, capture), 404, "not_found")
    assert_no(begins(alice, uuid4()), 404, "not_found")
    assert Capture.objects.get().state == "awaiting_photo"
    assert completes(alice, capture).status_code == 201


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"size": 0}, "size"),
        ({"size": -1}, "size"),
        ({"sha256": "abc"}, "sha256"),
        ({"sha256": None}, "sha256"),
        ({"part_size": PART - 1}, "part_size"),
        ({"part_size": 2**50}, "part_size"),
        ({"parts": 3}, "parts"),
    ],
)
def test_what_cannot_be_is_named(
    bucket: InTheBucket, alice: Person, capture: str, said: dict[str, Any], field: str
) -> None:
    assert_no(begins(alice, capture, **said), 400, "invalid", field)
    assert DirectUpload.objects.count() == 0


def test_a_photo_that_is_too_large_is_refused_before_any_byte(
    bucket: InTheBucket, stones: Target, alice: Person
) -> None:
    capture = alice.shoots(stones, 0)["id"]
    assert_no(begins(alice, capture, size=40_000_001), 413, "too_large")
    assert bucket.under_way() == []


def test_no_more_is_begun_than_there_is_room_for(
    bucket: InTheBucket, stones: Target, alice: Person, bob: Person, capture: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "MOST_BYTES", len(LARGE) + 10)
    begins(alice, capture)
    other = alice.shoots(stones, 0)["id"]
    assert_no(begins(alice, other, size=100), 413, "too_much_waits")
    assert begins(alice, capture).status_code == 200
    assert begins(bob, bob.shoots(stones, 0)["id"], size=100).status_code == 200


def test_a_server_that_keeps_files_itself_says_so(stones: Target, alice: Person, own_files: Any) -> None:
    capture = alice.shoots(stones, 0)["id"]
    before = footprint(own_files)
    for answer in (begins(alice, capture), completes(alice, capture)):
        assert_no(answer, 409, "no_direct_parts")
        assert "Content-Range" in answer.json()["detail"]
    assert footprint(own_files) == before


def test_nothing_was_begun(bucket: InTheBucket, alice: Person, capture: str) -> None:
    assert_no(completes(alice, capture), 409, "not_begun")


# --- addresses --------------------------------------------------------------------------------------------------------


def test_an_address_is_for_one_part_of_one_photo_of_one_length_and_ends(
    bucket: InTheBucket, alice: Person, capture: str, clock: Clock
) -> None:
    answer = begins(alice, capture)
    url = answer.json()["parts"][2]["url"]
    said = parse_qs(urlsplit(url).query)
    assert urlsplit(url).path == f"/{bucket.name}/some/where/{DirectUpload.objects.get().name}"
    assert (said["partNumber"], said["X-Amz-Expires"]) == (["3"], ["3600"])
    assert said["X-Amz-SignedHeaders"] == ["content-length;host"]
    bucket.wire.clock_ahead += direct.ADDRESSES_FOR
    assert puts(url, LARGE[2 * PART :]) == 403
    bucket.wire.mend()
    assert puts_all(begins(alice, capture)) == [200, 200, 200]
    assert completes(alice, capture).status_code == 201


def test_phones_may_reach_the_store_by_another_name(
    bucket: InTheBucket, settings: Any, alice: Person, capture: str
) -> None:
    place = bucket.place._replace(public="https://photos.example.org")
    options = {"OPTIONS": {"place": place}}
    settings.STORAGES = {**settings.STORAGES, "default": {**settings.STORAGES["default"], **options}}
    urls = [one["url"] for one in begins(alice, capture).json()["parts"]]
    assert all(url.startswith(f"https://photos.example.org/{bucket.name}/") for url in urls)
