"""The review room in a browser: by keyboard alone, two at once, without signal, on a phone, and as it is told."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from backdoor import run_inside
from conftest import DESK, PHONE
from judged import to_judge
from meadow import place
from playwright.sync_api import Browser, Page, Route, expect
from seeing import Eye, Look, window
from served import Quickstart

pytestmark = pytest.mark.xdist_group("browser")

LIGHT, DARK = Look("light", {"color_scheme": "light"}), Look("dark", {"color_scheme": "dark"})
EAST = place(6, 9)
FLAG = {"code": "place_differs", "metres": 118.0}
STORY: list[dict[str, Any]] = [
    {"by": "Ben", "at": [EAST["latitude"], EAST["longitude"]], "picture": "other", "ago": 9000, "review": "accepted"},
    {"by": "Ben", "picture": "dark", "ago": 5000, "review": "rejected", "reason": "dark"},
    {"at": [EAST["latitude"], EAST["longitude"]], "heading": 2.0, "flags": [FLAG],
     "finding": dict(zip(("latitude", "longitude"), place(70, 95).values(), strict=True))},
    *({"picture": ("good", "other")[number % 2]} for number in range(5)),
]  # fmt: skip


def review_of(product: Quickstart, capture: str) -> str:
    """What stands in the database: the verdict, the reason, and how many verdicts were given."""
    said = run_inside(product, f"""
from capturegraph.models import Capture, Event
one = Capture.objects.get(pk="{capture}")
given = Event.objects.filter(noun="capture", row_id=one.pk, verb__in=["accepted", "rejected"]).count()
print("SAID", one.review, one.review_reason or "-", given)
""")  # fmt: skip
    return said.split("SAID ")[1].strip()


@contextmanager
def desk_of(browser: Browser, product: Quickstart, made: dict[str, Any], who: str, look: Look = LIGHT,
            base: dict[str, Any] = DESK) -> Iterator[Page]:  # fmt: skip
    """Somebody's window, in the room."""
    with window(browser, product, look, base) as context:
        context.add_cookies([{"name": "sessionid", "value": made["sessions"][who], "url": product.url}])
        page = context.new_page()
        page.goto(f"/console/targets/{made['target']}/review/")
        yield page


def on_stage(page: Page, capture: str | None = None) -> str:
    """Wait for a photograph, or for this one; give which it is."""
    if capture:
        expect(page.locator("#room")).to_have_attribute("data-capture", capture)
    page.locator("#room[data-capture]:not([data-busy]) #photo").wait_for()
    return str(page.locator("#room").get_attribute("data-capture"))


def press_through(page: Page, product: Quickstart, captures: list[str]) -> None:
    """Judge them all by keyboard, every third one asked for again, one skipped and one undone on the way."""
    order = list(captures)
    for number, capture in enumerate(captures):
        on_stage(page, capture)
        expect(page.get_by_test_id("left")).to_contain_text(f"{len(captures) - number} left")
        if number % 3 == 2:
            page.keyboard.press("r")
            expect(page.get_by_test_id("why")).to_be_visible()
            page.keyboard.press("2")
        else:
            page.keyboard.press("a")
        if number == 1:
            on_stage(page, order[2])
            page.keyboard.press("u")
            on_stage(page, capture)
            page.keyboard.press("a")
    expect(page.get_by_test_id("empty")).to_contain_text("Every photo has been reviewed.")
    said = run_inside(product, f"""
from capturegraph.models import Capture
print("SAID", *(Capture.objects.get(pk=pk).review + Capture.objects.get(pk=pk).review_reason for pk in {order!r}))
""")  # fmt: skip
    wanted = ["rejectedblurred" if number % 3 == 2 else "accepted" for number in range(len(order))]
    assert said.split()[1:] == wanted


@pytest.mark.parametrize("many", [8, pytest.param(100, marks=pytest.mark.slow)])
def test_by_keyboard_alone(browser: Browser, product: Quickstart, many: int) -> None:
    made = to_judge(product, f"By keyboard {many}", [{"picture": ("good", "other")[n % 2]} for n in range(many)])
    with desk_of(browser, product, made, "Rita") as page:
        press_through(page, product, made["captures"])


def test_what_is_shown_beside_a_photo(browser: Browser, product: Quickstart) -> None:
    made = to_judge(product, "Seen photo", STORY)
    with desk_of(browser, product, made, "Rita") as page:
        on_stage(page, made["captures"][2])
        expect(page.locator(".flag")).to_contain_text("118 m from where the phone was at the shutter")
        expect(page.get_by_role("heading", level=1)).to_contain_text("War Memorial Ada")
        expect(page.locator("#stage-words")).to_contain_text("facing north")
        expect(page.locator(".plate-words").first).to_have_text("Sharp · well lit · sun behind the camera, 31° high")
        expect(page.get_by_test_id("distance")).to_contain_text("11 m from the slot. 50 m are allowed.")
        expect(page.get_by_test_id("distance")).to_contain_text("±8 m: more than 99 % sure that it was inside")
        expect(page.locator(".earlier li")).to_have_text([re.compile("Ben, .*: dark"), re.compile("Ben, ")])
        expect(page.get_by_test_id("said")).to_contain_text("The photo file names another place.")
        page.keyboard.press("c")
        expect(page.locator("#view .other figcaption")).to_have_text("Should look like this")
        page.keyboard.press("c")
        expect(page.locator("#view .other figcaption")).to_contain_text("Ben")
        for _rest in range(2):
            page.keyboard.press("c")
        expect(page.locator("#view .other")).to_be_hidden()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
        page.keyboard.press("s")
        assert on_stage(page, made["captures"][3])
        expect(page.get_by_test_id("said")).to_contain_text("Skipped")
        assert review_of(product, made["captures"][2]) == "pending - 0"


def test_a_link_by_hand(browser: Browser, product: Quickstart) -> None:
    far = place(300)
    made = to_judge(product, "Linked photo", [{"at": [far["latitude"], far["longitude"]]}])
    with desk_of(browser, product, made, "Rita") as page:
        on_stage(page, made["captures"][0])
        page.keyboard.press("l")
        expect(page.locator(".near li")).to_have_text([re.compile(r"War Memorial 300\sm")])
        page.keyboard.press("1")
        expect(page.get_by_test_id("distance")).to_contain_text("A reviewer linked this photo")
        page.keyboard.press("a")
        expect(page.get_by_test_id("empty")).to_be_visible()


def test_two_at_once_see_different_photos(browser: Browser, product: Quickstart) -> None:
    made = to_judge(product, "Two reviewers", [{} for _n in range(6)])
    with ExitStack() as open_windows:
        pages = [open_windows.enter_context(desk_of(browser, product, made, who)) for who in ("Rita", "Sam")]
        seen: list[str] = []
        for _turn in range(3):
            shown = [on_stage(page) for page in pages]
            assert not set(shown) & set(seen)
            assert shown[0] != shown[1]
            seen += shown
            for page, capture in zip(pages, shown, strict=True):
                page.keyboard.press("a")
                expect(page.locator(f"#room[data-capture='{capture}']")).to_have_count(0)
        for page in pages:
            expect(page.get_by_test_id("empty")).to_be_visible()
        assert sorted(seen) == sorted(made["captures"])


def test_a_claim_that_was_lost_is_said_in_its_place(browser: Browser, product: Quickstart) -> None:
    made = to_judge(product, "Lost claim", [{}, {}])
    first, second = made["captures"]
    with desk_of(browser, product, made, "Rita") as page:
        on_stage(page, first)
        run_inside(product, f"""
from uuid import uuid4
from capturegraph.models import ReviewClaim, User
ReviewClaim.objects.filter(pk="{first}").update(reviewer=User.objects.get(username="sam"), token=uuid4())
""")  # fmt: skip
        page.keyboard.press("a")
        on_stage(page, second)
        expect(page.get_by_role("alert")).to_contain_text("Somebody else has this photo")
        expect(page.get_by_role("alert")).to_contain_text("Sam, not judged yet")
        assert review_of(product, first) == "pending - 0"


def test_without_a_connection_nothing_is_lost(browser: Browser, product: Quickstart) -> None:
    made = to_judge(product, "Without signal", [{}, {}])
    first, second = made["captures"]
    with desk_of(browser, product, made, "Rita") as page:
        on_stage(page, first)
        heard, silent = "**/api/v1/captures/*/review/", [True]

        def lose(route: Route) -> None:
            if not silent[0]:
                route.continue_()
                return
            # The server hears it, and its answer is lost.
            route.fetch()
            route.abort()

        page.route(heard, lose)
        page.keyboard.press("r")
        page.keyboard.press("1")
        expect(page.get_by_role("alert")).to_contain_text("is kept, and is sent as soon as there is one")
        page.keyboard.press("a")
        # The tap sends it; that is lost, too, or the first that gets through.
        with page.expect_request(heard):
            page.get_by_role("button", name="Send it now").click()
        silent[0] = False
        on_stage(page, second)
        expect(page.get_by_role("alert")).to_be_hidden()
        assert review_of(product, first) == "rejected dark 1"


def test_clean_ones_at_once_and_undone(browser: Browser, product: Quickstart) -> None:
    made = to_judge(product, "Clean ones", [{}, {}, {}, {"flags": [FLAG]}])
    with desk_of(browser, product, made, "Rita") as page:
        on_stage(page, made["captures"][3])
        page.get_by_test_id("clean").click(no_wait_after=True)
        expect(page.locator("#clean-said")).to_have_text("3 photos accepted.")
        on_stage(page, made["captures"][3])
        expect(page.get_by_test_id("left")).to_contain_text("1 left")
        page.get_by_test_id("undo-clean").click()
        expect(page.locator("#clean-said")).to_have_text("3 photos wait again.")
        expect(page.get_by_test_id("clean")).to_have_text("Accept 3 clean ones")


@pytest.mark.parametrize(("look", "base"), [(LIGHT, DESK), (DARK, DESK), (LIGHT, PHONE), (DARK, PHONE)],
                         ids=["desk", "desk, dark", "phone", "phone, dark"])  # fmt: skip
def test_what_anybody_can_see_and_press(
    browser: Browser, product: Quickstart, look: Look, base: dict[str, Any]
) -> None:
    made = to_judge(product, f"Anybody {look.name} {base is PHONE}", STORY)
    eye = Eye(look, phone=base is PHONE)
    with desk_of(browser, product, made, "Rita", look, base) as page:
        on_stage(page, made["captures"][2])
        eye.on(page, "photo")
        page.get_by_test_id("reject").click()
        expect(page.get_by_test_id("why")).to_be_visible()
        eye.on(page, "why")
        page.get_by_role("button", name=re.compile("Back")).click()
        page.get_by_test_id("link").click()
        eye.on(page, "link")
        page.get_by_test_id("compare").click()
        expect(page.locator("#view .other")).to_be_visible()
        eye.on(page, "compare")
        page.get_by_test_id("help").click()
        eye.on(page, "keys")
        page.get_by_role("button", name="Close").click()
        page.get_by_test_id("reject").click()
        page.get_by_role("button", name="dark").click()
        on_stage(page, made["captures"][3])
        for _rest in range(5):
            shown = on_stage(page)
            page.get_by_test_id("accept").click()
            expect(page.locator(f"#room[data-capture='{shown}']")).to_have_count(0)
        expect(page.get_by_test_id("empty")).to_be_visible()
        eye.on(page, "empty")
        page.goto("/console/review/")
        eye.on(page, "rooms")
    assert eye.wrong == []
