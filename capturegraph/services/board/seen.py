"""What every place of a target looks like now, and whether that has changed: cheap enough to be asked all day long."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, Q

from capturegraph.models import Assignment, CandidateSlot, Capture, Event, Match, Target
from capturegraph.models.candidate_slot import CandidateSlotQuerySet
from capturegraph.models.capture import CaptureQuerySet
from capturegraph.services.matches import judging

MARKS = ("waiting", "held", "fulfilled", "again", "not_capturable", "pool", "withdrawn")
"""What a place can look like. "again" is one that needs another look."""
EVENTS_LOOKED_AT = 200
AT_LEAST_EVERY = timedelta(minutes=1)
# What a reviewer's yes would make count; whatever else does not count would not with it either.
DOUBTFUL = (judging.NO_POSITION, judging.MOCK, judging.INACCURATE, judging.FROM_LIBRARY, judging.NO_ACCURACY)
State = CandidateSlot.State


class Seen(NamedTuple):
    """Ids of the waiting slots that somebody holds, and of the others that need another look."""

    held: frozenset[UUID]
    again: frozenset[UUID]


def version(target: Target, *, now: datetime) -> str:
    """Give a word that changes when anything on the board does, in three queries whatever the number of slots.

    What only the clock changes (who has gone quiet) is looked at once a minute.
    """
    held = Assignment.objects.live(now).filter(target=target).count()
    minute = int(now.timestamp() // AT_LEAST_EVERY.total_seconds())
    said = (*happened(target), held, minute, target.updated_at, target.state)
    return sha256(repr(said).encode()).hexdigest()[:20]


def happened(target: Target) -> tuple[list[int], datetime | None]:
    """Give what changes with everything that happens in a target, in two queries.

    Numbers of events are given out before commits, so one may show up after a later one: the last few hundred are
    looked at, not only the last. With them, when a slot was changed last.
    """
    recent = Event.objects.filter(target_id=target.pk).order_by("-id").values_list("id", flat=True)
    latest = CandidateSlot.objects.of(target).order_by("-updated_at").values_list("updated_at", flat=True).first()
    return list(recent[:EVENTS_LOOKED_AT]), latest


def look(target: Target, *, now: datetime) -> Seen:
    """Say which slots are held, and which need another look, in three queries.

    Those are: what waits again after a rejection; and what waits while a photograph taken for it, or near it, does not
    count before a reviewer has said so. A photograph that counts by itself makes no slot need another look.
    """
    held = Assignment.objects.live(now).filter(target=target, slot__state=State.WAITING).values_list("slot", flat=True)
    waits = CandidateSlot.objects.of(target).filter(state=State.WAITING)
    doubted = unsettled(target)
    after_a_rejection = Q(offered_first_to__isnull=False, seats_left__gt=0)
    in_doubt = Q(pk__in=doubted.filter(assignment__isnull=False).values("assignment__slot"))
    in_doubt |= Q(pk__in=Match.objects.filter(capture__in=doubted).values("slot"))
    now_held = frozenset(held)
    found = {*waits.filter(after_a_rejection).values_list("pk", flat=True)}
    found |= {*waits.filter(in_doubt).values_list("pk", flat=True)}
    return Seen(now_held, frozenset(found - now_held))


def unsettled(target: Target) -> CaptureQuerySet:
    """Give the photographs of a target that count for nothing until a reviewer accepts them."""
    pending = Capture.objects.filter(target=target, review=Capture.Review.PENDING, unusable_reason__in=DOUBTFUL)
    return pending.exclude(state=Capture.State.REFUSED)


def counts(target: Target, seen: Seen) -> dict[str, int]:
    """Count the slots by what they look like, and in "total" all of them."""
    groups = CandidateSlot.objects.of(target).order_by().values_list("state")
    by_state = Counter(dict(groups.annotate(number=Count("pk"))))
    found = {mark: by_state[mark] for mark in MARKS}
    found["held"], found["again"] = len(seen.held), len(seen.again)
    found["waiting"] -= len(seen.held) + len(seen.again)
    return {**found, "total": by_state.total()}


def mark(slot: CandidateSlot, seen: Seen) -> str:
    """Say what one slot looks like."""
    if slot.state != State.WAITING:
        return slot.state
    return "held" if slot.pk in seen.held else "again" if slot.pk in seen.again else "waiting"


def looking_like(slots: CandidateSlotQuerySet, marks: frozenset[str], seen: Seen) -> CandidateSlotQuerySet:
    """Give those of some slots that look like one of these."""
    asked = Q(state__in=marks - {"waiting", "held", "again"})
    if "waiting" in marks:
        asked |= Q(state=State.WAITING) & ~Q(pk__in=seen.held | seen.again)
    if "held" in marks:
        asked |= Q(pk__in=seen.held)
    if "again" in marks:
        asked |= Q(pk__in=seen.again)
    return slots.filter(asked)
