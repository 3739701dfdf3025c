"""A store of files that speaks S3: moto's server, with a wire in front that can be cut, and that ends addresses.

moto checks neither lengths nor ends of signed addresses, as S3 does: the wire does it for it.
"""

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

from served import free_port, until

from capturegraph.variables import Bucket

KEY, SECRET = "a key of alice's server", "a secret/with:signs"


class Seen(NamedTuple):
    """A request that came to the store."""

    method: str
    path: str
    headers: dict[str, str]


class Wire(ThreadingHTTPServer):
    """What stands between us and the store. Whatever is set here ends with the test."""

    daemon_threads = True

    def __init__(self, behind: int) -> None:
        super().__init__(("127.0.0.1", 0), _Passing)
        self.behind = behind
        self.mend()
        Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def mend(self) -> None:
        """Be a wire on which nothing is wrong."""
        self.down = False
        self.refuses = ""
        self.cut_up_after: int | None = None
        self.cut_down_after: int | None = None
        self.loses_answers_to = ""
        self.clock_ahead = timedelta(0)
        self.seen: list[Seen] = []

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: whoever hangs up has their reasons."""


class _Passing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Wire

    def log_message(self, *said: object) -> None:
        pass

    def _pass(self) -> None:
        wire = self.server
        wire.seen.append(Seen(self.command, self.path, {name.lower(): text for name, text in self.headers.items()}))
        if wire.down or wire.refuses == self.command:
            return self._hang_up()
        said = parse_qs(urlsplit(self.path).query)
        if "X-Amz-Date" in said and (no := self._is_over(said)):
            return self._answer(403, {}, f"<Error><Code>AccessDenied</Code><Message>{no}</Message></Error>".encode())
        length = int(self.headers.get("Content-Length") or 0)
        if wire.cut_up_after is not None and length > wire.cut_up_after:
            self.rfile.read(wire.cut_up_after)
            return self._hang_up()
        status, headers, body = self._asked(self.rfile.read(length))
        if wire.loses_answers_to and wire.loses_answers_to == f"{self.command} {'&'.join(sorted(said))}".strip():
            return self._hang_up()
        return self._answer(status, headers, body)

    def _is_over(self, said: dict[str, list[str]]) -> str:
        signed_at = datetime.strptime(said["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if datetime.now(UTC) + self.server.clock_ahead > signed_at + timedelta(seconds=int(said["X-Amz-Expires"][0])):
            return "Request has expired"
        return "" if "content-length" in said["X-Amz-SignedHeaders"][0] else "how long it is was not signed"

    def _asked(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        store = http.client.HTTPConnection("127.0.0.1", self.server.behind, timeout=30)
        try:
            headers = {name: text for name, text in self.headers.items() if name.lower() not in ("expect",)}
            store.request(self.command, self.path, body, headers)
            answer = store.getresponse()
            kept = {name: text for name, text in answer.getheaders() if name.lower() not in ("transfer-encoding",)}
            return answer.status, kept, answer.read()
        finally:
            store.close()

    def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
        cut = self.server.cut_down_after
        self.send_response_only(status)
        headers = {name: text for name, text in headers.items() if name.lower() not in ("connection",)}
        if self.command != "HEAD":
            headers = {n: t for n, t in headers.items() if n.lower() != "content-length"} | {
                "Content-Length": str(len(body))
            }
        for name, text in headers.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command == "HEAD":
            return
        if cut is not None and self.command == "GET" and len(body) > cut:
            self.wfile.write(body[:cut])
            self._hang_up()
        else:
            self.wfile.write(body)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.close()

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass  # noqa: N815


@contextmanager
def store_of_files() -> Iterator[Wire]:
    """Start a store; it is empty, and gone afterwards."""
    port = free_port()
    start = f"from moto.server import main; main(['-H', '127.0.0.1', '-p', '{port}'])"
    server = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", start], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    wire = Wire(port)
    try:
        until(lambda: _answers(port), "moto to answer", 60)
        yield wire
    finally:
        wire.shutdown()
        wire.server_close()
        server.terminate()
        server.wait(timeout=30)


def _answers(port: int) -> bool:
    store = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        store.request("GET", "/moto-api/")
        return store.getresponse().status < 500
    except OSError:
        time.sleep(0.05)
        return False
    finally:
        store.close()


@dataclass
class InTheBucket:
    """A bucket of one test, looked at from behind the wire."""

    wire: Wire
    name: str

    def __post_init__(self) -> None:
        import boto3
        from botocore.config import Config

        self.client: Any = boto3.client(
            "s3", endpoint_url=f"http://127.0.0.1:{self.wire.behind}", aws_access_key_id="x", aws_secret_access_key="x",
            region_name="us-east-1", config=Config(s3={"addressing_style": "path"}),
        )  # fmt: skip
        self.client.create_bucket(Bucket=self.name)

    @property
    def place(self) -> Bucket:
        """What the setting makes of the variable."""
        return Bucket(self.name, "some/where", KEY, SECRET, self.wire.url, "", "us-east-1", "path")

    def files(self) -> dict[str, bytes]:
        """Every file, by the name that rows know it by."""
        found = self.client.list_objects_v2(Bucket=self.name).get("Contents", ())
        names = [one["Key"] for one in found]
        return {
            name.removeprefix("some/where/"): self.client.get_object(Bucket=self.name, Key=name)["Body"].read()
            for name in names
        }

    def under_way(self) -> list[str]:
        """The names of what was begun in parts and is neither complete nor given up."""
        return [one["Key"] for one in self.client.list_multipart_uploads(Bucket=self.name).get("Uploads", ())]

    def loses(self, name: str) -> None:
        """A file goes behind our back."""
        self.client.delete_object(Bucket=self.name, Key=f"some/where/{name}")

    def gets(self, name: str, data: bytes) -> None:
        """A file comes behind our back."""
        self.client.put_object(Bucket=self.name, Key=f"some/where/{name}", Body=data)


def puts(url: str, data: bytes) -> int:
    """Put bytes to an address as a browser does: no header of ours. Give the status; 0 where the wire broke."""
    place = urlsplit(url)
    store = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
    try:
        store.request("PUT", f"{place.path}?{place.query}", data)
        return store.getresponse().status
    except OSError:
        return 0
    finally:
        store.close()
