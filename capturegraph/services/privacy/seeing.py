"""Who may see what of a capture. This table decides, whatever door is asked; README, "Who sees what", says it too."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from uuid import UUID

from django.utils.translation import gettext as _

from capturegraph.models import Capture, Membership, User
from capturegraph.models.membership import Role
from capturegraph.services.refusals import NotFound


class Thing(StrEnum):
    """What there is to see of a capture."""

    ORIGINAL = "original"
    SMALL = "small copy"
    POSITION = "exact position"
    PERSON = "who took it"
    FACES = "faces as they are"


class Standing(StrEnum):
    """What somebody is to a capture."""

    OWNER = "who took it"
    COORDINATOR = "coordinator"
    REVIEWER = "reviewer"
    VOLUNTEER = "volunteer"
    STRANGER = "stranger"


EVERYTHING = frozenset(Thing)
MAY: Mapping[Standing, frozenset[Thing]] = {
    Standing.OWNER: EVERYTHING,
    Standing.COORDINATOR: EVERYTHING,
    Standing.REVIEWER: EVERYTHING,
    # What they are shown of others' photographs are reference photographs of places, which a coordinator has chosen.
    Standing.VOLUNTEER: frozenset(),
    # What everybody is shown where a target is public is another copy: `publishing` decides about that.
    Standing.STRANGER: frozenset(),
}


def standing(user: User, capture: Capture) -> Standing:
    """Say what somebody is to a capture; a site admin is a coordinator everywhere."""
    if capture.volunteer_id == user.pk:
        return Standing.OWNER
    if user.is_superuser:
        return Standing.COORDINATOR
    here = Membership.objects.current().filter(user=user, target=capture.target_id)
    role = here.values_list("role", flat=True).first()
    return Standing(role) if role else Standing.STRANGER


def find_capture(*, capture_id: UUID, to_see: Thing, by: User) -> Capture:
    """Give a capture to somebody who may see this of it.

    Raises:
        NotFound: there is none, or not for them to know about.
    """
    capture = Capture.objects.filter(pk=capture_id).first()
    if capture is None or to_see not in MAY[standing(by, capture)]:
        raise NotFound(_("There is no such capture."))
    return capture


def least_role(to_see: Thing) -> Role:
    """Give the least role in which somebody may see this of everybody's captures."""
    return min((role for role in Role if to_see in MAY[Standing(role.value)]), key=lambda role: role.rank)
