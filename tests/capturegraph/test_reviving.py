"""A lease that ran out while nobody took the slot, or while somebody did."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.http import HttpResponse
from stories import Clock, Person, slots_in

from capturegraph.models import Assignment, CandidateSlot, Event, Target
from capturegraph.services.cycles import sweeping

pytestmark = pytest.mark.django_db

LEASE = timedelta(seconds=1200)


def extends(person: Person, assignment_id: str, operation: UUID | None = None) -> HttpResponse:
    return person.post(f"assignments/{assignment_id}/extend/", {"operation_id": str(operation or uuid4())})


def lapses(clock: Clock, *, swept: bool, **after: float) -> None:
    clock.forward(minutes=20)
    if swept:
        assert sweeping.sweep(now=clock.now)["leases"] > 0
    clock.forward(**after)


@pytest.mark.parametrize("swept", [False, True])
@pytest.mark.parametrize("by", ["asking", "extending"])
def test_what_nobody_took_is_revived(stones: Target, alice: Person, clock: Clock, swept: bool, by: str) -> None:
    slots_in(stones, a=0, b=100)
    held = alice.asks(stones)["assignment"]["id"]
    lapses(clock, swept=swept, minutes=5)
    if by == "asking":
        again: Any = alice.asks(stones)
        assert (again["assignment"]["id"], again["sticky"]) == (held, True)
    else:
        assert extends(alice, held).json()["state"] == "held"
    row = Assignment.objects.get()
    assert (row.state, row.ended_at, row.expires_at) == ("held", None, clock.now + LEASE)
    assert CandidateSlot.objects.get(external_id="a").seats_left == 0
    verbs = ["claimed", "expired", "revived"] if swept else ["claimed", "revived"]
    assert [event.verb for event in Event.objects.filter(row_id=held).order_by("pk")] == verbs


def test_what_somebody_took_is_not_revived_and_not_waited_for(
    stones: Target, alice: Person, bob: Person, clock: Clock
) -> None:
    slots_in(stones, a=0)
    hers = alice.asks(stones)["assignment"]["id"]
    assert bob.gets(stones) == "all_held"
    clock.forward(minutes=20)
    assert bob.gets(stones) == "a"
    assert Assignment.objects.get(pk=hers).state == "expired"
    assert alice.gets(stones) == "all_held"
    late = extends(alice, hers)
    assert (late.status_code, late.json()["present"]["state"]) == (409, "expired")


def test_what_was_taken_and_given_back_is_revived(stones: Target, alice: Person, bob: Person, clock: Clock) -> None:
    slots_in(stones, a=0)
    hers = alice.asks(stones)["assignment"]["id"]
    lapses(clock, swept=False)
    his = bob.asks(stones)["assignment"]["id"]
    assert extends(alice, hers).status_code == 409
    bob.releases(his)
    assert extends(alice, hers).status_code == 200


def test_a_free_seat_beside_the_one_that_was_lost_will_do(
    stones: Target, alice: Person, bob: Person, rita: Person, clock: Clock
) -> None:
    slots_in(stones, required_count=2, a=0)
    hers, his = alice.asks(stones)["assignment"]["id"], bob.asks(stones)["assignment"]["id"]
    clock.forward(minutes=10)
    extends(bob, his)
    clock.forward(minutes=10)
    sweeping.sweep(now=clock.now)
    rita.asks(stones)
    assert Assignment.objects.get(volunteer=rita.user).seat == 0
    bob.releases(his)
    assert extends(alice, hers).status_code == 200
    assert Assignment.objects.get(pk=hers).seat == 1


@pytest.mark.parametrize(("minutes", "revived"), [(239, True), (240, False)])
def test_after_four_hours_it_is_over(stones: Target, alice: Person, clock: Clock, minutes: int, revived: bool) -> None:
    slots_in(stones, a=0)
    held = alice.asks(stones)["assignment"]["id"]
    lapses(clock, swept=True, minutes=minutes)
    assert extends(alice, held).status_code == (200 if revived else 409)
    if not revived:
        assert alice.asks(stones)["assignment"]["id"] != held


def test_who_holds_something_else_revives_nothing(stones: Target, alice: Person, clock: Clock) -> None:
    slots_in(stones, a=0, b=500)
    first = alice.asks(stones)["assignment"]["id"]
    lapses(clock, swept=True)
    CandidateSlot.objects.filter(external_id="a").update(state="pool")
    assert alice.gets(stones) == "b"
    CandidateSlot.objects.filter(external_id="a").update(state="waiting")
    late = extends(alice, first)
    assert (late.status_code, late.json()["present"]["state"]) == (409, "expired")


@pytest.mark.parametrize("how", ["released", "declined", "photographed", "withdrawn"])
def test_what_ended_otherwise_stays_ended(stones: Target, alice: Person, carol: Person, clock: Clock, how: str) -> None:
    slots_in(stones, required_count=3, a=0)
    held = alice.asks(stones)["assignment"]["id"]
    if how == "released":
        alice.releases(held)
    elif how == "declined":
        alice.post(f"assignments/{held}/decline/", {"reason": "gone"})
    elif how == "photographed":
        alice.shoots(stones, 0)
    else:
        carol.post(f"assignments/{held}/take-back/")
    clock.forward(minutes=30)
    assert extends(alice, held).status_code == 409


def test_in_a_pause_what_ran_out_is_not_revived(stones: Target, alice: Person, carol: Person, clock: Clock) -> None:
    slots_in(stones, a=0)
    held = alice.asks(stones)["assignment"]["id"]
    carol.patch(f"targets/{stones.pk}/", {"state": "paused"})
    assert extends(alice, held).status_code == 200
    clock.forward(minutes=20)
    assert alice.gets(stones) == "paused"
    assert extends(alice, held).status_code == 409


# --- the same operation again, after an answer that was lost -------------------------------------------------------


@pytest.mark.parametrize("swept", [False, True])
@pytest.mark.parametrize("was", ["extended", "revived"])
def test_a_repeat_that_comes_when_the_time_has_run_out_is_told_so(
    stones: Target, alice: Person, clock: Clock, was: str, swept: bool
) -> None:
    """It was done once. Asking anew goes on with the place, as ever."""
    slots_in(stones, a=0)
    held, operation = alice.asks(stones)["assignment"]["id"], uuid4()
    if was == "revived":
        lapses(clock, swept=swept)
    assert extends(alice, held, operation).status_code == 200
    assert Event.objects.get(operation_id=operation).verb == was
    lapses(clock, swept=swept)
    late = extends(alice, held, operation)
    assert (late.status_code, late.json()["present"]["state"]) == (409, "expired" if swept else "held")
    assert alice.asks(stones)["assignment"]["id"] == held


def test_a_repeat_that_comes_in_time_revives_nothing_twice(stones: Target, alice: Person, clock: Clock) -> None:
    slots_in(stones, a=0)
    held, operation = alice.asks(stones)["assignment"]["id"], uuid4()
    lapses(clock, swept=False)
    first = extends(alice, held, operation)
    clock.forward(minutes=5)
    again = extends(alice, held, operation)
    assert (again.status_code, again.json()) == (200, first.json())


def test_what_was_refused_was_not_done(stones: Target, alice: Person, bob: Person, clock: Clock) -> None:
    slots_in(stones, a=0)
    hers, operation = alice.asks(stones)["assignment"]["id"], uuid4()
    lapses(clock, swept=False)
    his = bob.asks(stones)["assignment"]["id"]
    assert extends(alice, hers, operation).status_code == 409
    bob.releases(his)
    assert extends(alice, hers, operation).status_code == 200


# --- places that are asked for no more --------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["asking", "extending", "walking"])
def test_what_was_taken_out_of_the_tour_is_not_revived(stones: Target, alice: Person, clock: Clock, by: str) -> None:
    slots_in(stones, a=0, b=100)
    held = alice.asks(stones)["assignment"]["id"]
    lapses(clock, swept=False)
    CandidateSlot.objects.filter(external_id="a").update(state="withdrawn")
    if by == "asking":
        assert alice.gets(stones) == "b"
    elif by == "walking":
        walk = alice.post(f"targets/{stones.pk}/reserve-walk/", {"stops": 2, "latitude": 38.9, "longitude": -77.0})
        assert [one["slot"]["title"] for one in walk.json()["stops"]] == ["b"]
    else:
        assert extends(alice, held).status_code == 409
    assert not Assignment.objects.live(clock.now).filter(pk=held).exists()


def test_what_is_open_no_longer_is_not_revived(stones: Target, alice: Person, clock: Clock) -> None:
    slots_in(stones, a=0)
    CandidateSlot.objects.update(window_until=clock.now + LEASE)
    held = alice.asks(stones)["assignment"]["id"]
    lapses(clock, swept=False)
    assert alice.gets(stones) == "outside_window"
    row = Assignment.objects.get(pk=held)
    assert (row.state, row.slot.seats_left) == ("expired", 1)
    assert extends(alice, held).status_code == 409


def test_what_a_refresh_put_back_is_still_theirs_to_finish(stones: Target, alice: Person, clock: Clock) -> None:
    slots_in(stones, a=0)
    held = alice.asks(stones)["assignment"]["id"]
    CandidateSlot.objects.update(state="pool")
    lapses(clock, swept=False)
    assert extends(alice, held).json()["state"] == "held"
