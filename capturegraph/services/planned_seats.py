"""Which planned assignments of a slot cannot be kept, by what the slot still needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from capturegraph.models import Assignment, CandidateSlot
from capturegraph.services import telling

State = Assignment.State
_TOLD = {
    CandidateSlot.State.FULFILLED: "slot_done",
    CandidateSlot.State.NOT_CAPTURABLE: "slot_not_capturable",
}


class Over(NamedTuple):
    """A planned assignment that is at an end: by the volunteer's own photograph, or else with a word to them."""

    assignment: Assignment
    slot: CandidateSlot
    state: Assignment.State
    tell: str


def over(
    slot: CandidateSlot, plans: Iterable[Assignment], counted: Collection[UUID], holding: Collection[UUID],
    now: datetime,
) -> list[Over]:  # fmt: skip
    """Say which of the planned assignments of a slot, whose seats and state are derived, are at an end.

    Whoever has photographed it is done. Of the others no more are kept than there are free seats, the lowest seats
    first; whoever holds the slot as well needs no second one. What has run out takes no seat, and is left to the sweep.
    """
    ended, free = [], max(slot.seats_left, 0)
    waits = slot.state == CandidateSlot.State.WAITING
    for one in sorted(plans, key=lambda one: (one.seat, one.started_at, one.pk)):
        if one.volunteer.person_key in counted:
            ended.append(Over(one, slot, State.FULFILLED, ""))
        elif one.expires_at <= now or (waits and one.volunteer_id in holding):
            continue
        elif waits and free:
            free -= 1
        elif slot.state != CandidateSlot.State.POOL:
            ended.append(Over(one, slot, State.WITHDRAWN, _TOLD.get(CandidateSlot.State(slot.state), "slot_withdrawn")))
    return ended


def end(
    some: Iterable[Over], ending: Callable[..., list[Assignment]], *, now: datetime, actor_id: UUID | None
) -> None:  # fmt: skip
    """End what is over, by the function that ends planned assignments, and tell whose it was."""
    by_state: dict[tuple[Any, str], list[Over]] = defaultdict(list)
    for one in some:
        by_state[one.state, one.tell].append(one)
    for (state, kind), alike in by_state.items():
        gone = {row.pk for row in ending(ended=[one.assignment for one in alike], state=state, now=now,
                                         actor_id=actor_id, why=kind)}  # fmt: skip
        for one in alike:
            if kind and one.assignment.pk in gone:
                telling.tell(
                    users=[one.assignment.volunteer_id], kind=kind, now=now, target_id=one.slot.target_id,
                    data={"title": str(one.slot), "slot": str(one.slot.pk)},
                )  # fmt: skip
