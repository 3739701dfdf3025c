"""The same places in every format, written by other hands than ours where there are any."""

import json
import sqlite3
import struct
import zipfile
from contextlib import closing
from io import BytesIO
from typing import Any

import openpyxl
import shapefile as pyshp

WGS84 = 'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'  # noqa: E501
FIELDS = ("external_id", "title", "note", "heading", "priority", "required_count")


def features(rows: list[Any]) -> list[dict[str, Any]]:
    """Rows as what the writers take."""
    more = ("window_from", "window_until")
    return [
        {"latitude": row.latitude, "longitude": row.longitude,
         "properties": {name: getattr(row, name) for name in (*FIELDS, *more)}}
        for row in rows
    ]  # fmt: skip


def xlsx(rows: list[Any]) -> bytes:
    """A workbook with a cover sheet before the places."""
    book = openpyxl.Workbook()
    book.active.append(["A cover", "without places"])
    sheet = book.create_sheet("Places")
    sheet.append(["Latitude", "Longitude", *FIELDS])
    for row in rows:
        sheet.append([row.latitude, row.longitude, *(getattr(row, name) for name in FIELDS)])
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def shapefile(rows: list[Any], prj: str = WGS84) -> bytes:
    """A zipped shapefile in a folder, as programs pack it."""
    parts = {name: BytesIO() for name in ("shp", "shx", "dbf")}
    with pyshp.Writer(**parts, encoding="utf-8") as writer:
        writer.shapeType = pyshp.POINT
        for name in ("id", "title", "note", "heading", "priority"):
            writer.field(name, "C", 254)
        for row in rows:
            writer.point(row.longitude, row.latitude)
            said = (row.external_id, row.title, row.note[:250], row.heading, row.priority)
            writer.record(*("" if value is None else str(value) for value in said))
    return zipped({f"layer/places.{name}": part.getvalue() for name, part in parts.items()}
                  | {"layer/places.prj": prj.encode(), "layer/places.cpg": b"UTF-8"})  # fmt: skip


def geopackage(rows: list[Any], srs: int = 4326, *more: str) -> bytes:
    """A GeoPackage of points, as the standard lays it out; `more` is SQL run at the end."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        database.executescript(
            "CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT, srs_id INTEGER, organization TEXT,"
            " organization_coordsys_id INTEGER, definition TEXT, description TEXT);"
            "CREATE TABLE gpkg_contents (table_name TEXT, data_type TEXT, srs_id INTEGER);"
            "CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, srs_id INTEGER);"
            f"INSERT INTO gpkg_spatial_ref_sys VALUES ('one', {srs}, 'EPSG', {srs}, '', '');"
            f"INSERT INTO gpkg_contents VALUES ('places', 'features', {srs});"
            f"INSERT INTO gpkg_geometry_columns VALUES ('places', 'geom', {srs});"
            "CREATE TABLE places (fid INTEGER PRIMARY KEY, geom BLOB, external_id TEXT, title TEXT, note TEXT,"
            " heading REAL, priority INTEGER, required_count INTEGER);"
        )
        for row in rows:
            point = b"GP\x00\x01" + struct.pack("<i", srs) + struct.pack("<BIdd", 1, 1, row.longitude, row.latitude)
            values = [getattr(row, name) for name in FIELDS]
            database.execute("INSERT INTO places VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)", [point, *values])
        for statement in more:
            database.execute(statement)
        return database.serialize()


def lines(rows: list[Any]) -> bytes:
    """GeoJSON, a feature a line."""
    return b"\n".join(
        json.dumps({
            "type": "Feature", "geometry": {"type": "Point", "coordinates": [row.longitude, row.latitude]},
            "properties": {name: getattr(row, name) for name in FIELDS},
        }).encode()
        for row in rows
    )  # fmt: skip


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip file."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def lying(name: str, data: bytes, declared: int, how: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip file of one member that declares another size than it has."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", how, compresslevel=1) as archive:
        archive.writestr(name, data)
        archive.infolist()[0].file_size = declared
    return buffer.getvalue()
