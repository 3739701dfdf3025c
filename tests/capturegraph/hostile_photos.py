"""Files that nobody should have to open, made anew from a seed: what a stranger could send as a photo."""

import io
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from PIL import Image

DATA = Path(__file__).parents[1] / "data"
COUNT = 1_000

_TYPES = {"jpg": "image/jpeg", "png": "image/png", "webp": "image/webp", "heic": "image/heic", "avif": "image/avif"}
_KINDS = tuple(_TYPES)
_NAMES = (
    "../../etc/passwd", "..\\..\\boot.ini", "photo.jpg\0.exe", "<img src=x onerror=alert(1)>.png", "CON.jpg",
    "x" * 300 + ".jpg", "photo.php", "photo.svg", "'; DROP TABLE photos; --.jpg", "\u202egpj.exe", "%00.heic",
    " ", "a/b.webp", ".htaccess",
)  # fmt: skip
_SCRIPT = b"<html><script>alert(document.cookie)</script></html>"


class Hostile(NamedTuple):
    """One file as it is sent: its name and type as claimed, what is wrong with it, and its bytes."""

    name: str
    media_type: str
    what: str
    data: bytes


def hostile_photos(seed: int = 0, count: int = COUNT) -> Iterator[Hostile]:
    """The same files for the same seed, each sort in turn."""
    chance = random.Random(seed)
    for number in range(count):
        what, make = _SORTS[number % len(_SORTS)]
        kind, data = make(chance, number // len(_SORTS))
        name = chance.choice(_NAMES) if number % 7 == 0 else f"IMG_{number:04}.{kind}"
        yield Hostile(name, _TYPES.get(kind, "application/octet-stream"), what, data)


# --- good ones, to be spoilt ------------------------------------------------------------------------------------------


def encoded(kind: str, image: Image.Image, **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@cache
def good(kind: str) -> bytes:
    if kind == "heic":
        return (DATA / "photos" / "orientation_6.heic").read_bytes()
    noise = bytes(random.Random(kind).randbytes(160 * 120 * 3))
    image = Image.frombytes("RGB", (160, 120), noise)
    return encoded({"jpg": "JPEG"}.get(kind, kind.upper()), image, exif=_honest())


def _honest() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x0110] = 6, "Maker", "Model 1"
    return exif


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png_with(*chunks: bytes) -> bytes:
    """A good PNG with more chunks after its first."""
    whole = good("png")
    return whole[:33] + b"".join(chunks) + whole[33:]


def _jpeg_with(*segments: tuple[int, bytes]) -> bytes:
    """A good JPEG with more segments before all others; longer ones are cut into several."""
    cut = [
        (mark, data[start : start + 65_000]) for mark, data in segments for start in range(0, len(data) or 1, 65_000)
    ]
    return b"\xff\xd8" + b"".join(struct.pack(">BBH", 255, m, len(d) + 2) + d for m, d in cut) + good("jpg")[2:]


def _webp_with(**options: Any) -> bytes:
    return encoded("WEBP", Image.open(io.BytesIO(good("jpg"))), **options)


def _avif_with(exif: bytes) -> bytes:
    """A good AVIF whose EXIF is written over: Pillow reads what it is to write there."""
    room = Image.Exif()
    room[0x010E] = "x" * 60_000
    whole = encoded("AVIF", Image.open(io.BytesIO(good("jpg"))), exif=room)
    start = whole.index(room.tobytes()[6:40])
    return whole[:start] + exif[:60_000] + whole[start + len(exif[:60_000]) :]


# --- the sorts --------------------------------------------------------------------------------------------------------


def _mismatched(chance: random.Random, turn: int) -> tuple[str, bytes]:
    said, real = _KINDS[turn % 5], _KINDS[(turn + 1 + turn // 5) % 5]
    others = (
        b"GIF89a" + bytes(40),
        _SCRIPT,
        b"%PDF-1.7\n",
        b"\x7fELF" + bytes(99),
        b"#!/bin/sh\nid\n",
        b"<svg onload='x()'/>",
    )
    if turn % 3 == 0:
        return said, chance.choice(others)
    # The beginning of one type, and the rest of another.
    head = chance.choice((0, 4, 12, 16, 32))
    return said, good(said)[:head] + good(real)[head if turn % 2 else 0 :]


def _truncated(chance: random.Random, turn: int) -> tuple[str, bytes]:
    kind = _KINDS[turn % 5]
    whole = good(kind)
    return kind, whole[: chance.choice((turn, len(whole) - 1 - turn, chance.randrange(len(whole))))]


def _overwritten(chance: random.Random, turn: int) -> tuple[str, bytes]:
    kind = _KINDS[turn % 5]
    data = bytearray(good(kind))
    for _ in range(chance.choice((1, 3, 30))):
        data[chance.randrange(min(len(data), chance.choice((60, 600, 10**9))))] = chance.choice(
            (0, 1, 127, 128, 254, 255)
        )
    return kind, bytes(data)


def _bomb(chance: random.Random, turn: int) -> tuple[str, bytes]:
    side = chance.choice((7_700, 7_746, 9_500, 16_383, 30_000, 65_535))
    makers: tuple[tuple[str, Callable[[], bytes]], ...] = (
        ("png", lambda: _png_of(side, side)),
        ("jpg", lambda: _jpeg_of(side, side)),
        ("webp", lambda: _webp_of(min(side, 16_383))),
        ("heic", lambda: _said_of(good("heic"), side)),
        ("avif", lambda: _said_of(good("avif"), side)),
        ("avif", lambda: (DATA / "photos" / "lying.avif").read_bytes()),
        ("png", lambda: _flat_png(7_700, 7_700)),
        ("jpg", lambda: _scans(2_000, chance.choice((10, 60, 500)))),
        ("gif", lambda: b"GIF89a" + struct.pack("<HHBBB", 65_535, 65_535, 0, 0, 0) + b"\x2c" + bytes(9)),
        ("tif", lambda: b"II*\0\x08\0\0\0" + b"\xff" * 276),
    )
    kind, make = makers[turn % len(makers)]
    return kind, make()


def _png_of(width: int, height: int) -> bytes:
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", zlib.compress(bytes(10**6))) + _chunk(b"IEND", b"")


@cache
def _flat_png(width: int, height: int) -> bytes:
    """All of the pixels that are allowed, in a file of 60 kB."""
    packer = zlib.compressobj(1)
    rows = b"".join(packer.compress(bytes(width * 3 + 1)) for _ in range(height)) + packer.flush()
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def _jpeg_of(width: int, height: int) -> bytes:
    whole = bytearray(good("jpg"))
    start = whole.index(b"\xff\xc0") + 5
    whole[start : start + 4] = struct.pack(">HH", height, width)
    return bytes(whole)


def _webp_of(side: int) -> bytes:
    whole = bytearray(good("webp"))
    whole[24:30] = (side - 1).to_bytes(3, "little") * 2
    return bytes(whole)


def _said_of(whole: bytes, side: int) -> bytes:
    start = whole.index(b"ispe") + 8
    return whole[:start] + struct.pack(">II", side, side) + whole[start + 8 :]


@cache
def _progressive(side: int) -> bytes:
    return encoded("JPEG", Image.new("L", (side, side), 128), progressive=True)


def _scans(side: int, count: int) -> bytes:
    whole = _progressive(side)
    scan = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + scan * count + whole[-2:]


def _metadata(chance: random.Random, turn: int) -> tuple[str, bytes]:
    exif = chance.choice((_looping, _nested, _repeated, _lying))(chance)
    text = zlib.compress(bytes(chance.choice((10**5, 10**7, 7 * 10**7))), 9)
    makers: tuple[tuple[str, Callable[[], bytes]], ...] = (
        ("jpg", lambda: _jpeg_with((0xE1, b"Exif\0\0" + exif[:64_000]))),
        ("jpg", lambda: _jpeg_with(*_dots_per_inch())),
        ("png", lambda: _png_with(_chunk(b"eXIf", exif))),
        ("webp", lambda: _webp_with(exif=exif)),
        ("avif", lambda: _avif_with(exif)),
        ("png", lambda: _png_with(_chunk(b"zTXt", b"Comment\0\0" + text))),
        ("png", lambda: _png_with(*[_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + text)] * 3)),
        ("jpg", lambda: _jpeg_with((0xE1, b"http://ns.adobe.com/xap/1.0/\0" + b"<x>" * 20_000))),
        ("jpg", lambda: _jpeg_with((0xED, b"Photoshop 3.0\0" + b"8BIM" + chance.randbytes(5_000)))),
        ("jpg", lambda: _jpeg_with((0xE2, b"MPF\0" + exif[:60_000]))),
    )
    kind, make = makers[turn % len(makers)]
    return kind, make()


def _looping(chance: random.Random) -> bytes:
    """Directories that name one another, and themselves as the next."""
    entry = struct.pack("<HHHII", 2, 0x8769, 4, 1, 8) + struct.pack("<HHII", 0x8825, 4, 1, 8) + struct.pack("<I", 8)
    return b"II*\0" + struct.pack("<I", 8) + entry


def _nested(chance: random.Random) -> bytes:
    """A thousand directories, each inside the one before."""
    whole = b"MM\0*" + struct.pack(">I", 8)
    for _ in range(1_000):
        at = len(whole) + 2 + 24 + 4
        whole += struct.pack(">HHHIIHHIII", 2, 0x8769, 4, 1, at, 0x8825, 4, 1, at, at)
    return whole


def _repeated(chance: random.Random) -> bytes:
    """Every tag there is, each with the same megabyte of fractions."""
    count = 2_000
    rows = b"".join(struct.pack("<HHII", 0x8825 + n, 5, 120_000, 100) for n in range(count))
    return b"II*\0" + struct.pack("<IH", 8, count) + rows + struct.pack("<I", 0) + b"\1" * 960_000


@cache
def _dots_per_inch() -> list[tuple[int, bytes]]:
    """Eight megabytes of EXIF that say how many dots an inch has, a million times, in pieces that are put together."""
    rows = struct.pack("<HHII", 0x0128, 3, 1, 2) + struct.pack("<HHII", 0x011A, 5, 1_000_000, 100)
    whole = b"II*\0" + struct.pack("<IH", 8, 2) + rows + bytes(66) + b"\1" * 8_000_000
    return [(0xE1, b"Exif\0\0" + whole[at : at + 60_000]) for at in range(0, len(whole), 60_000)]


def _lying(chance: random.Random) -> bytes:
    """Counts and places of no file that there is, and a position of nonsense."""
    tags, counts = (0x0112, 0x010F, 0x0110, 0x8769, 0x8825, 0x011A, 0x0128), (0, 1, 2**31, 2**32 - 1)
    rows = b"".join(
        struct.pack("<HHII", chance.choice(tags), chance.randrange(14), chance.choice(counts), chance.randrange(700))
        for _ in range(60)
    )
    return b"II*\0" + struct.pack("<IH", 8, 60) + rows + bytes(4)


def _colours(chance: random.Random, turn: int) -> tuple[str, bytes]:
    """Profiles that are none, cut off, huge, or that promise other channels."""
    from PIL import ImageCms

    honest = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    # In these twelve bytes it says when it was made.
    honest = honest[:24] + bytes(12) + honest[36:]
    broken = bytearray(honest)
    for _ in range(40):
        broken[chance.randrange(len(broken))] = chance.randrange(256)
    profile = (
        b"", chance.randbytes(500), honest[: chance.randrange(len(honest))], bytes(broken),
        honest.replace(b"RGB ", b"CMYK"), struct.pack(">I", 2**31) + honest[4:], honest + bytes(3 * 10**6),
        honest[:128] + struct.pack(">I", 2**30) + honest[132:],
    )[turn % 8]  # fmt: skip
    makers: tuple[tuple[str, Callable[[], bytes]], ...] = (
        ("jpg", lambda: _jpeg_with((0xE2, b"ICC_PROFILE\0\1\1" + profile[:60_000]))),
        ("png", lambda: _png_with(_chunk(b"iCCP", b"x\0\0" + zlib.compress(profile)))),
        ("webp", lambda: _webp_with(icc_profile=profile)),
    )
    kind, make = makers[turn % 3]
    return kind, make()


def _polyglot(chance: random.Random, turn: int) -> tuple[str, bytes]:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(zipfile.ZipInfo("../evil.sh"), "id")
    more = (packed.getvalue(), _SCRIPT, b"<?php system('id'); ?>", b"%PDF-1.7\n%%EOF", b"MZ" + bytes(500))[turn % 5]
    makers: tuple[tuple[str, Callable[[], bytes]], ...] = (
        ("jpg", lambda: good("jpg") + more),
        ("jpg", lambda: _jpeg_with((0xFE, more))),
        ("png", lambda: good("png") + more),
        ("png", lambda: _png_with(_chunk(b"tEXt", b"Comment\0" + more))),
        ("webp", lambda: good("webp") + more),
        ("webp", lambda: _webp_with(xmp=more)),
        ("heic", lambda: good("heic") + more),
        ("html", lambda: more + good("jpg")),
    )
    kind, make = makers[turn % len(makers)]
    return kind, make()


def _film(chance: random.Random, turn: int) -> tuple[str, bytes]:
    first = Image.frombytes("RGB", (40, 30), chance.randbytes(3_600))
    others = [first.rotate(90 * n) for n in range(1, chance.choice((2, 9)))]
    kind, name = (("png", "PNG"), ("webp", "WEBP"), ("avif", "AVIF"), ("jpg", "MPO"), ("gif", "GIF"))[turn % 5]
    data = encoded(name, first, save_all=True, append_images=others)
    if name == "AVIF" and turn % 2:
        data = data.replace(b"ftypavis", b"ftypavif")
    return kind, data


_SORTS: tuple[tuple[str, Callable[[random.Random, int], tuple[str, bytes]]], ...] = (
    ("mismatched", _mismatched),
    ("truncated", _truncated),
    ("overwritten", _overwritten),
    ("bomb", _bomb),
    ("metadata", _metadata),
    ("colours", _colours),
    ("polyglot", _polyglot),
    ("film", _film),
)
