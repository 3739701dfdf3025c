"""What a photograph counts for, and why not: the rules themselves, which change nothing.

Every "no" has a word of its own, which is kept, and a sentence, which people are shown.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from capturegraph.models import Assignment, CandidateSlot, Capture, Target
from capturegraph.models.capture import PHOTO_GRACE
from scheduling import distance as distances
from scheduling.distance import Distance, Explanation

REJECTED, NO_PHOTO, REFUSED_PHOTO = "rejected", "no_photo", "refused_photo"
NO_POSITION, MOCK, INACCURATE, FROM_LIBRARY = "no_position", "mock", "inaccurate", "from_library"
NO_ACCURACY = "no_accuracy"
WITHDRAWN, OUTSIDE_WINDOW, BEFORE_COUNTS_FROM = "withdrawn", "outside_window", "before_counts_from"
TOO_FAR, NO_HEADING, HEADING_OFF, NOT_HELD = "too_far", "no_heading", "heading_off", "not_held"

Pair = tuple[UUID, UUID]
"""The ids of a capture and of a slot."""


def why_void(capture: Capture, now: datetime) -> str:
    """Say why a capture counts for nothing, not even for what a reviewer linked it to; "" where it may."""
    if capture.review == Capture.Review.REJECTED:
        return REJECTED
    if capture.state == Capture.State.REFUSED:
        return REFUSED_PHOTO
    if capture.state == Capture.State.AWAITING_PHOTO and now - capture.received_at >= PHOTO_GRACE:
        return NO_PHOTO
    return ""


def why_unusable(capture: Capture, target: Target, now: datetime) -> str:
    """Say why a capture closes nothing by itself; "" where it may. A reviewer who accepts it overrules all but a place.

    An accuracy of exactly 0 m is what mock locations report.
    """
    # A place first: one without it has not been received yet, when only its distance is asked for.
    if not has_place(capture):
        return NO_POSITION if capture.received_at is None else why_void(capture, now) or NO_POSITION
    doubtful = "" if capture.review == Capture.Review.ACCEPTED else _why_doubtful(capture, target)
    return why_void(capture, now) or doubtful


def has_place(capture: Capture) -> bool:
    """Whether it is known where a capture was taken."""
    return all(one is not None and math.isfinite(one) for one in (capture.latitude, capture.longitude))


def _why_doubtful(capture: Capture, target: Target) -> str:
    if capture.accuracy_m is None:
        if target.accuracy_required:
            return NO_ACCURACY
    elif capture.accuracy_m == 0:
        return MOCK
    elif not capture.accuracy_m <= target.max_accuracy_m:
        return INACCURATE
    return FROM_LIBRARY if capture.from_library else ""


def why_untimely(capture: Capture, slot: CandidateSlot) -> str:
    """Say why a capture was not taken when a slot asks for it; "" where it was. Windows are half-open."""
    taken = capture.captured_at
    if (slot.window_from and taken < slot.window_from) or (slot.window_until and taken >= slot.window_until):
        return OUTSIDE_WINDOW
    return BEFORE_COUNTS_FROM if slot.counts_from and taken < slot.counts_from else ""


def distance_of(target: Target) -> Distance:
    """Give the distance by which a target compares a slot (first) with a capture (second), in σ."""
    place = distances.location(sigma_m=target.sigma_m)
    if target.heading_sigma_deg is None:
        return distances.combine(location=place)
    direction = distances.angle_degrees(target.heading_sigma_deg)
    return distances.combine(
        location=place, heading=direction if target.heading_required else distances.optional(direction)
    )


def explained(capture: Capture, slot: CandidateSlot, target: Target) -> Explanation:
    """Compare one pair, and say each term of it."""
    return distances.explain(slot, capture, distance_of(target), target.threshold)


def why_apart(explanation: Explanation) -> str:
    """Say what keeps a pair from being near enough; "" where nothing does."""
    if explanation.fulfils:
        return ""
    terms = {term.name: term for term in explanation.terms}
    place, heading = terms["location"], terms.get("heading")
    if place.distance is None or place.distance >= explanation.threshold or heading is None:
        return TOO_FAR
    return NO_HEADING if heading.why == "missing" else HEADING_OFF


def held_pairs(captures: Iterable[Capture], slots: Iterable[CandidateSlot]) -> set[Pair]:
    """Give the pairs whose slot somebody held when the photograph was taken, or when it came in."""
    spans: dict[UUID, list[tuple[datetime, datetime]]] = {}
    rows = Assignment.objects.filter(slot__in=[slot.pk for slot in slots]).exclude(state=Assignment.State.PLANNED)
    for assignment in rows.only("slot_id", "state", "started_at", "expires_at", "ended_at"):
        spans.setdefault(assignment.slot_id, []).append((assignment.started_at, held_until(assignment)))
    return {
        (capture.pk, slot_id)
        for capture in captures
        for slot_id, times in spans.items()
        if any(start <= time < end for start, end in times for time in (capture.captured_at, capture.received_at))
    }


def held_until(assignment: Assignment) -> datetime:
    """Say when somebody held a slot no longer: a lease ends when its time is up, however late it is tidied up after.

    The moment in which a photograph ended it still belongs to it: that photograph came while it was held.
    """
    if assignment.ended_at is None:
        return assignment.expires_at
    moment = timedelta(microseconds=assignment.state == Assignment.State.FULFILLED)
    return min(assignment.expires_at, assignment.ended_at + moment)


def sentence(reason: str, capture: Capture, explanation: Explanation, target: Target) -> str:
    """Say a reason to whoever took the photograph."""
    words = {
        REJECTED: _("A reviewer did not accept this photo."),
        NO_PHOTO: _("The photo itself has not arrived."),
        REFUSED_PHOTO: _("The photo could not be read."),
        NO_POSITION: _("The phone sent no position with this photo."),
        FROM_LIBRARY: _("This photo comes from the library, so its place is not sure."),
        MOCK: _("The phone's position was not a real one."),
        NO_ACCURACY: _("The phone did not say how well it knew its place."),
        INACCURATE: _("The phone knew its place only to ±%(accuracy)d m."),
        WITHDRAWN: _("This place is not needed any more."),
        OUTSIDE_WINDOW: _("It was not taken in the time that this place asks for."),
        BEFORE_COUNTS_FROM: _("It was taken before this place was asked for again."),
        TOO_FAR: _("%(metres)d m off, %(allowed)d m are allowed."),
        NO_HEADING: _("The phone did not say which way it looked."),
        HEADING_OFF: _("%(metres)d m off and %(degrees)d° from the direction asked for: go nearer, or turn."),
        NOT_HELD: _("Nobody was on the way to this place."),
    }
    values = {
        "accuracy": capture.accuracy_m or 0,
        "metres": explanation.metres or 0,
        "allowed": target.allowed_m,
        "degrees": explanation.heading_off_deg or 0,
    }
    return str(words[reason]) % values
