"""Letting phones of the same network in: this machine's addresses, and the page from which they take its authority."""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import override
from django.utils.translation.trans_real import get_supported_language_variant, parse_accept_lang_header

from capturegraph.management.certificates import Address, Certificates, as_der, prepare

EVERYWHERE = "0.0.0.0"  # noqa: S104 - phones have to reach it; only --lan listens there
CERTIFICATE = "/capturegraph.crt"
LOOPBACK = ipaddress.IPv4Address("127.0.0.1")
PATIENCE_S = 10
# One address in each kind of local network, and one beyond: nothing is sent to them.
_TOWARDS = ("10.255.255.255", "172.31.255.255", "192.168.255.255", "192.0.2.1")
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", re.IGNORECASE)


def addresses() -> list[Address]:
    """Give the addresses under which other machines can reach this one, the likeliest first."""
    found: dict[Address, None] = {}
    for towards in _TOWARDS:
        # Connecting a datagram socket sends nothing: the system only says which way it would go.
        with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way:
            way.connect((towards, 9))
            found[ipaddress.ip_address(way.getsockname()[0])] = None
    return [one for one in found if not one.is_loopback and not one.is_unspecified]


def names() -> list[str]:
    """Give the names under which other machines may know this one."""
    name = socket.gethostname().split(".")[0].lower()
    return [name, f"{name}.local"] if _NAME.fullmatch(name) else []


class Way(NamedTuple):
    """How the server is reached: its address for people, where it listens, and the names that it answers to."""

    url: str
    port: int
    bind: str
    hosts: tuple[str, ...]
    certificates: Certificates | None = None

    @property
    def scheme(self) -> str:
        """What addresses of it begin with."""
        return "https" if self.certificates else "http"

    @property
    def authority(self) -> Path | None:
        """The certificate of who vouches for it, where that is this machine."""
        return self.certificates.authority if self.certificates else None

    @property
    def certificate_url(self) -> str:
        """Where phones take the authority's certificate from."""
        return f"http://{self.hosts[0]}:{self.port + 1}/"


def open_way(port: int, found: Sequence[Address], *, folder: Path, now: datetime) -> Way:
    """Prepare the way in from the network: certificates for the addresses that were found, and for this machine."""
    own = names()
    certificates = prepare(
        folder, addresses=[*dict.fromkeys([*found, LOOPBACK])], names=[*own, "localhost"], now=now
    )  # fmt: skip
    hosts = (*map(str, found), *own)
    return Way(f"https://{hosts[0]}:{port}", port, EVERYWHERE, hosts, certificates)


def instructions(way: Way) -> str:
    """Say what people have to do on each phone, once."""
    others = [f"https://{host}:{way.port}/" for host in way.hosts[1:]]
    lines = [f"Elsewhere in this network it may be {', '.join(others)} too."] if others else []
    if way.certificates and way.certificates.new_authority:
        lines.append("The certificate is new: phones that had an earlier one need this one.")
    return "\n".join([
        *lines,
        "\nOn each phone, once: position, camera and work without signal need a connection that the phone trusts",
        "(without it, or a tunnel as --url, phones only warn, and forget everything without signal).",
        f"  1. Open {way.certificate_url} and download the certificate.",
        "  2. Android: search the settings for “CA certificate”, and install the file that was downloaded.",
        "     iPhone: in the settings install the downloaded profile; then General, About, Certificate Trust",
        "     Settings: switch Capturegraph on.",
        "  3. Open the invite link. Remove the certificate from the phone when it is not needed any more.",
    ])  # fmt: skip


@contextmanager
def certificate_page(way: Way) -> Iterator[None]:
    """Offer the authority's certificate to phones meanwhile, over plain HTTP: they trust nothing else of us yet."""
    if way.certificates is None:
        yield
        return

    class Page(_Page):
        pass

    Page.site, Page.certificate = way.url, as_der(way.certificates.authority)
    with ThreadingHTTPServer((EVERYWHERE, way.port + 1), Page) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()


class _Page(BaseHTTPRequestHandler):
    """Two addresses: the page that says how, and the certificate."""

    site = ""
    certificate = b""
    timeout = PATIENCE_S
    server_version = "Capturegraph"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer."""
        if self.path == CERTIFICATE:
            self._answer(200, "application/x-x509-ca-cert", self.certificate)
        elif self.path == "/":
            with override(self._language()):
                page = render_to_string("lan.html", {"site": self.site, "certificate": CERTIFICATE})
            self._answer(200, "text/html; charset=utf-8", page.encode())
        else:
            self._answer(404, "text/plain; charset=utf-8", b"Not there.\n")

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def _language(self) -> str:
        for code, __ in parse_accept_lang_header(self.headers.get("Accept-Language", "")):
            with suppress(LookupError):
                return get_supported_language_variant(code)
        return settings.LANGUAGE_CODE

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing: the terminal is for the person."""
