"""All figures of a target's progress, counted anew from the rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count

from capturegraph.models import Assignment, CandidateSlot, Capture, Target, User
from capturegraph.services.progress import ledger
from capturegraph.services.progress.ledger import DoneOn
from scheduling.completion import Completion, completion, histogram, spread

BIN_EDGES_MIN = (0, 5, 10, 15, 20, 30, 45, 60, 90, 120, 240, 480)
"""Of the times that it takes; the last bin has no end."""


class Day(NamedTuple):
    """A day of the target's zone: places done on it, and on it and before."""

    day: date
    done: int
    total: int


class Times(NamedTuple):
    """How long something takes: of how many, and the middle half of them in seconds; None of none."""

    number: int
    lower_s: float | None
    median_s: float | None
    upper_s: float | None


class Bin(NamedTuple):
    """How many took from so many minutes up to so many; None: and longer."""

    from_min: int
    until_min: int | None
    number: int


class PersonRow(NamedTuple):
    """What one volunteer did here. `places`: those that a photograph of theirs counts for."""

    id: UUID
    name: str
    captures: int
    places: int
    declines: int
    median_s: float | None


class Reason(NamedTuple):
    """How often a place was declined for one reason."""

    reason: str
    label: str
    number: int


class Forecast(NamedTuple):
    """When it will be done: days of the target's zone. `verdict` is as in `scheduling.completion`, or "refilled" where
    places come out of a pool as others are done, or "still" where nobody is sent out.
    """

    verdict: str
    begins: date | None
    middle: date | None
    ends: date | None
    coverage: float
    per_day: float
    based_on: int


class Progress(NamedTuple):
    """Everything that is said of a target's progress at one moment."""

    as_of: datetime
    counts: Mapping[str, int]
    asked: int
    done: int
    open: int
    days: Sequence[Day]
    forecast: Forecast
    people: Sequence[PersonRow]
    declines: Sequence[Reason]
    photographed: Times
    sent: Times
    finished: Times
    bins: Sequence[Bin]
    captures: ledger.Captures


def progress(*, target: Target, now: datetime) -> Progress:
    """Count everything."""
    counts = CandidateSlot.objects.of(target).counts(now)
    done_on, spans = ledger.done_by_day(target), ledger.spans(target)
    today = today_of(target, now)
    return Progress(
        as_of=now,
        counts=counts,
        asked=asked_of(counts),
        done=counts["fulfilled"],
        open=open_of(counts),
        days=days(done_on, today),
        forecast=forecast(target, counts, done_on, today),
        people=_people(target, spans),
        declines=_declines(target),
        photographed=_times([one.photographed_s for one in spans]),
        sent=_times([one.done_s - one.photographed_s for one in spans]),
        finished=_times([one.done_s for one in spans]),
        bins=_bins([one.done_s for one in spans]),
        captures=ledger.captures(target),
    )


def today_of(target: Target, now: datetime) -> date:
    """What day it is where the target is."""
    return now.astimezone(ZoneInfo(target.time_zone)).date()


def asked_of(counts: Mapping[str, int]) -> int:
    """Of how many places one says "12 of 39": without those that were withdrawn or still lie in the pool."""
    return counts["total"] - counts["withdrawn"] - counts["pool"]


def open_of(counts: Mapping[str, int]) -> int:
    """How many still need a photograph that somebody can take: waiting, or in somebody's hands."""
    return counts["waiting"] + counts["held"]


def days(done_on: Mapping[date, DoneOn], today: date) -> list[Day]:
    """Every day from the first on which a place was done until today, with its count and the sum so far."""
    found, total = [], 0
    for day in _calendar(done_on, today):
        done = done_on[day].number if day in done_on else 0
        total += done
        found.append(Day(day, done, total))
    return found


def _calendar(done_on: Mapping[date, DoneOn], today: date) -> list[date]:
    if not done_on:
        return []
    first = min(done_on)
    return [first + timedelta(days=n) for n in range((max(today, *done_on) - first).days + 1)]


def forecast(target: Target, counts: Mapping[str, int], done_on: Mapping[date, DoneOn], today: date) -> Forecast:
    """When the last open place will be done, as of the midnight before: half a day tells little of the whole.

    Places that were covered before they were asked for say nothing of the pace.
    """
    worked = {day: one.afresh for day, one in done_on.items() if one.afresh}
    before = [worked.get(day, 0) for day in _calendar(done_on, today) if day < today]
    done_today = sum(number for day, number in worked.items() if day >= today)
    ahead = completion(before, open_of(counts) + done_today if open_of(counts) else 0)
    verdict: str = ahead.verdict
    if counts["total"] == 0 or (ahead.verdict == "done" and not counts["fulfilled"]):
        verdict = "nothing"
    elif target.batch_size is not None and counts["pool"]:
        verdict = "refilled"
    elif ahead.verdict != "done" and target.state != Target.State.OPEN:
        verdict = "still"
    if verdict != "foretold":
        return Forecast(verdict, None, None, None, 0.0, ahead.per_day, ahead.based_on)
    begins, middle, ends = (_on(ahead, part, today) for part in (ahead.earliest, ahead.middle, ahead.latest))
    return Forecast(verdict, begins, middle, ends, ahead.coverage, ahead.per_day, ahead.based_on)


def _on(ahead: Completion, days_ahead: int | None, today: date) -> date | None:
    return today + timedelta(days=days_ahead - 1) if days_ahead is not None else None


def _people(target: Target, spans: Sequence[ledger.Span]) -> list[PersonRow]:
    photos = dict(_number(Capture.objects.filter(target=target)))
    handed = dict(_number(Assignment.objects.filter(target=target)))
    declined = dict(_number(Assignment.objects.filter(target=target, state=Assignment.State.DECLINED)))
    took: dict[UUID, list[float]] = defaultdict(list)
    for span in spans:
        took[span.volunteer_id].append(span.done_s)
    places = ledger.places_by_person(target)
    users = User.objects.filter(pk__in={*photos, *handed})
    found = [
        PersonRow(
            user.pk, str(user), photos.get(user.pk, 0), places.get(user.person_key, 0), declined.get(user.pk, 0),
            _times(took[user.pk]).median_s,
        )
        for user in users
    ]  # fmt: skip
    return sorted(found, key=lambda one: (-one.places, -one.captures, one.name, one.id))


def _number(some: object) -> list[tuple[UUID, int]]:
    return list(some.order_by().values_list("volunteer").annotate(number=Count("pk")))  # type: ignore[attr-defined]


def _declines(target: Target) -> list[Reason]:
    declined = Assignment.objects.filter(target=target, state=Assignment.State.DECLINED)
    found = dict(declined.order_by().values_list("reason").annotate(number=Count("pk")))
    labels = dict(Assignment.Reason.choices)
    named = [Reason(name, str(labels.get(name, name)), number) for name, number in found.items()]
    return sorted(named, key=lambda one: (-one.number, one.reason))


def _times(seconds: Sequence[float]) -> Times:
    return Times(len(seconds), *(spread(seconds) or (None, None, None)))


def _bins(seconds: Sequence[float]) -> list[Bin]:
    numbers = histogram([one / 60 for one in seconds], BIN_EDGES_MIN)
    ends = [*BIN_EDGES_MIN[1:], None]
    return [Bin(*one) for one in zip(BIN_EDGES_MIN, ends, numbers, strict=True)]
