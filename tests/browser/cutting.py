"""A bad network between a browser and the product: a proxy on a socket of its own, which cuts, loses and stalls.

Playwright's own routes answer inside of the browser: nothing that they break ever reaches the server. Here the bytes
really go over TCP, and where a connection is cut in the middle of a body, the server sees half of a body.
"""

import contextlib
import random
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

CHUNK = 16 * 1024
PATIENCE_S = 60
WRITES = "/api/v1/captures/"


@dataclass
class Request:
    """One request as it came: its head, and how many bytes of a body go with it."""

    method: str
    path: str
    head: bytes
    length: int


@dataclass
class Fate:
    """What becomes of a request: so many bytes of its body go on (all: None), then it is cut or goes on to its end.

    `answered` says whether the server's answer comes back. Without `reaches`, the server hears nothing.
    """

    reaches: bool = True
    cut_at: int | None = None
    answered: bool = True


PASS, REFUSE, LOSE_ANSWER = Fate(), Fate(reaches=False), Fate(answered=False)


def by_chance(share: float, seed: int) -> Callable[[Request], Fate]:
    """Let this share of the requests about captures fail, in every way that there is."""
    dice, lock = random.Random(seed), threading.Lock()

    def fate(request: Request) -> Fate:
        with lock:
            if not request.path.startswith(WRITES) or dice.random() >= share:
                return PASS
            way = dice.choice(["refuse", "lose", "cut"])
            at = dice.randrange(request.length) if request.length else 0
        if way == "cut" and request.length:
            return Fate(cut_at=at)
        return REFUSE if way == "refuse" else LOSE_ANSWER

    return fate


@dataclass
class Stall:
    """A point at which everything stops: the browser is killed there."""

    name: str
    wanted: Callable[[Request], bool]
    after_bytes: int | None = None
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)


class BadNetwork:
    """Listens, and forwards to the product what `fate` lets through. Use it with `with`."""

    def __init__(self, upstream: str) -> None:
        self._upstream = ("127.0.0.1", urlsplit(upstream).port or 80)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.fate: Callable[[Request], Fate] = lambda request: PASS
        self.stall: Stall | None = None
        self.rewrite: dict[str, Callable[[bytes], bytes]] = {}
        self.down = False
        self.failed = 0
        self._one_at_a_time = threading.Lock()
        self.seen: list[tuple[str, str]] = []

    def __enter__(self) -> "BadNetwork":
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        if self.stall:
            self.stall.released.set()

    def _listen(self) -> None:
        while True:
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        # One request for each connection: a browser tries a request again by itself where a kept connection breaks.
        with client, contextlib.suppress(OSError):
            client.settimeout(PATIENCE_S)
            if self.down:
                _reset(client)
                return
            request, begun = _read_head(client)
            self.seen.append((request.method, request.path))
            fate = self.fate(request)
            if not fate.reaches:
                self.failed += 1
                _reset(client)
                return
            with socket.create_connection(self._upstream, PATIENCE_S) as server:
                self._forward(request, begun, client, server, fate)

    def _forward(
        self, request: Request, begun: bytes, client: socket.socket, server: socket.socket, fate: Fate
    ) -> None:
        stall = self._stall_for(request)
        server.sendall(request.head)
        stops = [at for at in (fate.cut_at, stall.after_bytes if stall else None) if at is not None]
        _pump(client, server, begun, min([request.length, *stops]), request.length)
        if stall:
            self._stop_at(stall, request, client, server)
            return
        if fate.cut_at is not None:
            self.failed += 1
            _reset(client)
            return
        answer = _read_all(server)
        if not fate.answered:
            self.failed += 1
            _reset(client)
            return
        path = request.path.split("?")[0]
        client.sendall(_rewritten(answer, self.rewrite[path]) if path in self.rewrite else answer)

    def _stall_for(self, request: Request) -> Stall | None:
        """Give the point at which this request stops, which is one request's alone."""
        with self._one_at_a_time:
            if self.stall is None or not self.stall.wanted(request):
                return None
            stall, self.stall = self.stall, None
            return stall

    def _stop_at(self, stall: Stall, request: Request, client: socket.socket, server: socket.socket) -> None:
        if stall.after_bytes is None or stall.after_bytes >= request.length:
            _read_all(server)
        stall.reached.set()
        stall.released.wait(PATIENCE_S)
        _reset(client)


def _reset(connection: socket.socket) -> None:
    """End a connection as a lost signal does, and not politely."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _read_head(client: socket.socket) -> tuple[Request, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = client.recv(CHUNK)
        if not chunk:
            raise ConnectionResetError
        data += chunk
    head, _blank, begun = data.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    # Always a whole answer: one that is rewritten on its way is never "not modified".
    kept = [line for line in lines if not line.lower().startswith((b"connection:", b"if-none-match:"))]
    lengths = [line.split(b":")[1] for line in lines if line.lower().startswith(b"content-length:")]
    method, path, _version = first.decode().split(" ")
    whole = b"\r\n".join([first, *kept, b"Connection: close", b"", b""])
    return Request(method, path, whole, int(lengths[0]) if lengths else 0), begun


def _pump(client: socket.socket, server: socket.socket, begun: bytes, most: int, length: int) -> None:
    """Hand on the first `most` bytes of a body."""
    sent = min(len(begun), most)
    server.sendall(begun[:sent])
    while sent < most:
        chunk = client.recv(min(CHUNK, most - sent))
        if not chunk:
            raise ConnectionResetError
        server.sendall(chunk)
        sent += len(chunk)


def _read_all(server: socket.socket) -> bytes:
    parts = []
    while chunk := server.recv(1 << 16):
        parts.append(chunk)
    head, blank, body = b"".join(parts).partition(b"\r\n\r\n")
    return head + b"\r\nConnection: close" + blank + body


def _rewritten(answer: bytes, change: Callable[[bytes], bytes]) -> bytes:
    head, blank, body = answer.partition(b"\r\n\r\n")
    body = change(body)
    kept = [line for line in head.split(b"\r\n") if not line.lower().startswith((b"content-length:", b"etag:"))]
    return b"\r\n".join([*kept, b"Content-Length: %d" % len(body)]) + blank + body
