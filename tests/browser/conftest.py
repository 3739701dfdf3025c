"""A real browser before the product as it is really started; what it must never do is watched on every page."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from backdoor import backdoor
from cutting import BadNetwork
from PIL import Image
from playwright.sync_api import Browser, expect, sync_playwright
from queueing import OnServer
from served import Quickstart, needed, quickstart
from watched import WITHOUT_SIGNAL, Watched

# A server that is busy with other tests answers late.
expect.set_options(timeout=40_000)
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 1, "is_mobile": True, "has_touch": True}
DESK = {"viewport": {"width": 1280, "height": 800}}
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    # Maps are drawn with WebGL; here the processor does it.
    "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
)  # fmt: skip


@pytest.fixture(scope="session")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quickstart]:
    """The quickstart, running."""
    with quickstart(tmp_path_factory.mktemp("browsed")) as running, backdoor(running):
        yield running


# Not the session's fixture of pytest-playwright: its event loop would still run when Django's tests come, which refuse
# to speak to a database beside one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    yield from a_chromium()


def a_chromium(*more: str) -> Iterator[Browser]:
    """Start it, with these arguments besides, and end it."""
    found = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
    path = next((path for path in found if path), None)
    needed("chromium", present=path is not None, otherwise="no Chromium on PATH")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS, *more])
        yield chromium
        chromium.close()


@pytest.fixture
def phone(browser: Browser, product: Quickstart) -> Iterator[Watched]:
    """A phone that may know where it is; afterwards, nothing was wrong on it."""
    yield from a_window(browser, product, **PHONE, permissions=["geolocation"])


@pytest.fixture
def desk(browser: Browser, product: Quickstart) -> Iterator[Watched]:
    """A browser on a desk; afterwards, nothing was wrong in it."""
    yield from a_window(browser, product, **DESK)


def a_window(browser: Browser, product: Quickstart, **options: object) -> Iterator[Watched]:
    """Open a window, and say in the end what was wrong in it."""
    context = browser.new_context(base_url=product.url, locale="en-GB", **options)
    window = Watched(context, product.url)
    yield window
    context.close()
    assert window.wrong == []


LONG_AGO = ("2020-01-01 00:00:00", "2020-01-02 00:00:00")
HERE = {"latitude": 38.99, "longitude": -77.03, "accuracy": 5}


@pytest.fixture
def network(product: Quickstart) -> Iterator[BadNetwork]:
    """What lies between a phone and the product: nothing is wrong with it until a test says so."""
    with BadNetwork(product.url) as bad:
        yield bad


@pytest.fixture(scope="session")
def server(product: Quickstart) -> OnServer:
    """What the product has. Its invites let in as many as there are tests."""
    on_server = OnServer(product)
    on_server.write("UPDATE capturegraph_invite SET uses_left = 1000")
    return on_server


@pytest.fixture
def alice(browser: Browser, network: BadNetwork, server: OnServer) -> Iterator[Watched]:
    """Alice's phone on that network; that the network fails is no fault of the page."""
    options = {**PHONE, "permissions": ["geolocation", "background-sync"], "geolocation": HERE}
    context = browser.new_context(base_url=network.url, locale="en-GB", **options)
    window = Watched(context, network.url)
    # Files of the map fall to the bad network like everything else: then there is no outline.
    window.expected = [*WITHOUT_SIGNAL, "the server responded with a status of 401"]
    yield window
    context.close()
    # What was held is free again for the next test: there are forty places.
    held = "UPDATE capturegraph_assignment SET started_at = ?, expires_at = ? WHERE state = 'held' AND volunteer_id IN "
    server.write(held + "(SELECT id FROM capturegraph_user WHERE name = 'Alice')", *LONG_AGO)
    assert window.wrong == []


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A photograph, taken now."""
    path = tmp_path / "photo.jpg"
    Image.effect_noise((640, 480), 60).convert("RGB").save(path, "JPEG")
    return path
