"""Shapefiles, zipped: one layer of .shp, .dbf, .shx and .prj, as every GIS exports it.

Rows are numbered by record, from 1. Without a .prj positions have to look like degrees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, tzinfo
from io import BytesIO
from pathlib import PurePosixPath
from typing import Any

import shapefile as pyshp

from capturegraph.formats.archives import Archive
from capturegraph.formats.encodings import decoded
from capturegraph.formats.layers import Feature, read_layer
from capturegraph.formats.rows import MAX_ROWS, Format, RowError, Table, Unreadable
from capturegraph.formats.wording import shown

_WGS84 = re.compile(r'^\s*GEOGCS\s*\[\s*"(?:GCS_)?WGS[ _]?(?:19)?84"', re.IGNORECASE)
_CODEPAGES = {"utf8": "utf-8", "utf-8": "utf-8", "65001": "utf-8", "ansi 1252": "windows-1252", "1252": "windows-1252"}


def _read(data: bytes, chosen: Mapping[str, str], zone: tzinfo) -> Table:
    archive = Archive(data)
    shapes = archive.ending(".shp")
    if len(shapes) > 1:
        names = ", ".join(shown(PurePosixPath(name).name) for name in shapes[:5])
        raise Unreadable(f"The zip file holds {len(shapes)} layers ({names}): send one at a time.")
    files = {suffix: _beside(archive, shapes[0], suffix) for suffix in ("dbf", "shx", "prj", "cpg")}
    if files["dbf"] is None:
        raise Unreadable("The shapefile has no .dbf beside its .shp: zip all files of the layer.")
    _check_grid(files["prj"])
    encoding = _encoding(files["cpg"], files["dbf"])
    layer = _Records(archive.read(shapes[0]), files["dbf"], encoding)
    return read_layer("shapefile", layer, chosen, zone, encoding=encoding)


def _beside(archive: Archive, shape: str, suffix: str) -> bytes | None:
    name = next((one for one in archive.names if one.lower() == f"{shape[:-4].lower()}.{suffix}"), None)
    return None if name is None else archive.read(name)


def _check_grid(prj: bytes | None) -> None:
    text = "" if prj is None else prj.decode("utf-8", "replace")
    if text.strip() and not _WGS84.match(text):
        named = re.search(r'"([^"]*)"', text)
        called = shown(named[1]) if named else "not named"
        raise Unreadable(
            f"The coordinates are in another reference system ({called}): export the layer in WGS84 (EPSG:4326)."
        )


def _encoding(cpg: bytes | None, dbf: bytes) -> str:
    said = "" if cpg is None else cpg.decode("ascii", "replace").strip().lower()
    if said in _CODEPAGES:
        return _CODEPAGES[said]
    if said:
        with suppress(LookupError, ValueError):
            b"a".decode(said, "replace")
            return said
    # What the texts look like: the table says what it is written in only by a byte that few programs set.
    return decoded(dbf.replace(b"\0", b" "))[1]


class _Records:
    """The records of a layer, read anew each time that they are gone through."""

    def __init__(self, shp: bytes, dbf: bytes, encoding: str) -> None:
        self._shp, self._dbf, self._encoding = shp, dbf, encoding

    def __iter__(self) -> Iterator[Feature | RowError]:
        try:
            reader = pyshp.Reader(
                shp=BytesIO(self._shp), dbf=BytesIO(self._dbf), encoding=self._encoding, encodingErrors="replace"
            )
            if len(reader) > MAX_ROWS:
                raise Unreadable(f"The file has more than {MAX_ROWS:,} rows: split it into several files.")
            for number, one in enumerate(reader.iterShapeRecords(), start=1):
                yield _feature(number, one)
        # A damaged file makes the library stumble in many ways; none of them is our business.
        except (pyshp.ShapefileException, ValueError, LookupError, OSError, ArithmeticError, TypeError) as error:
            raise Unreadable("The shapefile is damaged: export it again.") from error
        except Exception as error:
            if type(error).__module__ == "struct":
                raise Unreadable("The shapefile is damaged: export it again.") from error
            raise


def _feature(number: int, one: Any) -> Feature:
    properties = {name: _value(value) for name, value in one.record.as_dict().items()}
    if one.shape.shapeType == pyshp.NULL:
        return Feature(number, properties, None, None)
    geometry = one.shape.__geo_interface__
    return Feature(number, properties, geometry["type"], _flat(geometry["coordinates"]))


def _flat(coordinates: Any) -> Any:
    """Positions of two numbers: heights and measures are left out."""
    if coordinates and isinstance(coordinates[0], (int, float)):
        return [float(number) for number in coordinates[:2]]
    return [_flat(one) for one in coordinates]


def _value(value: Any) -> object:
    return value.isoformat() if isinstance(value, date) else value


FORMAT = Format(
    name="shapefile",
    title="Shapefile (zipped)",
    suffixes=(".zip", ".shz"),
    media_types=("application/zip",),
    sniff=lambda head: False,
    read=_read,
    holds=lambda names: any(name.endswith(".shp") for name in names),
)
