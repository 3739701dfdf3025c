"""GeoPackage (OGC 1.0–1.4): the one layer of features in WGS84. A database, read in memory and trusted in nothing.

Rows are numbered by record, from 1. No GIS library opens it: tables are read by SQLite alone, with functions in the
file's own schema switched off and its work bounded.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import tzinfo
from typing import Any

from capturegraph.formats.layers import Feature, read_layer
from capturegraph.formats.rows import MAX_COLUMNS, MAX_ROWS, Format, RowError, Table, Unreadable
from capturegraph.formats.wkb import WKBError, from_wkb
from capturegraph.formats.wording import shown

_MAGIC = b"SQLite format 3\0"
_MOST_STEPS = 200
_STEP = 1_000_000
_MOST_BYTES = 5_000_000
_ENVELOPES = (0, 32, 48, 48, 64)


def _sniff(head: bytes) -> bool:
    return head.startswith(_MAGIC)


def _read(data: bytes, chosen: Mapping[str, str], zone: tzinfo) -> Table:
    try:
        with closing(_opened(data)) as database:
            table, geometry, key = _layer(database)
            return read_layer("geopackage", _Records(database, table, geometry, key), chosen, zone)
    except sqlite3.Error as error:
        raise Unreadable("The GeoPackage is damaged, or no GeoPackage: export it again.") from error


def _opened(data: bytes) -> sqlite3.Connection:
    database = sqlite3.connect(":memory:", isolation_level=None)
    database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MOST_BYTES)
    database.setlimit(sqlite3.SQLITE_LIMIT_COLUMN, MAX_COLUMNS)
    database.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    database.execute("PRAGMA trusted_schema = OFF")
    database.execute("PRAGMA cell_size_check = ON")
    # A write-ahead log cannot come along with the file: two bytes say that it wants one.
    database.deserialize(data[:18] + b"\x01\x01" + data[20:])
    left = iter(range(_MOST_STEPS))
    database.set_progress_handler(lambda: 0 if next(left, None) is not None else 1, _STEP)
    database.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return database


def _layer(database: sqlite3.Connection) -> tuple[str, str, str | None]:
    """The table of features, its column of geometries, and its key."""
    layers = database.execute(
        "SELECT c.table_name, g.column_name, s.organization, s.organization_coordsys_id FROM gpkg_contents c "
        "JOIN gpkg_geometry_columns g ON g.table_name = c.table_name "
        "LEFT JOIN gpkg_spatial_ref_sys s ON s.srs_id = g.srs_id "
        "JOIN sqlite_master m ON m.name = c.table_name AND m.type = 'table' "
        "AND m.sql NOT LIKE 'CREATE VIRTUAL%' WHERE c.data_type = 'features' LIMIT 10"
    ).fetchall()
    if not layers:
        raise Unreadable("The GeoPackage has no layer of features.")
    if len(layers) > 1:
        names = ", ".join(shown(name) for name, *_ in layers[:5])
        raise Unreadable(f"The GeoPackage has several layers ({names}): export one by itself.")
    table, geometry, organization, number = layers[0]
    if (str(organization).upper(), number) != ("EPSG", 4326):
        called = shown(f"{organization}:{number}")
        raise Unreadable(
            f"The coordinates are in another reference system ({called}): export the layer in WGS84 (EPSG:4326)."
        )
    columns = database.execute("SELECT name, pk FROM pragma_table_info(?)", [table]).fetchall()
    return table, geometry, next((name for name, pk in columns if pk), None)


class _Records:
    """The records of a table, read anew each time that they are gone through."""

    def __init__(self, database: sqlite3.Connection, table: str, geometry: str, key: str | None) -> None:
        self._database, self._table, self._geometry, self._key = database, table, geometry, key

    def __iter__(self) -> Iterator[Feature | RowError]:
        found = self._database.execute(f"SELECT * FROM {_quoted(self._table)} LIMIT {MAX_ROWS + 1}")  # noqa: S608 - a name, quoted
        names = [column[0] for column in found.description]
        if self._geometry not in names:
            raise Unreadable("The GeoPackage has no column with its geometries: export it again.")
        for number, record in enumerate(found, start=1):
            values = dict(zip(names, record, strict=True))
            blob = values.pop(self._geometry)
            own = values.pop(self._key, None) if self._key else None
            properties = {name: None if isinstance(value, bytes) else value for name, value in values.items()}
            yield _feature(number, properties, blob, own)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _feature(number: int, properties: Mapping[str, Any], blob: object, own: object) -> Feature | RowError:
    if not isinstance(blob, bytes):
        return Feature(number, properties, None, None, own)
    try:
        geometry = from_wkb(blob[_header(blob) :])
    except (WKBError, struct.error, IndexError):
        return RowError(number, "geometry", "The geometry of this record is damaged: export it again.")
    return Feature(number, properties, geometry["type"], geometry.get("coordinates"), own, geometry.get("geometries"))


def _header(blob: bytes) -> int:
    """How many bytes stand before the geometry itself. Raises WKBError."""
    kind = (blob[3] >> 1) & 7
    if blob[:2] != b"GP" or kind >= len(_ENVELOPES):
        raise WKBError
    return 8 + _ENVELOPES[kind]


FORMAT = Format(
    name="geopackage",
    title="GeoPackage",
    suffixes=(".gpkg",),
    media_types=("application/geopackage+sqlite3",),
    sniff=_sniff,
    read=_read,
)
