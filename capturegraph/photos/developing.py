"""A photo → the small pictures that people look at, and the figures of its pixels, from one decoding."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from capturegraph.photos.decoding import decoded, shrunk
from capturegraph.photos.exif import Said
from capturegraph.photos.loading import ONE_AT_A_TIME
from capturegraph.photos.measuring import MEASURED_SIDE, Measures, measure
from capturegraph.photos.small import written

SIDES = (256, 1024, 2048)
"""Pixels of the longer side: in a list, on a phone, on a desk."""


@dataclass(frozen=True)
class Developed:
    """`small` has a WebP for each side that was asked for, none larger than the photo, and without any metadata.

    `width` and `height` are the photo's own pixels, as it is held; `said` is what its camera wrote beside them.
    """

    small: dict[int, bytes]
    width: int
    height: int
    measures: Measures
    said: Said


def develop(file: BinaryIO, *, sides: Sequence[int] = SIDES) -> Developed:
    """Decode a photo that `inspect` has accepted, once, and make everything of it that is looked at.

    `file` can seek; it is left open. One photo at a time is developed in a process; the others wait. Raises ValueError
    where no side is asked for, and what Pillow's readers raise where `inspect` has not seen the file before.
    """
    if not sides or min(sides) < 1:
        raise ValueError(sides)
    with ONE_AT_A_TIME:
        image, width, height, said = decoded(file, max(*sides, MEASURED_SIDE))
        small = {}
        # Each is made of the next larger one, which is at hand.
        for side in sorted({*sides, MEASURED_SIDE}, reverse=True):
            image = shrunk(image, width, height, side)
            if side in sides:
                small[side] = written(image)
            if side == MEASURED_SIDE:
                measures = measure(image)
    return Developed(small, width, height, measures, said)
