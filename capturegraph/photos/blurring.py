"""Faces and number plates in a photograph, made unknowable before anybody but reviewers sees it.

A blurrer is any callable on an upright Pillow picture in RGB. It gives the boxes in which somebody could be known, or
the whole picture, blurred by itself. To add one: a file with a class whose instances are that (and, where it needs a
library of an extra, a constant `NEEDS` that names the module), and its line in `BLURRERS`. It may raise whatever it
likes: a photo that could not be looked at is not shown.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import NamedTuple, Protocol

from PIL.Image import Image, Resampling
from PIL.WebPImagePlugin import WebPImageFile

from capturegraph.photos import small

Box = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels; right and bottom lie outside, as in Pillow."""

MARGIN = 0.25
"""So much of a box's size is blurred around it: detectors give the middle of a face, and chin and hair tell a lot."""
CELLS = 6
"""A box is averaged to so many cells across: what was in between is not in the file any more."""


class Blurrer(Protocol):
    """Something that finds what is to be blurred, or blurs it."""

    def __call__(self, photo: Image) -> Sequence[Box] | Image:
        """Give boxes, or a picture of the same size."""


BLURRERS: dict[str, str] = {"haar": "capturegraph.photos.blurring_haar:Haar"}
"""By the name that CAPTUREGRAPH_BLUR takes: module and class. Loaded when first used."""


class Blurred(NamedTuple):
    """A small copy whose faces are unknowable, and how many boxes there were; None where the blurrer does not say."""

    data: bytes
    regions: int | None


def check(name: str) -> None:
    """Make sure that there is such a blurrer, and the library that it needs.

    Raises:
        ValueError: there is not; it says what to write or to install.
    """
    if name not in BLURRERS:
        raise ValueError(f"it is one of none, {', '.join(sorted(BLURRERS))}")
    needs = getattr(import_module(BLURRERS[name].partition(":")[0]), "NEEDS", "")
    if needs and find_spec(needs) is None:
        raise ValueError(f"“{name}” needs the module {needs}: install the extra “blur”")


@cache
def blurrer_named(name: str) -> Blurrer:
    """Load a blurrer, once in a process."""
    module, __, attribute = BLURRERS[name].partition(":")
    made: Blurrer = getattr(import_module(module), attribute)()
    return made


def blurred_copy(copy: bytes, blurrer: Blurrer, most_side: int) -> Blurred:
    """Blur a small copy (the bytes of a WebP of ours) and make it at most `most_side` pixels.

    Faces are looked for in the copy as it is given: the larger, the smaller the faces that are found. Raises what the
    blurrer raises, and ValueError for an answer that is none.
    """
    photo = WebPImageFile(io.BytesIO(copy)).convert("RGB")
    found = blurrer(photo.copy())
    if isinstance(found, Image):
        if found.size != photo.size:
            raise ValueError(f"it gave a picture of {found.size} for one of {photo.size}")
        photo, regions = found.convert("RGB"), None
    else:
        boxes = [_around(box, photo.size) for box in found]
        for box in boxes:
            _blur(photo, box)
        regions = len(boxes)
    photo.thumbnail((most_side, most_side), Resampling.LANCZOS)
    out = io.BytesIO()
    photo.save(out, "WEBP", quality=small.QUALITY, method=4, exif=b"", icc_profile=b"", xmp=b"")
    return Blurred(out.getvalue(), regions)


def _around(box: Sequence[float], size: tuple[int, int]) -> Box:
    left, top, right, bottom = (round(side) for side in box)
    if right <= left or bottom <= top:
        raise ValueError(f"no box: {tuple(box)}")
    wide, high = round((right - left) * MARGIN), round((bottom - top) * MARGIN)
    return max(0, left - wide), max(0, top - high), min(size[0], right + wide), min(size[1], bottom + high)


def _blur(photo: Image, box: Box) -> None:
    part = photo.crop(box)
    if 0 in part.size:
        raise ValueError(f"no box of this picture: {box}")
    cells = [max(1, round(CELLS * side / max(part.size))) for side in part.size]
    few = part.resize((cells[0], cells[1]), Resampling.BOX)
    photo.paste(few.resize(part.size, Resampling.BICUBIC), box)
