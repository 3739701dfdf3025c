"""Taking back what somebody holds who will not walk there any more."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from capturegraph.models import Assignment, CandidateSlot
from capturegraph.services import slots

State = Assignment.State


def take_back(
    *, user_id: UUID, state: Assignment.State, why: str, now: datetime, actor_id: UUID | None,
    target_id: UUID | None = None,
) -> list[Assignment]:  # fmt: skip
    """End what somebody holds, in one target or everywhere, so that others can have it; give what was ended.

    What is planned for them ends too.

    The caller is in a transaction, and has locked the targets and whatever keeps a new claim from coming in between.
    """
    held = Assignment.objects.filter(volunteer=user_id, state=State.HELD)
    if target_id:
        held = held.filter(target=target_id)
    locked = slots.locked(CandidateSlot.objects.filter(pk__in=held.values("slot")))
    mine = held.filter(slot__in=[slot.pk for slot in locked])
    ended = slots.end_assignments(ended=mine, state=state, now=now, actor_id=actor_id, why=why)
    slots.recount(locked, now=now, actor_id=actor_id)
    planned = Assignment.objects.filter(volunteer=user_id, state=State.PLANNED)
    planned = planned.filter(target=target_id) if target_id else planned
    # What was only planned ends as withdrawn, whoever says so: it never was in anybody's hands.
    slots.end_planned(ended=planned, state=State.WITHDRAWN, now=now, actor_id=actor_id)
    return ended
