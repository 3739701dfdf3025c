"""What coordinators and volunteers say of a place: nobody can get there, it is not needed, it is wanted again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from capturegraph.models import Assignment, CandidateSlot, Membership, User
from capturegraph.models.membership import Role
from capturegraph.services import events, slots, telling
from capturegraph.services.hand_out import assignments
from capturegraph.services.refusals import Conflict, Invalid, NotFound
from capturegraph.services.writing import writing

State = CandidateSlot.State
Held = Assignment.State
SETTINGS = ("priority", "title", "note", "skills")
SETTABLE = (State.WAITING, State.WITHDRAWN, State.NOT_CAPTURABLE)
TOLD = {State.WITHDRAWN: "slot_withdrawn", State.NOT_CAPTURABLE: "slot_not_capturable"}


def decline(*, assignment_id: UUID, by: User, reason: str, note: str = "", now: datetime) -> Assignment:
    """Say that one cannot take the photograph, and why; a repeat is success.

    Where enough different volunteers have said so since the slot was last asked for, or a coordinator of the target,
    nobody is sent there any more, and whoever is on the way is told. A slot that is fulfilled stays so.

    Raises:
        NotFound: not the caller's. Conflict: it ended otherwise; the present state comes along.
    """
    mine = assignments.own(assignment_id, by)
    with writing():
        locked = assignments.lock_slot_of(mine)
        assignment = assignments.own(assignment_id, by)
        if assignment.state == Held.DECLINED:
            return assignment
        if assignment.state != Held.HELD:
            raise Conflict(assignments.not_yours(assignment), present=assignment)
        slot = locked[0]
        # Clocks of two servers differ by some: what is said after a reopening is not said before it.
        ended_at = max(now, slot.reopened_at + timedelta(microseconds=1)) if slot.reopened_at else now
        slots.end_assignments(ended=[assignment], state=Held.DECLINED, now=ended_at, actor_id=by.pk, why=reason)
        assignment.reason, assignment.note = reason, note
        assignment.save(update_fields=["reason", "note"])
        # Nor as planned: a seat that nobody will ask for would wait for them in vain.
        also_planned = Assignment.objects.filter(slot=slot, volunteer=by, state=Held.PLANNED)
        slots.end_planned(ended=also_planned, state=Held.WITHDRAWN, now=now, actor_id=by.pk, why=reason)
        slots.recount(locked, now=now, actor_id=by.pk)
        if slot.state in (State.WAITING, State.POOL) and _enough_say_no(slot, assignment, by):
            _become(slot, State.NOT_CAPTURABLE, now=now, by=by)
    return assignment


def _enough_say_no(slot: CandidateSlot, assignment: Assignment, by: User) -> bool:
    if by.is_superuser or Membership.objects.role_of(by, assignment.target) == Role.COORDINATOR:
        return True
    said = Assignment.objects.filter(slot=slot, state=Held.DECLINED)
    if slot.reopened_at:
        said = said.filter(ended_at__gt=slot.reopened_at)
    return said.values("volunteer__person_key").distinct().count() >= assignment.target.declines_needed


def take_back(*, assignment_id: UUID, by: User, now: datetime) -> Assignment:
    """Take a slot from whoever holds it, so that others can have it, and tell them; a repeat is success.

    Raises:
        NotFound: there is none. Conflict: it ended otherwise; the present state comes along.
    """
    row = Assignment.objects.filter(pk=assignment_id).first()
    if row is None:
        raise NotFound(_("There is no such assignment."))
    with writing():
        locked = assignments.lock_slot_of(row)
        row = Assignment.objects.select_related("slot", "target").get(pk=assignment_id)
        if row.state == Held.WITHDRAWN:
            return row
        if row.state not in (Held.HELD, Held.PLANNED):
            raise Conflict(_("Nobody holds it any more."), present=row)
        _end([row], "slot_taken_back", now=now, by=by, title=str(row.slot))
        slots.recount(locked, now=now, actor_id=by.pk)
    return row


def change_slot(
    *, slot_id: UUID, by: User, values: Mapping[str, Any], release_holders: bool = False, now: datetime
) -> CandidateSlot:
    """Change a slot: its `state` (waiting, withdrawn, not_capturable), priority, title, note or skills.

    To let it wait again asks for it afresh: who said no may be asked again. Photographs that count still do, so one
    that has enough of them is fulfilled. Where the target refreshes it waits all the same, until the next choice: it is
    one place, and the coordinator's own word. Saying the same again changes nothing.

    Raises:
        NotFound: there is none. Invalid: a value that cannot be.
        Conflict: somebody is on the way, and `release_holders` does not say to call them back; or it is fulfilled.
    """
    _check(values)
    with writing():
        locked = slots.locked(CandidateSlot.objects.filter(pk=slot_id))
        if not locked:
            raise NotFound(_("There is no such slot."))
        slot = locked[0]
        _set(slot, {name: values[name] for name in SETTINGS if name in values}, now=now, by=by)
        state = values.get("state", slot.state)
        if state == State.WAITING and slot.state != State.FULFILLED:
            _ask_again(slot, now=now, by=by)
        elif state in TOLD and state != slot.state:
            _close(slot, State(state), release_holders, now=now, by=by)
    return slot


def _check(values: Mapping[str, Any]) -> None:
    wrong = sorted(set(values) - {*SETTINGS, "state"})
    wrong += [name for name in ("state",) if name in values and values[name] not in SETTABLE]
    wrong += [name for name in ("priority",) if name in values and not 0 <= values[name] <= 100]
    if wrong:
        reason = _("It cannot be that.")
        raise Invalid(reason, errors=[{"field": name, "reason": reason} for name in wrong])


def _set(slot: CandidateSlot, values: Mapping[str, Any], *, now: datetime, by: User) -> None:
    changed = {name: value for name, value in values.items() if getattr(slot, name) != value}
    if not changed:
        return
    before = {name: getattr(slot, name) for name in changed}
    for name, value in changed.items():
        setattr(slot, name, value)
    slot.updated_at = now
    slot.save(update_fields=[*changed, "updated_at"])
    _record(slot, "changed", now, by, {"before": before, "after": changed})


def _ask_again(slot: CandidateSlot, *, now: datetime, by: User) -> None:
    if slot.state == State.WAITING:
        return
    was, slot.state = slot.state, State.WAITING
    slot.reopened_at = slot.updated_at = now
    slot.save(update_fields=["state", "reopened_at", "updated_at"])
    _record(slot, "reopened", now, by, {"was": was})
    slots.recount([slot], now=now, actor_id=by.pk)


def _close(slot: CandidateSlot, state: State, release_holders: bool, *, now: datetime, by: User) -> None:
    if state == State.NOT_CAPTURABLE and slot.state == State.FULFILLED:
        raise Conflict(_("This place has been photographed."), code="fulfilled", present={"state": slot.state})
    lapsed = Assignment.objects.due(now).filter(slot=slot)
    slots.end_assignments(ended=lapsed, state=Held.EXPIRED, now=now, actor_id=None)
    holders = Assignment.objects.live(now).filter(slot=slot)
    if not release_holders and holders.exists():
        raise Conflict(
            _("Somebody is on the way there. Say that they are to be called back, or wait."),
            code="held", present={"state": slot.state, "held": True},
        )  # fmt: skip
    _become(slot, state, now=now, by=by)


def _become(slot: CandidateSlot, state: State, *, now: datetime, by: User) -> None:
    """Close a locked slot, and call back whoever is on the way there or has a plan to go."""
    was, slot.state, slot.updated_at = slot.state, state, now
    slot.save(update_fields=["state", "updated_at"])
    _record(slot, str(state), now, by, {"was": was})
    on_the_way = Assignment.objects.filter(slot=slot, state__in=[Held.HELD, Held.PLANNED])
    _end(on_the_way.order_by("pk"), TOLD[state], now=now, by=by, title=str(slot))
    slots.recount([slot], now=now, actor_id=by.pk)


def _end(some: Iterable[Assignment], kind: str, *, now: datetime, by: User, title: str) -> None:
    rows = list(some)
    planned = [row for row in rows if row.state == Held.PLANNED]
    slots.end_assignments(ended=rows, state=Held.WITHDRAWN, now=now, actor_id=by.pk, why=kind)
    slots.end_planned(ended=planned, state=Held.WITHDRAWN, now=now, actor_id=by.pk)
    for row in rows:
        telling.tell(
            users=[row.volunteer_id], kind=kind, now=now, target_id=row.target_id,
            data={"title": title, "slot": str(row.slot_id)},
        )  # fmt: skip


def _record(slot: CandidateSlot, verb: str, now: datetime, by: User, data: Mapping[str, Any]) -> None:
    events.record(
        at=now, verb=verb, noun="slot", row_id=slot.pk, target_id=slot.target_id, actor_id=by.pk, data=data,
    )  # fmt: skip
