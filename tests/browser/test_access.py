"""Everybody can use every screen: axe finds nothing, targets are large, large text and narrow phones lose nothing.

The short form looks at every screen once, in light, on a phone or at a desk; the slow one in dark, with 200 % text on
320 px, in forced colours, and in German, which is long.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from backdoor import run_inside
from conftest import DESK, PHONE, a_chromium
from django.template.loader import render_to_string
from django.utils.translation import override
from meadow import as_base64, behind, place, ready_to_join
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect
from queueing import OnServer
from seeing import FOCUSED, LARGER, SIDEWAYS, SMALL, Eye, Look, window
from served import Quickstart, manage
from tours import account_screens, common_screens, join, rarer_screens
from troubles import Around, meadows, refuse_invites, troubled_screens
from walkers import coordinators

pytestmark = pytest.mark.xdist_group("browser")

MAKE_DESK = """
from django.contrib.auth import SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from capturegraph.models import User
user, _ = User.objects.get_or_create(username="access", defaults={"name": "Access", "is_superuser": True,
    "is_staff": True, "may_create_targets": True})
store = SessionStore()
store[SESSION_KEY], store[BACKEND_SESSION_KEY] = str(user.pk), "django.contrib.auth.backends.ModelBackend"
store[HASH_SESSION_KEY] = user.get_session_auth_hash()
store.create()
print("SESSION", store.session_key)
"""


LIGHT = Look("light", {"color_scheme": "light", "reduced_motion": "reduce"})
OTHERS = (
    Look("dark", {"color_scheme": "dark"}),
    Look("large text on 320 px", {"viewport": {"width": 320, "height": 640}}, text=200, sizes=False),
    Look("320 px in German", {"viewport": {"width": 320, "height": 640}, "color_scheme": "dark"}, language="de-DE"),
    Look("large text in German", {"viewport": {"width": 390, "height": 844}}, text=200, language="de-DE", sizes=False),
    Look("forced colours", {"forced_colors": "active"}),
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium with a camera that shows a moving disc; pages have to be allowed to see it."""
    yield from a_chromium("--use-fake-device-for-media-stream")


@pytest.fixture(scope="module")
def codes(product: Quickstart) -> dict[str, str]:
    """Targets with everything that a phone can show of one."""
    settings = {
        "contact": "Carol, +44 20 7946 0000", "instructions": "Stand by the gate.", "kept_for": "until 2028",
        "safety_note": "Mind the bull, and the road beside the meadow.", "photo_licence": "CC BY 4.0",
        "run_by": "Friends of the meadows", "consent_text": "For the flora of the town.",
    }  # fmt: skip
    slots = [
        {"title": f"The old oak number {n}", "note": "From the gate.", "required_count": 90, **place(90 * n)}
        for n in range(6)
    ]
    whole = {"slots": slots, "settings": settings, "reference": as_base64(Image.new("RGB", (320, 240), (90, 120, 90)))}
    # One for each look: whom somebody stands beside is sent elsewhere.
    meadows = {look.name: whole for look in (LIGHT, *OTHERS)}
    other = {"slots": [{"title": "Elm", "required_count": 90, **place(2000)}]}
    return behind(product, targets={**meadows, "The other meadow": other, "The third meadow": other})


# --- the desk ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def session(product: Quickstart) -> str:
    """Somebody who may open everything is logged in by this."""
    return run_inside(product, MAKE_DESK).split()[1]


def desk_screens(context: BrowserContext, eye: Eye, product: Quickstart, session: str) -> None:
    """Every page of the console that a link leads to, of one target."""
    context.add_cookies([{"name": "sessionid", "value": session, "url": product.url}])
    page = context.new_page()
    todo, known = ["/console/", "/password/", "/this-phone/"], set[str]()
    while todo:
        path = todo.pop(0)
        shape = re.sub(r"[0-9a-f-]{36}", "…", path)
        if shape in known:
            continue
        known.add(shape)
        page.goto(path)
        eye.on(page, shape)
        links = page.locator("a[href^='/console/']").evaluate_all("(all) => all.map((one) => one.getAttribute('href'))")
        todo += [link.split("?")[0].split("#")[0] for link in links if "export" not in link and "." not in link]
    assert {"/console/targets/…/", "/console/targets/…/people/", "/console/services/"} <= known


def keyboard(page: Page, steps: int) -> list[str]:
    """Where Tab leads, in order."""
    where = []
    for _step in range(steps):
        page.keyboard.press("Tab")
        where.append(page.evaluate(FOCUSED))
    return where


# --- the tests --------------------------------------------------------------------------------------------------------


def nothing_is_wrong(eye: Eye, at_least: int) -> None:
    assert len(eye.seen) >= at_least, eye.seen
    assert eye.wrong == [], "\n".join(["", *eye.wrong])


def test_every_screen_of_the_phone(browser: Browser, product: Quickstart, codes: dict[str, str], picture: Path) -> None:
    eye = Eye(LIGHT, phone=True)
    with window(browser, product, LIGHT, PHONE) as context:
        common_screens(context, eye, codes, picture)
    nothing_is_wrong(eye, 15)


def test_every_page_of_the_desk(browser: Browser, product: Quickstart, codes: dict[str, str], session: str) -> None:
    eye = Eye(LIGHT, phone=False)
    with window(browser, product, LIGHT, DESK) as context:
        desk_screens(context, eye, product, session)
    nothing_is_wrong(eye, 8)


@pytest.mark.slow
@pytest.mark.parametrize("look", OTHERS, ids=lambda look: look.name)
def test_every_screen_of_the_phone_in_other_looks(
    browser: Browser, product: Quickstart, codes: dict[str, str], picture: Path, look: Look
) -> None:
    eye = Eye(look, phone=True)
    with window(browser, product, look, PHONE) as context:
        common_screens(context, eye, codes, picture)
    nothing_is_wrong(eye, 15)


@pytest.mark.slow
@pytest.mark.parametrize("look", [LIGHT, *OTHERS], ids=lambda look: look.name)
def test_the_rarer_screens_of_the_phone(
    browser: Browser, product: Quickstart, codes: dict[str, str], session: str, picture: Path, look: Look
) -> None:
    eye = Eye(look, phone=True)
    link = re.search(r"/reset/\S+", manage(product.var, "resetlink", "access").stdout)
    assert link
    with window(browser, product, look, PHONE) as context:
        rarer_screens(context, eye, codes, picture)
        account_screens(context, eye, session, link[0])
    nothing_is_wrong(eye, 11)


@pytest.fixture(scope="module")
def around(product: Quickstart, server: OnServer) -> Callable[[Look], Around]:
    """Who and what is there beside a phone in trouble."""
    names = {look.name: f"Trouble {look.name}" for look in (LIGHT, *OTHERS)}
    codes = behind(product, targets=meadows(*names.values()))
    carols = coordinators(product, *names.values())
    refuse_invites(server)
    return lambda look: Around(product, server, carols[names[look.name]], codes, names[look.name])


@pytest.mark.slow
@pytest.mark.parametrize("look", [LIGHT, *OTHERS], ids=lambda look: look.name)
def test_the_screens_of_a_phone_in_trouble(
    browser: Browser, product: Quickstart, around: Callable[[Look], Around], picture: Path, look: Look
) -> None:
    eye = Eye(look, phone=True)
    with window(browser, product, look, PHONE) as context:
        troubled_screens(context, eye, around(look), picture)
    nothing_is_wrong(eye, 17)


@pytest.mark.slow
@pytest.mark.parametrize("look", [LIGHT, *OTHERS], ids=lambda look: look.name)
def test_the_page_that_gets_a_phone_ready(browser: Browser, look: Look) -> None:
    """It comes over plain HTTP before anything is trusted, and has all that it needs in itself."""
    eye = Eye(look, phone=True)
    with override(look.language[:2]):
        text = render_to_string("lan.html", {"site": "https://192.168.1.20:8000", "certificate": "/capturegraph.crt"})
    context = browser.new_context(locale=look.language, **{**PHONE, **look.context})
    if look.text != 100:
        context.add_init_script(LARGER % look.text)
    page = context.new_page()
    page.route("http://phone.invalid/", lambda route: route.fulfill(body=text, content_type="text/html"))
    page.goto("http://phone.invalid/")
    eye.on(page, "get this phone ready")
    context.close()
    nothing_is_wrong(eye, 1)


@pytest.mark.slow
@pytest.mark.parametrize("look", [OTHERS[0], OTHERS[-1]], ids=lambda look: look.name)
def test_every_page_of_the_desk_in_other_looks(
    browser: Browser, product: Quickstart, codes: dict[str, str], session: str, look: Look
) -> None:
    eye = Eye(look, phone=False)
    with window(browser, product, look, DESK) as context:
        desk_screens(context, eye, product, session)
    nothing_is_wrong(eye, 8)


def test_the_keyboard_goes_through_joining_in_reading_order(
    browser: Browser, product: Quickstart, codes: dict[str, str]
) -> None:
    with window(browser, product, LIGHT, PHONE) as context:
        page = context.new_page()
        page.goto(f"/join/{codes['The other meadow']}")
        ready_to_join(page)
        page.get_by_test_id("name").focus()
        assert keyboard(page, 3) == ["consent", "join-button", "What happens to my photos?"]
        page.reload()
        ready_to_join(page)
        assert keyboard(page, 1) == ["To the content"]
        page.keyboard.press("Enter")
        expect(page.locator("#main")).to_be_focused()


def test_what_happens_is_announced(browser: Browser, product: Quickstart, codes: dict[str, str]) -> None:
    """Problems are alerts, states are statuses, and a new screen has the focus."""
    with window(browser, product, LIGHT, PHONE) as context:
        page = context.new_page()
        page.goto(f"/join/{codes['The other meadow']}")
        ready_to_join(page)
        page.get_by_test_id("join").click()
        expect(page.get_by_role("alert")).to_contain_text("Tell us a name first")
        join(page, codes["The other meadow"])
        expect(page.locator("#main:focus, #slot-name:focus")).to_have_count(1)
        context.set_geolocation({**place(1900), "accuracy": 6})
        context.grant_permissions(["geolocation"])
        page.reload()
        expect(page.locator("#far-spoken[role=status]")).to_have_text(re.compile(r"\d"))


CHECKS: dict[str, tuple[str, Callable[[Page], Any]]] = {
    "too small to press": ("<button style='width: 30px; height: 30px'>x</button>", lambda page: page.evaluate(SMALL)),
    "wider than the phone": ("<p style='width: 500px'>wide</p>", lambda page: page.evaluate(SIDEWAYS)),
    "cut off": (
        "<p style='width: 50px; overflow: hidden; white-space: nowrap'>much too long</p>",
        lambda page: page.evaluate(SIDEWAYS),
    ),
}


@pytest.mark.parametrize("name", CHECKS)
def test_the_eye_sees(browser: Browser, name: str) -> None:
    """A check that sees nothing would be content with everything."""
    markup, check = CHECKS[name]
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_content(f"<main>{markup}</main>")
    assert len(check(page)) >= 1
    page.set_content("<main><p>Short.</p></main>")
    assert check(page) == []
    page.close()
