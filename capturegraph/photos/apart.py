"""HEIC and AVIF, decoded in a process of its own that is given so much memory and time, and no more.

What such a file says of its size binds nobody: an AVIF of 3 kB took 520 MB and 7 s although it said 64 × 64 (measured),
since its decoder believes the picture inside, and Pillow cannot set the decoder's own limit. A HEIC of 60 million
pixels takes 410 MB, too much beside a worker's own. A process costs 0.1 s, where decoding costs a second.
"""

import base64
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

MOST_MEMORY = 490 << 20
"""Bytes of one such process. A HEIC of 60 million pixels fits into them, and a plain AVIF of 50 million."""

MOST_SECONDS = 60
"""Seconds of the processors for one picture. A HEIC of 60 million pixels takes 10."""

# Strips of 512 rows and less are copied, one at a time.
_STRIP, _MOST_LESS = 32, 16


class Found(NamedTuple):
    """What the process told: an error (several_frames, too_heavy, damaged), or a picture and its whole size."""

    error: str
    width: int = 0
    height: int = 0
    mode: str = ""
    size: tuple[int, ...] = ()
    info: dict[str | tuple[int, int], Any] | None = None
    pixels: bytes = b""

    def picture(self) -> Image.Image:
        """Its pixels, with what is written beside them."""
        image = Image.frombytes(self.mode, (self.size[0], self.size[1]), self.pixels)
        image.info = dict(self.info or {})
        return image


def decoded(kind: str, data: bytes, most_side: int) -> Found:
    """Decode a "heic" or "avif", of which at least `most_side` pixels a side are wanted, or what it has."""
    # No module path is handed on (-I): in the folder of this file, a module is named like one of Python's.
    command = [sys.executable, "-I", str(Path(__file__).resolve()), kind, str(most_side)]
    done = subprocess.run(command, input=data, capture_output=True, check=False)  # noqa: S603 (this very file)
    head, _, pixels = done.stdout.partition(b"\n")
    if done.returncode or not head:
        return Found("damaged")
    told: dict[str, Any] = json.loads(head)
    info = {name: base64.b64decode(value) for name, value in told.pop("info", {}).items()}
    return Found(**{**told, "size": tuple(told.get("size", ())), "info": info, "pixels": pixels})


def factor(width: int, height: int, most_side: int) -> int:
    """The whole number by which a picture is first made smaller, at little cost: half as many again as wanted stay."""
    return min(_MOST_LESS, max(1, 2 * max(width, height) // (3 * most_side)))


def joined(cut: Callable[[int, int], Image.Image], width: int, height: int, factor: int) -> Image.Image:
    """A picture made smaller by a whole number, in strips: `cut` gives one out of it by its top and rows."""
    small, rows = None, _STRIP * factor
    for top in range(0, height, rows):
        strip = cut(top, min(rows, height - top))
        piece = strip.reduce(factor) if factor > 1 else strip
        if small is None:
            small = Image.new(piece.mode, (-(-width // factor), -(-height // factor)))
        small.paste(piece, (0, top // factor))
    assert small is not None
    return small


# --- what the process does --------------------------------------------------------------------------------------------


def _bound() -> None:
    import resource

    # A core file of hostile bytes helps nobody.
    for limit, most in (
        (resource.RLIMIT_DATA, MOST_MEMORY), (resource.RLIMIT_CPU, MOST_SECONDS), (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        resource.setrlimit(limit, (most, most))


def _told(kind: str, data: bytes, most_side: int) -> tuple[dict[str, Any], bytes]:
    try:
        found = {"avif": _avif, "heic": _heic}[kind](data)
        if found is None:
            return {"error": "several_frames"}, b""
        (width, height), cut, info = found
        small = joined(cut, width, height, factor(width, height, most_side))
    except MemoryError:
        return {"error": "too_heavy"}, b""
    except Exception as error:
        # libavif and libheif say in words that they got no memory; readers of hostile bytes raise nearly everything.
        return {"error": "too_heavy" if "memory" in str(error).lower() else "damaged"}, b""
    beside = {name: base64.b64encode(info[name]).decode() for name in ("exif", "icc_profile") if info.get(name)}
    told = {"error": "", "width": width, "height": height, "mode": small.mode, "size": small.size, "info": beside}
    return told, small.tobytes()


class _Picture(NamedTuple):
    """A decoded picture: its size, how to cut a strip out of it (its top, its rows), and what is written beside it."""

    size: tuple[int, int]
    cut: Callable[[int, int], Image.Image]
    info: dict[Any, Any]


def _avif(data: bytes) -> _Picture | None:
    from PIL.AvifImagePlugin import AvifImageFile

    photo = AvifImageFile(io.BytesIO(data))
    if photo.n_frames != 1:
        return None
    photo.load()
    return _Picture(photo.size, lambda top, rows: photo.crop((0, top, photo.width, top + rows)), photo.info)


def _heic(data: bytes) -> _Picture:
    import pi_heif

    heif = pi_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
    # It may turn out to have another size than it says when it is decoded, so that its pixels are asked for first.
    pixels = memoryview(heif.data)
    (width, height), mode = heif.size, heif.mode

    def cut(top: int, rows: int) -> Image.Image:
        # They are in the reader's own memory, which is gone with `heif`: it has to live as long as this.
        strip = bytes(pixels[top * heif.stride : (top + rows) * heif.stride])
        image = Image.frombytes(mode, (width, rows), strip, "raw", mode, heif.stride)
        return image.convert(mode.upper()) if mode.endswith("a") else image

    return _Picture((width, height), cut, heif.info)


def _main() -> None:
    _bound()
    told, pixels = _told(sys.argv[1], sys.stdin.buffer.read(), int(sys.argv[2]))
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + pixels)


if __name__ == "__main__":
    _main()
