"""The few figures of progress that head the board: how far, how fast, when done."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from capturegraph.models import CandidateSlot, Target
from capturegraph.services.progress import figures, ledger
from capturegraph.services.progress.figures import Day, Forecast
from capturegraph.services.progress.words import Said, said
from scheduling.completion import spread

SHOWN_DAYS = 14


class Pace(NamedTuple):
    """What stands in the board's headline. `share` is of the places asked for, 0 to 1, None of none; `median_min` from
    a place being taken by a volunteer to its being done by them, None where none was; `days` are the last two weeks.
    """

    done_today: int
    share: float | None
    walks_saved: int
    median_min: float | None
    days: Sequence[Day]
    forecast: Forecast
    said: Said


def pace(*, target: Target, now: datetime) -> Pace:
    """Count them."""
    counts = CandidateSlot.objects.of(target).counts(now)
    done_on = ledger.done_by_day(target)
    today = figures.today_of(target, now)
    foretold = figures.forecast(target, counts, done_on, today)
    asked, took = figures.asked_of(counts), spread([one.done_s for one in ledger.spans(target)])
    done, done_today = counts["fulfilled"], done_on[today].number if today in done_on else 0
    return Pace(
        done_today=done_today,
        share=done / asked if asked else None,
        walks_saved=ledger.captures(target).walks_saved,
        median_min=took[1] / 60 if took else None,
        days=_last_days(figures.days(done_on, today), today),
        forecast=foretold,
        said=said(foretold, done=done, left=figures.open_of(counts), today=today),
    )


def _last_days(days: Sequence[Day], today: date) -> list[Day]:
    """The last two weeks, today being the last; days before the first one have nothing on them."""
    known = {one.day: one for one in days}
    shown = [today - timedelta(days=n) for n in reversed(range(SHOWN_DAYS))]
    return [known.get(day, Day(day, 0, 0)) for day in shown]
