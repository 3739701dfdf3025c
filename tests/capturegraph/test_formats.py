"""Files of places: which format it is, the limits, and that nothing whatever breaks them."""

import json
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capturegraph import formats
from capturegraph.formats import FORMATS, Unreadable, read_table


def table(text: str, columns=None, name="places.csv"):
    return read_table(text.encode(), name, columns)


def refused(data, name="places.csv", columns=None) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read_table(data.encode() if isinstance(data, str) else data, name, columns)
    return caught.value


def collection(*features, **more) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features, **more}).encode()


def feature(geometry, properties=None, **more):
    return {"type": "Feature", "geometry": geometry, "properties": properties, **more}


class TestDetect:
    @pytest.mark.parametrize("name", ["places.csv", "places.geojson", "places", ""])
    def test_content_goes_before_the_name(self, name):
        assert read_table(b"lat,lon\n1,2\n", name).format == "csv"
        assert read_table(b' \n{ "type": "Point", "coordinates": [1, 2]}', name).format == "geojson"

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"PK\x03\x04" + bytes(50), "zip file is damaged"),
            (b"%PDF-1.7", "PDF"),
            (b"\xff\xd8\xff\xe0", "photo"),
            (b"a,b\0,c\n", "Shapefile (zipped) or CSV file"),
            (bytes(100), "Shapefile (zipped) or CSV file"),
            (b"<html/>", "Shapefile (zipped) or CSV file"),
        ],
    )
    def test_other_files(self, data, said):
        assert said in refused(data, "upload").reason

    def test_every_format_is_complete(self):
        for name, each in FORMATS.items():
            assert each.name == name
            assert all(suffix.startswith(".") for suffix in each.suffixes)
            assert all("/" in media_type for media_type in each.media_types)


class TestLimits:
    def test_bytes(self):
        assert "256 MB" in refused(bytes(formats.MAX_BYTES + 1)).reason

    @pytest.mark.slow
    def test_rows(self):
        text = "lat,lon\n" + "1,2\n" * formats.MAX_ROWS
        assert len(table(text).rows) == formats.MAX_ROWS
        assert "100,000 rows" in refused(text + "1,2\n").reason
        several = {"type": "MultiPoint", "coordinates": [[1, 2]] * (formats.MAX_ROWS + 1)}
        assert "100,000 rows" in refused(collection(feature(several)), "x").reason

    def test_columns(self):
        many = {f"p{i}": 1 for i in range(formats.rows.MAX_COLUMNS + 1)}
        point = {"type": "Point", "coordinates": [1, 2]}
        assert "2,000 columns" in refused(collection(feature(point, many))).reason
        assert "2,000 columns" in refused("lat,lon\n1,2" + "," * 2_001 + "\n").reason

    @pytest.mark.parametrize(
        ("start", "unit", "times", "end", "most_mb"),
        [
            (b"lat,lon\n", b",", 60_000_000, b"", 300),
            (b"lat,lon\n", b"\n", 60_000_000, b"", 300),
            (b"lat,lon\n1,", b"2", 60_000_000, b"", 300),
            (b'{"type":"FeatureCollection","features":[', b"[],", 20_000_000, b"[]]}", 300),
            (b'{"type":"FeatureCollection","features":[', b"1,", 30_000_000, b"1]}", 300),
            (
                b'{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"title":"',
                b"ab ",
                20_000_000,
                b'"}}',
                # The JSON parser reserves twelve times the file, but touches little of it.
                1_000,
            ),
        ],
        ids=["commas", "lines", "digits", "lists", "numbers", "words"],
    )
    def test_hostile_files_cost_little(self, start, unit, times, end, most_mb):
        data = start + unit * times + end
        tracemalloc.start()
        started = time.perf_counter()
        try:
            read = read_table(data, "x")
            assert read.rows == []
        except Unreadable:
            pass
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert time.perf_counter() - started < 10
        assert peak < most_mb * 1_000_000


class TestAnything:
    @given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.geojson", "a", "a.xlsx"]))
    def test_bytes(self, data, name):
        reads_or_refuses(data, name)

    @given(st.text(max_size=300))
    def test_text_under_a_good_header(self, text):
        reads_or_refuses(b"lat,lon,title,note\n1,2," + text.encode("utf-8", "surrogatepass"), "a.csv")

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
            lambda inner: (
                st.lists(inner, max_size=4)
                | st.dictionaries(
                    st.sampled_from(["type", "coordinates", "geometry", "properties", "features", "id", "crs", "name"]),
                    inner | st.sampled_from(["Point", "MultiPoint", "Feature", "FeatureCollection"]),
                    max_size=5,
                )
            ),
            max_leaves=20,
        )
    )
    def test_json(self, value):
        for whole in (value, {"type": "FeatureCollection", "features": [value]}, feature(value, {"name": value})):
            reads_or_refuses(json.dumps(whole).encode(), "a.geojson")

    @given(st.dictionaries(st.text(max_size=8), st.text(max_size=8)))
    def test_choices_of_columns(self, columns):
        reads_or_refuses(b"lat,lon\n1,2\n", "a.csv", columns)


def reads_or_refuses(data, name, columns=None):
    try:
        read = read_table(data, name, columns)
    except Unreadable as refusal:
        told = refusal.reason
    else:
        told = None
    if told is not None:
        assert told.endswith(".")
        return
    assert read.rows or read.errors
    for row in read.rows:
        assert -90 <= row.latitude <= 90
        assert -180 <= row.longitude <= 180
        json.dumps([row.title, row.note, row.external_id]).encode()
    for error in read.errors:
        assert error.reason[-1] in ".?"
        error.reason.encode()
