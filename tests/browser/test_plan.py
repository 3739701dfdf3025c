"""A planned day in a real browser: made, worked out, asked about, fixed by hand, offered; and a phone is sent there."""

import re
from collections.abc import Iterator

import pytest
from meadow import behind, joins, place, stand
from playwright.sync_api import Browser, BrowserContext, Page, expect
from queueing import OnServer
from seeing import SMALL, Eye, Look, window
from served import Quickstart, manage
from test_access import MAKE_DESK
from walkers import enters
from watched import Watched

pytestmark = pytest.mark.xdist_group("browser")

DESK = {"viewport": {"width": 1440, "height": 900}}
PHONE = {"viewport": {"width": 412, "height": 915}, "is_mobile": True, "has_touch": True}
LIGHT = Look("light", {"color_scheme": "light", "reduced_motion": "reduce"})
# What the bar has is the size of its words; the rest is looked at here.
DARK = Look("dark", {"color_scheme": "dark", "reduced_motion": "reduce"}, sizes=False)


@pytest.fixture(scope="module")
def session(product: Quickstart) -> str:
    """Somebody who may open everything is logged in by this."""
    done = manage(product.var, "shell", "-v", "0", "-c", MAKE_DESK)
    found = re.search(r"SESSION (\w+)", done.stdout)
    assert found, done.stdout + done.stderr
    return found[1]


def meadow(product: Quickstart, server: OnServer, name: str) -> tuple[str, str]:
    """Give the invite to three places of which one asks for a boat, and the target's id; nobody is sent by itself."""
    slots = [{"title": title, **place(north)} for title, north in (("Oak", 0), ("Elm", 300), ("Ash", 600))]
    slots.append({"title": "Island", "skills": ["boat"], **place(900)})
    code = behind(product, targets={name: {"slots": slots, "settings": {"state": "paused"}}})[name]
    ((target,),) = server.ask("SELECT id FROM capturegraph_target WHERE name = ?", name)
    return code, f"{target[:8]}-{target[8:12]}-{target[12:16]}-{target[16:20]}-{target[20:]}"


def at_the_desk(context: BrowserContext, product: Quickstart, session: str) -> Page:
    context.add_cookies([{"name": "sessionid", "value": session, "url": product.url}])
    return context.new_page()


def worked_out(page: Page, target: str) -> None:
    """Make a plan for the whole day, and have it worked out."""
    page.goto(f"/console/targets/{target}/plan/")
    page.locator("[name=begin]").fill("00:00")
    page.locator("[name=end]").fill("23:59")
    page.get_by_test_id("make").click()
    page.get_by_test_id("compute").click()
    expect(page.get_by_test_id("headline")).to_be_visible()


def test_a_day_from_the_plan_to_the_phone(
    desk: Watched, phone: Watched, product: Quickstart, server: OnServer, session: str
) -> None:
    code, target = meadow(product, server, "Planned meadow")
    stand(phone, 0)
    field = joins(phone, code, "Alice")
    enters(product, code, "Bob")
    server.write(
        "UPDATE capturegraph_membership SET capacity = 1 WHERE target_id = ? AND user_id IN "
        "(SELECT id FROM capturegraph_user WHERE name = 'Alice')", target.replace("-", ""),
    )  # fmt: skip
    page = at_the_desk(desk.context, product, session)
    worked_out(page, target)
    expect(page.get_by_test_id("headline")).to_contain_text("3 of 4 places have somebody.")
    expect(page.locator("#plan-map[data-ready=true]")).to_be_visible()
    # Why nobody goes to the island; then Alice is sent to the ash, whatever the rules would have said.
    page.get_by_test_id("nobody").get_by_role("link", name="Island").click()
    expect(page.get_by_test_id("reasons")).to_contain_text("Alice: no boat")
    expect(page.get_by_test_id("helps")).to_contain_text("Alice takes 2; Alice has: boat")
    here = "title = ? AND target_id = ?"
    ((ash,),) = server.ask(f"SELECT id FROM capturegraph_candidateslot WHERE {here}", "Ash", target.replace("-", ""))
    page.goto(f"{page.url.split('?')[0]}?slot={ash}")
    page.get_by_test_id("reasons").get_by_role("link", name="Alice").click()
    page.get_by_test_id("pin").click()
    expect(page.get_by_test_id("stale")).to_be_visible()
    page.get_by_test_id("again").click()
    expect(page.get_by_test_id("stale")).to_have_count(0)
    expect(page.get_by_test_id("chip-fixed")).to_contain_text("1 fixed by hand")
    # The oak is gone meanwhile: that is said, and the rest is offered.
    gone = f"UPDATE capturegraph_candidateslot SET state = 'withdrawn' WHERE {here}"
    server.write(gone, "Oak", target.replace("-", ""))
    desk.expected = ["the server responded with a status of 409"]
    page.get_by_test_id("accept").click()
    expect(page.get_by_test_id("refused")).to_contain_text("The place does not wait for anybody any more.")
    page.get_by_test_id("rest").click()
    expect(page.get_by_test_id("messages")).to_contain_text("1 is left out: it had changed.")
    expect(page.get_by_test_id("withdraw")).to_be_visible()
    server.write("UPDATE capturegraph_target SET state = 'open' WHERE name = 'Planned meadow'")
    field.reload()
    expect(field.get_by_test_id("slot-title")).to_have_text("Ash")


@pytest.fixture
def answer(product: Quickstart, server: OnServer, session: str, browser: Browser) -> Iterator[str]:
    """The address of an answer."""
    code, target = meadow(product, server, "Read meadow")
    for name in ("Alice", "Bob"):
        enters(product, code, name)
    context = browser.new_context(base_url=product.url, locale="en-GB", **DESK)
    page = at_the_desk(context, product, session)
    worked_out(page, target)
    yield page.url
    context.close()


@pytest.mark.slow
def test_the_keyboard_leads_from_the_list_to_the_offer_and_everything_can_be_read(
    browser: Browser, product: Quickstart, session: str, answer: str
) -> None:
    wrong = []
    for look, size in ((LIGHT, DESK), (DARK, PHONE)):
        eye = Eye(look, phone=size is PHONE)
        with window(browser, product, look, size) as context:
            page = at_the_desk(context, product, session)
            page.goto(answer)
            page.locator("#plan-map[data-ready=true]").wait_for()
            eye.on(page, "the answer")
            page.locator(".plan-row").first.focus()
            page.keyboard.press("Enter")
            expect(page.locator("#drawer h2")).to_be_focused()
            expect(page.locator(".plan-row[aria-current=true]")).to_have_count(1)
            eye.on(page, "a person")
            page.get_by_test_id("nobody").get_by_role("link").first.focus()
            page.keyboard.press("Enter")
            expect(page.get_by_test_id("reasons")).to_be_visible()
            expect(page.locator("#drawer h2")).to_be_focused()
            eye.on(page, "why nobody")
            if eye.phone:
                wrong += [one for one in page.evaluate(SMALL) if "/plan/" in one]
            for _step in range(20):
                page.keyboard.press("Tab")
                if page.evaluate("document.activeElement.dataset.testid") == "accept":
                    break
            expect(page.get_by_test_id("accept")).to_be_focused()
            for path in (re.sub(r"/[^/]+/$", "/", answer), f"{answer}ways/"):
                page.goto(path)
                eye.on(page, path)
            wrong += eye.wrong
    assert wrong == [], "\n".join(wrong)
