"""Which slots are fulfilled, said as plainly as it can be: the specification, to test the product against.

Every slot is held against every capture, one pair at a time. Nothing is remembered, so nothing depends on the order in
which captures came. Far too slow for anything but tests.
"""

import math
from collections.abc import Hashable, Iterable, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from .distance import Distance, angle_degrees, combine, location, optional

Pairs = Set[tuple[Hashable, Hashable]]


@dataclass(frozen=True, kw_only=True)
class Rules:
    """The settings of a target. Metres and degrees; `threshold` is in σ; without a heading's σ headings do not matter.

    `covers_waiting`: a capture counts for slots, too, that nobody held.
    """

    sigma_m: float
    threshold: float
    max_accuracy_m: float = 50.0
    accuracy_required: bool = False
    heading_sigma_deg: float | None = None
    heading_required: bool = False
    photo_grace: timedelta = timedelta(hours=24)
    covers_waiting: bool = True


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One place that needs photographs of `required_count` different people, taken from … until (half-open)."""

    id: Hashable
    latitude: float | None
    longitude: float | None
    heading: float | None = None
    required_count: int = 1
    window_from: datetime | None = None
    window_until: datetime | None = None
    counts_from: datetime | None = None
    withdrawn: bool = False


@dataclass(frozen=True, kw_only=True)
class Capture:
    """One photograph with what the phone said; `captured_at` is already corrected by the phone's clock skew."""

    id: Hashable
    person: Hashable
    latitude: float | None
    longitude: float | None
    accuracy_m: float | None = None
    heading: float | None = None
    from_library: bool = False
    captured_at: datetime
    received_at: datetime
    photo: Literal["stored", "awaited", "refused"] = "stored"
    review: Literal["pending", "accepted", "rejected"] = "pending"


@dataclass(frozen=True, kw_only=True)
class Held:
    """A time in which somebody held a slot, half-open."""

    slot: Hashable
    started_at: datetime
    ended_at: datetime


def why_unusable(capture: Capture, rules: Rules, *, now: datetime) -> str:
    """Why a capture counts for no slot by itself, the first reason there is; an empty text if it may count.

    `no_position`, `mock`, `no_accuracy`, `inaccurate`, `from_library`, `rejected`, `no_photo`, `refused_photo`. What a
    reviewer accepted may be mocked, inaccurate or from the library, but needs a position.
    """
    if not (_is_known(capture.latitude) and _is_known(capture.longitude)):
        return "no_position"
    return ("" if capture.review == "accepted" else _why_doubtful(capture, rules)) or _why_void(capture, rules, now)


def counts_for(capture: Capture, slot: Slot, rules: Rules, *, now: datetime, held: Iterable[Held] = ()) -> bool:
    """Whether a capture counts for a slot by itself: usable, in time, and closer than the threshold."""
    if why_unusable(capture, rules, now=now):
        return False
    if slot.window_from is not None and capture.captured_at < slot.window_from:
        return False
    if slot.window_until is not None and capture.captured_at >= slot.window_until:
        return False
    if slot.counts_from is not None and capture.captured_at < slot.counts_from:
        return False
    if not rules.covers_waiting and not any(_was_held(slot, capture, one) for one in held):
        return False
    # A distance that is not known is closer than nothing.
    return _distance(rules)(slot, capture) < rules.threshold


def fulfilled(
    slots: Iterable[Slot],
    captures: Iterable[Capture],
    rules: Rules,
    *,
    now: datetime,
    linked: Pairs = frozenset(),
    kept: Pairs = frozenset(),
    held: Iterable[Held] = (),
) -> set[Hashable]:
    """The ids of the slots that have what they need.

    `linked` are pairs (capture id, slot id) that a reviewer brought together by hand, `kept` such that counted under
    earlier settings and were not to be reopened: they count wherever and whenever the photograph was taken, as long as
    there is one and it was not rejected. `held` matters where `covers_waiting` is off.
    """
    every, times, done = list(captures), list(held), set[Hashable]()
    for slot in slots:
        people = set()
        for capture in every:
            by_hand = (capture.id, slot.id) in linked or (capture.id, slot.id) in kept
            if by_hand and not _why_void(capture, rules, now):
                people.add(capture.person)
            if counts_for(capture, slot, rules, now=now, held=times):
                people.add(capture.person)
        if not slot.withdrawn and len(people) >= slot.required_count:
            done.add(slot.id)
    return done


def _why_doubtful(capture: Capture, rules: Rules) -> str:
    """What a reviewer may overrule."""
    accuracy_m = capture.accuracy_m
    if accuracy_m is None or math.isnan(accuracy_m):
        if rules.accuracy_required:
            return "no_accuracy"
    elif accuracy_m == 0:
        return "mock"
    elif accuracy_m > rules.max_accuracy_m:
        return "inaccurate"
    return "from_library" if capture.from_library else ""


def _why_void(capture: Capture, rules: Rules, now: datetime) -> str:
    """What nobody can overrule but by taking it back."""
    if capture.review == "rejected":
        return "rejected"
    if capture.photo == "refused":
        return "refused_photo"
    if capture.photo == "awaited" and now - capture.received_at >= rules.photo_grace:
        return "no_photo"
    return ""


def _was_held(slot: Slot, capture: Capture, held: Held) -> bool:
    if held.slot != slot.id:
        return False
    return any(held.started_at <= time < held.ended_at for time in (capture.captured_at, capture.received_at))


def _distance(rules: Rules) -> Distance:
    if rules.heading_sigma_deg is None:
        return combine(location=location(rules.sigma_m))
    heading = angle_degrees(rules.heading_sigma_deg)
    return combine(location=location(rules.sigma_m), heading=heading if rules.heading_required else optional(heading))


def _is_known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
