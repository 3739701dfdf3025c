"""A real browser before the product as it is really started; what it must never do is watched on every page."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from served import Quickstart, needed, quickstart
from watched import Watched

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
    with quickstart(tmp_path_factory.mktemp("browsed")) as running:
        yield running


# Not the session's fixture of pytest-playwright: its event loop would still run when Django's tests come, which refuse
# to speak to a database beside one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's Chromium."""
    found = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
    path = next((path for path in found if path), None)
    needed("chromium", present=path is not None, otherwise="no Chromium on PATH")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
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


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A photograph, taken now."""
    path = tmp_path / "photo.jpg"
    Image.effect_noise((640, 480), 60).convert("RGB").save(path, "JPEG")
    return path
