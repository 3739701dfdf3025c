"""The board in a browser: what happens outside shows by itself, places are drawn around, found and told of."""

import io
import math
import re
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from conftest import DESK, PHONE
from meadow import MIDDLE, behind, place
from PIL import Image
from playwright.sync_api import Browser, Page, expect
from seeing import Eye, Look, window
from served import Quickstart, Visitor, manage, until
from test_access import MAKE_DESK
from watched import WITHOUT_SIGNAL, Watched

pytestmark = pytest.mark.xdist_group("browser")

LIGHT, DARK = Look("light", {"color_scheme": "light"}), Look("dark", {"color_scheme": "dark"})
# What openMap is given in board-map.js: the places lie inside of it.
TOP, RIGHT, BOTTOM, LEFT = 120, 76, 48, 40
# Every page has the same bar at its top, which is looked at elsewhere. It stays there: the board writes in it.
# What a browser of 2022 has not got, and none without HTTPS.
OLDER = "delete Crypto.prototype.randomUUID; delete URLSearchParams.prototype.size;"
# The 180th meridian crosses this island of Fiji.
TAVEUNI = {"Uciwai": (-16.85, 179.98), "Waitabu": (-16.83, -179.98)}
WAITING, MINE = (0x6B, 0x72, 0x80), (0x00, 0x72, 0xB2)
# 16 % of the green of what is done, over land.
COVERED = (0xCA, 0xE3, 0xD7)
THE_PLACES = re.compile(r"/board/(\?|$)")
UNSEEN = "(bar) => bar.style.setProperty('display', 'none', 'important')"


def row(names: str) -> dict[str, Any]:
    """Places two kilometres from one another, the first in the south."""
    return {"slots": [{"title": name, **place(2000 * number)} for number, name in enumerate(names.split())]}


@pytest.fixture(scope="module")
def codes(product: Quickstart) -> dict[str, str]:
    """A target for each story."""
    targets = {
        name: row("Ash Beech Cedar")
        for name in ("Live board", "Drawn board", "Found board", "Seen board", "Touched board")
    }
    taveuni = [{"title": name, "latitude": y, "longitude": x} for name, (y, x) in TAVEUNI.items()]
    alone = {"Lone board": row("Oak"), "Covered board": row("Oak")}
    return behind(product, targets={**targets, **alone, "Taveuni board": {"slots": taveuni}})


@pytest.fixture(scope="module")
def session(product: Quickstart) -> str:
    """Somebody who may open everything is logged in by this."""
    done = manage(product.var, "shell", "-v", "0", "-c", MAKE_DESK)
    found = re.search(r"SESSION (\w+)", done.stdout)
    assert found, done.stdout + done.stderr
    return found[1]


@pytest.fixture
def carol(desk: Watched, product: Quickstart, session: str, codes: dict[str, str]) -> Watched:
    """Her desk, logged in."""
    desk.context.add_cookies([{"name": "sessionid", "value": session, "url": product.url}])
    return desk


def board(who: Watched, name: str) -> Page:
    """Open a board, and wait until its places are there."""
    page = who.context.new_page()
    page.goto("/console/")
    page.get_by_role("link", name=name).first.click()
    stands(page)
    return page


def stands(page: Page) -> None:
    """Wait until the places are on the map, and what comes later has found its room beside it."""
    page.locator("#board-map[data-places][data-mapped]").wait_for()
    page.locator("[data-testid=pace] svg").wait_for()


def box_of(page: Page) -> dict[str, float]:
    """Where the map lies, once it lies still."""
    seen = [page.get_by_test_id("map").bounding_box()]

    def still() -> bool:
        seen.append(page.get_by_test_id("map").bounding_box())
        return seen[-1] is not None and seen[-1] == seen[-2]

    until(still, "that the map lies still", 40)
    box: dict[str, float] = dict(seen[-1] or {})
    return box


def drag(page: Page, corners: list[tuple[float, float]]) -> None:
    """Draw a line with the mouse."""
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=4)
    page.mouse.up()


def seen_at(page: Page, x: float, y: float, colour: tuple[int, int, int]) -> bool:
    """Whether a colour, nearly, is to be seen around a point of the window."""
    shot = page.screenshot(clip={"x": x - 14, "y": y - 14, "width": 28, "height": 28})
    there = Image.open(io.BytesIO(shot)).convert("RGB").getcolors(1000) or []
    return any(max(abs(a - b) for a, b in zip(one, colour, strict=True)) < 16 for _n, one in there)


class Volunteer:
    """Somebody with a phone who is not in this browser."""

    def __init__(self, product: Quickstart, code: str) -> None:
        token = uuid4().hex * 2
        join = {"code": code, "name": "Alice", "device_id": str(uuid4()), "token": token, "consent": True}
        self.target = Visitor(product.url, token).post("/api/v1/join/", join).json["target"]["id"]
        self.phone = Visitor(product.url, token)

    def takes(self, north_m: float) -> None:
        """Ask for a place, and take a photograph so many metres north of the first."""
        self.phone.post(f"/api/v1/targets/{self.target}/request-slot/", place(north_m))
        words = {"target": self.target, "taken_at": datetime.now(UTC), "accuracy_m": 7, **place(north_m)}
        assert self.phone.put(f"/api/v1/captures/{uuid4()}/", words).status == 201


def test_what_happens_outside_shows_by_itself(carol: Watched, product: Quickstart, codes: dict[str, str]) -> None:
    page = board(carol, "Live board")
    expect(page.get_by_test_id("headline")).to_have_text(re.compile("0 of 3 done"))
    alice = Volunteer(product, codes["Live board"])
    alice.takes(0)
    expect(page.get_by_test_id("headline")).to_have_text(re.compile("1 of 3 done"))
    expect(page.get_by_test_id("chip-fulfilled").locator("b")).to_have_text("1")
    version = page.locator("#board-map").get_attribute("data-version")
    alice.phone.post(f"/api/v1/targets/{alice.target}/request-slot/", place(0))
    expect(page.get_by_test_id("out-now")).to_contain_text("Alice Beech")
    until(lambda: page.locator("#board-map").get_attribute("data-version") != version, "that the map is told, too")


def test_places_are_drawn_around_and_withdrawn_and_come_back(carol: Watched) -> None:
    page = board(carol, "Drawn board")
    box = box_of(page)
    middle, top = (LEFT + box["width"] - RIGHT) / 2, box["y"] + TOP
    centre = box["y"] + (TOP + box["height"] - BOTTOM) / 2
    page.get_by_test_id("lasso").click()
    expect(page.get_by_test_id("lasso")).to_have_attribute("aria-pressed", "true")
    ring = [(middle - 70, top - 30), (middle + 70, top - 30), (middle + 70, centre + 40), (middle - 70, centre + 40)]
    drag(page, ring)
    expect(page.get_by_test_id("chosen-count")).to_have_text("2 places chosen")
    page.get_by_test_id("withdraw").click()
    expect(page.get_by_test_id("chosen-result")).to_have_text("2 places withdrawn.")
    expect(page.get_by_test_id("chip-withdrawn").locator("b")).to_have_text("2")
    page.get_by_test_id("undo").click()
    expect(page.get_by_test_id("chosen-result")).to_have_text("2 places are back.")
    expect(page.get_by_test_id("chip-waiting").locator("b")).to_have_text("3")


def test_places_are_drawn_around_with_a_finger(
    browser: Browser, product: Quickstart, codes: dict[str, str], session: str
) -> None:
    """On an older phone: the page does not scroll away under the finger, and no number is not 0."""
    assert codes
    with window(browser, product, LIGHT, PHONE) as context:
        context.add_init_script(OLDER)
        context.add_cookies([{"name": "sessionid", "value": session, "url": product.url}])
        page = context.new_page()
        page.goto("/console/")
        page.get_by_role("link", name="Touched board").first.click()
        stands(page)
        page.get_by_test_id("lasso").tap()
        expect(page.get_by_test_id("lasso")).to_have_attribute("aria-pressed", "true")
        box = box_of(page)
        scrolled = page.evaluate("scrollY")
        middle, top = box["x"] + (LEFT + box["width"] - RIGHT) / 2, box["y"] + TOP
        centre = box["y"] + (TOP + box["height"] - BOTTOM) / 2
        corners = [(-50, top - 30), (50, top - 30), (50, centre + 30), (-50, centre + 30), (-50, top)]
        touch = context.new_cdp_session(page)
        for n, (x, y) in enumerate(corners):
            points = [{"x": middle + x, "y": y}]
            touch.send("Input.dispatchTouchEvent", {"type": "touchMove" if n else "touchStart", "touchPoints": points})
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        expect(page.get_by_test_id("chosen-count")).to_have_text("2 places chosen")
        assert page.evaluate("scrollY") == scrolled
        expect(page.get_by_test_id("lasso")).to_have_attribute("aria-pressed", "false")
        page.get_by_label("Priority", exact=True).fill("")
        page.get_by_test_id("priority").tap()
        expect(page.get_by_test_id("chosen-result")).to_have_text("Write a whole number from 0 to 100.")
        page.get_by_test_id("withdraw").tap()
        expect(page.get_by_test_id("chosen-result")).to_have_text("2 places withdrawn.")
        page.get_by_test_id("more-filters").tap()
        page.get_by_label("Text in title, note or id").fill("cedar")
        page.get_by_test_id("filter").tap()
        page.locator("#board-map[data-places='1']").wait_for()
        expect(page.locator("#more-count")).to_have_text("1")


def test_a_place_that_is_clicked_tells_its_story(carol: Watched) -> None:
    page = board(carol, "Lone board")
    box = box_of(page)
    page.mouse.click((LEFT + box["width"] - RIGHT) / 2, box["y"] + (TOP + box["height"] - BOTTOM) / 2)
    picked = page.get_by_test_id("picked")
    expect(picked.get_by_role("heading", name="Oak")).to_be_focused()
    expect(picked).to_contain_text("Nobody has sent one yet.")
    expect(page).to_have_url(re.compile(r"\?slot="))
    page.reload()
    expect(picked).to_contain_text("Oak")
    picked.get_by_role("button", name="Withdraw").click()
    expect(picked).to_contain_text("is withdrawn")
    expect(page.get_by_test_id("chip-withdrawn").locator("b")).to_have_text("1")


def test_places_are_found_on_the_map_and_in_the_list(carol: Watched) -> None:
    page = board(carol, "Found board")
    page.get_by_test_id("more-filters").click()
    page.get_by_label("Text in title, note or id").fill("cedar")
    page.get_by_test_id("filter").click()
    page.locator("#board-map[data-places='1']").wait_for()
    expect(page).to_have_url(re.compile("text=cedar"))
    page.get_by_test_id("more-filters").click()
    page.get_by_test_id("choose-shown").click()
    expect(page.get_by_test_id("chosen-count")).to_have_text("1 place chosen")
    page.get_by_test_id("more-filters").click()
    page.get_by_test_id("as-list").click()
    expect(page.get_by_test_id("places").locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Cedar").click()
    expect(page.get_by_test_id("picked")).to_contain_text("Cedar")


def test_a_target_on_the_date_line_is_one_place_on_the_map(carol: Watched) -> None:
    """Seen, clicked and drawn around in the east and in the west of 180°; and new places are drawn on both sides."""
    page = board(carol, "Taveuni board")
    box = box_of(page)
    left, right, top = box["x"] + LEFT, box["x"] + box["width"] - RIGHT, box["y"] + TOP
    bottom = box["y"] + box["height"] - BOTTOM
    scale = min((right - left) / 0.04, (bottom - top) / 0.0209)
    across, down = scale * 0.02, scale * 0.0209 / 2
    middle, centre = (left + right) / 2, (top + bottom) / 2
    for way in (1, -1):
        at = (middle + way * across, centre - way * down)
        until(lambda at=at: seen_at(page, *at, WAITING), f"a mark at {at}", 40)
    page.mouse.click(middle + across, centre - down)
    expect(page.get_by_test_id("picked").get_by_role("heading", name="Waitabu")).to_be_visible()
    page.get_by_test_id("lasso").click()
    expect(page.get_by_test_id("lasso")).to_have_attribute("aria-pressed", "true")
    ring = [
        (x, y) for y in (centre - down - 20, centre + down + 20) for x in (middle - across - 20, middle + across + 20)
    ]
    drag(page, [ring[0], ring[1], ring[3], ring[2]])
    expect(page.get_by_test_id("chosen-count")).to_have_text("2 places chosen")
    page.goto(page.url.split("?")[0] + "generate/")
    expect(page.get_by_test_id("map")).to_have_attribute("data-ready", "true")
    # The map is asked for nothing more once its tools are there.
    expect(page.get_by_role("button", name="Corner at the middle")).to_be_visible()
    corners = "-16.85, 179.98\n-16.85, -179.98\n-16.83, -179.98\n-16.83, 179.98"
    with page.expect_response("**/candidates/") as answered:
        page.get_by_test_id("corners").fill(corners)
    drawn = [longitude % 360 for longitude, _latitude in answered.value.json()["places"]]
    assert (min(drawn), max(drawn)) == (pytest.approx(179.98, abs=0.002), pytest.approx(180.02, abs=0.002))
    # The map is open on the places: its middle is there, not in the Atlantic.
    page.get_by_role("button", name="Corner at the middle").click()
    expect(page.get_by_test_id("corners")).to_have_value(re.compile(r"-16\.8\d+, -?(179\.99\d+|180\.0+)$"))


def test_photos_and_what_they_cover_are_laid_under_the_places(
    carol: Watched, product: Quickstart, codes: dict[str, str]
) -> None:
    """A photo 60 m from the place, which it does not do: its dot, and the ground around it that it covers."""
    page = board(carol, "Covered board")
    Volunteer(product, codes["Covered board"]).takes(60)
    box = box_of(page)
    middle, centre = (LEFT + box["width"] - RIGHT) / 2, box["y"] + (TOP + box["height"] - BOTTOM) / 2
    # The map opens at zoom 16 on a place alone.
    metre = 512 * 2**16 / (40_075_016.7 * math.cos(math.radians(MIDDLE[0])))
    dot, covered = (middle, centre - 60 * metre), (middle + 30 * metre, centre - 60 * metre)
    assert not seen_at(page, *dot, MINE)
    page.get_by_test_id("layers").click()
    page.get_by_test_id("show-captures").check()
    until(lambda: seen_at(page, *dot, MINE), "the photo", 40)
    assert not seen_at(page, *covered, COVERED)
    page.get_by_test_id("show-coverage").check()
    until(lambda: seen_at(page, *covered, COVERED), "what it covers", 40)
    page.get_by_test_id("show-captures").uncheck()
    until(lambda: not seen_at(page, *dot, MINE), "no photo", 40)
    until(lambda: seen_at(page, *covered, COVERED), "what it covers, still", 40)
    page.get_by_test_id("show-coverage").uncheck()
    until(lambda: not seen_at(page, *covered, COVERED), "nothing under the place", 40)


def test_nothing_is_chosen_where_the_filter_was_not_used(carol: Watched) -> None:
    """A number that no priority can be, then no connection: what is shown is not what was asked for."""
    carol.expected = ["the server responded with a status of 400", *WITHOUT_SIGNAL]
    page = board(carol, "Found board")
    page.get_by_test_id("more-filters").click()
    page.get_by_label("Priority from").fill("500")
    page.get_by_test_id("choose-shown").click()
    expect(page.get_by_test_id("chosen-count")).to_have_text("Nothing is chosen.")
    expect(page.get_by_test_id("chosen-result")).to_have_text("The filter could not be used. Change it or try again.")
    expect(page.get_by_test_id("withdraw")).to_be_hidden()
    expect(page.locator("#filters-refused")).to_be_visible()
    page.get_by_label("Priority from").fill("")
    page.get_by_label("Text in title, note or id").fill("cedar")
    page.route(THE_PLACES, lambda route: route.abort())
    page.get_by_test_id("choose-shown").click()
    expect(page.locator("#pulse")).to_have_class(re.compile("lost"))
    expect(page.get_by_test_id("chosen-count")).to_have_text("Nothing is chosen.")
    page.unroute(THE_PLACES)
    # What was missed is asked for again by itself.
    page.locator("#board-map[data-places='1']").wait_for()
    page.get_by_test_id("choose-shown").click()
    expect(page.get_by_test_id("chosen-count")).to_have_text("1 place chosen")


@pytest.mark.parametrize(
    ("look", "size"),
    [
        (LIGHT, "phone"),
        pytest.param(LIGHT, "desk", marks=pytest.mark.slow),
        pytest.param(DARK, "phone", marks=pytest.mark.slow),
        pytest.param(DARK, "desk", marks=pytest.mark.slow),
    ],
)
def test_everybody_can_use_it(
    browser: Browser, product: Quickstart, codes: dict[str, str], session: str, look: Look, size: str
) -> None:
    eye = Eye(look, phone=size == "phone")
    with window(browser, product, look, PHONE if size == "phone" else DESK) as context:
        context.add_cookies([{"name": "sessionid", "value": session, "url": product.url}])
        page = context.new_page()
        page.goto("/console/")
        page.get_by_role("link", name="Seen board").first.click()
        stands(page)
        page.locator("header.bar").evaluate(UNSEEN)
        eye.on(page, "board")
        page.get_by_test_id("more-filters").click()
        eye.on(page, "filters")
        page.get_by_test_id("choose-shown").click()
        expect(page.get_by_test_id("chosen-count")).to_have_text("3 places chosen")
        eye.on(page, "chosen")
        page.get_by_test_id("more-filters").click()
        page.get_by_test_id("as-list").click()
        expect(page.get_by_test_id("places")).to_be_visible()
        page.locator("header.bar").evaluate(UNSEEN)
        eye.on(page, "list")
        page.get_by_role("link", name="Ash").click()
        expect(page.get_by_test_id("picked")).to_contain_text("Ash")
        page.locator("header.bar").evaluate(UNSEEN)
        eye.on(page, "place")
    assert eye.wrong == [], "\n".join(["", *eye.wrong])
