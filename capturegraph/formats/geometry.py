"""From geometries to places: a point is one, and what is longer or wider becomes the one point that stands for it.

A line becomes its middle, halfway along; an area the point inside it that is farthest from its border along a line from
west to east through its middle; of several lines or areas the longest or largest stands for all. Several points are
several places. Positions are (longitude, latitude) in WGS84 degrees, as GeoJSON has them; a third number is left out.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

Position = tuple[float, float]

MOST_PARTS = 100_000
"""Most positions of one geometry: a place has no more, and looking at each costs time."""


class GeometryError(Exception):
    """Why a geometry is no place: a sentence that says what to do."""


class Places(NamedTuple):
    """The places of one geometry, and, where they are not its own points, in words what they are."""

    positions: list[Position]
    made: str = ""


def places(kind: object, coordinates: Any, parts: Any = None) -> Places:
    """Give the places of a geometry, as GeoJSON writes it; `parts` are the geometries of a collection.

    Raises:
        GeometryError: it is none, or is broken.
    """
    if kind == "GeometryCollection":
        return _collection(parts)
    read = _KINDS.get(kind) if isinstance(kind, str) else None
    if read is None:
        raise GeometryError("The geometry is of no known type: use a Point.")
    return read(coordinates)


def position(value: Any) -> Position:
    """Judge one position. Raises GeometryError."""
    if (
        not isinstance(value, (list, tuple))
        or len(value) not in (2, 3)
        # type(), not isinstance(): true and false are ints to Python.
        or not all(type(number) in (int, float) for number in value)
    ):
        raise GeometryError("A position must be two or three numbers: longitude, latitude and, if known, height.")
    return value[0], value[1]


def _positions(value: Any, least: int, what: str) -> list[Position]:
    if not isinstance(value, (list, tuple)) or len(value) < least:
        raise GeometryError(f"The {what} has fewer than {least} positions: export it again, or use a Point.")
    if len(value) > MOST_PARTS:
        raise GeometryError(f"The {what} has more than {MOST_PARTS:,} positions: simplify it, or use a Point.")
    return [position(one) for one in value]


def _several(value: Any, what: str) -> list[Any]:
    if not isinstance(value, (list, tuple)) or not value:
        raise GeometryError(f"The {what} is empty: delete it, or use a Point.")
    if len(value) > MOST_PARTS:
        raise GeometryError(f"The {what} has more than {MOST_PARTS:,} parts: split it.")
    return list(value)


def _point(coordinates: Any) -> Places:
    return Places([position(coordinates)])


def _points(coordinates: Any) -> Places:
    if not isinstance(coordinates, (list, tuple)) or not coordinates:
        raise GeometryError("The MultiPoint has no points.")
    return Places([position(one) for one in coordinates])


def _line(coordinates: Any) -> Places:
    return Places([middle(_positions(coordinates, 2, "line"))], "the middle of a line")


def _lines(coordinates: Any) -> Places:
    lines = [_positions(one, 2, "line") for one in _several(coordinates, "group of lines")]
    return Places([middle(max(lines, key=_length))], "the middle of the longest line")


def _area(coordinates: Any) -> Places:
    return Places([inside(_rings(coordinates))], "a point inside an area")


def _areas(coordinates: Any) -> Places:
    areas = [_rings(one) for one in _several(coordinates, "group of areas")]
    return Places([inside(max(areas, key=lambda rings: abs(_size(rings[0]))))], "a point inside the largest area")


def _rings(coordinates: Any) -> list[list[Position]]:
    return [_positions(ring, 4, "border of an area") for ring in _several(coordinates, "area")]


def _collection(parts: Any) -> Places:
    found = _several(parts, "group of geometries")
    if any(not isinstance(one, dict) or one.get("type") == "GeometryCollection" for one in found):
        raise GeometryError("A group of geometries must hold points, lines or areas, and no further groups.")
    each = [places(one.get("type"), one.get("coordinates")) for one in found]
    if not any(one.made for one in each):
        return Places([at for one in each for at in one.positions])
    if len(each) == 1:
        return each[0]
    raise GeometryError("This mixes several lines or areas in one feature: export them as features of their own.")


_KINDS = {
    "Point": _point,
    "MultiPoint": _points,
    "LineString": _line,
    "MultiLineString": _lines,
    "Polygon": _area,
    "MultiPolygon": _areas,
}
KINDS = (*_KINDS, "GeometryCollection")


# --- one point for many -----------------------------------------------------------------------------------------------


def middle(line: Sequence[Position]) -> Position:
    """Give the point halfway along a line, as long as it is on a map of its latitude."""
    half = _length(line) / 2
    if not math.isfinite(half):
        return line[0]
    gone = 0.0
    for a, b in pairwise(line):
        step = _step(a, b)
        if step and gone + step >= half:
            part = (half - gone) / step
            return _east(a[0] + part * _turn(a[0], b[0])), a[1] + part * (b[1] - a[1])
        gone += step
    return line[0]


def _length(line: Sequence[Position]) -> float:
    return sum(_step(a, b) for a, b in pairwise(line))


def _step(a: Position, b: Position) -> float:
    return math.hypot(_turn(a[0], b[0]) * math.cos(math.radians((a[1] + b[1]) / 2)), b[1] - a[1])


def _turn(a: float, b: float) -> float:
    """Degrees eastward from one longitude to another, the short way, which may cross the antimeridian."""
    return (b - a + 180) % 360 - 180 if math.isfinite(b - a) else b - a


def _east(longitude: float) -> float:
    return longitude if -180 <= longitude <= 180 else (longitude + 180) % 360 - 180


def inside(rings: Sequence[Sequence[Position]]) -> Position:
    """Give a point inside an area with holes: on the line from west to east through its middle, amid the widest part.

    Unlike a centroid it always lies inside, of a horseshoe too.
    """
    unrolled = [_unrolled(ring, rings[0][0][0]) for ring in rings]
    latitudes = [latitude for _, latitude in unrolled[0]]
    south, north = min(latitudes), max(latitudes)
    if not math.isfinite(north - south):
        return rings[0][0]
    # Not exactly the middle where a corner lies there: the line has to cross sides, not touch them.
    at = (south + north) / 2
    inner = sorted({latitude for ring in unrolled for _, latitude in ring})
    if at in inner and (above := next((one for one in inner if one > at), None)) is not None:
        at = (at + above) / 2
    crossings = sorted(x for ring in unrolled for x in _crossings(ring, at))
    spans = list(zip(crossings[0::2], crossings[1::2], strict=False))
    if not spans:
        return rings[0][0]
    west, east = max(spans, key=lambda span: span[1] - span[0])
    return _east((west + east) / 2), at


def _unrolled(ring: Sequence[Position], first: float) -> list[Position]:
    """The same ring without the jump at the antimeridian."""
    turned = [(first + _turn(first, ring[0][0]), ring[0][1])]
    for a, b in pairwise(ring):
        turned.append((turned[-1][0] + _turn(a[0], b[0]), b[1]))
    return turned


def _crossings(ring: Sequence[Position], latitude: float) -> list[float]:
    found = []
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 <= latitude) != (y2 <= latitude):
            found.append(x1 + (latitude - y1) / (y2 - y1) * (x2 - x1))
    return found


def _size(ring: Sequence[Position]) -> float:
    flat = _unrolled(ring, ring[0][0])
    return sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in pairwise(flat)) * math.cos(math.radians(ring[0][1])) / 2


# --- geometries as text -----------------------------------------------------------------------------------------------

# Spaces are not given back: two lots of them with nothing in between would be shared out in every way that there is.
_WKT = re.compile(
    r"\s*+(?:SRID\s*+=\s*+(?P<srid>\d{1,9})\s*+;\s*+)?"
    r"(?P<kind>POINT|LINESTRING|POLYGON|MULTIPOINT|MULTILINESTRING|MULTIPOLYGON)\s*+(?:(?:ZM|Z|M)\s*+)?"
    r"(?P<rest>\(.*\))\s*+",
    re.IGNORECASE | re.DOTALL | re.ASCII,
)
_NAMES = {kind.upper(): kind for kind in _KINDS}
_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_TOKEN = re.compile(rf"\s*(?:([(),])|({_NUMBER}))", re.ASCII)
_EXAMPLE = "write it like POINT (-77.04 38.99)"
WGS84_SRIDS = (0, 4326)


def from_wkt(text: str) -> Places:
    """Give the places of a geometry in Well-known Text (OGC Simple Features), with or without an SRID before it.

    Raises GeometryError.
    """
    found = _WKT.fullmatch(text)
    if found is None:
        raise GeometryError(f"This is no geometry in WKT that can be read: {_EXAMPLE}.")
    if found["srid"] is not None and int(found["srid"]) not in WGS84_SRIDS:
        raise GeometryError(f"The geometry is in the reference system {found['srid']}: export it in WGS84 (EPSG:4326).")
    kind = _NAMES[found["kind"].upper()]
    nested = _nested(found["rest"])
    if kind == "Point":
        nested = nested[0] if len(nested) == 1 else nested
    if kind == "MultiPoint":
        nested = [one[0] if one and isinstance(one[0], list) else one for one in nested]
    return places(kind, nested)


def _nested(text: str) -> list[Any]:
    """Brackets as lists, and what stands between two commas, some numbers, as a list of these."""
    root: list[Any] = []
    stack, numbers, at = [root], [], 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            if text[at:].isspace():
                break
            raise GeometryError(f"This is no geometry in WKT that can be read: {_EXAMPLE}.")
        at = token.end()
        if token[2] is not None:
            numbers.append(float(token[2]))
            continue
        if numbers:
            stack[-1].append(numbers[:3])
            numbers = []
        if token[1] == "(":
            stack.append([])
            if len(stack) > 5:
                raise GeometryError("The brackets of this geometry are too deep.")
        elif token[1] == ")":
            done = stack.pop()
            if not stack:
                raise GeometryError("The brackets of this geometry do not match.")
            stack[-1].append(done)
    if len(stack) != 1 or len(root) != 1:
        raise GeometryError("The brackets of this geometry do not match.")
    return list(root[0])
