"""Who may open which page of the console. Whoever may not see a target is told that there is none."""

from __future__ import annotations

from typing import NamedTuple, cast
from uuid import UUID

from django.http import Http404, HttpRequest

from capturegraph.models import Membership, Target, User
from capturegraph.models.membership import Role
from capturegraph.pages.first_steps import Step, first_steps
from capturegraph.services.reviewing import queue


class Place(NamedTuple):
    """A target, and what the person at the desk is in it."""

    target: Target
    user: User
    role: Role

    @property
    def coordinates(self) -> bool:
        """Whether this person may change things."""
        return self.role == Role.COORDINATOR

    @property
    def to_review(self) -> int:
        """How many photographs wait for this person to judge them."""
        return queue.waiting_for(self.user).filter(target=self.target).count()

    @property
    def first_steps(self) -> list[Step]:
        """What a coordinator does first in a new target; empty once it has been done, and for everybody else."""
        return first_steps(self.target) if self.coordinates else []


def person(request: HttpRequest) -> User:
    """Give who is logged in; `login_required` has seen to it that somebody is."""
    return cast(User, request.user)


def place_for(request: HttpRequest, target_id: UUID, *, at_least: Role) -> Place:
    """Give a target to somebody who is at least `at_least` in it; a site admin is a coordinator everywhere.

    Raises:
        Http404: for everybody else, whether they are members or not.
    """
    user = person(request)
    target = Target.objects.visible_to(user).filter(pk=target_id).first()
    if target is None:
        raise Http404
    role = Role.COORDINATOR if user.is_superuser else Membership.objects.role_of(user, target)
    if role is None or role.rank < at_least.rank:
        raise Http404
    return Place(target, user, role)
