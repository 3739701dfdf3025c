"""GeoJSON (RFC 7946), as one document or a feature a line (RFC 8142, GeoJSONSeq, “.geojsonl”).

Rows are numbered by feature, from 1. The position is always the geometry: properties called X and Y are metres of some
map grid more often than not.
"""

import codecs
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import tzinfo
from typing import Any

import orjson

from capturegraph.formats.features import Lines, parsed, split
from capturegraph.formats.geometry import KINDS
from capturegraph.formats.layers import Feature, read_layer
from capturegraph.formats.rows import Format, RowError, Table, Unreadable
from capturegraph.formats.wording import shown
from capturegraph.formats.writing import position, position_of

LARGE_BYTES = 1_000_000
"""From this size on features are read one at a time."""

# Each value costs up to 64 bytes once parsed, so a small file of brackets would fill the memory. Real files of 100,000
# places have a tenth of this.
_MAX_VALUES = 8_000_000

# The ways in which files of before RFC 7946 say what it takes for granted: WGS84 degrees, longitude first.
_WGS84 = re.compile(r"(?:CRS84h?|EPSG.*[:/#]4326)$", re.IGNORECASE)


def _sniff(head: bytes) -> bool:
    return re.match(rb"(?:\xef\xbb\xbf)?[\s\x1e]*\{\s*[\"}]", head) is not None


def _read(data: bytes, chosen: Mapping[str, str], zone: tzinfo) -> Table:
    root, features = _parsed(data)
    if (reason := _foreign_grid(root)) is not None:
        raise Unreadable(reason)
    return read_layer("geojson", _Layer(features), chosen, zone)


class _Layer:
    """Items of a list of features as features of a layer, made anew each time that they are gone through."""

    def __init__(self, items: Iterable[Any]) -> None:
        self._items = items

    def __iter__(self) -> Iterator[Feature | RowError]:
        for number, item in enumerate(self._items, start=1):
            yield _feature(number, item)


def _parsed(data: bytes) -> tuple[dict[str, Any], Iterable[Any]]:
    """The file without its features, and these, which can be gone through more than once."""
    data = data.removeprefix(codecs.BOM_UTF8)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise Unreadable("The file is UTF-16 text; GeoJSON is UTF-8. Save it again as UTF-8.")
    if sum(data.count(mark) for mark in (b",", b"[", b"{")) > _MAX_VALUES:
        raise Unreadable("The file has too many values to be a list of places. Export points only, with fewer columns.")
    if (lines := Lines.of(data)) is not None:
        return {}, lines
    pieces = split(data) if len(data) > LARGE_BYTES else None
    root = parsed(data if pieces is None else pieces[0], data)
    if not isinstance(root, dict):
        raise Unreadable("The file is JSON, but not GeoJSON: it must be an object with a “type”.")
    if pieces is not None and root.get("type") == "FeatureCollection":
        return root, pieces[1]
    return root, _features(root)


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
    if kind in KINDS:
        return [{"type": "Feature", "properties": None, "geometry": root}]
    type_ = shown(kind) if isinstance(kind, str) else "missing"
    raise Unreadable(f"The file is JSON, but not GeoJSON: its type is {type_}, not “FeatureCollection”.")


def _feature(number: int, item: Any) -> Feature | RowError:
    if not isinstance(item, dict) or item.get("type") != "Feature":
        return RowError(number, "type", "This is not a Feature: delete it, or give it the type “Feature”.")
    properties, geometry = item.get("properties"), item.get("geometry")
    if not isinstance(properties, (dict, type(None))):
        return RowError(number, "properties", "The properties must be an object, or null.")
    if geometry is None:
        return Feature(number, properties or {}, None, None, item.get("id"))
    if not isinstance(geometry, dict):
        return RowError(number, "geometry", "The geometry is of no known type: use a Point.")
    for thing in (item, geometry):
        if (reason := _foreign_grid(thing)) is not None:
            return RowError(number, "crs", reason)
    kind = geometry.get("type")
    return Feature(
        number, properties or {}, kind if isinstance(kind, str) else "", geometry.get("coordinates"), item.get("id"),
        geometry.get("geometries"),
    )  # fmt: skip


def write_geojson(features: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """A FeatureCollection, in pieces (see `writing`). Positions keep every digit: it reads as it was written.

    A feature may have a `line` (a list of (latitude, longitude)) instead. `properties` hold what JSON can hold, and
    dates, times and UUIDs; without a position the geometry is null. Raises ValueError for a position that is not
    finite, TypeError for other values.
    """
    separator = b""
    yield b'{"type":"FeatureCollection","features":['
    for feature in features:
        written = {"type": "Feature", "geometry": _geometry(feature), "properties": dict(feature["properties"])}
        if feature.get("id") is not None:
            written["id"] = feature["id"]
        yield separator + orjson.dumps(written)
        separator = b",\n"
    yield b"]}\n"


def _geometry(feature: Mapping[str, Any]) -> dict[str, Any] | None:
    if "line" in feature:
        return {"type": "LineString", "coordinates": [position(*pair) for pair in feature["line"]]}
    at = position_of(feature)
    return None if at is None else {"type": "Point", "coordinates": at}


FORMAT = Format(
    name="geojson",
    title="GeoJSON",
    suffixes=(".geojson", ".json", ".geojsonl", ".geojsons", ".ndjson", ".jsonl"),
    media_types=("application/geo+json", "application/json", "application/geo+json-seq"),
    sniff=_sniff,
    read=_read,
)
