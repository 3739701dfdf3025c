"""Bytes ⇄ plain rows: every way in which places come in and go out as files. No database, no Django.

`read_table` is the door in: it finds out the format by content and returns a `Table`, or raises `Unreadable`.
A new format is a module with a `FORMAT`, and its name in the line below.
"""

from collections.abc import Mapping
from importlib import import_module
from pathlib import PurePath
from zoneinfo import ZoneInfo

from capturegraph.formats.archives import MAGIC, Archive
from capturegraph.formats.csv import write_csv, write_table
from capturegraph.formats.geojson import write_geojson
from capturegraph.formats.gpx import write_gpx
from capturegraph.formats.kml import write_kml
from capturegraph.formats.layers import FEATURE_ID
from capturegraph.formats.rows import FIELDS, MAX_BYTES, MAX_ROWS, Format, Header, Row, RowError, Table, Unreadable
from capturegraph.formats.wording import shown

__all__ = [
    "FEATURE_ID",
    "FIELDS",
    "FORMATS",
    "MAX_BYTES",
    "MAX_ROWS",
    "Format",
    "Header",
    "Row",
    "RowError",
    "Table",
    "Unreadable",
    "detect",
    "read_table",
    "write_csv",
    "write_geojson",
    "write_gpx",
    "write_kml",
    "write_table",
]

# Asked in this order, so csv, whose sniffing is the weakest, stays last.
_MODULES = ("geojson", "kml", "gpx", "geopackage", "xlsx", "shapefile", "csv")

FORMATS: dict[str, Format] = {name: import_module(f"{__name__}.{name}").FORMAT for name in _MODULES}

_HEAD = 4096

# What people send by mistake, so that the refusal can say which mistake it was.
_OTHERS = (
    (b"\xd0\xcf\x11\xe0", "It is an old Excel workbook: save it as “.xlsx”."),
    (b"%PDF", "It is a PDF: send the table it was made from."),
    (b"\xff\xd8\xff", "It is a photo."),
    (b"\x89PNG", "It is a picture."),
)


def detect(data: bytes, file_name: str) -> Format:
    """The format of a file, by its content first; where that leaves it open, by its name.

    Raises Unreadable when it is none of `FORMATS`.
    """
    head = data[:_HEAD]
    for magic, what in _OTHERS:
        if head.startswith(magic):
            raise Unreadable(f"{shown(file_name)} is not a table of places. {what}")
    if data.startswith(MAGIC):
        return _of_archive(data, file_name)
    suffix = PurePath(file_name).suffix.lower()
    named = next((each for each in FORMATS.values() if suffix in each.suffixes and each.holds is None), None)
    for each in FORMATS.values():
        if each.sniff(head):
            return each
    if named is not None:
        return named
    raise Unreadable(f"{shown(file_name)} is not a table of places: send a {_titles()} file.")


def _of_archive(data: bytes, file_name: str) -> Format:
    names = {name.lower() for name in Archive(data).names}
    for each in FORMATS.values():
        if each.holds is not None and each.holds(names):
            return each
    raise Unreadable(f"{shown(file_name)} is a zip file without places in it: send a {_titles()} file.")


def _titles() -> str:
    *titles, last = (each.title for each in FORMATS.values())
    return f"{', '.join(titles)} or {last}"


def read_table(
    data: bytes, file_name: str, columns: Mapping[str, str] | None = None, *, time_zone: str = "UTC"
) -> Table:
    """Read a file of places.

    `columns` (field → source column) overrides what the column names suggest; times without an offset are by the clocks
    of `time_zone`. Raises Unreadable for anything that is not a file of places; rows that are bad on their own are in
    `Table.errors`. At most `MAX_BYTES` and `MAX_ROWS`.
    """
    if not data:
        raise Unreadable("The file is empty: 0 bytes arrived.")
    if len(data) > MAX_BYTES:
        raise Unreadable(
            f"The file has {len(data) / 1e6:.1f} MB; the most that can be read is {MAX_BYTES // 1_000_000} MB. "
            "Split it into several files."
        )
    return detect(data, file_name).read(data, columns or {}, ZoneInfo(time_zone))
