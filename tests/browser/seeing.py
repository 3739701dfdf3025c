"""What is looked at on a screen: scripts that each give a list of what is wrong, and the eye that runs them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from axe_playwright_python.base import AXE_SCRIPT
from conftest import DESK
from playwright.sync_api import Browser, BrowserContext, Page
from served import Quickstart
from watched import WITHOUT_SIGNAL, Watched

AXE = """async () => {
  const rules = { "target-size": { enabled: true } };
  // Reading style sheets that import others, as those of the administration do, would need styles within the page.
  return (await axe.run(document, { resultTypes: ["violations"], rules, preload: false })).violations;
}"""

# What can be pressed, and how large it is; a link inside of a sentence is as large as its words, and may be.
SMALL = """() => {
  const pressed =
    "a[href], button, summary, select, input:not([type=hidden]), label.button, [role=button], [role=switch]";
  const dialog = document.querySelector("dialog[open]");
  const found = [];
  for (const one of (dialog ?? document).querySelectorAll(pressed)) {
    const shown = one.checkVisibility({ visibilityProperty: true, opacityProperty: true });
    if (!shown || one.closest(".visually-hidden, .maplibregl-ctrl")) continue;
    if (one.matches("a") && getComputedStyle(one).display === "inline") continue;
    const ticked = one.matches("input[type=checkbox], input[type=radio]");
    const { width, height } = ((ticked && (one.closest("label") ?? one.labels?.[0])) || one).getBoundingClientRect();
    if (width > 1 && height > 1 && (width < 43.5 || height < 43.5)) {
      found.push(`${one.outerHTML.slice(0, 90)}: ${Math.round(width)}×${Math.round(height)}`);
    }
  }
  return found;
}"""

# What is wider than the window, in the page or in what scrolls inside of it; what is cut off with no way to see it.
SIDEWAYS = """() => {
  const root = document.documentElement;
  const found = [];
  if (root.scrollWidth > root.clientWidth + 1) {
    found.push(`page: ${root.scrollWidth} of ${root.clientWidth}`);
  }
  const dialog = document.querySelector("dialog[open]");
  const parts = dialog ? dialog.querySelectorAll("*") : document.querySelectorAll("main, main *, header *, footer *");
  for (const one of parts) {
    const shown = one.checkVisibility({ visibilityProperty: true });
    if (!shown || one.closest(".map, .visually-hidden, svg, canvas, .table, input, video")) continue;
    const { left, right, width } = one.getBoundingClientRect();
    const what = one.outerHTML.slice(0, 80);
    if (width > 0 && (right > root.clientWidth + 1 || left < -1)) {
      found.push(`${what}: ${Math.round(left)} to ${Math.round(right)}`);
    }
    const hides = ["hidden", "clip"].includes(getComputedStyle(one).overflowX);
    if (hides && one.scrollWidth > one.clientWidth + 1 && one.textContent.trim()) {
      found.push(`cut: ${what}`);
    }
  }
  return found.slice(0, 5);
}"""

# Before anything is drawn, as a browser's own setting is: Chromium measures what it has drawn by the size it had then.
LARGER = """
const enlarge = () => document.documentElement && (document.documentElement.style.fontSize = "%d%%");
enlarge();
new MutationObserver((_changes, watcher) => enlarge() && watcher.disconnect()).observe(document, { childList: true });
addEventListener("DOMContentLoaded", enlarge);
"""

MOVING = "() => document.getAnimations().map((one) => one.animationName ?? one.transitionProperty ?? 'animation')"

FOCUSED = """() => {
  const one = document.activeElement;
  return one.id || one.dataset.act || one.textContent.trim();
}"""


class Look(NamedTuple):
    """How somebody has set up their browser."""

    name: str
    context: dict[str, Any]
    text: int = 100
    language: str = "en-GB"
    sizes: bool = True


class Eye:
    """Looks at one screen after the other, and notes what is wrong with each."""

    def __init__(self, look: Look, *, phone: bool) -> None:
        self.look, self.phone = look, phone
        self.seen: list[str] = []
        self.wrong: list[str] = []

    def on(self, page: Page, name: str) -> None:
        """Look at what is shown now."""
        self.seen.append(name)
        page.wait_for_load_state()
        page.evaluate(AXE_SCRIPT)
        for one in page.evaluate(AXE):
            where = " | ".join(str(node["target"]) + " " + node["html"][:100] for node in one["nodes"][:3])
            self.wrong.append(f"{name}: {one['id']}: {one['help']}: {where}")
        if self.phone:
            self.wrong += [f"{name}: wider than the phone: {one}" for one in page.evaluate(SIDEWAYS)]
            if self.look.sizes:
                self.wrong += [f"{name}: too small to press: {one}" for one in page.evaluate(SMALL)]
        if self.look.context.get("reduced_motion") == "reduce":
            self.wrong += [f"{name}: moves: {one}" for one in page.evaluate(MOVING)]


@contextmanager
def window(browser: Browser, product: Quickstart, look: Look, base: dict[str, Any]) -> Iterator[BrowserContext]:
    """A browser that is set up so."""
    options = {**base, **look.context}
    if base is DESK:
        options["viewport"] = DESK["viewport"]
    context = browser.new_context(base_url=product.url, locale=look.language, **options)
    watched = Watched(context, product.url)
    # Somebody who looks at every screen is refused things, and is without signal at times.
    told = [*WITHOUT_SIGNAL, "the server responded with a status of 4"]
    # A page that was opened again, and not tapped on yet, may not buzz.
    watched.expected = [*told, "Blocked call to navigator.vibrate"]
    if look.text != 100:
        context.add_init_script(LARGER % look.text)
    yield context
    context.close()
    assert watched.wrong == [], watched.wrong
