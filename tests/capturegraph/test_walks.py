"""Holding several stops at once, in the order of the way."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from stories import Clock, Person, at, slots_in

from capturegraph.models import Assignment, CandidateSlot, Target
from capturegraph.services.cycles import sweeping

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(stones: Target) -> Target:
    """Eight places in a row, 100 m from one to the next, ranked in no order."""
    stones.hand_out = Target.HandOut.LOOK_AHEAD
    stones.save()
    slots_in(stones, **{str(number): number * 100.0 for number in (3, 7, 1, 5, 0, 6, 2, 4)})
    return stones


def walk(person: Person, target: Target, east_m: float | None = 0, **asked: Any) -> dict[str, Any]:
    where = {} if east_m is None else at(east_m)
    answer = person.post(f"targets/{target.pk}/reserve-walk/", {**where, **asked})
    assert answer.status_code == 200, answer.content
    return answer.json()


def names(answer: dict[str, Any]) -> list[str]:
    return [stop["slot"]["title"] for stop in answer["stops"]]


def gives_back(person: Person, target: Target, **asked: Any) -> dict[str, Any]:
    answer = person.post(f"targets/{target.pk}/release-walk/", asked)
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_walk_is_six_stops_in_the_order_of_the_way(row: Target, alice: Person) -> None:
    answer = walk(alice, row, -20)
    assert (names(answer), answer["reason"]) == (["0", "1", "2", "3", "4", "5"], None)
    assert [stop["assignment"]["stop"] for stop in answer["stops"]] == [0, 1, 2, 3, 4, 5]


def test_a_repeat_gives_the_same_ones(row: Target, alice: Person, clock: Clock) -> None:
    first = walk(alice, row, 0, stops=3)
    clock.forward(minutes=5)
    assert walk(alice, row, 700, stops=3) == first
    assert Assignment.objects.count() == 3


def test_more_stops_are_put_after_those_that_are_held(row: Target, alice: Person) -> None:
    assert alice.gets(row, 200) == "2"
    assert names(walk(alice, row, 200, stops=3))[0] == "2"
    before = walk(alice, row, 200, stops=3)
    after = walk(alice, row, 200, stops=5)
    assert after["stops"][:3] == before["stops"]
    assert [stop["assignment"]["stop"] for stop in after["stops"]] == [0, 1, 2, 3, 4]


def test_fewer_than_asked_is_success_and_says_why(row: Target, alice: Person, bob: Person) -> None:
    assert len(walk(alice, row, 0, stops=6)["stops"]) == 6
    answer = walk(bob, row, 0, stops=6)
    assert (names(answer), answer["reason"]["code"]) == (["6", "7"], "all_held")
    assert names(walk(bob, row, 0, stops=6)) == ["6", "7"]
    bob.shoots(row, 600)
    assert walk(alice, row, 0, stops=12)["reason"]["code"] == "all_held"


def test_no_stop_at_all_has_a_reason(stones: Target, alice: Person) -> None:
    answer = walk(alice, stones)
    assert (answer["stops"], answer["reason"]["code"]) == ([], "nothing_uploaded")


@pytest.mark.parametrize("way", ["look_ahead", "queue"])
def test_two_stops_that_one_photo_closes_are_only_taken_when_nothing_else_is_left(
    stones: Target, alice: Person, way: str
) -> None:
    Target.objects.update(hand_out=way)
    slots_in(stones, a=0, beside=30, b=200, c=400)
    assert len({"a", "beside"} & set(names(walk(alice, stones, -10, stops=3)))) == 1
    assert set(names(walk(alice, stones, -10, stops=4))) == {"a", "beside", "b", "c"}


def test_where_the_tour_decides_the_walk_is_the_tour(stones: Target, alice: Person) -> None:
    slots_in(stones, far=900, near=0, middle=500)
    assert names(walk(alice, stones, 0, stops=3)) == ["far", "near", "middle"]


def test_the_urgent_are_the_first_stops(row: Target, alice: Person) -> None:
    CandidateSlot.objects.filter(external_id__in=["4", "6"]).update(priority=90)
    assert names(walk(alice, row, 0, stops=4))[:2] == ["4", "6"]


def test_a_walk_has_no_stop_that_is_not_for_me(row: Target, alice: Person, clock: Clock) -> None:
    held = alice.asks(row, 0)["assignment"]["id"]
    alice.post(f"assignments/{held}/decline/", {"reason": "unsafe"})
    alice.shoots(row, 100)
    CandidateSlot.objects.filter(external_id="1").update(required_count=2, state="waiting", seats_left=1)
    CandidateSlot.objects.filter(external_id="2").update(window_from=clock.now + timedelta(hours=1))
    answer = walk(alice, row, 0, stops=12)
    assert (names(answer), answer["reason"]["code"]) == (["3", "4", "5", "6", "7"], "outside_window")


def test_a_walk_is_held_for_three_times_its_way_and_photos(row: Target, alice: Person, clock: Clock) -> None:
    walk(alice, row, 0, stops=6)
    seconds = 3 * (500 * 1.3 / 1.2 + 6 * 180)
    leases = {(one.expires_at - clock.now).total_seconds() for one in Assignment.objects.all()}
    assert [*leases] == [pytest.approx(seconds, abs=2)]


def test_a_walk_is_held_for_four_hours_at_most(stones: Target, alice: Person, clock: Clock) -> None:
    slots_in(stones, **{str(number): number * 4000.0 for number in range(4)})
    walk(alice, stones, 0, stops=4)
    assert {one.expires_at - clock.now for one in Assignment.objects.all()} == {timedelta(hours=4)}


def test_topping_up_makes_no_lease_shorter(row: Target, alice: Person, clock: Clock) -> None:
    first = walk(alice, row, 0, stops=6)["stops"][0]["assignment"]
    for stop in ("4", "5"):
        alice.releases(str(Assignment.objects.get(slot__external_id=stop).pk))
    clock.forward(minutes=1)
    assert walk(alice, row, 0, stops=5)["stops"][0]["assignment"] == first


def test_when_the_first_is_done_the_next_stop_is_the_current_one(row: Target, alice: Person) -> None:
    stops = walk(alice, row, 0, stops=3)["stops"]
    assert alice.asks(row)["assignment"] == stops[0]["assignment"]
    alice.shoots(row, 0, assignment=stops[0]["assignment"]["id"])
    again = alice.asks(row)
    assert (again["assignment"], again["sticky"]) == (stops[1]["assignment"], True)
    assert [one["assignment"]["stop"] for one in walk(alice, row, 0, stops=3)["stops"]] == [1, 2, 3]


def test_declining_one_stop_leaves_the_rest(row: Target, alice: Person) -> None:
    stops = walk(alice, row, 0, stops=3)["stops"]
    alice.post(f"assignments/{stops[0]['assignment']['id']}/decline/", {"reason": "gone"})
    assert alice.asks(row)["assignment"] == stops[1]["assignment"]


def test_the_rest_is_given_back_at_once(row: Target, alice: Person, bob: Person) -> None:
    stops = walk(alice, row, 0, stops=4)["stops"]
    keep = stops[2]["assignment"]
    assert gives_back(alice, row, keep=keep["id"]) == {"stops": [stops[2]], "reason": None}
    assert alice.asks(row)["assignment"] == keep
    assert gives_back(alice, row, keep=keep["id"])["stops"] == [stops[2]]
    assert gives_back(alice, row)["stops"] == []
    assert gives_back(alice, row)["stops"] == []
    assert sorted(names(walk(bob, row, 0, stops=12))) == list("01234567")


def test_only_what_is_mine_can_be_kept(row: Target, alice: Person, bob: Person) -> None:
    his = bob.asks(row, 0)["assignment"]["id"]
    walk(alice, row, 0, stops=2)
    for keep in (his, str(uuid4())):
        answer = alice.post(f"targets/{row.pk}/release-walk/", {"keep": keep})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "keep")
    assert Assignment.objects.filter(state="held").count() == 3


@pytest.mark.parametrize("state", ["draft", "paused", "closed"])
def test_a_target_that_is_not_open_reserves_nothing_and_takes_nothing_away(
    row: Target, alice: Person, bob: Person, carol: Person, state: str
) -> None:
    held = walk(alice, row, 0, stops=2)["stops"]
    carol.patch(f"targets/{row.pk}/", {"state": state})
    for person, stops in ((alice, held), (bob, [])):
        answer = walk(person, row, 0, stops=6)
        assert (answer["stops"], answer["reason"]["code"]) == (stops, state)


@pytest.mark.parametrize("swept", [False, True])
def test_a_walk_that_ran_out_is_taken_up_again(row: Target, alice: Person, clock: Clock, swept: bool) -> None:
    before = walk(alice, row, 0, stops=3)
    clock.forward(hours=3)
    if swept:
        assert sweeping.sweep(now=clock.now)["leases"] == 3
    after = walk(alice, row, 0, stops=3)
    assert [stop["assignment"]["id"] for stop in after["stops"]] == [
        stop["assignment"]["id"] for stop in before["stops"]
    ]
    assert all(one.expires_at > clock.now + timedelta(minutes=20) for one in Assignment.objects.all())


def test_of_a_walk_that_ran_out_asking_revives_the_first(row: Target, alice: Person, clock: Clock) -> None:
    before = walk(alice, row, 0, stops=3)["stops"]
    clock.forward(hours=3)
    sweeping.sweep(now=clock.now)
    assert alice.asks(row)["assignment"]["id"] == before[0]["assignment"]["id"]
    # Who holds something takes nothing up again beside it.
    assert alice.post(f"assignments/{before[1]['assignment']['id']}/extend/").status_code == 409
    assert Assignment.objects.filter(state="held").count() == 1


def test_what_is_planned_is_the_beginning_of_the_walk(row: Target, alice: Person, clock: Clock) -> None:
    Target.objects.update(hand_out="planned")
    for name in ("6", "7"):
        Assignment.objects.create(
            target=row, slot=CandidateSlot.objects.get(external_id=name), volunteer=alice.user, state="planned",
            started_at=clock.now - timedelta(hours=int(name)), expires_at=clock.now + timedelta(hours=1),
        )  # fmt: skip
    assert names(walk(alice, row, 0, stops=3))[:2] == ["7", "6"]


@pytest.mark.parametrize(
    "asked", [{"stops": 0}, {"stops": 13}, {"stops": "many"}, {"latitude": 38.0}, {"steps": 3}, {"keep": "x"}]
)
def test_what_is_no_walk_is_refused(row: Target, alice: Person, asked: dict[str, Any]) -> None:
    route = "release-walk" if "keep" in asked else "reserve-walk"
    assert alice.post(f"targets/{row.pk}/{route}/", asked).status_code == 400
    assert not Assignment.objects.exists()


def test_who_holds_all_that_is_left_is_told_so(row: Target, alice: Person) -> None:
    answer = walk(alice, row, 0, stops=12)
    assert (len(answer["stops"]), answer["reason"]["code"]) == (8, "no_more")
