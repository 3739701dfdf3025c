"""How reviewing goes: how often two people agree, how long photographs wait, and how long one takes."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

from capturegraph.models import Capture, Event, Target, User
from capturegraph.services.reviewing.disputes import UPHELD
from capturegraph.services.reviewing.queue import SKIPPED

LOOKED_AT, PACES_LOOKED_AT, FEWEST_PACES = 2_000, 30, 3
A_BREAK = timedelta(minutes=2)
SAYS = {"accepted": "accepted", "rejected": "rejected", UPHELD: "rejected", "review undone": ""}


class Figures(NamedTuple):
    """What was reviewed. Of the newest 2,000 verdicts of a target.

    A second verdict is one of somebody else than who gave the verdict before it on the same photograph: the answer to a
    dispute, or a change of mind of another reviewer. `kept` counts those that said the same. What reviewers take back
    themselves is no second verdict. `agreement` is kept / second, None of none. `median_s` is from when a photograph
    was safe here to its first verdict, the middle of all; None of none.
    """

    reviewed: int
    second: int
    kept: int
    median_s: float | None

    @property
    def agreement(self) -> float | None:
        """The share of second verdicts that kept the first, 0 to 1."""
        return self.kept / self.second if self.second else None


class Verdict(NamedTuple):
    """One line of the story of a photograph, as it was written down."""

    capture_id: UUID
    verb: str
    actor_id: UUID | None
    at: datetime


def figures(target: Target) -> Figures:
    """Count them."""
    said = Event.objects.filter(target_id=target.pk, noun="capture", verb__in=SAYS).order_by("-id")
    rows = said.values_list("row_id", "verb", "actor", "at")[:LOOKED_AT]
    newest = [Verdict(row_id, verb, actor, at) for row_id, verb, actor, at in rows if row_id]
    verdicts = newest[::-1]
    second, kept = agreement(verdicts)
    first: dict[UUID, datetime] = {}
    for one in verdicts:
        if SAYS[one.verb]:
            first.setdefault(one.capture_id, one.at)
    arrived = Capture.objects.filter(pk__in=first, photo_at__isnull=False).values_list("pk", "photo_at")
    waited = [(first[pk] - at).total_seconds() for pk, at in arrived if at is not None]
    return Figures(len(first), second, kept, statistics.median(waited) if waited else None)


def agreement(verdicts: Iterable[Verdict]) -> tuple[int, int]:
    """Count the second verdicts in a story told from its beginning, and those among them that kept the first."""
    standing: dict[UUID, Verdict] = {}
    second = kept = 0
    for one in verdicts:
        before = standing.get(one.capture_id)
        if not SAYS[one.verb]:
            if before and before.actor_id == one.actor_id:
                del standing[one.capture_id]
            continue
        if before and before.actor_id != one.actor_id:
            second += 1
            kept += SAYS[before.verb] == SAYS[one.verb]
        standing[one.capture_id] = one
    return second, kept


def own_pace_s(*, target: Target, user: User) -> float | None:
    """Give the median of the seconds between somebody's last verdicts or skips in a target; None of fewer than three.

    Whatever took longer than two minutes was a break. What was accepted in bulk is left out.
    """
    did = Event.objects.filter(
        target_id=target.pk, noun="capture", actor=user, verb__in=[*SAYS, SKIPPED], data__bulk__isnull=True
    )
    times = list(did.order_by("-id").values_list("at", flat=True)[: PACES_LOOKED_AT + 1])
    took = [later - earlier for later, earlier in pairwise(times)]
    seconds = [one.total_seconds() for one in took if timedelta() < one <= A_BREAK]
    return statistics.median(seconds) if len(seconds) >= FEWEST_PACES else None
