"""A browser window in which everything that must not happen is noted."""

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Request

TELL_VIOLATIONS = """
addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`));
"""

# What Chromium and MapLibre write when there is no network: the outline that a map asked for did not come, say.
WITHOUT_SIGNAL = ["net::ERR_", "AJAXError", "Failed to fetch"]


class Watched:
    """A browser of its own, as a private window is, and everything wrong that happened in it."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context = context
        self.url = url
        self.wrong: list[str] = []
        self.expected: list[str] = []
        self.allowed: list[str] = [f"{url}/"]
        context.set_default_timeout(40_000)
        context.add_init_script(TELL_VIOLATIONS)
        context.on("request", self._asked)
        context.on("console", self._said)
        context.on("weberror", lambda error: self.wrong.append(f"error: {error.error}"))

    def _asked(self, request: Request) -> None:
        if urlsplit(request.url).scheme not in ("data", "blob") and not request.url.startswith(tuple(self.allowed)):
            self.wrong.append(f"a request to {request.url}")

    def _said(self, message: ConsoleMessage) -> None:
        # Warnings are the graphics driver's, which draws without a graphics card.
        if message.type == "error" and not any(words in message.text for words in self.expected):
            self.wrong.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")
