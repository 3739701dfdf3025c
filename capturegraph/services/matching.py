"""Comparing captures with slots, and what follows: the one way in which a slot is fulfilled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import numpy as np

from capturegraph.models import Assignment, CandidateSlot, Capture, Match, Target
from capturegraph.services import events
from capturegraph.services import slots as slot_rows
from capturegraph.services.writing import hold_target_shared
from scheduling import distance as distances
from scheduling.distance import Distance
from scheduling.geodesy import bounding_box, metres

State = CandidateSlot.State
NO_POSITION, MOCK, INACCURATE, FROM_LIBRARY = "no_position", "mock", "inaccurate", "from_library"
NO_PHOTO = "no_photo"


def unusable_reason(capture: Capture, target: Target) -> str:
    """Say why a capture closes nothing by itself; "" where it may.

    An accuracy of exactly 0 m is what mock locations report. A missing one is taken: some phones give none.
    """
    if capture.latitude is None or capture.longitude is None:
        return NO_POSITION
    if capture.from_library:
        return FROM_LIBRARY
    if capture.accuracy_m is None:
        return ""
    if capture.accuracy_m == 0:
        return MOCK
    return INACCURATE if capture.accuracy_m > target.max_accuracy_m else ""


def distance_of(target: Target) -> Distance:
    """Give the distance by which a target compares: how many σ two places are apart."""
    return distances.location(sigma_m=target.sigma_m)


def near(capture: Capture, target: Target) -> list[CandidateSlot]:
    """Lock and give the slots that a capture may close: a box around it, out of the index, and nothing withdrawn."""
    if capture.latitude is None or capture.longitude is None:
        return []
    boxes = bounding_box(capture.latitude, capture.longitude, target.allowed_m)
    around = CandidateSlot.objects.of(target).inside(boxes).exclude(state=State.WITHDRAWN)
    return slot_rows.locked(around)


def compare(captures: Sequence[Capture], slots: Sequence[CandidateSlot], target: Target, now: datetime) -> list[Match]:
    """Give a match, not saved yet, for each pair that is closer than the threshold, strictly."""
    if not captures or not slots:
        return []
    apart = distance_of(target).matrix(captures, slots)
    pairs = np.argwhere(distances.within(apart, target.threshold))
    return [match_of(captures[i], slots[j], float(apart[i, j]), target, now) for i, j in pairs]


def match_of(capture: Capture, slot: CandidateSlot, distance: float, target: Target, now: datetime) -> Match:
    """Describe one pair: metres, σ, and how surely the true position lies inside, given the phone's accuracy."""
    apart_m = metres(capture, slot)
    sure = distances.probability_within(apart_m, capture.accuracy_m, target.allowed_m)
    return Match(
        capture=capture,
        slot=slot,
        person_key=capture.volunteer.person_key,
        metres=apart_m,
        distance=distance,
        probability=sure,
        terms={"location": distance},
        created_at=now,
    )


def settle(
    matches: Sequence[Match], slots: Sequence[CandidateSlot], *, now: datetime, actor_id: UUID | None
) -> list[CandidateSlot]:
    """Save matches with slots that the caller has locked, and let follow what follows; give the newly fulfilled slots.

    Whoever took the photograph is done with the slot, even where it needs more people; where it needs nobody any more,
    every holder is.
    """
    if not matches:
        return []
    Match.objects.bulk_create(
        matches, batch_size=500, update_conflicts=True, unique_fields=["capture", "slot"],
        update_fields=["metres", "distance", "probability", "terms", "active"],
    )  # fmt: skip
    matched = [slot for slot in slots if slot.pk in {match.slot_id for match in matches}]
    _end(Assignment.objects.filter(slot__in=matched, state=Assignment.State.HELD).select_related("volunteer"),
         {(match.slot_id, match.person_key) for match in matches}, now, actor_id)  # fmt: skip
    fulfilled = slot_rows.recount(matched, now=now, actor_id=actor_id)
    if _end(Assignment.objects.filter(slot__in=fulfilled, state=Assignment.State.HELD), None, now, actor_id):
        slot_rows.recount(fulfilled, now=now, actor_id=actor_id)
    return fulfilled


def _end(
    held: Iterable[Assignment], whose: set[tuple[UUID, UUID]] | None, now: datetime, actor_id: UUID | None
) -> list[Assignment]:
    ended = [a for a in held if whose is None or (a.slot_id, a.volunteer.person_key) in whose]
    return slot_rows.end_assignments(ended=ended, state=Assignment.State.FULFILLED, now=now, actor_id=actor_id)


def uncount(captures: Sequence[Capture], *, now: datetime, why: str) -> int:
    """Let captures count no longer: their matches become inactive, and slots that fall short wait again.

    Returns:
        how many captures that changed.
    """
    for target_id in sorted({capture.target_id for capture in captures}):
        # Whoever locks many slots holds the target first, so that applying a batch and this cannot meet crosswise.
        hold_target_shared(target_id)
    matched = Match.objects.filter(capture__in=captures, active=True).values("slot")
    slots = slot_rows.locked(CandidateSlot.objects.filter(pk__in=matched))
    changed = Capture.objects.filter(pk__in=[c.pk for c in captures], counts=True)
    count = changed.update(counts=False, unusable_reason=why)
    Match.objects.filter(capture__in=captures, active=True).update(active=False)
    slot_rows.recount(slots, now=now, actor_id=None)
    return count


def count_again(capture_id: UUID, *, now: datetime) -> None:
    """Let a capture count once more whose photograph came after all; nothing happens to any other.

    It closes what is near by now, or, where only held slots are closed, what it had closed before.
    """
    capture = Capture.objects.select_related("volunteer", "target").get(pk=capture_id)
    if capture.unusable_reason != NO_PHOTO:
        return
    target, before = capture.target, Match.objects.filter(capture=capture).values_list("slot", flat=True)
    hold_target_shared(target.pk)
    capture.unusable_reason = unusable_reason(capture, target)
    capture.counts = not capture.unusable_reason
    capture.save(update_fields=["unusable_reason", "counts"])
    slots = near(capture, target) if capture.counts else []
    if not target.covers_waiting:
        slots = [slot for slot in slots if slot.pk in set(before)]
    settle(compare([capture], slots, target, now), slots, now=now, actor_id=capture.volunteer_id)
    events.record(
        at=now, verb="counted again", noun="capture", row_id=capture.pk, target_id=target.pk,
        actor_id=capture.volunteer_id,
    )  # fmt: skip
