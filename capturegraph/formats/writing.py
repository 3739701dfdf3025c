"""What goes out as a file, in pieces and never held as a whole: values as texts that come back as they went.

A feature is a mapping with `latitude` and `longitude` (WGS84 degrees, or both None), `properties` and optionally `id`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any
from xml.sax.saxutils import quoteattr

import orjson

# What a spreadsheet would take for a formula; guarded by an apostrophe, and so is what begins with one before it.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")

# What XML cannot hold at all.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def position_of(feature: Mapping[str, Any]) -> tuple[float, float] | None:
    """(Longitude, latitude) of a feature, None where it has none. Raises ValueError for one that is not finite."""
    latitude, longitude = feature["latitude"], feature["longitude"]
    return None if latitude is None and longitude is None else position(latitude, longitude)


def position(latitude: float, longitude: float) -> tuple[float, float]:
    """(Longitude, latitude), as most formats want it. Raises ValueError where it is not finite."""
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        raise ValueError(f"not a position: {latitude}, {longitude}")
    return longitude, latitude


def as_cell(value: object) -> str:
    """A value as text: times as ISO 8601 in UTC, lists with semicolons, None as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return orjson.dumps(value, default=str).decode()
    if isinstance(value, (list, tuple)):
        return "; ".join(map(as_cell, value))
    return str(value)


def guarded(value: object) -> str:
    """A value as text that no spreadsheet takes for a formula; numbers stay numbers."""
    text = as_cell(value)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"'{text}" if not is_number and _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """A cell without the guard that `guarded` put before it."""
    return text[1:] if text[:1] == "'" and _GUARDED.match(text) else text


def xml_text(value: object) -> str:
    """A value as text between two tags."""
    text = _NO_XML.sub("\N{REPLACEMENT CHARACTER}", as_cell(value))
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def xml_attribute(value: object) -> str:
    """A value as text in quotes after an attribute's name."""
    return quoteattr(_NO_XML.sub("\N{REPLACEMENT CHARACTER}", as_cell(value)))
