"""What other programs may know of an event: ids, numbers, times and fixed words; never names, places or free text."""

from __future__ import annotations

from typing import Any

from capturegraph.models import Event
from capturegraph.services.webhooks.topics import name_of

_LEASE = ("slot", "expires_at", "planned", "why")
_SLOT = ("people", "was", "change")
_PER_PLACE = ("slot", "why")

TOLD: dict[str, tuple[str, ...]] = {
    "assignment.claimed": _LEASE,
    "assignment.declined": _LEASE,
    "assignment.expired": _LEASE,
    "assignment.released": _LEASE,
    "batch.applied": ("added", "changed", "kept", "removed", "protected", "covered", "moved_far", "released"),
    "batch.undone": ("withdrawn", "left"),
    "capture.accepted": ("was",),
    "capture.received": ("closed",),
    "capture.rejected": ("was",),
    "capture.stored": ("sha256", "size", "exif_off_m", "exif_off_s"),
    "slot.fulfilled": _SLOT,
    "slot.not_capturable": _SLOT,
    "slot.reopened": _SLOT,
    "target.changed": ("fields",),
}
"""Which words of an event's data are told, by its topic. A new topic is a line here: what is not named stays here."""


def data_of(event: Event) -> dict[str, Any]:
    """Give what a message says of an event: what it is about, who did it, and what may be told beside."""
    kept = dict(event.data)
    if "after" in kept:
        # Which fields, not what is in them: a contact is somebody.
        kept["fields"] = sorted(kept["after"])
    if isinstance(kept.get("left"), list):
        kept["left"] = [{name: one[name] for name in _PER_PLACE if name in one} for one in kept["left"]]
    told = {name: kept[name] for name in TOLD.get(name_of(event.noun, event.verb), ()) if name in kept}
    return {**told, "target": event.target_id, "row": event.row_id, "actor": event.actor_id}
