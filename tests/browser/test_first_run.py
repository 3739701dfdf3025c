"""The first five minutes of somebody who has never coordinated anything: from the log-in to the first photo."""

import re
from pathlib import Path

import pytest
from meadow import joins, photos, place, shoot, stand
from playwright.sync_api import Page, expect
from served import Quickstart, manage
from watched import Watched

pytestmark = pytest.mark.xdist_group("browser")

PASSWORD = "a tape of sixty-six feet"
ACCOUNT = f"""
from capturegraph.models import User
User.objects.filter(username="nina").exists() or User.objects.create_user(
    "nina", "{PASSWORD}", name="Nina", may_create_targets=True)
"""
WITHIN_MS = 15_000


def log_in(desk: Watched, product: Quickstart) -> Page:
    done = manage(product.var, "shell", "-v", "0", "-c", ACCOUNT)
    assert done.returncode == 0, done.stderr
    page = desk.context.new_page()
    page.goto("/console/")
    page.get_by_label("Log-in name").fill("nina")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/console/")
    return page


def steps_are(page: Page, **done: str) -> None:
    """Wait until the first steps are these, in this order, and so much of them is done."""
    shown = page.get_by_test_id("first-steps").locator("li")
    expect(shown).to_have_count(len(done))
    for number, (name, said) in enumerate(done.items()):
        expect(shown.nth(number)).to_have_attribute("data-step", name)
        expect(shown.nth(number)).to_have_attribute("data-done", said)


def two_trees(folder: Path) -> Path:
    """A file of two places."""
    trees = (("Old oak", place(0)), ("Tall elm", place(900)))
    rows = [f"{title},{at['latitude']},{at['longitude']}" for title, at in trees]
    file = folder / "oaks.csv"
    file.write_text("\n".join(["title,lat,lon", *rows]))
    return file


def test_from_the_log_in_to_the_first_photo(desk: Watched, phone: Watched, product: Quickstart, tmp_path: Path) -> None:
    """Each page says what comes next; nothing is typed but a name, a file and a person's name."""
    page = log_in(desk, product)
    page.get_by_role("link", name="Make your first target").click()
    page.get_by_label("What is it called?").fill("Trees of the meadow")
    page.get_by_role("button", name="Make it, then bring in places").click()
    page.wait_for_url("**/import/")
    steps_are(page, places="false", people="false", photo="false")
    page.get_by_test_id("file").set_input_files(two_trees(tmp_path))
    page.get_by_role("button", name="Show what it would do").click()
    page.get_by_test_id("apply").click()
    page.wait_for_url(re.compile(r"/console/targets/[0-9a-f-]+/$"))
    board = page.url
    page.get_by_role("link", name="People", exact=True).click()
    page.wait_for_url("**/people/")
    steps_are(page, places="true", people="false", photo="false")
    page.get_by_test_id("invite").click()
    expect(page.get_by_test_id("made")).to_be_visible()
    steps_are(page, places="true", people="true", photo="false")
    with desk.context.expect_page() as opened:
        page.get_by_test_id("make-poster").click()
    poster = opened.value
    expect(poster.get_by_test_id("poster")).to_contain_text("Trees of the meadow")
    address = poster.locator(".address").inner_text()
    assert address.startswith(product.url.removeprefix("http://"))
    # The board is open on the desk while a phone opens what is on the poster.
    page.goto(board)
    expect(page.locator("[data-slot=figure]").first).to_contain_text("of 2 done")
    stand(phone, 20)
    field = joins(phone, address.rpartition("/")[2], "Walter")
    expect(field.get_by_test_id("slot-title")).to_have_text("Old oak")
    expect(field.get_by_test_id("distance")).to_have_text(re.compile(r"^20\s*m$"))
    shoot(field, photos(tmp_path).good)
    expect(field.get_by_test_id("verdict")).to_contain_text("Done")
    expect(page.locator("[data-slot=figure] b").first).to_have_text("1", timeout=WITHIN_MS)
    page.get_by_role("link", name="People", exact=True).click()
    page.wait_for_url("**/people/")
    expect(page.get_by_test_id("members")).to_contain_text("Walter")
    expect(page.get_by_test_id("first-steps")).to_have_count(0)
