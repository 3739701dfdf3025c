"""What a file may do to places that somebody holds or has photographed, and how it is taken back."""

from typing import Any
from uuid import uuid4

import pytest
from bringing_in import counts, sheet, states, table, upload, waiting
from stories import Clock, Person, place, slots_in

from capturegraph.models import Assignment, CandidateSlot, Event, Match, Message, Target

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]


def undo(who: Person, batch: dict[str, Any]) -> dict[str, Any]:
    answer = who.post(f"batches/{batch['id']}/undo/")
    assert answer.status_code == 200, answer.content
    return answer.json()


# --- what somebody holds ----------------------------------------------------------------------------------------------


def test_the_preview_says_who_is_on_the_way_there(stones: Target, carol: Person, alice: Person) -> None:
    upload(carol, stones, table("1 oak 0", "2 elm 500"))
    held = alice.asks(stones)
    seen = upload(carol, stones, table("1 oak 90"), mode="replace", dry_run=True)
    assert seen["counts"] == counts(protected=1, removed=1)
    (one,) = seen["held"]
    assert (one["title"], one["name"], one["goes"]) == ("oak", "Alice", False)
    assert one["until"].replace("+00:00", "Z") == held["assignment"]["expires_at"]
    assert Message.objects.count() == 0


@pytest.mark.parametrize(("mode", "file", "kind"), [
    ("add", "1 oak 90", "slot_moved"), ("replace", "2 elm 500", "slot_withdrawn"),
])  # fmt: skip
def test_a_held_slot_moves_or_goes_when_the_coordinator_says_so_and_the_holder_is_told(
    stones: Target, carol: Person, alice: Person, mode: str, file: str, kind: str
) -> None:
    upload(carol, stones, table("1 oak 0"))
    alice.asks(stones)
    batch = upload(carol, stones, table(file), mode=mode, release_held=True)
    assert batch["counts"]["released"] == 1
    assignment = Assignment.objects.get()
    assert (assignment.state, Event.objects.get(row_id=assignment.pk, verb="withdrawn").data["why"]) == (
        "withdrawn", kind,
    )  # fmt: skip
    told = Message.objects.get()
    assert (told.user, told.kind, told.data["title"]) == (alice.user, kind, "oak")
    oak = CandidateSlot.objects.get(external_id="1")
    assert (oak.state, oak.seats_left) == (("waiting", 1) if kind == "slot_moved" else ("withdrawn", 1))


def test_a_new_title_reaches_a_slot_that_is_held(stones: Target, carol: Person, alice: Person) -> None:
    upload(carol, stones, table("1 oak 0"))
    alice.asks(stones)
    assert upload(carol, stones, table("1 beech 0"))["counts"] == counts(changed=1)
    assert (alice.gets(stones), Assignment.objects.get().state) == ("beech", "held")


def test_a_lapsed_lease_protects_nothing_and_ends(stones: Target, carol: Person, alice: Person, clock: Clock) -> None:
    upload(carol, stones, table("1 oak 0"))
    alice.asks(stones)
    clock.forward(hours=3)
    assert upload(carol, stones, table("1 oak 90"))["counts"] == counts(changed=1)
    assert Assignment.objects.get().state == "expired"
    assert (CandidateSlot.objects.get().seats_left, Message.objects.count()) == (1, 0)


# --- what is covered --------------------------------------------------------------------------------------------------


def test_the_preview_counts_what_is_covered_and_changes_nothing(stones: Target, carol: Person, bob: Person) -> None:
    bob.shoots(stones, 20)
    before = (Match.objects.count(), Event.objects.count())
    seen = upload(carol, stones, table("1 oak 0", "2 elm 500"), dry_run=True)
    assert seen["counts"] == counts(added=2, covered=1)
    assert (CandidateSlot.objects.count(), Match.objects.count(), Event.objects.count()) == (0, *before)
    applied = carol.post(f"batches/{seen['id']}/apply/").json()
    assert applied["counts"] == seen["counts"]


def test_afresh_asks_again_for_what_is_covered(
    stones: Target, carol: Person, bob: Person, alice: Person, clock: Clock
) -> None:
    bob.shoots(stones, 20)
    clock.forward(minutes=1)
    batch = upload(carol, stones, table("1 oak 0", "2 elm 500"), afresh=True)
    assert (batch["counts"], batch["afresh"]) == (counts(added=2, covered=1), True)
    oak, elm = CandidateSlot.objects.order_by("external_id")
    assert (oak.state, oak.counts_from, elm.counts_from) == ("waiting", clock.now, None)
    clock.forward(minutes=1)
    alice.shoots(stones, 0)
    assert states(stones) == {"oak": "fulfilled", "elm": "waiting"}


def test_afresh_opens_again_what_is_done(stones: Target, carol: Person, bob: Person, clock: Clock) -> None:
    upload(carol, stones, table("1 oak 0"))
    bob.shoots(stones, 0)
    clock.forward(days=60)
    assert upload(carol, stones, table("1 oak 0"))["counts"] == counts(kept=1)
    assert states(stones) == {"oak": "fulfilled"}
    assert upload(carol, stones, table("1 oak 0"), afresh=True)["counts"]["changed"] == 1
    assert states(stones) == {"oak": "waiting"}
    assert CandidateSlot.objects.get().counts_from == clock.now


def test_a_slot_that_comes_back_brings_its_photographs(
    stones: Target, carol: Person, alice: Person, bob: Person
) -> None:
    two = "external_id,title,lat,lon,required_count\n1,oak,{},{},2".format(*place(0))
    upload(carol, stones, two)
    bob.shoots(stones, 0)
    upload(carol, stones, table("2 elm 500"), mode="replace")
    assert states(stones)["oak"] == "withdrawn"
    assert upload(carol, stones, two)["counts"] == counts(changed=1)
    oak = CandidateSlot.objects.get(external_id="1")
    assert (oak.state, oak.seats_left) == ("waiting", 1)
    Target.objects.update(hand_out="nearest")
    assert (bob.gets(stones, 0), alice.gets(stones, 0)) == ("elm", "oak")


@pytest.mark.parametrize(("file", "state"), [("1 oak 0 other note", "not_capturable"), ("1 oak 90", "waiting")])
def test_what_nobody_can_get_to_stays_so_unless_it_moves(stones: Target, carol: Person, file: str, state: str) -> None:
    upload(carol, stones, table("1 oak 0"))
    CandidateSlot.objects.update(state="not_capturable")
    assert upload(carol, stones, table(file))["counts"] == counts(changed=1)
    assert states(stones) == {"oak": state}


# --- the same again ---------------------------------------------------------------------------------------------------


def test_the_same_file_again_is_one_event_and_no_change(stones: Target, carol: Person, clock: Clock) -> None:
    file = table("1 oak 0", "2 elm 300", "3 ash 100")
    upload(carol, stones, file)
    rows, events = list(CandidateSlot.objects.order_by("pk").values()), Event.objects.count()
    clock.forward(hours=1)
    for mode in ("add", "replace"):
        assert upload(carol, stones, file, mode=mode)["counts"] == counts(kept=3)
    assert list(CandidateSlot.objects.order_by("pk").values()) == rows
    assert list(Event.objects.order_by("pk").values_list("verb", flat=True))[events:] == ["applied", "applied"]


def test_two_rows_of_one_place_without_ids_are_two_slots_and_stay_two(stones: Target, carol: Person) -> None:
    file = sheet("title", "0,front", "0,back", "300,side")
    assert upload(carol, stones, file)["counts"] == counts(added=3, close=2)
    again = upload(carol, stones, file, mode="replace")
    assert again["counts"] == counts(kept=3, close=0)
    renamed = upload(carol, stones, file.replace("front", "door"), mode="replace")
    assert renamed["counts"] == counts(kept=2, changed=1)
    assert sorted(states(stones).values()) == ["waiting"] * 3


def test_direction_and_window_tell_places_without_ids_apart(stones: Target, carol: Person) -> None:
    head = "title,heading,from,until"
    row = "0,oak,90,2026-06-01 08:00,2026-06-01 18:00"
    upload(carol, stones, sheet(head, row))
    assert upload(carol, stones, sheet(head, row))["counts"] == counts(kept=1)
    for other in (row.replace(",90,", ",270,"), row.replace("18:00", "19:00"), row.replace("08:00", "07:00")):
        assert upload(carol, stones, sheet(head, other))["counts"] == counts(added=1)
    assert CandidateSlot.objects.count() == 4


def test_typed_times_are_by_the_clocks_of_the_target(stones: Target, carol: Person) -> None:
    Target.objects.update(time_zone="America/New_York")
    file = sheet("title,from,until", "0,oak,2026-06-01 08:00,2026-06-01T18:00:00+02:00", "300,elm,2026-03-08 02:30,",
                 "600,ash,2026-11-01 01:30,", "900,fir,2026-06-02,2026-06-01")  # fmt: skip
    batch = upload(carol, stones, file, skip_bad_rows=True)
    assert [(error["row"], error["field"]) for error in batch["row_errors"]] == [
        (3, "window_from"), (4, "window_from"), (5, "window_until"),
    ]  # fmt: skip
    assert "-04:00 or -05:00" in batch["row_errors"][1]["reason"]
    oak = CandidateSlot.objects.get()
    assert (oak.window_from.isoformat(), oak.window_until.isoformat()) == (
        "2026-06-01T12:00:00+00:00", "2026-06-01T16:00:00+00:00",
    )  # fmt: skip


# --- too close together -----------------------------------------------------------------------------------------------


def test_the_preview_counts_places_that_one_photograph_would_close(stones: Target, carol: Person) -> None:
    slots_in(stones, oak=0, far=5000)
    seen = upload(carol, stones, table("1 elm 30", "2 ash 300", "3 fir 349", "4 yew 402"), dry_run=True)
    assert seen["counts"]["close"] == 3
    pairs = {(pair["title"], pair["other_title"]): round(pair["metres"]) for pair in seen["close"]}
    assert pairs == {("elm", "oak"): 30, ("ash", "fir"): 49}
    assert seen["close"][0]["other_row"] is None


# --- undo -------------------------------------------------------------------------------------------------------------


def test_undo_withdraws_what_nobody_has_touched_and_lists_the_rest(
    stones: Target, carol: Person, alice: Person, bob: Person, clock: Clock
) -> None:
    slots_in(stones, before=5000)
    Target.objects.update(hand_out="nearest")
    batch = upload(carol, stones, table("1 oak 0", "2 elm 500", "3 ash 1000", "4 fir 1500"))
    bob.shoots(stones, 0)
    assert alice.gets(stones, 500) == "elm"
    clock.forward(minutes=5)
    undone = undo(carol, batch)
    assert (undone["state"], undone["undone_at"]) == ("undone", clock.now.isoformat().replace("+00:00", "Z"))
    assert (undone["counts"]["withdrawn"], undone["counts"]["left"]) == (2, 2)
    assert {one["title"]: one["why"] for one in undone["left"]} == {"oak": "photographed", "elm": "held"}
    assert states(stones) == {
        "before": "waiting", "oak": "fulfilled", "elm": "waiting", "ash": "withdrawn", "fir": "withdrawn",
    }  # fmt: skip
    clock.forward(minutes=5)
    assert undo(carol, batch) == undone
    assert Event.objects.filter(verb="undone").count() == 1


def test_undo_ends_what_ran_out_with_the_places(
    stones: Target, carol: Person, alice: Person, bob: Person, clock: Clock
) -> None:
    batch = upload(carol, stones, table("1 oak 0", "2 elm 500"))
    assert alice.gets(stones) == "oak"
    elm = CandidateSlot.objects.get(external_id="2")
    carol.post(f"targets/{stones.pk}/slots/change/", {"action": "assign", "slots": [elm.pk], "volunteer": bob.user.pk})
    clock.forward(hours=25)
    undone = undo(carol, batch)
    assert (undone["counts"]["withdrawn"], undone["left"]) == (2, [])
    ended = Assignment.objects.values_list("slot__title", "state", "slot__state", "slot__seats_left")
    assert set(ended) == {("oak", "expired", "withdrawn", 1), ("elm", "expired", "withdrawn", 1)}


def test_undo_restores_nothing_of_what_was_there(stones: Target, carol: Person) -> None:
    upload(carol, stones, table("1 oak 0", "2 elm 500"))
    batch = upload(carol, stones, table("1 beech 0", "3 ash 900"), mode="replace")
    undo(carol, batch)
    assert states(stones) == {"beech": "waiting", "elm": "withdrawn", "ash": "withdrawn"}


def test_only_what_was_applied_can_be_undone_and_what_was_undone_is_not_applied_again(
    stones: Target, carol: Person
) -> None:
    seen = upload(carol, stones, table("1 oak 0"), dry_run=True)
    refused = carol.post(f"batches/{seen['id']}/undo/")
    assert (refused.status_code, refused.json()["present"]["state"]) == (409, "previewed")
    carol.post(f"batches/{seen['id']}/apply/")
    undo(carol, seen)
    assert carol.post(f"batches/{seen['id']}/apply/").status_code == 409
    assert carol.post(f"batches/{uuid4()}/undo/").status_code == 404
    assert waiting(stones) == {}


def test_an_undone_file_can_be_brought_in_again(stones: Target, carol: Person, alice: Person) -> None:
    undo(carol, upload(carol, stones, table("1 oak 0")))
    assert upload(carol, stones, table("1 oak 0"))["counts"] == counts(changed=1)
    assert alice.gets(stones) == "oak"
