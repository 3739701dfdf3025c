"""The way through what a phone shows when something is wrong, or happened while nobody looked."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from meadow import as_base64, kept, place
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect
from queueing import OnServer, fill, jpeg, open_photos, until_safe, whole
from seeing import Eye
from served import Quickstart
from tours import close_photos, join, open_ways_out, tap
from walkers import Somebody, enters, held, look_again

REFUSED = {
    "Run out": "expires_at = '2020-01-01 00:00:00'",
    "Used up": "uses_left = 0",
    "Withdrawn": "revoked_at = '2020-01-01 00:00:00'",
}
OVER = """() => {
  const hands = JSON.parse(localStorage.getItem("capturegraph.hands"));
  const rows = Object.values(hands).flatMap((hand) => hand.rows);
  rows.forEach((row) => { row.expires_at = "2020-01-01T00:00:00Z"; });
  localStorage.setItem("capturegraph.hands", JSON.stringify(hands));
}"""


class Around(NamedTuple):
    """Who and what is there beside the phone: its target's coordinator, invites by names, the database."""

    product: Quickstart
    server: OnServer
    carol: Somebody
    codes: dict[str, str]
    name: str


def meadows(*names: str) -> dict[str, object]:
    """Targets to be in trouble in, and those whose invites open no more."""
    slots = [
        {"title": title, "note": "From the gate.", **place(north)}
        for title, north in (("The old gate", 0), ("The well in the wood", 300), ("The mill", 600), ("The ford", 900))
    ]
    reference = as_base64(Image.new("RGB", (320, 240), (90, 120, 90)))
    settings = {"contact": "Carol, +44 20 7946 0000"}
    whole_ones = {name: {"slots": slots, "reference": reference, "settings": settings} for name in names}
    return {**whole_ones, **{name: {"slots": [], "settings": settings} for name in REFUSED}}


def refuse_invites(server: OnServer) -> None:
    """Let the invites of those targets run out, be used up, be withdrawn."""
    of = "target_id = (SELECT id FROM capturegraph_target WHERE name = ?)"
    for name, change in REFUSED.items():
        server.write(f"UPDATE capturegraph_invite SET {change} WHERE {of}", name)


def refused_invites(page: Page, eye: Eye, around: Around) -> None:
    """Each says why it does not open."""
    for name in REFUSED:
        page.goto(f"/join/{around.codes[name]}")
        expect(page.get_by_test_id("refused")).to_be_visible()
        eye.on(page, f"invite: {name}")


def read_all(page: Page) -> None:
    """Tap "OK" until no card is left."""
    while page.get_by_test_id("message").count():
        before = page.get_by_test_id("message").first.get_attribute("data-message")
        tap(page, "read")
        expect(page.locator(f"[data-message='{before}']")).to_have_count(0)


def told(page: Page, eye: Eye, around: Around) -> None:
    """A word from the coordinator; little time left; somebody else was there first."""
    text = "The gate is open until six. Please shut it behind you, the sheep are out."
    carol, target = around.carol.visitor, around.carol.target
    assert carol.post(f"/api/v1/targets/{target}/messages/", {"text": text}).status < 300
    soon = (datetime.now(UTC) + timedelta(minutes=6)).strftime("%Y-%m-%d %H:%M:%S")
    change = "UPDATE capturegraph_assignment SET expires_at = ? WHERE state = 'held' AND target_id = ?"
    around.server.write(change, soon, target.replace("-", ""))
    look_again(page)
    expect(page.get_by_test_id("message")).to_contain_text("until six")
    expect(page.locator("#time-plate.warn")).to_be_visible()
    eye.on(page, "a note, and little time")
    read_all(page)
    tap(page, "extend")
    expect(page.locator("#time-plate.warn")).to_have_count(0)
    slot = held(page)["slot_detail"]
    enters(around.product, around.codes[around.name], "Bob").photograph(slot)
    look_again(page)
    expect(page.get_by_test_id("message")).to_have_attribute("data-kind", "slot_done")
    expect(page.get_by_test_id("slot-title")).not_to_have_text(slot["title"])
    eye.on(page, "somebody else did it")
    read_all(page)


def rejected(page: Page, eye: Eye, around: Around, picture: Path) -> None:
    """The photo is not accepted; then there is a pause."""
    slot = held(page)["slot_detail"]
    page.context.set_geolocation({"latitude": slot["latitude"], "longitude": slot["longitude"], "accuracy": 6})
    expect(page.get_by_test_id("distance")).to_have_text(re.compile(r"^0\s*m$"))
    page.get_by_test_id("photo").set_input_files(picture)
    expect(page.get_by_test_id("verdict")).to_contain_text("Alice")
    (capture,) = [one["id"] for one in kept(page)]
    until_safe(page, [capture])
    verdict = {"verdict": "rejected", "note": "The well is not in it: step back a little."}
    assert around.carol.visitor.post(f"/api/v1/captures/{capture}/review/", verdict).status < 300
    look_again(page)
    expect(page.get_by_test_id("message")).to_contain_text("step back")
    expect(page.get_by_test_id("rejected-photo")).to_be_visible()
    expect(page.get_by_test_id("screen-slot")).to_be_visible()
    eye.on(page, "rejected")
    read_all(page)
    assert around.carol.change(state="paused") == 200
    look_again(page)
    expect(page.get_by_test_id("message")).to_be_visible()
    eye.on(page, "told of a pause")
    read_all(page)
    open_ways_out(page)
    tap(page, "release")
    expect(page.get_by_test_id("screen-reason")).to_be_visible()
    tap(page, "ask")
    expect(page.get_by_test_id("screen-reason")).to_have_attribute("data-code", "paused")
    eye.on(page, "a pause")
    assert around.carol.change(state="open") == 200


def without_signal(page: Page, eye: Eye, picture: Path) -> None:
    """What can be done all the same, what waits, and how old what is shown is."""
    context = page.context
    tap(page, "ask")
    expect(page.get_by_test_id("screen-slot")).to_be_visible()
    whole(page)
    context.set_offline(True)
    page.reload()
    page.locator("html[data-whole=true]").wait_for()
    expect(page.get_by_test_id("slot-title")).not_to_be_empty()
    expect(page.get_by_test_id("as-of")).to_be_visible()
    eye.on(page, "no signal")
    page.evaluate(OVER)
    page.reload()
    page.locator("html[data-whole=true]").wait_for()
    expect(page.locator("#time-plate.warn")).to_be_visible()
    eye.on(page, "time over")
    page.get_by_test_id("photo").set_input_files(picture)
    page.locator("#verdict-title:visible, #check-send:visible").wait_for()
    if page.locator("#check-send").is_visible():
        tap(page, "check-send")
    expect(page.get_by_test_id("verdict")).not_to_be_empty()
    eye.on(page, "kept without signal")
    tap(page, "again")
    open_ways_out(page)
    tap(page, "release")
    expect(page.get_by_test_id("waiting")).to_be_visible()
    tap(page, "ask")
    expect(page.get_by_test_id("screen-reason")).to_have_attribute("data-code", "waits")
    eye.on(page, "waits for a signal")


def bad_photos(page: Page, eye: Eye, around: Around) -> None:
    """Photos that need somebody, and one that waits; then a phone that the server does not know any more."""
    empty = {"problem": "empty", "size": 0}
    fill(page, [b"", jpeg(60, 1), jpeg(60, 2)], [empty, {"problem": "409"}, {}])
    open_photos(page)
    expect(page.get_by_test_id("photo-problem")).to_have_count(2)
    eye.on(page, "photos with problems, no signal")
    close_photos(page)
    page.context.set_offline(False)
    expect(page.get_by_test_id("screen-slot")).to_be_visible()
    device = page.evaluate("JSON.parse(localStorage.getItem('capturegraph.device')).device_id")
    revoke = "UPDATE capturegraph_device SET revoked_at = '2026-01-01' WHERE id = ?"
    around.server.write(revoke, device.replace("-", ""))
    fill(page, [jpeg(60, 3)])
    look_again(page)
    expect(page.get_by_test_id("notice")).to_be_visible()
    eye.on(page, "not known any more")
    open_photos(page)
    expect(page.get_by_test_id("plate-lost")).to_be_visible()
    eye.on(page, "photos of a phone that is not known")
    around.server.write(revoke.replace("'2026-01-01'", "NULL"), device.replace("-", ""))


def erased(page: Page, eye: Eye) -> None:
    """Said what would be lost, refused without the name, and then erased."""
    page.goto("/field/me/")
    page.get_by_test_id("me").wait_for()
    page.get_by_test_id("erase").locator("summary").click()
    expect(page.locator("#erase-unsent")).to_be_visible()
    page.get_by_test_id("erase-now").click()
    expect(page.get_by_test_id("erase-problem")).to_be_visible()
    eye.on(page, "before erasing")
    page.get_by_test_id("confirm").fill("Alice")
    page.get_by_test_id("erase-now").click()
    expect(page.get_by_test_id("erased")).to_be_visible()
    eye.on(page, "erased")


def troubled_screens(context: BrowserContext, eye: Eye, around: Around, picture: Path) -> None:
    """All of it, with one phone."""
    page = context.new_page()
    refused_invites(page, eye, around)
    context.grant_permissions(["geolocation"])
    context.set_geolocation({**place(-40), "accuracy": 6})
    join(page, around.codes[around.name])
    expect(page.get_by_test_id("slot-title")).not_to_be_empty()
    told(page, eye, around)
    rejected(page, eye, around, picture)
    without_signal(page, eye, picture)
    bad_photos(page, eye, around)
    erased(page, eye)
