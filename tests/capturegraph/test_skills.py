"""What it takes to go to a place: said in a file or by the coordinator, and shown wherever the place is."""

import json
import re

import pytest
from bringing_in import counts, upload
from stories import Person, place, slots_in

from capturegraph.formats import RowError, read_table
from capturegraph.formats.skills import words
from capturegraph.models import CandidateSlot, Event, Target

LAT, LON = place(0)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ladder; drone", ("ladder", "drone")),
        (" Ladder ;;DRONE;ladder", ("ladder", "drone")),
        ("rope  access, ladder\n", ("rope access", "ladder")),
        ("", ()),
        (None, ()),
        (["Drone", " ", "ladder"], ("drone", "ladder")),
        ([], ()),
    ],
)
def test_words_however_they_are_written(written: object, read: tuple[str, ...]) -> None:
    assert words(written) == read


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (5, "has to be words"),
        ({"drone": True}, "has to be words"),
        ([["drone"]], "has to be words"),
        (["a;b"], "several words"),
        ("x" * 51, "of 51 characters"),
        (";".join(map(str, range(21))), "has 21 words"),
        ("x" * 2001, "has 2,001 characters"),
        ("a\ufffeb", "U+FFFE"),
    ],
)
def test_what_are_no_words_says_why(written: object, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        words(written)


def test_a_column_of_a_table_and_a_property_of_a_feature() -> None:
    table = f"lat,lon,Skills\n{LAT},{LON},Ladder; drone\n{LAT},{LON},\n{LAT},{LON},{'x' * 51}\n"
    read = read_table(table.encode(), "places.csv")
    assert [row.skills for row in read.rows] == [("ladder", "drone"), ()]
    reason = f"Skills holds “{'x' * 40}…”, of 51 characters: shorten it to 50."
    assert read.errors == [RowError(4, "skills", reason)]
    point = {"type": "Point", "coordinates": [LON, LAT]}
    for written in (["ladder", "drone"], "ladder; drone"):
        feature = {"type": "Feature", "geometry": point, "properties": {"skills": written}}
        assert read_table(json.dumps(feature).encode(), "a.geojson").rows[0].skills == ("ladder", "drone")
    chosen = read_table(f"lat,lon,needs\n{LAT},{LON},drone\n".encode(), "places.csv", {"skills": "needs"})
    assert chosen.rows[0].skills == ("drone",)


def file(*skills: str) -> str:
    lines = [f"{n},stone {n},{place(n * 100)[0]},{place(n * 100)[1]},{each}" for n, each in enumerate(skills)]
    return "\n".join(["id,title,lat,lon,skills", *lines])


def kept(target: Target) -> list[list[str]]:
    return list(CandidateSlot.objects.of(target).order_by("external_id").values_list("skills", flat=True))


@pytest.mark.django_db
def test_a_file_brings_them_and_the_same_one_again_changes_nothing(stones: Target, carol: Person) -> None:
    assert upload(carol, stones, file("Ladder; drone", ""))["counts"] == counts(added=2)
    assert kept(stones) == [["ladder", "drone"], []]
    assert upload(carol, stones, file("ladder;drone", ""))["counts"] == counts(kept=2)
    assert upload(carol, stones, file("ladder;drone", "rope"))["counts"] == counts(kept=1, changed=1)
    assert kept(stones) == [["ladder", "drone"], ["rope"]]


@pytest.mark.django_db
def test_they_go_out_with_the_places_and_come_in_again_as_they_were(stones: Target, carol: Person) -> None:
    upload(carol, stones, file("ladder; drone", ""))
    answer = carol.get(f"targets/{stones.pk}/slots.geojson")
    out = b"".join(answer.streaming_content)
    assert [one["properties"]["skills"] for one in json.loads(out)["features"]] == [["ladder", "drone"], []]
    assert [row.skills for row in read_table(out, "slots.geojson").rows] == [("ladder", "drone"), ()]
    assert upload(carol, stones, out, "slots.geojson")["counts"]["errors"] == 0
    assert kept(stones) == [["ladder", "drone"], []]


@pytest.mark.django_db
def test_the_coordinator_says_what_it_takes_and_whoever_goes_is_shown_it(
    stones: Target, carol: Person, alice: Person
) -> None:
    (oak,) = slots_in(stones, oak=0)
    for _time in range(2):
        answer = carol.patch(f"slots/{oak.pk}/", {"skills": ["Ladder", "ladder"]})
        assert (answer.status_code, answer.json()["skills"]) == (200, ["ladder"])
    (event,) = Event.objects.filter(noun="slot", verb="changed")
    assert event.data == {"before": {"skills": []}, "after": {"skills": ["ladder"]}}
    # Once from the claim, once from the one statement of a repeated request.
    assert [alice.asks(stones)["slot"]["skills"] for _time in range(2)] == [["ladder"], ["ladder"]]
    assert alice.get("assignments/").json()["results"][0]["slot_detail"]["skills"] == ["ladder"]
