"""Tables as text, their values and their columns: what is read, what is refused, and the sentence that says so."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capturegraph.formats import Row, RowError, Unreadable, read_table
from capturegraph.formats.rows import collect


def table(text: str, columns=None, name="places.csv"):
    return read_table(text.encode(), name, columns)


def refused(data, name="places.csv", columns=None) -> Unreadable:
    with pytest.raises(Unreadable) as caught:
        read_table(data.encode() if isinstance(data, str) else data, name, columns)
    return caught.value


def only_error(text: str) -> RowError:
    read = table(text)
    assert read.rows == []
    (error,) = read.errors
    return error


class TestCsv:
    def test_reads_every_field(self):
        read = table(
            "external_id,title,note,latitude,longitude,heading,priority,required_count\n"
            "A1,North stone,By the gate,38.9959,-77.041,270.5,80,3\n"
        )
        assert read.rows == [Row(2, "A1", "North stone", "By the gate", 38.9959, -77.041, 270.5, 80, 3)]
        assert read.errors == []
        assert (read.format, read.encoding, read.delimiter) == ("csv", "utf-8", ",")

    def test_fields_left_out_or_empty_take_their_defaults(self):
        read = table("lat,lon,priority,heading,id\n1,2,,,\n")
        assert read.rows == [Row(2, None, "", "", 1.0, 2.0, None, 50, 1)]

    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    def test_every_delimiter(self, delimiter):
        read = table(delimiter.join(["Name", " LAT ", "Lng"]) + "\n" + delimiter.join(["Elm", "1.5", "2"]) + "\n")
        assert read.rows == [Row(2, None, "Elm", "", 1.5, 2.0)]
        assert read.delimiter == delimiter
        assert read.columns == {"title": "Name", "latitude": "LAT", "longitude": "Lng"}

    def test_the_delimiter_is_the_one_that_gives_a_position_not_the_commonest_sign(self):
        read = table("lat;lon;name, street, city, more\n1;2;Elm, 3, here\n", {"title": "name, street, city, more"})
        assert read.rows == [Row(2, None, "Elm, 3, here", "", 1.0, 2.0)]

    def test_spaces_after_the_delimiter(self):
        assert table('lat, lon, title\n1, 2, "a, b"\n').rows == [Row(2, None, "a, b", "", 1.0, 2.0)]

    def test_a_sep_line_names_the_delimiter_and_counts_as_a_row(self):
        read = table("sep=;\nlat;lon\n1;2\n")
        assert read.rows == [Row(3, None, "", "", 1.0, 2.0)]

    def test_decimal_comma_where_the_comma_does_not_separate(self):
        assert table("lat;lon\n38,99;-77,04\n").rows == [Row(2, None, "", "", 38.99, -77.04)]
        assert only_error("lat;lon\n1,234.5;1\n").field == "latitude"
        assert only_error('lat,lon\n"38,99",1\n').field == "latitude"

    @pytest.mark.parametrize(
        ("encoding", "named"),
        [("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16"), ("cp1252", "windows-1252")],
    )
    def test_encodings(self, encoding, named):
        data = "title,lat,lon\nCafé “Öl”,1,2\n".encode(encoding)
        read = read_table(data, "places.csv")
        assert read.rows == [Row(2, None, "Café “Öl”", "", 1.0, 2.0)]
        assert read.encoding == named

    def test_utf_16_big_endian(self):
        data = b"\xfe\xff" + "title,lat,lon\né,1,2\n".encode("utf-16-be")
        assert read_table(data, "x").rows[0].title == "é"

    def test_broken_encodings_are_refused(self):
        assert "UTF-16" in refused(b"\xff\xfelat,lon\n1,2\n1").reason
        assert "CSV UTF-8" in refused(b"lat,lon,\x81\x8d\n1,2,3\n").reason
        assert "UTF-8" in refused(b"\xef\xbb\xbflat,lon\n1,2\xff\n").reason

    def test_rows_are_numbered_as_a_spreadsheet_shows_them(self):
        read = table('title,lat,lon\n"two\nlines",1,2\n\n,,\nlast,1,2\n')
        assert [(row.number, row.title) for row in read.rows] == [(2, "two lines"), (5, "last")]

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_line_ends(self, end):
        read = table(f'title,note,lat,lon{end}a,"x{end}y",1,2{end}b,,1,2')
        assert [row.note for row in read.rows] == ["x\ny", ""]

    def test_ragged_rows_are_row_errors(self):
        read = table("title,lat,lon\na,1\nb,1,2,3\nc,1,2,,\n")
        assert [(error.row, error.field) for error in read.errors] == [(2, "row"), (3, "row")]
        assert "2 cells where the header has 3" in read.errors[0].reason
        assert [row.title for row in read.rows] == ["c"]

    def test_a_missing_position_column_names_it_and_what_was_found(self):
        error = refused("title,latitude,breite\na,1,2\n")
        assert error.field == "longitude"
        assert "No column for longitude." in error.reason
        assert "“title”, “latitude”, “breite”" in error.reason
        assert "latitude and longitude" in refused("a,b\n1,2\n").reason

    def test_columns_of_the_same_name_are_refused(self):
        assert "“LAT”" in refused("lat,lon,LAT\n1,2,3\n").reason
        assert table("lat,lon,,\n1,2,,\n").rows

    @pytest.mark.parametrize(
        ("text", "what"),
        [
            ('title,lat,lon\na,1,2\n"b,1,2\nc,1,2\n', "Row 3: a quotation mark opens and is never closed"),
            ('title,lat,lon\n"a"b,1,2\n', "Row 2: there is text after a closing quotation mark"),
            ('title,lat,lon\n"' + "x" * 200_000 + '",1,2\n', "Row 2: a cell is far too long"),
        ],
    )
    def test_broken_quotation_marks_are_never_swallowed(self, text, what):
        assert what in refused(text).reason

    @pytest.mark.parametrize("text", ["lat,lon", "lat,lon\n", "lat,lon\n\n,\n", "\ufefflat,lon\n"])
    def test_no_rows(self, text):
        assert refused(text).reason == "The file has no rows."

    def test_nothing_at_all(self):
        assert refused(b"").reason == "The file is empty: 0 bytes arrived."
        for blank in (b"\n\n", b"   ", b"\xef\xbb\xbf"):
            assert "No column for latitude" in refused(blank).reason

    @given(
        st.lists(
            st.builds(
                dict,
                external_id=st.none(),
                title=st.text(max_size=200),
                note=st.text(max_size=300),
                latitude=st.floats(-90, 90),
                longitude=st.floats(-180, 180),
                heading=st.none() | st.floats(0, 360, exclude_max=True),
                priority=st.integers(0, 100),
                required_count=st.integers(1, 100),
            ),
            min_size=1,
            max_size=8,
        ),
        st.sampled_from([",", ";", "\t", "|"]),
        st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    )
    def test_what_a_spreadsheet_writes_reads_back_equal(self, places, delimiter, encoding):
        for index, place in enumerate(places):
            place["external_id"] = f"id {index}"
            place["title"] = " ".join(storable(place["title"]).split())
            place["note"] = storable(place["note"]).replace("\r", "").strip()
        out = io.StringIO(newline="")
        writer = csv.DictWriter(out, list(places[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(places)
        read = read_table(out.getvalue().encode(encoding), "places.csv")
        assert read.errors == []
        assert read.rows == [Row(number, **place) for number, place in enumerate(places, start=2)]


def storable(text: str) -> str:
    return "".join(c for c in text if c in "\t\n" or (c >= " " and c not in "\ufffe\uffff" and c.isprintable()))


class TestValues:
    @pytest.mark.parametrize(
        ("latitude", "reason"),
        [
            ("388.79", "Latitude 388.79 does not exist: it ends at 90."),
            ("-90.001", "Latitude -90.001 does not exist: it starts at -90."),
            ("", "Latitude is missing: write degrees like 38.9959."),
            ("north", "Latitude “north” is not a number that can be used: write degrees like 38.9959."),
            ("147558.1", "Latitude 147558.1 does not exist: it ends at 90. It looks like metres of a map grid: "
                         "export the file in WGS84 (EPSG:4326)."),
            ("-120.5", "Latitude -120.5 does not exist: it starts at -90. Are latitude and longitude swapped?"),
        ],
    )  # fmt: skip
    def test_latitude(self, latitude, reason):
        longitude = 10 if "swapped" in reason else 100
        assert only_error(f"lat,lon\n{latitude},{longitude}\n") == RowError(2, "latitude", reason)

    @pytest.mark.parametrize("number", ["nan", "inf", "-Infinity", "1e9999", "٣", "1_000", "0x10", "True", "1,5",
                                        "1 2", "--1", "1e", ".", "38°59'", "1" * 400, "1e400"])  # fmt: skip
    def test_what_is_no_number(self, number):
        read = read_table(f'lat,lon\n1,"{number}"\n'.encode(), "x.csv")
        assert [error.field for error in read.errors] == ["longitude"]
        assert "is not a number that can be used: write degrees like -77.0409." in read.errors[0].reason

    @pytest.mark.parametrize(
        ("number", "value"),
        [("90", 90), ("-90.0", -90), ("+1.5", 1.5), (".5", 0.5), ("5.", 5), ("1e1", 10), ("−7", -7)],
    )
    def test_what_is_a_number(self, number, value):
        assert table(f"lat,lon\n{number},0\n").rows[0].latitude == value

    @pytest.mark.parametrize(
        ("field", "good", "bad"),
        [
            ("longitude", ["180", "-180"], ["180.0001", "-181"]),
            ("heading", ["0", "359.99", ""], ["360", "-1", "north"]),
            ("priority", ["0", "100", "50.0", ""], ["101", "-1", "1.5", "high"]),
            ("required_count", ["1", "100", ""], ["0", "101", "2.5"]),
        ],
    )
    def test_edges(self, field, good, bad):
        names = ["lat", *(["lon"] if field != "longitude" else []), field]
        for value in good:
            assert table(";".join(names) + "\n" + ";".join(["1"] * (len(names) - 1) + [value or ""])).errors == []
        for value in bad:
            assert only_error(";".join(names) + "\n" + ";".join(["1"] * (len(names) - 1) + [value])).field == field

    def test_long_texts(self):
        for field, most in (("title", 200), ("note", 2_000), ("external_id", 200)):
            assert table(f"lat,lon,{field}\n1,2,{'x' * most}\n").errors == []
            error = only_error(f"lat,lon,{field}\n1,2,{'x' * (most + 1)}\n")
            assert (error.field, error.reason.endswith(f"shorten it to {most:,}.")) == (field, True)

    @pytest.mark.parametrize("bad", ["\0", "\x07", "\x1b", "\ufffe", "\uffff"])
    @pytest.mark.parametrize("field", ["title", "note", "external_id"])
    def test_characters_that_cannot_be_stored(self, field, bad):
        error = only_error(f"lat,lon,{field}\n1,2,a{bad}b\n")
        assert error.field == field
        assert "cannot be stored" in error.reason
        assert bad not in error.reason

    def test_a_lone_surrogate_is_a_row_error(self):
        entries = [(1, {"title": "\ud800", "latitude": 1, "longitude": 2})]
        (error,) = collect("x", entries, {}).errors
        assert (error.field, "U+D800" in error.reason) == ("title", True)

    def test_a_repeated_id_names_the_first_row_even_if_that_one_is_bad(self):
        read = table("id,lat,lon\nA,91,0\nB,1,2\nA,1,2\n")
        assert [row.external_id for row in read.rows] == ["B"]
        assert read.errors[1] == RowError(
            4, "external_id", "External id “A” is already in row 2: give each place its own."
        )
        assert table("id,lat,lon\n,1,2\n,1,2\n").errors == []

    def test_several_errors_of_a_row_are_all_told(self):
        read = table("lat,lon,priority\n91,181,x\n")
        assert [error.field for error in read.errors] == ["latitude", "longitude", "priority"]


class TestColumns:
    @pytest.mark.parametrize("name", ["external_id", "ID", " key "])
    def test_external_id(self, name):
        assert table(f"lat,lon,{name}\n1,2,A\n").rows[0].external_id == "A"

    @pytest.mark.parametrize("name", ["Title", "NAME", "label", "STONE_NUM", "site_name", "art_title"])
    def test_title(self, name):
        assert table(f"lat,lon,{name}\n1,2,A\n").rows[0].title == "A"

    @pytest.mark.parametrize("name", ["note", "Description", "instructions", "comment", "LOCATION_DESCRIPTION"])
    def test_note(self, name):
        assert table(f"lat,lon,{name}\n1,2,A\n").rows[0].note == "A"

    @pytest.mark.parametrize("names", ["y,x", "Latitude,Longitude", "LAT,LNG", "lat,long"])
    def test_position(self, names):
        assert table(f"{names}\n1,2\n").rows == [Row(2, None, "", "", 1.0, 2.0)]

    def test_two_candidates_by_ending_are_no_guess(self):
        assert "title" not in table("lat,lon,a_name,b_name,c_num\n1,2,A,B,C\n").columns
        assert table("lat,lon,a_name,c_num\n1,2,A,C\n").columns["title"] == "a_name"

    def test_the_better_name_wins(self):
        assert table("id,external_id,lat,lon,name,title\n1,E,1,2,N,T\n").rows == [Row(2, "E", "T", "", 1.0, 2.0)]

    def test_the_persons_choice_wins(self):
        read = table("title,b,lat,lon,c\nA,B,1,2,3\n", {"title": "B ", "latitude": "c"})
        assert (read.rows[0].title, read.rows[0].latitude) == ("B", 3.0)
        assert read.columns["title"] == "b"

    @pytest.mark.parametrize(
        ("columns", "said"),
        [
            ({"title": "colour"}, "There is no column “colour” in the file. It has “lat”, “lon”."),
            ({"titel": "lat"}, "There is no field “titel”: the fields are external_id, title, note,"),
            ({"title": ["lat"]}, "There is no column"),
        ],
    )
    def test_a_choice_that_is_not_there(self, columns, said):
        error = refused("lat,lon\n1,2\n", columns=columns)
        assert said in error.reason
        assert error.field == next(iter(columns))
