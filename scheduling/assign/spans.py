"""Spans of time: whole days, both ends included, and windows, which are half-open.

Days mean days in the zone of whatever they are compared with.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import TypeAlias

from .facts import fact


@dataclass(frozen=True)
class DateRange:
    """Days (or moments) from `start` to `end`, both included.

    Raises ValueError where the end is before the start, or only one of both has a time zone or a time of day.
    """

    start: date
    end: date

    def __post_init__(self) -> None:
        _check_alike(self.start, self.end)
        if self.end < self.start:
            raise ValueError(f"end must not be before start, got {self.start} to {self.end}")

    @property
    def days(self) -> int:
        """Whole days from start to end: 2 from Monday to Wednesday."""
        return (self.end - self.start).days

    @property
    def inclusive_day_count(self) -> int:
        """How many days are touched: 3 from Monday to Wednesday."""
        return (_day(self.end) - _day(self.start)).days + 1


@dataclass(frozen=True)
class TimeWindow:
    """Moments from `start` on and before `end`. ValueError where it would be empty, or only one end has a time zone."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if not isinstance(self.start, datetime) or not isinstance(self.end, datetime):
            raise TypeError(f"a window needs datetimes, got {self.start!r} to {self.end!r}")
        _check_alike(self.start, self.end)
        if self.end <= self.start:
            raise ValueError(f"end must be after start, got {self.start} to {self.end}")


Span: TypeAlias = DateRange | TimeWindow


def overlap(a: Span, b: Span) -> bool:
    """Whether two spans share a moment. Days that touch do, windows that touch do not.

    Raises ValueError where one has a time zone and the other none.
    """
    (start_a, end_a, closed_a), (start_b, end_b, closed_b) = _both(a, b)
    return (start_a < end_b or (closed_b and start_a == end_b)) and (start_b < end_a or (closed_a and start_b == end_a))


def covers(whole: Span, part: Span) -> bool:
    """Whether every moment of `part` is in `whole`; errors as in `overlap`."""
    (start, end, closed), (first, last, closed_part) = _both(whole, part)
    return start <= first and (last < end or (last == end and (closed or not closed_part)))


def begins_before(a: Span, b: Span) -> bool:
    """Whether `a` begins before `b`; errors as in `overlap`."""
    (start_a, _, _), (start_b, _, _) = _both(a, b)
    return start_a < start_b


def shared(a: Span, b: Span) -> timedelta:
    """How long two spans overlap, zero where they do not; errors as in `overlap`."""
    (start_a, end_a, _), (start_b, end_b, _) = _both(a, b)
    return max(min(end_a, end_b) - max(start_a, start_b), timedelta(0))


def span_of(allocation: object) -> Span | None:
    """When an allocation is due: its `window`, else its `date_range`; None where it has neither."""
    span = fact(allocation, "window") or fact(allocation, "date_range")
    if span is None or isinstance(span, (DateRange, TimeWindow)):
        return span
    raise TypeError(f"a window must be a DateRange or a TimeWindow, got {span!r}")


def spans_of(entity: object, name: str) -> tuple[Span, ...] | None:
    """The spans that an entity has under a name ("available", "unavailable"); None where it says nothing."""
    spans = fact(entity, name)
    if spans is None:
        return None
    if isinstance(spans, Iterable):
        return tuple(spans)
    raise TypeError(f"{name} must be spans, got {spans!r}")


def _both(a: Span, b: Span) -> tuple[tuple[datetime, datetime, bool], tuple[datetime, datetime, bool]]:
    zone_a, zone_b = _zone(a), _zone(b)
    if zone_a and zone_b and (zone_a[0] is None) != (zone_b[0] is None):
        raise ValueError(f"both spans must have a time zone, or none, got {a} and {b}")
    zone = (zone_a or zone_b or (None,))[0]
    return _moments(a, zone), _moments(b, zone)


def _zone(span: Span) -> tuple[tzinfo | None] | None:
    """The zone of a span that has times of day; None for one of plain days, which takes any."""
    return (span.start.tzinfo,) if isinstance(span.start, datetime) else None


def _moments(span: Span, zone: tzinfo | None) -> tuple[datetime, datetime, bool]:
    """First moment, last one, and whether the last one belongs to it."""
    if isinstance(span.start, datetime) and isinstance(span.end, datetime):
        return span.start, span.end, isinstance(span, DateRange)
    midnight = datetime.combine(span.start, time.min, zone)
    if span.end == date.max:
        return midnight, datetime.combine(date.max, time.max, zone), True
    return midnight, datetime.combine(span.end + timedelta(days=1), time.min, zone), False


def _day(moment: date) -> date:
    return moment.date() if isinstance(moment, datetime) else moment


def _check_alike(start: date, end: date) -> None:
    timed = [isinstance(one, datetime) for one in (start, end)]
    if timed[0] != timed[1]:
        raise ValueError(f"both ends must be days, or both moments, got {start!r} and {end!r}")
    if getattr(start, "tzinfo", None) is None and getattr(end, "tzinfo", None) is None:
        return
    if getattr(start, "tzinfo", None) is None or getattr(end, "tzinfo", None) is None:
        raise ValueError(f"both ends must have a time zone, or none, got {start!r} and {end!r}")
