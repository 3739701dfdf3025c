"""The ways that lead through every screen of the phone."""

from pathlib import Path

from meadow import place
from playwright.sync_api import BrowserContext, Page, expect
from seeing import Eye

# What Chromium answers on a machine without any camera.
NO_CAMERA = """() => {
  navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("", "NotFoundError"));
}"""
NOT_ASKED_YET = "navigator.permissions.query = async () => Object.assign(new EventTarget(), { state: 'prompt' });"


def tap(page: Page, act: str) -> None:
    page.locator(f"[data-act={act}]:visible").first.click()


def join(page: Page, code: str) -> None:
    page.goto(f"/join/{code}")
    page.locator("html[data-ready]").wait_for()
    if page.get_by_test_id("name").is_editable():
        page.get_by_test_id("name").fill("Alice")
    page.get_by_test_id("consent").check()
    page.get_by_test_id("join").click()
    page.wait_for_url("**/field/")
    page.locator("html[data-whole=true]").wait_for()


def at_the_door(page: Page, eye: Eye, code: str) -> None:
    """Before anybody is known."""
    for path, name in (
        ("/", "front door"), ("/field/", "stranger"), ("/field/me/", "stranger's me"), ("/nothing", "nothing here"),
        ("/join/unknown", "unknown invite"), ("/login/", "log in"), ("/forgot/", "forgot"),
    ):  # fmt: skip
        page.goto(path)
        page.locator("main h1:visible").first.wait_for()
        eye.on(page, name)
    page.goto(f"/join/{code}")
    page.locator("html[data-ready]").wait_for()
    page.get_by_test_id("join").click()
    expect(page.get_by_test_id("problem")).to_be_visible()
    page.get_by_test_id("languages").locator("summary").click()
    page.locator("details.about summary").click()
    eye.on(page, "join")


def with_a_slot(page: Page, eye: Eye, picture: Path) -> None:
    """My slot, and everything around it."""
    expect(page.get_by_test_id("screen-slot")).to_be_visible()
    expect(page.get_by_test_id("slot-title")).not_to_be_empty()
    open_ways_out(page)
    eye.on(page, "slot")
    # With large text the ways out fold up again before anything else is in reach.
    page.locator("#others").evaluate("(one, fold) => { one.open = !fold; }", eye.look.text != 100)
    tap(page, "reference")
    expect(page.locator("#reference-large")).to_be_visible()
    eye.on(page, "reference")
    tap(page, "reference-close")
    tap(page, "map")
    page.get_by_test_id("screen-map").wait_for()
    eye.on(page, "map")
    tap(page, "walk-guide")
    open_ways_out(page)
    page.locator("[data-act=decline]:visible").first.click()
    expect(page.get_by_test_id("screen-decline")).to_be_visible()
    eye.on(page, "cannot")
    tap(page, "decline-back")
    tap(page, "photos")
    page.get_by_test_id("photos").wait_for()
    eye.on(page, "no photos yet")
    close_photos(page)
    page.get_by_test_id("photo").set_input_files(picture)
    expect(page.get_by_test_id("verdict")).to_be_visible()


def close_photos(page: Page) -> None:
    tap(page, "photos-close")
    expect(page.get_by_test_id("photos")).to_be_hidden()


def open_ways_out(page: Page) -> None:
    page.locator("#others").evaluate("(one) => { one.open = true; }")


def after_it(page: Page, eye: Eye) -> None:
    """What comes after a photo, and the rest of the phone."""
    page.locator("[data-foot]:visible").first.wait_for()
    eye.on(page, "after")
    tap(page, "photos")
    page.get_by_test_id("photos").wait_for()
    expect(page.get_by_test_id("photo-row")).to_be_visible()
    eye.on(page, "my photos")
    close_photos(page)
    page.goto("/field/me/")
    page.get_by_test_id("me").wait_for()
    page.get_by_test_id("add-phone").click()
    expect(page.get_by_test_id("new-phone")).to_be_visible()
    page.locator("details:not(.languages) > summary").evaluate_all("(all) => all.forEach((one) => one.click())")
    eye.on(page, "me")


def common_screens(context: BrowserContext, eye: Eye, codes: dict[str, str], picture: Path) -> None:
    """From the front door to what is kept of somebody."""
    page = context.new_page()
    at_the_door(page, eye, codes["The other meadow"])
    context.grant_permissions(["geolocation"])
    context.set_geolocation({**place(-40), "accuracy": 6})
    join(page, codes[eye.look.name])
    with_a_slot(page, eye, picture)
    after_it(page, eye)


def rarer_screens(context: BrowserContext, eye: Eye, codes: dict[str, str], picture: Path) -> None:
    """The camera inside of the page, doubts about a photo, a walk, no place, several targets."""
    page = context.new_page()
    context.grant_permissions(["geolocation", "camera"])
    # Far off, and only roughly known: there is much to be said of a photo.
    context.set_geolocation({**place(-3000), "accuracy": 70})
    join(page, codes[eye.look.name])
    expect(page.get_by_test_id("slot-title")).not_to_be_empty()
    through_the_camera(page, eye)
    page.get_by_test_id("photo").set_input_files(picture)
    expect(page.get_by_test_id("screen-check")).to_be_visible()
    eye.on(page, "check")
    tap(page, "check-send")
    expect(page.get_by_test_id("verdict")).not_to_be_empty()
    page.locator("[data-act=again]:visible").first.wait_for()
    eye.on(page, "off")
    tap(page, "again")
    on_a_walk(page, eye)
    not_asked_yet(context, eye)
    join(page, codes["The third meadow"])
    page.reload()
    tap(page, "targets")
    expect(page.get_by_test_id("screen-targets")).to_be_visible()
    eye.on(page, "targets")


def through_the_camera(page: Page, eye: Eye) -> None:
    open_ways_out(page)
    tap(page, "viewfinder")
    expect(page.get_by_test_id("finder").locator("#fact-distance")).to_be_visible()
    expect(page.get_by_test_id("ghost")).to_be_visible()
    eye.on(page, "viewfinder")
    tap(page, "finder-close")
    page.evaluate(NO_CAMERA)
    open_ways_out(page)
    tap(page, "viewfinder")
    expect(page.get_by_test_id("finder-trouble")).to_be_visible()
    eye.on(page, "no camera")
    expect(page.get_by_test_id("finder").locator(".hint")).to_be_hidden()
    tap(page, "finder-close")


def on_a_walk(page: Page, eye: Eye) -> None:
    page.get_by_test_id("near-chips").locator("button").last.click()
    expect(page.get_by_test_id("walk-title")).not_to_be_empty()
    eye.on(page, "walk")
    tap(page, "walk-leave")
    expect(page.get_by_test_id("screen-reason")).to_be_visible()
    expect(page.get_by_test_id("reason-title")).not_to_be_empty()
    eye.on(page, "no place")


def not_asked_yet(context: BrowserContext, eye: Eye) -> None:
    page = context.new_page()
    page.add_init_script(NOT_ASKED_YET)
    page.goto("/field/")
    expect(page.get_by_test_id("screen-where")).to_be_visible()
    eye.on(page, "where")
    page.close()


def account_screens(context: BrowserContext, eye: Eye, session: str, reset: str) -> None:
    """Passwords, for somebody who is logged in and somebody who cannot log in."""
    page = context.new_page()
    for path, name in ((reset, "reset"), ("/reset/x/y/", "dead reset")):
        page.goto(path)
        page.locator("main h1").wait_for()
        eye.on(page, name)
    context.add_cookies([{"name": "sessionid", "value": session, "url": page.url}])
    for path, name in (("/password/", "password"), ("/this-phone/", "this phone")):
        page.goto(path)
        page.locator("main h1").wait_for()
        eye.on(page, name)
