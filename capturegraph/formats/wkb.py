"""Geometries as bytes: Well-known Binary (OGC Simple Features, ISO SQL/MM with Z and M)."""

from __future__ import annotations

import struct
from typing import Any

_KINDS = ("Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon", "GeometryCollection")
_MOST = 200_000
_MOST_DEEP = 4


class WKBError(Exception):
    """No geometry that can be read."""


def from_wkb(data: bytes) -> dict[str, Any]:
    """Give a geometry as GeoJSON has it, without heights and measures. Raises WKBError or struct.error."""
    return _geometry(data, 0, 0)[0]


def _geometry(data: bytes, at: int, deep: int) -> tuple[dict[str, Any], int]:
    if deep > _MOST_DEEP:
        raise WKBError
    order = "<" if data[at : at + 1] == b"\x01" else ">"
    (code,) = struct.unpack_from(f"{order}I", data, at + 1)
    number, more = code % 1000, code // 1000
    if not 1 <= number <= len(_KINDS) or more > 3:
        raise WKBError
    kind, width, at = _KINDS[number - 1], (2, 3, 3, 4)[more], at + 5
    if kind == "Point":
        position, at = _position(data, at, order, width)
        return {"type": kind, "coordinates": position}, at
    if kind == "LineString":
        line, at = _line(data, at, order, width)
        return {"type": kind, "coordinates": line}, at
    count, at = _count(data, at, order)
    parts: list[Any] = []
    for _ in range(count):
        part, at = _line(data, at, order, width) if kind == "Polygon" else _geometry(data, at, deep + 1)
        parts.append(part if isinstance(part, list) or kind == "GeometryCollection" else part.get("coordinates"))
    return {"type": kind, "geometries" if kind == "GeometryCollection" else "coordinates": parts}, at


def _count(data: bytes, at: int, order: str) -> tuple[int, int]:
    (count,) = struct.unpack_from(f"{order}I", data, at)
    if count > _MOST:
        raise WKBError
    return count, at + 4


def _position(data: bytes, at: int, order: str, width: int) -> tuple[list[float], int]:
    return list(struct.unpack_from(f"{order}{width}d", data, at)[:2]), at + 8 * width


def _line(data: bytes, at: int, order: str, width: int) -> tuple[list[list[float]], int]:
    count, at = _count(data, at, order)
    line = []
    for _ in range(count):
        position, at = _position(data, at, order, width)
        line.append(position)
    return line, at
