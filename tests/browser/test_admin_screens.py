"""The site administration and the review before opening in a real browser: by day and night, at a desk and a phone."""

import re
from typing import NamedTuple

import pytest
from conftest import DESK, PHONE
from playwright.sync_api import Browser, BrowserContext, Page, expect
from seeing import Eye, Look, window
from served import Quickstart, manage

pytestmark = pytest.mark.xdist_group("browser")

MAKE = """
from datetime import timedelta
from uuid import uuid4
from django.contrib.auth import SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from capturegraph.models import CandidateSlot, Capture, User
from capturegraph.services import targets
from capturegraph.services.people import invites, joining
from capturegraph.services.uploads import captures
from scheduling import grid
now = timezone.now()
user, _ = User.objects.get_or_create(
    username="maxine", defaults={"name": "Maxine", "is_staff": True, "is_superuser": True})
draft, _ = targets.create_target(by=user, now=now, values={
    "name": "Wells of the valley", "state": "draft", "instructions": "The whole well, from the path.",
    "consent_text": "Your photos are kept on this server.", "contact": "Maxine, 020 7946 0003"})
for n, east in enumerate((0, 0.0004, 0.02)):
    CandidateSlot.objects.create(target=draft, title=f"Well {n + 1}", latitude=47.0, longitude=9.0 + east, rank=n,
        cell=grid.cell(47.0, 9.0 + east), heading=45 if n == 0 else None)
open_, _ = targets.create_target(by=user, values={"name": "Mills of the valley", "hand_out": "queue"}, now=now)
slot = CandidateSlot.objects.create(target=open_, title="Old mill", latitude=47.1, longitude=9.1,
    cell=grid.cell(47.1, 9.1))
code = invites.make_invite(target=open_, role="volunteer", by=user, uses=9, valid_for=timedelta(days=9), now=now).code
joined = joining.join(code=code, device_id=uuid4(), token=uuid4().hex * 2, consent=True, now=now, name="Walter")
words = captures.Words(target_id=open_.pk, taken_at=now, latitude=47.1001, longitude=9.1, accuracy_m=5.0)
capture = uuid4()
captures.receive(capture_id=capture, words=words, by=joined.user, device=None, now=now)
store = SessionStore()
store[SESSION_KEY], store[BACKEND_SESSION_KEY] = str(user.pk), "django.contrib.auth.backends.ModelBackend"
store[HASH_SESSION_KEY] = user.get_session_auth_hash()
store.create()
print("MADE", draft.pk, open_.pk, slot.pk, capture, joined.user.pk, store.session_key)
"""
DAY, NIGHT = Look("day", {"color_scheme": "light", "reduced_motion": "reduce"}), Look("night", {"color_scheme": "dark"})


class Valley(NamedTuple):
    """A draft, an open target with a place and a photograph of it, who took it, and the session of the site admin."""

    draft: str
    mills: str
    slot: str
    capture: str
    walter: str
    session: str


@pytest.fixture
def valley(product: Quickstart) -> Valley:
    done = manage(product.var, "shell", "-v", "0", "-c", MAKE)
    found = re.search(r"MADE (\S+) (\S+) (\S+) (\S+) (\S+) (\S+)", done.stdout)
    assert found, done.stdout + done.stderr
    return Valley(*found.groups())


def opened(context: BrowserContext, product: Quickstart, valley: Valley, path: str) -> Page:
    context.add_cookies([{"name": "sessionid", "value": valley.session, "url": product.url}])
    page = context.new_page()
    page.goto(path)
    return page


def of(model: str, row: str) -> str:
    return f"/admin/capturegraph/{model}/{row}/change/"


def every_screen(context: BrowserContext, product: Quickstart, valley: Valley, eye: Eye, table: Eye) -> None:
    """Look at our own pages as at all others, with `eye`; at Django's lists, which scroll sideways, with `table`."""
    page = opened(context, product, valley, f"/console/targets/{valley.draft}/opening/")
    expect(page.locator("#scene[data-allowed]")).to_have_count(1)
    eye.on(page, "before it is opened")
    page.goto("/admin/")
    table.on(page, "the first page")
    for model in ("target", "candidateslot", "capture", "user", "job", "event"):
        page.goto(f"/admin/capturegraph/{model}/")
        table.on(page, f"the list of {model}")
    for model, row in (("target", valley.mills), ("candidateslot", valley.slot), ("capture", valley.capture)):
        page.goto(of(model, row))
        expect(page.locator("#where[data-ready]")).to_have_count(1)
        table.on(page, f"a {model}")
    page.goto(of("user", valley.walter))
    table.on(page, "a user")
    page.goto(f"/admin/capturegraph/capture/{valley.capture}/history/")
    table.on(page, "a story")
    page.goto("/admin/storage/")
    as_of = page.locator("#storage .verdict .quiet")
    before = as_of.inner_text() if as_of.count() else ""
    page.get_by_test_id("count").click()
    expect(as_of).not_to_have_text(before)
    expect(page.locator("#storage[data-state=counted]")).to_be_visible()
    eye.on(page, "storage")


@pytest.mark.parametrize(
    ("look", "phone"),
    [
        pytest.param(DAY, False, id="desk by day"),
        pytest.param(NIGHT, False, id="desk by night", marks=pytest.mark.slow),
        pytest.param(DAY, True, id="phone by day", marks=pytest.mark.slow),
        pytest.param(NIGHT, True, id="phone by night", marks=pytest.mark.slow),
    ],
)
def test_every_screen_of_the_site(
    browser: Browser, product: Quickstart, valley: Valley, look: Look, phone: bool
) -> None:
    eye, table = Eye(look, phone=phone), Eye(look, phone=False)
    with window(browser, product, look, PHONE if phone else DESK) as context:
        every_screen(context, product, valley, eye, table)
    assert (len(eye.seen), len(table.seen)) == (2, 12)
    assert eye.wrong + table.wrong == [], "\n".join(["", *eye.wrong, *table.wrong])


def test_a_draft_is_walked_through_and_opened(browser: Browser, product: Quickstart, valley: Valley) -> None:
    with window(browser, product, DAY, DESK) as context:
        page = opened(context, product, valley, f"/console/targets/{valley.draft}/opening/")
        expect(page.get_by_test_id("scene")).to_have_attribute("data-allowed", "50")
        expect(page.get_by_test_id("verdict")).to_contain_text("6 steps are not ticked")
        for step in ("matching", "consent"):
            page.locator(f"#{step}").get_by_test_id("tick").click()
            expect(page.locator(f"#{step}")).to_have_attribute("data-state", "ticked")
        expect(page.locator("#consent")).to_contain_text("Ticked by Maxine")
        page.goto(f"/console/targets/{valley.draft}/settings/")
        page.locator("#id_sigma_m").fill("60")
        page.get_by_test_id("save").click()
        expect(page.get_by_test_id("messages")).to_contain_text("Saved")
        page.get_by_test_id("site-review").click()
        expect(page.locator("#matching")).to_have_attribute("data-state", "changed")
        expect(page.locator("#matching")).to_contain_text("Changed since Maxine ticked it")
        expect(page.get_by_test_id("scene")).to_have_attribute("data-allowed", "60")
        expect(page.get_by_test_id("still-open")).to_contain_text("“Which photos count”")
        page.get_by_test_id("open").click()
        expect(page.get_by_test_id("messages")).to_contain_text("These steps were not ticked")
        page.goto(f"/admin/capturegraph/target/{valley.draft}/history/")
        expect(page.get_by_test_id("story")).to_contain_text("Opened it")
        expect(page.get_by_test_id("story")).to_contain_text("σ: 50 m → 60 m")


def test_a_photo_is_rejected_from_the_list(browser: Browser, product: Quickstart, valley: Valley) -> None:
    with window(browser, product, DAY, DESK) as context:
        page = opened(context, product, valley, f"/admin/capturegraph/capture/?q={valley.capture}")
        page.locator(".action-select").check()
        page.locator("select[name=action]").select_option("reject")
        page.get_by_role("button", name="Go").click()
        expect(page.locator(".messagelist")).to_contain_text("Type beside the action why")
        page.locator(".action-select").check()
        page.locator("select[name=action]").select_option("reject")
        page.locator("input[name=reason]").fill("Too dark.")
        page.get_by_role("button", name="Go").click()
        expect(page.locator(".messagelist")).to_contain_text("Rejected: Walter")
        page.goto(of("capture", valley.capture))
        expect(page.get_by_test_id("story")).to_contain_text("Maxine Rejected it")
        expect(page.get_by_test_id("twin")).to_contain_text("Old mill")
