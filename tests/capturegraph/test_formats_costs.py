"""Files made to cost time: what is read twice as long for twice the size is read; nothing takes four times as long.

Each of these took seconds, and minutes when ten times the size; all other requests of the process wait meanwhile.
"""

import time
from collections.abc import Callable

import format_twins as twins
import pytest

from capturegraph.formats import Unreadable, read_table
from capturegraph.formats.features import split
from capturegraph.formats.geometry import GeometryError, from_wkt
from capturegraph.formats.markup import plain

MOST_S = 0.5


def kml(coordinates: str, more: str = "") -> bytes:
    point = f"<Point><coordinates>{coordinates}</coordinates></Point>"
    return f"<kml><Placemark><name>x</name>{more}{point}</Placemark></kml>".encode()


def seconds(work: Callable[[], object]) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


@pytest.mark.parametrize(
    "data",
    [
        b'{"features":["' + b'\\"' * 20_000,
        b'{"features":["' + b'\\"' * 20_000 + b"\\",
        b'{"features"' + b"[]" * 30_000,
        b'{"features"' + b" " * 200_000 + b"[]" * 10_000,
    ],
    ids=["unclosed", "unclosed after a backslash", "lists", "lists far from their name"],
)
def test_features_are_split_in_one_go(data: bytes) -> None:
    assert seconds(lambda: split(data)) < MOST_S


@pytest.mark.parametrize("begun", ["<!--", "<?x ", '<kml a="'])
def test_what_is_begun_in_xml_and_never_ended_is_not_read_over_and_over(begun: str) -> None:
    def read() -> None:
        with pytest.raises(Unreadable, match="far too long"):
            read_table(f"<kml>{begun}{'a>' * 6_000_000}".encode(), "x.kml")

    assert seconds(read) < MOST_S


@pytest.mark.parametrize("sheet", ["<c " * 30_000, f"<!--{'sheetData>' * 1_000_000}"])
def test_the_cells_of_a_workbook_are_measured_in_one_go(sheet: str) -> None:
    data = twins.zipped({"xl/workbook.xml": b"", "xl/worksheets/sheet1.xml": f"<sheetData>{sheet}".encode()})

    def read() -> None:
        with pytest.raises(Unreadable):
            read_table(data, "x.xlsx")

    assert seconds(read) < MOST_S


def test_long_comments_and_texts_are_read() -> None:
    more = f"<!--{'a>' * 150_000}--><Snippet>{'text ' * 400_000}</Snippet>"
    assert len(read_table(kml("1,2", more), "x.kml").rows) == 1


@pytest.mark.parametrize("text", ["1" + " " * 20_000 + "2", "1" + " \n" * 10_000 + ",2", "1,2" + " ," * 10_000])
def test_coordinates_of_kml_are_read_in_one_go(text: str) -> None:
    assert seconds(lambda: read_table(kml(f"{text} x"), "x.kml")) < MOST_S


def test_spaces_around_commas_are_taken() -> None:
    (row,) = read_table(kml("  1.5 , 2.5,\n 0 "), "x.kml").rows
    assert (row.longitude, row.latitude) == (1.5, 2.5)


@pytest.mark.parametrize(
    "text", ["POINT" + " " * 20_000, " " * 20_000 + "x", "SRID=4326;" + " " * 20_000, "POINT(" + ") " * 20_000 + "x"]
)
def test_a_geometry_in_wkt_is_looked_at_in_one_go(text: str) -> None:
    def read() -> None:
        with pytest.raises(GeometryError):
            from_wkt(text)

    assert seconds(read) < MOST_S


@pytest.mark.parametrize(
    "text", ["POINT Z (1 2 3)", " SRID = 4326 ; point(1 2)", "POINTZ(1 2 3) ", "Point  M  (1 2 3)"]
)
def test_a_geometry_may_be_written_in_many_ways(text: str) -> None:
    assert from_wkt(text).positions == [(1.0, 2.0)]


@pytest.mark.parametrize(
    "bit", ["<a ", "<a/", "<a\n", "<a x=", "<a x='", '<a x="', "<!--", "<a", "</a", "<?", "<!", "<a'\""]
)
def test_a_description_is_looked_through_in_one_go(bit: str) -> None:
    assert seconds(lambda: plain((bit * 100_000)[:100_000])) < MOST_S


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<b>A &amp; B</b><br/>c<BR>d", "A & B\nc\nd"),
        ("<p class='a>b' title=\"it's\">one</p><p>two</p>", "one\ntwo"),
        ("a < b and 2 <3", "a < b and 2 <3"),
        ("<!-- not <b>this</b> --><i>this</i><!doctype html>", "this"),
        ("&lt;br&gt; stays<br>", "<br> stays"),
        ("<b>&#" + "9" * 5000 + ";</b>x", "&#" + "9" * 5000 + ";x"),
    ],
)
def test_the_words_of_a_description(html: str, words: str) -> None:
    assert plain(html) == words


def test_data_inside_data_is_taken_once() -> None:
    """A text inside of a hundred elements is a hundred texts otherwise, each as long as the file."""
    deep = "".join(f'<SimpleData name="a{n}">' for n in range(100)) + "long" + "</SimpleData>" * 100
    table = read_table(kml("1,2", deep), "x.kml")
    assert table.header is not None
    assert [name for name in table.header.names if name.startswith("a")] == ["a0"]
