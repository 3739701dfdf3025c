"""Takes the pictures of the README from the running product:  uv run python tests/browser/pictures.py

The people and what they do are made up, the places are real, and the photograph is a drawn stand-in.
"""

import secrets
import shutil
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

from conftest import ARGUMENTS  # noqa: E402 - the tests' folder is known only now
from served import Quickstart, Visitor, quickstart  # noqa: E402
from walkers import held  # noqa: E402

OUT = HERE / "pictures"
PHONE = {"viewport": {"width": 412, "height": 915}, "device_scale_factor": 1.5, "is_mobile": True, "has_touch": True}
DESK = {"viewport": {"width": 1440, "height": 900}}
HELPERS = (("Ben", 38.95, -77.09), ("Chloe", 38.90, -76.92), ("Dev", 38.82, -77.04), ("Eli", 38.87, -77.16))
DONE_BY_EACH = 3
WITH_ERRORS = """external_id,title,latitude,longitude
zero,Zero Milestone,38.89511,-77.03655
bell,Thai Bell,,
urn,Cuban Friendship Urn,388.79,-77.04077
hale,Nathan Hale Statue,38.89318,-77.02455
pier,Jefferson Pier Stone,38.88986,-77.03657
pier,Jefferson Pier Stone,38.88986,-77.03657
"""


def stand_in(path: Path) -> Path:
    """A boundary stone on a lawn, drawn."""
    picture = Image.new("RGB", (1200, 1200))
    draw = ImageDraw.Draw(picture)
    for y in range(1200):
        sky = (150 + y // 16, 185 + y // 20, 220)
        draw.line([(0, y), (1200, y)], fill=sky if y < 700 else (96 + y // 40, 128 + y // 50, 70))
    draw.polygon([(430, 950), (450, 480), (600, 400), (750, 480), (770, 950)], fill=(168, 160, 146))
    draw.polygon([(600, 400), (750, 480), (770, 950), (640, 950)], fill=(140, 132, 120))
    for x in range(250, 1000, 70):
        draw.line([(x, 620), (x, 980)], fill=(40, 42, 46), width=10)
    draw.line([(220, 660), (980, 660)], fill=(40, 42, 46), width=12)
    picture.save(path, "JPEG", quality=88)
    return path


def help_out(product: Quickstart) -> None:
    """Let some people join over HTTP, photograph a few stones, and be on the way to the next."""
    for name, latitude, longitude in HELPERS:
        token = secrets.token_urlsafe(32)
        join = {"code": product.codes[1], "name": name, "device_id": str(uuid4()), "token": token, "consent": True}
        target = Visitor(product.url, token).post("/api/v1/join/", join).json["target"]["id"]
        phone, here = Visitor(product.url, token), {"latitude": latitude, "longitude": longitude}
        for _photo in range(DONE_BY_EACH):
            slot = phone.post(f"/api/v1/targets/{target}/request-slot/", here).json["slot"]
            here = {"latitude": slot["latitude"], "longitude": slot["longitude"]}
            words = {"target": target, "taken_at": datetime.now(UTC), "accuracy_m": 7, **here}
            phone.put(f"/api/v1/captures/{uuid4()}/", words)
        phone.post(f"/api/v1/targets/{target}/request-slot/", here)


def keep(page: Page, name: str) -> None:
    """Take the picture once the page is at rest, in as few colours as it needs."""
    page.wait_for_timeout(2500)
    path = OUT / f"{name}.png"
    page.screenshot(path=path)
    Image.open(path).convert("RGB").quantize(128).save(path, optimize=True)


def phone_pictures(browser: Browser, product: Quickstart, photo: Path) -> None:
    """Join, slot, done, walk."""
    where = {"latitude": 38.9970, "longitude": -77.0424, "accuracy": 8}
    context = browser.new_context(
        base_url=product.url, locale="en-GB", **PHONE, permissions=["geolocation"], geolocation=where
    )
    page = context.new_page()
    page.goto(f"/join/{product.codes[0]}")
    page.get_by_test_id("name").fill("Ada")
    keep(page, "join")
    page.get_by_test_id("consent").check()
    page.get_by_test_id("join").click()
    page.wait_for_url("**/field/")
    keep(page, "slot")
    slot = held(page)["slot_detail"]
    context.set_geolocation({**where, "latitude": slot["latitude"] + 0.0001, "longitude": slot["longitude"]})
    page.wait_for_timeout(1500)
    page.get_by_test_id("photo").set_input_files(photo)
    keep(page, "done")
    page.get_by_test_id("take-me").click()
    page.get_by_test_id("near-chips").get_by_role("button").nth(3).click()
    page.get_by_test_id("walk-title").wait_for()
    keep(page, "walk")
    context.close()


def desk_pictures(browser: Browser, product: Quickstart, folder: Path) -> None:
    """Board and import."""
    page = browser.new_context(base_url=product.url, locale="en-GB", **DESK).new_page()
    once, chosen = product.password_of("carol") or "", "a tape of sixty-six feet"
    page.goto("/console/")
    page.locator("[name=username]").fill("carol")
    page.locator("[name=password]").fill(once)
    page.keyboard.press("Enter")
    page.wait_for_url("**/password/**")
    for field, text in zip(page.locator("input[type=password]").all(), (once, chosen, chosen), strict=True):
        field.fill(text)
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/")
    page.locator("a[href*='/console/targets/']").first.click()
    keep(page, "board")
    page.get_by_role("link", name="Import").click()
    (folder / "memorials.csv").write_text(WITH_ERRORS)
    page.get_by_test_id("file").set_input_files(folder / "memorials.csv")
    page.get_by_role("button", name="Show what it would do").click()
    page.get_by_test_id("row-errors").wait_for()
    keep(page, "import")


def main() -> None:
    """Start the product, use it, and take the pictures."""
    OUT.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as made, quickstart(Path(made)) as product, sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        help_out(product)
        phone_pictures(browser, product, stand_in(Path(made) / "stone.jpg"))
        desk_pictures(browser, product, Path(made))
        browser.close()


if __name__ == "__main__":
    main()
