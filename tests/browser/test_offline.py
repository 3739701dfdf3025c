"""The page without a network: it opens, knows what was in hand, takes photos; new versions come without a loss."""

import re
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from cutting import PASS, REFUSE, BadNetwork, Fate, Request
from playwright.sync_api import Browser, Page, expect
from queueing import OnServer, fill, joined, jpeg, queue, until_safe, whole
from served import Quickstart, until
from watched import Watched

# One process runs them all, so that the product is started once.
pytestmark = pytest.mark.xdist_group("browser")

# Maps are drawn without a graphics card, and files are fetched anew, while other tests run beside.
SLOWLY = 60_000


def until_kept(page: Page) -> None:
    """Wait until the worker has the page and the map."""
    script = """async () => {
      const names = (await caches.keys()).filter((name) => name.startsWith("capturegraph-shell-"));
      const kept = await Promise.all(names.map(async (name) => (await (await caches.open(name)).keys())));
      const paths = kept.flat().map(({ url }) => new URL(url).pathname);
      return paths.includes("/field/") && paths.some((path) => path.includes("maplibre-gl.")) &&
        paths.some((path) => path.includes("land-50m"));
    }"""
    until(lambda: page.evaluate(script), "that the page is kept")


def test_the_page_opens_without_a_network_and_takes_a_photo(
    alice: Watched, network: BadNetwork, server: OnServer, product: Quickstart, picture: Path
) -> None:
    """The tab is closed, the network gone. Opened again, the slot, the way and the map are there; a photo waits."""
    page = joined(alice, product.codes[0], "Alice")
    expect(page.get_by_test_id("slot-title")).to_have_text(re.compile("Boundary stone"), timeout=SLOWLY)
    title = page.get_by_test_id("slot-title").inner_text()
    until_kept(page)
    page.close()
    network.down = True
    alice.context.set_offline(True)
    cold = alice.context.new_page()
    cold.goto("/field/")
    expect(cold.get_by_test_id("slot-title")).to_have_text(title)
    expect(cold.get_by_test_id("distance")).to_have_text(re.compile(r"\d"))
    expect(cold.get_by_test_id("map")).to_have_attribute("data-ready", "true", timeout=SLOWLY)
    expect(cold.locator("html[data-whole=true]")).to_have_count(1)
    cold.get_by_test_id("photo").set_input_files(picture)
    # It is far from the slot, and that is said; what checks the photo was kept for offline use as well.
    cold.locator("#check-send").click()
    expect(cold.get_by_test_id("safe")).to_have_text("0 of 1 safe")
    assert no_token_in_a_cache(cold)
    network.down = False
    alice.context.set_offline(False)
    (capture,) = [row["id"] for row in queue(cold)]
    until_safe(cold, [capture])
    server.assert_has([capture], [picture.read_bytes()])


def no_token_in_a_cache(page: Page) -> bool:
    """Whether the caches know nothing of the key: not in an address, a header, nor in what was answered."""
    script = """async () => {
      const { token } = JSON.parse(localStorage.getItem("capturegraph.device"));
      for (const name of await caches.keys()) {
        const cache = await caches.open(name);
        for (const request of await cache.keys()) {
          const answer = await cache.match(request);
          const headers = [...request.headers, ...answer.headers].flat().join();
          if ((request.url + headers + (await answer.text())).includes(token)) {
            return false;
          }
        }
      }
      return token.length > 20;
    }"""
    return bool(page.evaluate(script))


@pytest.mark.slow
def test_a_new_version_waits_until_it_is_asked_for_and_loses_nothing(
    alice: Watched, network: BadNetwork, server: OnServer, product: Quickstart
) -> None:
    """In the middle of a queue the worker is replaced: page and scripts change together, and every photo arrives."""
    page = joined(alice, product.codes[0], "Alice")
    until_kept(page)
    expect(page.get_by_test_id("new-version")).to_be_hidden()
    network.rewrite["/sw.js"] = lambda body: re.sub(rb'"version": "\w+"', b'"version": "next"', body)
    alice.context.set_offline(True)
    photos = [jpeg(400, place) for place in range(6)]
    ids = fill(page, photos)
    network.fate = _only_the_first_photos(3)
    alice.context.set_offline(False)
    until(lambda: sum(row["sent"] for row in queue(page)) >= 2, "some photos")
    page.evaluate("navigator.serviceWorker.getRegistration('/field/').then((one) => one.update())")
    expect(page.get_by_test_id("new-version")).to_be_visible(timeout=SLOWLY)
    assert not all(row["safe"] for row in queue(page))
    with page.expect_navigation():
        page.get_by_role("button", name="Use it now").click()
    whole(page)
    names = page.evaluate("caches.keys()")
    assert "capturegraph-shell-next" in names
    network.fate = lambda request: PASS
    page.evaluate("dispatchEvent(new Event('online'))")
    until_safe(page, ids)
    server.assert_has(ids, photos)
    expect(page.get_by_test_id("new-version")).to_be_hidden()


def _only_the_first_photos(most: int) -> Callable[[Request], Fate]:
    """Let so many photos by, and no other."""
    seen = [0]

    def fate(request: Request) -> Fate:
        if not request.path.endswith("/photo/"):
            return PASS
        seen[0] += 1
        return PASS if seen[0] <= most else REFUSE

    return fate


@pytest.mark.slow
def test_the_worker_sends_what_a_closed_page_left_behind(
    alice: Watched, network: BadNetwork, server: OnServer, product: Quickstart
) -> None:
    """Background Sync, as the browser does it: no page is open, the network comes back, the photos go."""
    page = joined(alice, product.codes[0], "Alice")
    until_kept(page)
    alice.context.set_offline(True)
    photos = [jpeg(300, place) for place in range(2)]
    ids = fill(page, photos)
    # Somebody looks: the page tries, and asks the browser to go on where it cannot.
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    until(lambda: page.evaluate(TAGS), "that the browser was asked")
    page.close()
    alice.context.set_offline(False)
    until(lambda: server.captures(ids).keys() == {one.replace("-", "") for one in ids}, "the facts of both")
    until(lambda: all(state == "stored" for state, _digest in server.captures(ids).values()), "both photos")
    server.assert_has(ids, photos)


TAGS = "navigator.serviceWorker.ready.then((one) => one.sync.getTags()).then((tags) => tags.length > 0)"


def test_the_page_can_be_installed(browser: Browser, product: Quickstart) -> None:
    """Its manifest has what browsers ask for before they offer it; what it and the worker name is there."""
    page = browser.new_page(base_url=product.url)
    page.goto("/field/")
    address = page.locator("link[rel=manifest]").get_attribute("href")
    manifest = orjson.loads(page.request.get(address or "").body())
    assert manifest["display"] == "standalone"
    assert manifest["start_url"] == "/field/"
    sizes = {(icon["sizes"], icon["purpose"]) for icon in manifest["icons"]}
    assert {("192x192", "any"), ("512x512", "any"), ("512x512", "maskable")} <= sizes
    for icon in manifest["icons"]:
        assert page.request.get(icon["src"]).headers["content-type"] == "image/png"
    worker = page.request.get("/sw.js")
    assert "immutable" not in worker.headers["cache-control"]
    for address in re.findall(r'"(/static/[^"]+\.\w+)"', worker.text()):
        assert page.request.get(address).ok, address
    page.close()
