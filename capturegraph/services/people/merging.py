"""Making one person of two accounts that are the same person's. Not undone: nobody could tell the two apart again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from capturegraph.models import Assignment, CandidateSlot, Capture, Device, Match, Membership, Message, PhotoPart, User
from capturegraph.models.membership import Role
from capturegraph.services import events, slots
from capturegraph.services.people.identity import hold_targets_of, locked_people
from capturegraph.services.people.links import check_may_act_for, revoke_links
from capturegraph.services.planning import personal
from capturegraph.services.refusals import Conflict, Invalid
from capturegraph.services.writing import writing

HELD = Assignment.State.HELD


def merge(*, keep: User, gone: User, by: User, now: datetime) -> User:
    """Give everything that `gone` has and did to `keep`, and shut `gone` for good; give `keep`. A repeat is success.

    Two who counted as two people for a slot are one then, so that it may be asked for again.

    Raises:
        Invalid: one and the same. Forbidden: not for `by` to do. Conflict: one of them was erased, or merged elsewhere.
    """
    if keep.pk == gone.pk:
        raise Invalid(_("These are one person already."), errors=[{"field": "into", "reason": _("Choose another.")}])
    with writing():
        hold_targets_of([keep.pk, gone.pk])
        people = locked_people([keep.pk, gone.pk])
        keep, gone = people[keep.pk], people[gone.pk]
        if gone.merged_into_id == keep.pk:
            return keep
        _check(keep, gone, by)
        _join_memberships(keep, gone, now)
        revoke_links(user_id=gone.pk, now=now)
        moved = _move_belongings(keep, gone)
        _move_slots(keep, gone, by, now)
        User.objects.filter(merged_into=gone).update(merged_into=keep)
        gone.set_password(None)
        gone.is_active = gone.is_staff = gone.is_superuser = gone.must_change_password = False
        gone.merged_into = keep
        gone.save(
            update_fields=[
                "password", "is_active", "is_staff", "is_superuser", "must_change_password", "merged_into",
            ]
        )  # fmt: skip
        events.record(
            at=now, verb="merged", noun="user", row_id=gone.pk, actor_id=by.pk, data={"into": str(keep.pk), **moved}
        )
    return keep


class Moving(NamedTuple):
    """What a merge would move, and how many places would be short of a person then."""

    captures: int
    places: int
    phones: int
    messages: int
    held: int
    targets: list[str]
    short: int


def preview(*, keep: User, gone: User, by: User, now: datetime) -> Moving:
    """Say what `merge` would do, and change nothing.

    Raises:
        Invalid, Forbidden, Conflict: as `merge`.
    """
    if keep.pk == gone.pk:
        raise Invalid(_("These are one person already."), errors=[{"field": "into", "reason": _("Choose another.")}])
    _check(keep, gone, by)
    counted = Match.objects.filter(active=True, person_key=gone.person_key)
    twice = counted.filter(slot__matches__active=True, slot__matches__person_key=keep.person_key).values("slot")
    people = Match.objects.people_by_slot(twice.values_list("slot", flat=True))
    done = CandidateSlot.objects.filter(pk__in=people, state=CandidateSlot.State.FULFILLED)
    members = Membership.objects.current().filter(user=gone).select_related("target")
    return Moving(
        captures=Capture.objects.filter(volunteer=gone).count(),
        places=counted.values("slot").distinct().count(),
        phones=Device.objects.live(now).filter(user=gone).count(),
        messages=Message.objects.filter(user=gone).count(),
        held=Assignment.objects.live(now).filter(volunteer=gone).count(),
        targets=sorted(member.target.name for member in members),
        short=sum(people[slot.pk] - 1 < slot.required_count for slot in done),
    )


def _check(keep: User, gone: User, by: User) -> None:
    if gone.erased_at or keep.erased_at or gone.merged_into_id or keep.merged_into_id:
        raise Conflict(_("One of the two has been erased or merged already."), code="not_there_any_more")
    if not keep.is_active:
        raise Conflict(_("%s is shut out. Let them in again first.") % keep, code="shut_out")
    if gone.pk == by.pk:
        raise Conflict(_("That would shut you out. Merge the other way round."), code="yourself")
    check_may_act_for(by, gone)
    check_may_act_for(by, keep)


def _join_memberships(keep: User, gone: User, now: datetime) -> None:
    """Where both are, the one who may more stays; where only `gone` was, `keep` is now."""
    theirs = {member.target_id: member for member in Membership.objects.filter(user=keep)}
    for member in Membership.objects.filter(user=gone).order_by("pk"):
        mine = theirs.get(member.target_id)
        if mine is None:
            member.user = keep
            member.save(update_fields=["user"])
            continue
        _add_up(mine, member)
        if member.removed_at is None:
            member.removed_at = now
            member.save(update_fields=["removed_at"])


def _add_up(mine: Membership, other: Membership) -> None:
    if other.removed_at is None:
        higher = mine.removed_at is None and Role(mine.role).rank >= Role(other.role).rank
        mine.role, mine.removed_at = mine.role if higher else other.role, None
    mine.created_at = min(mine.created_at, other.created_at)
    personal.add_up(mine, other)
    if other.consented_at and other.consent_version > mine.consent_version:
        for name in ("consented_at", "consent_text", "consent_version"):
            setattr(mine, name, getattr(other, name))
    mine.save()


def _move_belongings(keep: User, gone: User) -> dict[str, int]:
    """Hand over what does not bear on any slot: phones, messages, pieces of photographs on their way."""
    theirs = PhotoPart.objects.filter(volunteer=keep).values_list("capture_id", flat=True)
    PhotoPart.objects.filter(volunteer=gone).exclude(capture_id__in=list(theirs)).update(volunteer=keep)
    return {
        "devices": Device.objects.filter(user=gone).update(user=keep),
        "messages": Message.objects.filter(user=gone).update(user=keep),
        "captures": Capture.objects.filter(volunteer=gone).update(volunteer=keep),
    }


def _move_slots(keep: User, gone: User, by: User, now: datetime) -> None:
    """Hand over what is held and what counts, and count again every slot that it bears on."""
    counted = Match.objects.filter(person_key=gone.person_key).values("slot")
    held = Assignment.objects.filter(volunteer=gone, state=HELD).values("slot")
    touched = CandidateSlot.objects.filter(pk__in=counted) | CandidateSlot.objects.filter(pk__in=held)
    locked = slots.locked(CandidateSlot.objects.filter(pk__in=touched.values("pk")))
    Match.objects.filter(person_key=gone.person_key).update(person_key=keep.person_key)
    CandidateSlot.objects.filter(offered_first_to=gone).update(offered_first_to=keep)
    _hand_over(keep, gone, by, now)
    done = Match.objects.filter(person_key=keep.person_key, active=True, slot__in=locked).values("slot")
    over = Assignment.objects.filter(volunteer=keep, state=HELD, slot__in=done)
    slots.end_assignments(ended=over, state=Assignment.State.FULFILLED, now=now, actor_id=by.pk, why="merged")
    slots.recount(locked, now=now, actor_id=by.pk)


def _hand_over(keep: User, gone: User, by: User, now: datetime) -> None:
    mine = list(Assignment.objects.filter(volunteer=keep, state=HELD).values_list("target", "slot", "stop"))
    twice = Assignment.objects.filter(volunteer=gone, state=HELD, slot__in=[one[1] for one in mine])
    slots.end_assignments(ended=twice, state=Assignment.State.RELEASED, now=now, actor_id=by.pk, why="merged")
    taken = {(target, stop) for target, __, stop in mine}
    for assignment in Assignment.objects.filter(volunteer=gone, state=HELD).order_by("target", "stop"):
        free = _free_stop(assignment, taken)
        taken.add((assignment.target_id, free))
        Assignment.objects.filter(pk=assignment.pk).update(volunteer=keep, stop=free)
    personal.hand_over_plans(keep, gone, now=now, actor_id=by.pk)
    Assignment.objects.filter(volunteer=gone).update(volunteer=keep)


def _free_stop(assignment: Assignment, taken: Iterable[tuple[UUID, int]]) -> int:
    """Give its own number where that is free, else the next after all: a walk goes on with what was the other's."""
    stops = {stop for target, stop in taken if target == assignment.target_id}
    return assignment.stop if assignment.stop not in stops else max(stops) + 1
