"""Which photographs count: what the phone said of the place, which way it looked, and when it was, by a right clock."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from stories import NINE_O_CLOCK, Clock, Person, at, place, slots_in

from capturegraph.models import CandidateSlot, Capture, Match, Target
from capturegraph.services.matches import judging
from scheduling.geodesy import metres

pytestmark = pytest.mark.django_db


def state_of(name: str) -> str:
    return CandidateSlot.objects.get(external_id=name).state


# --- how well the phone knew its place --------------------------------------------------------------------------------


def test_a_target_may_insist_on_an_accuracy(stones: Target, alice: Person) -> None:
    slots_in(stones, a=0)
    Target.objects.update(accuracy_required=True)
    held = alice.asks(stones)["assignment"]["id"]
    verdict = alice.shoots(stones, 0, accuracy_m=None, assignment=held)["verdict"]
    assert (verdict["usable"], verdict["reason"]) == (False, "no_accuracy")
    assert verdict["named"]["text"] == "The phone did not say how well it knew its place. The slot stays yours."
    assert state_of("a") == "waiting"
    assert alice.shoots(stones, 0, accuracy_m=50)["verdict"]["usable"]
    assert state_of("a") == "fulfilled"


# --- directions -------------------------------------------------------------------------------------------------------


def looking(**headings: float | None) -> None:
    for name, heading in headings.items():
        CandidateSlot.objects.filter(external_id=name).update(heading=heading)


@pytest.mark.parametrize(
    ("east_m", "heading", "counts"),
    [
        (0, 350, True),  # 20° the short way round,
        (0, 340, False),  # 30°, which is one σ: not closer than the threshold,
        (0, 40, False),
        (30, 28, True),  # √(0.6² + 0.6²) = 0.85,
        (40, 28.01, False),  # √(0.8² + 0.6²) = 1.0,
        (40, 27.99, True),
        (0, None, True),  # and a phone without a compass is believed.
    ],
)
def test_the_direction_counts_with_the_place(
    stones: Target, alice: Person, east_m: float, heading: float | None, counts: bool
) -> None:
    slots_in(stones, a=0)
    looking(a=10)
    Target.objects.update(sigma_m=metres(place(0), place(50)) if east_m == 40 else 50)
    verdict = alice.shoots(stones, east_m, heading=heading)["verdict"]
    assert (len(verdict["also"]), len(verdict["missed"])) == ((1, 0) if counts else (0, 1))
    assert state_of("a") == ("fulfilled" if counts else "waiting")


def test_a_match_keeps_how_far_off_and_each_term(stones: Target, alice: Person) -> None:
    (slot,) = slots_in(stones, a=0)
    looking(a=10)
    told = alice.shoots(stones, 30, heading=355)["verdict"]["also"][0]
    match, capture = Match.objects.get(), Capture.objects.get()
    slot.refresh_from_db()
    said = judging.explained(capture, slot, stones)
    assert (match.heading_off_deg, told["heading_off_deg"]) == (15, 15)
    assert match.distance == said.distance == told["distance"]
    assert match.terms == pytest.approx({term.name: term.distance for term in said.terms})
    assert (match.metres, match.probability) == (said.metres, said.probability)


def test_a_wrong_direction_is_told_in_words(stones: Target, alice: Person) -> None:
    slots_in(stones, a=0)
    looking(a=0)
    held = alice.asks(stones)["assignment"]["id"]
    named = alice.shoots(stones, 20, heading=90, assignment=held)["verdict"]["named"]
    assert (named["reason"], named["metres"], named["heading_off_deg"]) == ("heading_off", 20.0, 90.0)
    assert named["text"] == "20 m off and 90° from the direction asked for: go nearer, or turn. The slot stays yours."


def test_a_target_may_insist_on_a_direction(stones: Target, alice: Person) -> None:
    slots_in(stones, a=0, b=500)
    looking(a=90)
    Target.objects.update(heading_required=True)
    held = alice.asks(stones, 0)["assignment"]["id"]
    assert alice.shoots(stones, 0, assignment=held)["verdict"]["named"]["reason"] == "no_heading"
    assert state_of("a") == "waiting"
    # A slot that asks for none is closed as ever.
    alice.shoots(stones, 500)
    assert state_of("b") == "fulfilled"
    alice.shoots(stones, 0, heading=90)
    assert state_of("a") == "fulfilled"


def test_without_a_sigma_directions_are_not_compared(stones: Target, alice: Person) -> None:
    slots_in(stones, a=0)
    looking(a=90)
    Target.objects.update(heading_sigma_deg=None)
    told = alice.shoots(stones, 0, heading=270)["verdict"]["also"][0]
    assert (told["heading_off_deg"], sorted(told["terms"])) == (180, ["location"])
    assert state_of("a") == "fulfilled"


# --- time -------------------------------------------------------------------------------------------------------------

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("taken_at", "counts"),
    [(NOON - INSTANT, False), (NOON, True), (NOON + timedelta(hours=1) - INSTANT, True),
     (NOON + timedelta(hours=1), False)],
)  # fmt: skip
def test_a_time_window_holds_its_beginning_and_not_its_end(
    stones: Target, alice: Person, clock: Clock, taken_at: datetime, counts: bool
) -> None:
    slots_in(stones, a=0)
    CandidateSlot.objects.update(window_from=NOON, window_until=NOON + timedelta(hours=1))
    clock.forward(hours=9)
    verdict = alice.shoots(stones, 0, taken_at=taken_at)["verdict"]
    assert [one["reason"] for one in verdict["missed"]] == ([] if counts else ["outside_window"])
    assert state_of("a") == ("fulfilled" if counts else "waiting")


@pytest.mark.parametrize(("before", "counts"), [(INSTANT, False), (timedelta(0), True)])
def test_what_was_taken_before_a_slot_was_asked_for_again_does_not_count(
    stones: Target, alice: Person, clock: Clock, before: timedelta, counts: bool
) -> None:
    slots_in(stones, a=0)
    CandidateSlot.objects.update(counts_from=NOON)
    clock.forward(hours=9)
    verdict = alice.shoots(stones, 0, taken_at=NOON - before)["verdict"]
    assert [one["reason"] for one in verdict["missed"]] == ([] if counts else ["before_counts_from"])
    assert state_of("a") == ("fulfilled" if counts else "waiting")


@pytest.mark.parametrize("behind", [timedelta(hours=-30), timedelta(minutes=1), timedelta(days=400)])
def test_a_wrong_clock_is_set_right(stones: Target, alice: Person, clock: Clock, behind: timedelta) -> None:
    slots_in(stones, a=0)
    CandidateSlot.objects.update(window_from=NOON, window_until=NOON + timedelta(hours=1))
    taken = NOON + timedelta(minutes=30)
    clock.forward(hours=9)
    alice.shoots(stones, 0, taken_at=taken - behind, sent_at=clock.now - behind)
    capture = Capture.objects.get()
    assert (capture.captured_at, capture.skew_s, capture.taken_at) == (taken, behind.total_seconds(), taken - behind)
    assert state_of("a") == "fulfilled"


@pytest.mark.parametrize("seconds", [-59, 0, 59])
def test_what_the_way_here_takes_is_no_wrong_clock(stones: Target, alice: Person, clock: Clock, seconds: int) -> None:
    taken = clock.now - timedelta(minutes=5)
    alice.shoots(stones, 0, taken_at=taken, sent_at=clock.now - timedelta(seconds=seconds))
    assert (Capture.objects.get().captured_at, Capture.objects.get().skew_s) == (taken, 0)


def test_nothing_was_taken_after_it_came(stones: Target, alice: Person, clock: Clock) -> None:
    alice.shoots(stones, 0, taken_at=clock.now + timedelta(days=1))
    assert Capture.objects.get().captured_at == clock.now


YEAR_1, YEAR_9999 = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("taken_at", "sent_at", "captured_at"),
    [
        (YEAR_1, YEAR_1, NINE_O_CLOCK),
        (YEAR_9999, YEAR_9999, NINE_O_CLOCK),
        (YEAR_9999, YEAR_1, NINE_O_CLOCK),
        (YEAR_1, YEAR_9999, YEAR_1),
        (YEAR_1, None, YEAR_1),
        (YEAR_9999, None, NINE_O_CLOCK),
    ],
)
def test_absurd_clocks_are_taken(
    stones: Target, alice: Person, taken_at: datetime, sent_at: datetime | None, captured_at: datetime
) -> None:
    slots_in(stones, a=0)
    alice.shoots(stones, 0, taken_at=taken_at, sent_at=sent_at)
    assert Capture.objects.get().captured_at == captured_at
    assert state_of("a") == "fulfilled"


def test_a_repeat_is_sent_at_another_time_and_the_first_skew_stays(stones: Target, alice: Person, clock: Clock) -> None:
    words, capture = alice.words(stones, 30, sent_at=clock.now - timedelta(hours=1)), uuid4()
    first = alice.sends(capture, words)
    clock.forward(hours=5)
    again = alice.sends(capture, {**words, "sent_at": clock.now})
    assert (first.status_code, again.status_code) == (201, 200)
    assert (first.content, Capture.objects.get().skew_s) == (again.content, 3600)
    assert alice.sends(capture, {name: value for name, value in words.items() if name != "sent_at"}).status_code == 200


# --- people -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["draft", "paused", "closed"])
def test_a_target_that_hands_out_nothing_takes_every_upload(stones: Target, alice: Person, state: str) -> None:
    slots_in(stones, a=0)
    Target.objects.update(state=state)
    alice.sends_photo(alice.shoots(stones, 0)["id"])
    assert (Capture.objects.get().state, state_of("a")) == ("stored", "fulfilled")


def removed(person: Person, clock: Clock) -> datetime:
    person.user.memberships.update(removed_at=clock.now)
    return clock.now


def test_a_removed_member_may_send_what_was_taken_before_for_fourteen_days(
    stones: Target, alice: Person, clock: Clock
) -> None:
    slots_in(stones, a=0)
    before = removed(alice, clock) - timedelta(seconds=1)
    clock.forward(days=14, seconds=-1)
    receipt = alice.shoots(stones, 0, taken_at=before)
    assert alice.sends_photo(receipt["id"]).status_code == 201
    assert state_of("a") == "fulfilled"


@pytest.mark.parametrize(("days", "earlier"), [(14, timedelta(hours=1)), (1, timedelta(0)), (1, -timedelta(hours=1))])
def test_nothing_else_of_a_removed_member_is_taken(
    stones: Target, alice: Person, clock: Clock, days: int, earlier: timedelta
) -> None:
    slots_in(stones, a=0)
    taken = removed(alice, clock) - earlier
    clock.forward(days=days)
    answer = alice.sends(uuid4(), alice.words(stones, 0, taken_at=taken))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert (Capture.objects.count(), state_of("a")) == (0, "waiting")


def test_a_turned_back_clock_does_not_let_a_removed_member_in(stones: Target, alice: Person, clock: Clock) -> None:
    wrong = removed(alice, clock) - timedelta(days=1)
    clock.forward(hours=1)
    answer = alice.sends(uuid4(), alice.words(stones, 0, taken_at=wrong, sent_at=wrong))
    assert answer.status_code == 404


# --- slots that somebody held -----------------------------------------------------------------------------------------


def test_where_only_held_slots_are_closed_any_holder_will_do(
    stones: Target, alice: Person, bob: Person, clock: Clock
) -> None:
    """Bob passes by, while alice holds it; his photograph comes hours later, when nobody does."""
    Target.objects.update(covers_waiting=False)
    slots_in(stones, a=0)
    alice.asks(stones)
    taken = clock.forward(minutes=5)
    clock.forward(hours=5)
    assert [one["title"] for one in bob.shoots(stones, 0, taken_at=taken)["verdict"]["also"]] == ["a"]
    assert state_of("a") == "fulfilled"


@pytest.mark.parametrize(("minute", "counts"), [(-1, False), (0, True), (9, True), (10, False), (15, False)])
def test_held_is_from_the_claim_to_the_release(
    stones: Target, alice: Person, bob: Person, clock: Clock, minute: int, counts: bool
) -> None:
    Target.objects.update(covers_waiting=False)
    slots_in(stones, a=0)
    began = clock.now
    hers = alice.asks(stones)["assignment"]["id"]
    clock.forward(minutes=10)
    alice.releases(hers)
    clock.forward(hours=5)
    bob.shoots(stones, 0, taken_at=began + timedelta(minutes=minute))
    assert state_of("a") == ("fulfilled" if counts else "waiting")


def test_a_lease_that_is_tidied_up_late_ended_when_its_time_was_up(
    stones: Target, alice: Person, bob: Person, clock: Clock
) -> None:
    from capturegraph.services.cycles import sweeping

    Target.objects.update(covers_waiting=False)
    slots_in(stones, a=0)
    alice.asks(stones)
    taken = clock.forward(hours=2)
    clock.forward(hours=2)
    sweeping.sweep(now=clock.now)
    bob.shoots(stones, 0, taken_at=taken)
    assert state_of("a") == "waiting"


def words_of(person: Person) -> list[str]:
    return list(person.user.messages.order_by("created_at", "id").values_list("kind", flat=True))


def test_whoever_is_on_the_way_to_what_another_closed_is_told(
    stones: Target, alice: Person, bob: Person, clock: Clock
) -> None:
    """Alice's lease runs out, bob gets the slot, and then hers comes, taken in time."""
    slots_in(stones, a=0)
    hers = alice.asks(stones)["assignment"]["id"]
    taken = clock.forward(minutes=10)
    clock.forward(minutes=30)
    assert bob.gets(stones) == "a"
    alice.shoots(stones, 0, assignment=hers, taken_at=taken)
    assert (words_of(alice), words_of(bob)) == ([], ["slot_done"])
    assert bob.user.messages.get().data["title"] == "a"


def test_nobody_is_told_of_their_own_photograph(stones: Target, alice: Person, bob: Person) -> None:
    slots_in(stones, required_count=2, a=0)
    hers, his = alice.asks(stones)["assignment"]["id"], bob.asks(stones)["assignment"]["id"]
    alice.shoots(stones, 0, assignment=hers)
    bob.shoots(stones, 0, assignment=his)
    assert (state_of("a"), words_of(alice), words_of(bob)) == ("fulfilled", [], [])


def test_two_of_three_came_by_chance_and_the_holder_is_told_only_at_the_last(
    stones: Target, alice: Person, bob: Person, carol: Person, rita: Person
) -> None:
    slots_in(stones, required_count=3, a=0)
    alice.asks(stones)
    for person in (bob, carol):
        person.shoots(stones, 0)
        assert words_of(alice) == []
    rita.shoots(stones, 0)
    assert (state_of("a"), words_of(alice)) == ("fulfilled", ["slot_done"])


def test_an_unreachable_slot_that_somebody_reached_is_done(stones: Target, alice: Person) -> None:
    slots_in(stones, a=0)
    CandidateSlot.objects.update(state="not_capturable")
    alice.shoots(stones, 0)
    assert state_of("a") == "fulfilled"


def test_a_place_without_a_position_says_nothing_of_metres(stones: Target, alice: Person) -> None:
    slots_in(stones, a=0)
    held = alice.asks(stones)["assignment"]["id"]
    CandidateSlot.objects.update(latitude=None, longitude=None, cell=None)
    named: dict[str, Any] = alice.shoots(stones, None, **at(0), assignment=held)["verdict"]["named"]
    assert (named["fulfilled"], named["metres"], named["reason"]) == (False, None, "too_far")
