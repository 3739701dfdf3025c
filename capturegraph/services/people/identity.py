"""Holding people's rows still: whoever writes in somebody's name makes sure that there still is such a person.

A request was let in some time before it writes. In between, its person may have been shut out, merged or erased; what
is written then would bring them back. Locks are taken in one order: targets, people, captures, slots, assignments.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from capturegraph.models import Assignment, Capture, Device, Membership, Target, User
from capturegraph.services.refusals import Busy, NotAuthenticated
from capturegraph.services.writing import hold_target_shared, rows, table


def hold_person(user_id: UUID) -> User:
    """Give the person that a request speaks for, and keep them as they are until the end of the transaction.

    Others may hold the same person like this.

    Raises:
        NotAuthenticated: shut out or erased meanwhile. Busy: merged meanwhile; the same request speaks for whom they
            were merged into.
    """
    if connection.vendor == "postgresql":
        rows(f"SELECT 1 FROM {table(User)} WHERE id = %s FOR SHARE", [user_id])  # noqa: S608 - our own table
    user = User.objects.get(pk=user_id)
    if user.merged_into_id:
        # Not going on as that one here: two people are only ever locked by id, and these would be in any order.
        raise Busy(_("Your two accounts are being made one. Try again in a second."))
    if not user.is_active:
        raise NotAuthenticated(_("This phone is not signed in. Open your invitation link again."), code="token_unknown")
    return user


def still_here(
    *, user_id: UUID, target_id: UUID | None, device_id: UUID | None = None, superuser: bool = False
) -> tuple[str, list[Any]]:
    """Give a SELECT, with its values, that finds one row where somebody may still be handed a slot of a target.

    They are active, a member (or, with `superuser`, a site admin), and the phone that asks is not revoked. It keeps
    what it has read as it is, so that whoever removes them waits, and then sees what they were handed.
    """
    values: list[Any] = []
    joins, names = "", "u"
    if not superuser:
        joins += f" JOIN {table(Membership)} m ON m.user_id = u.id AND m.target_id = %s AND m.removed_at IS NULL"
        names, values = f"{names}, m", [*values, target_id]
    if device_id:
        joins += f" JOIN {table(Device)} d ON d.id = %s AND d.revoked_at IS NULL"
        names, values = f"{names}, d", [*values, device_id]
    sql = f"SELECT 1 FROM {table(User)} u{joins} WHERE u.id = %s AND u.is_active"  # noqa: S608 - our own tables
    sql += " AND u.is_superuser" if superuser else ""
    return sql + (f" FOR SHARE OF {names}" if connection.vendor == "postgresql" else ""), [*values, user_id]


def takes_part(user_id: UUID, target_id: UUID) -> bool:
    """Say whether somebody may be handed slots of a target, and keep that so to the end of the transaction.

    To be asked before slots are locked.
    """
    member = still_here(user_id=user_id, target_id=target_id)
    return bool(rows(*member) or rows(*still_here(user_id=user_id, target_id=target_id, superuser=True)))


def locked_people(user_ids: Iterable[UUID]) -> dict[UUID, User]:
    """Lock people's rows against whoever holds them or locks them too, by id; give them as they are now.

    Not against foreign keys: a message to somebody who is being merged need not wait.
    """
    people = User.objects.filter(pk__in=set(user_ids)).order_by("pk").select_for_update(no_key=True)
    return {user.pk: user for user in people}


def hold_targets_of(user_ids: Iterable[UUID], *, alone: Collection[UUID] = ()) -> None:
    """Keep still the targets in which some people have anything, in one order; those in `alone` for the caller only.

    To be called before their people are locked.
    """
    ids = list(user_ids)
    found = set(alone)
    found |= set(Membership.objects.filter(user__in=ids).values_list("target", flat=True))
    found |= set(Assignment.objects.filter(volunteer__in=ids, state="held").values_list("target", flat=True))
    found |= set(Capture.objects.filter(volunteer__in=ids).order_by().values_list("target", flat=True).distinct())
    for target_id in sorted(found):
        if target_id in alone:
            Target.objects.select_for_update(no_key=True).filter(pk=target_id).first()
        else:
            hold_target_shared(target_id)
