"""Handing out slots, keeping them, and giving them back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4

from django.utils.translation import gettext as _

from capturegraph.models import Assignment, CandidateSlot, User
from capturegraph.services import events, slots
from capturegraph.services.hand_out import choosing, claims, reading, reasons, reviving
from capturegraph.services.hand_out.claims import Wanted
from capturegraph.services.hand_out.reading import Reading
from capturegraph.services.hand_out.reasons import Reason
from capturegraph.services.hand_out.surroundings import Place
from capturegraph.services.people import phones
from capturegraph.services.people.identity import takes_part
from capturegraph.services.refusals import Busy, Conflict, Forbidden, NotAuthenticated, NotFound
from capturegraph.services.writing import writing

ROUNDS = 5
SWEEP_AT_ONCE = 100
State = Assignment.State
Position = Place


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
    position: Place | None = None,
    by_rank_alone: bool = False,
    new_id: Callable[[], UUID] = uuid4,
) -> Handed:
    """Give the caller, known by token or by id, the slot that they hold, else the one that comes next for them.

    With `by_rank_alone` the next is that of the highest priority and lowest rank, whatever the target's way of handing
    out, and whatever lies near: the store's way.

    Raises:
        NotAuthenticated: the token is not known, or not any more. NotFound: no member of such a target.
        Busy: the race was lost five times over; the same request will do.
    """
    claimed = None
    for _round in range(ROUNDS + 1):
        asking = read(target_id=target_id, now=now, token_sha256=token_sha256, user_id=user_id)
        held, pause = asking.held, reasons.pause(asking)
        if held and (held.expires_at > now or (not pause and reviving.revive(held, now=now, lease_s=asking.lease_s))):
            return Handed(asking.user_id, held, held.pk != claimed, pause)
        if pause:
            return Handed(asking.user_id, None, False, pause)
        claimed = reviving.begin_planned(asking, now=now)
        if claimed or (asking.lapsed and reviving.revive_lapsed(asking, now=now)):
            continue
        sweep_what_is_due(asking, now)
        claimed = new_id()
        if not _claim(asking, claimed, None if by_rank_alone else position, by_rank_alone, now):
            # The caller's own twin may have taken the last one a moment ago: look once more before saying no.
            again = reading.read(target_id=target_id, user_id=asking.user_id, now=now)
            if again and not again.held:
                return Handed(asking.user_id, None, False, reasons.why_none(asking, now))
    raise busy()


def busy() -> Busy:
    """Say that a race was lost too often."""
    return Busy(_("Many people are asking at once. Try again in a second."))


def read(*, target_id: UUID, now: datetime, token_sha256: str | None = None, user_id: UUID | None = None) -> Reading:
    """Say who asks and what they have, and note that their phone was seen.

    Raises:
        NotAuthenticated: nobody, or not any more. Forbidden: their password has to be changed first.
        NotFound: no member of such a target.
    """
    asking = reading.read(target_id=target_id, token_sha256=token_sha256, user_id=user_id, now=now)
    # The same sentence for a token that was never known and one that was revoked: nobody learns which.
    if asking is None or asking.device_revoked_at or not asking.user_active:
        raise NotAuthenticated(_("This phone is not signed in. Open your invitation link again."), code="token_unknown")
    if asking.device_expires_at and asking.device_expires_at <= now:
        raise NotAuthenticated(
            _("This phone was not used for long. Open your invitation link again."), code="token_expired"
        )
    if asking.password_due and asking.device_id is None:
        raise Forbidden(_("Choose a password of your own first."), code="password_change_required")
    if asking.target_id is None or not (asking.role or asking.superuser):
        raise NotFound(_("There is no such target."))
    if asking.device_id and asking.device_seen_at and asking.device_seen_at < now - phones.SEEN_AT_MOST_EVERY:
        phones.seen(device_id=asking.device_id, now=now)
    return asking


def sweep_what_is_due(asking: Reading, now: datetime) -> None:
    """End the leases of a target that have run out, where any has."""
    if asking.next_expiry and asking.next_expiry <= now:
        sweep_leases(now=now, target_id=asking.target_id)


def _claim(asking: Reading, assignment_id: UUID, position: Place | None, by_rank_alone: bool, now: datetime) -> bool:
    """Claim the slot that is liked best. True also where a race was lost, and it is worth another round."""
    wanted = Wanted(asking, None, assignment_id, now)
    liked = [None] if by_rank_alone else choosing.choices(choosing.look_around(asking, position, now))
    for choices in liked:
        helping = wanted._replace(choices=choices)
        # What is free still was lost to a rival: it is better than what comes after.
        if claims.claim(helping) or claims.could_claim(helping):
            return True
    return False


def extend(*, assignment_id: UUID, by: User, now: datetime, operation_id: UUID | None = None) -> Assignment:
    """Let the holder keep a slot for one more lease from now; a lease is never made shorter.

    One that ran out is taken up again where nobody took the slot.

    Raises:
        NotFound: not the caller's. Conflict: not theirs any more; the present state comes along.
    """
    mine = own(assignment_id, by)
    with writing():
        # People before slots, as whoever removes them does.
        takes_part(by.pk, mine.target_id)
        lock_slot_of(mine)
        assignment = own(assignment_id, by)
        live, lease_s = assignment.state == State.HELD and assignment.expires_at > now, assignment.target.lease_s
        # Before anything else: a repeat may find that the lease has run out since. A refusal takes it back.
        first = events.first_time(
            at=now, verb="extended" if live else "revived", noun="assignment", row_id=assignment.pk,
            target_id=assignment.target_id, actor_id=by.pk, operation_id=operation_id,
        )  # fmt: skip
        if live and first:
            assignment.expires_at = max(assignment.expires_at, now + timedelta(seconds=lease_s))
            assignment.save(update_fields=["expires_at"])
        if live:
            return assignment
        open_still = first and reasons.is_open(assignment.target)
        if not (open_still and reviving.revive(assignment, now=now, lease_s=lease_s, say=False)):
            raise Conflict(not_yours(assignment), present=assignment)
    return assignment


def release(*, assignment_id: UUID, by: User, now: datetime) -> Assignment:
    """Give a slot back, so that others can have it; a repeat is success.

    Raises:
        NotFound: not the caller's. Conflict: it ended otherwise; the present state comes along.
    """
    mine = own(assignment_id, by)
    with writing():
        locked = lock_slot_of(mine)
        assignment = own(assignment_id, by)
        if assignment.state == State.RELEASED:
            return assignment
        if assignment.state != State.HELD:
            raise Conflict(not_yours(assignment), present=assignment)
        slots.end_assignments(ended=[assignment], state=State.RELEASED, now=now, actor_id=by.pk)
        slots.recount(locked, now=now, actor_id=by.pk)
    return assignment


def own(assignment_id: UUID, by: User) -> Assignment:
    """Give an assignment of the caller's, with its slot and target.

    Raises:
        NotFound: it is not theirs.
    """
    mine = Assignment.objects.select_related("slot", "target").filter(pk=assignment_id, volunteer=by).first()
    if mine is None:
        raise NotFound(_("You have no such slot."))
    return mine


def lock_slot_of(assignment: Assignment) -> list[CandidateSlot]:
    """Lock the slot of an assignment: before the assignment itself is looked at, in every verb."""
    return slots.locked(CandidateSlot.objects.filter(pk=assignment.slot_id))


def not_yours(assignment: Assignment) -> str:
    """Say why somebody has an assignment no longer."""
    sentences = {
        State.FULFILLED: _("This place is done, thanks to you or to somebody near."),
        State.EXPIRED: _("Your time for this place has run out, and it went back to the others."),
        State.WITHDRAWN: _("The coordinator has withdrawn this place."),
        State.RELEASED: _("You gave this place back."),
        State.DECLINED: _("You said that nobody can get to this place."),
        State.PLANNED: _("This place is planned for you, and its time has not come yet."),
    }
    return str(sentences.get(State(assignment.state), _("This place is not yours any more.")))


def sweep_leases(*, now: datetime, target_id: UUID | None = None, limit: int = SWEEP_AT_ONCE) -> int:
    """End up to `limit` leases that have run out, and give their seats back; say how many.

    Requests call it when they see that a lease is due, and the periodic sweep calls it until nothing is: the same rows
    whoever comes first. Slots that somebody else works on are passed over: they are that one's to tidy up. What was
    planned for a time that has gone by takes no seat, and is ended by the periodic one only.
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
    return len(ended) + (0 if target_id else reviving.end_missed_plans(now=now, limit=limit))
