"""The product as people run it: `manage.py quickstart` as a process of its own, and a client that is no browser."""

import http.cookiejar
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import orjson
import pytest

ROOT = Path(__file__).resolve().parent.parent
MANAGE = [sys.executable, str(ROOT / "manage.py")]
PATIENCE_S = 240
WHOLE = "Ctrl-C stops everything."


def needed(what: str, *, present: bool, otherwise: str) -> None:
    """Go on where `what` is present; else skip the test in one line, or fail it where REQUIRE names `what`."""
    if present:
        return
    if what in os.environ.get("REQUIRE", "").split(","):
        pytest.fail(f"REQUIRE names {what}: {otherwise}", pytrace=False)
    pytest.skip(otherwise)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(var: Path, **more: str) -> dict[str, str]:
    """What a child gets: its own folder, and nothing that the developer set for themselves."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("CAPTUREGRAPH_", "DJANGO_"))}
    return {**kept, "CAPTUREGRAPH_VAR": str(var), "PYTHONWARNINGS": "default", **more}


def manage(var: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [*MANAGE, *arguments], env=environment(var, **more), capture_output=True, text=True, timeout=PATIENCE_S
    )


def until(true: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
    """Wait for something, and give it."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if found := true():
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what} did not happen within {patience_s} s")


class Quickstart:
    """A running quickstart, and what it printed."""

    def __init__(self, var: Path, *arguments: str, **more: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.var = var
        self._out, self._errors = var / f"{self.port}.out", var / f"{self.port}.errors"
        with self._out.open("w") as out, self._errors.open("w") as errors:
            self.process = subprocess.Popen(
                [*MANAGE, "quickstart", "--port", str(self.port), *arguments],
                env=environment(var, **more), stdin=subprocess.DEVNULL, stdout=out, stderr=errors,
            )  # fmt: skip

    @property
    def said(self) -> str:
        return self._out.read_text()

    @property
    def complained(self) -> str:
        return self._errors.read_text()

    def wait_until_it_runs(self) -> "Quickstart":
        until(lambda: WHOLE in self.said or self.process.poll() is not None, "quickstart")
        assert WHOLE in self.said, self.said + self.complained
        return self

    @property
    def codes(self) -> list[str]:
        return re.findall(r"/join/(\S+)", self.said)

    def password_of(self, username: str) -> str | None:
        found = re.search(rf"log in as {username} with ([a-z2-9-]{{19}})\n", self.said)
        return found and found[1]

    def processes(self) -> list[int]:
        """Everything that runs on its behalf, by the port or the folder that only it has."""
        marks = (f"quickstart-{self.port}@", f"--port\0{self.port}\0")
        found = []
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                command = entry.read_bytes().decode(errors="replace")
            except OSError:
                continue
            if any(mark in command for mark in marks):
                found.append(int(entry.parent.name))
        return found

    def end(self, number: int = signal.SIGINT) -> int:
        """Ask it to stop, and give its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)


@contextmanager
def quickstart(var: Path, *arguments: str, **more: str) -> Iterator[Quickstart]:
    """Start it, wait until it says that it runs, and stop it in the end."""
    running = Quickstart(var, *arguments, **more)
    try:
        yield running.wait_until_it_runs()
    finally:
        running.end()


class Answer(NamedTuple):
    """What came back."""

    status: int
    body: bytes
    url: str

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode()


class Visitor:
    """Speaks HTTP to a server: with a phone's token, or with the cookies of somebody who logged in."""

    def __init__(self, url: str, token: str = "") -> None:
        self.url, self.token = url, token
        self.jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.jar))

    def ask(self, method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> Answer:
        headers = {"Content-Type": kind} if body is not None else {}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        elif method != "GET":
            headers |= {"X-CSRFToken": self.cookie("csrftoken"), "Referer": self.url}
        request = urllib.request.Request(self.url + path, data=body, method=method, headers=headers)
        try:
            with self._opener.open(request, timeout=PATIENCE_S) as answer:
                return Answer(answer.status, answer.read(), answer.url)
        except urllib.error.HTTPError as refused:
            return Answer(refused.code, refused.read(), refused.url)

    def cookie(self, name: str) -> str:
        return next((cookie.value or "" for cookie in self.jar if cookie.name == name), "")

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def post(self, path: str, body: object) -> Answer:
        return self.ask("POST", path, orjson.dumps(body))

    def put(self, path: str, body: object) -> Answer:
        return self.ask("PUT", path, orjson.dumps(body))

    def send_form(self, path: str, **fields: str) -> Answer:
        """Open the page of a form, so that its cookie is there, and send the form."""
        assert self.get(path).status == 200
        return self.ask("POST", path, urlencode(fields).encode(), "application/x-www-form-urlencoded")

    def upload(self, path: str, name: str, data: bytes, **fields: str) -> Answer:
        """Send a file with fields beside it, as a browser's form does."""
        mark = "a-line-that-is-in-no-file"
        parts = [
            f'--{mark}\r\nContent-Disposition: form-data; name="{field}"\r\n\r\n{value}\r\n'.encode()
            for field, value in fields.items()
        ]
        head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'.encode()
        body = b"".join(parts) + head + data + f"\r\n--{mark}--\r\n".encode()
        return self.ask("POST", path, body, f"multipart/form-data; boundary={mark}")
