"""Files of candidate slots: uploaded, looked at, applied whole or not at all."""

import csv
import io
import json
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from bringing_in import counts, send, table, upload, waiting
from stories import Clock, Person, at, place, slots_in

from capturegraph.models import Batch, CandidateSlot, Event, Target
from scheduling.geodesy import metres_matrix

pytestmark = pytest.mark.django_db

STONES = Path(__file__).parents[1] / "data" / "places" / "boundary-stones-location.geojson"


def stones_as_csv() -> str:
    out = io.StringIO()
    sheet = csv.writer(out)
    sheet.writerow(["OBJECTID", "STONE_NUM", "LOCATION_DESCRIPTION", "lat", "lon"])
    for feature in json.loads(STONES.read_text())["features"]:
        values, (longitude, latitude) = feature["properties"], feature["geometry"]["coordinates"]
        sheet.writerow(
            [*(values[name] for name in ("OBJECTID", "STONE_NUM", "LOCATION_DESCRIPTION")), latitude, longitude]
        )
    return out.getvalue()


# --- real places ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["geojson", "csv"])
def test_the_boundary_stones(stones: Target, carol: Person, alice: Person, kind: str) -> None:
    data = STONES.read_bytes() if kind == "geojson" else stones_as_csv()
    batch = upload(carol, stones, data, f"stones.{kind}", columns='{"external_id": "OBJECTID"}')
    assert (batch["state"], batch["format"], batch["rows"], batch["row_errors"]) == ("applied", kind, 39, [])
    assert batch["counts"] == counts(added=39)
    assert batch["reading"]["columns"]["title"] == "STONE_NUM"
    features = json.loads(STONES.read_text())["features"]
    given = {str(one["properties"]["OBJECTID"]): one for one in features}
    listed = alice.get(f"targets/{stones.pk}/slots/").json()["results"]
    assert {slot["external_id"]: slot["title"] for slot in listed} == {
        key: one["properties"]["STONE_NUM"] for key, one in given.items()
    }
    for slot in listed:
        assert [slot["longitude"], slot["latitude"]] == given[slot["external_id"]]["geometry"]["coordinates"]
        assert (
            slot["note"]
            == given[slot["external_id"]]["properties"]["LOCATION_DESCRIPTION"].replace("\r\n", "\n").strip()
        )
    assert alice.gets(stones) == features[0]["properties"]["STONE_NUM"]


def test_neighbours_in_rank_are_neighbours_on_the_ground(stones: Target, carol: Person) -> None:
    upload(carol, stones, STONES.read_bytes(), "stones.geojson")
    rows = list(CandidateSlot.objects.order_by("rank").values_list("latitude", "longitude", "rank"))
    latitude, longitude, ranks = (np.array(column, float) for column in zip(*rows, strict=True))
    apart = metres_matrix(latitude, longitude, latitude, longitude)
    steps = apart[np.arange(38), np.arange(1, 39)]
    assert list(ranks) == list(range(39))
    # Stones stand a mile apart around a square of ten miles a side: a walk along them has no long way back.
    assert steps.sum() < 39 * 1_800
    assert steps.max() < 5_000
    assert rows[0][:2] == tuple(reversed(json.loads(STONES.read_text())["features"][0]["geometry"]["coordinates"]))


def test_the_same_file_again_changes_nothing(stones: Target, carol: Person, clock: Clock) -> None:
    upload(carol, stones, STONES.read_bytes(), "stones.geojson")
    before = list(CandidateSlot.objects.order_by("pk").values())
    for mode in ("add", "replace"):
        clock.forward(hours=1)
        assert upload(carol, stones, STONES.read_bytes(), "stones.geojson", mode=mode)["counts"] == counts(kept=39)
    assert list(CandidateSlot.objects.order_by("pk").values()) == before


def test_a_feature_of_many_points_is_many_slots(stones: Target, carol: Person) -> None:
    many = {"type": "MultiPoint", "coordinates": [list(reversed(place(east_m))) for east_m in (0, 100, 200)]}
    line = {"type": "LineString", "coordinates": many["coordinates"][:1]}
    features = [{"type": "Feature", "properties": {"name": "trees"}, "geometry": geometry} for geometry in (many, line)]
    data = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    refused = send(carol, stones, data, "trees.geojson").json()
    assert [(error["row"], error["field"]) for error in refused["errors"]] == [(2, "geometry")]
    batch = upload(carol, stones, data, "trees.geojson", skip_bad_rows=True)
    assert batch["counts"] == counts(added=3, errors=1)


# --- what changes -----------------------------------------------------------------------------------------------------


def test_the_external_id_makes_it_an_update(stones: Target, carol: Person, clock: Clock) -> None:
    upload(carol, stones, table("1 north 0", "2 south 100"))
    before = CandidateSlot.objects.get(external_id="1")
    clock.forward(hours=1)
    batch = upload(carol, stones, table("1 Northern 7 beside the gate", "3 east 300"))
    assert batch["counts"] == counts(added=1, changed=1)
    after = CandidateSlot.objects.get(external_id="1")
    assert (after.pk, after.title, after.note) == (before.pk, "Northern", "beside the gate")
    assert (after.latitude, after.longitude) == pytest.approx(place(7))
    assert after.cell is not None
    assert after.updated_at == clock.now
    assert set(waiting(stones)) == {"1", "2", "3"}


def test_without_ids_the_place_makes_it_the_same(stones: Target, carol: Person) -> None:
    line = "title,lat,lon\nwell,38.9,-77.0\n"
    assert upload(carol, stones, line)["counts"] == counts(added=1)
    assert upload(carol, stones, line)["counts"] == counts(kept=1)
    assert upload(carol, stones, line.replace("well", "fountain"))["counts"] == counts(changed=1)
    assert CandidateSlot.objects.get().title == "fountain"


def test_replace_withdraws_what_the_file_lacks_and_nothing_that_is_held_or_done(
    stones: Target, carol: Person, alice: Person, bob: Person
) -> None:
    upload(carol, stones, table("1 done 0", "2 held 200", "3 waits 400"))
    bob.shoots(stones, 0)
    assert alice.gets(stones) == "held"
    batch = upload(carol, stones, table("4 new 600"), mode="replace")
    assert batch["counts"] == counts(added=1, removed=1, protected=1)
    states = dict(CandidateSlot.objects.values_list("title", "state"))
    assert states == {"done": "fulfilled", "held": "waiting", "waits": "withdrawn", "new": "waiting"}
    assert (alice.gets(stones), bob.gets(stones)) == ("held", "new")


def test_a_held_slot_is_not_moved_from_under_its_holder(stones: Target, carol: Person, alice: Person) -> None:
    upload(carol, stones, table("1 a 0"))
    alice.asks(stones)
    assert upload(carol, stones, table("1 a 90"))["counts"] == counts(protected=1)
    assert CandidateSlot.objects.get().longitude == pytest.approx(place(0)[1])


def test_a_withdrawn_slot_comes_back_when_its_file_does(stones: Target, carol: Person, alice: Person) -> None:
    upload(carol, stones, table("1 a 0"))
    upload(carol, stones, table("2 b 200"), mode="replace")
    batch = upload(carol, stones, table("1 a 0"), mode="replace")
    assert batch["counts"] == counts(changed=1, removed=1)
    assert alice.gets(stones) == "a"


def test_what_is_covered_already_is_closed_at_once(stones: Target, carol: Person, alice: Person, bob: Person) -> None:
    bob.shoots(stones, 20)
    bob.shoots(stones, 600, accuracy_m=0)
    batch = upload(carol, stones, table("1 covered 0", "2 near 80", "3 mocked 600"))
    assert batch["counts"] == counts(added=3, covered=1)
    assert list(waiting(stones)) == ["2", "3"]
    assert alice.gets(stones) == "near"


def test_a_slot_that_moves_away_from_its_photo_waits_again(stones: Target, carol: Person, bob: Person) -> None:
    upload(carol, stones, table("1 a 0"))
    bob.shoots(stones, 0)
    upload(carol, stones, table("1 a 500"))
    assert (CandidateSlot.objects.get().state, CandidateSlot.objects.get().seats_left) == ("waiting", 1)


def test_a_slot_that_asks_for_more_people_waits_again(
    stones: Target, carol: Person, bob: Person, alice: Person
) -> None:
    head = "external_id,title,lat,lon,required_count\n"
    upload(carol, stones, f"{head}1,a,{place(0)[0]},{place(0)[1]},1")
    bob.shoots(stones, 0)
    upload(carol, stones, f"{head}1,a,{place(0)[0]},{place(0)[1]},2")
    assert (bob.gets(stones), alice.gets(stones)) == ("none_for_you", "a")


# --- bad rows ---------------------------------------------------------------------------------------------------------


BAD = "external_id,title,lat,lon\n1,fine,38.9,-77\n2,north,91,-77\n3,east,38.9,two\n1,twice,38.8,-77\n"


def test_bad_rows_are_named_and_nothing_is_left_behind(stones: Target, carol: Person, own_files: Path) -> None:
    events = Event.objects.count()
    answer = send(carol, stones, BAD.encode(), "places.csv")
    problem = answer.json()
    assert (answer.status_code, answer["Content-Type"], problem["code"]) == (
        400,
        "application/problem+json",
        "rows_refused",
    )
    assert [(error["row"], error["field"]) for error in problem["errors"]] == [
        (3, "latitude"), (4, "longitude"), (5, "external_id"),
    ]  # fmt: skip
    assert "91 does not exist: it ends at 90." in problem["errors"][0]["reason"]
    assert "“two” is not a number" in problem["errors"][1]["reason"]
    assert problem["detail"].startswith("3 rows cannot be read. Row 3, latitude: ")
    assert (CandidateSlot.objects.count(), Batch.objects.count(), Event.objects.count()) == (0, 0, events)
    assert list(own_files.rglob("*.*")) == []


def test_bad_rows_can_be_left_out(stones: Target, carol: Person) -> None:
    batch = upload(carol, stones, BAD, skip_bad_rows=True)
    assert batch["counts"] == counts(added=1, errors=3)
    assert [error["row"] for error in batch["row_errors"]] == [3, 4, 5]
    assert waiting(stones) == {"1": "fine"}


def test_columns_by_the_person_s_word(stones: Target, carol: Person) -> None:
    data = "what,north,east\nwell,38.9,-77\n"
    assert send(carol, stones, data.encode(), "p.csv").json()["code"] == "file_unreadable"
    chosen = {"title": "what", "latitude": "north", "longitude": "east"}
    assert upload(carol, stones, data, columns=json.dumps(chosen))["columns"] == chosen
    assert CandidateSlot.objects.get().title == "well"


# --- look first -------------------------------------------------------------------------------------------------------


def test_looking_changes_nothing_and_applying_does_what_was_shown(
    stones: Target, carol: Person, alice: Person, clock: Clock
) -> None:
    seen = upload(carol, stones, table("1 a 0", "2 b 100"), dry_run=True)
    assert (seen["state"], seen["counts"], seen["applied_at"]) == ("previewed", counts(added=2), None)
    assert alice.gets(stones) == "nothing_uploaded"
    clock.forward(minutes=5)
    applied = carol.post(f"batches/{seen['id']}/apply/")
    assert (applied.status_code, applied.json()["state"]) == (200, "applied")
    assert applied.json()["counts"] == seen["counts"]
    assert carol.get(f"batches/{seen['id']}/").json() == applied.json()
    assert alice.gets(stones) == "a"


def test_applying_twice_is_once(stones: Target, carol: Person, clock: Clock) -> None:
    seen = upload(carol, stones, table("1 a 0"), dry_run=True)
    first = carol.post(f"batches/{seen['id']}/apply/").json()
    CandidateSlot.objects.update(title="changed since")
    clock.forward(minutes=5)
    assert carol.post(f"batches/{seen['id']}/apply/").json() == first
    assert CandidateSlot.objects.get().title == "changed since"
    assert Event.objects.filter(verb="applied", row_id=seen["id"]).count() == 1


def test_looking_at_bad_rows_shows_them_and_applying_refuses(stones: Target, carol: Person) -> None:
    seen = upload(carol, stones, BAD, dry_run=True)
    assert (seen["counts"]["errors"], len(seen["row_errors"])) == (3, 3)
    refused = carol.post(f"batches/{seen['id']}/apply/")
    assert (refused.status_code, refused.json()["code"]) == (400, "rows_refused")
    assert CandidateSlot.objects.count() == 0
    applied = carol.post(f"batches/{seen['id']}/apply/", {"skip_bad_rows": True}).json()
    assert applied["counts"] == counts(added=1, errors=3)


def test_what_happened_between_looking_and_applying_counts(stones: Target, carol: Person, bob: Person) -> None:
    seen = upload(carol, stones, table("1 a 0"), dry_run=True)
    bob.shoots(stones, 0)
    assert carol.post(f"batches/{seen['id']}/apply/").json()["counts"] == counts(added=1, covered=1)


def test_the_same_operation_is_one_batch(stones: Target, carol: Person, own_files: Path) -> None:
    operation = str(uuid4())
    first = upload(carol, stones, table("1 a 0"), operation_id=operation)
    assert upload(carol, stones, table("1 a 0"), operation_id=operation) == first
    assert (Batch.objects.count(), len(list(own_files.rglob("*.csv")))) == (1, 1)


def test_the_list_of_files(stones: Target, carol: Person, clock: Clock) -> None:
    first = upload(carol, stones, table("1 a 0"))
    clock.forward(minutes=1)
    second = upload(carol, stones, table("2 b 100"), dry_run=True)
    listed = carol.get(f"targets/{stones.pk}/batches/").json()
    assert (listed["results"], listed["next"]) == ([first, second], None)


# --- lists of slots ---------------------------------------------------------------------------------------------------


def test_slots_come_in_pages_and_since_a_time(stones: Target, carol: Person, alice: Person, clock: Clock) -> None:
    upload(carol, stones, table("1 a 0", "2 b 100", "3 c 200"))
    path, titles = f"targets/{stones.pk}/slots/", []
    page = alice.get(path, page_size="2").json()
    while page:
        titles += [slot["title"] for slot in page["results"]]
        page = alice.phone.get(page["next"]).json() if page["next"] else None
    assert sorted(titles) == ["a", "b", "c"]
    since = clock.forward(minutes=1)
    alice.asks(stones)
    changed = alice.get(path, updated_since=since.isoformat()).json()["results"]
    assert [(slot["title"], slot["held"], slot["mine"]) for slot in changed] == [("a", True, True)]


def test_names_of_holders_are_for_coordinators_and_reviewers(
    stones: Target, carol: Person, rita: Person, alice: Person, bob: Person
) -> None:
    slots_in(stones, a=0)
    alice.asks(stones)
    path, hers = f"targets/{stones.pk}/slots/", {"id": str(alice.user.pk), "name": "Alice"}
    shown = {who: who.get(path).json()["results"][0] for who in (carol, rita, alice, bob)}
    assert {who: slot["held_by"] for who, slot in shown.items()} == {carol: hers, rita: hers, alice: None, bob: None}
    assert {who: slot["held"] for who, slot in shown.items()} == dict.fromkeys(shown, True)


def test_the_map(stones: Target, carol: Person, alice: Person) -> None:
    upload(carol, stones, table("1 a 0", "2 b 100"))
    answer = alice.get(f"targets/{stones.pk}/slots.geojson")
    assert answer["Content-Type"] == "application/geo+json"
    collection = json.loads(b"".join(answer.streaming_content))
    assert collection["type"] == "FeatureCollection"
    first = collection["features"][0]
    assert first["geometry"]["coordinates"] == pytest.approx([at(0)["longitude"], at(0)["latitude"]], abs=1e-6)
    assert (first["properties"]["title"], first["properties"]["state"]) == ("a", "waiting")


def test_the_counts_of_a_target_add_up(stones: Target, carol: Person, alice: Person, bob: Person) -> None:
    upload(carol, stones, table("1 a 0", "2 b 100", "3 c 200", "4 d 300"))
    alice.asks(stones)
    bob.shoots(stones, 300)
    shown = carol.get(f"targets/{stones.pk}/").json()["counts"]
    assert shown == {
        "waiting": 2, "held": 1, "fulfilled": 1, "withdrawn": 0, "not_capturable": 0, "pool": 0, "total": 4,
    }  # fmt: skip


def test_an_id_that_is_somewhere_else_entirely_is_counted(carol: Person, stones: Target) -> None:
    upload(carol, stones, table("1 North 0", "2 South 500"))
    looked_at = upload(carol, stones, table("1 North 60", "2 Elsewhere 1700"), dry_run="true")
    assert looked_at["counts"] == counts(changed=2, moved_far=1)
