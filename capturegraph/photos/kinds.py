"""The types of photo that are kept, how each is known by its first bytes, and what is said of everything else."""

from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

MAX_PIXELS = 60_000_000
"""Largest photo taken, in pixels (width × height)."""

_WANTED = "Please send a JPEG, PNG, WebP, HEIC or AVIF photo."


@dataclass(frozen=True)
class Kind:
    """A type of photo that is kept: how it is called outside, its media type, and its suffix, dot included."""

    format: str
    media_type: str
    suffix: str


JPEG = Kind("jpeg", "image/jpeg", ".jpg")
PNG = Kind("png", "image/png", ".png")
WEBP = Kind("webp", "image/webp", ".webp")
HEIC = Kind("heic", "image/heic", ".heic")
AVIF = Kind("avif", "image/avif", ".avif")
_SUFFIXES = {kind.format: kind.suffix for kind in (JPEG, PNG, WEBP, HEIC, AVIF)}

# Brands of still pictures. The brands of sequences (hevc, hevx, msf1, avis) are films.
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1")
_AVIF_BRAND = b"avif"

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
    (4, b"ftyp", "a video"),
    (0, b"\x1aE\xdf\xa3", "a video"),
)


class Sniffed(NamedTuple):
    """What a file's first bytes look like."""

    media_type: str
    suffix: str


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


def sniff(file: BinaryIO) -> Sniffed:
    """What a file that can seek looks like, by its first bytes; it may still be no photo."""
    file.seek(0)
    try:
        kind = kind_of(file.read(32))
    except NotAPhoto:
        return Sniffed("application/octet-stream", ".bin")
    return Sniffed(kind.media_type, kind.suffix)


def kind_of(head: bytes) -> Kind:
    """Say of which type a file is by its first 32 bytes. Raises NotAPhoto for what is not kept, naming it if it can."""
    if head.startswith(b"\xff\xd8\xff"):
        return JPEG
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return PNG
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return WEBP
    if head[4:8] == b"ftyp" and head[8:12] == _AVIF_BRAND:
        return AVIF
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return HEIC
    for start, magic, name in _OTHERS:
        if head.startswith(magic, start):
            raise NotAPhoto("wrong_type", f"This is {name}, not a photo that can be kept. {_WANTED}")
    raise NotAPhoto("not_an_image", f"This file is not a photo. {_WANTED}")


def check_pixels(width: int, height: int) -> None:
    """Raise NotAPhoto for more than `MAX_PIXELS`."""
    if width * height > MAX_PIXELS:
        raise NotAPhoto(
            "too_many_pixels",
            f"This photo has {width * height / 1e6:,.0f} million pixels; the most that can be taken is "
            f"{MAX_PIXELS // 1_000_000} million. Please take it again in a lower resolution.",
        )


def too_heavy() -> NotAPhoto:
    """The refusal of a picture that is allowed by its size, and needs more memory than a worker has."""
    return NotAPhoto(
        "too_many_pixels",
        "This photo needs too much memory to be opened. Please send it as a plain JPEG, or in a lower resolution.",
    )


def several_frames() -> NotAPhoto:
    """The refusal of a film."""
    return NotAPhoto("several_frames", "This is an animation, not a photo. Please send a single picture.")


def damaged() -> NotAPhoto:
    """The refusal of what cannot be shown to anybody."""
    return NotAPhoto("damaged", "This photo is damaged or did not arrive whole. Please send it again.")
