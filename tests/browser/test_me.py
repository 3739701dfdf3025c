"""What somebody can do about themselves on their phone: see it, take it out, log in elsewhere, leave, and be erased."""

import io
import json
import re
import zipfile

import pytest
from cutting import PASS, REFUSE, BadNetwork
from meadow import behind, kept, place, ready_to_join
from playwright.sync_api import Browser, Page, expect
from queueing import OnServer, fill, joined, jpeg, open_photos, token_of, until_safe
from served import Quickstart, until
from watched import Watched

pytestmark = pytest.mark.xdist_group("browser")

PASSWORD = "a tape of sixty-six feet"


@pytest.fixture(scope="module")
def meadow(product: Quickstart) -> str:
    """The code of a second target."""
    return behind(product, targets={"The far meadow": {"slots": [{"title": "Elm", **place(0)}]}})["The far meadow"]


@pytest.fixture
def me(alice: Watched, product: Quickstart) -> Page:
    """Alice's screen about herself."""
    page = joined(alice, product.codes[0], "Alice")
    page.goto("/field/me/")
    expect(page.get_by_test_id("my-name")).to_have_text("Alice")
    return page


def test_what_is_known_of_me(me: Page, server: OnServer) -> None:
    expect(me.get_by_test_id("targets").get_by_role("listitem")).to_have_count(1)
    target = me.get_by_test_id("targets")
    expect(target).to_contain_text("Boundary stones of Washington")
    expect(target).to_contain_text("0 photos · 0 places done")
    expect(target).to_contain_text("On this phone now")
    target.get_by_text(re.compile("You agreed on")).click()
    expect(target).to_contain_text("Watch the traffic")
    expect(me.get_by_test_id("phones")).to_contain_text("This phone")
    ids = fill_one(me, server)
    assert server.ask("SELECT 1 FROM capturegraph_capture WHERE id = ?", ids[0].replace("-", "")) == [(1,)]


def fill_one(page: Page, server: OnServer) -> list[str]:
    """Send one photo from the page that sends, and come back."""
    page.goto("/field/")
    page.locator("html[data-whole=true]").wait_for()
    ids = fill(page, [jpeg(60, 9)])
    until_safe(page, ids)
    page.goto("/field/me/")
    expect(page.get_by_test_id("targets")).to_contain_text("1 photo ·")
    return ids


@pytest.mark.slow
def test_another_phone_by_its_picture(
    me: Page, browser: Browser, product: Quickstart, alice: Watched, server: OnServer
) -> None:
    me.get_by_test_id("add-phone").click()
    # Not wait_for_function: from its second look on it needs eval(), which the page rightly forbids.
    drawn = me.locator("#link-qr")
    until(lambda: drawn.evaluate("(image) => image.naturalWidth > 40"), "that the picture of the link is drawn")
    link = me.get_by_test_id("link").input_value()
    page = on_another_phone(browser, product)
    page.goto(link.replace(alice.url, product.url))
    expect(page.get_by_test_id("name")).to_have_value("Alice")
    ready_to_join(page)
    page.get_by_test_id("consent").check()
    page.get_by_test_id("join").click()
    page.wait_for_url("**/field/")
    assert token_of(page)["user"] == token_of(me)["user"]
    me.reload()
    phones = me.get_by_test_id("phones").get_by_role("listitem")
    expect(phones).to_have_count(2)
    another = phones.filter(has_text="Another phone")
    another.locator("summary").click()
    another.get_by_role("button", name="Sign it out").click()
    expect(phones).to_have_count(1)
    expect(me.get_by_test_id("done")).to_contain_text("signed out")
    page.goto("/field/me/")
    expect(page.get_by_test_id("notice")).to_contain_text("no longer known here")
    page.context.close()


def on_another_phone(browser: Browser, product: Quickstart) -> Page:
    """A page of a browser that nobody knows yet."""
    context = browser.new_context(base_url=product.url, locale="en-GB")
    context.set_default_timeout(40_000)
    return context.new_page()


@pytest.mark.slow
def test_a_password_brings_me_back_on_another_phone(
    me: Page, alice: Watched, browser: Browser, product: Quickstart
) -> None:
    form = me.get_by_test_id("login-form")
    alice.expected += ["409", "400"]
    form.get_by_label("Log-in name").fill("carol")
    form.get_by_label("Password").fill(PASSWORD)
    form.get_by_role("button").click()
    expect(me.get_by_test_id("login-problem")).to_contain_text("Choose another one")
    expect(form.get_by_label("Log-in name")).to_be_focused()
    username = f"alice-{token_of(me)['user'][:8]}"
    form.get_by_label("Log-in name").fill(username)
    form.get_by_label("Password").fill("short")
    form.get_by_role("button").click()
    expect(me.get_by_test_id("login-problem")).to_contain_text("10")
    form.get_by_label("Password").fill(PASSWORD)
    form.get_by_role("button").click()
    expect(me.get_by_test_id("done")).to_contain_text(f"You can log in as {username}.")
    expect(form).to_be_hidden()
    page = on_another_phone(browser, product)
    page.goto("/field/me/")
    page.get_by_role("link", name="Log in and go on with this phone").click()
    page.get_by_label("Log-in name").fill(username)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("button", name="Go on as Alice").click()
    ready_to_join(page)
    page.get_by_test_id("consent").check()
    page.get_by_test_id("join").click()
    page.wait_for_url("**/field/")
    assert token_of(page)["user"] == token_of(me)["user"]
    page.context.close()


def test_my_data_as_a_file(me: Page) -> None:
    with me.expect_download() as started:
        me.get_by_test_id("export").click()
    assert started.value.suggested_filename == "capturegraph-my-data.zip"
    with zipfile.ZipFile(io.BytesIO(started.value.path().read_bytes())) as archive:
        data = json.loads(archive.read("my-data.json"))
    assert data["user"]["id"] == token_of(me)["user"]
    expect(me.get_by_test_id("done")).to_contain_text("downloaded")


@pytest.mark.slow
def test_going_from_one_target_to_another_and_leaving_it(me: Page, meadow: str) -> None:
    me.goto(f"/join/{meadow}")
    ready_to_join(me)
    me.get_by_test_id("consent").check()
    me.get_by_test_id("join").click()
    me.wait_for_url("**/field/")
    me.goto("/field/me/")
    stones = me.get_by_test_id("targets").get_by_role("listitem").filter(has_text="Boundary stones")
    far = me.get_by_test_id("targets").get_by_role("listitem").filter(has_text="The far meadow")
    expect(far).to_contain_text("On this phone now")
    stones.get_by_role("button", name="Go on here").click()
    me.wait_for_url("**/field/")
    me.goto("/field/me/")
    expect(stones).to_contain_text("On this phone now")
    stones.get_by_text("Leave", exact=True).click()
    expect(stones).to_contain_text("Your photos stay and count.")
    stones.get_by_role("button", name="Leave now").click()
    expect(stones).to_have_count(0)
    expect(far).to_contain_text("On this phone now")


@pytest.mark.slow
def test_new_words_are_read_and_agreed_to_here(me: Page, server: OnServer) -> None:
    user = token_of(me)["user"].replace("-", "")
    server.write("UPDATE capturegraph_membership SET consent_version = 0 WHERE user_id = ?", user)
    me.reload()
    target = me.get_by_test_id("targets")
    expect(target.locator("[data-part=due]")).to_contain_text("What you agreed to here has changed.")
    target.get_by_role("button", name="Read it now").click()
    expect(target.locator("[data-part=new-text]")).to_contain_text("Watch the traffic")
    target.get_by_role("button", name="I agree").click()
    expect(me.get_by_test_id("done")).to_contain_text("Thank you")
    expect(target.locator("[data-part=due]")).to_be_hidden()
    ((version,),) = server.ask("SELECT consent_version FROM capturegraph_membership WHERE user_id = ?", user)
    assert version > 0


def test_erasing_myself_says_what_goes_and_wants_my_name(me: Page, alice: Watched, server: OnServer) -> None:
    alice.expected.append("400")
    user = token_of(me)["user"].replace("-", "")
    me.get_by_test_id("erase").locator("summary").click()
    expect(me.get_by_test_id("erase")).to_contain_text("What stays: photos that you gave, without your name.")
    me.get_by_test_id("erase-now").click()
    expect(me.get_by_test_id("erase-problem")).to_be_visible()
    me.get_by_test_id("confirm").fill("Bob")
    me.get_by_test_id("erase-now").click()
    expect(me.get_by_test_id("erase-problem")).to_contain_text("Alice")
    assert server.ask("SELECT name FROM capturegraph_user WHERE id = ?", user) == [("Alice",)]
    me.get_by_test_id("confirm").fill("Alice")
    me.get_by_test_id("erase-now").click()
    expect(me.get_by_test_id("erased")).to_contain_text("Photos that you gave stay, without your name.")
    assert server.ask("SELECT name, is_active FROM capturegraph_user WHERE id = ?", user) == [("", 0)]
    assert me.evaluate("localStorage.getItem('capturegraph.device')") is None
    me.goto("/field/")
    expect(me.get_by_test_id("screen-stranger")).to_be_visible()


TRACES = "Object.keys(localStorage).filter((key) => key.startsWith('capturegraph.'))"
PICTURES = "caches.has('capturegraph-pictures')"
DRAFT = """async () => {
  await caches.open("capturegraph-pictures");
  const { user } = JSON.parse(localStorage.getItem("capturegraph.device"));
  const open = indexedDB.open("capturegraph.draft", 1);
  open.onupgradeneeded = () => open.result.createObjectStore("draft");
  await new Promise((done) => (open.onsuccess = done));
  const transaction = open.result.transaction("draft", "readwrite");
  transaction.objectStore("draft").put({ capture: { id: "draft", user } }, "the one");
  await new Promise((done) => (transaction.oncomplete = done));
  open.result.close();
}"""
DRAFTED = """async () => {
  const open = indexedDB.open("capturegraph.draft");
  await new Promise((done) => (open.onsuccess = done));
  const all = open.result.transaction("draft").objectStore("draft").getAll();
  await new Promise((done) => (all.onsuccess = done));
  open.result.close();
  return all.result.length;
}"""


def test_erasing_myself_leaves_no_trace_and_takes_nobody_else_s_photo(alice: Watched, product: Quickstart) -> None:
    page = joined(alice, product.codes[0], "Alice")
    expect(page.get_by_test_id("slot-title")).not_to_be_empty()
    alice.context.set_offline(True)
    _mine, bobs = fill(page, [jpeg(60, 1), jpeg(60, 2)], [{}, {"user": "bob", "device_id": "another"}])
    page.evaluate(DRAFT)
    alice.context.set_offline(False)
    page.goto("/field/me/")
    assert "capturegraph.hands" in page.evaluate(TRACES)
    page.get_by_test_id("erase").locator("summary").click()
    page.get_by_test_id("confirm").fill("Alice")
    page.get_by_test_id("erase-now").click()
    expect(page.get_by_test_id("erased")).to_be_visible()
    assert page.evaluate(TRACES) == []
    assert [row["id"] for row in kept(page)] == [bobs]
    assert not page.evaluate(PICTURES)
    assert page.evaluate(DRAFTED) == 0
    # What is still here can be saved by whoever has the phone.
    page.goto("/field/")
    open_photos(page)
    expect(page.get_by_test_id("plate-others")).to_be_visible()


@pytest.mark.slow
def test_leaving_waits_for_the_photos_that_are_only_here(
    alice: Watched, network: BadNetwork, server: OnServer, product: Quickstart
) -> None:
    page = joined(alice, product.codes[0], "Alice")
    network.fate = lambda request: REFUSE if "/captures/" in request.path else PASS
    photo = jpeg(60, 4)
    (capture,) = fill(page, [photo])
    page.goto("/field/me/")
    target = page.get_by_test_id("targets").get_by_role("listitem")
    target.get_by_text("Leave", exact=True).click()
    target.get_by_role("button", name="Leave now").click()
    expect(page.get_by_test_id("notice")).to_contain_text("1 photo of yours from there is only on this phone.")
    expect(target).to_have_count(1)
    network.fate = lambda request: PASS
    target.get_by_role("button", name="Leave now").click()
    expect(target).to_have_count(0)
    server.assert_has([capture], [photo])


@pytest.mark.slow
def test_who_has_left_has_late_photos_sent_all_the_same(
    alice: Watched, network: BadNetwork, server: OnServer, product: Quickstart
) -> None:
    page = joined(alice, product.codes[0], "Alice")
    alice.context.set_offline(True)
    photo = jpeg(60, 5)
    (capture,) = fill(page, [photo])
    page.evaluate(
        """() => {
          const device = JSON.parse(localStorage.getItem("capturegraph.device"));
          localStorage.setItem("capturegraph.device", JSON.stringify({ ...device, target: null }));
        }"""
    )
    # The page that is left does not get them through any more.
    network.fate = lambda request: REFUSE if "/captures/" in request.path else PASS
    alice.context.set_offline(False)
    page.goto("/field/")
    expect(page.get_by_test_id("screen-stranger")).to_be_visible()
    expect(page.get_by_test_id("safe")).to_have_text("0 of 1 safe")
    network.fate = lambda request: PASS
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.get_by_test_id("safe")).to_have_text("1 of 1 safe")
    server.assert_has([capture], [photo])


@pytest.mark.slow
def test_photos_that_are_only_here_are_counted_before_erasing(me: Page, network: BadNetwork) -> None:
    me.goto("/field/")
    me.locator("html[data-whole=true]").wait_for()
    me.context.set_offline(True)
    fill(me, [jpeg(60, 3)])
    # Neither the page nor its worker gets them through.
    network.fate = lambda request: REFUSE if "/captures/" in request.path else PASS
    me.context.set_offline(False)
    me.goto("/field/me/")
    me.get_by_test_id("erase").locator("summary").click()
    expect(me.locator("#erase-unsent")).to_contain_text("One photo is only on this phone.")


@pytest.mark.slow
def test_signing_out_this_phone(me: Page) -> None:
    phone = me.get_by_test_id("phones")
    phone.locator("summary").click()
    expect(phone).to_contain_text("Send your photos first")
    phone.get_by_role("button", name="Sign it out").click()
    expect(me.get_by_test_id("stranger")).to_be_visible()
    assert me.evaluate(TRACES) == []
    me.reload()
    expect(me.get_by_test_id("stranger")).to_be_visible()


@pytest.mark.slow
def test_without_signal_and_without_a_name(alice: Watched, me: Page) -> None:
    me.route("**/api/v1/me/", lambda route: route.abort())
    me.reload()
    expect(me.get_by_test_id("notice")).to_contain_text("No signal")
