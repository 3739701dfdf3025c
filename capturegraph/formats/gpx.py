"""GPX (1.0 and 1.1): every waypoint is a place; where there is none, every point of the routes; else a track's middle.

Rows are numbered by waypoint (or route point, or track), from 1.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from capturegraph.formats.columns import NAMED_EMPTY
from capturegraph.formats.layers import Feature, read_layer
from capturegraph.formats.markup import child, elements, local, plain, text_of
from capturegraph.formats.rows import Format, RowError, Table, Unreadable
from capturegraph.formats.writing import position_of, xml_text

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator="Capturegraph" '
    'xmlns="http://www.topografix.com/GPX/1/1" xmlns:cg="urn:capturegraph:slot">'
)
_CALLED = {"name": "name", "desc": "description", "cmt": "comment"}


def _sniff(head: bytes) -> bool:
    return re.search(rb"<(?:\w+:)?gpx[\s>/]", head) is not None


def _read(data: bytes, chosen: Mapping[str, str], zone: tzinfo) -> Table:
    kinds = {local(element) for element in elements(data, "gpx", "wpt", "rte", "trk")}
    kind = next((one for one in ("wpt", "rte", "trk") if one in kinds), None)
    if kind is None:
        raise Unreadable("The file has no waypoints, routes or tracks.")
    return read_layer("gpx", _Layer(data, kind), chosen, zone)


class _Layer:
    """The waypoints of a file, or its route points, or its tracks, parsed anew each time that they are gone through."""

    def __init__(self, data: bytes, kind: str) -> None:
        self._data, self._kind = data, kind

    def __iter__(self) -> Iterator[Feature | RowError]:
        number = 0
        for element in elements(self._data, "gpx", self._kind):
            points = [one for one in element if local(one) == "rtept"] if self._kind == "rte" else [element]
            for one in points:
                number += 1
                yield _track(number, one) if self._kind == "trk" else _point(number, one)


def _point(number: int, element: Element) -> Feature | RowError:
    try:
        at = _position(element)
    except ValueError as refusal:
        return RowError(number, "geometry", str(refusal))
    return Feature(number, _properties(element), "Point", at)


def _track(number: int, track: Element) -> Feature | RowError:
    try:
        lines = [[_position(one) for one in part if local(one) == "trkpt"] for part in track if local(part) == "trkseg"]
    except ValueError as refusal:
        return RowError(number, "geometry", str(refusal))
    walked = [line for line in lines if len(line) > 1]
    if not walked:
        return RowError(number, "geometry", "This track has fewer than two points: use a waypoint.")
    return Feature(number, _properties(track), "MultiLineString", walked)


def _position(element: Element) -> list[float]:
    try:
        at = [float(element.get("lon", "")), float(element.get("lat", ""))]
    except ValueError:
        at = []
    if not at or not all(map(math.isfinite, at)):
        raise ValueError("The point has no lat and lon that are numbers.")
    return at


def _properties(element: Element) -> dict[str, str]:
    found = {}
    for own, name in _CALLED.items():
        if (value := text_of(child(element, own))) != "":
            found[name] = value if own == "name" else plain(value)
    extensions = child(element, "extensions")
    for one in extensions if extensions is not None else ():
        if len(one) == 0:
            found[local(one)] = text_of(one)
    return found


def write_gpx(features: Iterable[Mapping[str, Any]], name: str) -> Iterator[bytes]:
    """A GPX document in pieces (see `writing`): a waypoint each, all properties in its extensions; names are XML names.

    What has no position is left out: GPX cannot hold it.
    """
    yield f"{_HEAD}<metadata><name>{xml_text(name)}</name></metadata>\n".encode()
    for feature in features:
        at, properties = position_of(feature), feature["properties"]
        if at is None:
            continue
        more = "".join(
            f"<cg:{key}>{xml_text(value)}</cg:{key}>"
            for key, value in properties.items()
            if (value is not None and value != "") or key in NAMED_EMPTY
        )
        yield (
            f'<wpt lat="{at[1]!r}" lon="{at[0]!r}"><name>{xml_text(properties.get("title"))}</name>'
            f"<desc>{xml_text(properties.get('note'))}</desc><extensions>{more}</extensions></wpt>\n"
        ).encode()
    yield b"</gpx>\n"


FORMAT = Format(
    name="gpx",
    title="GPX",
    suffixes=(".gpx",),
    media_types=("application/gpx+xml",),
    sniff=_sniff,
    read=_read,
)
