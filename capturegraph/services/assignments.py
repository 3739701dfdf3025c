"""Handing out slots, and taking them back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

from django.db.models import Q
from django.utils.translation import gettext as _

from capturegraph.models import Assignment, CandidateSlot, Target, User
from capturegraph.services import claims, events, people, slots
from capturegraph.services.claims import Reading, Wanted
from capturegraph.services.nearest import nearest_choices
from capturegraph.services.refusals import Busy, Conflict, Forbidden, NotAuthenticated, NotFound
from capturegraph.services.writing import writing

ROUNDS = 5
SWEEP_AT_ONCE = 100
State = Assignment.State


class Position(NamedTuple):
    """Where a phone is, in degrees. It is used to choose, and never kept."""

    latitude: float
    longitude: float


class Reason(NamedTuple):
    """Why there is no slot, in a word for programs and a sentence for people."""

    code: str
    text: str
    next_lease_ends_at: datetime | None = None


class Handed(NamedTuple):
    """The answer to a request: an assignment, or the reason for none."""

    user_id: UUID
    assignment: Assignment | None
    sticky: bool
    reason: Reason | None


def request_slot(
    *,
    target_id: UUID,
    now: datetime,
    token_sha256: str | None = None,
    user_id: UUID | None = None,
    position: Position | None = None,
    new_id: Callable[[], UUID] = uuid4,
) -> Handed:
    """Give the caller, known by token or by id, the slot that they hold, else the next free one.

    Raises:
        NotAuthenticated: the token is not known, or not any more. NotFound: no member of such a target.
        Busy: the race was lost five times over; the same request will do.
    """
    claimed = None
    for _round in range(ROUNDS + 1):
        reading = _checked(claims.read(target_id=target_id, token_sha256=token_sha256, user_id=user_id), now)
        held, pause = reading.held, _pause(reading)
        _note_seen(reading, now)
        if held and (held.expires_at > now or (not pause and _revived(held, reading, now))):
            return Handed(reading.user_id, held, held.pk != claimed, pause)
        if pause:
            return Handed(reading.user_id, None, False, pause)
        if reading.next_expiry and reading.next_expiry <= now:
            sweep_leases(now=now, target_id=target_id)
        claimed = new_id()
        if not _claim(reading, claimed, position, now) and not _could_claim(reading, now):
            # The caller's own twin may have taken the last one a moment ago: look once more before saying no.
            again = claims.read(target_id=target_id, user_id=reading.user_id)
            if again and not again.held:
                return Handed(reading.user_id, None, False, _reason(reading, now))
    raise Busy(_("Many people are asking at once. Try again in a second."))


def _checked(reading: Reading | None, now: datetime) -> Reading:
    # The same sentence for a token that was never known and one that was revoked: nobody learns which.
    if reading is None or reading.device_revoked_at or not reading.user_active:
        raise NotAuthenticated(_("This phone is not signed in. Open your invitation link again."), code="token_unknown")
    if reading.device_expires_at and reading.device_expires_at <= now:
        raise NotAuthenticated(
            _("This phone was not used for long. Open your invitation link again."), code="token_expired"
        )
    if reading.password_due and reading.device_id is None:
        raise Forbidden(_("Choose a password of your own first."), code="password_change_required")
    if reading.target_id is None or not (reading.role or reading.superuser):
        raise NotFound(_("There is no such target."))
    return reading


def _note_seen(reading: Reading, now: datetime) -> None:
    if reading.device_id and reading.device_seen_at and reading.device_seen_at < now - people.SEEN_AT_MOST_EVERY:
        people.seen(device_id=reading.device_id, now=now)


def _revived(held: Assignment, reading: Reading, now: datetime) -> bool:
    # The lease ran out and nobody took the slot, so whoever still stands there may go on.
    held.expires_at = now + timedelta(seconds=reading.lease_s)
    with writing():
        # A sweep that has this slot in hand has already decided: wait for it, and see.
        _lock_slot_of(held)
        mine = Assignment.objects.filter(pk=held.pk, state=State.HELD)
        if not mine.update(expires_at=held.expires_at):
            return False
        events.record(
            at=now, verb="revived", noun="assignment", row_id=held.pk, target_id=reading.target_id,
            actor_id=reading.user_id,
        )  # fmt: skip
    return True


def _pause(reading: Reading) -> Reason | None:
    sentences = {
        Target.State.DRAFT: _("This has not begun yet. Ask the coordinator when it does."),
        Target.State.PAUSED: _("There is a pause: no places are given out now. Photos are still taken."),
        Target.State.CLOSED: _("This is finished. Thank you! Photos that you took are still taken."),
    }
    state = Target.State(reading.target_state or Target.State.CLOSED)
    return Reason(state.value, str(sentences[state])) if state in sentences else None


def _claim(reading: Reading, assignment_id: UUID, position: Position | None, now: datetime) -> bool:
    """Claim the best free slot, else one that the caller gave back lately."""
    for even_released in (False, True):
        wanted = Wanted(reading, None, assignment_id, now, even_released)
        near = nearest_choices(reading, position) if position else ()
        if any(claims.claim(wanted._replace(choices=choices)) for choices in near) or claims.claim(wanted):
            return True
        if claims.could_claim(wanted):
            # A race was lost: what is free now is better than what was given back.
            return False
    return False


def _could_claim(reading: Reading, now: datetime) -> bool:
    return claims.could_claim(Wanted(reading, None, reading.user_id, now, even_released=True))


def _reason(reading: Reading, now: datetime) -> Reason:
    every = CandidateSlot.objects.filter(target=reading.target_id)
    if not every.exclude(state=CandidateSlot.State.WITHDRAWN).exists():
        return Reason("nothing_uploaded", _("No places have been uploaded yet. Ask the coordinator."))
    waiting = every.filter(state=CandidateSlot.State.WAITING)
    said_no = Q(assignments__volunteer=reading.user_id, assignments__state=State.DECLINED)
    photographed = Q(matches__person_key=reading.person_key, matches__active=True)
    # Not just any free slot: one that came free a moment ago was not kept from the caller.
    if waiting.filter(said_no | photographed, seats_left__gt=0).exists():
        return Reason("none_for_you", _("Only places are left that you have photographed or said no to."))
    if waiting.exists():
        held = Assignment.objects.live(now).filter(target=reading.target_id).order_by("expires_at")
        next_end = held.values_list("expires_at", flat=True).first()
        return Reason("all_held", _("Others are on their way to every place that is left."), next_end)
    return Reason("all_done", _("Every place is done. Thank you!"))


def extend(*, assignment_id: UUID, by: User, now: datetime, operation_id: UUID | None = None) -> Assignment:
    """Let the holder keep a slot for one more lease from now; a lease is never made shorter.

    Raises:
        NotFound: not the caller's. Conflict: not held any more; the present state comes along.
    """
    mine = _own(assignment_id, by)
    with writing():
        _lock_slot_of(mine)
        assignment = _own(assignment_id, by)
        if assignment.state != State.HELD:
            raise Conflict(_not_yours(assignment), present=assignment)
        first = events.first_time(
            at=now, verb="extended", noun="assignment", row_id=assignment.pk, target_id=assignment.target_id,
            actor_id=by.pk, operation_id=operation_id,
        )  # fmt: skip
        if first:
            later = now + timedelta(seconds=assignment.target.lease_s)
            assignment.expires_at = max(assignment.expires_at, later)
            assignment.save(update_fields=["expires_at"])
    return assignment


def release(*, assignment_id: UUID, by: User, now: datetime) -> Assignment:
    """Give a slot back, so that others can have it; a repeat is success.

    Raises:
        NotFound: not the caller's. Conflict: it ended otherwise; the present state comes along.
    """
    mine = _own(assignment_id, by)
    with writing():
        locked = _lock_slot_of(mine)
        assignment = _own(assignment_id, by)
        if assignment.state == State.RELEASED:
            return assignment
        if assignment.state != State.HELD:
            raise Conflict(_not_yours(assignment), present=assignment)
        slots.end_assignments(ended=[assignment], state=State.RELEASED, now=now, actor_id=by.pk)
        slots.recount(locked, now=now, actor_id=by.pk)
    return assignment


def _own(assignment_id: UUID, by: User) -> Assignment:
    mine = Assignment.objects.select_related("slot", "target").filter(pk=assignment_id, volunteer=by).first()
    if mine is None:
        raise NotFound(_("You have no such slot."))
    return mine


def _lock_slot_of(assignment: Assignment) -> list[CandidateSlot]:
    return slots.locked(CandidateSlot.objects.filter(pk=assignment.slot_id))


def _not_yours(assignment: Assignment) -> str:
    sentences = {
        State.FULFILLED: _("This place is done, thanks to you or to somebody near."),
        State.EXPIRED: _("Your time for this place has run out, and it went back to the others."),
        State.WITHDRAWN: _("The coordinator has withdrawn this place."),
        State.RELEASED: _("You gave this place back."),
    }
    return str(sentences.get(State(assignment.state), _("This place is not yours any more.")))


def sweep_leases(*, now: datetime, target_id: UUID | None = None, limit: int = SWEEP_AT_ONCE) -> int:
    """End up to `limit` leases that have run out, and give their seats back; say how many.

    Requests call it when they see that a lease is due, and the periodic sweep calls it until nothing is: the same rows
    whoever comes first. Slots that somebody else works on are passed over: they are that one's to tidy up.
    """
    due = Assignment.objects.due(now)
    if target_id:
        due = due.filter(target=target_id)
    with writing():
        ids = list(due.order_by("expires_at").values_list("slot", flat=True)[:limit])
        free = CandidateSlot.objects.filter(pk__in=ids).order_by("pk")
        locked = list(free.select_for_update(no_key=True, skip_locked=True, of=("self",)))
        lapsed = Assignment.objects.due(now).filter(slot__in=[slot.pk for slot in locked])
        ended = slots.end_assignments(ended=lapsed, state=State.EXPIRED, now=now, actor_id=None)
        slots.recount(locked, now=now, actor_id=None)
    return len(ended)
