"""What two people, or the two phones of one, do to the same slot in the same moment: one of them is first."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
import race
from psycopg.conninfo import make_conninfo
from race import NINE_O_CLOCK, at_once, violations
from stories import place, slots_in

from capturegraph.models import Assignment, CandidateSlot, Membership, Message, Target, User
from capturegraph.services.hand_out import assignments, places, walks
from capturegraph.services.hand_out.surroundings import Place
from capturegraph.services.refusals import Busy, Refused
from tests.benchmarks import claims as load

pytestmark = pytest.mark.django_db(transaction=True)

TIMES = range(3)
LATE = NINE_O_CLOCK + timedelta(minutes=20)


@pytest.fixture
def stones() -> Target:
    return Target.objects.create(name="Boundary stones", hand_out="queue")


@pytest.fixture
def crowd(stones: Target) -> list[User]:
    people = [User.objects.create_user(f"volunteer-{number}", name=f"volunteer {number}") for number in range(4)]
    Membership.objects.bulk_create(Membership(user=user, target=stones, created_at=NINE_O_CLOCK) for user in people)
    return people


@pytest.fixture(autouse=True)
def nothing_that_must_not_be(stones: Target) -> Iterator[None]:
    yield
    assert violations(stones.pk) == []


def takes(slot: CandidateSlot, user: User, seat: int = 0) -> Assignment:
    """Let somebody hold a slot, by asking for it."""
    CandidateSlot.objects.exclude(pk=slot.pk).filter(state="waiting").update(state="pool")
    race.ask(slot.target_id, user.pk)
    CandidateSlot.objects.filter(state="pool").update(state="waiting")
    return Assignment.objects.get(slot=slot, volunteer=user, state="held")


def does(verb: Any, **what: Any) -> str:
    """Do something, and say how it ended."""
    try:
        verb(**what)
    except Refused as refused:
        return refused.code
    return "done"


def asks(target: Target, user: User, now: datetime) -> str:
    """Ask once; a phone that is told to come again would."""
    for _try in range(20):
        with suppress(Busy):
            handed = assignments.request_slot(target_id=target.pk, user_id=user.pk, now=now)
            return str(handed.assignment.slot) if handed.assignment else "none"
    raise AssertionError("busy twenty times over")


def shoots(target: Target, user: User, slot: CandidateSlot, now: datetime = NINE_O_CLOCK) -> str:
    race.shoot(target.pk, user.pk, slot, now)
    return "done"


def reserves(target: Target, user: User, stops: int) -> list[UUID]:
    walk = walks.reserve_walk(
        target_id=target.pk, user_id=user.pk, wanted=stops, position=Place(*place(0)), now=NINE_O_CLOCK
    )
    return [one.pk for one in walk.stops]


@pytest.mark.parametrize("time", TIMES)
def test_the_last_seat_is_given_to_one(stones: Target, crowd: list[User], time: int) -> None:
    (slot,) = slots_in(stones, required_count=2, a=0)
    takes(slot, crowd[0])
    answers = at_once([partial(asks, stones, user, NINE_O_CLOCK) for user in crowd[1:]])
    assert sorted(answers) == ["a", "none", "none"]


@pytest.mark.parametrize("way", ["look_ahead", "queue"])
@pytest.mark.parametrize("time", TIMES)
def test_a_walk_reserved_twice_at_once_is_one_walk(stones: Target, crowd: list[User], way: str, time: int) -> None:
    Target.objects.update(hand_out=way)
    slots_in(stones, **{str(number): number * 100.0 for number in range(12)})
    one, other = at_once([partial(reserves, stones, crowd[0], 6)] * 2)
    assert (one, len(one)) == (other, 6)
    assert sorted(Assignment.objects.values_list("stop", flat=True)) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("time", TIMES)
def test_walks_of_different_people_share_no_stop(stones: Target, crowd: list[User], time: int) -> None:
    Target.objects.update(hand_out="look_ahead")
    slots_in(stones, **{str(number): number * 100.0 for number in range(14)})
    found = at_once([partial(reserves, stones, user, 4) for user in crowd])
    assert sum(len(walk) for walk in found) == 14
    assert CandidateSlot.objects.filter(seats_left=0).count() == 14


@pytest.mark.parametrize("time", TIMES)
def test_no_against_no_against_a_photo(stones: Target, crowd: list[User], time: int) -> None:
    (slot,) = slots_in(stones, required_count=2, a=0)
    first, second = takes(slot, crowd[0]), takes(slot, crowd[1])
    at_once(
        [
            partial(does, places.decline, assignment_id=first.pk, by=crowd[0], reason="gone", now=NINE_O_CLOCK),
            partial(does, places.decline, assignment_id=second.pk, by=crowd[1], reason="gone", now=NINE_O_CLOCK),
            partial(shoots, stones, crowd[2], slot),
            partial(shoots, stones, crowd[3], slot),
        ]
    )
    # Two photographs outrank two who say no, in whatever order they came.
    assert CandidateSlot.objects.get().state == "fulfilled"


@pytest.mark.parametrize("time", TIMES)
def test_two_who_say_no_at_once_are_two(stones: Target, crowd: list[User], time: int) -> None:
    (slot,) = slots_in(stones, required_count=3, a=0)
    held = [takes(slot, user) for user in crowd[:3]]
    at_once(
        [
            partial(does, places.decline, assignment_id=one.pk, by=user, reason="gone", now=NINE_O_CLOCK)
            for one, user in zip(held[:2], crowd, strict=False)
        ]
    )
    assert CandidateSlot.objects.get().state == "not_capturable"
    assert Assignment.objects.get(volunteer=crowd[2]).state == "withdrawn"
    assert Message.objects.filter(kind="slot_not_capturable", user=crowd[2]).count() == 1


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("swept", [False, True])
def test_revived_against_swept_against_another_s_request(
    stones: Target, crowd: list[User], swept: bool, time: int
) -> None:
    (slot,) = slots_in(stones, a=0)
    hers = takes(slot, crowd[0])
    if swept:
        assert assignments.sweep_leases(now=LATE) == 1
    revived, _ended, asked, his = at_once(
        [
            partial(does, assignments.extend, assignment_id=hers.pk, by=crowd[0], now=LATE),
            partial(assignments.sweep_leases, now=LATE),
            partial(asks, stones, crowd[0], LATE),
            partial(asks, stones, crowd[1], LATE),
        ]
    )
    holder = Assignment.objects.get(state="held").volunteer
    assert (revived == "done", asked, his) in [(True, "a", "none"), (False, "none", "a")]
    assert holder == crowd[0 if revived == "done" else 1]


@pytest.mark.parametrize("time", TIMES)
def test_taken_back_against_photographed(stones: Target, crowd: list[User], time: int) -> None:
    (slot,) = slots_in(stones, a=0)
    held = takes(slot, crowd[0])
    taken, _shot = at_once(
        [
            partial(does, places.take_back, assignment_id=held.pk, by=crowd[3], now=NINE_O_CLOCK),
            partial(shoots, stones, crowd[0], slot),
        ]
    )
    assert CandidateSlot.objects.get().state == "fulfilled"
    ended = Assignment.objects.get().state
    assert (taken, ended) in [("done", "withdrawn"), ("conflict", "fulfilled")]
    assert Message.objects.filter(kind="slot_taken_back").count() == (taken == "done")


@pytest.mark.only_on("postgresql")
def test_no_kill_leaves_anything_that_must_not_be(
    stones: Target, postgresql_url: str, postgresql_settings: dict[str, Any]
) -> None:
    conninfo = make_conninfo(postgresql_url, dbname=postgresql_settings["NAME"])
    found, done = load.run("the product", 480, conninfo, connections=16)
    assert found == []
    assert done["deadlock"] == 0
    assert done["ask"] > 0
