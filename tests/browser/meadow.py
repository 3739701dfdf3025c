"""Targets of a test's own in the running product, made behind its back: places, a reference photo, a rejection."""

import base64
import io
import re
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from backdoor import run_inside
from geopy.distance import geodesic
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter
from playwright.sync_api import Page
from served import Quickstart
from watched import Watched

MIDDLE = (47.0, 9.0)

MAKE = """
import base64, io, json
from datetime import timedelta
from django.utils import timezone
from capturegraph.models import CandidateSlot, Capture, Target, User
from capturegraph.services.matches import reviews
from capturegraph.services.people import invites
from capturegraph.services.uploads import references
from scheduling import grid
now, asked = timezone.now(), json.loads(base64.b64decode({asked!r}))
admin, made = User.objects.filter(is_superuser=True).first(), {{}}
for name, wanted in asked.get("targets", {{}}).items():
    target = Target.objects.create(name=name, hand_out="queue", **wanted.get("settings", {{}}))
    for rank, place in enumerate(wanted["slots"]):
        slot = CandidateSlot.objects.create(
            target=target, rank=rank, cell=grid.cell(place["latitude"], place["longitude"]), **place)
        if "reference" in wanted and rank in wanted.get("pictured", [0]):
            picture = io.BytesIO(base64.b64decode(wanted["reference"]))
            references.set_reference(slot_id=slot.pk, file=picture, by=admin, now=now)
    invited = invites.make_invite(
        target=target, role="volunteer", by=None, uses=99, valid_for=timedelta(days=7), now=now)
    made[name] = invited.code
for capture, note in asked.get("reject", {{}}).items():
    reviews.review(capture_id=capture, verdict="rejected", note=note, by=admin, now=now)
print("MADE", json.dumps(made))
"""


def behind(product: Quickstart, **asked: Any) -> dict[str, str]:
    """Do in the product's database what is asked; give the codes of the invites that were made."""
    code = MAKE.format(asked=base64.b64encode(orjson.dumps(asked)).decode())
    said = run_inside(product, code)
    found = re.search(r"MADE (.*)", said)
    assert found, said
    codes: dict[str, str] = orjson.loads(found[1])
    return codes


def place(north_m: float, east_m: float = 0.0) -> dict[str, float]:
    """So many metres from the middle."""
    there = geodesic(meters=abs(north_m)).destination(MIDDLE, bearing=0 if north_m >= 0 else 180)
    there = geodesic(meters=abs(east_m)).destination(there, bearing=90 if east_m >= 0 else 270)
    return {"latitude": there.latitude, "longitude": there.longitude}


def stand(phone: Watched, north_m: float, *, accuracy: float = 6) -> None:
    """Put the phone so many metres north of the middle."""
    phone.context.set_geolocation({**place(north_m), "accuracy": accuracy})


def ready_to_join(page: Page) -> None:
    """Wait until the page of an invite hears taps: its scripts may come after everything else of it."""
    page.locator("html[data-ready]").wait_for()


def joins(phone: Watched, code: str, name: str = "Alice") -> Page:
    """Join, and wait until the page is whole."""
    page = phone.context.new_page()
    page.goto(f"/join/{code}")
    ready_to_join(page)
    page.get_by_test_id("name").fill(name)
    page.get_by_test_id("consent").check()
    page.get_by_test_id("join").click()
    page.wait_for_url("**/field/")
    page.locator("html[data-whole=true]").wait_for()
    return page


def shoot(page: Page, photo: Any) -> None:
    """Tap on "Take photo", and let the camera bring something: a path, or {name, mimeType, buffer}."""
    with page.expect_file_chooser() as camera:
        page.locator("#shutter").click()
    camera.value.set_files(photo)


ROWS = """async () => {
  const open = indexedDB.open("capturegraph");
  await new Promise((done) => (open.onsuccess = done));
  const all = open.result.transaction("captures").objectStore("captures").getAll();
  await new Promise((done) => (all.onsuccess = done));
  open.result.close();
  return all.result.sort((a, b) => a.kept_at - b.kept_at);
}"""


def kept(page: Page) -> list[dict[str, Any]]:
    """What lies in the phone's outbox."""
    rows: list[dict[str, Any]] = page.evaluate(ROWS)
    return rows


class Photos(NamedTuple):
    """A drawn scene, and the same in the ways that a photo can be bad; each is a file."""

    good: Path
    other: Path
    dark: Path
    blurred: Path


def scene(seed: int) -> Image.Image:
    """A house on a lawn, with so much in it that a blur shows."""
    picture = Image.new("RGB", (1200, 900), (150, 185, 220))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 600, 1200, 900), fill=(96, 128, 70))
    draw.rectangle((300 + seed, 300, 900 - seed, 700), fill=(168, 160, 146))
    for x in range(330 + seed, 880 - seed, 60):
        draw.rectangle((x, 360, x + 28, 420 + 2 * seed), fill=(40, 42, 46))
    for x in range(0, 1200, 24):
        draw.line((x, 640 + (x * 7 + seed) % 90, x + 14, 700), fill=(60, 90, 40), width=4)
    if seed:
        draw.ellipse((60, 60, 60 + 4 * seed, 60 + 4 * seed), fill=(250, 240, 190))
    return picture


def photos(folder: Path) -> Photos:
    """Draw them."""
    good = scene(0)
    made = {
        "good": good,
        "other": scene(90),
        "dark": ImageEnhance.Brightness(good).enhance(0.06),
        "blurred": good.filter(ImageFilter.GaussianBlur(9)),
    }
    for name, picture in made.items():
        picture.save(folder / f"{name}.jpg", "JPEG", quality=90)
    return Photos(*(folder / f"{name}.jpg" for name in Photos._fields))


def as_base64(picture: Image.Image) -> str:
    file = io.BytesIO()
    picture.save(file, "JPEG")
    return base64.b64encode(file.getvalue()).decode()
