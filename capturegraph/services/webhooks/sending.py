"""One signed POST to an address of somebody else's, that must not become a way into our own network."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from datetime import datetime
from time import monotonic
from typing import NamedTuple
from urllib.parse import urlsplit

PATIENCE_S = 10.0
"""Seconds for all of one attempt: looking up the name, connecting, sending, and the answer."""

_ANSWER_BYTES = 1024
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")
_TRANSLATED_LOCALLY = ipaddress.IPv6Network("64:ff9b:1::/48")


class Answer(NamedTuple):
    """What came of an attempt: the status, or why there was none."""

    status: int | None = None
    error: str = ""

    @property
    def delivered(self) -> bool:
        """Whether it was taken."""
        return self.status is not None and 200 <= self.status < 300


def signature(secret: str, message_id: str, at: int, body: bytes) -> str:
    """Sign a message as Standard Webhooks 1.0 does: HMAC-SHA256 over id, time and body."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{at}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def post(*, url: str, secret: str, message_id: str, body: bytes, now: datetime, private: bool = False) -> Answer:
    """Send a body, without following anything. `private`: addresses of one's own network are allowed, too."""
    at = int(now.timestamp())
    headers = {
        "Content-Type": "application/json", "User-Agent": "Capturegraph", "Connection": "close",
        "webhook-id": message_id, "webhook-timestamp": str(at),
        "webhook-signature": signature(secret, message_id, at, body),
    }  # fmt: skip
    try:
        return _post(url, body, headers, private)
    except _PrivateError:
        return Answer(error="its address is in a private network")
    except ssl.SSLError as error:
        return Answer(error=f"its certificate was not accepted: {error.reason or 'TLS failed'}"[:200])
    except TimeoutError:
        return Answer(error=f"no answer within {PATIENCE_S:.0f} s")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Answer(error=f"{type(error).__name__}: {error}"[:200])


class _PrivateError(Exception):
    """The name leads into a network that is not the public one."""


def _post(url: str, body: bytes, headers: Mapping[str, str], private: bool) -> Answer:
    until = monotonic() + PATIENCE_S
    parts = urlsplit(url)
    secure, host = parts.scheme == "https", parts.hostname or ""
    port = parts.port or (443 if secure else 80)
    connection = http.client.HTTPConnection(host, port, timeout=PATIENCE_S)
    # Connected by the address that was looked at: a name that is looked up twice may be somebody else's by then.
    address = _public(host, port, private, until)
    connection.sock = socket.create_connection((address, port), timeout=_left(until))
    try:
        with _shut(connection.sock, until):
            if secure:
                connection.sock = ssl.create_default_context().wrap_socket(connection.sock, server_hostname=host)
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", path, body=body, headers=dict(headers))
            answer = connection.getresponse()
            answer.read(_ANSWER_BYTES)
            return Answer(answer.status)
    finally:
        connection.close()


def _left(until: float) -> float:
    """Seconds that are left. Raises TimeoutError where none are."""
    left = until - monotonic()
    if left <= 0:
        raise TimeoutError
    return left


@contextmanager
def _shut(connection: socket.socket, until: float) -> Iterator[None]:
    """End whatever is done with a connection at a moment: its own timeout begins anew with each byte that comes.

    Raises TimeoutError in place of what the end of the connection led to.
    """
    late = threading.Event()
    # Another handle of the same connection, which stays valid when it is wrapped in TLS.
    with connection.dup() as handle:

        def shut() -> None:
            late.set()
            with suppress(OSError):
                handle.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(_left(until), shut)
        timer.daemon = True
        timer.start()
        try:
            yield
        except (OSError, http.client.HTTPException, ValueError) as error:
            if late.is_set():
                raise TimeoutError from error
            raise
        finally:
            timer.cancel()
            # Or it may shut what has the handle's number by then.
            timer.join()


def plainly_private(host: str) -> bool:
    """Whether a host says by itself, without being looked up, that it is in a private network."""
    try:
        return _is_private(host)
    except ValueError:
        return host.rstrip(".").lower() == "localhost" or host.rstrip(".").lower().endswith(".localhost")


def _is_private(address: str) -> bool:
    at = _behind(ipaddress.ip_address(address.partition("%")[0]))
    return not at.is_global or at.is_multicast or at.is_reserved or at in _TRANSLATED_LOCALLY


def _behind(at: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Where an address leads: some of IPv6 stand for one of IPv4, which may be one in a network of ours."""
    if isinstance(at, ipaddress.IPv4Address):
        return at
    if at in _TRANSLATED:
        return ipaddress.IPv4Address(int(at) & 0xFFFF_FFFF)
    return at.ipv4_mapped or at.sixtofour or at


def _public(host: str, port: int, private: bool, until: float) -> str:
    """An address of a host. Raises _PrivateError where any of them is not of the public network."""
    found = _looked_up(host, port, until)
    if not private and any(map(_is_private, found)):
        raise _PrivateError
    return found[0]


def _looked_up(host: str, port: int, until: float) -> list[str]:
    """The addresses of a host. Raises OSError; TimeoutError at a moment, which the system knows nothing of."""
    found: Future[list[str]] = Future()

    def look_up() -> None:
        try:
            every = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.set_result([str(one[4][0]) for one in every])
        except Exception as error:
            found.set_exception(error)

    threading.Thread(target=look_up, daemon=True).start()
    return found.result(_left(until))
