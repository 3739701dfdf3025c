"""Carol at her desk: figures and their charts, everything in one ZIP, and a program that is told what happens."""

import json
import re
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from conftest import DESK
from playwright.sync_api import Browser, Page, expect
from seeing import Eye, Look
from served import Quickstart, manage, quickstart
from watched import Watched

from capturegraph.services.webhooks.receiving import is_genuine

pytestmark = [pytest.mark.xdist_group("browser"), pytest.mark.slow]

LOOKS = (Look("light", {"color_scheme": "light"}), Look("dark", {"color_scheme": "dark"}))
# Ten days of two volunteers, some photographs of which do two places, and somebody who says no.
CAMPAIGN = """
import random
from datetime import timedelta
from uuid import uuid4
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from capturegraph.models import Assignment, CandidateSlot, Capture, Membership, Target, User
from capturegraph.services.hand_out import assignments, places
from capturegraph.services.uploads import captures
from capturegraph.services.writing import writing
from scheduling import grid
chance, start = random.Random(1), timezone.now() - timedelta(days=10)
carol = User.objects.create_user(f"desk {uuid4()}", name="Carol")
target = Target.objects.create(name="The meadow", time_zone="Europe/Paris", hand_out="queue")
Membership.objects.create(user=carol, target=target, role="coordinator", created_at=start)
spots = [(48.8 + n // 2 * 0.004 + n % 2 * 0.0002, 2.3) for n in range(60)]
CandidateSlot.objects.bulk_create(
    CandidateSlot(target=target, title=f"Oak {n}", external_id=f"O{n}", latitude=at[0], longitude=at[1], rank=n,
                  cell=grid.cell(*at), created_at=start, updated_at=start) for n, at in enumerate(spots))
people = [User.objects.create_user(None, name=name) for name in ("Ada", "Ben")]
for one in people:
    Membership.objects.create(user=one, target=target, role="volunteer", created_at=start)
def campaign():
    for step in range(20):
        who, now = people[step % 2], start + timedelta(hours=12 * step)
        ask = dict(target_id=target.pk, user_id=who.pk, now=now, by_rank_alone=True)
        assignments.request_slot(**ask)
        held = Assignment.objects.live(now).select_related("slot").get(volunteer=who)
        if step == 5:
            places.decline(assignment_id=held.pk, by=who, reason="unsafe", now=now)
            continue
        now += timedelta(minutes=chance.randint(4, 18))
        words = captures.Words(target_id=target.pk, taken_at=now, sent_at=now, assignment_id=held.pk, accuracy_m=6,
            latitude=held.slot.latitude, longitude=held.slot.longitude, heading=None, from_library=False)
        captures.receive(capture_id=uuid4(), words=words, by=who, device=None, now=now)
    # With their photographs, before a sweep finds that these have been missing for days.
    Capture.objects.filter(target=target).update(state="stored", photo="captures/oak.jpg", photo_sha256="0" * 64)
with writing():
    campaign()
store = SessionStore()
store[SESSION_KEY], store[BACKEND_SESSION_KEY] = str(carol.pk), "django.contrib.auth.backends.ModelBackend"
store[HASH_SESSION_KEY] = carol.get_session_auth_hash()
store.create()
print("MADE", store.session_key, target.pk)
"""


class Meadow:
    """A running product of this module's own, and who is logged in to it."""

    def __init__(self, product: Quickstart, session: str, target: str) -> None:
        self.product, self.session, self.target = product, session, target


@pytest.fixture(scope="module")
def meadow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meadow]:
    """A product that may tell programs on this machine, with a campaign in it."""
    var = tmp_path_factory.mktemp("told")
    more = {"CAPTUREGRAPH_WEBHOOKS_PRIVATE": "yes", "CAPTUREGRAPH_SWEEP_S": "1"}
    with quickstart(var, **more) as product:
        done = manage(var, "shell", "-v", "0", "-c", CAMPAIGN)
        found = re.search(r"MADE (\w+) (\S+)", done.stdout)
        assert found, done.stdout + done.stderr
        yield Meadow(product, found[1], found[2])


@pytest.fixture
def page(browser: Browser, meadow: Meadow) -> Iterator[Page]:
    """Carol's browser; afterwards, nothing was wrong in it."""
    context = browser.new_context(base_url=meadow.product.url, locale="en-GB", **DESK)
    context.add_cookies([{"name": "sessionid", "value": meadow.session, "url": meadow.product.url}])
    window = Watched(context, meadow.product.url)
    yield context.new_page()
    context.close()
    assert window.wrong == []


def looked_at(page: Page, name: str) -> list[str]:
    """What axe finds on a page, in light and in dark."""
    wrong = []
    for look in LOOKS:
        page.emulate_media(color_scheme=look.name)
        eye = Eye(look, phone=False)
        eye.on(page, f"{name}, {look.name}")
        wrong += eye.wrong
    return wrong


def open_room(page: Page, meadow: Meadow, path: str) -> None:
    page.goto(f"/console/targets/{meadow.target}/{path}/")


def test_the_charts_are_drawn_and_their_tables_say_the_same(page: Page, meadow: Meadow) -> None:
    open_room(page, meadow, "progress")
    for name in ("chart-total", "chart-days", "chart-took"):
        expect(page.get_by_test_id(name).locator("canvas")).to_be_visible()
    told = page.request.get(f"/api/v1/targets/{meadow.target}/progress/").json()
    assert told["totals"]["walks_saved"] > 0
    expect(page.get_by_test_id("saved").locator("b")).to_have_text(str(told["totals"]["walks_saved"]))
    page.get_by_text("The same as a table").click()
    figures = [str(day[name]) for day in reversed(told["days"]) for name in ("done", "total")]
    expect(page.get_by_test_id("table-days").locator("tbody td")).to_have_text(figures)
    # Colours follow the system while the page is open.
    chart = page.get_by_test_id("chart-total")
    page.emulate_media(color_scheme="light")
    expect(chart).to_have_attribute("data-ink", "#009e73#47505b")
    page.emulate_media(color_scheme="dark")
    expect(chart).to_have_attribute("data-ink", "#009e73#b5c0cb")
    expect(chart.locator("canvas")).to_have_count(1)
    chart.hover()
    expect(page.locator("#days-now")).to_contain_text("in all")
    assert looked_at(page, "progress") == []


def test_everything_in_one_zip(page: Page, meadow: Meadow, tmp_path: Path) -> None:
    open_room(page, meadow, "data")
    page.get_by_test_id("list-slots").locator("select").select_option("fulfilled")
    page.locator("#since").fill("2026-01-01")
    link = page.get_by_test_id("list-slots").get_by_role("link", name="CSV")
    expect(link).to_have_attribute("href", re.compile(r"slots\.csv\?state=fulfilled&since=2026-01-01$"))
    page.get_by_test_id("make").click()
    expect(page.get_by_test_id("archive")).to_have_attribute("data-state", "there")
    with page.expect_download() as coming:
        page.get_by_test_id("download").click()
    coming.value.save_as(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.testzip() is None
        assert archive.read("captures.csv").count(b"\r\n") == 20
    assert looked_at(page, "data") == []


# --- a program that is told -------------------------------------------------------------------------------------------


class Receiver:
    """A program of somebody else's: what it got, checked as the page says, and what it answers."""

    def __init__(self, *answers: int) -> None:
        self.answers, self.got = list(answers), list[tuple[dict[str, str], bytes, float]]()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                receiver.got.append((headers, body, time.time()))
                self.send_response(receiver.answers.pop(0) if receiver.answers else 204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"

    def genuine(self, secret: str) -> list[bool]:
        return [is_genuine(secret, headers, body, at) for headers, body, at in self.got]


@contextmanager
def listening(*answers: int) -> Iterator[Receiver]:
    receiver = Receiver(*answers)
    thread = threading.Thread(target=receiver.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        receiver.server.server_close()
        thread.join()


def made_and_tried(page: Page, meadow: Meadow, receiver: Receiver) -> str:
    """Make a webhook, try it, and give its secret."""
    open_room(page, meadow, "webhooks")
    page.get_by_label("Address of the receiver").fill(receiver.url)
    page.get_by_label("a place is done").check()
    page.get_by_role("button", name="Make it").click()
    secret = page.get_by_test_id("secret").input_value()
    assert looked_at(page, "a new webhook") == []
    page.get_by_role("link", name="Go on and try it").click()
    page.get_by_test_id("try").click()
    return secret


def test_a_webhook_is_made_tried_and_removed(page: Page, meadow: Meadow) -> None:
    with listening() as receiver:
        secret = made_and_tried(page, meadow, receiver)
        expect(page.get_by_test_id("delivery").first).to_have_attribute("data-state", "delivered")
        page.get_by_text("What it says").first.click()
        expect(page.get_by_test_id("log")).to_contain_text('"type": "webhook.tested"')
        assert looked_at(page, "a webhook") == []
    assert receiver.genuine(secret) == [True]
    assert receiver.genuine("whsec_" + "A" * 44) == [False]
    page.get_by_role("button", name="Pause it").click()
    expect(page.get_by_test_id("hook-state")).to_contain_text("Paused")
    page.get_by_role("button", name="Remove it and its log").click()
    expect(page.get_by_test_id("messages")).to_contain_text("removed")


def test_a_receiver_that_fails_twice_gets_it_the_third_time(page: Page, meadow: Meadow) -> None:
    """With the product's own pauses: five seconds, then thirty."""
    with listening(500, 503) as receiver:
        secret = made_and_tried(page, meadow, receiver)
        delivery = page.get_by_test_id("delivery").first
        expect(delivery).to_contain_text("answered 500")
        expect(delivery).to_contain_text("Next try at")
        expect(delivery).to_contain_text("Try 2 of 8, answered 503")
        expect(delivery).to_have_attribute("data-state", "delivered", timeout=90_000)
        expect(delivery).to_contain_text("Try 3 of 8, answered 204")
    assert receiver.genuine(secret) == [True, True, True]
    ids = {headers["webhook-id"] for headers, _body, _at in receiver.got}
    assert ids == {json.loads(receiver.got[0][1])["id"]}
