"""Assignments that become held without a claim: a lease that ran out and nobody took, a plan whose time has come."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q

from capturegraph.models import Assignment, CandidateSlot, Match
from capturegraph.models.assignment import AssignmentQuerySet
from capturegraph.services import events, slots
from capturegraph.services.hand_out import claims
from capturegraph.services.hand_out.reading import REVIVED_WITHIN, Reading
from capturegraph.services.people.identity import takes_part
from capturegraph.services.writing import writing

State = Assignment.State


def revive(mine: Assignment, *, now: datetime, lease_s: int, among_others: bool = False, say: bool = True) -> bool:
    """Let somebody go on with a slot whose lease ran out, where nobody took it; `mine` is brought up to date.

    Also after the sweep has ended the lease, within four hours, where a seat is free, and the volunteer holds nothing
    else in the target (`among_others`: or other stops of a walk). A lease that cannot be taken up again is ended.
    `say`: write it down, where the caller has not.
    """
    with writing():
        if not takes_part(mine.volunteer_id, mine.target_id):
            return False
        # A sweep that has this slot in hand has already decided: wait for it, and see.
        locked = slots.locked(CandidateSlot.objects.filter(pk=mine.slot_id))
        row = Assignment.objects.select_related("volunteer", "slot").filter(pk=mine.pk).first()
        if row is None or not locked:
            return False
        if row.state == State.HELD and (row.expires_at > now or _is_asked_for(locked[0], now)):
            # The lease of a twin's is as good as ours.
            values: dict[str, Any] = {"expires_at": max(row.expires_at, now + timedelta(seconds=lease_s))}
        elif _can_be_held_again(row, locked[0], now, among_others):
            seat = claims.free_seat(row.slot_id, locked[0].required_count)
            values = {"expires_at": now + timedelta(seconds=lease_s), "ended_at": None, "seat": seat}
        else:
            _give_up(row, locked, now)
            return False
        if not _hold(row, values):
            return False
        slots.recount(locked, now=now, actor_id=row.volunteer_id)
        if say:
            events.record(
                at=now, verb="revived", noun="assignment", row_id=row.pk, target_id=row.target_id,
                actor_id=row.volunteer_id,
            )  # fmt: skip
    for name, value in {**values, "state": State.HELD}.items():
        setattr(mine, name, value)
    return True


def _give_up(row: Assignment, locked: list[CandidateSlot], now: datetime) -> None:
    """End a lease that has run out, as a sweep would: while it stands, its volunteer can claim nothing else."""
    if row.state == State.HELD and slots.end_assignments(ended=[row], state=State.EXPIRED, now=now, actor_id=None):
        slots.recount(locked, now=now, actor_id=None)


def _is_asked_for(slot: CandidateSlot, now: datetime) -> bool:
    """Say whether a locked slot, of which somebody has a seat still, is one to go to now."""
    return slot.state in (CandidateSlot.State.WAITING, CandidateSlot.State.POOL) and _is_open(slot, now)


def _is_open(slot: CandidateSlot, now: datetime) -> bool:
    from_, until = slot.window_from, slot.window_until
    return (from_ is None or from_ <= now) and (until is None or until > now)


def _can_be_held_again(row: Assignment, slot: CandidateSlot, now: datetime, among_others: bool) -> bool:
    """Judge an ended assignment whose slot is locked."""
    others = Assignment.objects.filter(target=row.target_id, volunteer=row.volunteer_id)
    return (
        row.state == State.EXPIRED
        and row.expires_at > now - REVIVED_WITHIN
        and _free_for(row, slot, now)
        and (among_others or not others.filter(state=State.HELD).exists())
    )


def _free_for(row: Assignment, slot: CandidateSlot, now: datetime) -> bool:
    """Say whether a locked slot has a seat for the volunteer of an assignment, now."""
    theirs = Q(volunteer=row.volunteer_id)
    rows = Assignment.objects.filter(slot=slot)
    # Who has come for it already needs no second seat.
    come = rows.filter(state=State.HELD).values("volunteer")
    planned = rows.filter(state=State.PLANNED, expires_at__gt=now).exclude(theirs | Q(volunteer__in=come)).count()
    held_or_declined = Q(state=State.HELD) | Q(state=State.DECLINED, ended_at__gt=slot.reopened_at or row.started_at)
    return (
        slot.state == CandidateSlot.State.WAITING
        and slot.seats_left > planned
        and _is_open(slot, now)
        and not rows.filter(theirs & held_or_declined).exists()
        and not Match.objects.filter(slot=slot, person_key=row.volunteer.person_key, active=True).exists()
    )


def _hold(row: Assignment, values: Mapping[str, Any]) -> bool:
    try:
        with transaction.atomic():
            # Only from the state that was judged: what the volunteer's twin did meanwhile stands.
            unchanged = Assignment.objects.filter(pk=row.pk, state=row.state)
            return bool(unchanged.update(state=State.HELD, **values))
    except IntegrityError:
        # Their stop has become another slot.
        return False


def revive_lapsed(asking: Reading, *, now: datetime) -> bool:
    """Take up again what somebody took last, where its lease ran out and was tidied up, and nobody took the slot."""
    row = Assignment.objects.filter(pk=asking.lapsed).first() if asking.lapsed else None
    return row is not None and revive(row, now=now, lease_s=asking.lease_s)


def begin_planned(asking: Reading, *, now: datetime, stop: int = 0, lease_s: int | None = None) -> UUID | None:
    """Turn what is planned for somebody at this time into something that they hold, the first that can be.

    Whatever the target's way of handing out: a plan that was accepted is a promise.
    """
    if not asking.planned:
        return None
    for row in planned_now(asking, now):
        if _begin(row, now=now, lease_s=lease_s or asking.lease_s, stop=stop):
            return row.pk
    return None


def planned_now(asking: Reading, now: datetime) -> AssignmentQuerySet:
    """Give what is planned for somebody at this time, in the order of their way: one plan after the other."""
    planned = Assignment.objects.filter(
        target=asking.target_id, volunteer=asking.user_id, state=State.PLANNED,
        started_at__lte=now, expires_at__gt=now,
    )  # fmt: skip
    return planned.select_related("slot").order_by("plan__from_at", "stop", "started_at", "pk")


def _begin(row: Assignment, *, now: datetime, lease_s: int, stop: int) -> bool:
    with writing():
        if not takes_part(row.volunteer_id, row.target_id):
            return False
        locked = slots.locked(CandidateSlot.objects.filter(pk=row.slot_id))
        again = Assignment.objects.select_related("volunteer").filter(pk=row.pk, state=State.PLANNED).first()
        if again is None or not locked or not _free_for(again, locked[0], now):
            return False
        # Whoever else has a plan for this slot has one for another seat of it: the plan was checked for that.
        seat = claims.free_seat(again.slot_id, locked[0].required_count)
        expires_at = now + timedelta(seconds=lease_s)
        values = {"seat": seat, "stop": stop, "started_at": now, "expires_at": expires_at}
        if not _hold(again, values):
            return False
        slots.recount(locked, now=now, actor_id=again.volunteer_id)
        events.record(
            at=now, verb="claimed", noun="assignment", row_id=again.pk, target_id=again.target_id,
            actor_id=again.volunteer_id,
            data={"slot": str(again.slot_id), "expires_at": expires_at.isoformat(), "planned": True},
        )  # fmt: skip
    return True


def end_missed_plans(*, now: datetime, limit: int) -> int:
    """End what was planned for a time that has gone by; say how many."""
    with writing():
        missed = Assignment.objects.filter(state=State.PLANNED, expires_at__lte=now).order_by("pk")[:limit]
        ended = list(missed.select_for_update(no_key=True, skip_locked=True, of=("self",)))
        slots.end_planned(ended=ended, state=State.EXPIRED, now=now, actor_id=None)
    return len(ended)
