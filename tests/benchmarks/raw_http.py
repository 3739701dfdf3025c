"""HTTP over a bare socket, which can be broken at any byte of a body."""

import http.client
import socket
import struct
from typing import Any, NamedTuple

import orjson

PATIENCE_S = 60


class Reply(NamedTuple):
    """What came back; status 0 where nobody waited for it."""

    status: int
    body: bytes = b""

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


def sent(
    port: int, method: str, path: str, body: bytes, headers: dict[str, str], *, cut: int | None = None,
    how: str = "close",
) -> Reply:  # fmt: skip
    """Send a request. With `cut`, only so many bytes of its body go out, and then the connection is over.

    It is closed, or reset so that the other side may lose what it has not read, or shut for writing only.
    """
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as connection:
        connection.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode() + body[:cut])
        if cut is not None:
            if how == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif how == "shut":
                connection.shutdown(socket.SHUT_WR)
            return Reply(0)
        reply = http.client.HTTPResponse(connection, method=method)
        reply.begin()
        return Reply(reply.status, reply.read())
