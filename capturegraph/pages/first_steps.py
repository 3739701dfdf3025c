"""What a coordinator does first in a new target, told until it has been done."""

from __future__ import annotations

from typing import NamedTuple

from capturegraph.models import CandidateSlot, Capture, Invite, Membership, Target
from capturegraph.models.membership import Role


class Step(NamedTuple):
    """One thing to do: "places", "people" or "photo"; whether it was done, and whether it is what comes next."""

    name: str
    done: bool
    next: bool


def first_steps(target: Target) -> list[Step]:
    """Give the three steps of a new target, derived from its rows; nothing once there is a photograph."""
    if Capture.objects.filter(target=target).exists():
        return []
    places = CandidateSlot.objects.filter(target=target).exclude(state=CandidateSlot.State.WITHDRAWN).exists()
    joined = Membership.objects.current().filter(target=target, role=Role.VOLUNTEER).exists()
    people = joined or Invite.objects.filter(target=target, for_user=None, revoked_at=None).exists()
    done = {"places": places, "people": people, "photo": False}
    upcoming = next(name for name, is_done in done.items() if not is_done)
    return [Step(name, is_done, name == upcoming) for name, is_done in done.items()]
