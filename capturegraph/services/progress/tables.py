"""The figures of progress as plain tables: what is behind each chart, to be downloaded or read out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from capturegraph.services.progress.figures import Progress, Times


class Rows(NamedTuple):
    """One table: the names of its columns, and its rows."""

    names: Sequence[str]
    rows: Sequence[Sequence[Any]]

    def as_objects(self) -> list[dict[str, Any]]:
        """Each row by the names of its columns."""
        return [dict(zip(self.names, row, strict=True)) for row in self.rows]


def _days(it: Progress) -> Rows:
    return Rows(("day", "done", "total"), it.days)


def _people(it: Progress) -> Rows:
    return Rows(("id", "name", "captures", "places", "declines", "median_s"), it.people)


def _declines(it: Progress) -> Rows:
    return Rows(("reason", "label", "number"), it.declines)


def _times(it: Progress) -> Rows:
    spans = {"photographed": it.photographed, "sent": it.sent, "done": it.finished}
    rows = [(name, *_span(times)) for name, times in spans.items()]
    return Rows(("span", "number", "lower_s", "median_s", "upper_s"), rows)


def _span(times: Times) -> tuple[Any, ...]:
    return tuple(times)


def _took(it: Progress) -> Rows:
    return Rows(("from_min", "until_min", "number"), it.bins)


def _totals(it: Progress) -> Rows:
    share = it.done / it.asked if it.asked else None
    figures = {
        **{f"slots_{name}": number for name, number in it.counts.items()},
        "asked": it.asked, "done": it.done, "open": it.open, "share": share,
        "captures": it.captures.total, "captures_rejected": it.captures.rejected,
        "captures_needed": it.captures.needed, "captures_redundant": it.captures.redundant,
        "captures_elsewhere": it.captures.elsewhere, "walks_saved": it.captures.walks_saved,
    }  # fmt: skip
    return Rows(("figure", "value"), list(figures.items()))


def _forecast(it: Progress) -> Rows:
    names = ("verdict", "from", "middle", "until", "coverage", "per_day", "based_on_days")
    return Rows(names, [it.forecast])


TABLES: dict[str, Callable[[Progress], Rows]] = {
    "totals": _totals,
    "days": _days,
    "forecast": _forecast,
    "people": _people,
    "declines": _declines,
    "times": _times,
    "took": _took,
}
"""Every table by its name. A new one is a line here, and has its downloads by that."""


def whole(it: Progress) -> Rows:
    """All tables as one long one: which table, which row of it, which column, and what stands there."""
    rows = [
        (table, number, name, value)
        for table, made in TABLES.items()
        for number, row in enumerate(made(it).as_objects(), 1)
        for name, value in row.items()
    ]
    return Rows(("table", "row", "column", "value"), rows)
