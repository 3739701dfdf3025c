"""Times of people and slots, cut to the time of a plan."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

Span = tuple[datetime, datetime]
"""From a moment on, and before another."""


def is_moment(value: object) -> bool:
    """Say whether a value is a time that everybody understands alike: one with a time zone."""
    return isinstance(value, datetime) and value.tzinfo is not None


def cut(begin: datetime | None, end: datetime | None, within: Span) -> Span | None:
    """Give what of a time lies within a span, an end that is None being open; None where nothing does."""
    first = max(begin or within[0], within[0])
    last = min(end or within[1], within[1])
    return (first, last) if first < last else None


def window(begin: datetime | None, end: datetime | None, within: Span) -> Span | None:
    """Give a slot's window as a plan sees it: None where it is open all the time of the plan."""
    inside = cut(begin, end, within)
    return None if inside == within else inside


def meet(a: Span, b: Span) -> bool:
    """Say whether two times share a moment."""
    return a[0] < b[1] and b[0] < a[1]


def joined(spans: Iterable[Span]) -> list[Span]:
    """Give the same times in order, those that touch as one."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def free(there: Iterable[Span], away: Iterable[Span]) -> list[Span]:
    """Give what is left of some times without others."""
    left = joined(there)
    for begin, end in joined(away):
        left = [
            part
            for first, last in left
            for part in ((first, min(last, begin)), (max(first, end), last))
            if part[0] < part[1]
        ]
    return left


def told(span: Span, zone: str) -> str:
    """Say a time of a target in the target's zone, in the one way that everybody reads alike."""
    begin, end = (moment.astimezone(ZoneInfo(zone)) for moment in span)
    last = f"{end:%H:%M}" if begin.date() == end.date() else f"{end:%Y-%m-%d %H:%M}"
    return f"{begin:%Y-%m-%d %H:%M}–{last} ({zone})"
