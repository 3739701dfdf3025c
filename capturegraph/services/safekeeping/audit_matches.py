"""What slots are, against the rows that they are derived from; and these against the specification of the rules."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from django.utils.translation import gettext as _

from capturegraph.models import Assignment, CandidateSlot, Capture, Job, Match, Target
from capturegraph.models.capture import PHOTO_GRACE
from capturegraph.services import targets
from capturegraph.services.batching.bulk import helpings
from capturegraph.services.batching.nearness import beside
from capturegraph.services.matches import judging
from capturegraph.services.safekeeping.finding import Finding, Findings, Look, row
from scheduling import oracle
from scheduling.values import FloatArray

State = CandidateSlot.State
AT_ONCE = 500
_SAID_EVERY = 20


def seats(look: Look) -> Findings:
    """Find slots whose seats or whose state are not what people counted and people on the way make them."""
    for ids in helpings(CandidateSlot.objects.order_by("pk").values_list("pk", flat=True).iterator(AT_ONCE), AT_ONCE):
        people = Match.objects.people_by_slot(ids)
        holders: dict[UUID, int] = defaultdict(int)
        held = Assignment.objects.filter(slot__in=ids, state=Assignment.State.HELD)
        for slot_id in held.values_list("slot", flat=True):
            holders[slot_id] += 1
        for slot in CandidateSlot.objects.filter(pk__in=ids).only("pk", "required_count", "seats_left", "state"):
            counted = people.get(slot.pk, 0)
            left = slot.required_count - counted - holders[slot.pk]
            if slot.seats_left != left:
                seats_said = {"said": slot.seats_left, "left": left}
                words = _("says that %(said)d seats are free, and there are %(left)d")
                yield Finding("seats_differ", row(CandidateSlot, slot.pk), words % seats_said)
            done = counted >= slot.required_count
            if slot.state != State.WITHDRAWN and done != (slot.state == State.FULFILLED):
                said = {"state": slot.state, "people": counted, "asked": slot.required_count}
                words = _("is %(state)s, and %(people)d of %(asked)d people count")
                yield Finding("state_differs", row(CandidateSlot, slot.pk), words % said)


def matches(look: Look) -> Findings:
    """Find captures that count for what they should not, or not for what they should, by the oracle.

    A target whose photographs are being looked at again is passed over: what it has is of the settings of before.
    """
    busy = Job.objects.filter(kind=targets.REJUDGE, ended_at=None).values("target")
    for target in Target.objects.exclude(pk__in=busy).order_by("pk").iterator():
        yield from _usable(target)
        if not look.quick:
            yield from _counting(target, look)


def _usable(target: Target) -> Findings:
    for some in helpings(Capture.objects.filter(target=target).order_by("pk").iterator(AT_ONCE), AT_ONCE):
        active = Match.objects.filter(capture__in=some, active=True)
        counting = set(active.values_list("capture", flat=True))
        for capture in some:
            reason = judging.why_unusable(capture, target, _judged(capture))
            if reason != capture.unusable_reason:
                said = {"said": capture.unusable_reason or "usable", "is": reason or "usable"}
                words = _("says that it is %(said)s, and it is %(is)s")
                yield Finding("usable_differs", row(Capture, capture.pk), words % said)
            if capture.pk in counting and not capture.counts:
                yield Finding(
                    "counts_differ", row(Capture, capture.pk), _("counts for slots, and says that it does not")
                )


def _judged(capture: Capture) -> datetime:
    """Give a time at which it is as it was judged: a late photo is uncounted by the next sweep, not by the clock."""
    late = capture.unusable_reason == judging.NO_PHOTO
    return capture.received_at + PHOTO_GRACE if late else capture.received_at


# --- which captures count for which slots -----------------------------------------------------------------------------


class _Near(NamedTuple):
    """Where the captures of a target were taken."""

    ids: list[UUID]
    places: FloatArray

    def to(self, some: Sequence[CandidateSlot], metres: float) -> list[UUID]:
        there = np.array([(one.latitude, one.longitude) for one in some if one.latitude is not None], float)
        if not len(there) or not self.ids:
            return []
        return [self.ids[n] for n in np.flatnonzero(beside(self.places, there.reshape(-1, 2), metres))]


def _counting(target: Target, look: Look) -> Findings:
    placed = Capture.objects.filter(target=target, latitude__isnull=False).order_by("pk")
    found = list(placed.values_list("pk", "latitude", "longitude").iterator(AT_ONCE))
    near = _Near([pk for pk, *__ in found], np.array([rest for __, *rest in found], float).reshape(-1, 2))
    del found
    slots = CandidateSlot.objects.filter(target=target).exclude(state=State.WITHDRAWN)
    done, total = 0, slots.count()
    # Neighbours together, so that each helping meets few photographs.
    for number, ids in enumerate(helpings(slots.order_by("cell", "pk").values_list("pk", flat=True), AT_ONCE), 1):
        yield from _counting_for(list(CandidateSlot.objects.filter(pk__in=ids)), target, near)
        done += len(ids)
        if number % _SAID_EVERY == 0 or done == total:
            look.heard(str(target), done, total)


def _counting_for(some: Sequence[CandidateSlot], target: Target, near: _Near) -> Findings:
    there = {one.pk: one for one in some}
    rows = list(Match.objects.filter(slot__in=there).values_list("capture", "slot", "active", "manual", "kept"))
    ids = {*near.to(some, target.allowed_m), *(capture for capture, *__ in rows)}
    captures = {one.pk: one for one in Capture.objects.filter(pk__in=ids).select_related("volunteer")}
    active = {(capture, slot) for capture, slot, is_active, *__ in rows if is_active}
    by_hand = {(capture, slot) for capture, slot, __, manual, kept in rows if manual or kept}
    right = set(_right(captures.values(), some, target)) | {
        pair for pair in by_hand if not judging.why_void(captures[pair[0]], _judged(captures[pair[0]]))
    }
    # Who takes a lapsed slot up again has held it all the while: photographs of that while were judged before.
    missing = right - active if target.covers_waiting else set[judging.Pair]()
    for code, pairs, words in (
        ("match_missing", missing, _("should count for slot %s, and does not")),
        ("match_too_many", active - right, _("counts for slot %s, and should not")),
    ):
        for capture, slot in sorted(pairs):
            # One that was not judged yet will be.
            if captures[capture].judged_at is not None or code == "match_too_many":
                yield Finding(code, row(Capture, capture), words % slot)


def _right(
    captures: Collection[Capture], some: Sequence[CandidateSlot], target: Target
) -> Iterator[judging.Pair]:  # fmt: skip
    rules = oracle.Rules(**{name: getattr(target, name) for name in targets.MATCHING})
    spans = _held(some) if not target.covers_waiting else {}
    slots = [(slot, _slot(slot)) for slot in some]
    cells = np.array([(slot.latitude, slot.longitude) for slot in some], float).reshape(-1, 2)
    for capture in captures:
        said = _capture(capture)
        if capture.latitude is None or oracle.why_unusable(said, rules, now=_judged(capture)):
            continue
        mine = np.array([[capture.latitude, capture.longitude]], float)
        for n in np.flatnonzero(beside(cells, mine, target.allowed_m)):
            slot, plain = slots[n]
            if oracle.counts_for(said, plain, rules, now=_judged(capture), held=spans.get(slot.pk, ())):
                yield capture.pk, slot.pk


def _slot(slot: CandidateSlot) -> oracle.Slot:
    return oracle.Slot(
        id=slot.pk, latitude=slot.latitude, longitude=slot.longitude, heading=slot.heading,
        required_count=slot.required_count, window_from=slot.window_from, window_until=slot.window_until,
        counts_from=slot.counts_from,
    )  # fmt: skip


_PHOTO: dict[str, Any] = {
    Capture.State.AWAITING_PHOTO: "awaited", Capture.State.RECEIVED: "stored", Capture.State.STORED: "stored",
    Capture.State.REFUSED: "refused",
}  # fmt: skip


def _capture(capture: Capture) -> oracle.Capture:
    review: Any = capture.review
    return oracle.Capture(
        id=capture.pk, person=capture.volunteer_id, latitude=capture.latitude, longitude=capture.longitude,
        accuracy_m=capture.accuracy_m, heading=capture.heading, from_library=capture.from_library,
        captured_at=capture.captured_at, received_at=capture.received_at, photo=_PHOTO[capture.state], review=review,
    )  # fmt: skip


def _held(some: Sequence[CandidateSlot]) -> dict[UUID, list[oracle.Held]]:
    spans: dict[UUID, list[oracle.Held]] = defaultdict(list)
    rows = Assignment.objects.filter(slot__in=some).exclude(state=Assignment.State.PLANNED)
    for one in rows:
        spans[one.slot_id].append(
            oracle.Held(slot=one.slot_id, started_at=one.started_at, ended_at=judging.held_until(one))
        )
    return spans
