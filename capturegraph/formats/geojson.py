"""GeoJSON (RFC 7946): a Point is a place, a MultiPoint one place a point; other geometries are row errors.

Rows are numbered by feature, from 1. The position is always the geometry: properties called X and Y are metres of some
map grid more often than not.
"""

import codecs
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import orjson

from capturegraph.formats.columns import match_columns
from capturegraph.formats.rows import FIELDS, Format, RowError, Table, Unreadable, as_text, collect, shown

FEATURE_ID = "feature id"
"""Stands in `Table.columns` where the external id is the features' own `id` member, not a property."""

_GEOMETRIES = (
    "Point",
    "MultiPoint",
    "LineString",
    "MultiLineString",
    "Polygon",
    "MultiPolygon",
    "GeometryCollection",
)
_PROPERTY_FIELDS = tuple(field for field in FIELDS if field not in ("latitude", "longitude"))

# Each value costs up to 64 bytes once parsed, so a small file of brackets would fill the memory. Real files of 100,000
# places have a tenth of this.
_MAX_VALUES = 8_000_000

# The ways in which files of before RFC 7946 say what it takes for granted: WGS84 degrees, longitude first.
_WGS84 = re.compile(r"(?:CRS84h?|EPSG.*[:/#]4326)$", re.IGNORECASE)


def _sniff(head: bytes) -> bool:
    return re.match(rb"(?:\xef\xbb\xbf)?\s*\{\s*[\"}]", head) is not None


def _read(data: bytes, chosen: Mapping[str, str]) -> Table:
    root = _parsed(data)
    if (reason := _foreign_grid(root)) is not None:
        raise Unreadable(reason)
    features = _features(root)
    names = _property_names(features)
    columns = match_columns(names, chosen, _PROPERTY_FIELDS)
    # The member that the standard has for it goes before properties that are only called so.
    has_own_id = "external_id" in chosen or columns.get("external_id", "").strip().casefold() == "external_id"
    if not has_own_id and any(isinstance(f, dict) and f.get("id") is not None for f in features):
        columns["external_id"] = FEATURE_ID
    columns |= {"latitude": "geometry", "longitude": "geometry"}
    return collect("geojson", _entries(features, columns), columns)


def _parsed(data: bytes) -> dict[str, Any]:
    data = data.removeprefix(codecs.BOM_UTF8)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Unreadable("The file is UTF-16 text; GeoJSON is UTF-8. Save it again as UTF-8.")
    if sum(data.count(mark) for mark in (b",", b"[", b"{")) > _MAX_VALUES:
        raise Unreadable("The file has too many values to be a list of places. Export points only, with fewer columns.")
    try:
        root = orjson.loads(data)
    except orjson.JSONDecodeError as exc:
        raise Unreadable(f"The file is not valid JSON: {exc.msg} (line {exc.lineno}). Export it again.") from None
    if not isinstance(root, dict):
        raise Unreadable("The file is JSON, but not GeoJSON: it must be an object with a “type”.")
    return root


def _foreign_grid(thing: Mapping[str, Any]) -> str | None:
    """Why a legacy `crs` member cannot be taken, or None where there is none or it is WGS84."""
    crs = thing.get("crs")
    if crs is None:
        return None
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if isinstance(name, str) and len(name) <= 200 and _WGS84.search(name):
        return None
    called = shown(name) if isinstance(name, str) else "not named"
    return f"The coordinates are in another reference system ({called}): export the file in WGS84 (EPSG:4326)."


def _features(root: Mapping[str, Any]) -> list[Any]:
    kind = root.get("type")
    if kind == "FeatureCollection":
        features = root.get("features")
        if not isinstance(features, list):
            raise Unreadable("The FeatureCollection has no list of “features”.")
        return features
    if kind == "Feature":
        return [root]
    if kind in _GEOMETRIES:
        return [{"type": "Feature", "properties": None, "geometry": root}]
    type_ = shown(kind) if isinstance(kind, str) else "missing"
    raise Unreadable(f"The file is JSON, but not GeoJSON: its type is {type_}, not “FeatureCollection”.")


def _property_names(features: Iterable[Any]) -> list[str]:
    names: dict[str, None] = {}
    for feature in features:
        if isinstance(feature, dict) and isinstance(feature.get("properties"), dict):
            names.update(dict.fromkeys(feature["properties"]))
    return list(names)


def _entries(
    features: Iterable[Any], columns: Mapping[str, str]
) -> Iterator[tuple[int, Mapping[str, object]] | RowError]:
    for number, feature in enumerate(features, start=1):
        try:
            points = _points(feature)
        except _RefusedError as refusal:
            yield RowError(number, refusal.field, refusal.reason)
            continue
        raw = _raw(feature, columns)
        several = feature["geometry"]["type"] == "MultiPoint"
        for index, (longitude, latitude) in enumerate(points, start=1):
            place = raw | {"latitude": latitude, "longitude": longitude}
            if several:
                place["external_id"] = _numbered(raw.get("external_id"), index)
            yield number, place


class _RefusedError(Exception):
    """One feature cannot be a place."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


def _points(feature: Any) -> list[tuple[float, float]]:
    """(Longitude, latitude) of each place of a feature. Raises _RefusedError."""
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise _RefusedError("type", "This is not a Feature: delete it, or give it the type “Feature”.")
    if not isinstance(feature.get("properties"), (dict, type(None))):
        raise _RefusedError("properties", "The properties must be an object, or null.")
    geometry = feature.get("geometry")
    if geometry is None:
        raise _RefusedError("geometry", "This feature has no geometry: give it a Point.")
    if not isinstance(geometry, dict) or geometry.get("type") not in _GEOMETRIES:
        raise _RefusedError("geometry", "The geometry is of no known type: use a Point.")
    for thing in (feature, geometry):
        if (reason := _foreign_grid(thing)) is not None:
            raise _RefusedError("crs", reason)
    kind, coordinates = geometry["type"], geometry.get("coordinates")
    if kind == "Point":
        return [_position(coordinates)]
    if kind != "MultiPoint":
        raise _RefusedError("geometry", f"A {kind} is not a place: use a Point or MultiPoint.")
    if not isinstance(coordinates, list) or not coordinates:
        raise _RefusedError("geometry", "The MultiPoint has no points.")
    return [_position(position) for position in coordinates]


def _position(position: Any) -> tuple[float, float]:
    if (
        not isinstance(position, list)
        or len(position) not in (2, 3)
        # type(), not isinstance(): true and false are ints to Python.
        or not all(type(number) in (int, float) for number in position)
    ):
        reason = "A position must be two or three numbers: longitude, latitude and, if known, height."
        raise _RefusedError("geometry", reason)
    return position[0], position[1]


def _raw(feature: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, object]:
    properties = feature.get("properties") or {}
    return {
        field: feature.get("id") if column == FEATURE_ID else properties.get(column)
        for field, column in columns.items()
    }


def _numbered(external_id: object, index: int) -> object:
    """The external id of one point among several. One that is no text is left, for the row error that it gets."""
    try:
        text = as_text(external_id).strip()
    except ValueError:
        return external_id
    return f"{text}-{index}" if text else None


def write_geojson(features: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """A FeatureCollection, in pieces, without ever holding it as a whole.

    Each feature is a mapping with `latitude` and `longitude` (WGS84 degrees, or both None: a null geometry),
    `properties` (a mapping of what JSON can hold, and dates, times and UUIDs), and optionally `id`. Positions are
    rounded to 7 decimals (1 cm). Raises ValueError for a position that is not finite, TypeError for other values.
    """
    separator = b""
    yield b'{"type":"FeatureCollection","features":['
    for feature in features:
        written = {"type": "Feature", "geometry": _point(feature), "properties": dict(feature["properties"])}
        if feature.get("id") is not None:
            written["id"] = feature["id"]
        yield separator + orjson.dumps(written)
        separator = b",\n"
    yield b"]}\n"


def _point(feature: Mapping[str, Any]) -> dict[str, Any] | None:
    latitude, longitude = feature["latitude"], feature["longitude"]
    if latitude is None and longitude is None:
        return None
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        raise ValueError(f"not a position: {latitude}, {longitude}")
    return {"type": "Point", "coordinates": [round(longitude, 7), round(latitude, 7)]}


FORMAT = Format(
    name="geojson",
    title="GeoJSON",
    suffixes=(".geojson", ".json"),
    media_types=("application/geo+json", "application/json"),
    sniff=_sniff,
    read=_read,
)
