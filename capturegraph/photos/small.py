"""A photo made small to be shown: upright, in plain colours, without a word of what the camera wrote beside the pixels.

For files that `inspect` has accepted: it has judged their size, and read them through to the last pixel.
"""

import io
from typing import BinaryIO

from PIL.Image import Image

from capturegraph.photos.decoding import decoded
from capturegraph.photos.loading import ONE_AT_A_TIME

MEDIA_TYPE, SUFFIX = "image/webp", ".webp"
QUALITY = 80


def smaller(file: BinaryIO, most_side: int) -> bytes:
    """The photo as a WebP whose longer side has at most `most_side` pixels; a smaller one is not made larger.

    `file` can seek; it is left open. Raises what Pillow's readers raise where `inspect` has not seen it before.
    """
    with ONE_AT_A_TIME:
        return written(decoded(file, most_side).image)


def written(image: Image) -> bytes:
    """The bytes of a WebP of this picture, and of nothing beside it."""
    out = io.BytesIO()
    # Without these three, Pillow copies what the original said of itself.
    image.save(out, "WEBP", quality=QUALITY, method=4, exif=b"", icc_profile=b"", xmp=b"")
    return out.getvalue()
