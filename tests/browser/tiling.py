"""Maps of a target's own, made and served here: PMTiles of pictures or vectors that are one colour, and a style."""

import io
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
from PIL import Image

DEEPEST = 15
MAGENTA = (200, 30, 160)
PICTURES, VECTORS = 2, 1


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


def picture() -> bytes:
    """A tile that is one colour."""
    file = io.BytesIO()
    Image.new("RGB", (256, 256), MAGENTA).save(file, "PNG")
    return file.getvalue()


def water() -> bytes:
    """A vector tile that is all water: one square, wound as outer rings are."""
    moves = [9, 0, 0, 26, 8192, 0, 0, 8192, 8191, 0, 15]
    feature = _varint(3 << 3) + _varint(3) + _field(4, b"".join(_varint(one) for one in moves))
    layer = _field(1, b"water") + _field(2, feature) + _varint(5 << 3) + _varint(4096) + _varint(15 << 3) + _varint(2)
    return _field(3, layer)


def pmtiles(tile: bytes, kind: int) -> bytes:
    """A PMTiles file (version 3, nothing compressed) of the whole world in which every tile is this one."""
    count = (4 ** (DEEPEST + 1) - 1) // 3
    # One entry: from tile 0 on, `count` times the same, so long, at the beginning.
    directory = b"".join(_varint(number) for number in (1, 0, count, len(tile), 1))
    notes = b"{}"
    tiles_at = 127 + len(directory) + len(notes)
    places = (127, len(directory), 127 + len(directory), len(notes), tiles_at, 0, tiles_at, len(tile), count, 1, 1)
    world = struct.pack("<4i", -1_800_000_000, -850_000_000, 1_800_000_000, 850_000_000)
    middle = struct.pack("<B2i", 0, 0, 0)
    header = b"PMTiles\x03" + struct.pack("<11Q", *places) + bytes([1, 1, 1, kind, 0, DEEPEST]) + world + middle
    assert len(header) == 127
    return header + directory + notes + tile


class TileServer:
    """Serves files by name to any page, whole or in part, and remembers who asked what."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.tile = b""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        tiles = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                tiles.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                data = tiles.files.get(self.path) or (tiles.tile if self.path.startswith("/one/") else b"")
                status, span = (200 if data else 404), self.headers.get("Range", "")
                if data and span:
                    first, last = (int(one) for one in span.removeprefix("bytes=").split("-"))
                    data, status = data[first : last + 1], 206
                self.send_response(status)
                self.send_header("Access-Control-Allow-Origin", "*")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *words: Any) -> None:
                """Say nothing."""

        return Handler


@contextmanager
def tile_server() -> Iterator[TileServer]:
    """Serve one of each."""
    server = TileServer()
    server.tile = picture()
    elsewhere = {"type": "vector", "url": "http://127.0.0.1:9/tiles.json"}
    source = {"type": "raster", "tiles": ["one/{z}/{x}/{y}.png"], "tileSize": 256, "maxzoom": DEEPEST}
    layers = [
        {"id": "ground", "type": "background", "paint": {"background-color": "#eee"}},
        {"id": "all", "type": "raster", "source": "pictures", "paint": {"raster-fade-duration": 0}},
        {"id": "icons", "type": "symbol", "source": "else", "source-layer": "a", "layout": {"icon-image": "tree"}},
        {"id": "lines", "type": "line", "source": "else", "source-layer": "a"},
    ]
    server.files = {
        "/raster.pmtiles": pmtiles(picture(), PICTURES),
        "/vector.pmtiles": pmtiles(water(), VECTORS),
        "/style.json": orjson.dumps(
            {"version": 8, "sources": {"pictures": source, "else": elsewhere}, "layers": layers}
        ),
    }
    try:
        yield server
    finally:
        server.close()
