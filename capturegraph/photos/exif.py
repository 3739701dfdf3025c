"""What a camera wrote beside the pixels: where, when, whither and with what.

Anybody can write anything there, so it only corroborates.

Tags and their meanings are those of Exif 2.32 (CIPA DC-008), sections 4.6.5 and 4.6.6.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from PIL.ExifTags import GPS, IFD, Base
from PIL.Image import Exif, Image

MOST_BYTES = 256_000
"""Bytes that a camera may write beside the pixels; of more, nothing is read. Phones write some 10,000."""

LONGEST_CAMERA = 100


@dataclass(frozen=True)
class Said:
    """Degrees north and east (WGS84), both or neither, and the moment with its zone; None what is not said.

    `heading` is where the camera looked, in degrees clockwise from true north, 0 up to 360; one that is magnetic, or
    does not say of which north it is, is not given. `camera` is make and model, "" if neither is said.
    """

    latitude: float | None = None
    longitude: float | None = None
    taken_at: datetime | None = None
    heading: float | None = None
    camera: str = ""


def said_by(photo: Image) -> Said:
    """Read place and time of an opened picture. Whatever cannot be read is not said; nothing is raised."""
    try:
        tags = tags_of(photo)
        gps, camera = dict(tags.get_ifd(IFD.GPSInfo)), dict(tags.get_ifd(IFD.Exif))
        make, model = tags.get(Base.Make), tags.get(Base.Model)
    except Exception:
        # Readers of hostile bytes raise nearly everything, and the picture itself is good.
        return Said()
    latitude, longitude = _place(gps)
    return Said(latitude, longitude, _moment(gps, camera), _heading(gps), _camera(_text(make), _text(model)))


def tags_of(photo: Image) -> Exif:
    """What is written beside an opened picture, or nothing where it is more than `MOST_BYTES`. Raises nearly all.

    A value may be repeated as often as there are bytes, and each time it becomes an object of a hundred.
    """
    return Exif() if len(photo.info.get("exif") or b"") > MOST_BYTES else photo.getexif()


def _place(gps: Mapping[int, Any]) -> tuple[float, float] | tuple[None, None]:
    latitude = _degrees(gps.get(GPS.GPSLatitude), gps.get(GPS.GPSLatitudeRef), "NS", 90)
    longitude = _degrees(gps.get(GPS.GPSLongitude), gps.get(GPS.GPSLongitudeRef), "EW", 180)
    # Cameras without a fix write zeros; nobody photographs in the Gulf of Guinea at 0° 0' 0" exactly.
    if latitude is None or longitude is None or latitude == longitude == 0:
        return None, None
    return latitude, longitude


def _degrees(parts: Any, sense: Any, senses: str, most: float) -> float | None:
    """Read degrees, minutes and seconds with N, S, E or W beside them."""
    try:
        degrees, minutes, seconds = (float(part) for part in parts)
        sign = (1, -1)[senses.index(str(sense).strip("\0 ").upper()[:1] or "?")]
    except (TypeError, ValueError, ArithmeticError):
        return None
    value = degrees + minutes / 60 + seconds / 3600
    return sign * value if math.isfinite(value) and 0 <= value <= most else None


def _moment(gps: Mapping[int, Any], camera: Mapping[int, Any]) -> datetime | None:
    """Read when it was taken: the camera's clock where it says its zone, else the satellites', which is UTC."""
    try:
        clock = datetime.strptime(_text(camera.get(Base.DateTimeOriginal)), "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007
        return clock.replace(tzinfo=_zone(_text(camera.get(Base.OffsetTimeOriginal)))).astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    try:
        day = datetime.strptime(_text(gps.get(GPS.GPSDateStamp)), "%Y:%m:%d").replace(tzinfo=UTC)
        hours, minutes, seconds = (float(part) for part in gps[GPS.GPSTimeStamp])
        return day + timedelta(hours=hours, minutes=minutes, seconds=seconds)
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return None


def _heading(gps: Mapping[int, Any]) -> float | None:
    if _text(gps.get(GPS.GPSImgDirectionRef)).upper() != "T":
        return None
    try:
        degrees = float(gps[GPS.GPSImgDirection])
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return None
    # Some cameras write 360 for north.
    return degrees % 360 if 0 <= degrees <= 360 else None


def _camera(make: str, model: str) -> str:
    """Name make and model in one line of printable letters; most makers repeat their name in the model's."""
    make, model = (" ".join("".join(c if c.isprintable() else " " for c in text).split()) for text in (make, model))
    both = model if model.casefold().startswith(make.casefold()) else f"{make} {model}"
    return both[:LONGEST_CAMERA].strip()


def _text(value: Any) -> str:
    return value.strip("\0 ") if isinstance(value, str) else ""


def _zone(text: str) -> timezone:
    hours, minutes = int(text[1:3]), int(text[4:6])
    if len(text) != 6 or text[0] not in "+-" or text[3] != ":":
        raise ValueError(text)
    return timezone((1 if text[0] == "+" else -1) * timedelta(hours=hours, minutes=minutes))
