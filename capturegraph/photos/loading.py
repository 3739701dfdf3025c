"""A file of a known type → its pixels, no more of them than are needed, in bounded memory.

Only the reader of that type is started, on an instance, because Pillow's shared doors are not safe between threads:
`Image.open` warns (and warnings can only be caught for the whole process), and its pixel limit is a global of its
module. What has to be decoded whole is made smaller in strips: Pillow's own picture of 60 million pixels has 240 MB,
and a second one beside it does not fit into a worker.
"""

import math
import re
import threading
from collections.abc import Callable
from functools import partial
from typing import BinaryIO, NamedTuple

import numpy as np
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile

from capturegraph.photos import apart, webp
from capturegraph.photos.kinds import (
    AVIF,
    HEIC,
    JPEG,
    PNG,
    WEBP,
    Kind,
    check_pixels,
    damaged,
    several_frames,
    too_heavy,
)  # fmt: skip

ONE_AT_A_TIME = threading.Lock()
"""Held while a photo is decoded: one of 60 million pixels takes up to 350 MB."""

# A JPEG of several scans keeps all of its coefficients, of two bytes each; only four full colours come near to this.
_MOST_COEFFICIENTS = 370_000_000

_PLAIN = ("L", "LA", "RGB", "RGBA")

# The property "ispe" of every picture inside (ISO/IEC 23008-12, 6.5.3): width and height.
_PICTURE_SIZE = re.compile(rb"ispe\0{4}(.{4})(.{4})", re.DOTALL)


class Loaded(NamedTuple):
    """Decoded pixels with what was written beside them (`info`), and how many there are in all, as stored."""

    photo: Image.Image
    width: int
    height: int


def load(file: BinaryIO, kind: Kind, most_side: int) -> Loaded:
    """Decode a whole picture, of which at least `most_side` pixels a side are wanted, or what it has.

    A HEIC comes upright; what is written beside the others may say that they are to be turned. Hold `ONE_AT_A_TIME`.
    Raises NotAPhoto for more than `MAX_PIXELS`, judged before they are decoded, and for films; else what readers raise.
    """
    file.seek(0)
    return _LOADERS[kind](file, most_side)


class _Jpeg(JpegImageFile):
    def _read_dpi_from_exif(self) -> None:
        """Leave EXIF alone: nobody asks for dots per inch, and any number of them may be there (`exif.tags_of`)."""


def _load_jpeg(file: BinaryIO, most_side: int) -> Loaded:
    photo = _Jpeg(file)
    width, height = photo.size
    check_pixels(width, height)
    across, down = (max(layer[place] for layer in photo.layer) for place in (1, 2))
    if 2 * width * height * sum(layer[1] * layer[2] for layer in photo.layer) > _MOST_COEFFICIENTS * across * down:
        raise too_heavy()
    # It is decoded at the smallest of its sizes that is still large enough. Where only the proof is wanted that it is
    # whole, grey at an eighth of the size still reads every byte (tested), in a third of the time.
    share = most_side / max(width, height)
    photo.draft("RGB" if most_side > 1 else "L", (math.ceil(width * share), math.ceil(height * share)))
    photo.load()
    return Loaded(photo, width, height)


def _load_png(file: BinaryIO, most_side: int) -> Loaded:
    photo = PngImageFile(file)
    width, height = photo.size
    check_pixels(width, height)
    if photo.n_frames != 1:
        raise several_frames()
    photo.load()
    less = apart.factor(width, height, most_side)
    if less < 2:
        return Loaded(photo, width, height)
    small = apart.joined(lambda top, rows: _plain(photo.crop((0, top, width, top + rows))), width, height, less)
    # What is clear is so by its own pixels now.
    small.info = {name: value for name, value in photo.info.items() if name != "transparency"}
    return Loaded(small, width, height)


def _plain(strip: Image.Image) -> Image.Image:
    """Give it in a mode whose pixels can be averaged."""
    return strip if strip.mode in _PLAIN and "transparency" not in strip.info else toned(strip)


def _load_webp(file: BinaryIO, most_side: int) -> Loaded:
    data = file.read()
    width, height = webp.canvas(data)
    check_pixels(width, height)
    return Loaded(webp.decoded(data, apart.factor(width, height, most_side)), width, height)


def _load_apart(kind: Kind, file: BinaryIO, most_side: int) -> Loaded:
    data = file.read()
    # Each picture inside: one may be cropped to nothing when shown ("clap"), but is decoded whole.
    for match in _PICTURE_SIZE.finditer(data):
        check_pixels(int.from_bytes(match[1], "big"), int.from_bytes(match[2], "big"))
    found = apart.decoded(kind.format, data, most_side)
    if found.error:
        raise {"several_frames": several_frames, "too_heavy": too_heavy}.get(found.error, damaged)()
    check_pixels(found.width, found.height)
    return Loaded(found.picture(), found.width, found.height)


def toned(image: Image.Image) -> Image.Image:
    """The picture in mode RGB, or RGBA where it can be seen through."""
    if image.mode in ("RGB", "RGBA"):
        return image
    if image.mode.startswith("I"):
        # Pillow cuts 16 bits off at 255 instead of scaling them.
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    clear = "A" in image.getbands() or "transparency" in image.info
    return image.convert("RGBA" if clear else "RGB")


_LOADERS: dict[Kind, Callable[[BinaryIO, int], Loaded]] = {
    JPEG: _load_jpeg,
    PNG: _load_png,
    WEBP: _load_webp,
    HEIC: partial(_load_apart, HEIC),
    AVIF: partial(_load_apart, AVIF),
}
