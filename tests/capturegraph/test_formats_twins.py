"""Real places in every format: each import is equal to its GeoJSON twin, and what goes out comes back unchanged."""

import csv
import datetime as dt
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import format_twins as twins
import openpyxl
import pytest

from capturegraph.formats import Row, Table, read_table, write_csv, write_geojson, write_gpx, write_kml

PLACES = Path(__file__).parents[1] / "data" / "places"
NAMES = ("boundary-stones-location", "memorials-in-dc", "washington-dc-public-art")
PROPERTIES = (*twins.FIELDS, "window_from", "window_until")


def whole(pieces: Any) -> bytes:
    return b"".join(pieces)


WRITERS: dict[str, Callable[[list[dict[str, Any]]], bytes]] = {
    "geojson": lambda features: whole(write_geojson(features)),
    "csv": lambda features: whole(write_csv(features, PROPERTIES)),
    "gpx": lambda features: whole(write_gpx(features, "Places & more")),
    "kml": lambda features: whole(write_kml(features, "Places & more")),
}
OTHERS: dict[str, Callable[[list[Row]], bytes]] = {
    "xlsx": twins.xlsx,
    "geopackage": twins.geopackage,
    "geojson": twins.lines,
    "kml": lambda rows: twins.zipped({"doc.kml": WRITERS["kml"](twins.features(rows)), "files/x.png": b"x"}),
}


@pytest.fixture(scope="module", params=NAMES)
def real(request: pytest.FixtureRequest) -> Table:
    data = (PLACES / f"{request.param}.geojson").read_bytes()
    return read_table(data, "places.geojson", {"external_id": "OBJECTID"})


def rounded(rows: list[Row]) -> list[Row]:
    return [replace(row, latitude=round(row.latitude, 12), longitude=round(row.longitude, 12)) for row in rows]


def unnumbered(rows: list[Row]) -> list[Row]:
    return [replace(row, number=0) for row in rows]


@pytest.mark.parametrize("name", WRITERS)
def test_what_goes_out_comes_back_unchanged(name: str, real: Table) -> None:
    once = read_table(WRITERS[name](twins.features(real.rows)), "upload")
    assert (once.format, once.errors) == (name, [])
    assert unnumbered(once.rows) == unnumbered(real.rows)
    twice = read_table(WRITERS[name](twins.features(once.rows)), "upload")
    assert twice.rows == once.rows


@pytest.mark.parametrize("name", OTHERS)
def test_other_formats_are_equal_to_their_geojson_twin(name: str, real: Table) -> None:
    read = read_table(OTHERS[name](real.rows), "upload")
    assert (read.format, read.errors) == (name, [])
    # The library that writes the workbook keeps sixteen digits.
    assert unnumbered(rounded(read.rows)) == unnumbered(rounded(real.rows))


def test_a_shapefile_is_equal_but_for_what_it_cannot_hold(real: Table) -> None:
    """Its texts end at 254 bytes."""
    read = read_table(twins.shapefile(real.rows), "upload.zip")
    assert (read.format, read.errors, read.encoding) == ("shapefile", [], "utf-8")
    cut = [replace(row, note=row.note[:250].strip()) for row in real.rows]
    assert unnumbered(read.rows) == unnumbered(cut)


HARD = [
    "=1+1", "+49 30", "-77", "@here", "'=1", "''=1", "'quoted'", "\tno", "a;b,c\"d", "<b>bold</b>", "&amp; ]]>", "Café",
    "日本語", "🙂", "1.0", "007", "true", "x" * 200,
]  # fmt: skip


@pytest.mark.parametrize("name", WRITERS)
def test_hard_texts_come_back_unchanged(name: str) -> None:
    rows = [Row(n, f"id {text.strip()}"[:200], text.strip(), f"{text.strip()}\nline two", 1.5, -2.25) for n, text in
            enumerate(HARD, start=1)]  # fmt: skip
    read = read_table(WRITERS[name](twins.features(rows)), "upload")
    assert read.errors == []
    assert [(row.title, row.note, row.external_id) for row in read.rows] == [
        (row.title, row.note, row.external_id) for row in rows
    ]


def test_no_cell_is_a_formula() -> None:
    rows = [Row(1, text, text, text, 1, 2) for text in HARD]
    cells = read_csv(WRITERS["csv"](twins.features(rows)))
    assert not [cell for row in cells[1:] for cell in row[2:] if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]


def read_csv(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_a_place_without_a_position_goes_out_too() -> None:
    nowhere = [{"latitude": None, "longitude": None, "properties": {"title": "a"}}]
    assert b'"geometry":null' in WRITERS["geojson"](nowhere)
    assert b"\r\n,,,a," in WRITERS["csv"](nowhere)
    assert b"<Point>" not in WRITERS["kml"](nowhere)
    assert b"<wpt" not in WRITERS["gpx"](nowhere)


def test_a_table_may_hold_geometries_as_text() -> None:
    text = 'name;WKT\na;POINT (-77.04 38.99)\nb;"LINESTRING (0 0, 0 2)"\nc;nonsense\nd;SRID=27700;POINT (1 2)\n'
    read = read_table(text.replace("SRID=27700;", "").encode(), "x.csv")
    assert [(row.title, row.longitude, row.latitude) for row in read.rows][:2] == [("a", -77.04, 38.99), ("b", 0, 1)]
    assert read.made == {"the middle of a line": 1}
    assert [(error.row, error.field) for error in read.errors] == [(4, "geometry")]


def test_a_workbook_shows_its_own_row_numbers_and_dates() -> None:
    book = openpyxl.Workbook()
    book.active.append([])
    book.active.append(["name", "lat", "lon", "from", "until"])
    morning = dt.datetime(2026, 6, 1, 9, 30)  # noqa: DTZ001 - a workbook knows no zones
    book.active.append(["a", 1, 2, morning, dt.date(2026, 6, 2)])
    book.active.append(["b", "north", 2, None, None])
    buffer = io.BytesIO()
    book.save(buffer)
    read = read_table(buffer.getvalue(), "x.xlsx")
    assert [(row.number, row.title) for row in read.rows] == [(3, "a")]
    assert [(error.row, error.field) for error in read.errors] == [(4, "latitude")]
    assert read.rows[0].window_from == dt.datetime(2026, 6, 1, 9, 30, tzinfo=dt.UTC)
    assert read.rows[0].window_until == dt.datetime(2026, 6, 3, tzinfo=dt.UTC)
