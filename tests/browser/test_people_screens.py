"""People and settings in a real browser: by day and by night, at a desk and on a phone, and what moves on them."""

import re
from typing import NamedTuple

import pytest
from conftest import DESK, PHONE
from playwright.sync_api import Browser, BrowserContext, Page, expect
from seeing import Eye, Look, window
from served import Quickstart, manage
from watched import Watched

pytestmark = pytest.mark.xdist_group("browser")

MAKE = """
from datetime import timedelta
from uuid import uuid4
from django.contrib.auth import SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from capturegraph.models import CandidateSlot, User
from capturegraph.services import targets
from capturegraph.services.hand_out import assignments
from capturegraph.services.people import invites, joining
from capturegraph.services.uploads import captures
from scheduling import grid
now = timezone.now()
user, _ = User.objects.get_or_create(username="olga", defaults={"name": "Olga", "may_create_targets": True})
target, _ = targets.create_target(
    by=user, values={"name": "Wells", "contact": "Olga, 020 7946 0002", "hand_out": "queue"}, now=now)
for n, east in enumerate((0, 0.0004, 0.02)):
    CandidateSlot.objects.create(target=target, title=f"Well {n + 1}", latitude=47.0, longitude=9.0 + east, rank=n,
        cell=grid.cell(47.0, 9.0 + east), heading=45 if n == 0 else None)
code = invites.make_invite(target=target, role="volunteer", by=user, uses=9, valid_for=timedelta(days=9), now=now).code
people = [joining.join(code=code, device_id=uuid4(), token=uuid4().hex * 2, consent=True, now=now, name=name).user
          for name in ("Walter Wordsworth-Featherstonehaugh", "Wanda")]
assignments.request_slot(target_id=target.pk, user_id=people[0].pk, now=now)
words = captures.Words(target_id=target.pk, taken_at=now, latitude=47.0, longitude=9.0, accuracy_m=5.0)
captures.receive(capture_id=uuid4(), words=words, by=people[1], device=None, now=now)
assignments.request_slot(target_id=target.pk, user_id=people[0].pk, now=now)
store = SessionStore()
store[SESSION_KEY], store[BACKEND_SESSION_KEY] = str(user.pk), "django.contrib.auth.backends.ModelBackend"
store[HASH_SESSION_KEY] = user.get_session_auth_hash()
store.create()
print("MADE", target.pk, store.session_key, *[one.pk for one in people])
"""
DAY, NIGHT = Look("day", {"color_scheme": "light", "reduced_motion": "reduce"}), Look("night", {"color_scheme": "dark"})


class Wells(NamedTuple):
    """A target with two people, and the session of who coordinates it."""

    url: str
    session: str
    walter: str
    wanda: str


@pytest.fixture
def wells(product: Quickstart) -> Wells:
    done = manage(product.var, "shell", "-v", "0", "-c", MAKE)
    found = re.search(r"MADE (\S+) (\S+) (\S+) (\S+)", done.stdout)
    assert found, done.stdout + done.stderr
    return Wells(f"/console/targets/{found[1]}/", *found.groups()[1:])


def opened(context: BrowserContext, product: Quickstart, wells: Wells, path: str) -> Page:
    context.add_cookies([{"name": "sessionid", "value": wells.session, "url": product.url}])
    page = context.new_page()
    page.goto(wells.url + path)
    return page


def every_screen(context: BrowserContext, product: Quickstart, wells: Wells, eye: Eye) -> None:
    page = opened(context, product, wells, "people/")
    eye.on(page, "people")
    page.get_by_test_id("invite").click()
    expect(page.get_by_test_id("made")).to_be_visible()
    eye.on(page, "an invite")
    page.goto(f"{wells.url}people/{wells.walter}/")
    eye.on(page, "a member")
    page.get_by_test_id("new-phone").click()
    expect(page.get_by_test_id("made")).to_be_visible()
    eye.on(page, "a link for a new phone")
    page.goto(f"{wells.url}people/{wells.walter}/merge/?into={wells.wanda}")
    eye.on(page, "a merge")
    page.goto(wells.url + "poster/")
    eye.on(page, "choices for a poster")
    page.get_by_role("button", name="Show the poster").click()
    expect(page.get_by_test_id("poster")).to_be_visible()
    eye.on(page, "a poster")
    page.goto(wells.url + "settings/")
    expect(page.get_by_test_id("counts-now")).to_contain_text("50")
    page.locator("summary").filter(has_text="Rules").click()
    eye.on(page, "settings")
    page.locator("#id_sigma_m").fill("0")
    page.get_by_test_id("save").click()
    expect(page.locator("#id_sigma_m_error")).to_be_visible()
    eye.on(page, "settings with an error")
    page.locator("#id_sigma_m").fill("4")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("would")).to_be_visible()
    eye.on(page, "what saving would do")


# By day, most of them are looked at by test_access, too.
@pytest.mark.parametrize(
    ("look", "phone"),
    [
        pytest.param(NIGHT, False, id="desk by night", marks=pytest.mark.slow),
        pytest.param(DAY, False, id="desk by day", marks=pytest.mark.slow),
        pytest.param(DAY, True, id="phone by day", marks=pytest.mark.slow),
        pytest.param(NIGHT, True, id="phone by night", marks=pytest.mark.slow),
    ],
)
def test_every_screen_of_people_and_settings(
    browser: Browser, product: Quickstart, wells: Wells, look: Look, phone: bool
) -> None:
    eye = Eye(look, phone=phone)
    with window(browser, product, look, PHONE if phone else DESK) as context:
        every_screen(context, product, wells, eye)
    assert len(eye.seen) == 10
    assert eye.wrong == [], "\n".join(["", *eye.wrong])


def test_settings_are_explained_while_they_are_changed_and_drawn_to_scale(
    desk: Watched, product: Quickstart, wells: Wells
) -> None:
    page = opened(desk.context, product, wells, "settings/")
    said, tried = page.get_by_test_id("counts-now"), page.get_by_test_id("try-now")
    # The next well lies thirty metres off.
    expect(said).to_have_text("A photo within 50\u00a0m of the place counts. 1 other place lies inside: one photo from "
                              "here closes both.")  # fmt: skip
    expect(page.get_by_test_id("scene")).to_have_attribute("data-allowed", "50")
    page.locator("#id_threshold").fill("0.5")
    expect(said).to_contain_text("A photo within 25\u00a0m of the place counts. No other place lies inside")
    expect(page.get_by_test_id("scene")).to_have_attribute("data-allowed", "25")
    expect(page.locator("#heading_sigma_deg-now")).to_contain_text("15°")
    expect(tried).to_contain_text("Does not count: 30\u00a0m off, 25\u00a0m are allowed.")
    page.locator("#try-metres").fill("5")
    page.locator("#try-accuracy").fill("5")
    expect(tried).to_have_text("Counts: 5\u00a0m off, 25\u00a0m are allowed. Of ten such photos, all were really taken "
                               "inside.")  # fmt: skip
    page.locator("#id_lease_min").fill("90")
    expect(page.locator("#lease_min-now")).to_contain_text("for 1\u00a0h\u00a030\u00a0min")
    expect(page.locator("#unsaved")).to_have_text("Not saved yet.")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("would")).to_contain_text("1 photos count")
    page.get_by_test_id("save").click()
    expect(page.get_by_test_id("messages")).to_contain_text("Saved.")
    expect(page.get_by_test_id("judging")).to_have_attribute("data-state", "done")
    expect(page.locator("#id_threshold")).to_have_value("0.5")


@pytest.mark.slow
def test_somebody_is_found_while_typing_and_removed_and_taken_in_again(
    desk: Watched, product: Quickstart, wells: Wells
) -> None:
    page = opened(desk.context, product, wells, "people/")
    expect(page.get_by_test_id("member")).to_have_count(3)
    page.get_by_test_id("find").press_sequentially("wand")
    expect(page.get_by_test_id("member")).to_have_count(1)
    expect(page).to_have_url(re.compile("q=wand"))
    page.get_by_role("link", name="Wanda").click()
    page.get_by_test_id("remove").click()
    expect(page.get_by_test_id("messages")).to_contain_text("Wanda is out")
    page.get_by_test_id("take-in").click()
    expect(page.get_by_test_id("messages")).to_contain_text("Wanda takes part again")
    page.get_by_role("link", name="People", exact=True).click()
    page.get_by_test_id("state-control").get_by_role("button", name="Pause").click()
    expect(page.get_by_test_id("messages")).to_contain_text("1 person on the way was told")
    page.get_by_test_id("state-control").get_by_role("button", name="Open again").click()
    expect(page.get_by_test_id("state-control")).to_have_attribute("data-state", "open")
