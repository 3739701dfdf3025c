"""Which column of a file is what: asked on screen where it cannot be guessed, remembered for the next such file."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from stories import Clock, Person, footprint, place

from capturegraph.formats import Unreadable, read_table
from capturegraph.models import Batch, CandidateSlot, ColumnChoice, Job, Target
from capturegraph.services import jobs, work
from capturegraph.services.batching import batch_jobs, batches

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]

HEAD = "nr,denkmal,wo,hoch,rechts"
ODD = (HEAD + f"\n7,Oak,By the gate,{place(0)[0]},{place(0)[1]}\n8,Elm,,{place(500)[0]},{place(500)[1]}\n").encode()
CHOSEN = {"external_id": "0", "title": "1", "note": "2", "latitude": "3", "longitude": "4"}


@pytest.fixture
def desk(carol: Person) -> Client:
    return carol.desk()


def brings(desk: Client, target: Target, data: bytes = ODD, name: str = "odd.csv", mode: str = "add") -> HttpResponse:
    form = {"file": SimpleUploadedFile(name, data), "mode": mode}
    return desk.post(f"/console/targets/{target.pk}/import/", form)


def chooses(desk: Client, address: str, **fields: str) -> HttpResponse:
    return desk.post(address, {"what": "choose", **CHOSEN, **fields})


def selected(page: str) -> dict[str, str]:
    """What is chosen for each field on the page of columns, by the words that are shown."""
    found = {}
    for name, options in re.findall(r'<select name="(\w+)".*?>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r"<option[^>]* selected>([^<]*)<", options)
        found[name] = chosen[1] if chosen else ""
    return found


def test_a_file_that_says_nowhere_where_its_places_are_is_asked_about(stones: Target, desk: Client) -> None:
    answer = brings(desk, stones)
    assert answer.status_code == 302
    asked = answer["Location"]
    assert asked.endswith("/columns/")
    page = desk.get(asked).content.decode()
    assert "No column for latitude and longitude" in page
    assert "By the gate" in page, "some values of each column are shown"
    onward = chooses(desk, asked)["Location"]
    seen = desk.get(onward).content.decode()
    assert "<strong>denkmal</strong>" in seen
    desk.post(onward, {"what": "apply"})
    slots = CandidateSlot.objects.order_by("external_id").values_list("external_id", "title", "note", "latitude")
    assert list(slots) == [("7", "Oak", "By the gate", place(0)[0]), ("8", "Elm", "", place(500)[0])]


def test_what_can_be_guessed_is_chosen_already(stones: Target, desk: Client) -> None:
    asked = brings(desk, stones, ODD.replace(b"denkmal", b"NAME"))["Location"]
    assert selected(desk.get(asked).content.decode())["title"] == "NAME"
    right = brings(desk, stones, ODD.replace(b"hoch", b"lat").replace(b"rechts", b"lon"))["Location"]
    there = selected(desk.get(f"{right}columns/").content.decode())
    assert (there["latitude"], there["longitude"], there["title"]) == ("lat", "lon", "")


def test_what_was_chosen_is_remembered_for_files_with_the_same_columns(stones: Target, desk: Client) -> None:
    chooses(desk, brings(desk, stones)["Location"], remember="on")
    # In another order, with other rows.
    lines = [line.split(",") for line in ODD.decode().splitlines()]
    other = "\n".join(",".join([*line[3:], *line[:3]]) for line in lines).encode()
    again = brings(desk, stones, other, "december.csv")["Location"]
    assert not again.endswith("/columns/")
    page = desk.get(again).content.decode()
    assert "Read as the last file with these columns." in page
    assert Batch.objects.get(file_name="december.csv").counts["added"] == 2
    shown = desk.get(f"{again}columns/").content.decode()
    assert "Chosen by Carol for files with these columns." in shown
    assert selected(shown)["title"] == "denkmal"
    # Another column more is another kind of file.
    assert brings(desk, stones, ODD.replace(b"rechts", b"rechts,art").replace(b"\n7", b",x\n7"))["Location"].endswith(
        "/columns/"
    )


def test_it_is_remembered_in_this_target_only(stones: Target, carol: Person, desk: Client) -> None:
    chooses(desk, brings(desk, stones)["Location"], remember="on")
    other = Target.objects.create(name="Memorials")
    carol.joins(other, "coordinator")
    assert brings(desk, other)["Location"].endswith("/columns/")


def test_it_is_remembered_only_where_that_is_asked_for(stones: Target, desk: Client) -> None:
    chooses(desk, brings(desk, stones)["Location"])
    assert ColumnChoice.objects.count() == 0
    assert brings(desk, stones)["Location"].endswith("/columns/")


def test_it_can_be_forgotten(stones: Target, desk: Client) -> None:
    chooses(desk, brings(desk, stones)["Location"], remember="on")
    again = brings(desk, stones)["Location"]
    answer = desk.post(f"{again}columns/", {"what": "forget"})
    assert answer.status_code == 302
    page = desk.get(answer["Location"]).content.decode()
    assert "Forgotten." in page
    assert selected(page)["title"] == ""
    assert ColumnChoice.objects.count() == 0
    assert brings(desk, stones)["Location"].endswith("/columns/")


def test_a_guess_that_is_wrong_is_undone(stones: Target, desk: Client) -> None:
    """What was guessed for a field can be another column, or none."""
    data = b"id,name,street,lat,lon\n7,Oak,Main Street,1,2\n"
    seen = brings(desk, stones, data)["Location"]
    chosen = {"external_id": "", "title": "2", "note": "1", "latitude": "3", "longitude": "4"}
    onward = chooses(desk, f"{seen}columns/", **chosen)["Location"]
    assert onward == seen
    desk.post(onward, {"what": "apply"})
    slot = CandidateSlot.objects.get()
    assert (slot.external_id, slot.title, slot.note) == (None, "Main Street", "Oak")


def test_a_column_of_geometries_is_a_place(stones: Target, desk: Client) -> None:
    data = b"denkmal;punkt\nOak;POINT (7.45 46.95)\nElm;POINT (7.46 46.95)\n"
    asked = brings(desk, stones, data)["Location"]
    answer = chooses(desk, asked, external_id="", note="", title="0", latitude="", longitude="", place="1")
    batch = Batch.objects.get()
    assert (answer.status_code, batch.counts["added"]) == (302, 2)


def test_a_feature_keeps_its_own_id_unless_told_otherwise(stones: Target, desk: Client) -> None:
    feature = '{"type":"Feature","id":"own-1","geometry":{"type":"Point","coordinates":[1,2]},"properties":{"nr":"9"}}'
    seen = brings(desk, stones, feature.encode(), "a.geojson")["Location"]
    page = desk.get(f"{seen}columns/").content.decode()
    assert "latitude" not in selected(page), "its places are geometries"
    assert selected(page)["external_id"] == "the feature’s own id"
    chooses(desk, f"{seen}columns/", external_id="own", title="0", note="")
    assert Batch.objects.get().reading["columns"]["external_id"] == "feature id"
    chooses(desk, f"{seen}columns/", external_id="0", title="", note="")
    desk.post(seen, {"what": "apply"})
    assert CandidateSlot.objects.get().external_id == "9"


@pytest.mark.parametrize(
    "fields",
    [{"latitude": "", "longitude": ""}, {"latitude": "99"}, {"longitude": "a\0b"}, {"latitude": "-1"}],
    ids=["none", "no such column", "nonsense", "before the first"],
)
def test_without_a_place_it_cannot_be_read(stones: Target, desk: Client, fields: dict[str, str], own_files) -> None:
    asked = brings(desk, stones)["Location"]
    before = footprint(own_files)
    answer = chooses(desk, asked, remember="on", **fields)
    assert answer.status_code == 400
    assert "Say where the places are" in answer.content.decode()
    assert footprint(own_files) == before
    assert Batch.objects.get().state == "failed"


def test_what_has_been_brought_in_is_not_read_anew(stones: Target, desk: Client) -> None:
    seen = chooses(desk, brings(desk, stones)["Location"])["Location"]
    desk.post(seen, {"what": "apply"})
    answer = chooses(desk, f"{seen}columns/", title="2", remember="on")
    assert answer["Location"] == seen
    assert (ColumnChoice.objects.count(), Batch.objects.get().columns["title"]) == (0, "denkmal")


def test_whoever_applies_first_decides_how_it_is_read(
    stones: Target, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is applied while somebody else's choice of columns is being looked at."""
    seen = chooses(desk, brings(desk, stones)["Location"])["Location"]
    look_again = batches.fill

    def too_late(batch: Batch, *args: Any, **options: Any) -> Any:
        Batch.objects.filter(pk=batch.pk).update(state="applied")
        return look_again(batch, *args, **options)

    monkeypatch.setattr(batches, "fill", too_late)
    chooses(desk, f"{seen}columns/", title="2", remember="on")
    batch = Batch.objects.get()
    assert (batch.state, batch.columns["title"], ColumnChoice.objects.count()) == ("applied", "denkmal", 0)


def test_a_file_that_was_asked_about_and_never_read_cannot_be_applied(stones: Target, carol: Person) -> None:
    desk = carol.desk()
    brings(desk, stones)
    batch = Batch.objects.get()
    assert carol.post(f"batches/{batch.pk}/apply/").status_code == 409
    assert CandidateSlot.objects.count() == 0


def test_the_api_says_what_is_wrong_and_keeps_nothing(stones: Target, carol: Person, own_files) -> None:
    """A program says its columns with the file: nothing is asked, and nothing remembered for it."""
    desk = carol.desk()
    chooses(desk, brings(desk, stones)["Location"], remember="on")
    before = footprint(own_files)
    file = SimpleUploadedFile("odd.csv", ODD)
    answer = carol.phone.post(f"/api/v1/targets/{stones.pk}/batches/", {"file": file})
    assert (answer.status_code, answer.json()["code"]) == (400, "file_unreadable")
    assert footprint(own_files) == before


def test_a_large_file_is_read_anew_by_a_worker(
    stones: Target, desk: Client, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "ring", lambda job_id: True)
    monkeypatch.setattr(batch_jobs, "LARGE_BYTES", 50)

    def works() -> None:
        work.do(job_id=Job.objects.get(state="waiting").pk, clock=lambda: clock.now)

    waits = brings(desk, stones)["Location"]
    works()
    seen = desk.get(waits)["Location"]
    asked = desk.get(seen)["Location"]
    assert asked.endswith("/columns/")
    waits = chooses(desk, asked, remember="on")["Location"]
    assert "/working/" in waits
    works()
    assert desk.get(waits)["Location"] == seen
    assert (Batch.objects.get().counts["added"], ColumnChoice.objects.count()) == (2, 1)


def test_a_header_knows_what_its_columns_hold() -> None:
    with pytest.raises(Unreadable) as refused:
        read_table(ODD, "odd.csv")
    header = refused.value.header
    assert header is not None
    assert header.names == ("nr", "denkmal", "wo", "hoch", "rechts")
    assert header.examples["denkmal"] == ["Oak", "Elm"]
    assert header.examples["wo"] == ["By the gate"]
    read = read_table(ODD, "odd.csv", {"latitude": "hoch", "longitude": "rechts"})
    assert read.header.key == header.key
    assert read_table(b"lat,lon,hoch\n1,2,3\n", "x.csv").header.key != header.key


def test_a_header_is_short_whatever_a_file_holds() -> None:
    wide = ",".join(f"c{n}" for n in range(1500)) + "\n" + ",".join("x" * 500 for _ in range(1500)) + "\n"
    with pytest.raises(Unreadable) as refused:
        read_table(wide.encode(), "wide.csv")
    header = refused.value.header
    assert header is not None
    assert len(header.names) == 200
    assert max(len(value) for values in header.examples.values() for value in values) <= 41
