"""Places come in, and the refresh chooses among them, while volunteers work: what somebody holds stays theirs.

The controls take the guards away and see held places lost: these tests can fail.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from bringing_in import table
from race import NINE_O_CLOCK, at_once, shoot, violations
from stories import slots_in

from capturegraph.models import Assignment, Batch, CandidateSlot, Membership, Target, User
from capturegraph.services.batching import batches, candidates, differences
from capturegraph.services.cycles import refresh
from capturegraph.services.hand_out import assignments
from capturegraph.services.refusals import Busy

pytestmark = pytest.mark.django_db(transaction=True)

PLACES = 120
NOW = NINE_O_CLOCK


@pytest.fixture
def stones() -> Target:
    return Target.objects.create(name="Boundary stones", hand_out="queue", batch_size=PLACES // 2)


def crowd(target: Target, many: int) -> list[User]:
    people = [User.objects.create_user(f"volunteer-{number}", name=f"volunteer {number}") for number in range(many)]
    Membership.objects.bulk_create(Membership(user=user, target=target, created_at=NOW) for user in people)
    return people


def file(number: int) -> bytes:
    """One list of places or another: half of them are not in it, and of the others every third lies elsewhere."""
    rows = (n for n in range(PLACES) if n % 2 == number % 2)
    return table(*(f"s{n} s{n} {n * 200 + (90 if n % 3 == number % 3 else 0)}" for n in rows)).encode()


def asks(target: Target, user: User) -> Assignment | None:
    for _try in range(50):
        with suppress(Busy):
            return assignments.request_slot(target_id=target.pk, user_id=user.pk, now=NOW).assignment
    raise AssertionError("busy fifty times over")


def lost(held: Assignment, was: CandidateSlot) -> list[str]:
    """Say what became of a slot under its holder's feet."""
    row = Assignment.objects.select_related("slot").get(pk=held.pk)
    there, here = (row.slot.latitude, row.slot.longitude), (was.latitude, was.longitude)
    found = [] if row.state == "held" else [f"{was} is {row.state} and not held"]
    found += [] if row.slot.state == "waiting" else [f"{was} is held and {row.slot.state}"]
    return found + ([] if there == here else [f"{was} has moved while it was held"])


def works(target: Target, user: User, rounds: int) -> list[str]:
    """Ask, look that it stays, photograph it or give it back; again and again."""
    wrong = []
    for turn in range(rounds):
        held = asks(target, user)
        if held is None:
            continue
        slot = CandidateSlot.objects.get(pk=held.slot_id)
        for _look in range(3):
            again = asks(target, user)
            wrong += [] if again and again.pk == held.pk else [f"{slot} was not handed out again"]
            wrong += lost(held, slot)
        if turn % 2:
            shoot(target.pk, user.pk, slot, NOW)
        else:
            with suppress(Busy):
                assignments.release(assignment_id=held.pk, by=user, now=NOW)
    return wrong


def brings_in(target: Target, times: int) -> list[str]:
    for number in range(times):
        what = batches.File(f"{number}.csv", file(number))
        batches.upload(target=target, file=what, mode=Batch.Mode.REPLACE, by=None, now=NOW)
    return []


def refreshes(target: Target, times: int) -> list[str]:
    for number in range(times):
        refresh.refresh_target(target_id=target.pk, cycle=NOW + timedelta(minutes=number), now=NOW)
    return []


def a_day(target: Target, many: int, rounds: int) -> list[str]:
    """Everybody holds a place; then all work while files come in and the refresh chooses. Say what was lost."""
    slots_in(target, **{f"s{n}": n * 200.0 for n in range(PLACES)})
    people = crowd(target, many)
    first = {user.pk: asks(target, user) for user in people}
    assert all(first.values())
    jobs: list[Callable[[], Any]] = [partial(works, target, user, rounds) for user in people]
    said = at_once([*jobs, partial(brings_in, target, rounds), partial(refreshes, target, rounds * 2)])
    return [sentence for one in said for sentence in one]


def check(target: Target, many: int, rounds: int) -> None:
    assert a_day(target, many, rounds) == []
    assert violations(target.pk) == []
    applied = Batch.objects.filter(state="applied")
    assert applied.count() == rounds
    assert sum(batch.counts["removed"] + batch.counts["changed"] for batch in applied) > 0, "the files did something"


def test_no_held_slot_is_lost_to_a_file_or_a_refresh(stones: Target) -> None:
    check(stones, many=8, rounds=3)


@pytest.mark.slow
def test_no_held_slot_of_fifty_is_lost(stones: Target) -> None:
    check(stones, many=50, rounds=6)


def blind_import(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody: dict[UUID, list[Any]] = {}
    monkeypatch.setattr(differences, "_holders", lambda _target, _now: nobody)
    monkeypatch.setattr(candidates, "_held", lambda _target: nobody)


def blind_refresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refresh, "_on_the_way", lambda _target, _now: set())


@pytest.mark.parametrize("guard", [blind_import, blind_refresh])
def test_without_the_guard_held_slots_are_lost(
    stones: Target, monkeypatch: pytest.MonkeyPatch, guard: Callable[[pytest.MonkeyPatch], None]
) -> None:
    """What everybody holds before it begins is taken from some of them."""
    guard(monkeypatch)
    slots_in(stones, **{f"s{n}": n * 200.0 for n in range(PLACES)})
    held = [one for user in crowd(stones, 8) if (one := asks(stones, user))]
    before = {one.pk: CandidateSlot.objects.get(pk=one.slot_id) for one in held}
    brings_in(stones, 1) if guard is blind_import else refreshes(stones, 1)
    assert [sentence for one in held for sentence in lost(one, before[one.pk])]
