"""Faces are unknowable before anybody but reviewers sees a photograph; where they cannot be, nobody else sees it."""

import io
import logging
import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from PIL import Image, ImageChops
from served import MANAGE, environment
from stories import API, Clock, Person, photo, slots_in
from who_sees import body
from world import assert_no

from capturegraph.models import Blurring, Capture, Event, Job, Target
from capturegraph.photos import blurring as hiding
from capturegraph.photos.blurring import BLURRERS, blurred_copy, blurrer_named, check
from capturegraph.services import jobs, work
from capturegraph.services.cycles import sweeping
from capturegraph.services.jobs import Stopped
from capturegraph.services.privacy import blurring
from capturegraph.services.privacy.naming import public_id

BAD = ["Broken", "Elsewhere", "UpsideDown", "Smaller"]


def noise(size: tuple[int, int] = (240, 180)) -> Image.Image:
    """A picture in which every pixel is another one, so that blurring shows."""
    return Image.effect_noise(size, 90).convert("RGB")


def as_bytes(picture: Image.Image, kind: str = "WEBP") -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, quality=95)
    return out.getvalue()


def roughness(picture: Image.Image, box: tuple[int, int, int, int]) -> float:
    """How much neighbouring pixels differ inside of a box."""
    part = picture.convert("L").crop(box)
    moved = ImageChops.offset(part, 1, 0)
    values = ImageChops.difference(part, moved).resize((1, 1), Image.Resampling.BOX)
    return float(values.getpixel((0, 0)))  # type: ignore[arg-type]


@pytest.fixture
def use(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Choose a blurrer of `blurrers.py`, registered as the README says: by one line."""

    def choose(name: str) -> None:
        monkeypatch.setitem(BLURRERS, name, f"blurrers:{name}")
        settings.BLUR = name

    blurrer_named.cache_clear()
    return choose


# --- pictures ---------------------------------------------------------------------------------------------------------


def test_a_box_is_averaged_away_and_the_rest_is_not(use: Callable[[str], None]) -> None:
    use("Middle")
    made = blurred_copy(as_bytes(noise()), blurrer_named("Middle"), 240)
    picture = Image.open(io.BytesIO(made.data))
    assert (picture.format, picture.size, made.regions) == ("WEBP", (240, 180), 1)
    assert roughness(picture, (90, 70, 150, 110)) < 12
    assert roughness(picture, (5, 5, 50, 40)) > 30


def test_what_is_averaged_cannot_be_had_back(use: Callable[[str], None]) -> None:
    """Of a box hardly more than a handful of colours is in the file: two faces of one mean are the same picture."""
    use("Middle")
    one, other = noise((1200, 900)), noise((1200, 900))
    boxes = []
    for picture in (one, other):
        made = blurred_copy(as_bytes(picture), blurrer_named("Middle"), 1200)
        boxes.append(Image.open(io.BytesIO(made.data)).convert("L").crop((420, 320, 780, 580)))
    assert max(high for _low, high in [ImageChops.difference(*boxes).getextrema()]) < 40


def test_one_that_blurs_by_itself(use: Callable[[str], None]) -> None:
    use("Whole")
    made = blurred_copy(as_bytes(noise()), blurrer_named("Whole"), 120)
    picture = Image.open(io.BytesIO(made.data))
    assert (picture.size, made.regions) == ((120, 90), None)
    assert roughness(picture, (10, 10, 110, 80)) < 5


@pytest.mark.parametrize("name", BAD)
def test_an_answer_that_is_none_is_no_answer(use: Callable[[str], None], name: str) -> None:
    use(name)
    with pytest.raises((ValueError, RuntimeError)):
        blurred_copy(as_bytes(noise()), blurrer_named(name), 240)


@pytest.mark.parametrize("name", BLURRERS)
def test_every_registered_blurrer_finds_a_real_face_and_makes_it_unknowable(name: str) -> None:
    """Grace Hopper, US Navy, public domain, out of matplotlib; upright, small in a large picture, and from the side."""
    pytest.importorskip(getattr(__import__(BLURRERS[name].partition(":")[0], fromlist=["x"]), "NEEDS", "PIL"))
    from matplotlib import cbook

    with Image.open(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False)) as opened:
        portrait = opened.convert("RGB")
    # Where her face is in that picture, as somebody looked it up.
    eyes = (200, 170, 330, 300)
    blurrer = blurrer_named(name)
    made = blurred_copy(as_bytes(portrait), blurrer, 1024)
    assert made.regions is None or made.regions >= 1
    picture = Image.open(io.BytesIO(made.data)).convert("RGB")
    assert roughness(picture, eyes) < roughness(portrait, eyes) / 2
    wide = Image.new("RGB", (1600, 1200), "olive")
    wide.paste(portrait.resize((128, 150)), (1300, 900))
    found = blurred_copy(as_bytes(wide), blurrer, 1600)
    assert found.regions is None or found.regions >= 1
    small_eyes = (1350, 943, 1382, 975)
    blurred = Image.open(io.BytesIO(found.data)).convert("RGB")
    assert roughness(blurred, small_eyes) < roughness(wide, small_eyes) / 2
    none = blurred_copy(as_bytes(Image.new("RGB", (400, 300), "olive")), blurrer, 400)
    assert none.regions in (0, None)


# --- settings ---------------------------------------------------------------------------------------------------------


def test_a_blurrer_that_there_is_not_is_named_and_so_is_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="none, haar"):
        check("clouds")
    monkeypatch.setattr(hiding, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="install the extra “blur”"):
        check("haar")


@pytest.mark.parametrize(("value", "status"), [("clouds", 2), ("none", 0), ("", 0)])
def test_a_wrong_name_stops_the_start(tmp_path: Path, value: str, status: int) -> None:
    done = subprocess.run(
        [*MANAGE, "check"], env={**environment(tmp_path), "CAPTUREGRAPH_BLUR": value}, capture_output=True, text=True
    )
    assert done.returncode == status, done.stderr
    assert ("CAPTUREGRAPH_BLUR" in done.stderr) == bool(status)


# --- stories ----------------------------------------------------------------------------------------------------------

stories = pytest.mark.usefixtures("own_files")


@pytest.fixture
def opened(stones: Target) -> Target:
    """A target that is open to everybody."""
    stones.public = True
    stones.save()
    return stones


def accepted(who: Person, target: Target, rita: Person, data: bytes | None = None) -> str:
    capture = str(who.shoots(target, 0)["id"])
    assert who.sends_photo(capture, data or as_bytes(noise((1600, 1200)), "JPEG")).status_code == 201
    assert rita.post(f"captures/{capture}/review/", {"verdict": "accepted"}).status_code == 200
    return capture


def public(capture: str) -> Any:
    return Client().get(f"{API}public/photos/{public_id(UUID(capture))}/")


def listed(target: Target) -> int:
    return body(Client().get(f"{API}public/targets/{target.pk}/captures.geojson")).count(b'"Feature"')


def worked(clock: Clock) -> list[dict[str, Any]]:
    """The sweep writes down what is to do, and a worker does it."""
    sweeping.sweep(now=clock.now)
    done = []
    for job in Job.objects.due(clock.now).filter(kind="blur_photos"):
        assert work.do(job_id=job.pk, clock=lambda: clock.now) == Job.State.DONE
        job.refresh_from_db()
        done.append(job.result)
    return done


@stories
@pytest.mark.django_db
def test_nobody_but_reviewers_sees_a_photo_before_it_is_blurred(
    opened: Target, alice: Person, bob: Person, rita: Person, clock: Clock, use: Callable[[str], None]
) -> None:
    use("Middle")
    capture = accepted(alice, opened, rita)
    assert_no(public(capture), 404)
    assert listed(opened) == 0
    for who in (alice, rita):
        assert body(who.get(f"captures/{capture}/photo/small/"))
    assert_no(bob.get(f"captures/{capture}/photo/small/"), 404)
    assert worked(clock) == [{"blurred": 1, "failed": 0}]
    shown = public(capture)
    assert (shown.status_code, shown["Content-Security-Policy"]) == (200, "default-src 'none'; sandbox")
    picture = Image.open(io.BytesIO(body(shown)))
    assert picture.size == (1024, 768)
    assert roughness(picture, (400, 300, 600, 450)) < 12 < roughness(picture, (20, 20, 220, 170))
    assert not picture.getexif()
    assert listed(opened) == 1
    # Who reviews sees it as it is.
    own = Image.open(io.BytesIO(body(rita.get(f"captures/{capture}/photo/small/"))))
    assert roughness(own, (500, 400, 600, 500)) > 30
    assert worked(clock) == [], "once is enough"
    (event,) = Event.objects.filter(verb="blurred")
    assert (str(event.row_id), event.data) == (capture, {"blurrer": "Middle", "regions": 1})


@stories
@pytest.mark.django_db
@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_blurred_is_shown_to_reviewers_only_and_that_is_said(
    opened: Target, alice: Person, rita: Person, carol: Person, clock: Clock, use: Callable[[str], None], name: str
) -> None:
    use(name)
    capture = accepted(alice, opened, rita)
    assert worked(clock) == [{"blurred": 0, "failed": 1}]
    assert_no(public(capture), 404)
    assert listed(opened) == 0
    assert body(rita.get(f"captures/{capture}/photo/small/"))
    row = Blurring.objects.get()
    assert (row.state, bool(row.reason), row.file.name) == ("failed", True, "")
    assert Event.objects.filter(verb="blurring failed", row_id=capture).count() == 1
    page = carol.desk().get(f"/console/targets/{opened.pk}/settings/").content.decode()
    assert "1 of them could not be blurred: only reviewers see it." in page
    # Not over and over; but a day later the library may have been mended.
    assert worked(clock) == []
    clock.forward(days=1, minutes=1)
    use("Middle")
    assert worked(clock) == [{"blurred": 1, "failed": 0}]
    assert body(public(capture))
    assert listed(opened) == 1


@stories
@pytest.mark.django_db
def test_another_blurrer_looks_again_and_until_then_nothing_is_shown(
    opened: Target, alice: Person, rita: Person, clock: Clock, use: Callable[[str], None], own_files: Path
) -> None:
    use("Nobody")
    capture = accepted(alice, opened, rita)
    worked(clock)
    assert body(public(capture))
    use("Middle")
    assert_no(public(capture), 404)
    assert worked(clock) == [{"blurred": 1, "failed": 0}]
    assert body(public(capture))
    assert len(list((own_files / "blurred").rglob("*.webp"))) == 1, "the one before is gone"


@stories
@pytest.mark.django_db
def test_a_target_that_is_not_public_and_a_rejected_photo_are_left_alone(
    stones: Target, alice: Person, rita: Person, clock: Clock, use: Callable[[str], None]
) -> None:
    use("Middle")
    capture = accepted(alice, stones, rita)
    assert worked(clock) == []
    stones.public = True
    stones.save()
    rita.post(f"captures/{capture}/review/", {"verdict": "rejected"})
    assert worked(clock) == []
    # One that waits for its reviewer is made ready, so that it is there once it is accepted.
    rita.post(f"captures/{capture}/review/", {"verdict": "pending"})
    assert worked(clock) == [{"blurred": 1, "failed": 0}]
    assert_no(public(capture), 404)


@stories
@pytest.mark.django_db
def test_a_photo_whose_file_is_gone_is_one_that_failed(
    opened: Target, alice: Person, rita: Person, clock: Clock, use: Callable[[str], None]
) -> None:
    use("Middle")
    capture = accepted(alice, opened, rita)
    Capture.objects.get().photo.storage.delete(str(Capture.objects.get().photo.name))
    assert worked(clock) == [{"blurred": 0, "failed": 1}]
    assert_no(public(capture), 404)


@stories
@pytest.mark.django_db
def test_of_two_workers_the_one_that_was_given_up_writes_nothing(
    opened: Target, alice: Person, rita: Person, clock: Clock, use: Callable[[str], None], own_files: Path
) -> None:
    use("Middle")
    capture = Capture.objects.get(pk=accepted(alice, opened, rita))
    sweeping.sweep(now=clock.now)
    job = Job.objects.get(kind="blur_photos")
    slow = jobs.claim(job_id=job.pk, clock=lambda: clock.now)
    assert slow is not None
    clock.forward(minutes=5)
    assert work.do(job_id=job.pk, clock=lambda: clock.now) == Job.State.DONE
    with pytest.raises(Stopped):
        blurring._blur(capture, slow)
    assert Event.objects.filter(verb="blurred").count() == 1
    assert [path.name for path in (own_files / "blurred").rglob("*.webp")] == [
        Path(Blurring.objects.get().file.name).name
    ]


@stories
@pytest.mark.django_db
def test_a_reference_photo_out_of_a_capture_is_blurred_too(
    stones: Target, alice: Person, rita: Person, carol: Person, use: Callable[[str], None],
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    (slot,) = slots_in(stones, a=0)
    capture = accepted(alice, stones, rita)
    take = f"slots/{slot.pk}/reference/from-capture/"
    use("Broken")
    with caplog.at_level(logging.WARNING):
        assert_no(carol.post(take, {"capture": capture}), 409, "not_blurred")
    assert_no(alice.get(f"slots/{slot.pk}/reference/"), 404)
    use("Middle")
    assert carol.post(take, {"capture": capture}).status_code == 200
    picture = Image.open(io.BytesIO(body(alice.get(f"slots/{slot.pk}/reference/"))))
    assert roughness(picture, (700, 500, 900, 700)) < 12 < roughness(picture, (20, 20, 300, 300))


@stories
@pytest.mark.django_db
def test_without_a_blurrer_nothing_is_asked_for(opened: Target, alice: Person, rita: Person, clock: Clock) -> None:
    capture = accepted(alice, opened, rita, photo(size=(1600, 1200)))
    assert sweeping.sweep(now=clock.now)["blur"] == 0
    assert body(public(capture))
    assert not Blurring.objects.exists()


@stories
@pytest.mark.django_db
def test_a_job_that_fails_is_not_asked_for_without_end(
    opened: Target, alice: Person, rita: Person, clock: Clock, use: Callable[[str], None]
) -> None:
    use("Middle")
    accepted(alice, opened, rita)
    assert sweeping.sweep(now=clock.now)["blur"] == 1
    Job.objects.filter(kind="blur_photos").update(state="failed", ended_at=clock.now)
    assert sweeping.sweep(now=clock.now)["blur"] == 0
    assert sweeping.sweep(now=clock.now + timedelta(minutes=11))["blur"] == 1
