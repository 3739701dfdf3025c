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


def steps(page: Page) -> dict[str, str]:
    """What of the first steps is done, by name."""
    shown = page.get_by_test_id("first-steps").locator("li")
    return {one.get_attribute("data-step") or "": one.get_attribute("data-done") or "" for one in shown.all()}


def test_from_the_log_in_to_the_first_photo(desk: Watched, phone: Watched, product: Quickstart, tmp_path: Path) -> None:
    """Each page says what comes next; nothing is typed but a name, a file and a person's name."""
    file = tmp_path / "oaks.csv"
    oak, elm = place(0), place(900)
    rows = [f"{title},{at['latitude']},{at['longitude']}" for title, at in (("Old oak", oak), ("Tall elm", elm))]
    file.write_text("\n".join(["title,lat,lon", *rows]))
    page = log_in(desk, product)
    page.get_by_role("link", name="Make your first target").click()
    page.get_by_label("What is it called?").fill("Trees of the meadow")
    page.get_by_role("button", name="Make it, then bring in places").click()
    page.wait_for_url("**/import/")
    assert steps(page) == {"places": "false", "people": "false", "photo": "false"}
    page.get_by_test_id("file").set_input_files(file)
    page.get_by_role("button", name="Show what it would do").click()
    page.get_by_test_id("apply").click()
    page.wait_for_url(re.compile(r"/console/targets/[0-9a-f-]+/$"))
    board = page.url
    page.get_by_role("link", name="People", exact=True).click()
    assert steps(page) == {"places": "true", "people": "false", "photo": "false"}
    page.get_by_test_id("invite").click()
    assert steps(page) == {"places": "true", "people": "true", "photo": "false"}
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
    shoot(field, photos(tmp_path).good)
    expect(field.get_by_test_id("verdict")).to_contain_text("Done")
    expect(page.locator("[data-slot=figure] b").first).to_have_text("1", timeout=WITHIN_MS)
    page.get_by_role("link", name="People", exact=True).click()
    expect(page.get_by_test_id("members")).to_contain_text("Walter")
    expect(page.get_by_test_id("first-steps")).to_have_count(0)
