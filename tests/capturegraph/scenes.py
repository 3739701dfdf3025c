"""Photographs with something on them, which can be told from one another, and with what cameras write beside."""

import io
from datetime import datetime

import numpy as np
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base


def scene(
    number: int, *, quality: int = 90, size: tuple[int, int] = (320, 240), light: float = 1.0, sharp: bool = True,
    place: tuple[float, float] | None = None, at: datetime | None = None,
) -> bytes:  # fmt: skip
    """The bytes of a JPEG: another number makes another view, another quality the same view in other bytes.

    `place` is the latitude and longitude that the file says, `at` the time.
    """
    random = np.random.default_rng(number)
    coarse = Image.fromarray(random.integers(30, 226, (8, 8, 3), dtype=np.uint8))
    pixels = np.asarray(coarse.resize(size, Image.Resampling.BICUBIC), dtype=np.float64)
    if sharp:
        pixels = pixels + random.normal(0, 12, pixels.shape)
    file = io.BytesIO()
    shown = Image.fromarray(np.clip(pixels * light, 0, 255).astype(np.uint8))
    shown.save(file, "JPEG", quality=quality, exif=_said(place, at))
    return file.getvalue()


def _said(place: tuple[float, float] | None, at: datetime | None) -> Image.Exif:
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Model] = "PhoneMaker", "PhoneMaker 12"
    if at is not None:
        exif.get_ifd(IFD.Exif).update(
            {Base.DateTimeOriginal: f"{at:%Y:%m:%d %H:%M:%S}", Base.OffsetTimeOriginal: "+00:00"}
        )
    if place is not None:
        (north, east) = place
        exif.get_ifd(IFD.GPSInfo).update({
            GPS.GPSLatitudeRef: "N" if north >= 0 else "S", GPS.GPSLatitude: (abs(north), 0.0, 0.0),
            GPS.GPSLongitudeRef: "E" if east >= 0 else "W", GPS.GPSLongitude: (abs(east), 0.0, 0.0),
        })  # fmt: skip
    return exif
