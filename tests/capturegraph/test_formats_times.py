"""Time windows of places: typed in the target's zone, refused where the clocks make them no moment or two."""

import json

import pytest

from capturegraph.formats import read_table
from capturegraph.formats.rows import Table


def read(window_from: str, window_until: str = "", zone: str = "Europe/Berlin") -> Table:
    text = f"lat;lon;from;until\n1;2;{window_from};{window_until}\n"
    return read_table(text.encode(), "places.csv", time_zone=zone)


def moments(table: Table) -> tuple[str | None, ...]:
    (row,) = table.rows
    return tuple(time and time.isoformat().removesuffix("+00:00") for time in (row.window_from, row.window_until))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-06-01 09:00", "2026-06-01T07:00:00"),
        ("2026-06-01T9:00", "2026-06-01T07:00:00"),
        ("2026-01-15 09:00:30.5", "2026-01-15T08:00:30.500000"),
        ("2026-06-01 09:00Z", "2026-06-01T09:00:00"),
        ("2026-06-01T09:00:00+05:30", "2026-06-01T03:30:00"),
        ("2026-06-01 09:00 -0700", "2026-06-01T16:00:00"),
        ("2026-06-01", "2026-05-31T22:00:00"),
        ("", None),
    ],
)
def test_times_that_are_read(text: str, moment: str | None) -> None:
    assert moments(read(text)) == (moment, None)


def test_a_date_alone_is_its_whole_day() -> None:
    assert moments(read("2026-06-05", "2026-06-05")) == ("2026-06-04T22:00:00", "2026-06-05T22:00:00")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-03-29 02:30", "does not exist: the clocks go forward then"),
        ("2026-10-25 02:30", "comes twice: the clocks go back then. Say which by its offset, +02:00 or +01:00"),
        ("05.06.2026", "is not a time that can be read: write it like 2026-06-01 09:00."),
        ("2026-06-31 09:00", "is no date of the calendar"),
        ("2026-06-01 25:00", "is no time of day"),
        ("2026-06-01 09:00+25:00", "which no place on earth has"),
        ("9999-12-31", "is too far away"),
        # What programs write for no end, and for no beginning: in some zone it is in no year that there is.
        ("9999-12-31T23:59:59Z", "is too far away to be a time: leave it empty where there is none"),
        ("0001-01-01T00:00:00Z", "is too far away to be a time: leave it empty where there is none"),
        ("soon\x07", "is not a time"),
    ],
)
def test_times_that_are_refused(text: str, said: str) -> None:
    table = read("", text)
    assert [(error.row, error.field) for error in table.errors] == [(2, "window_until")]
    assert said in table.errors[0].reason
    assert "\x07" not in table.errors[0].reason
    assert table.errors[0].reason.startswith("Window until ")


@pytest.mark.parametrize("text", ["2026-10-25 02:30+02:00", "2026-10-25 02:30+01:00", "2026-10-25 01:30"])
def test_an_offset_settles_the_hour_that_comes_twice(text: str) -> None:
    assert read(text).errors == []


@pytest.mark.parametrize("until", ["2026-06-01 09:00", "2026-06-01 08:00", "2026-06-01 07:00Z"])
def test_a_window_that_ends_before_it_begins_is_refused(until: str) -> None:
    (error,) = read("2026-06-01 09:00", until).errors
    assert (error.field, error.reason) == (
        "window_until", "Window until has to be after window from: change one of them.",
    )  # fmt: skip


@pytest.mark.parametrize("names", [("from", "until"), ("Start", "End"), ("valid_from", "valid_until")])
def test_columns_of_windows_are_known_by_their_usual_names(names: tuple[str, str]) -> None:
    read = read_table(f"lat,lon,{','.join(names)}\n1,2,2026-06-01,2026-06-02\n".encode(), "x.csv")
    assert (read.columns["window_from"], read.columns["window_until"]) == names


def test_to_is_a_place_as_often_as_a_time_and_a_guess_can_be_undone() -> None:
    text = b"lat,lon,to,start\n1,2,Berlin,1932\n"
    assert "window_until" not in read_table(text, "x.csv").columns
    assert read_table(text, "x.csv").errors
    assert read_table(text, "x.csv", {"window_from": ""}).rows[0].window_from is None


def test_properties_of_geojson_are_windows_too() -> None:
    def one(**properties: object) -> Table:
        place = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}, "properties": properties}
        return read_table(json.dumps(place).encode(), "x.geojson", time_zone="Europe/Berlin")

    assert moments(one(**{"from": "2026-06-01 09:00", "end": None})) == ("2026-06-01T07:00:00", None)
    for wrong in (1780300000, True, ["2026-06-01"], {"at": 1}):
        assert [error.field for error in one(until=wrong).errors] == ["window_until"]
