"""The main job in a real browser: a phone on the way, and a coordinator at a desk."""

import re
from pathlib import Path

import orjson
import pytest
from django.apps import apps
from django.contrib import admin
from geopy.distance import geodesic
from meadow import photos, ready_to_join
from playwright.sync_api import Browser, Page, expect
from served import ROOT, Quickstart, until
from watched import Watched

STONES = ROOT / "capturegraph" / "demo" / "boundary-stones-location.geojson"
NEW_PASSWORD = "a tape of sixty-six feet"

# One process runs them all, so that the product is started once.
pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture(scope="module")
def north_east_one() -> tuple[float, float]:
    """Latitude and longitude of one stone."""
    features = orjson.loads(STONES.read_bytes())["features"]
    ((longitude, latitude),) = (f["geometry"]["coordinates"] for f in features if f["properties"]["STONE_NUM"] == "NE1")
    return latitude, longitude


def stand(phone: Watched, metres: float, place: tuple[float, float]) -> None:
    """Put the phone so many metres north of a place."""
    there = geodesic(meters=metres).destination(place, bearing=0)
    phone.context.set_geolocation({"latitude": there.latitude, "longitude": there.longitude, "accuracy": 5})


def join(phone: Watched, code: str, name: str) -> Page:
    """Open an invite and join by it."""
    page = phone.context.new_page()
    page.goto(f"/join/{code}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Boundary stones of Washington")
    ready_to_join(page)
    page.get_by_test_id("name").fill(name)
    page.get_by_test_id("consent").check()
    page.get_by_test_id("join").click()
    page.wait_for_url("**/field/")
    return page


def shoot(page: Page, picture: Path) -> None:
    """Tap on "Take photo", and let the camera bring a picture."""
    with page.expect_file_chooser() as camera:
        page.locator("#shutter").click()
    camera.value.set_files(picture)


def test_a_volunteer_from_the_link_to_the_next_slot(
    phone: Watched, product: Quickstart, north_east_one: tuple[float, float], picture: Path, tmp_path: Path
) -> None:
    """Join, walk, miss by 80 m, hit from 30 m, see it safe on the server, go on to the next."""
    stand(phone, 400, north_east_one)
    page = join(phone, product.codes[0], "Alice")
    expect(page.get_by_test_id("slot-title")).to_have_text("Boundary stone NE 1")
    expect(page.get_by_test_id("distance")).to_have_text(re.compile(r"400\s*m"))
    stand(phone, 80, north_east_one)
    expect(page.get_by_test_id("distance")).to_have_text(re.compile(r"80\s*m"))
    shoot(page, picture)
    # The phone says so before anything is sent, and does not stand in the way.
    page.get_by_role("button", name="Send anyway").click()
    expect(page.get_by_test_id("verdict")).to_have_text("80\u00a0m off")
    expect(page.get_by_test_id("safe")).to_have_text(re.compile("1 of 1 safe"))
    page.get_by_role("button", name="Take it again").click()
    expect(page.get_by_test_id("slot-title")).to_have_text("Boundary stone NE 1")
    stand(phone, 30, north_east_one)
    expect(page.get_by_test_id("distance")).to_have_text(re.compile(r"30\s*m"))
    shoot(page, photos(tmp_path).good)
    expect(page.get_by_test_id("verdict")).to_have_text("Done. Thank you, Alice.")
    expect(page.get_by_test_id("safe")).to_have_text(re.compile("2 of 2 safe"))
    expect(page.get_by_test_id("take-me")).to_be_visible()
    expect(page.get_by_test_id("next-title")).not_to_be_empty()
    coming = page.get_by_test_id("next-title").inner_text()
    page.get_by_test_id("take-me").click()
    expect(page.get_by_test_id("slot-title")).to_have_text(coming)
    assert coming not in ("", "Boundary stone NE 1")
    page.reload()
    expect(page.get_by_test_id("slot-title")).to_have_text(coming)


def password_of(product: Quickstart, username: str) -> str:
    password = product.password_of(username)
    assert password
    return password


def log_in(desk: Watched, username: str, password: str) -> Page:
    """Log in with a one-time password, and choose another one, which is asked for at once."""
    page = desk.context.new_page()
    page.goto("/console/")
    page.get_by_label("Log-in name").fill(username)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/password/**")
    page.locator("[name=old]").fill(password)
    page.locator("[name=new]").fill(NEW_PASSWORD)
    page.locator("[name=again]").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Change it").click()
    page.wait_for_url("**/console/")
    return page


def test_a_coordinator_from_the_one_time_password_to_new_places(
    desk: Watched, product: Quickstart, tmp_path: Path
) -> None:
    """Log in, choose a password, see the board, bring in a file, see what it would do, apply it."""
    page = log_in(desk, "carol", password_of(product, "carol"))
    page.get_by_role("link", name="Boundary stones of Washington").click()
    expect(page.get_by_test_id("map").locator("canvas.maplibregl-canvas")).to_be_visible()
    page.get_by_role("link", name="Import").click()
    file = tmp_path / "wells.csv"
    file.write_text("id,title,lat,lon\nw1,Well in the wood,38.93,-77.04\nw2,Lost well,95,-77.04\n")
    page.get_by_test_id("file").set_input_files(file)
    page.get_by_role("button", name="Show what it would do").click()
    expect(page.get_by_test_id("count-added").locator("b")).to_have_text("1")
    expect(page.get_by_test_id("count-errors").locator("b")).to_have_text("1")
    expect(page.get_by_test_id("row-errors")).to_contain_text("95")
    page.locator("#skip").check()
    page.get_by_test_id("apply").click()
    page.wait_for_url(re.compile(r"/console/targets/[0-9a-f-]+/$"))
    expect(page.locator("[data-slot=figure]").first).to_contain_text("40")
    page.get_by_role("link", name="People").click()
    page.get_by_role("button", name="Make an invite").click()
    expect(page.get_by_test_id("invite-link")).to_have_value(re.compile(rf"^{product.url}/join/[a-z2-9-]{{17}}$"))


FITS = "document.documentElement.scrollWidth <= innerWidth"
PAGES = ("/", "/login/", "/field/", "/console/", "/api/docs/", "/nowhere/", "/join/no-such-invite")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("window", ["phone", "desk"])
def test_a_page_keeps_to_this_server_and_to_itself(path: str, window: str, request: pytest.FixtureRequest) -> None:
    """No request leaves the machine, no error is told, and nothing is wider than the screen."""
    watched: Watched = request.getfixturevalue(window)
    watched.expected = ["Failed to load resource: the server responded with a status of 404"]
    page = watched.context.new_page()
    page.goto(path, wait_until="networkidle")
    assert page.title()
    if path != "/api/docs/":
        until(lambda: page.evaluate(FITS), "that nothing is wider than the screen", 20)


@pytest.mark.slow
def test_the_administration_keeps_to_this_server_too(desk: Watched, product: Quickstart) -> None:
    page = log_in(desk, "admin", password_of(product, "admin"))
    page.goto("/admin/")
    rooms = page.locator("#content-main th a")
    addresses = [rooms.nth(number).get_attribute("href") or "" for number in range(rooms.count())]
    assert len(addresses) == sum(map(admin.site.is_registered, apps.get_models()))
    for address in addresses:
        page.goto(address)
        row = page.locator("#result_list tbody th a").first
        if row.count():
            row.click()
            page.wait_for_url("**/change/**")
            expect(page.locator("#content h1")).to_be_visible()
    page.goto("/console/services/")
    expect(page.get_by_test_id("runners")).to_contain_text("takes its turn")
    expect(page.get_by_test_id("services").locator("tbody tr")).to_have_count(3)
    for size in ({"width": 390, "height": 844}, {"width": 1440, "height": 900}):
        page.set_viewport_size(size)
        until(lambda: page.evaluate(FITS), "that nothing is wider than the screen", 20)


def test_the_watch_sees_what_it_is_for(browser: Browser, product: Quickstart) -> None:
    """A request to elsewhere and an error on the page are noted: the tests above can fail."""
    window = Watched(browser.new_context(base_url=product.url), product.url)
    page = window.context.new_page()
    page.goto("/login/")
    page.evaluate("fetch('http://127.0.0.2:9/').catch(() => {})")
    page.evaluate("document.body.setAttribute('style', 'color: red')")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">')")
    page.evaluate("setTimeout(() => { throw new Error('a slip') })")
    wait_until_noted(page, window, "connect-src", "style-src", "a slip")
    window.context.close()


def wait_until_noted(page: Page, window: Watched, *wanted: str) -> None:
    """Wait until all of this is among what is wrong; the browser tells of it a moment later."""
    for _look in range(200):
        told = "\n".join(window.wrong)
        if all(words in told for words in wanted):
            return
        page.wait_for_timeout(100)
    assert [words for words in wanted if words not in told] == [], told
