"""What carol sees of a file before she brings it in, and how she takes it back: the pages of the console."""

import csv
import io
import json
import re

import pytest
from bringing_in import states, table, upload
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from stories import Person

from capturegraph.models import Batch, CandidateSlot, Target
from capturegraph.services.batching import wording

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]


@pytest.fixture
def desk(carol: Person) -> Client:
    return carol.desk()


def brings(desk: Client, target: Target, data: str, mode: str = "add") -> str:
    """Upload a file on the page; give the address of what it would do."""
    form = {"file": SimpleUploadedFile("places.csv", data.encode()), "mode": mode}
    answer = desk.post(f"/console/targets/{target.pk}/import/", form)
    assert answer.status_code == 302, answer.content
    return answer["Location"]


def text(page: bytes) -> str:
    """The words of a page, one space between them."""
    bare = re.sub(r"<[^>]+>", " ", page.decode())
    return " ".join(bare.replace("\xa0", " ").split())


def sections(page: bytes) -> list[str]:
    return re.findall(r'data-testid="section-(\w+)"', page.decode())


def test_what_needs_a_look_comes_first_and_the_rest_is_counted(
    stones: Target, carol: Person, desk: Client, alice: Person
) -> None:
    upload(carol, stones, table("1 oak 0", "2 elm 500", "3 ash 1000", "4 fir 1500"))
    alice.asks(stones)
    new = table("2 elms 500", "3 ash 740", "5 yew 2000") + "\n6,bad,95,2,"
    page = desk.get(brings(desk, stones, new, mode="replace")).content
    assert sections(page) == ["protected", "errors", "changed"]
    words = text(page)
    assert "Stays as it is: Alice is on the way until" in words
    assert "Move or withdraw them all the same, and tell Alice" in words
    assert "row 5 bad Latitude 95 does not exist: it ends at 90." in words
    assert "moves 260 m west" in words
    assert "1 added Show all" in words
    assert "1 removed Show all" in words
    assert "Apply: 1 added, 2 changed, 1 removed" in words
    assert b"<del>elm</del> <ins>elms</ins>" in page


def test_a_move_by_far_is_pointed_out_first(stones: Target, carol: Person, desk: Client) -> None:
    upload(carol, stones, table("1 oak 0", "2 elm 500", "3 ash 1000"))
    page = desk.get(brings(desk, stones, table("1 oaks 0", "2 elm 500", "3 ash 9000"))).content
    words = text(page)
    assert words.index("moves 8.0 km east far: please look") < words.index("oaks")


def test_everything_that_a_row_changes_is_said(stones: Target, carol: Person, desk: Client) -> None:
    head = "id,title,lat,lon,note,heading,priority,required_count,skills,until\n"
    upload(carol, stones, head + "1,Oak,1,2,By the old gate,,50,1,,\n")
    seen = brings(desk, stones, head + "1,Oak,1,2,By the new gate,270,90,2,ladder; drone,2026-07-01 12:00\n")
    words = text(desk.get(seen).content)
    for said in ("Note: By the old new gate", "heading 270°", "priority 50 90", "people 1 2",
                 "what it takes ladder; drone", "until 1 Jul 2026, 12:00"):  # fmt: skip
        assert said in words


def test_what_was_withdrawn_comes_back(stones: Target, carol: Person, desk: Client) -> None:
    upload(carol, stones, table("1 oak 0", "2 elm 500"))
    upload(carol, stones, table("1 oak 0"), mode="replace")
    assert "comes back after it was withdrawn" in text(desk.get(brings(desk, stones, table("2 elm 500"))).content)


def test_how_the_file_was_read_is_named(stones: Target, desk: Client) -> None:
    rows = "id;title;lat;lon\n1;Caf\u00e9;1;2\n"
    assert "1 row read, semicolon, UTF-8" in text(desk.get(brings(desk, stones, rows)).content)


def test_never_more_than_a_screenful_of_rows(stones: Target, carol: Person, desk: Client) -> None:
    upload(carol, stones, table(*(f"{n} oak{n} {n * 100}" for n in range(120))))
    seen = brings(desk, stones, table(*(f"{n} elm{n} {n * 100}" for n in range(120))))
    page = desk.get(seen).content.decode()
    assert page.count('class="diff-row"') == 5
    assert "Show all 120" in page
    pages = [desk.get(seen, {"show": "changed", "page": str(number)}).content.decode() for number in (1, 2, 3)]
    assert [one.count('class="diff-row"') for one in pages] == [50, 50, 20]
    assert "51 to 100 of 120" in pages[1]
    for nonsense in ({"show": "x"}, {"show": "changed", "page": "x"}, {"show": "changed", "page": "99"}):
        assert desk.get(seen, nonsense).status_code == 200


def test_the_map_gets_places_moves_and_nothing_of_others(stones: Target, carol: Person, desk: Client) -> None:
    upload(carol, stones, table("1 oak 0", "2 elm 500", "3 ash 900"))
    seen = brings(desk, stones, table("1 oak 0", "2 elm 700", "4 yew 2000"), mode="replace")
    answer = json.loads(desk.get(f"{seen}places/").content)
    marks = {one["properties"]["title"]: one["properties"]["mark"] for one in answer["places"]["features"]}
    assert marks == {"oak": "pool", "elm": "changed", "yew": "added", "ash": "removed"}
    ((move,)) = (one["geometry"]["coordinates"] for one in answer["moves"]["features"])
    assert move[0][0] < move[1][0], "from west to east"
    desk.post(seen, {"what": "apply"})
    assert json.loads(desk.get(f"{seen}places/").content)["places"]["features"] == []


def test_rows_with_errors_are_a_table_without_formulas(stones: Target, desk: Client) -> None:
    seen = brings(desk, stones, 'id,title,lat,lon\n1,=cmd(),95,2\n2,"+1",1,\n3,ok,1,2\n')
    answer = desk.get(f"{seen}errors.csv")
    assert answer["Content-Disposition"].startswith("attachment")
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert [row[:3] for row in rows[1:]] == [["2", "'=cmd()", "latitude"], ["3", "'+1", "longitude"]]
    assert not [cell for row in rows for cell in row if cell[:1] in "=+-@\t\r" and cell]


def test_a_file_is_taken_back_from_the_list_of_those_brought_in(
    stones: Target, carol: Person, desk: Client, alice: Person, bob: Person
) -> None:
    seen = brings(desk, stones, table("1 oak 0", "2 elm 500", "3 ash 1000"))
    desk.post(seen, {"what": "apply"})
    alice.shoots(stones, 0)
    alice.sends_photo(alice.shoots(stones, 0)["id"])
    bob.asks(stones)
    listed = desk.get(f"/console/targets/{stones.pk}/import/").content
    assert "Undo places.csv" in text(listed)
    answer = desk.post(seen, {"what": "undo"})
    assert answer["Location"] == seen
    words = text(desk.get(seen).content)
    assert "1 place was withdrawn again." in words
    assert "2 places stay:" in words
    assert "somebody has photographed it" in words
    assert "somebody is on the way there, or planned for it" in words
    assert sorted(states(stones).values()).count("withdrawn") == 1
    assert "undone: 1 withdrawn, 2 stay" in text(desk.get(f"/console/targets/{stones.pk}/import/").content)
    # A repeat says the same, and changes nothing.
    desk.post(seen, {"what": "undo"})
    assert text(desk.get(seen).content) == words


def test_what_was_never_applied_is_not_taken_back(stones: Target, desk: Client) -> None:
    seen = brings(desk, stones, table("1 oak 0"))
    assert desk.post(seen, {"what": "undo"})["Location"] == seen
    assert Batch.objects.get().state == "previewed"


def test_files_that_wait_for_a_word_are_found_again(stones: Target, desk: Client) -> None:
    seen = brings(desk, stones, table("1 oak 0"))
    page = desk.get(f"/console/targets/{stones.pk}/import/").content.decode()
    assert f'href="{seen}"' in page
    assert "Looked at, not brought in" in page


def test_discarding_leaves_no_file_behind(stones: Target, desk: Client) -> None:
    seen = brings(desk, stones, table("1 oak 0"))
    name = Batch.objects.get().file.name
    assert default_storage.exists(f"{name}.look")
    desk.post(seen, {"what": "discard"})
    assert (default_storage.exists(name), default_storage.exists(f"{name}.look")) == (False, False)


def test_a_file_of_the_api_can_be_looked_at_on_a_page(stones: Target, carol: Person, desk: Client) -> None:
    seen = upload(carol, stones, table("1 oak 0", "2 elm 500"), dry_run="true")
    page = desk.get(f"/console/targets/{stones.pk}/import/{seen['id']}/").content
    assert "Apply: 2 added" in text(page)
    assert CandidateSlot.objects.count() == 0


@pytest.mark.parametrize(
    ("was", "now", "parts"),
    [
        ("Friedrich von Streuben", "Friedrich von Steuben",
         [("same", "Friedrich von"), ("was", "Streuben"), ("now", "Steuben")]),
        ("Oak", "Elm", [("was", "Oak"), ("now", "Elm")]),
        ("", "New note", [("now", "New note")]),
        ("a b c d e f g h X i", "a b c d e f g h Y i",
         [("same", "… c d e f g h"), ("was", "X"), ("now", "Y"), ("same", "i")]),
        ("one two", "three four five", [("was", "one two"), ("now", "three four five")]),
    ],
)  # fmt: skip
def test_a_difference_is_told_word_by_word(was: str, now: str, parts: list[tuple[str, str]]) -> None:
    assert wording.parts(was, now) == parts


def test_two_long_texts_are_compared_in_no_time() -> None:
    """The work is bounded: sixty words of each."""
    was, now = (" ".join(f"{word}{n}" for n in range(100_000)) for word in ("a", "b"))
    assert sum(len(text.split()) for _kind, text in wording.parts(was, now)) < 200


def test_drawing_places_needs_no_map(stones: Target, desk: Client) -> None:
    """Corners typed into the field, looked at, applied, taken back."""
    form = {
        "kind": "grid",
        "corners": "38.900, -77.040\n38.900, -77.030\n38.908 -77.030",
        "spacing_m": "200",
        "count": "",
    }
    answer = desk.post(f"/console/targets/{stones.pk}/generate/", form)
    assert answer.status_code == 302
    words = text(desk.get(answer["Location"]).content)
    batch = Batch.objects.get()
    assert batch.format == "generated"
    assert f"Apply: {batch.counts['added']} added" in words
    assert "Change columns" not in words
    desk.post(answer["Location"], {"what": "apply"})
    assert CandidateSlot.objects.count() == batch.counts["added"] > 5
    desk.post(answer["Location"], {"what": "undo"})
    assert set(states(stones).values()) == {"withdrawn"}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"corners": "38.9, -77.04\nnorth of the gate\n38.91, -77.03"}, "Line 2 is no place"),
        ({"corners": "38.9, -77.04\n98.9, -77.04\n38.91, -77.03"}, "Line 2 is no place"),
        ({"corners": "38.9, -77.04\n38.91, -77.03"}, "too few corners"),
        ({"corners": "0, 0\n10, 10\n10, 0\n0, 10"}, "crosses itself"),
        ({"spacing_m": "0"}, "greater than or equal to 0.1"),
        ({"kind": "void_and_cluster", "count": ""}, "Say how many"),
        ({"kind": "circle"}, ""),
    ],
)
def test_what_cannot_be_drawn_is_said_beside_its_field(
    stones: Target, desk: Client, fields: dict[str, str], said: str
) -> None:
    form = {"kind": "grid", "corners": "38.9, -77.04\n38.9, -77.03\n38.91, -77.03", "spacing_m": "300", **fields}
    answer = desk.post(f"/console/targets/{stones.pk}/generate/", form)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert Batch.objects.count() == 0


def test_how_many_places_there_would_be_is_counted_and_nothing_kept(stones: Target, carol: Person) -> None:
    area = {"type": "Polygon", "coordinates": [[[-77.04, 38.9], [-77.03, 38.9], [-77.03, 38.91], [-77.04, 38.9]]]}
    answer = carol.post(
        f"targets/{stones.pk}/candidates/", {"kind": "grid", "area": area, "spacing_m": 50, "dry_run": True}
    )
    assert answer.status_code == 200
    told = answer.json()
    assert told["total"] == len(told["places"]) > 50
    assert all(-77.04 <= one[0] <= -77.03 and 38.9 <= one[1] <= 38.91 for one in told["places"])
    many = carol.post(
        f"targets/{stones.pk}/candidates/", {"kind": "grid", "area": area, "spacing_m": 5, "dry_run": True}
    )
    assert many.json()["total"] > 2000 >= len(many.json()["places"])
    assert Batch.objects.count() == 0
