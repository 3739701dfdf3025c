"""Who may do what. Whoever may not see a thing is told that it is not there."""

from __future__ import annotations

from typing import NamedTuple, cast
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework.request import Request

from capturegraph.models import Device, Membership, Target, User
from capturegraph.models.membership import Role
from capturegraph.services.refusals import Forbidden, NotFound


class Access(NamedTuple):
    """A target, and what the caller is in it; a site admin may be in it without a role."""

    target: Target
    role: Role | None

    @property
    def sees_people(self) -> bool:
        """Whether names of others are shown to the caller."""
        return self.role != Role.VOLUNTEER


def caller(request: Request) -> User:
    """Give the user who asks; the permission class has seen to it that there is one."""
    return cast(User, request.user)


def calling_device(request: Request) -> Device | None:
    """Give the phone that asks, where it is one."""
    return request.auth if isinstance(request.auth, Device) else None


def target_for(user: User, target_id: UUID, *, at_least: Role = Role.VOLUNTEER) -> Access:
    """Give a target to somebody who may do what a role may.

    Raises:
        NotFound: not a member. Forbidden: a member, in a lesser role.
    """
    target = Target.objects.visible_to(user).filter(pk=target_id).first()
    if target is None:
        raise NotFound(_("There is no such target."))
    role = Membership.objects.role_of(user, target)
    if not user.is_superuser and (role is None or role.rank < at_least.rank):
        raise Forbidden(_("Only a %s may do this.") % at_least.label)
    return Access(target, role)
