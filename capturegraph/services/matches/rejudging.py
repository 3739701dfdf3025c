"""Looking at every photograph again after the settings have changed: what it would do, and doing it as a job.

First it is settled which captures are usable, then which slots they count for, some at a time, so that phones wait for
one helping and never for the whole. A capture that comes meanwhile is compared by the new settings already, and stays
as it is. All of it can be done twice, so that a job goes on after its worker was killed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from capturegraph.models import CandidateSlot, Capture, Match, Target
from capturegraph.services import slots, targets
from capturegraph.services.batching.bulk import helpings
from capturegraph.services.batching.nearness import beside
from capturegraph.services.jobs import Held
from capturegraph.services.matches import judging, matching
from capturegraph.services.matches.matching import Kept
from capturegraph.services.writing import hold_target_shared, writing
from scheduling.values import FloatArray

SLOTS_AT_ONCE = 100
CAPTURES_AT_ONCE = 200
State = CandidateSlot.State


def rejudge(held: Held) -> Mapping[str, Any]:
    """Do the job; give how many slots it has closed and reopened."""
    target_id = held.job.target_id
    if target_id is None:
        return {}
    before = _states(target_id)
    total = Capture.objects.filter(target=target_id).count() + len(before)
    done = 0
    for captures in _by_id(Capture.objects.filter(target=target_id), CAPTURES_AT_ONCE):
        _judge_captures(held, target_id, captures)
        done += len(captures)
        held.say(str(_("Looking at the photos")), done, max(total, done))
    places = _Places(target_id)
    kept: Kept = "drop" if held.job.data.get("reopen") else "renew"
    for ids in _by_id(CandidateSlot.objects.filter(target=target_id), SLOTS_AT_ONCE):
        _judge_slots(held, target_id, ids, places, kept)
        done += len(ids)
        held.say(str(_("Looking at the places")), done, max(total, done))
    _let_go(held, target_id)
    return _differences(before, _states(target_id))


def preview(*, target: Target, values: Mapping[str, Any], now: datetime) -> dict[str, dict[str, int]]:
    """Say what saving settings would do, by looking at every photograph; nothing is changed.

    `captures`: how many count for at least one slot, now and then. `slots`: how many would be closed, and how many fall
    short: these are opened again only where that is asked for.

    Raises:
        Invalid: a setting that cannot be.
    """
    then, places = targets.with_settings(target, values), _Places(target.pk)
    counting: set[UUID] = set()
    closed = reopened = 0
    # Neighbours together, so that each helping meets few photographs.
    slots_there = CandidateSlot.objects.filter(target=target).exclude(state=State.WITHDRAWN).order_by("cell", "pk")
    for ids in helpings(slots_there.values_list("pk", flat=True), SLOTS_AT_ONCE):
        some = list(CandidateSlot.objects.filter(pk__in=ids))
        captures = list(Capture.objects.filter(pk__in=places.near(some, then.allowed_m)).select_related("volunteer"))
        people: dict[UUID, set[UUID]] = {pk: set() for pk in ids}
        for capture_id, slot_id, person in _pairs_then(captures, some, then, now):
            counting.add(capture_id)
            people[slot_id].add(person)
        enough = {slot.pk for slot in some if len(people[slot.pk]) >= slot.required_count}
        closed += sum(slot.pk in enough and slot.state != State.FULFILLED for slot in some)
        reopened += sum(slot.pk not in enough and slot.state == State.FULFILLED for slot in some)
    active = Match.objects.filter(slot__target=target, active=True).exclude(slot__state=State.WITHDRAWN)
    return {
        "captures": {
            "counting_now": active.values("capture").distinct().count(),
            "counting_then": len(counting),
        },
        "slots": {"closed": closed, "reopened": reopened},
    }


def _pairs_then(
    captures: Sequence[Capture], some: Sequence[CandidateSlot], then: Target, now: datetime
) -> Iterator[tuple[UUID, UUID, UUID]]:
    for match in matching.compare(captures, some, then, now):
        yield match.capture_id, match.slot_id, match.person_key
    for match in Match.objects.filter(slot__in=some, manual=True).select_related("capture"):
        if not judging.why_void(match.capture, now):
            yield match.capture_id, match.slot_id, match.person_key


class _Places:
    """Where the captures of a target were taken, read once: which of them may count is asked again under the locks."""

    def __init__(self, target_id: UUID) -> None:
        rows = Capture.objects.filter(target=target_id, latitude__isnull=False)
        found = list(rows.values_list("pk", "latitude", "longitude"))
        self._ids: list[UUID] = [pk for pk, __, __ in found]
        self._places = np.array([rest for __, *rest in found], float).reshape(-1, 2)

    def near(self, some: Sequence[CandidateSlot], allowed_m: float) -> list[UUID]:
        """Give the ids of captures that may be near enough to some slots; a few too many, none too few."""
        places = [(slot.latitude, slot.longitude) for slot in some if slot.latitude is not None]
        if not self._ids or not places:
            return []
        close: FloatArray = np.array(places, float)
        return [self._ids[n] for n in np.flatnonzero(beside(self._places, close, allowed_m))]


def _by_id(rows: Any, at_once: int) -> Iterator[list[UUID]]:
    """Give the ids of rows, some at a time, those too that come while this goes on and are not passed yet."""
    last: UUID | None = None
    while True:
        rest = rows.filter(pk__gt=last) if last else rows
        ids = list(rest.order_by("pk").values_list("pk", flat=True)[:at_once])
        if not ids:
            return
        yield ids
        last = ids[-1]


def _states(target_id: UUID) -> dict[UUID, str]:
    return dict(CandidateSlot.objects.filter(target=target_id).values_list("pk", "state"))


def _differences(before: Mapping[UUID, str], after: Mapping[UUID, str]) -> dict[str, int]:
    was = {pk for pk, state in before.items() if state == State.FULFILLED}
    done = {pk for pk, state in after.items() if state == State.FULFILLED}
    return {"closed": len(done - was), "reopened": len(was - done)}


def _judge_captures(held: Held, target_id: UUID, ids: Sequence[UUID]) -> None:
    """Say anew of some captures whether they are usable."""
    now = held.clock()
    with writing():
        hold_target_shared(target_id)
        target = Target.objects.get(pk=target_id)
        for capture in _locked_captures(ids):
            reason = judging.why_unusable(capture, target, now)
            if reason == capture.unusable_reason:
                continue
            by_hand = Match.objects.filter(capture=capture, active=True).exclude(manual=False, kept=False)
            counts = not reason or by_hand.exists()
            Capture.objects.filter(pk=capture.pk).update(unusable_reason=reason, counts=counts)
        held.still_mine()


def _judge_slots(held: Held, target_id: UUID, ids: Sequence[UUID], places: _Places, kept: Kept) -> None:
    """Derive anew which captures count for some slots."""
    now = held.clock()
    with writing():
        hold_target_shared(target_id)
        target = Target.objects.get(pk=target_id)
        some = CandidateSlot.objects.filter(pk__in=ids)
        matched = Match.objects.filter(slot__in=ids).values_list("capture", flat=True)
        # Captures before slots, as everywhere. What is matched after this was compared by the new settings.
        captures = _locked_captures({*places.near(list(some), target.allowed_m), *matched})
        matching.align(captures, slots.locked(some), target, now=now, actor_id=held.job.created_by_id, kept=kept)
        held.still_mine()


def _locked_captures(ids: Any) -> list[Capture]:
    rows = Capture.objects.filter(pk__in=list(ids)).order_by("pk").select_related("volunteer")
    return list(rows.select_for_update(no_key=True, of=("self",)))


def _let_go(held: Held, target_id: UUID) -> None:
    """Of captures that are not usable, only those still count that hold a slot up by hand, or from before."""
    by_hand = Match.objects.filter(capture=OuterRef("pk"), active=True)
    with writing():
        counted = Capture.objects.filter(target=target_id, counts=True).exclude(unusable_reason="")
        counted.exclude(Exists(by_hand)).update(counts=False)
        held.still_mine()
