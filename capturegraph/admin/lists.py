"""Lists that stay quick with a hundred thousand rows: nothing is counted, or looked for, that nobody asked for."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.contrib.admin.views.main import PAGE_VAR, ChangeList
from django.core.paginator import Paginator
from django.db.models import Max, Min
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.functional import cached_property

if TYPE_CHECKING:
    from django.db.models import QuerySet

    _Pages = Paginator[Any]
else:
    _Pages = Paginator

PAGES_AHEAD = 20
_MOST_PAGE = 100_000


def page_asked(request: HttpRequest) -> int:
    """Give the page that a list is opened at; the first one for what is no number."""
    text = request.GET.get(PAGE_VAR, "")
    return min(max(int(text), 1), _MOST_PAGE) if text.isascii() and text.isdecimal() and len(text) < 7 else 1


class Reaching(_Pages):
    """Pages of rows that are counted only as far as somebody may turn next: a table is never counted as a whole."""

    def __init__(self, rows: QuerySet[Any], per_page: int, *, page: int) -> None:
        super().__init__(rows, per_page)
        self._rows = rows
        self._reach = (page + PAGES_AHEAD) * per_page

    @cached_property
    def _found(self) -> int:
        # In no order: rows that are only counted need not be sorted before.
        return int(self._rows.order_by()[: self._reach + 1].count())

    @cached_property
    def count(self) -> int:
        """How many rows can be turned to."""
        return min(self._found, self._reach)

    @property
    def more(self) -> bool:
        """Whether there are rows beyond those."""
        return self._found > self._reach


class Step(NamedTuple):
    """One year, month or day to go to; without a link it is where one is."""

    title: str
    link: str


class Days(NamedTuple):
    """Where one came from, and what there is to choose of."""

    back: Step | None
    steps: list[Step]


class Listing(ChangeList):
    """A list that knows its years, months and days by its first and last row alone.

    Django's own way asks every row for its year, which takes a second where there are a hundred thousand.
    """

    @property
    def more(self) -> bool:
        """Whether there are rows beyond those that can be turned to."""
        return isinstance(self.paginator, Reaching) and self.paginator.more

    @cached_property
    def days(self) -> Days | None:
        """What the line above the list offers; None where there is no row with a time."""
        name = str(self.date_hierarchy)
        ends = self.queryset.order_by().aggregate(first=Min(name), last=Max(name))
        if not ends["first"]:
            return None
        return self._steps(_date(ends["first"]), _date(ends["last"]))

    def _steps(self, first: date, last: date) -> Days:
        year, month, day = (_number(self.params.get(f"{self.date_hierarchy}__{part}")) for part in PARTS)
        if year and month and day:
            return Days(self._step(date_format(date(year, month, 1), "YEAR_MONTH_FORMAT"), year, month), [
                Step(date_format(date(year, month, day), "MONTH_DAY_FORMAT"), "")])  # fmt: skip
        if year and month:
            days = _days_between(max(first, date(year, month, 1)), min(last, _last_day(year, month)))
            steps = [self._step(date_format(one, "MONTH_DAY_FORMAT"), year, month, one.day) for one in days]
            return Days(self._step(str(year), year), steps)
        if year:
            months = (date(year, number, 1) for number in range(1, 13))
            there = [one for one in months if one <= last and _last_day(one.year, one.month) >= first]
            steps = [self._step(date_format(one, "YEAR_MONTH_FORMAT"), one.year, one.month) for one in there]
            return Days(self._step("", None), steps)
        return Days(None, [self._step(str(one), one) for one in range(last.year, first.year - 1, -1)])

    def _step(self, title: str, *when: int | None) -> Step:
        values = dict(zip(PARTS, when, strict=False))
        asked = {f"{self.date_hierarchy}__{part}": values.get(part) for part in PARTS}
        kept = {name: value for name, value in asked.items() if value}
        return Step(title, self.get_query_string(kept, [name for name in asked if name not in kept]))


PARTS = ("year", "month", "day")


def _date(value: date | datetime) -> date:
    return value.date() if isinstance(value, datetime) else value


def _number(text: object) -> int | None:
    text = str(text or "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 5 and int(text) else None


def _last_day(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


def _days_between(first: date, last: date) -> Iterator[date]:
    while first <= last:
        yield first
        first += timedelta(days=1)
