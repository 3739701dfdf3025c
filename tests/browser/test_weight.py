"""What the phone has to fetch: before its first action, and altogether. Measured on the wire, with an empty cache."""

import re
from typing import Any, NamedTuple

import pytest
from conftest import PHONE
from meadow import behind, joins, place, stand
from playwright.sync_api import Browser, Page, expect
from served import Quickstart
from watched import Watched

# One process runs them all, so that the product is started once.
pytestmark = pytest.mark.xdist_group("browser")

CODE = ("Document", "Script", "Stylesheet")
FIRST_REQUESTS, FIRST_BYTES, WHOLE_BYTES = 3, 40_000, 150_000
# MapLibre, the outline of the world, and what draws marks on maps.
MAP = re.compile(r"/vendor/(maplibre-gl|world-atlas)|/static/(date-line|map|map-style|marks)\.[0-9a-f]+\.(js|svg)")
# Whatever was asked for before the first screen could be used; app.js says when that was.
BEGUN = """() => {
  const [{ startTime: standing }] = performance.getEntriesByName("standing");
  return performance.getEntriesByType("resource").filter((one) => one.startTime < standing).map((one) => one.name);
}"""


class Fetched(NamedTuple):
    """One request, as the browser's network saw it."""

    url: str
    kind: str
    size: int


class Wire:
    """Counts the bytes of every answer, headers and all, as they come over the network."""

    def __init__(self, page: Page) -> None:
        self._asked: dict[str, dict[str, Any]] = {}
        self._sizes: dict[str, int] = {}
        session = page.context.new_cdp_session(page)
        session.on("Network.requestWillBeSent", lambda told: self._asked.update({told["requestId"]: told}))
        session.on("Network.loadingFinished", self._finished)
        session.send("Network.enable")

    def _finished(self, told: dict[str, Any]) -> None:
        self._sizes[told["requestId"]] = int(told["encodedDataLength"])

    @property
    def fetched(self) -> list[Fetched]:
        return [
            Fetched(told["request"]["url"], told["type"], self._sizes[number])
            for number, told in self._asked.items()
            if number in self._sizes and told["request"]["url"].startswith("http")
        ]


@pytest.fixture(scope="module")
def joined(browser: Browser, product: Quickstart) -> dict[str, Any]:
    """What a phone keeps that has joined."""
    slots = [{"title": f"Light {n}", **place(200 * n)} for n in range(4)]
    code = behind(product, targets={"Weight": {"slots": slots}})["Weight"]
    context = browser.new_context(base_url=product.url, locale="en-GB", permissions=["geolocation"])
    window = Watched(context, product.url)
    stand(window, 100)
    page = joins(window, code)
    expect(page.get_by_test_id("slot-title")).to_have_text(re.compile("Light"))
    state: dict[str, Any] = dict(context.storage_state())
    context.close()
    return state


@pytest.mark.parametrize(
    "language", ["en-GB", "fr-FR", *(pytest.param(other, marks=pytest.mark.slow) for other in ("de-DE", "es-ES"))]
)
def test_a_cold_first_visit_is_light(
    browser: Browser, product: Quickstart, joined: dict[str, Any], language: str
) -> None:
    """The first action is possible after at most 40 kB in 3 requests; everything but the map is at most 150 kB."""
    options = {**PHONE, "permissions": ["geolocation"], "geolocation": {**place(100), "accuracy": 8}}
    context = browser.new_context(base_url=product.url, locale=language, storage_state=joined, **options)
    page = context.new_page()
    wire = Wire(page)
    page.goto("/field/")
    page.locator("html[data-standing]").wait_for(state="attached")
    expect(page.locator("#shutter")).to_be_visible()
    page.locator("html[data-whole=true]").wait_for(state="attached")
    page.wait_for_load_state("networkidle")
    before = {*page.evaluate(BEGUN), page.url}
    context.close()
    first = [one for one in wire.fetched if one.url in before and one.kind in CODE]
    told = "\n".join(f"{one.size:7} {one.kind} {one.url}" for one in wire.fetched)
    assert len(first) <= FIRST_REQUESTS, told
    assert sum(one.size for one in first) <= FIRST_BYTES, told
    whole = [one for one in wire.fetched if "/api/" not in one.url and not MAP.search(one.url)]
    assert sum(one.size for one in whole) <= WHOLE_BYTES, told
    # The measure sees what it is for: the page, its script, and what comes later.
    assert {one.kind for one in first} == {"Document", "Script"}
    assert len(whole) > len(first)
