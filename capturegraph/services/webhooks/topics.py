"""What other programs can be told of. A new topic is a line here."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Q


class Topic(NamedTuple):
    """Events of one kind."""

    noun: str
    verb: str


TOPICS: dict[str, Topic] = {
    "assignment.claimed": Topic("assignment", "claimed"),
    "assignment.declined": Topic("assignment", "declined"),
    "assignment.expired": Topic("assignment", "expired"),
    "assignment.released": Topic("assignment", "released"),
    "batch.applied": Topic("batch", "applied"),
    "batch.undone": Topic("batch", "undone"),
    "capture.accepted": Topic("capture", "accepted"),
    "capture.received": Topic("capture", "received"),
    "capture.rejected": Topic("capture", "rejected"),
    "capture.stored": Topic("capture", "stored"),
    "slot.fulfilled": Topic("slot", "fulfilled"),
    "slot.not_capturable": Topic("slot", "not_capturable"),
    "slot.reopened": Topic("slot", "reopened"),
    "target.changed": Topic("target", "changed"),
}
TESTED = Topic("webhook", "tested")
"""A message to try an address with: sent to the one that it was asked for, whatever its topics."""


def wanted(topics: list[str]) -> Q:
    """The events of some topics; of all where none is named."""
    found = Q()
    for name in topics or TOPICS:
        found |= Q(noun=TOPICS[name].noun, verb=TOPICS[name].verb)
    return found


def name_of(noun: str, verb: str) -> str:
    """The topic of an event."""
    return f"{noun}.{verb}"
