"""What a reviewer is shown beside a photograph: the place that it is about, what was there before, and how far off."""

from __future__ import annotations

import math
from typing import NamedTuple
from uuid import UUID

from django.db.models import Q

from capturegraph.models import CandidateSlot, Capture, Dispute, Match, PhotoFinding, Target
from capturegraph.services.matches import judging
from scheduling import geodesy
from scheduling.distance import Explanation

NEAR_M, NEAR_SHOWN, NEAR_LOOKED_AT, EARLIER_SHOWN = 1_000.0, 9, 500, 3
Place = tuple[float, float]


class Offset(NamedTuple):
    """Where something lies from the slot (or where there is none, from the photograph), in metres."""

    east: float
    north: float

    @property
    def metres(self) -> float:
        """How far that is."""
        return math.hypot(self.east, self.north)


class Near(NamedTuple):
    """A slot that the photograph could show, how far off it was taken, and whether somebody linked the two."""

    slot: CandidateSlot
    metres: float | None
    linked: bool


class Seen(NamedTuple):
    """Everything about one photograph. `explanation` compares it with the `slot` that it is about, where both have a
    place; `photo` and `file` say where it was taken by the phone, and by its file.
    """

    capture: Capture
    target: Target
    slot: CandidateSlot | None
    explanation: Explanation | None
    linked: bool
    finding: PhotoFinding | None
    dispute: Dispute | None
    photo: Offset | None
    file: Offset | None
    earlier: list[Capture]
    near: list[Near]


def seen(capture: Capture) -> Seen:
    """Look at a capture that came with its volunteer, target and assignment."""
    target, finding = capture.target, PhotoFinding.objects.filter(capture=capture).first()
    matches = list(Match.objects.filter(capture=capture).select_related("slot").order_by("-active", "metres"))
    linked = {match.slot_id for match in matches if match.manual}
    taken, written = _place(capture), _place(finding) if finding else None
    near = _near(target, taken or written, linked)
    assigned = capture.assignment.slot if capture.assignment else None
    slot = assigned or next((match.slot for match in matches), None) or next((one.slot for one in near), None)
    here = (_place(slot) if slot else None) or taken
    return Seen(
        capture=capture, target=target, slot=slot, finding=finding, near=near,
        explanation=judging.explained(capture, slot, target) if slot and taken else None,
        linked=slot is not None and slot.pk in linked,
        dispute=Dispute.objects.select_related("against").filter(capture=capture, state=Dispute.State.OPEN).first(),
        photo=_offset(here, taken), file=_offset(here, written), earlier=_earlier(capture, slot) if slot else [],
    )  # fmt: skip


def _place(row: Capture | CandidateSlot | PhotoFinding) -> Place | None:
    if row.latitude is None or row.longitude is None:
        return None
    return row.latitude, row.longitude


def _offset(origin: Place | None, there: Place | None) -> Offset | None:
    if origin is None or there is None:
        return None
    metres = geodesy.metres(origin, there)
    if metres == 0:
        return Offset(0.0, 0.0)
    bearing = math.radians(geodesy.bearing(origin, there))
    return Offset(metres * math.sin(bearing), metres * math.cos(bearing))


def _near(target: Target, here: Place | None, linked: set[UUID]) -> list[Near]:
    if here is None:
        return []
    around = CandidateSlot.objects.of(target).inside(geodesy.bounding_box(*here, NEAR_M))
    rows = around.exclude(state=CandidateSlot.State.WITHDRAWN)[:NEAR_LOOKED_AT]
    found = [Near(slot, geodesy.metres(slot, here), slot.pk in linked) for slot in rows]
    return sorted(found, key=lambda one: (one.metres or 0, one.slot.rank))[:NEAR_SHOWN]


def _earlier(capture: Capture, slot: CandidateSlot) -> list[Capture]:
    """Give the last photographs of a slot before this one: taken for it, or matched with it."""
    matched = Match.objects.filter(slot=slot).values("capture")
    there = Capture.objects.filter(Q(pk__in=matched) | Q(assignment__slot=slot), state=Capture.State.STORED)
    rows = there.filter(captured_at__lte=capture.captured_at).exclude(pk=capture.pk).select_related("volunteer")
    return list(rows.order_by("-captured_at", "pk")[:EARLIER_SHOWN])


def capture_in(target: Target, capture_id: UUID) -> Capture | None:
    """Give a capture of a target with what `seen` needs of it; None where it has none of that id."""
    rows = Capture.objects.select_related("volunteer", "target", "assignment__slot", "reviewed_by")
    return rows.filter(pk=capture_id, target=target).first()
