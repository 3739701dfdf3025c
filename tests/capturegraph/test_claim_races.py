"""Nobody is sent where somebody goes already, however many ask in the same moment.

On PostgreSQL 32 threads with a connection each, on SQLite 8 processes. The controls at the end take the guards away,
and see the same questions answered wrongly: these tests can fail.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from typing import Any
from uuid import uuid4

import pytest
import race
from django.db import IntegrityError, connection, transaction
from race import NINE_O_CLOCK, ask, at_once, live, violations
from stories import place, slots_in

from capturegraph.models import Assignment, CandidateSlot, Event, Membership, Target, User
from capturegraph.services.batching import batches, bulk
from capturegraph.services.hand_out import assignments, claims
from capturegraph.services.matches import matching

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 32
on_postgresql = pytest.mark.only_on("postgresql")
on_sqlite = pytest.mark.only_on("sqlite")


@pytest.fixture
def stones() -> Target:
    return Target.objects.create(name="Boundary stones", lease_s=60, hand_out="queue")


@pytest.fixture
def crowd(stones: Target) -> list[User]:
    people = [User.objects.create_user(f"volunteer-{number}", name=f"volunteer {number}") for number in range(MANY)]
    Membership.objects.bulk_create(Membership(user=user, target=stones, created_at=NINE_O_CLOCK) for user in people)
    return people


def apart(count: int) -> dict[str, float]:
    """So many places, each 200 m from the next."""
    return {f"slot {number}": number * 200.0 for number in range(count)}


# --- PostgreSQL: 32 connections ---------------------------------------------------------------------------------------


@on_postgresql
def test_thirty_two_get_thirty_two_slots(stones: Target, crowd: list[User]) -> None:
    slots_in(stones, **apart(MANY))
    answers = at_once([partial(ask, stones.pk, user.pk) for user in crowd])
    assert sorted(answers) == sorted(apart(MANY))
    assert violations(stones.pk) == []


@on_postgresql
def test_too_few_slots_are_all_given_and_the_rest_told_so(stones: Target, crowd: list[User]) -> None:
    slots_in(stones, **apart(20))
    answers = Counter(at_once([partial(ask, stones.pk, user.pk) for user in crowd]))
    assert answers.pop("all_held") == MANY - 20
    assert answers == Counter(apart(20).keys())
    assert violations(stones.pk) == []


@on_postgresql
def test_a_slot_for_many_is_given_to_so_many(stones: Target, crowd: list[User]) -> None:
    slots_in(stones, required_count=10, **apart(2))
    answers = Counter(at_once([partial(ask, stones.pk, user.pk) for user in crowd]))
    assert answers == {"slot 0": 10, "slot 1": 10, "all_held": 12}
    assert violations(stones.pk) == []


@on_postgresql
def test_thirty_two_taps_of_one_volunteer_are_one(stones: Target, crowd: list[User]) -> None:
    slots_in(stones, **apart(MANY))
    answers = at_once([partial(ask, stones.pk, crowd[0].pk)] * MANY)
    assert set(answers) == {str(Assignment.objects.get().slot)}
    assert violations(stones.pk) == []


@on_postgresql
def test_double_taps_of_sixteen_are_sixteen(stones: Target, crowd: list[User]) -> None:
    slots_in(stones, **apart(16))
    taps = [user.pk for user in crowd[:16]] * 2
    answers = at_once([partial(ask, stones.pk, user) for user in taps])
    assert answers[:16] == answers[16:]
    assert sorted(answers[:16]) == sorted(apart(16))
    assert violations(stones.pk) == []


@on_postgresql
def test_sweeps_that_race_end_each_lease_once(stones: Target, crowd: list[User]) -> None:
    slots_in(stones, **apart(MANY))
    for user in crowd:
        ask(stones.pk, user.pk)
    late = NINE_O_CLOCK + timedelta(seconds=60)
    ended = at_once([partial(assignments.sweep_leases, now=late)] * 8)
    assert sum(ended) == MANY
    assert Event.objects.filter(verb="expired").count() == MANY
    assert violations(stones.pk) == []


@on_postgresql
def test_lapsed_slots_are_revived_or_handed_on_and_never_both(stones: Target, crowd: list[User]) -> None:
    slots_in(stones, **apart(16))
    for user in crowd[:16]:
        ask(stones.pk, user.pk)
    answers = Counter(at_once([partial(ask, stones.pk, user.pk, 60) for user in crowd]))
    assert answers.pop("all_held") == 16
    assert answers == Counter(apart(16).keys())
    assert violations(stones.pk) == []


@on_postgresql
@pytest.mark.parametrize("required_count", [1, 3])
def test_every_verb_against_every_other(stones: Target, crowd: list[User], required_count: int) -> None:
    slots_in(stones, required_count=required_count, **apart(24))
    at_once([partial(live, stones.pk, user.pk, seed, 12) for seed, user in enumerate(crowd)])
    assert violations(stones.pk) == []


@on_postgresql
def test_one_operation_that_is_sent_many_times_at_once_is_one_batch(
    stones: Target, crowd: list[User], own_files: Path
) -> None:
    file = batches.File("one.csv", f"title,lat,lon\na,{place(0)[0]},{place(0)[1]}".encode())
    upload = partial(
        batches.upload, target=stones, file=file, mode="add", by=crowd[0], now=NINE_O_CLOCK, operation_id=uuid4()
    )
    assert len({batch.pk for batch in at_once([upload] * 8)}) == 1
    assert (CandidateSlot.objects.count(), len(list(own_files.rglob("*.csv")))) == (1, 1)


@on_postgresql
def test_a_photo_that_comes_while_its_place_is_brought_in_closes_it(
    stones: Target, crowd: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    both_have_looked = Barrier(2)

    def and_wait(look: Callable[..., Any]) -> Callable[..., Any]:
        def looked(*given: Any, **named: Any) -> Any:
            seen = look(*given, **named)
            # Where they keep each other out, only one comes here, and goes on after a while.
            with suppress(BrokenBarrierError):
                both_have_looked.wait(timeout=0.3)
            return seen

        return looked

    monkeypatch.setattr(matching, "near", and_wait(matching.near))
    # By then it has looked for photographs.
    monkeypatch.setattr(bulk, "insert", and_wait(bulk.insert))
    file = batches.File("one.csv", f"title,lat,lon\na,{place(0)[0]},{place(0)[1]}".encode())
    here = CandidateSlot(latitude=place(0)[0], longitude=place(0)[1])
    at_once(
        [
            partial(batches.upload, target=stones, file=file, mode="add", by=crowd[0], now=NINE_O_CLOCK),
            partial(race.shoot, stones.pk, crowd[1].pk, here, NINE_O_CLOCK),
        ]
    )
    assert CandidateSlot.objects.get().state == "fulfilled"


# --- SQLite: 8 processes ----------------------------------------------------------------------------------------------


@on_sqlite
def test_eight_processes(stones: Target, crowd: list[User], tmp_path: Path) -> None:
    slots_in(stones, **apart(6))
    database = Path(connection.settings_dict["NAME"])
    with race.processes(8, database, tmp_path / "var") as eight:
        answers = Counter(eight.all_at_once("ask", [(stones.pk, user.pk) for user in crowd[:8]]))
        assert answers.pop("all_held") == 2
        assert answers == Counter(apart(6).keys())

        Assignment.objects.all().delete()
        Event.objects.all().delete()
        CandidateSlot.objects.update(seats_left=1)
        assert eight.all_at_once("ask", [(stones.pk, crowd[0].pk)] * 8) == ["slot 0"] * 8

        eight.all_at_once("live", [(stones.pk, user.pk, seed, 12) for seed, user in enumerate(crowd[:8])])
    assert violations(stones.pk) == []


@on_sqlite
def test_threads_of_one_process_wait_for_each_other_too(stones: Target, crowd: list[User]) -> None:
    slots_in(stones, **apart(6))
    answers = Counter(at_once([partial(ask, stones.pk, user.pk) for user in crowd[:8]]))
    assert answers.pop("all_held") == 2
    assert answers == Counter(apart(6).keys())
    assert violations(stones.pk) == []


# --- controls: without the guards -------------------------------------------------------------------------------------


@pytest.fixture
def select_then_update(monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim as one would write it first: look for a free slot, and then take it."""
    both_have_looked = Barrier(2)

    def claim(wanted: claims.Wanted) -> bool:
        picked = CandidateSlot.objects.filter(target=wanted.reading.target_id).free().order_by("rank").first()
        both_have_looked.wait()
        if picked is None:
            return False
        Assignment.objects.create(
            pk=wanted.assignment_id, target=picked.target, slot=picked, volunteer_id=wanted.reading.user_id,
            started_at=wanted.now, expires_at=wanted.now + timedelta(minutes=1),
        )  # fmt: skip
        CandidateSlot.objects.filter(pk=picked.pk).update(seats_left=0)
        return True

    monkeypatch.setattr(claims, "claim", claim)


@pytest.fixture
def without_unique_constraints() -> Iterator[None]:
    guards = [guard for guard in Assignment._meta.constraints if hasattr(guard, "fields")]
    assert len(guards) == 4
    with connection.schema_editor() as editor:
        for guard in guards:
            editor.remove_constraint(Assignment, guard)
    yield
    Assignment.objects.all().delete()
    with connection.schema_editor() as editor:
        for guard in guards:
            editor.add_constraint(Assignment, guard)


def test_select_then_update_gives_one_slot_to_two(
    stones: Target, crowd: list[User], select_then_update: None, without_unique_constraints: None
) -> None:
    slots_in(stones, **apart(2))
    answers = at_once([partial(ask, stones.pk, user.pk) for user in crowd[:2]])
    assert answers == ["slot 0", "slot 0"]
    assert "slot 0, waiting, is held by 2" in violations(stones.pk)


def test_select_then_update_gives_two_slots_to_one(
    stones: Target, crowd: list[User], select_then_update: None, without_unique_constraints: None
) -> None:
    slots_in(stones, required_count=2, **apart(1))
    at_once([partial(ask, stones.pk, crowd[0].pk)] * 2)
    assert f"{crowd[0].name} holds 2 slots" in violations(stones.pk)


def test_the_constraints_alone_stop_select_then_update(
    stones: Target, crowd: list[User], select_then_update: None
) -> None:
    slots_in(stones, **apart(2))
    with pytest.raises(IntegrityError):
        at_once([partial(ask, stones.pk, user.pk) for user in crowd[:2]])
    assert Assignment.objects.count() == 1


# --- what the database refuses, whoever asks --------------------------------------------------------------------------


def hold(slot: CandidateSlot, user: User, **values: int) -> None:
    with transaction.atomic():
        Assignment.objects.create(
            pk=uuid4(), target=slot.target, slot=slot, volunteer=user, started_at=NINE_O_CLOCK,
            expires_at=NINE_O_CLOCK + timedelta(minutes=20), **values,
        )  # fmt: skip


def test_a_second_holder_of_a_seat_is_refused_by_the_database(stones: Target, crowd: list[User]) -> None:
    (slot,) = slots_in(stones, a=0)
    hold(slot, crowd[0])
    with pytest.raises(IntegrityError, match=r"a_seat_has_one_holder|slot_id, .*seat"):
        hold(slot, crowd[1])


def test_a_second_slot_at_one_stop_is_refused_by_the_database(stones: Target, crowd: list[User]) -> None:
    one, other = slots_in(stones, a=0, b=100)
    hold(one, crowd[0])
    with pytest.raises(IntegrityError, match=r"a_volunteers_stop_is_one_slot|volunteer_id, .*stop"):
        hold(other, crowd[0])


def test_a_slot_twice_for_one_volunteer_is_refused_by_the_database(stones: Target, crowd: list[User]) -> None:
    (slot,) = slots_in(stones, required_count=2, a=0)
    hold(slot, crowd[0])
    with pytest.raises(IntegrityError, match=r"a_volunteer_has_a_slot_once|slot_id, .*volunteer_id"):
        hold(slot, crowd[0], seat=1, stop=1)
