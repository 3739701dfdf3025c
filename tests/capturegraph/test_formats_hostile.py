"""Files that want to harm: bombs, foreign files, far cells, hostile databases; each a sentence, at little cost."""

import random
import subprocess
import sys
import tracemalloc
import zipfile
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import format_twins as twins
import pytest

from capturegraph.formats import Row, Table, Unreadable, read_table, write_gpx, write_kml, xlsx
from capturegraph.formats.archives import MOST_UNPACKED

ROWS = [Row(n, f"id-{n}", f"Place {n}", "a note", 38.9 + n / 1000, -77.0) for n in range(20)]
GOOD = {
    "xlsx": twins.xlsx(ROWS),
    "shapefile": twins.shapefile(ROWS),
    "geopackage": twins.geopackage(ROWS),
    "kml": b"".join(write_kml(twins.features(ROWS), "x")),
    "gpx": b"".join(write_gpx(twins.features(ROWS), "x")),
    "kmz": twins.zipped({"doc.kml": b"".join(write_kml(twins.features(ROWS), "x"))}),
}
MARK = "<Placemark><Point><coordinates>1,2</coordinates></Point>%s</Placemark>"


def refused(data: bytes, name: str = "upload") -> str:
    with pytest.raises(Unreadable) as caught:
        read_table(data, name)
    return caught.value.reason


@pytest.mark.parametrize("name", GOOD)
def test_cut_anywhere_or_with_any_byte_changed_it_is_read_or_refused(name: str) -> None:
    data, dice = GOOD[name], random.Random(name)
    assert len(read_table(data, "upload").rows) == 20
    for _ in range(150):
        at = dice.randrange(1, len(data))
        changed = bytearray(data)
        changed[at] ^= 1 << dice.randrange(8)
        for broken in (data[:at], bytes(changed)):
            with suppress(Unreadable):
                assert isinstance(read_table(broken, "upload"), Table)


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE kml [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><kml><name>&b;</name></kml>',
        '<!DOCTYPE kml SYSTEM "http://127.0.0.1:1/x.dtd"><kml/>',
        '<!DOCTYPE kml [<!ENTITY a SYSTEM "file:///etc/passwd">]><kml><name>&a;</name></kml>',
    ],
)
def test_entities_and_other_files_are_refused(text: str) -> None:
    assert "document type or entities" in refused(f'<?xml version="1.0"?>{text}'.encode())


def test_links_are_never_followed() -> None:
    link = "<kml><NetworkLink><Link><href>http://127.0.0.1:1/more.kml</href></Link></NetworkLink></kml>"
    assert "not followed" in refused(link.encode())


def test_depth_and_number_of_elements_are_bounded() -> None:
    assert "too many elements" in refused(b"<kml>" + b"<a>" * 500 + b"</a>" * 500 + b"</kml>")
    inside = MARK % ("<a/>" * 400_000)
    assert "too many elements" in refused(f"<kml>{inside}</kml>".encode())


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = twins.zipped({"doc.kml": bytes(MOST_UNPACKED // 1000) * 1001})
    assert len(bomb) < 1_000_000
    assert "unpacks to more than" in refused(bomb)


def test_a_member_that_lies_about_its_size_is_damaged() -> None:
    honest = twins.zipped({"doc.kml": GOOD["kml"]})
    size = len(GOOD["kml"]).to_bytes(4, "little")
    assert "damaged" in refused(honest.replace(size, (100).to_bytes(4, "little")))


@pytest.mark.parametrize("how", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_that_lies_about_its_size_costs_no_more_than_it_declares(how: int) -> None:
    """Of 30 MB behind a declared kilobyte nothing is unpacked beyond that kilobyte."""
    bomb = twins.lying("doc.kml", bytes(30_000_000), 1000, how)
    tracemalloc.start()
    try:
        said = refused(bomb)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert ("damaged" in said) if how == zipfile.ZIP_DEFLATED else ("packed in a way" in said)
    assert peak < 2_000_000


def listing(count: int) -> bytes:
    """A zip file that lists so many files without a name, and holds none of them."""
    listed = (b"PK\x01\x02" + bytes(42)) * count
    size = len(listed).to_bytes(4, "little")
    return b"PK\x03\x04" + listed + b"PK\x05\x06" + bytes(8) + size + (4).to_bytes(4, "little") + bytes(2)


def test_very_many_members_are_counted_before_they_are_listed() -> None:
    crowd = listing(100_000)
    tracemalloc.start()
    try:
        assert "more than 10,000 files" in refused(crowd)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000


def test_a_member_without_a_name_is_no_place() -> None:
    assert "without places" in refused(listing(1))


def test_protected_doubled_and_empty_archives() -> None:
    assert "without places" in refused(twins.zipped({"readme.txt": b"x"}))
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("doc.kml", "<kml/>")
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("doc.kml", "<kml/>")
    assert "two files of one name" in refused(buffer.getvalue())
    locked = bytearray(twins.zipped({"doc.kml": GOOD["kml"]}))
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    assert "password" in refused(bytes(locked))


@pytest.mark.parametrize(
    ("cell", "said"), [("XFD1048576", "columns"), ("A1048576", "too large"), ("ALL9000", "too large")]
)
def test_one_cell_far_away_is_refused(cell: str, said: str) -> None:
    files = parts(GOOD["xlsx"])
    sheet = files["xl/worksheets/sheet2.xml"]
    far = f'<row r="{cell.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")}"><c r="{cell}"><v>1</v></c></row></sheetData>'.encode()
    files["xl/worksheets/sheet2.xml"] = sheet.replace(b"</sheetData>", far)
    assert said in refused(twins.zipped(files))


FAR = {
    "in other quotes": ("<row r='9000'><c r='ALL9000'><v>1</v></c></row>", "too large"),
    "after a tab": ('<row r="9000"><c\tr="ALL9000"><v>1</v></c></row>', "too large"),
    "on a new line": ('<row r="9000"><c\nt="n"\nr\n=\n"ALL9000"><v>1</v></c></row>', "too large"),
    "in small letters": ('<row r="9000"><c r="all9000"><v>1</v></c></row>', "too large"),
    "in a namespace": ('<x:row xmlns:x="y" r="9000"><x:c r="ALL9000"><x:v>1</x:v></x:c></x:row>', "too large"),
    "behind a bracket": ('<row r="9000" a=">"><c a=">" r="ALL9000"><v>1</v></c></row>', "too large"),
    "by its row": ('<row r="400000"><c><v>1</v></c></row>', "too large"),
    "by its rows": ("<row/>" * 300_001 + "<row><c><v>1</v></c></row>", "too large"),
    "by rows in rows": ("<row>" * 60 + '<row r="299990"/>' + "</row>" * 60 + "<row><c><v>1</v></c></row>", "too large"),
    "by its neighbours": (f'<row r="2">{"<c/>" * 2100}<c><v>1</v></c></row>', "columns"),
    "nowhere": ('<row r="2"><c r="ABCD1"><v>1</v></c></row>', "damaged"),
}


def parts(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def workbook(more: str) -> dict[str, bytes]:
    """The files of a workbook of twenty places, with more rows below them."""
    files = parts(GOOD["xlsx"])
    sheet = files["xl/worksheets/sheet2.xml"]
    files["xl/worksheets/sheet2.xml"] = sheet.replace(b"</sheetData>", f"{more}</sheetData>".encode())
    return files


@pytest.mark.parametrize("how", FAR)
def test_a_cell_far_away_is_found_however_it_is_written(how: str) -> None:
    more, said = FAR[how]
    assert said in refused(twins.zipped(workbook(more)))


@pytest.mark.parametrize("name", ["xl/elsewhere.xml", "xl/worksheets/far.bin", "XL/far.XML"])
def test_a_cell_far_away_is_found_wherever_its_sheet_is(name: str) -> None:
    files = workbook(FAR["in other quotes"][0])
    files[name] = files.pop("xl/worksheets/sheet2.xml")
    links = files["xl/_rels/workbook.xml.rels"]
    assert b"/xl/worksheets/sheet2.xml" in links
    files["xl/_rels/workbook.xml.rels"] = links.replace(b"/xl/worksheets/sheet2.xml", f"/{name}".encode())
    with suppress(Unreadable):
        assert read_table(twins.zipped(files), "upload").rows == []
        pytest.fail("A sheet with a cell far away was read.")


def test_a_sheet_in_another_encoding_or_with_entities_is_refused() -> None:
    files = workbook(FAR["in other quotes"][0])
    sheet = files["xl/worksheets/sheet2.xml"].decode()
    files["xl/worksheets/sheet2.xml"] = sheet.encode("utf-16")
    assert "damaged" in refused(twins.zipped(files))
    files["xl/worksheets/sheet2.xml"] = f'<!DOCTYPE x [<!ENTITY a "b">]>{sheet}'.encode()
    assert "damaged" in refused(twins.zipped(files))


def test_two_directories_in_one_file_are_no_way_around() -> None:
    """Whichever of them another program would read, it is given what was looked at."""
    far, near = twins.zipped(workbook(FAR["in other quotes"][0])), GOOD["xlsx"]
    for both in (near + far, far + near):
        with suppress(Unreadable):
            assert len(read_table(both, "upload").rows) == 20


def test_another_workbook_inside_is_not_read_instead() -> None:
    """A program that tries one kind of workbook after the other must not come to one that nobody looked at."""
    sheet = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
        'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
        '<table:table table:name="x"><table:table-row>'
        '<table:table-cell office:value-type="string"><text:p>latitude</text:p></table:table-cell>'
        '<table:table-cell office:value-type="string"><text:p>longitude</text:p></table:table-cell></table:table-row>'
        '<table:table-row><table:table-cell office:value-type="float" office:value="1"/>'
        '<table:table-cell office:value-type="float" office:value="2"/></table:table-row>'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    files = {
        "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
        "META-INF/manifest.xml": b"<m/>",
        "content.xml": sheet.encode(),
        "xl/workbook.xml": b"<workbook",
    }
    assert "damaged" in refused(twins.zipped(files))


def test_very_many_texts_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xlsx, "_MOST_CELLS", 1000)
    files = workbook("")
    files["xl/sharedStrings.xml"] = b"<sst>" + b"<si/>" * 1001 + b"</sst>"
    assert "too large" in refused(twins.zipped(files))


def test_other_reference_systems_are_named() -> None:
    assert "British_National_Grid" in refused(twins.shapefile(ROWS, 'PROJCS["British_National_Grid",GEOGCS["x"]]'))
    assert "NAD" in refused(twins.shapefile(ROWS, 'GEOGCS["GCS_North_American_1983 NAD83",DATUM["x"]]'))
    assert "EPSG:27700" in refused(twins.geopackage(ROWS, 27700))


def test_a_hostile_database_does_nothing() -> None:
    """A view over another file, a generated column without end, a table that is virtual: not read, or not for long."""
    view = ("ALTER TABLE places RENAME TO hidden", "CREATE VIEW places AS SELECT * FROM hidden, hidden, hidden")
    assert "no layer" in refused(twins.geopackage(ROWS, 4326, *view))
    endless = ("ALTER TABLE places ADD COLUMN title2 TEXT AS (hex(zeroblob(4000000)) || hex(zeroblob(4000000)))",)
    assert "damaged" in refused(twins.geopackage(ROWS, 4326, *endless))
    assert "several layers" in refused(
        twins.geopackage(
            ROWS, 4326, "CREATE TABLE two (geom)", "INSERT INTO gpkg_contents VALUES ('two', 'features', 4326)",
            "INSERT INTO gpkg_geometry_columns VALUES ('two', 'geom', 4326)",
        )
    )  # fmt: skip
    quote = ('ALTER TABLE places RENAME TO "a""b"', "UPDATE gpkg_contents SET table_name = 'a\"b'",
             "UPDATE gpkg_geometry_columns SET table_name = 'a\"b'")  # fmt: skip
    assert len(read_table(twins.geopackage(ROWS, 4326, *quote), "x").rows) == 20


@pytest.mark.parametrize(
    "said", [b"UTF\0-8", b"undefined", b"idna", b"rot13", b"hex", b"no such", b"\xff\xfe", b"x" * 9000]
)
def test_a_strange_name_of_an_encoding_is_passed_over(said: bytes) -> None:
    files = parts(GOOD["shapefile"])
    table = read_table(twins.zipped({**files, "layer/places.cpg": said}), "upload")
    assert [row.title for row in table.rows] == [row.title for row in ROWS]


def test_two_layers_in_one_zip_are_named() -> None:
    files = parts(GOOD["shapefile"])
    files |= {name.replace("places", "other"): data for name, data in files.items()}
    assert "2 layers" in refused(twins.zipped(files))
    alone = {name: data for name, data in files.items() if name.endswith("places.shp")}
    assert ".dbf" in refused(twins.zipped(alone))


BIG = """
import resource, sys
sys.path[:0] = sys.argv[1:]
import format_twins as twins
from capturegraph.formats import Row, read_table, write_kml
kind = {kind!r}
rows = [Row(n, f"id-{{n}}", f"Place {{n}}", "a note " * 5, 38.9 + n / 1e6, -77.0) for n in range(50_000)]
data = b"".join(write_kml(twins.features(rows), "x")) if kind == "kml" else getattr(twins, kind)(rows)
del rows
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
table = read_table(data, "upload")
print(len(table.rows), (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["kml", "xlsx", "shapefile", "geopackage"])
def test_fifty_thousand_rows_need_little_memory(kind: str) -> None:
    folder = Path(__file__).parent
    command = [sys.executable, "-c", BIG.format(kind=kind), str(folder), str(folder.parents[1])]
    rows, megabytes = map(int, subprocess.run(command, capture_output=True, check=True, text=True).stdout.split())
    assert rows == 50_000
    assert megabytes <= 128
