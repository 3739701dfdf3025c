"""Who is in a target, and in which role."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from capturegraph.models import Assignment, Event, Membership, Target, User
from capturegraph.models.membership import Role
from capturegraph.services import events
from capturegraph.services.people.identity import hold_targets_of, locked_people
from capturegraph.services.people.links import revoke_links
from capturegraph.services.people.returning import take_back
from capturegraph.services.planning import personal
from capturegraph.services.refusals import Conflict, Invalid, NotFound
from capturegraph.services.telling import tell
from capturegraph.services.writing import writing

MAX_NOTE = 1000


def set_role(*, user: User, target: Target, role: str, now: datetime, by: User | None) -> Membership:
    """Make somebody a member in a role, or change their role; what they are already is left alone.

    Raises:
        Conflict: they are the last coordinator, and `by` no site admin.
    """
    with writing():
        hold_targets_of([], alone=[target.pk])
        present = Membership.objects.current().filter(user=user, target=target).first()
        if present and present.role == role:
            return present
        if role != Role.COORDINATOR:
            _check_another_coordinates(user, target, by)
        values = {"role": role, "removed_at": None}
        member, __ = Membership.objects.update_or_create(
            user=user, target=target, defaults=values, create_defaults={**values, "created_at": now}
        )
        events.record(
            at=now, verb="set role", noun="user", row_id=user.pk, target_id=target.pk, actor_id=by.pk if by else None,
            data={"role": role},
        )  # fmt: skip
    return member


def change_role(*, target: Target, user_id: UUID, role: str, by: User, now: datetime) -> Membership:
    """Change the role of a member.

    Raises:
        NotFound: no member. Conflict: the last coordinator.
    """
    with writing():
        # Looked up under the lock: somebody who is being removed at this moment is not taken in again.
        hold_targets_of([], alone=[target.pk])
        member = Membership.objects.current().filter(user=user_id, target=target).select_related("user").first()
        if member is None:
            raise NotFound(_("There is no such member."))
        return set_role(user=member.user, target=target, role=role, by=by, now=now)


def remove_member(*, membership: Membership, by: User, now: datetime) -> None:
    """Take somebody out of a target; a repeat is success.

    What they captured stays, and what they took before can still be sent. What they hold there goes back to the others
    at once, and they are told.

    Raises:
        Conflict: they are the last coordinator, and `by` no site admin.
    """
    user_id, target_id = membership.user_id, membership.target_id
    with writing():
        hold_targets_of([], alone=[target_id])
        if not Membership.objects.current().filter(pk=membership.pk).exists():
            return
        _check_another_coordinates(membership.user, membership.target, by)
        locked_people([user_id])
        Membership.objects.filter(pk=membership.pk).update(removed_at=now)
        revoke_links(user_id=user_id, now=now, target_id=target_id)
        take_back(
            user_id=user_id, state=Assignment.State.WITHDRAWN, why="removed", now=now, actor_id=by.pk,
            target_id=target_id,
        )  # fmt: skip
        personal.drop_out(user_id=user_id, target_id=target_id)
        tell(users=[user_id], kind="removed", now=now, target_id=target_id)
        events.record(
            at=now, verb="removed", noun="user", row_id=user_id, target_id=target_id, actor_id=by.pk
        )  # fmt: skip


def remove(*, target: Target, user_id: UUID, by: User, now: datetime) -> None:
    """Take a member out of a target; see `remove_member`.

    Raises:
        NotFound: never a member. Conflict: the last coordinator.
    """
    member = Membership.objects.filter(user=user_id, target=target).select_related("user", "target").first()
    if member is None:
        raise NotFound(_("There is no such member."))
    remove_member(membership=member, by=by, now=now)


def take_in_again(*, target: Target, user_id: UUID, by: User, now: datetime) -> Membership:
    """Undo a removal: the role, the words agreed to and the skills are as they were; a repeat is success.

    What they held has gone to others meanwhile, and stays there.

    Raises:
        NotFound: never a member. Conflict: they left by themselves, or are shut out, erased or merged.
    """
    with writing():
        hold_targets_of([], alone=[target.pk])
        member = Membership.objects.filter(user=user_id, target=target).select_related("user").first()
        if member is None:
            raise NotFound(_("There is no such member."))
        if member.removed_at is None:
            return member
        _check_may_come_back(member)
        member.removed_at = None
        member.save(update_fields=["removed_at"])
        tell(users=[user_id], kind="taken_in", now=now, target_id=target.pk)
        events.record(
            at=now, verb="taken in again", noun="user", row_id=user_id, target_id=target.pk, actor_id=by.pk
        )  # fmt: skip
    return member


def may_come_back(member: Membership) -> bool:
    """Say whether a coordinator may undo a removal: nobody is brought back who went of their own accord."""
    out = Event.objects.filter(noun="user", verb="removed", row_id=member.user_id, target_id=member.target_id)
    last = out.order_by("-id").first()
    return member.user.is_active and not (last and last.actor_id == member.user_id)


def _check_may_come_back(member: Membership) -> None:
    if not member.user.is_active:
        raise Conflict(_("%s is shut out. Let them in again first.") % member.user, code="shut_out")
    if not may_come_back(member):
        raise Conflict(_("%s left. Send an invite: they decide themselves.") % member.user, code="left")


def other_coordinators(target_id: UUID, user_id: UUID) -> bool:
    """Say whether anybody else who can come in coordinates a target."""
    coordinators = Membership.objects.current().filter(target=target_id, role=Role.COORDINATOR, user__is_active=True)
    return coordinators.exclude(user=user_id).exists()


def _check_another_coordinates(user: User, target: Target, by: User | None) -> None:
    if by is None or by.is_superuser or Membership.objects.role_of(user, target) != Role.COORDINATOR:
        return
    if not other_coordinators(target.pk, user.pk):
        raise Conflict(
            _("%s is the last coordinator. Make somebody else one first.") % user, code="last_coordinator"
        )  # fmt: skip


def write_note(
    *, target: Target, by: User, text: str, now: datetime, users: Sequence[UUID] | None = None, to: str = "all",
    operation_id: UUID | None = None,
) -> tuple[int, bool]:  # fmt: skip
    """Write to some members of a target, or to all; say to how many, and whether it was now and not a repeat.

    Without `users`, `to` says which: "all", "volunteers", or "holders" of something at `now`.

    Raises:
        Invalid: no text, too much of it, or somebody who is no member.
    """
    if not text.strip() or len(text) > MAX_NOTE:
        reason = _("A message has 1 to 1,000 characters.")
        raise Invalid(reason, errors=[{"field": "text", "reason": reason}])
    found = _receivers(target, users) if users is not None else _among(target, to, now)
    with writing():
        first = events.first_time(
            at=now, verb="wrote", noun="target", row_id=target.pk, target_id=target.pk, actor_id=by.pk,
            operation_id=operation_id, data={"to": len(found)},
        )  # fmt: skip
        if first:
            tell(users=found, kind="note", now=now, target_id=target.pk, data={"text": text})
            return len(found), True
    done = Event.objects.get(actor=by, operation_id=operation_id)
    return int(done.data.get("to", 0)), False


def _among(target: Target, to: str, now: datetime) -> list[UUID]:
    members = Membership.objects.current().filter(target=target, user__is_active=True)
    if to == "holders":
        members = members.filter(user__in=Assignment.objects.live(now).filter(target=target).values("volunteer"))
    elif to == "volunteers":
        members = members.filter(role=Role.VOLUNTEER)
    elif to != "all":
        reason = _("Write to all, to the volunteers, or to whoever holds a place.")
        raise Invalid(reason, errors=[{"field": "to", "reason": reason}])
    return list(members.values_list("user", flat=True))


def _receivers(target: Target, users: Iterable[UUID]) -> list[UUID]:
    members = Membership.objects.current().filter(target=target, user__is_active=True)
    asked = set(users)
    known = set(members.filter(user__in=asked).values_list("user", flat=True))
    if asked - known or not asked:
        reason = _("Only members of this target can be written to.")
        raise Invalid(reason, errors=[{"field": "users", "reason": reason}])
    return sorted(known)
