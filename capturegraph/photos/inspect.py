"""Is this file one photo that can be kept, and what is it?

The type is read from the file's first bytes, never from a name or a header of the request. Only that type's own
Pillow reader is then started, on an instance, because the shared doors are not safe between threads: `Image.open` warns
(and warnings can only be caught for the whole process), and its pixel limit is a global of the module.
"""

import hashlib
import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import BinaryIO

from pi_heif import HeifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

MAX_BYTES = 40_000_000
"""Largest photo taken, in bytes."""

MAX_PIXELS = 60_000_000
"""Largest photo taken, in pixels (width × height)."""

# Real progressive photos have about ten scans. Each one more costs a pass over all pixels (22 ms at 60 million) for as
# little as 90 bytes of file, so that 40 MB of them would keep a worker busy for hours.
MAX_SCANS = 64

_CHUNK = 1 << 20
_SCAN = b"\xff\xda"
_PNG_END = b"IEND\xaeB`\x82"
_WANTED = "Please send a JPEG, PNG, WebP or HEIC photo."


@dataclass(frozen=True)
class _Kind:
    """A type of photo that is kept: how it is called outside, and the Pillow reader that knows only this type."""

    format: str
    media_type: str
    suffix: str
    reader: Callable[[BinaryIO], ImageFile]


_JPEG = _Kind("jpeg", "image/jpeg", ".jpg", JpegImageFile)
_PNG = _Kind("png", "image/png", ".png", PngImageFile)
_WEBP = _Kind("webp", "image/webp", ".webp", WebPImageFile)
_HEIC = _Kind("heic", "image/heic", ".heic", HeifImageFile)
_SUFFIXES = {kind.format: kind.suffix for kind in (_JPEG, _PNG, _WEBP, _HEIC)}

# Brands of still pictures. The brands of sequences (hevc, hevx, msf1) are films, and AVIF has no decoder here.
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1")

# The property "ispe" of every picture inside (ISO/IEC 23008-12, 6.5.3): width and height.
_HEIC_SIZE = re.compile(rb"ispe\0{4}(.{4})(.{4})", re.DOTALL)

# What people really send by mistake, so that the refusal can call it by name.
_OTHERS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"GIF8", "a GIF"),
    (0, b"BM", "a BMP picture"),
    (0, b"II*\0", "a TIFF or raw picture"),
    (0, b"MM\0*", "a TIFF or raw picture"),
    (0, b"%PDF", "a PDF"),
    (0, b"8BPS", "a Photoshop file"),
    (0, b"PK\x03\x04", "a zip file"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (4, b"ftypavi", "an AVIF picture"),
    (4, b"ftyp", "a video"),
    (0, b"\x1aE\xdf\xa3", "a video"),
)


@dataclass(frozen=True)
class PhotoFacts:
    """What a photo is: `format` (jpeg, png, webp, heic), its media type, size in bytes, sha256 as 64 hex digits.

    Width and height are the pixels as stored; an EXIF orientation may turn them when shown.
    """

    format: str
    media_type: str
    width: int
    height: int
    size: int
    sha256: str


class NotAPhoto(Exception):  # noqa: N818 (it reads as the sentence it is)
    """The bytes are not a photo that can be kept.

    `code` is one of empty, too_large, not_an_image, wrong_type, too_many_pixels, several_frames, damaged;
    `reason` is a sentence for the person who sent it.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def suffix_for(photo_format: str) -> str:
    """The file suffix, dot included, for a `PhotoFacts.format`. Raises KeyError for any other name."""
    return _SUFFIXES[photo_format]


def inspect(source: str | os.PathLike[str] | BinaryIO) -> PhotoFacts:
    """Read a photo through to its last pixel and return what it is.

    `source` is a path, or a binary file that can seek; a file is read from its beginning and left there, open.
    Raises NotAPhoto when the bytes are not one whole JPEG, PNG, WebP or HEIC picture of at most `MAX_BYTES` and
    `MAX_PIXELS`, and OSError when a path cannot be read. Takes bounded memory and time whatever the bytes are.
    """
    with _opened(source) as file:
        try:
            return _facts(file)
        finally:
            file.seek(0)


def _opened(source: str | os.PathLike[str] | BinaryIO) -> AbstractContextManager[BinaryIO]:
    return open(source, "rb") if isinstance(source, (str, os.PathLike)) else nullcontext(source)


def _facts(file: BinaryIO) -> PhotoFacts:
    size, sha256, scans, ends = _read_through(file)
    file.seek(0)
    head = file.read(32)
    kind = _kind(head)
    # Pillow takes a PNG for whole as soon as it has all pixels, even if its end was cut off.
    if (kind is _PNG and not ends) or (kind is _JPEG and scans > MAX_SCANS):
        raise _damaged()
    # libwebp allocates two whole canvases when it is opened, so its header is judged before.
    if kind is _WEBP:
        _check_pixels(*_webp_canvas(head))
    # A HEIC may be cropped to nothing when shown ("clap") but is decoded whole, and libheif decodes up to these sizes.
    if kind is _HEIC:
        file.seek(0)
        for match in _HEIC_SIZE.finditer(file.read()):
            _check_pixels(int.from_bytes(match[1], "big"), int.from_bytes(match[2], "big"))
    width, height = _decode(file, kind)
    return PhotoFacts(kind.format, kind.media_type, width, height, size, sha256)


def _read_through(file: BinaryIO) -> tuple[int, str, int, int]:
    """Size, sha256, and how often the marks of a JPEG scan and of a PNG's end occur, in one pass."""
    file.seek(0)
    digest = hashlib.sha256()
    size = scans = ends = 0
    tail = b""
    while chunk := file.read(_CHUNK):
        size += len(chunk)
        if size > MAX_BYTES:
            raise NotAPhoto("too_large", _too_large(_size_of(file)))
        digest.update(chunk)
        joined = tail + chunk
        # A mark across two chunks is counted once: the tail kept is one byte shorter than the mark.
        scans += joined[-len(chunk) - len(_SCAN) + 1 :].count(_SCAN)
        ends += joined[-len(chunk) - len(_PNG_END) + 1 :].count(_PNG_END)
        tail = joined[-len(_PNG_END) + 1 :]
    if not size:
        raise NotAPhoto("empty", "This photo is empty: 0 bytes arrived. Please take it again.")
    return size, digest.hexdigest(), scans, ends


def _size_of(file: BinaryIO) -> int:
    return file.seek(0, os.SEEK_END)


def _too_large(size: int) -> str:
    return (
        f"This photo has {size / 1e6:.1f} MB; the most that can be taken is {MAX_BYTES // 1_000_000} MB. "
        "Please take it again in a lower resolution."
    )


def _kind(head: bytes) -> _Kind:
    if head.startswith(b"\xff\xd8\xff"):
        return _JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return _PNG
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return _WEBP
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return _HEIC
    for start, magic, name in _OTHERS:
        if head.startswith(magic, start):
            raise NotAPhoto("wrong_type", f"This is {name}, not a photo that can be kept. {_WANTED}")
    raise NotAPhoto("not_an_image", f"This file is not a photo. {_WANTED}")


def _webp_canvas(head: bytes) -> tuple[int, int]:
    """Width and height as a WebP's first 30 bytes give them (RFC 9649, sections 2.5 to 2.7)."""
    bits = int.from_bytes(head[20:30], "little")
    chunk = head[12:16]
    if chunk == b"VP8X":
        return (bits >> 32 & 0xFFFFFF) + 1, (bits >> 56 & 0xFFFFFF) + 1
    if chunk == b"VP8L":
        return (bits >> 8 & 0x3FFF) + 1, (bits >> 22 & 0x3FFF) + 1
    if chunk == b"VP8 ":
        return bits >> 48 & 0x3FFF, bits >> 64 & 0x3FFF
    raise _damaged()


def _check_pixels(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise NotAPhoto(
            "too_many_pixels",
            f"This photo has {width * height / 1e6:,.0f} million pixels; the most that can be taken is "
            f"{MAX_PIXELS // 1_000_000} million. Please take it again in a lower resolution.",
        )


def _decode(file: BinaryIO, kind: _Kind) -> tuple[int, int]:
    """Decode every pixel once, which is the only proof of a whole picture, and return width and height."""
    file.seek(0)
    try:
        photo = kind.reader(file)
        width, height = photo.size
        frames = int(getattr(photo, "n_frames", 1))
        _check_pixels(width, height)
        # JPEG and HEIC files may carry companions (depth, gain map, preview) beside the picture they declare as
        # theirs: phones write such files unasked, so only films are refused.
        if frames != 1 and kind in (_PNG, _WEBP):
            raise NotAPhoto("several_frames", "This is an animation, not a photo. Please send a single picture.")
        # Grey at an eighth of the size still reads every byte (tested), in a third of the time.
        photo.draft("L", (1, 1))
        photo.load()
    except NotAPhoto:
        raise
    except Exception as exc:
        # Readers of hostile bytes raise nearly everything (OSError, SyntaxError, struct.error, MemoryError …); what
        # they share is that the picture cannot be shown to anybody.
        raise _damaged() from exc
    return width, height


def _damaged() -> NotAPhoto:
    return NotAPhoto("damaged", "This photo is damaged or did not arrive whole. Please send it again.")
