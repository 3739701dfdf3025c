"""Comparing captures with slots, and what follows: the one way in which a slot is fulfilled."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

import numpy as np

from capturegraph.models import CandidateSlot, Capture, Match, Target
from capturegraph.services import events
from capturegraph.services import slots as slot_rows
from capturegraph.services.matches import judging
from capturegraph.services.matches.judging import NO_PHOTO as NO_PHOTO
from capturegraph.services.matches.judging import NO_POSITION as NO_POSITION
from capturegraph.services.matches.judging import REFUSED_PHOTO as REFUSED_PHOTO
from capturegraph.services.matches.judging import Pair
from capturegraph.services.writing import hold_target_shared
from scheduling import distance as distances
from scheduling.geodesy import bounding_box, metres

State = CandidateSlot.State
FROM_LIBRARY = judging.FROM_LIBRARY
PAIRS_AT_ONCE = 500_000
_FOUND = ("metres", "distance", "probability", "heading_off_deg", "terms", "active", "kept")
_ONE_TURN = distances.angle_degrees(1.0)


def near(capture: Capture, target: Target, also: Iterable[UUID] = ()) -> list[CandidateSlot]:
    """Lock and give the slots that a capture may close: a box around it, out of the index, and nothing withdrawn.

    The place alone is never farther than the whole distance, so the box leaves out nothing. `also` names others.
    """
    rows, also = CandidateSlot.objects.of(target), list(also)
    named = rows.filter(pk__in=also)
    if not judging.has_place(capture) or capture.latitude is None or capture.longitude is None:
        return slot_rows.locked(named) if also else []
    boxes = bounding_box(capture.latitude, capture.longitude, target.allowed_m)
    around = rows.inside(boxes).exclude(state=State.WITHDRAWN)
    return slot_rows.locked(around | named if also else around)


def touched(capture: Capture, target: Target, also: Iterable[UUID] = ()) -> list[CandidateSlot]:
    """Lock and give the slots that a capture may close, those that it has been matched with, and others in `also`.

    The caller holds the target and has locked the capture's row, so that it is matched with no others meanwhile.
    """
    known = Match.objects.filter(capture=capture).values_list("slot", flat=True)
    return near(capture, target, {*known, *also})


def compare(captures: Sequence[Capture], slots: Sequence[CandidateSlot], target: Target, now: datetime) -> list[Match]:
    """Give a match, not saved yet, for each capture that counts for a slot by itself.

    That is one that is usable, taken in time, and closer than the threshold, strictly; where only held slots are
    closed, of a slot that somebody held.
    """
    usable = [capture for capture in captures if not judging.why_unusable(capture, target, now)]
    there = [slot for slot in slots if slot.state != State.WITHDRAWN]
    if not usable or not there:
        return []
    distance, found = judging.distance_of(target), []
    step = max(1, PAIRS_AT_ONCE // len(there))
    for some in (usable[first : first + step] for first in range(0, len(usable), step)):
        apart = distance.matrix(there, some)
        for i, j in np.argwhere(distances.within(apart, target.threshold)):
            if not judging.why_untimely(some[j], there[i]):
                found.append((some[j], there[i], float(apart[i, j])))
    if not target.covers_waiting and found:
        held = judging.held_pairs([capture for capture, __, __ in found], [slot for __, slot, __ in found])
        found = [one for one in found if (one[0].pk, one[1].pk) in held]
    return [match_of(capture, slot, apart_by, target, now) for capture, slot, apart_by in found]


def match_of(capture: Capture, slot: CandidateSlot, distance: float, target: Target, now: datetime) -> Match:
    """Describe one pair: metres, σ, each term, and how surely the true position lies inside, given the accuracy."""
    apart_m, off_deg = metres(slot, capture), _ONE_TURN(slot.heading, capture.heading)
    known, off = not math.isnan(apart_m), None if math.isnan(off_deg) else off_deg
    terms = {"location": apart_m / target.sigma_m} if known else {}
    if off is not None and target.heading_sigma_deg is not None:
        terms["heading"] = off / target.heading_sigma_deg
    # A place that is not known is as far away as can be: the column has to hold a number.
    return Match(
        capture=capture,
        slot=slot,
        person_key=capture.volunteer.person_key,
        metres=apart_m if known else math.inf,
        distance=distance if not math.isnan(distance) else math.inf,
        probability=distances.probability_within(apart_m, capture.accuracy_m, target.allowed_m) if known else None,
        heading_off_deg=off,
        terms=terms,
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
    save(matches)
    matched = {match.slot_id for match in matches}
    return slot_rows.recount([slot for slot in slots if slot.pk in matched], now=now, actor_id=actor_id)


def save(matches: Sequence[Match]) -> None:
    """Write down matches that count, whether they were known before or not; what a reviewer linked stays linked."""
    Match.objects.bulk_create(
        matches, batch_size=500, update_conflicts=True, unique_fields=["capture", "slot"], update_fields=_FOUND
    )


Kept = Literal["stand", "renew", "drop"]
"""Of matches that counted under earlier settings only: they stand, or are kept anew where their slot would fall short,
or count no longer."""


def align(
    captures: Sequence[Capture],
    slots: Sequence[CandidateSlot],
    target: Target,
    *,
    now: datetime,
    actor_id: UUID | None,
    kept: Kept = "stand",
) -> list[Match]:
    """Make the matches between locked captures and locked slots what the rules say, and give those that count no more.

    What a reviewer linked counts as long as the photograph is there and was not rejected.
    """
    by_id = {capture.pk: capture for capture in captures}
    rows = list(Match.objects.filter(capture__in=by_id, slot__in=[slot.pk for slot in slots]))
    found = compare(captures, slots, target, now)
    counting = {_pair(match) for match in found}
    void = {pk for pk, capture in by_id.items() if judging.why_void(capture, now)}
    stands = {
        _pair(row) for row in rows if row.capture_id not in void and (row.manual or (kept == "stand" and row.kept))
    }
    renewed = _renewed(rows, slots, counting | stands, void) if kept == "renew" else set()
    standing = (stands | renewed) - counting
    lost = [row for row in rows if row.active and _pair(row) not in counting | standing]
    Match.objects.filter(pk__in=[row.pk for row in lost]).update(active=False)
    again = [row.pk for row in rows if not row.active and _pair(row) in standing]
    Match.objects.filter(pk__in=again).update(active=True)
    if kept != "stand":
        Match.objects.filter(pk__in=[row.pk for row in rows if row.kept and _pair(row) not in renewed]).update(
            kept=False
        )
        Match.objects.filter(pk__in=[row.pk for row in rows if _pair(row) in renewed]).update(kept=True)
    if found:
        save(found)
    Capture.objects.filter(pk__in={capture_id for capture_id, __ in standing}, counts=False).update(counts=True)
    slot_rows.recount(slots, now=now, actor_id=actor_id)
    return lost


def _pair(match: Match) -> Pair:
    return match.capture_id, match.slot_id


def _renewed(rows: Sequence[Match], slots: Sequence[CandidateSlot], counting: set[Pair], void: set[UUID]) -> set[Pair]:
    """Give the pairs that slots are to stay fulfilled by, though the rules have changed."""
    done = {slot.pk: slot.required_count for slot in slots if slot.state == State.FULFILLED}
    ours = {row.capture_id for row in rows}
    people: dict[UUID, set[UUID]] = {slot_id: set() for slot_id in done}
    for slot_id, capture_id, person in Match.objects.filter(slot__in=done, active=True).values_list(
        "slot", "capture", "person_key"
    ):
        # Those that came in a moment ago were compared by the new rules already.
        if (capture_id, slot_id) in counting or capture_id not in ours:
            people[slot_id].add(person)
    short = {slot_id for slot_id, needed in done.items() if len(people[slot_id]) < needed}
    return {
        _pair(row)
        for row in rows
        if row.slot_id in short and row.active and row.capture_id not in void and _pair(row) not in counting
    }


def judge_again(
    capture: Capture, target: Target, *, now: datetime, actor_id: UUID | None, slots: list[CandidateSlot] | None = None
) -> list[Match]:  # fmt: skip
    """Derive anew what a capture counts for, whatever has happened to it; give the matches that count no longer.

    The caller holds the target and has locked the capture's row. `slots` is what `touched` gives, where the caller
    needed that before.
    """
    capture.unusable_reason = judging.why_unusable(capture, target, now)
    capture.counts = not capture.unusable_reason
    Capture.objects.filter(pk=capture.pk).update(counts=capture.counts, unusable_reason=capture.unusable_reason)
    there = touched(capture, target) if slots is None else slots
    return align([capture], there, target, now=now, actor_id=actor_id)


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

    It closes what is near by now, and what a reviewer linked it to.
    """
    capture = Capture.objects.select_related("volunteer", "target").get(pk=capture_id)
    if capture.counts:
        return
    by_hand = Match.objects.filter(capture=capture, manual=True) | Match.objects.filter(capture=capture, kept=True)
    # One that was accepted may have its place from the file of the photograph.
    waits = capture.unusable_reason == NO_PHOTO or capture.review == Capture.Review.ACCEPTED
    if not waits and not by_hand.exists():
        return
    hold_target_shared(capture.target_id)
    judge_again(capture, Target.objects.get(pk=capture.target_id), now=now, actor_id=capture.volunteer_id)
    events.record(
        at=now, verb="counted again", noun="capture", row_id=capture.pk, target_id=capture.target_id,
        actor_id=capture.volunteer_id,
    )  # fmt: skip
