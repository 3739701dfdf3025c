"""A target's own map: on the phone, without a network, on the board; nobody else's phone asks where it comes from."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from backdoor import run_inside
from cutting import BadNetwork
from meadow import behind, joins, place, stand
from PIL import Image
from playwright.sync_api import Locator, Page, expect
from served import Quickstart, until
from test_access import MAKE_DESK
from test_offline import SLOWLY, until_kept
from tiling import MAGENTA, TileServer, tile_server
from watched import Watched

# One process runs them all, so that the product is started once.
pytestmark = pytest.mark.xdist_group("browser")

WATER, WATER_AT_NIGHT = (0xC5, 0xDB, 0xE8), (0x10, 0x24, 0x2F)
KEPT = """async () => {
  const names = (await caches.keys()).filter((name) => name.startsWith("capturegraph-tiles "));
  const all = await Promise.all(names.map(async (name) => (await (await caches.open(name)).keys())));
  return all.flat().map(({ url }) => new URL(url).pathname).filter((path) => path.startsWith("/kept-tiles/tiles/"));
}"""
ANSWERED = """(name) => performance.getEntriesByType("resource").some((one) =>
  one.name.endsWith(name) && one.responseEnd > 0)"""
DRAWER_KEPT = "async () => Boolean(await caches.match(performance.getEntriesByType('resource').map(({ name }) => name)"
DRAWER_KEPT += ".find((name) => name.includes('vendor/pmtiles')) ?? '/none'))"


@pytest.fixture(scope="module")
def tiles() -> Iterator[TileServer]:
    """Where the maps come from."""
    with tile_server() as server:
        yield server


@pytest.fixture(scope="module")
def codes(product: Quickstart, tiles: TileServer) -> dict[str, str]:
    """A target for each kind of map, one whose map is not there, and one without."""
    slots = [{"title": f"Tree {n}", **place(300 * n)} for n in range(3)]
    maps = {"raster": "raster.pmtiles", "vector": "vector.pmtiles", "style": "style.json", "gone": "gone.pmtiles"}
    targets: dict[str, Any] = {
        f"Tiles {kind}": {"slots": slots, "settings": {"tiles_url": f"{tiles.url}/{maps[kind]}"}} for kind in maps
    }
    made = behind(product, targets={**targets, "Tiles none": {"slots": slots}})
    return {name.removeprefix("Tiles "): code for name, code in made.items()}


@pytest.fixture
def walker(alice: Watched, tiles: TileServer) -> Watched:
    """Alice near the trees; her phone may ask where the maps come from."""
    alice.allowed.append(f"{tiles.url}/")
    stand(alice, 60)
    tiles.asked.clear()
    return alice


def share_of(map_: Locator, colour: tuple[int, int, int]) -> float:
    """How much of a map, as it is seen, has a colour."""
    seen = Image.open(io.BytesIO(map_.screenshot())).convert("RGB")
    near = sum(n for n, one in seen.getcolors(seen.width * seen.height) or [] if _near(one, colour))
    return near / (seen.width * seen.height)


def _near(one: Any, other: tuple[int, int, int]) -> bool:
    return all(abs(a - b) <= 3 for a, b in zip(one, other, strict=True))


def drawn(page: Page, kind: str, colour: tuple[int, int, int]) -> None:
    """Wait until the map says what it draws, and is in its colour."""
    map_ = page.get_by_test_id("map")
    expect(map_.locator(".map-canvas")).to_have_attribute("data-base", kind, timeout=SLOWLY)
    until(lambda: share_of(map_, colour) > 0.3, f"a {kind} map")


@pytest.mark.slow
def test_the_map_around_my_slot_is_there_without_a_network(
    walker: Watched, network: BadNetwork, codes: dict[str, str], tiles: TileServer
) -> None:
    """The tab is closed, the network gone: opened again, the same map, though nobody can be asked for it."""
    page = joins(walker, codes["raster"])
    drawn(page, "raster", MAGENTA)
    until_kept(page)
    until(lambda: page.evaluate(DRAWER_KEPT), "that what draws it is kept")
    until(lambda: len(page.evaluate(KEPT)) > 40, "that the tiles around are kept")
    until(lambda: tiles_settled(page), "that all are kept")
    assert len(page.evaluate(KEPT)) <= 300
    # Whose map it is learns nothing of who looks at it.
    assert tiles.asked
    said = {name for _path, headers in tiles.asked for name in headers}
    assert not said & {"authorization", "cookie", "referer"}
    page.close()
    network.down = True
    walker.context.set_offline(True)
    before = len(tiles.asked)
    cold = walker.context.new_page()
    cold.goto("/field/")
    drawn(cold, "raster", MAGENTA)
    assert len(tiles.asked) == before


def tiles_settled(page: Page) -> bool:
    """Whether nothing more is being kept."""
    before = len(page.evaluate(KEPT))
    for _look in range(4):
        page.wait_for_timeout(500)
        if len(page.evaluate(KEPT)) != before:
            return False
    return True


@pytest.mark.slow
def test_vectors_are_drawn_in_our_colours_by_day_and_by_night(walker: Watched, codes: dict[str, str]) -> None:
    page = joins(walker, codes["vector"])
    drawn(page, "vector", WATER)
    page.emulate_media(color_scheme="dark")
    drawn(page, "vector", WATER_AT_NIGHT)


@pytest.mark.slow
def test_a_style_is_drawn_from_where_it_comes_from(walker: Watched, codes: dict[str, str], tiles: TileServer) -> None:
    """What it names elsewhere is not asked for: the browser would not let the page."""
    page = joins(walker, codes["style"])
    drawn(page, "style", MAGENTA)
    assert {path.split("/")[1] for path, _headers in tiles.asked} == {"style.json", "one"}


@pytest.mark.slow
def test_the_board_shows_it_too(desk: Watched, product: Quickstart, codes: dict[str, str], tiles: TileServer) -> None:
    desk.allowed.append(f"{tiles.url}/")
    session = run_inside(product, MAKE_DESK).split()[1]
    desk.context.add_cookies([{"name": "sessionid", "value": session, "url": product.url}])
    page = desk.context.new_page()
    page.goto("/console/")
    page.get_by_role("link", name="Tiles raster").first.click()
    drawn(page, "raster", MAGENTA)
    # What is kept is for those who walk: the desk keeps no tiles.
    assert page.evaluate(KEPT) == []


@pytest.mark.slow
def test_without_a_map_of_ones_own_nobody_else_is_asked_nor_may_be(
    walker: Watched, codes: dict[str, str], tiles: TileServer
) -> None:
    page = joins(walker, codes["none"])
    expect(page.get_by_test_id("map").locator(".map-canvas")).to_have_attribute("data-base", "outline", timeout=SLOWLY)
    until_kept(page)
    assert tiles.asked == []
    loaded = page.evaluate("performance.getEntriesByType('resource').map(({ name }) => name)")
    assert not [name for name in loaded if "pmtiles" in name or "/tiles/" in name]
    # The page may ask the hosts of maps that there are, and none beside.
    ask = "(address) => fetch(address, { mode: 'no-cors' }).then(() => 'asked', () => 'refused')"
    assert page.evaluate(ask, f"{tiles.url}/raster.pmtiles") == "asked"
    walker.expected += ["CSP: connect-src", "Content Security Policy", "violates the following"]
    with tile_server() as other:
        assert page.evaluate(ask, f"{other.url}/raster.pmtiles") == "refused"
        assert other.asked == []


@pytest.mark.slow
def test_where_the_map_cannot_be_had_the_outline_stays(
    walker: Watched, codes: dict[str, str], tiles: TileServer
) -> None:
    walker.expected.append("status of 404")
    page = joins(walker, codes["gone"])
    until(lambda: page.evaluate(ANSWERED, "gone.pmtiles"), "that the map was asked for")
    expect(page.get_by_test_id("map").locator(".map-canvas")).to_have_attribute("data-base", "outline", timeout=SLOWLY)
    expect(page.get_by_test_id("map")).to_have_attribute("data-ready", "true")
    expect(page.get_by_test_id("slot-title")).to_have_text("Tree 0")
