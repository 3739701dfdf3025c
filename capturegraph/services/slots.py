"""Locking slots, and deriving what they are from the rows that speak of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Count

from capturegraph.models import Assignment, CandidateSlot, Match
from capturegraph.models.candidate_slot import CandidateSlotQuerySet
from capturegraph.services import events

State = CandidateSlot.State


def locked(slots: CandidateSlotQuerySet) -> list[CandidateSlot]:
    """Lock rows of slots, always by id, so that no two transactions ever wait for each other crosswise.

    Slots come first and assignments after, in every verb.
    """
    return list(slots.order_by("pk").select_for_update(no_key=True, of=("self",)))


def end_assignments(
    *, ended: Iterable[Assignment], state: Assignment.State, now: datetime, actor_id: UUID | None, why: str = ""
) -> list[Assignment]:
    """End held assignments whose slots the caller has locked, and say so; give those that were still held."""
    done = []
    for assignment in ended:
        held = Assignment.objects.filter(pk=assignment.pk, state=Assignment.State.HELD)
        if not held.update(state=state, ended_at=now):
            continue
        assignment.state, assignment.ended_at = state, now
        done.append(assignment)
        events.record(
            at=now, verb=state.value, noun="assignment", row_id=assignment.pk, target_id=assignment.target_id,
            actor_id=actor_id, data={"slot": str(assignment.slot_id), **({"why": why} if why else {})},
        )  # fmt: skip
    return done


def recount(slots: Collection[CandidateSlot], *, now: datetime, actor_id: UUID | None) -> list[CandidateSlot]:
    """Derive seats and state of locked slots from their matches and assignments; give those that became fulfilled.

    A slot that falls short again, because a capture no longer counts, waits again.
    """
    ids = [slot.pk for slot in slots]
    people = Match.objects.people_by_slot(ids)
    held = Assignment.objects.filter(slot__in=ids, state=Assignment.State.HELD).values_list("slot")
    holders: dict[UUID, int] = dict(held.annotate(holders=Count("pk")))
    fulfilled, changed = [], []
    for slot in slots:
        counted = people.get(slot.pk, 0)
        seats_left = slot.required_count - counted - holders.get(slot.pk, 0)
        state = _state_of(slot, counted)
        if (slot.seats_left, slot.state) == (seats_left, state):
            continue
        if slot.state != state:
            events.record(
                at=now, verb="reopened" if state == State.WAITING else str(state), noun="slot", row_id=slot.pk,
                target_id=slot.target_id, actor_id=actor_id, data={"people": counted, "was": slot.state},
            )  # fmt: skip
            if state == State.FULFILLED:
                fulfilled.append(slot)
        slot.seats_left, slot.state, slot.updated_at = seats_left, state, now
        changed.append(slot)
    CandidateSlot.objects.bulk_update(changed, ["seats_left", "state", "updated_at"], batch_size=500)
    return fulfilled


def _state_of(slot: CandidateSlot, people: int) -> str:
    if slot.state == State.WITHDRAWN:
        return slot.state
    if people >= slot.required_count:
        return State.FULFILLED
    return State.WAITING if slot.state == State.FULFILLED else slot.state
