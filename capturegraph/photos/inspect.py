"""Is this file one photo that can be kept, and what is it?

The type is read from the file's first bytes, never from a name or a header of the request, and only that type's own
reader is then started (`loading`).
"""

import hashlib
import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from capturegraph.photos import exif
from capturegraph.photos.kinds import (
    JPEG,
    MAX_PIXELS,
    PNG,
    Kind,
    NotAPhoto,
    Sniffed,
    damaged,
    kind_of,
    sniff,
    suffix_for,
)
from capturegraph.photos.loading import ONE_AT_A_TIME, Loaded, load

__all__ = ["MAX_BYTES", "MAX_PIXELS", "NotAPhoto", "PhotoFacts", "Sniffed", "inspect", "sniff", "suffix_for"]

MAX_BYTES = 40_000_000
"""Largest photo taken, in bytes."""

# Real progressive photos have about ten scans. Each one more costs a pass over all pixels (22 ms at 60 million) for as
# little as 90 bytes of file, so that 40 MB of them would keep a worker busy for hours.
MAX_SCANS = 64

_CHUNK = 1 << 20
_SCAN = b"\xff\xda"
_PNG_END = b"IEND\xaeB`\x82"


@dataclass(frozen=True)
class PhotoFacts:
    """What a photo is: `format` (jpeg, png, webp, heic, avif), its media type, size in bytes, sha256 as 64 hex digits.

    Width and height are the pixels as stored; an EXIF orientation may turn them when shown. Place (degrees, WGS84) and
    time (with its zone) are those of its EXIF; None where it says none, which many phones see to. So are `heading`
    (degrees clockwise from true north) and `camera` (make and model, at most 100 letters, "" for none).
    """

    format: str
    media_type: str
    width: int
    height: int
    size: int
    sha256: str
    latitude: float | None = None
    longitude: float | None = None
    taken_at: datetime | None = None
    camera: str = ""
    heading: float | None = None


def inspect(source: str | os.PathLike[str] | BinaryIO) -> PhotoFacts:
    """Read a photo through to its last pixel and return what it is.

    `source` is a path, or a binary file that can seek; a file is read from its beginning and left there, open.
    Raises NotAPhoto when the bytes are not one whole JPEG, PNG, WebP, HEIC or AVIF picture of at most `MAX_BYTES` and
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
    kind = kind_of(head)
    # Pillow takes a PNG for whole as soon as it has all pixels, even if its end was cut off.
    if (kind is PNG and not ends) or (kind is JPEG and scans > MAX_SCANS):
        raise damaged()
    photo, width, height = _decode(file, kind)
    said = exif.said_by(photo)
    return PhotoFacts(kind.format, kind.media_type, width, height, size, sha256, **vars(said))


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


def _decode(file: BinaryIO, kind: Kind) -> Loaded:
    """Decode every pixel once, which is the only proof of a whole picture."""
    try:
        with ONE_AT_A_TIME:
            return load(file, kind, 1)
    except NotAPhoto:
        raise
    except Exception as exc:
        # Readers of hostile bytes raise nearly everything (OSError, SyntaxError, struct.error, MemoryError …); what
        # they share is that the picture cannot be shown to anybody.
        raise damaged() from exc
