"""Which slot comes next: by the target's way of handing out, by priority, and by what somebody did before."""

from datetime import timedelta
from typing import Any

import pytest
from stories import Clock, Person, place, slots_in

from capturegraph.models import Assignment, CandidateSlot, Capture, Event, Target
from capturegraph.services.cycles import sweeping

pytestmark = pytest.mark.django_db

WAYS = ("look_ahead", "nearest", "planned", "queue")


@pytest.fixture
def by_place(stones: Target) -> Target:
    """The target of the others, as it is handed out where nobody chooses otherwise."""
    stones.hand_out = Target._meta.get_field("hand_out").default
    stones.save()
    return stones


def hands_out(target: Target, way: str) -> None:
    target.hand_out = way
    target.save()


def plan(person: Person, name: str, since: Any, **lasting: float) -> Assignment:
    slot = CandidateSlot.objects.get(external_id=name)
    return Assignment.objects.create(
        target=slot.target, slot=slot, volunteer=person.user, state="planned", started_at=since,
        expires_at=since + timedelta(**lasting),
    )  # fmt: skip


def many(count: int, *, first_m: float, step_m: float) -> dict[str, float]:
    return {f"{first_m:.0f} {number}": first_m + number * step_m for number in range(count)}


# --- the way of handing out -------------------------------------------------------------------------------------------


def test_the_default_is_the_first_stop_of_the_best_short_walk(by_place: Target, alice: Person) -> None:
    # One near place to the west; to the east, a little farther, a row of them.
    slots_in(by_place, lonely=-240, **many(12, first_m=260, step_m=60))
    assert alice.gets(by_place, 0) == "260 0"


def test_nearest_gives_the_nearest(stones: Target, alice: Person, bob: Person) -> None:
    hands_out(stones, "nearest")
    slots_in(stones, lonely=-240, **many(12, first_m=260, step_m=60))
    assert [alice.gets(stones, 0), bob.gets(stones, 0)] == ["lonely", "260 0"]


def test_the_queue_goes_by_rank_wherever_one_is(stones: Target, alice: Person, bob: Person) -> None:
    hands_out(stones, "queue")
    slots_in(stones, far=900, farther=2000, near=0)
    assert [alice.gets(stones, 0), bob.gets(stones)] == ["far", "farther"]


def test_a_place_that_closes_many_is_worth_some_steps(by_place: Target, alice: Person) -> None:
    slots_in(by_place, lonely=100, **many(9, first_m=-500, step_m=-400))
    slots_in(by_place, heart=-130, one=-100, two=-110, three=-150, four=-160)
    assert alice.gets(by_place, 0) in ("heart", "two", "three")


def test_few_left_go_to_whom_they_are_nearest(by_place: Target, alice: Person, bob: Person) -> None:
    slots_in(by_place, bob_s=1000, beside_bob=1100, beside_alice=500)
    assert bob.gets(by_place, 1000) == "bob_s"
    # To alice 500 m, as 600 m to the other one; which bob stands beside.
    assert alice.gets(by_place, 1050 - 600) == "beside_alice"


def test_beyond_a_day_s_walk_the_tour_decides(by_place: Target, alice: Person) -> None:
    slots_in(by_place, first=90_000, second=30_000)
    assert alice.gets(by_place, 0) == "first"


def test_a_slot_without_a_place_comes_after_those_with_one(by_place: Target, alice: Person, bob: Person) -> None:
    CandidateSlot.objects.create(target=by_place, title="somewhere", rank=-1)
    slots_in(by_place, a=0)
    assert [alice.gets(by_place, 0), bob.gets(by_place, 0)] == ["a", "somewhere"]


def test_slots_without_places_are_handed_out_without_a_position_too(by_place: Target, alice: Person) -> None:
    CandidateSlot.objects.create(target=by_place, title="somewhere", rank=0)
    assert alice.gets(by_place) == "somewhere"


@pytest.mark.parametrize("longitude", [180.0, -179.9999])
def test_at_the_date_line_near_is_near(by_place: Target, alice: Person, longitude: float) -> None:
    slots_in(by_place, east=0, west=0)
    for name, there in (("east", -179.9998), ("west", 179.99)):
        from scheduling import grid

        CandidateSlot.objects.filter(external_id=name).update(latitude=0.0, longitude=there, cell=grid.cell(0.0, there))
    answer = alice.post(f"targets/{by_place.pk}/request-slot/", {"latitude": 0, "longitude": longitude})
    assert answer.json()["slot"]["title"] == "east"


# --- without a position -----------------------------------------------------------------------------------------------


def test_without_a_position_one_is_where_one_took_the_last_photo(by_place: Target, alice: Person) -> None:
    slots_in(by_place, a=0, b=1000, c=2000)
    alice.shoots(by_place, 1900)
    assert alice.gets(by_place) == "c"


def test_without_anything_one_is_in_the_middle_of_what_is_free(by_place: Target, alice: Person) -> None:
    slots_in(by_place, a=0, b=500, c=900, d=1500, e=2000)
    assert alice.gets(by_place) == "c"


def test_a_far_slot_is_held_long_enough_to_walk_there(by_place: Target, alice: Person, clock: Clock) -> None:
    slots_in(by_place, far=4000)
    held = alice.asks(by_place, 0)["assignment"]
    assert Assignment.objects.get(pk=held["id"]).expires_at - clock.now == timedelta(seconds=int(3 * 4000 * 1.3 / 1.2))


def test_no_walk_makes_a_lease_longer_than_four_hours(by_place: Target, alice: Person, clock: Clock) -> None:
    slots_in(by_place, far=19_000)
    alice.asks(by_place, 0)
    assert Assignment.objects.get().expires_at - clock.now == timedelta(hours=4)


# --- priority ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["look_ahead", "nearest", "planned"])
def test_the_urgent_come_first_with_and_without_a_position(
    stones: Target, alice: Person, bob: Person, way: str
) -> None:
    hands_out(stones, way)
    slots_in(stones, near=0, nearer=10)
    slots_in(stones, priority=90, urgent=2000, most_urgent=1500)
    assert [alice.gets(stones, 5), bob.gets(stones)] == ["most_urgent", "urgent"]


@pytest.mark.parametrize("way", WAYS)
def test_below_the_urgent_that_are_not_for_me_the_next_go_by_the_same_way(
    stones: Target, alice: Person, way: str
) -> None:
    hands_out(stones, way)
    slots_in(stones, far=1900, near=100)
    slots_in(stones, priority=90, urgent=0)
    declined = alice.asks(stones, 90)["assignment"]["id"]
    alice.post(f"assignments/{declined}/decline/", {"reason": "unsafe"})
    assert alice.gets(stones, 90) == ("far" if way == "queue" else "near")


def test_the_urgent_far_away_come_before_the_near(by_place: Target, alice: Person) -> None:
    slots_in(by_place, near=10)
    slots_in(by_place, priority=90, urgent=60_000)
    assert alice.gets(by_place, 0) == "urgent"


# --- last -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_what_lies_beside_a_place_to_which_somebody_goes_comes_last(
    stones: Target, alice: Person, bob: Person, rita: Person, way: str
) -> None:
    hands_out(stones, way)
    slots_in(stones, a=0, beside=49, apart=51)
    slots_in(stones, priority=10, unimportant=500)
    assert [alice.gets(stones, -5), bob.gets(stones, 0), rita.gets(stones, 0)] == ["a", "apart", "unimportant"]
    alice.releases(alice.asks(stones)["assignment"]["id"])
    # Now only "apart" is held, and both others are within 50 m of it or given back lately.
    assert alice.gets(stones, 0) in ("beside", "a")


@pytest.mark.parametrize("way", WAYS)
def test_a_long_row_beside_somebody_comes_after_all_others(
    stones: Target, alice: Person, bob: Person, way: str
) -> None:
    hands_out(stones, way)
    Target.objects.update(sigma_m=500)
    slots_in(stones, **many(120, first_m=0, step_m=2))
    slots_in(stones, priority=10, unimportant=3000)
    alice.asks(stones, 0)
    assert bob.gets(stones, 0) == "unimportant"


@pytest.mark.parametrize("way", WAYS)
def test_what_i_gave_back_comes_after_all_lower_priorities(
    stones: Target, alice: Person, clock: Clock, way: str
) -> None:
    hands_out(stones, way)
    slots_in(stones, priority=90, urgent=0)
    slots_in(stones, later=500)
    alice.releases(alice.asks(stones, 0)["assignment"]["id"])
    assert alice.gets(stones, 0) == "later"
    alice.releases(alice.asks(stones)["assignment"]["id"])
    assert alice.gets(stones, 0) == "urgent"
    alice.releases(alice.asks(stones)["assignment"]["id"])
    clock.forward(minutes=30)
    assert alice.gets(stones, 500) == "urgent"


# --- first ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_what_was_opened_again_is_offered_first_to_whose_photo_was_rejected(
    stones: Target, alice: Person, bob: Person, way: str
) -> None:
    hands_out(stones, way)
    slots_in(stones, priority=90, urgent=0)
    slots_in(stones, hers=3000)
    CandidateSlot.objects.filter(external_id="hers").update(offered_first_to=alice.user)
    assert [alice.gets(stones, 0), bob.gets(stones, 0)] == ["hers", "urgent"]


def test_what_was_offered_first_and_given_back_comes_last_too(stones: Target, alice: Person) -> None:
    slots_in(stones, hers=0, other=500)
    CandidateSlot.objects.filter(external_id="hers").update(offered_first_to=alice.user)
    alice.releases(alice.asks(stones)["assignment"]["id"])
    assert alice.gets(stones) == "other"


# --- time windows -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
def test_a_time_window_is_half_open(stones: Target, alice: Person, clock: Clock, way: str) -> None:
    hands_out(stones, way)
    slots_in(stones, a=0)
    hour = timedelta(hours=1)
    CandidateSlot.objects.update(window_from=clock.now + hour, window_until=clock.now + 2 * hour)
    assert alice.gets(stones, 0) == "outside_window"
    clock.forward(hours=1, microseconds=-1)
    assert alice.gets(stones, 0) == "outside_window"
    clock.forward(microseconds=1)
    assert alice.gets(stones, 0) == "a"
    alice.releases(alice.asks(stones)["assignment"]["id"])
    clock.forward(hours=1)
    assert alice.gets(stones, 0) == "outside_window"


def test_a_lapsed_slot_is_not_revived_when_its_time_has_gone_by(stones: Target, alice: Person, clock: Clock) -> None:
    slots_in(stones, a=0)
    alice.asks(stones)
    CandidateSlot.objects.update(window_until=clock.now + timedelta(minutes=10))
    clock.forward(minutes=21)
    sweeping.sweep(now=clock.now)
    assert alice.gets(stones) == "outside_window"


# --- plans ------------------------------------------------------------------------------------------------------------


def test_what_is_planned_for_me_now_becomes_mine(stones: Target, alice: Person, clock: Clock) -> None:
    hands_out(stones, "planned")
    slots_in(stones, near=0, hers=2000)
    planned = plan(alice, "hers", clock.now, hours=8)
    answer = alice.asks(stones, 0)
    assert (answer["slot"]["title"], answer["assignment"]["id"], answer["sticky"]) == ("hers", str(planned.pk), False)
    assert Assignment.objects.get().expires_at == clock.now + timedelta(minutes=20)
    assert CandidateSlot.objects.get(external_id="hers").seats_left == 0
    assert [event.verb for event in Event.objects.filter(row_id=planned.pk)] == ["claimed"]


def test_before_and_after_its_time_a_plan_gives_nothing(stones: Target, alice: Person, clock: Clock) -> None:
    hands_out(stones, "planned")
    slots_in(stones, near=0, hers=2000)
    planned = plan(alice, "hers", clock.now + timedelta(hours=1), hours=1)
    assert alice.gets(stones, 0) == "near"
    alice.shoots(stones, 0)
    clock.forward(hours=3)
    sweeping.sweep(now=clock.now)
    planned.refresh_from_db()
    assert planned.state == "expired"
    assert alice.gets(stones, 0) == "hers"


@pytest.mark.parametrize("way", WAYS)
def test_a_planned_seat_is_taken_until_its_time_has_gone_by(
    stones: Target, alice: Person, bob: Person, clock: Clock, way: str
) -> None:
    hands_out(stones, way)
    slots_in(stones, hers=0)
    plan(alice, "hers", clock.now + timedelta(hours=1), hours=1)
    assert bob.gets(stones, 0) == "all_held"
    clock.forward(hours=2)
    assert bob.gets(stones, 0) == "hers"


def test_a_plan_for_what_is_done_meanwhile_gives_something_else(stones: Target, alice: Person, clock: Clock) -> None:
    hands_out(stones, "planned")
    slots_in(stones, hers=0, other=900)
    plan(alice, "hers", clock.now, hours=8)
    CandidateSlot.objects.filter(external_id="hers").update(state="withdrawn")
    assert alice.gets(stones, 0) == "other"


# --- none -------------------------------------------------------------------------------------------------------------


def test_outside_the_window_says_when_it_opens_in_the_target_s_zone(
    stones: Target, alice: Person, clock: Clock
) -> None:
    Target.objects.update(time_zone="Asia/Tokyo")
    slots_in(stones, a=0, b=500)
    opens = clock.now + timedelta(hours=20)
    CandidateSlot.objects.filter(external_id="a").update(window_from=opens)
    CandidateSlot.objects.filter(external_id="b").update(window_until=clock.now)
    reason = alice.asks(stones)["reason"]
    assert (reason["code"], reason["next_opens_at"]) == ("outside_window", "2026-06-02T05:00:00Z")
    assert "14:00 (Asia/Tokyo)" in reason["text"]
    CandidateSlot.objects.filter(external_id="a").update(window_from=None, window_until=clock.now)
    assert alice.asks(stones)["reason"]["next_opens_at"] is None


def test_only_what_i_declined_is_not_all_held(stones: Target, alice: Person, bob: Person) -> None:
    slots_in(stones, a=0)
    alice.post(f"assignments/{alice.asks(stones)['assignment']['id']}/decline/", {"reason": "unsafe"})
    assert [alice.gets(stones), bob.gets(stones), alice.gets(stones)] == ["none_for_you", "a", "none_for_you"]


def test_what_somebody_else_holds_may_come_free(stones: Target, alice: Person, bob: Person) -> None:
    slots_in(stones, a=0, b=500)
    alice.post(f"assignments/{alice.asks(stones)['assignment']['id']}/decline/", {"reason": "unsafe"})
    CandidateSlot.objects.filter(external_id="a").update(rank=9)
    assert bob.gets(stones) == "b"
    reason = alice.asks(stones)["reason"]
    assert (reason["code"], bool(reason["next_lease_ends_at"])) == ("all_held", True)


def test_positions_of_requests_are_kept_nowhere(by_place: Target, alice: Person) -> None:
    slots_in(by_place, a=400)
    alice.asks(by_place, 12.5)
    latitude, _longitude = place(12.5)
    written = [str(list(model.objects.values())) for model in (Assignment, Event, CandidateSlot, Capture)]
    assert not any(str(latitude) in rows for rows in written)
