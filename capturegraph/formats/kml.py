"""KML (OGC 2.2 and what came before) and KMZ, its zipped form: every Placemark is a place.

Rows are numbered by Placemark, from 1. Links to other files and to the network are never followed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import tzinfo
from typing import TYPE_CHECKING, Any

from capturegraph.formats.archives import MAGIC, Archive
from capturegraph.formats.columns import NAMED_EMPTY
from capturegraph.formats.layers import Feature, read_layer
from capturegraph.formats.markup import child, elements, local, plain, text_of
from capturegraph.formats.rows import Format, RowError, Table, Unreadable
from capturegraph.formats.writing import position_of, xml_attribute, xml_text

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2">'
_SHAPES = ("Point", "LineString", "LinearRing", "Polygon", "MultiGeometry", "Track", "MultiTrack", "Model")


def _sniff(head: bytes) -> bool:
    return re.search(rb"<(?:\w+:)?kml[\s>/]", head) is not None


def _read(data: bytes, chosen: Mapping[str, str], zone: tzinfo) -> Table:
    layer = _Placemarks(_unpacked(data) if data.startswith(MAGIC) else data)
    try:
        return read_layer("kml", layer, chosen, zone)
    except Unreadable as refusal:
        if layer.links and not layer.found:
            raise Unreadable(
                "The file holds no places itself, only links to others, which are not followed: open it in the program "
                "that it comes from, and save the places."
            ) from None
        raise refusal


def _unpacked(data: bytes) -> bytes:
    archive = Archive(data)
    documents = archive.ending(".kml")
    main = next((name for name in documents if name.lower() == "doc.kml"), None) or next(iter(documents), None)
    if main is None:
        raise Unreadable("The KMZ file holds no KML.")
    return archive.read(main)


class _Placemarks:
    """The Placemarks of a document, parsed anew each time that they are gone through."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.found = self.links = 0

    def __iter__(self) -> Iterator[Feature | RowError]:
        self.found = self.links = 0
        for element in elements(self._data, "kml", "Placemark", "NetworkLink"):
            if local(element) == "NetworkLink":
                self.links += 1
                continue
            self.found += 1
            yield _feature(self.found, element)


def _feature(number: int, mark: Element) -> Feature | RowError:
    shape = child(mark, *_SHAPES)
    properties = _properties(mark)
    own = mark.get("id")
    if shape is None:
        return Feature(number, properties, None, None, own)
    try:
        geometry = _geometry(shape)
    except ValueError as refusal:
        return RowError(number, "geometry", str(refusal))
    return Feature(number, properties, geometry["type"], geometry.get("coordinates"), own, geometry.get("geometries"))


def _properties(mark: Element) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ("name", "description"):
        if (value := text_of(child(mark, name))) != "":
            found[name] = plain(value) if name == "description" else value
    span = child(mark, "TimeSpan")
    if span is not None:
        found |= {"window_from": text_of(child(span, "begin")), "window_until": text_of(child(span, "end"))}
    for element in _data(mark):
        # Data of a kind and of another, as two programs write them.
        holder = child(element, "value") if local(element) == "Data" else element
        found[str(element.get("name"))] = text_of(holder)
    return found


def _data(mark: Element) -> Iterator[Element]:
    """What holds a value, but nothing inside of that: a text in a hundred of them would be a hundred texts."""
    waiting = [mark]
    while waiting:
        element = waiting.pop()
        if local(element) in ("Data", "SimpleData") and element.get("name"):
            yield element
        else:
            waiting.extend(reversed(element))


def _geometry(shape: Element) -> dict[str, Any]:
    """A geometry as GeoJSON has it. Raises ValueError with a sentence."""
    kind = local(shape)
    if kind == "Point":
        at = _positions(shape)
        if len(at) != 1:
            raise ValueError("A Point has one position: longitude,latitude.")
        return {"type": "Point", "coordinates": at[0]}
    if kind == "Model":
        place = child(shape, "Location")
        parts = [] if place is None else [text_of(child(place, name)) for name in ("longitude", "latitude")]
        return {"type": "Point", "coordinates": _numbers(parts)}
    if kind in ("LineString", "Track"):
        return {"type": "LineString", "coordinates": _positions(shape)}
    if kind == "LinearRing":
        return {"type": "Polygon", "coordinates": [_positions(shape)]}
    if kind == "Polygon":
        rings = [ring for edge in ("outerBoundaryIs", "innerBoundaryIs") for ring in _rings(shape, edge)]
        return {"type": "Polygon", "coordinates": rings}
    return _several([_geometry(one) for one in shape if local(one) in _SHAPES])


def _several(parts: list[dict[str, Any]]) -> dict[str, Any]:
    kinds = {part["type"] for part in parts}
    if len(kinds) == 1 and kinds <= {"Point", "LineString", "Polygon"}:
        return {"type": f"Multi{kinds.pop()}", "coordinates": [part["coordinates"] for part in parts]}
    return {"type": "GeometryCollection", "geometries": parts}


def _rings(polygon: Element, edge: str) -> list[list[list[float]]]:
    return [_positions(ring) for side in polygon if local(side) == edge for ring in side if local(ring) == "LinearRing"]


def _positions(shape: Element) -> list[list[float]]:
    if local(shape) == "Track":
        return [_numbers(text_of(one).split()) for one in shape if local(one) == "coord"]
    text = text_of(child(shape, "coordinates"))
    # Spaces part positions, commas part numbers; some write both between numbers.
    tight = ",".join(part.strip() for part in text.split(","))
    return [_numbers(one.split(",")) for one in tight.split()]


def _numbers(parts: list[str]) -> list[float]:
    try:
        numbers = [float(part) for part in parts if part]
    except ValueError:
        numbers = []
    if len(numbers) not in (2, 3) or not all(map(math.isfinite, numbers)):
        raise ValueError(f"“{','.join(parts)[:40]}” is no position: write longitude,latitude like -77.04,38.99.")
    return numbers


def write_kml(features: Iterable[Mapping[str, Any]], name: str) -> Iterator[bytes]:
    """A KML document in pieces (see `writing`): `title` and `note` are name and description, all is data too."""
    yield f"{_HEAD}<Document><name>{xml_text(name)}</name>\n".encode()
    for feature in features:
        properties, at = feature["properties"], position_of(feature)
        data = "".join(
            f"<Data name={xml_attribute(key)}><value>{xml_text(value)}</value></Data>"
            for key, value in properties.items()
            if (value is not None and value != "") or key in NAMED_EMPTY
        )
        point = "" if at is None else f"<Point><coordinates>{at[0]!r},{at[1]!r}</coordinates></Point>"
        yield (
            f"<Placemark><name>{xml_text(properties.get('title'))}</name>"
            f"<description>{xml_text(properties.get('note'))}</description>"
            f"<ExtendedData>{data}</ExtendedData>{point}</Placemark>\n"
        ).encode()
    yield b"</Document></kml>\n"


FORMAT = Format(
    name="kml",
    title="KML",
    suffixes=(".kml", ".kmz"),
    media_types=("application/vnd.google-earth.kml+xml", "application/vnd.google-earth.kmz"),
    sniff=_sniff,
    read=_read,
    holds=lambda names: any(name.endswith(".kml") for name in names),
)
