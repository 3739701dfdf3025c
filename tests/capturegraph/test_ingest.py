"""A photograph that was stored is looked into: small copies, figures and flags, once, whatever happens in between."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from ingesting import asked, codes, flag, found, look, scene, stores
from PIL import Image
from stories import API, Clock, Person, sha256, slots_in
from world import assert_no

from capturegraph.models import Capture, Event, Job, PhotoFinding, Target
from capturegraph.services import jobs, work
from capturegraph.services.cycles import periodic, sweeping
from capturegraph.services.ingest import asking
from capturegraph.services.jobs import Held
from capturegraph.services.uploads import small_photos

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def noon(clock: Clock) -> None:
    """An hour at which the sun stands high over Washington."""
    clock.forward(hours=8)


def small_files(folder: Path) -> list[Path]:
    return sorted((folder / "small").rglob("*.*"))


def original(capture: str, folder: Path) -> Path:
    return folder / str(Capture.objects.get(pk=capture).photo)


# --- from the upload to the finding -----------------------------------------------------------------------------------


def test_a_stored_photo_is_asked_for_once(stones: Target, alice: Person, clock: Clock) -> None:
    capture = alice.shoots(stones, 0)["id"]
    assert asked() == []
    alice.sends_photo(capture)
    alice.sends_photo(capture)
    assert [(job.row_id, job.target, job.state) for job in asked()] == [(Capture.objects.get().pk, None, "waiting")]
    assert asking.sweep(now=clock.now) == 0


def test_it_is_looked_into(stones: Target, alice: Person, clock: Clock, own_files: Path) -> None:
    data = scene(1, size=(3000, 2000), place=(38.0, -77.0), at=clock.now)
    capture = stores(alice, stones, data)
    assert look(clock.now) == ["done"]
    one = found(capture)
    assert (one.photo_sha256, one.target_id, one.found_at) == (sha256(data), stones.pk, clock.now)
    assert (one.latitude, one.longitude, one.taken_at, one.camera) == (38.0, -77.0, clock.now, "PhoneMaker 12")
    assert one.sharpness > 100
    assert 0.3 < one.brightness < 0.7
    assert (one.dark_share, one.bright_share < 0.05) == (0.0, True)
    assert one.perceptual_hash is not None
    assert -90 < one.sun_altitude < 90
    assert [flag["code"] for flag in one.flags] == ["place_differs"]
    assert (one.flag_count, 90_000 < one.flags[0]["metres"] < 110_000) == (1, True)
    assert original(capture, own_files).read_bytes() == data
    copies = {path.name.rsplit("-")[-1]: path.read_bytes() for path in small_files(own_files)}
    shown = {name: Image.open(io.BytesIO(data)) for name, data in copies.items()}
    assert {name: picture.size for name, picture in shown.items()} == {
        "256.webp": (256, 171), "1024.webp": (1024, 683), "2048.webp": (2048, 1365),
    }  # fmt: skip
    assert all(not picture.getexif() for picture in shown.values())
    assert [one.data for one in Event.objects.filter(verb="looked into", row_id=capture)] == [
        {"flags": ["place_differs"]}
    ]


@pytest.mark.parametrize("side", [256, 1024, 2048, None])
def test_small_copies_are_served_before_and_after(
    stones: Target, alice: Person, rita: Person, clock: Clock, own_files: Path, side: int | None
) -> None:
    capture = stores(alice, stones, scene(1, size=(3000, 2000)))
    address = f"{API}captures/{capture}/photo/small/" + (f"?side={side}" if side else "")
    early = alice.phone.get(address)
    assert Image.open(io.BytesIO(b"".join(early.streaming_content))).size[0] == (side or 1024)
    assert len(small_files(own_files)) == 1
    look(clock.now)
    late = rita.phone.get(address)
    assert Image.open(io.BytesIO(b"".join(late.streaming_content))).size[0] == (side or 1024)
    assert late["ETag"] == early["ETag"]
    assert len(small_files(own_files)) == 3


@pytest.mark.parametrize("side", ["0", "1280", "big", "", "256.0", "１０２４"])
def test_other_sizes_are_not_made(stones: Target, alice: Person, own_files: Path, side: str) -> None:
    capture = stores(alice, stones, scene(1))
    assert_no(alice.get(f"captures/{capture}/photo/small/", side=side), 400)
    assert small_files(own_files) == []


def test_who_took_it_is_told_what_helps(stones: Target, alice: Person, rita: Person, clock: Clock) -> None:
    blurred = stores(alice, stones, scene(1, sharp=False, place=(10.0, 10.0)))
    assert (alice.get(f"captures/{blurred}/").json()["flags"], rita.get(f"captures/{blurred}/").json()["findings"]) == (
        [], None,
    )  # fmt: skip
    look(clock.now)
    told = alice.get(f"captures/{blurred}/").json()
    assert [one["code"] for one in told["flags"]] == ["blurred"]
    assert "take another one" in told["flags"][0]["text"]
    assert [one["code"] for one in told["findings"]["flags"]] == ["place_differs", "blurred"]
    assert told["findings"]["flags"][1]["text"].startswith("It looks blurred: sharpness")
    assert rita.get(f"captures/{blurred}/").json() == {**told, "now": {"assignment": None}}
    again = alice.sends_photo(blurred, scene(1, sharp=False, place=(10.0, 10.0)))
    assert (again.status_code, again.json()["flags"]) == (200, told["flags"])


def test_a_dark_one_and_a_bright_one(stones: Target, alice: Person, clock: Clock) -> None:
    dark, bright = stores(alice, stones, scene(1, light=0.02)), stores(alice, stones, scene(2, light=6.0))
    look(clock.now)
    assert "dark" in codes(dark)
    assert "burnt_out" in codes(bright)


def test_a_flag_decides_nothing(stones: Target, alice: Person, bob: Person, clock: Clock) -> None:
    slots_in(stones, a=0)
    capture = stores(alice, stones, scene(1, sharp=False, light=0.02, place=(10.0, 10.0)))
    look(clock.now)
    row = Capture.objects.get(pk=capture)
    assert (row.state, row.review, row.counts, bob.gets(stones)) == ("stored", "pending", True, "all_done")


def test_the_sun_stood_low(stones: Target, alice: Person, clock: Clock) -> None:
    early, noon = clock.now.replace(hour=10), clock.now.replace(hour=17)
    clock.forward(hours=12)
    low, high = stores(alice, stones, scene(1), taken_at=early), stores(alice, stones, scene(2), taken_at=noon)
    look(clock.now)
    # Washington, the first of June: sunrise at 09:45 UTC, noon at 17:06.
    assert (codes(low), codes(high)) == (["low_sun"], [])
    assert 0 < flag(low, "low_sun")["sun_altitude"] < 6
    assert (round(found(high).sun_altitude), 170 < found(high).sun_azimuth < 190) == (73, True)


def test_without_a_place_there_is_no_sun(stones: Target, alice: Person, clock: Clock) -> None:
    capture = stores(alice, stones, scene(1), None)
    assert look(clock.now) == ["done"]
    assert (found(capture).sun_altitude, codes(capture)) == (None, [])


def test_a_picture_of_the_library_has_the_place_of_its_file(stones: Target, alice: Person, clock: Clock) -> None:
    data = scene(1, place=(40.0, -77.0))
    capture = stores(alice, stones, data, None, from_library=True)
    look(clock.now)
    assert (Capture.objects.get().latitude, found(capture).latitude, codes(capture)) == (40.0, 40.0, [])


# --- once, whatever happens -------------------------------------------------------------------------------------------


def test_done_twice_it_is_there_once(stones: Target, alice: Person, clock: Clock, own_files: Path) -> None:
    capture = stores(alice, stones, scene(1))
    with pytest.MonkeyPatch.context() as patch:
        # The worker dies between its effects and saying that it is done.
        patch.setattr(Held, "end", lambda *args, **kwargs: False)
        look(clock.now)
    assert (asked()[0].state, PhotoFinding.objects.count()) == ("running", 1)
    before = [(path, path.stat().st_mtime_ns) for path in small_files(own_files)]
    assert look(clock.forward(minutes=3)) == ["done"]
    assert [(path, path.stat().st_mtime_ns) for path in small_files(own_files)] == before
    assert Event.objects.filter(verb="looked into", row_id=capture).count() == 1


def test_two_jobs_about_one_photo_make_one_finding(
    stones: Target, alice: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture, (first,) = stores(alice, stones, scene(1)), asked()
    second = asking.ask(capture_id=Capture.objects.get().pk, now=clock.now)
    keep, inside = small_photos.keep, list[str | None]()

    def overtaken(**about: Any) -> None:
        keep(**about)
        if not inside:
            inside.append("")
            inside[0] = work.do(job_id=second.pk, clock=lambda: clock.now)

    monkeypatch.setattr(small_photos, "keep", overtaken)
    assert (work.do(job_id=first.pk, clock=lambda: clock.now), inside) == ("done", ["done"])
    assert Event.objects.filter(verb="looked into", row_id=capture).count() == 1


def test_who_was_given_up_for_dead_writes_nothing(
    stones: Target, alice: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    stores(alice, stones, scene(1))
    keep = small_photos.keep

    def slow(**about: Any) -> None:
        keep(**about)
        clock.forward(minutes=1)

    monkeypatch.setattr(small_photos, "keep", slow)
    job = asked()[0]
    held = jobs.claim(job_id=job.pk, clock=lambda: clock.now)
    clock.forward(minutes=3)
    assert jobs.claim(job_id=job.pk, clock=lambda: clock.now).token == 2
    with pytest.raises(jobs.Stopped):
        work.KINDS[asking.INGEST](held)
    assert (PhotoFinding.objects.count(), Capture.objects.get().looked_into_at) == (0, None)


def test_a_job_whose_capture_has_gone_is_done(stones: Target, alice: Person, clock: Clock) -> None:
    stores(alice, stones, scene(1))
    Capture.objects.all().delete()
    assert look(clock.now) == ["done"]


# --- files that are not as they were ----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["file_missing", "file_differs"])
def test_a_fault_is_seen_and_mended(stones: Target, alice: Person, clock: Clock, own_files: Path, fault: str) -> None:
    data = scene(1)
    capture = stores(alice, stones, data)
    if fault == "file_missing":
        original(capture, own_files).unlink()
    else:
        original(capture, own_files).write_bytes(data[:-1] + b"!")
    assert look(clock.now) == ["failed"]
    job = asked()[0]
    assert (job.error_code, capture in job.error, PhotoFinding.objects.count()) == (fault, True, 0)
    told = Event.objects.get(verb=fault.replace("_", " "), noun="capture")
    assert (str(told.row_id), told.target_id) == (capture, stones.pk)
    assert small_files(own_files) == []
    assert asking.sweep(now=clock.now) == 0, "it is not asked for all the time"
    original(capture, own_files).write_bytes(data)
    assert asking.sweep(now=clock.forward(days=1)) == 1
    assert look(clock.now) == ["done"]
    assert found(capture).photo_sha256 == sha256(data)


def test_one_of_which_nothing_can_be_made_is_flagged(
    stones: Target, alice: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    capture = stores(alice, stones, scene(1))
    with monkeypatch.context() as patch:
        patch.setattr("capturegraph.photos.developing.decoded", lambda *args: int("no number"))
        assert look(clock.now) == ["done"]
    assert (codes(capture), found(capture).sharpness) == (["unreadable"], None)


# --- the sweep --------------------------------------------------------------------------------------------------------


def test_photos_of_earlier_releases_are_asked_for_a_helping_at_a_time(
    stones: Target, alice: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    captures = {stores(alice, stones, scene(number)) for number in range(5)}
    waiting = alice.shoots(stones, 0)["id"]
    Job.objects.all().delete()
    monkeypatch.setattr(asking, "AT_ONCE", 3)
    assert sweeping.sweep(now=clock.now)["photos"] == 3
    assert sweeping.sweep(now=clock.now)["photos"] == 0, "those have to be done first"
    assert look(clock.now) == ["done"] * 3
    assert sweeping.sweep(now=clock.now)["photos"] == 2
    look(clock.now)
    assert sweeping.sweep(now=clock.now)["photos"] == 0
    assert {str(one) for one in PhotoFinding.objects.values_list("pk", flat=True)} == captures
    assert waiting not in captures


def test_their_jobs_are_forgotten_before_others(stones: Target, alice: Person, clock: Clock) -> None:
    stores(alice, stones, scene(1))
    look(clock.now)
    assert forgotten(asked()[0].ended_at + periodic.SENT_KEPT_FOR) == 0
    assert forgotten(asked()[0].ended_at + periodic.SENT_KEPT_FOR + timedelta(seconds=1)) == 1
    assert (asked(), PhotoFinding.objects.count()) == ([], 1)
    missing = stores(alice, stones, scene(2))
    Capture.objects.filter(pk=missing).update(photo="captures/gone.jpg")
    look(clock.now)
    assert forgotten(clock.forward(days=2)) == 0, "what failed is kept"


def forgotten(now: datetime) -> int:
    """Do what the retention does at a time; say how many jobs went."""

    class Then:
        @contextmanager
        def write(self) -> Iterator[datetime]:
            yield now

    before = Job.objects.count()
    periodic._forget(Then())
    return before - Job.objects.count()
