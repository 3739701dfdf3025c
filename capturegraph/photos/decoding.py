"""A file that `inspect` has accepted → its pixels, upright, in plain colours, as small as they are needed.

Only what has been made small is turned and coloured: Pillow copies a picture to do either, and it takes long.
"""

import io
from typing import BinaryIO, NamedTuple

from PIL import Image, ImageCms
from PIL.ExifTags import Base

from capturegraph.photos.exif import Said, said_by, tags_of
from capturegraph.photos.kinds import HEIC, kind_of
from capturegraph.photos.loading import load, toned

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LYING = {_TURNS[orientation] for orientation in (5, 6, 7, 8)}


class Decoded(NamedTuple):
    """Pixels in sRGB (mode RGB or RGBA), how many the photo has in all, as it is held, and what stood beside them."""

    image: Image.Image
    width: int
    height: int
    said: Said


def decoded(file: BinaryIO, most_side: int) -> Decoded:
    """Decode a photo once, whose longer side is to have at most `most_side` pixels; a smaller one is left as it is.

    Hold `loading.ONE_AT_A_TIME`. Raises what readers raise where `inspect` has not seen the file before.
    """
    file.seek(0)
    kind = kind_of(file.read(32))
    photo, width, height = load(file, kind, most_side)
    # A HEIC is given upright by its own reader, whatever is written beside its pixels.
    turn = None if kind is HEIC else _turn(photo)
    image = _in_plain_colours(shrunk(toned(photo), width, height, most_side), photo.info.get("icc_profile"))
    if turn is None:
        return Decoded(image, width, height, said_by(photo))
    if turn in _LYING:
        width, height = height, width
    return Decoded(image.transpose(turn), width, height, said_by(photo))


def shrunk(image: Image.Image, width: int, height: int, most_side: int) -> Image.Image:
    """The picture, or a smaller one whose longer side has `most_side` pixels; width, height are the whole photo's."""
    if max(image.size) > most_side:
        share = most_side / max(width, height)
        size = (max(1, round(width * share)), max(1, round(height * share)))
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return image


def _turn(photo: Image.Image) -> Image.Transpose | None:
    try:
        return _TURNS.get(int(tags_of(photo).get(Base.Orientation, 1)))
    except Exception:
        # What stands beside the pixels may be anything, and the pixels are good.
        return None


def _in_plain_colours(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Give it in sRGB: what does not know profiles shows it right, too."""
    if not profile or image.mode != "RGB":
        return image
    try:
        theirs = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, theirs, ImageCms.createProfile("sRGB")) or image
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
