"""Accepting a plan at the same time as something else: no seat twice, none lost."""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from threading import Event as Flag
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from bringing_in import table
from django.db import connection, transaction
from planning_ahead import answered, asked
from race import at_once, shoot, violations
from stories import NINE_O_CLOCK, Person, slots_in

from capturegraph.models import Assignment, Batch, CandidateSlot, Membership, PlanRun, Target, User
from capturegraph.services import jobs
from capturegraph.services.batching import batches
from capturegraph.services.hand_out import assignments
from capturegraph.services.people import members
from capturegraph.services.planning import accepting
from capturegraph.services.refusals import Busy, Conflict

pytestmark = pytest.mark.django_db(transaction=True)

NOW = NINE_O_CLOCK
STONES = 24


@pytest.fixture(autouse=True)
def nobody_hears(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "ring", lambda job_id: True)


@pytest.fixture
def stones() -> Target:
    return Target.objects.create(name="Boundary stones", hand_out="queue")


@pytest.fixture
def carol(stones: Target) -> Person:
    return Person("carol").joins(stones, "coordinator")


@pytest.fixture
def people(stones: Target) -> list[Person]:
    return [Person(f"person {number}").joins(stones, "volunteer") for number in range(6)]


@pytest.fixture
def run(stones: Target, carol: Person, people: list[Person]) -> PlanRun:
    slots_in(stones, required_count=2, **{str(number): number * 120.0 for number in range(STONES)})
    return answered(asked(stones, carol, NOW), carol, NOW)


def accept(run: PlanRun, carol: Person) -> Callable[[], str]:
    def act() -> str:
        try:
            done = accepting.accept(run_id=run.pk, by=carol.user, now=NOW, leave_out_changed=True)
        except Conflict as refused:
            return refused.code
        return f"accepted {len(done.assignments)}"

    return act


def overbooked(target: Target) -> list[str]:
    """Slots with more people on the way or photographed than they ask for, and seats that two have."""
    found = []
    for slot in CandidateSlot.objects.of(target):
        rows = list(Assignment.objects.filter(slot=slot, state__in=["held", "planned"]))
        # Who has come for it before the plan was known needs no second seat.
        come = {one.volunteer_id for one in rows if one.state == "held"}
        planned = [one for one in rows if one.state == "planned" and one.volunteer_id not in come]
        if slot.state == "waiting" and len(planned) > max(slot.seats_left, 0):
            found.append(f"{slot} has {len(planned)} planned for {slot.seats_left} seats")
        if slot.state in ("withdrawn", "fulfilled") and planned:
            found.append(f"{slot}, {slot.state}, is planned")
        seats = Counter((one.state, one.seat) for one in rows)
        found += [f"{slot} has {count} on seat {seat}" for seat, count in seats.items() if count > 1]
        found += [
            f"{slot} sends {who} twice"
            for who, count in Counter(one.volunteer_id for one in planned).items()
            if count > 1
        ]
    return found + violations(target.pk)


def test_two_accept_the_same_answer_and_one_of_two(stones: Target, carol: Person, run: PlanRun) -> None:
    other = answered(asked(stones, carol, NOW), carol, NOW)
    said = at_once([accept(run, carol), accept(other, carol), accept(run, carol), accept(other, carol)])
    assert overbooked(stones) == []
    # Nothing is left for the second plan, and a repeat says what the first one said.
    assert sorted(said) == ["accepted 48", "accepted 48", "plan_changed", "plan_changed"]
    assert Assignment.objects.filter(state="planned").count() == 48


def test_people_claim_while_a_plan_is_accepted(
    stones: Target, carol: Person, people: list[Person], run: PlanRun
) -> None:
    def claims(who: Person) -> Callable[[], str]:
        def act() -> str:
            with suppress(Busy):
                handed = assignments.request_slot(target_id=stones.pk, user_id=who.user.pk, now=NOW)
                return str(handed.assignment and handed.assignment.slot)
            return "busy"

        return act

    Assignment.objects.all().delete()
    said = at_once([accept(run, carol), *map(claims, people)])
    assert overbooked(stones) == []
    # Who was told that the server is busy asks again, as phones do.
    again = [claims(who)() for who, word in zip(people, said[1:], strict=True) if word == "busy"]
    assert "None" not in [*said, *again]
    assert overbooked(stones) == []
    made = Assignment.objects.filter(plan=run.plan_id)
    held = Assignment.objects.filter(state="held")
    assert (said[0].startswith("accepted"), held.count(), made.exists()) == (True, len(people), True)


def test_photographs_come_in_while_a_plan_is_accepted(
    stones: Target, carol: Person, people: list[Person], run: PlanRun
) -> None:
    slots = list(CandidateSlot.objects.of(stones).order_by("rank"))
    passing = [
        lambda who=who, slot=slot: shoot(stones.pk, who.user.pk, slot, NOW)
        for who, slot in zip(people, slots, strict=False)
    ]
    at_once([accept(run, carol), *passing])
    assert overbooked(stones) == []
    done = Assignment.objects.filter(
        state="planned", slot__matches__person_key__in=[who.user.person_key for who in people]
    )
    doubled = [one for one in done if one.slot.matches.filter(person_key=one.volunteer.person_key).exists()]
    assert doubled == [], "whoever has photographed a place is not sent there"


def test_places_go_while_a_plan_is_accepted(stones: Target, carol: Person, run: PlanRun) -> None:
    kept = table(*(f"{number} {number} {number * 120}" for number in range(0, STONES, 2))).encode()

    def replace() -> str:
        file = batches.File("places.csv", kept)
        return batches.upload(target=stones, file=file, mode=Batch.Mode.REPLACE, by=carol.user, now=NOW).state

    at_once([accept(run, carol), replace])
    assert overbooked(stones) == []
    gone = CandidateSlot.objects.filter(state="withdrawn")
    assert (gone.count(), Assignment.objects.filter(state="planned", slot__in=gone).count()) == (STONES // 2, 0)


def test_people_go_while_a_plan_is_accepted(stones: Target, carol: Person, people: list[Person], run: PlanRun) -> None:
    def leaves(who: Person) -> Callable[[], None]:
        return lambda: members.remove(target=stones, user_id=who.user.pk, by=carol.user, now=NOW)

    at_once([accept(run, carol), *map(leaves, people[:2])])
    assert overbooked(stones) == []
    gone = Membership.objects.exclude(removed_at=None).values("user")
    assert not Assignment.objects.filter(state="planned", volunteer__in=gone).exists()


@pytest.mark.only_on("postgresql")
def test_a_claim_that_looked_before_a_plan_was_accepted_does_not_take_its_seats(
    stones: Target, carol: Person, people: list[Person]
) -> None:
    """One statement has one view of the rows: this one's is from before there was a plan."""
    (slot,) = slots_in(stones, only=0)
    run = answered(asked(stones, carol, NOW), carol, NOW)
    (sent,) = (UUID(stop["volunteer"]) for stop in run.stops)
    other = next(who for who in people if who.user.pk != sent)
    holding, said, answer = Flag(), Flag(), list[Any]()

    def hold() -> None:
        with transaction.atomic():
            User.objects.select_for_update().get(pk=other.user.pk)
            holding.set()
            assert said.wait(30)
        connection.close()

    def ask() -> None:
        # It begins, and waits for its own person's row.
        answer.append(assignments.request_slot(target_id=stones.pk, user_id=other.user.pk, now=NOW))
        connection.close()

    threads = [Thread(target=hold), Thread(target=ask)]
    threads[0].start()
    assert holding.wait(30)
    threads[1].start()
    while not _waiting():
        pass
    accepting.accept(run_id=run.pk, by=carol.user, now=NOW)
    said.set()
    for thread in threads:
        thread.join()
    assert (answer[0].assignment, answer[0].reason.code) == (None, "all_held")
    assert overbooked(stones) == []
    assert Assignment.objects.get(slot=slot).state == "planned"


@pytest.mark.only_on("postgresql")
def test_a_plan_is_withdrawn_slots_first(carol: Person, people: list[Person], run: PlanRun) -> None:
    """Whoever has a slot may come to what is planned there: nobody who waits for the slot has that already."""
    accepting.accept(run_id=run.pk, by=carol.user, now=NOW)
    planned = Assignment.objects.filter(state="planned")
    last = planned.latest("slot")

    def withdraw() -> None:
        accepting.withdraw(plan_id=run.plan_id, by=carol.user, now=NOW)
        connection.close()

    thread = Thread(target=withdraw)
    with transaction.atomic():
        CandidateSlot.objects.select_for_update(no_key=True).get(pk=last.slot_id)
        thread.start()
        while not _waiting():
            pass
        assert Assignment.objects.select_for_update(no_key=True, nowait=True).get(pk=last.pk) == last
    thread.join()
    assert not planned.exists()


def _waiting() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_a_day_of_plans(stones: Target, carol: Person, people: list[Person], run: PlanRun, seed: int) -> None:
    """Everybody asks, photographs and gives back while plans are accepted and withdrawn."""
    chance = random.Random(seed)

    def lives(who: Person, seed: int) -> Callable[[], None]:
        def act() -> None:
            dice = random.Random(seed)
            for turn in range(12):
                now = NOW + timedelta(minutes=turn)
                with suppress(Busy, Conflict):
                    handed = assignments.request_slot(target_id=stones.pk, user_id=who.user.pk, now=now)
                    if handed.assignment and dice.random() < 0.6:
                        shoot(stones.pk, who.user.pk, handed.assignment.slot, now)
                    elif handed.assignment:
                        assignments.release(assignment_id=handed.assignment.pk, by=who.user, now=now)

        return act

    def plans_ahead() -> None:
        for turn in range(3):
            now = NOW + timedelta(minutes=3 * turn)
            plan = asked(stones, carol, now)
            found = answered(plan, carol, now)
            with suppress(Conflict):
                accepting.accept(run_id=found.pk, by=carol.user, now=now, leave_out_changed=True)
                if turn == 1:
                    accepting.withdraw(plan_id=plan.pk, by=carol.user, now=now)

    at_once([plans_ahead, *(lives(who, chance.randrange(1000)) for who in people)])
    assert overbooked(stones) == []
