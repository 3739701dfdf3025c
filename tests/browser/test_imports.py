"""Bringing in places at the desk: a file with odd column names, from mapping to taking it back; and drawing places."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import DESK, PHONE
from meadow import behind, place
from playwright.sync_api import Browser, BrowserContext, Page, expect
from seeing import Eye, Look, window
from served import Quickstart, manage

pytestmark = pytest.mark.xdist_group("browser")

BAR = r'href="/(console|password|console/targets/[0-9a-f-]+)/"'
LIGHT, DARK = Look("light", {"color_scheme": "light"}), Look("dark", {"color_scheme": "dark"})

CAROL = """
from django.contrib.auth import SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from capturegraph.models import Membership, Target, User
target = Target.objects.get(name={name!r})
user, _ = User.objects.get_or_create(username="importer", defaults={{"name": "Cleo"}})
Membership.objects.get_or_create(
    user=user, target=target, defaults={{"role": "coordinator", "created_at": timezone.now()}})
store = SessionStore()
store[SESSION_KEY], store[BACKEND_SESSION_KEY] = str(user.pk), "django.contrib.auth.backends.ModelBackend"
store[HASH_SESSION_KEY] = user.get_session_auth_hash()
store.create()
print("MADE", store.session_key, target.pk)
"""


@pytest.fixture(scope="module")
def meadow(product: Quickstart) -> tuple[str, str]:
    """A target with two places, its own: the session of who coordinates it, and the address of its console."""
    name = "The meadow by the lake"
    slots = [{"title": f"Oak {n}", "external_id": f"o{n}", **place(150 * n)} for n in range(2)]
    behind(product, targets={name: {"slots": slots}})
    found = re.search(
        r"MADE (\S+) (\S+)", manage(product.var, "shell", "-v", "0", "-c", CAROL.format(name=name)).stdout
    )
    assert found
    return found[1], f"/console/targets/{found[2]}/"


def at_desk(context: BrowserContext, product: Quickstart, session: str) -> Page:
    context.add_cookies([{"name": "sessionid", "value": session, "url": product.url}])
    return context.new_page()


def odd(folder: Path, *rows: tuple[str, str, float]) -> Path:
    """A file whose columns nobody could guess: a row is a number, a title and metres north of the middle."""
    lines = ["nummer;baum;hoch;rechts"]
    for number, title, north in rows:
        lines.append(f"{number};{title};{place(north)['latitude']};{place(north)['longitude']}")
    path = folder / "trees.csv"
    path.write_text("\n".join(lines))
    return path


@pytest.fixture
def cleo(browser: Browser, product: Quickstart, meadow: tuple[str, str]) -> Iterator[Page]:
    """Cleo's browser, on the import page of her meadow."""
    with window(browser, product, LIGHT, DESK) as context:
        page = at_desk(context, product, meadow[0])
        page.goto(f"{meadow[1]}import/")
        yield page


def test_a_file_with_odd_columns_from_the_mapping_to_taking_it_back(cleo: Page, tmp_path: Path) -> None:
    file = odd(tmp_path, ("o0", "Old oak", 0), ("o1", "Oak 1", 210), ("e1", "Elm", 600), ("e2", "Nowhere", 10_000_000))
    text = file.read_text().splitlines()
    file.write_text("\n".join([*text[:-1], "e2;Nowhere;95;9"]))
    cleo.get_by_test_id("file").set_input_files(file)
    cleo.get_by_role("button", name="Show what it would do").click()
    cleo.wait_for_url("**/columns/")
    expect(cleo.get_by_test_id("refused")).to_contain_text("No column for latitude and longitude")
    for field, column in (("external_id", "nummer"), ("title", "baum"), ("latitude", "hoch"), ("longitude", "rechts")):
        cleo.get_by_test_id(f"field-{field}").select_option(label=column)
    expect(cleo.locator("#example-title")).to_have_text("Old oak, Oak 1, Elm")
    cleo.get_by_test_id("choose").click()
    # The diff: what was and what would be, side by side, and what cannot be read, by its row.
    expect(cleo.get_by_test_id("read-as")).to_contain_text("semicolon")
    expect(cleo.get_by_test_id("section-errors")).to_contain_text("row 5")
    expect(cleo.get_by_test_id("section-changed").locator("del")).to_have_text(["Oak 0"])
    expect(cleo.get_by_test_id("section-changed")).to_contain_text("60\u00a0m north")
    expect(cleo.get_by_test_id("map")).to_have_attribute("data-places", "shown")
    cleo.get_by_test_id("section-changed").get_by_role("button", name="Show on map").click()
    expect(cleo.get_by_role("button", name="Show on map", pressed=True)).to_have_count(1)
    with cleo.expect_download() as started:
        cleo.get_by_test_id("errors-csv").click()
    assert "Nowhere" in started.value.path().read_text("utf-8-sig")
    cleo.locator("#skip").check()
    cleo.get_by_test_id("apply").click()
    cleo.wait_for_url(re.compile(r"/console/targets/[0-9a-f-]+/$"))
    cleo.get_by_role("link", name="Import").click()
    cleo.get_by_test_id("before").get_by_role("button", name="Undo trees.csv").click()
    expect(cleo.get_by_test_id("undone")).to_contain_text("1 place was withdrawn again.")
    # The next file with these columns is read without a question.
    cleo.get_by_role("link", name="Back to the import").click()
    cleo.get_by_test_id("file").set_input_files(odd(tmp_path, ("e9", "Ash", 900)))
    cleo.get_by_role("button", name="Show what it would do").click()
    expect(cleo.get_by_test_id("remembered")).to_be_visible()
    expect(cleo.get_by_test_id("count-added").locator("b")).to_have_text("1")


def test_places_are_drawn_by_taps_counted_and_looked_at(cleo: Page) -> None:
    cleo.get_by_test_id("generate").click()
    around = cleo.get_by_test_id("map")
    expect(around).to_have_attribute("data-ready", "true")
    # The map takes corners once its tools are there.
    expect(cleo.get_by_role("button", name="Corner at the middle")).to_be_visible()
    expect(cleo.get_by_test_id("told")).to_have_text("Tap the first corner on the map, or type it.")
    box = around.bounding_box()
    assert box
    for x, y in ((0.3, 0.4), (0.7, 0.4), (0.7, 0.8)):
        cleo.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    expect(cleo.get_by_test_id("corners")).to_have_value(re.compile(r"^(-?[\d.]+, -?[\d.]+\n?){3}$"))
    cleo.get_by_test_id("spacing").fill("25")
    expect(cleo.get_by_test_id("told")).to_have_text(re.compile(r"^\d+ places$"))
    total = re.sub(r"\D", "", cleo.get_by_test_id("told").inner_text())
    cleo.get_by_role("button", name="Take back the last corner").click()
    expect(cleo.get_by_test_id("told")).to_have_text("One more corner.")
    cleo.get_by_role("button", name="Corner at the middle").click()
    expect(cleo.get_by_test_id("told")).to_have_text(re.compile(r"^\d+ places?$"))
    fewer = re.sub(r"\D", "", cleo.get_by_test_id("told").inner_text())
    assert int(fewer) < int(total)
    cleo.get_by_test_id("look").click()
    cleo.wait_for_url(re.compile(r"/import/[0-9a-f-]+/$"))
    expect(cleo.get_by_test_id("count-added").locator("b")).to_have_text(fewer)


def screens(context: BrowserContext, eye: Eye, product: Quickstart, meadow: tuple[str, str], folder: Path) -> None:
    """Every page on the way of a file, and the one to draw on."""
    page = at_desk(context, product, meadow[0])
    page.goto(f"{meadow[1]}import/")
    eye.on(page, "import")
    file = odd(folder, ("o0", f"Oak of {eye.look.name}", 400), ("n1", "New", 500), ("n2", "Newer", 520))
    # Columns of its own, so that no other test's choice is remembered for it.
    file.write_text(file.read_text().replace("baum", f"baum {eye.look.name} {eye.phone}") + "\nn3;Bad;95;9")
    page.get_by_test_id("file").set_input_files(file)
    page.get_by_role("button", name="Show what it would do").click()
    page.wait_for_url("**/columns/")
    eye.on(page, "columns")
    for field, column in (("external_id", 0), ("title", 1), ("latitude", 2), ("longitude", 3)):
        page.get_by_test_id(f"field-{field}").select_option(str(column))
    page.get_by_test_id("choose").click()
    expect(page.get_by_test_id("map")).to_have_attribute("data-places", "shown")
    eye.on(page, "preview")
    page.goto(f"{page.url}?show=changed")
    eye.on(page, "one section")
    page.locator("#skip").check()
    page.get_by_test_id("apply").click()
    page.wait_for_url(re.compile(r"/console/targets/[0-9a-f-]+/$"))
    page.goto(f"{meadow[1]}import/")
    expect(page.get_by_test_id("before").get_by_role("button", name="Undo").first).to_be_visible()
    eye.on(page, "brought in before")
    page.goto(page.get_by_test_id("before").locator("a").first.get_attribute("href") or "")
    expect(page.get_by_test_id("undo")).to_be_visible()
    eye.on(page, "brought in")
    page.get_by_test_id("undo").click()
    expect(page.get_by_test_id("undone")).to_be_visible()
    eye.on(page, "taken back")
    page.goto(f"{meadow[1]}generate/")
    expect(page.get_by_test_id("map")).to_have_attribute("data-ready", "true")
    expect(page.get_by_role("button", name="Corner at the middle")).to_be_visible()
    eye.on(page, "generate")


@pytest.mark.slow
@pytest.mark.parametrize("look", [LIGHT, DARK], ids=lambda look: look.name)
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_axe_finds_nothing_on_the_pages_of_the_import(
    browser: Browser, product: Quickstart, meadow: tuple[str, str], tmp_path: Path, look: Look, size: str
) -> None:
    eye = Eye(look, phone=size == "phone")
    with window(browser, product, look, PHONE if eye.phone else DESK) as context:
        screens(context, eye, product, meadow, tmp_path)
    assert len(eye.seen) == 8
    # The bar above every page of the console is not this room's.
    wrong = [one for one in eye.wrong if "too small" not in one or not re.search(BAR, one)]
    assert wrong == [], "\n".join(["", *wrong])
