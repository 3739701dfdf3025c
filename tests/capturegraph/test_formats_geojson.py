"""GeoJSON: what is read, what is refused, the sentence that says so, and what is written."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capturegraph.formats import Row, Unreadable, read_table, write_geojson


def refused(data, name="places.csv", columns=None) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read_table(data.encode() if isinstance(data, str) else data, name, columns)
    return caught.value


def collection(*features, **more) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features, **more}).encode()


def feature(geometry, properties=None, **more):
    return {"type": "Feature", "geometry": geometry, "properties": properties, **more}


def point(longitude, latitude, *rest):
    return {"type": "Point", "coordinates": [longitude, latitude, *rest]}


class TestGeoJson:
    def test_points(self):
        data = collection(
            feature(point(-77.04, 38.99), {"name": "A", "note": "n", "heading": 90, "priority": "7", "x": 396449.5}),
            feature(point(1, 2, 30.5)),
        )
        read = read_table(data, "places.geojson")
        assert read.rows == [Row(1, None, "A", "n", 38.99, -77.04, 90.0, 7, 1), Row(2, None, "", "", 2, 1)]
        assert read.columns["latitude"] == read.columns["longitude"] == "geometry"

    def test_a_feature_and_a_bare_geometry(self):
        for thing in (feature(point(1, 2)), point(1, 2)):
            assert read_table(json.dumps(thing).encode(), "x").rows == [Row(1, None, "", "", 2, 1)]

    def test_a_multipoint_is_one_place_a_point(self):
        several = {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]}
        read = read_table(collection(feature(several, {"id": "ID", "name": "N"}), feature(several)), "x")
        assert read.rows[:2] == [Row(1, "ID-1", "N", "", 2, 1), Row(1, "ID-2", "N", "", 4, 3)]
        assert [(row.number, row.external_id) for row in read.rows[2:]] == [(2, None), (2, None)]

    def test_a_line_or_an_area_is_one_place_and_says_so(self):
        line = {"type": "LineString", "coordinates": [[0, 0], [0, 2]]}
        area = {"type": "Polygon", "coordinates": [[[0, 0], [2, 0], [2, 2], [0, 2], [0, 0]]]}
        read = read_table(collection(feature(point(1, 2)), feature(line), feature(area), feature(line)), "x")
        assert [(row.longitude, row.latitude) for row in read.rows] == [(1, 2), (0, 1), (1, 1), (0, 1)]
        assert read.made == {"the middle of a line": 2, "a point inside an area": 1}

    @pytest.mark.parametrize("kind", ["LineString", "Polygon", "MultiPolygon", "MultiLineString", "GeometryCollection"])
    def test_broken_lines_and_areas_are_row_errors(self, kind):
        read = read_table(collection(feature(point(1, 2)), feature({"type": kind, "coordinates": [[1, 2]]})), "x")
        assert len(read.rows) == 1
        assert [(error.row, error.field) for error in read.errors] == [(2, "geometry")]

    @pytest.mark.parametrize("between", [b"\n", b"\r\n", b"\n\x1e", b"\n\n"])
    def test_a_feature_a_line(self, between):
        lines = [json.dumps(feature(point(n, 2), {"title": f"place {n}"})).encode() for n in range(3)]
        read = read_table((b"\x1e" if b"\x1e" in between else b"") + between.join(lines) + b"\n", "places.geojsonl")
        assert [(row.number, row.title, row.longitude) for row in read.rows] == [
            (1, "place 0", 0), (2, "place 1", 1), (3, "place 2", 2),
        ]  # fmt: skip

    def test_a_broken_line_is_named(self):
        lines = json.dumps(feature(point(1, 2))).encode() + b"\n{nonsense\n"
        assert "line 2" in refused(lines, "x").reason

    @pytest.mark.parametrize(
        "geometry",
        [None, [], {}, {"type": "Point"}, {"type": ["Point"]}, {"type": "MultiPoint", "coordinates": []}]
        + [{"type": "Point", "coordinates": c} for c in
           ([], [1], [1, 2, 3, 4], ["1", "2"], [True, False], [1, None], [[1, 2]], {"0": 1}, "12", 12, None)],
    )  # fmt: skip
    def test_bad_positions_are_row_errors(self, geometry):
        read = read_table(collection(feature(geometry)), "x")
        assert [(error.row, error.field) for error in read.errors] == [(1, "geometry")]

    def test_positions_off_the_globe(self):
        read = read_table(collection(feature(point(-181, 388.79)), feature(point(38.9, -120))), "x")
        assert [(error.row, error.field) for error in read.errors] == [
            (1, "latitude"),
            (1, "longitude"),
            (2, "latitude"),
        ]
        assert read.errors[2].reason.endswith("swapped?")

    @pytest.mark.parametrize("bad", [None, 1, "x", [], {}, {"type": "feature"}, point(1, 2)])
    def test_features_that_are_none(self, bad):
        assert read_table(collection(bad), "x").errors[0].field == "type"

    def test_ids(self):
        def ids(*features):
            return [row.external_id for row in read_table(collection(*features), "x").rows]

        assert ids(feature(point(1, 2), {"id": "p"}, id="f"), feature(point(1, 2), {}, id=7.0)) == ["f", "7"]
        assert ids(feature(point(1, 2), {"external_id": "p"}, id="f")) == ["p"]
        assert ids(feature(point(1, 2), {"id": 1.0})) == ["1"]
        (error,) = read_table(collection(feature(point(1, 2), id=True)), "x").errors
        assert (error.field, "true or false" in error.reason) == ("external_id", True)

    @pytest.mark.parametrize(("value", "text"), [(None, ""), (1, "1"), (1.0, "1"), (1.5, "1.5"), (" a\n b ", "a b")])
    def test_titles_that_are_not_text(self, value, text):
        assert read_table(collection(feature(point(1, 2), {"title": value})), "x").rows[0].title == text

    @pytest.mark.parametrize("value", [True, [], ["a"], {"en": "a"}])
    def test_nested_titles_are_row_errors(self, value):
        read = read_table(collection(feature(point(1, 2), {"title": value, "priority": value})), "x")
        assert [error.field for error in read.errors] == ["title", "priority"]
        assert read.errors[0].reason.endswith("which is not text: choose another column.")
        assert read.errors[1].reason.endswith("write a whole number from 0 to 100, or leave it empty.")

    def test_properties_that_are_a_list(self):
        assert read_table(collection(feature(point(1, 2), [1])), "x").errors[0].field == "properties"

    @pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326"])
    def test_a_legacy_crs_that_is_wgs84(self, name):
        crs = {"type": "name", "properties": {"name": name}}
        assert read_table(collection(feature(point(1, 2)), crs=crs), "x").rows
        assert read_table(collection(feature(point(1, 2)), crs=None), "x").rows

    @pytest.mark.parametrize(
        "crs",
        [
            {"type": "name", "properties": {"name": n}}
            for n in ("EPSG:3857", "EPSG:26985", "EPSG:43260", "EPSG" * 100_000)
        ]
        + [{"type": "link"}, "EPSG:3857", 1, {}],
    )
    def test_any_other_crs_is_refused(self, crs):
        assert "export the file in WGS84" in refused(collection(feature(point(1, 2)), crs=crs), "x").reason
        assert read_table(collection(feature(point(1, 2), crs=crs)), "x").errors[0].field == "crs"
        assert read_table(collection(feature(point(1, 2) | {"crs": crs})), "x").errors[0].field == "crs"

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("{", "not valid JSON"),
            ('{"type": "Point", "coordinates": [NaN, 1]}', "not valid JSON"),
            ('{"type": "Point", "coordinates": [1e9999, 1]}', "not valid JSON"),
            ('{"type": "Feature", "id": "\\ud800"}', "not valid JSON"),
            ('{"a":' * 100_000, "not valid JSON"),
            ("[" * 100_000, "not valid JSON"),
            ("[1, 2]", "must be an object"),
            ("{}", "its type is missing"),
            ('{"type": "Topology"}', "“Topology”"),
            ('{"type": "FeatureCollection"}', "no list of “features”"),
            ('{"type": "FeatureCollection", "features": {}}', "no list of “features”"),
            ('{"type": "FeatureCollection", "features": []}', "The file has no rows."),
        ],
    )
    def test_what_is_no_geojson(self, text, said):
        assert said in refused(text, "places.geojson").reason

    def test_a_byte_order_mark(self):
        assert read_table(b"\xef\xbb\xbf" + collection(feature(point(1, 2))), "x").rows
        assert "UTF-16" in refused(collection().decode().encode("utf-16"), "places.geojson").reason

    def test_the_position_cannot_be_chosen(self):
        error = refused(collection(feature(point(1, 2), {"Y": 3})), "x", {"latitude": "Y"})
        assert (error.field, "geometry" in error.reason) == ("latitude", True)

    def test_choice_of_a_property(self):
        data = collection(feature(point(1, 2), {"a": "A", "name": "N"}, id=1))
        row = read_table(data, "x", {"title": "a", "external_id": "name"}).rows[0]
        assert (row.title, row.external_id) == ("A", "N")


class TestWriteGeoJson:
    @given(st.lists(st.tuples(st.floats(-90, 90), st.floats(-180, 180), st.text())))
    def test_written_features_parse_and_keep_their_place(self, places):
        features = [{"latitude": y, "longitude": x, "properties": {"title": t}} for y, x, t in places]
        written = json.loads(b"".join(write_geojson(features)))
        assert written["type"] == "FeatureCollection"
        assert [f["properties"]["title"] for f in written["features"]] == [t for _, _, t in places]
        for (y, x, _), f in zip(places, written["features"], strict=True):
            assert math.dist(f["geometry"]["coordinates"], (x, y)) < 1e-7

    def test_it_reads_back(self):
        features = [{"id": "A", "latitude": 38.99596431, "longitude": -77.04098788140087, "properties": {"title": "N"}}]
        data = b"".join(write_geojson(features))
        assert read_table(data, "x").rows == [Row(1, "A", "N", "", 38.99596431, -77.04098788140087)]

    def test_without_a_position_and_with_a_broken_one(self):
        nowhere = {"latitude": None, "longitude": None, "properties": {}}
        assert json.loads(b"".join(write_geojson([nowhere])))["features"][0]["geometry"] is None
        with pytest.raises(ValueError, match="not a position"):
            list(write_geojson([{"latitude": math.nan, "longitude": 1.0, "properties": {}}]))

    def test_it_streams(self):
        written = write_geojson({"latitude": 1.0, "longitude": 2.0, "properties": {}} for _ in iter(int, 1))
        assert len([next(written) for _ in range(5)]) == 5


def test_the_number_of_a_layer_is_no_id():
    """Every layer of a GIS counts its features from 1: as an id it would turn one layer's places into another's."""
    (row,) = read_table(collection(feature(point(1, 2), {"OBJECTID": 1, "FID": 1})), "x").rows
    assert row.external_id is None
