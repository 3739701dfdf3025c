"""Locking slots, and deriving what they are from the rows that speak of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from capturegraph.models import Assignment, CandidateSlot, Event, Match
from capturegraph.models.candidate_slot import CandidateSlotQuerySet
from capturegraph.services import planned_seats, telling

State = CandidateSlot.State
AT_ONCE = 500
_DERIVED = ("seats_left", "state", "reopened_at", "offered_first_to_id")


def locked(slots: CandidateSlotQuerySet) -> list[CandidateSlot]:
    """Lock rows of slots, always by id, so that no two transactions ever wait for each other crosswise.

    Slots come first and assignments after, in every verb.
    """
    return list(slots.order_by("pk").select_for_update(no_key=True, of=("self",)))


def end_assignments(
    *, ended: Iterable[Assignment], state: Assignment.State, now: datetime, actor_id: UUID | None, why: str = ""
) -> list[Assignment]:
    """End held assignments whose slots the caller has locked, and say so; give those that were still held."""
    rows = {assignment.pk: assignment for assignment in ended}
    if not rows:
        return []
    held = Assignment.objects.filter(pk__in=rows, state=Assignment.State.HELD)
    still = set(held.values_list("pk", flat=True)) if len(rows) > 1 else set(rows)
    if not held.update(state=state, ended_at=now):
        return []
    done = [assignment for pk, assignment in rows.items() if pk in still]
    for assignment in done:
        assignment.state, assignment.ended_at = state, now
    Event.objects.bulk_create(
        Event(
            at=now, verb=state.value, noun="assignment", row_id=assignment.pk, target_id=assignment.target_id,
            actor_id=actor_id, data={"slot": str(assignment.slot_id), **({"why": why} if why else {})},
        )
        for assignment in done
    )  # fmt: skip
    return done


def end_planned(
    *, ended: Iterable[Assignment], state: Assignment.State, now: datetime, actor_id: UUID | None, why: str = ""
) -> list[Assignment]:
    """End planned assignments, and say so; give those that were still planned. A seat was never theirs."""
    rows = sorted(ended, key=lambda one: one.pk)
    done: list[Assignment] = []
    for first in range(0, len(rows), AT_ONCE):
        some = {one.pk: one for one in rows[first : first + AT_ONCE]}
        # Locked by id, in whatever order they came: many of several slots may be ended without a lock on these.
        planned = Assignment.objects.filter(pk__in=some, state=Assignment.State.PLANNED).order_by("pk")
        still = list(planned.select_for_update(no_key=True).values_list("pk", flat=True))
        Assignment.objects.filter(pk__in=still).update(state=state, ended_at=now)
        done += [some[pk] for pk in still]
    for one in done:
        one.state, one.ended_at = state, now
    Event.objects.bulk_create(
        (
            Event(
                at=now, verb=state.value, noun="assignment", row_id=one.pk, target_id=one.target_id,
                actor_id=actor_id, data={"slot": str(one.slot_id), "planned": True, **({"why": why} if why else {})},
            )
            for one in done
        ),
        batch_size=AT_ONCE,
    )  # fmt: skip
    return done


def recount(slots: Collection[CandidateSlot], *, now: datetime, actor_id: UUID | None) -> list[CandidateSlot]:
    """Derive seats and state of locked slots from their matches and assignments; give those that became fulfilled.

    Whoever took a photograph that counts is done with the slot, even where it needs more people; where it needs nobody
    any more, every holder is, and those who did not take one are told. A slot that falls short again waits again. What
    is planned for more people than it needs ends, too.
    """
    ids = [slot.pk for slot in slots]
    people = Match.objects.persons_of(ids)
    holders, plans = _on_the_way(ids)
    changed, done, said, off = [], [], [], []
    for slot in slots:
        counted, on_the_way = people.get(slot.pk, set()), holders[slot.pk]
        before = tuple(getattr(slot, name) for name in _DERIVED)
        state = _state_of(slot, len(counted))
        ending = [a for a in on_the_way if state == State.FULFILLED or a.volunteer.person_key in counted]
        done += [(slot, one, one.volunteer.person_key in counted) for one in ending]
        slot.seats_left = slot.required_count - len(counted) - (len(on_the_way) - len(ending))
        if slot.state != state:
            said.append(_told(slot, state, len(counted), now, actor_id))
            _turn(slot, state, now)
        if before != tuple(getattr(slot, name) for name in _DERIVED):
            slot.updated_at = now
            changed.append(slot)
        if slot.pk in plans:
            staying = {one.volunteer_id for one in on_the_way} - {one.volunteer_id for one in ending}
            off += planned_seats.over(slot, plans[slot.pk], counted, staying, now)
    Event.objects.bulk_create(said, batch_size=500)
    _end(done, now, actor_id)
    planned_seats.end(off, end_planned, now=now, actor_id=actor_id)
    _write(changed)
    became = {event.row_id for event in said if event.verb == State.FULFILLED}
    return [slot for slot in slots if slot.pk in became]


def _on_the_way(ids: Collection[UUID]) -> tuple[dict[UUID, list[Assignment]], dict[UUID, list[Assignment]]]:
    """Give who holds, and who is planned for, each of some slots."""
    holders: dict[UUID, list[Assignment]] = defaultdict(list)
    plans: dict[UUID, list[Assignment]] = defaultdict(list)
    states = [Assignment.State.HELD, Assignment.State.PLANNED]
    for one in Assignment.objects.filter(slot__in=ids, state__in=states).select_related("volunteer"):
        (holders if one.state == Assignment.State.HELD else plans)[one.slot_id].append(one)
    return holders, plans


def _state_of(slot: CandidateSlot, people: int) -> str:
    if slot.state == State.WITHDRAWN:
        return slot.state
    if people >= slot.required_count:
        return State.FULFILLED
    return State.WAITING if slot.state == State.FULFILLED else slot.state


def _told(slot: CandidateSlot, state: str, people: int, now: datetime, actor_id: UUID | None) -> Event:
    return Event(
        at=now, verb="reopened" if state == State.WAITING else str(state), noun="slot", row_id=slot.pk,
        target_id=slot.target_id, actor_id=actor_id, data={"people": people, "was": slot.state},
    )  # fmt: skip


def _turn(slot: CandidateSlot, state: str, now: datetime) -> None:
    if state == State.FULFILLED:
        slot.offered_first_to_id = None
    elif slot.state == State.FULFILLED:
        # Whoever said no to it before may be asked again.
        slot.reopened_at = now
    slot.state = state


def _end(done: list[tuple[CandidateSlot, Assignment, bool]], now: datetime, actor_id: UUID | None) -> None:
    fulfilled = Assignment.State.FULFILLED
    ended = end_assignments(ended=[one for __slot, one, __own in done], state=fulfilled, now=now, actor_id=actor_id)
    gone = {assignment.pk for assignment in ended}
    for slot, assignment, own in done:
        if assignment.pk in gone and not own:
            telling.tell(
                users=[assignment.volunteer_id], kind="slot_done", now=now, target_id=slot.target_id,
                data={"title": str(slot), "slot": str(slot.pk)},
            )  # fmt: skip


def _write(changed: Iterable[CandidateSlot]) -> None:
    # Many slots become the same few things: a statement for each of these, not one that lists every row.
    alike: dict[tuple[object, ...], list[CandidateSlot]] = defaultdict(list)
    for slot in changed:
        alike[tuple(getattr(slot, name) for name in _DERIVED)].append(slot)
    for values, some in alike.items():
        for first in range(0, len(some), 500):
            rows = CandidateSlot.objects.filter(pk__in=[slot.pk for slot in some[first : first + 500]])
            rows.update(**dict(zip(_DERIVED, values, strict=True)), updated_at=some[0].updated_at)
