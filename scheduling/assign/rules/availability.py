"""When somebody has time."""

from datetime import timedelta
from typing import Any

from ...values import at_least_zero
from ..kinds import YES, HardPreliminaryRule, RuleVerdict, no
from ..spans import Span, covers, overlap, shared, span_of, spans_of


class AvailabilityRule(HardPreliminaryRule[Any, Any]):
    """Refuses whoever is away (`unavailable`) for any part of an allocation's window or days."""

    name = "availability"

    def evaluate(self, entity: Any, allocation: Any) -> RuleVerdict:
        """See `HardPreliminaryRule`."""
        span, away = span_of(allocation), spans_of(entity, "unavailable")
        if span is None or not away or not any(overlap(one, span) for one in away):
            return YES
        return no("away at that time")


class TimeWindowRule(HardPreliminaryRule[Any, Any]):
    """Refuses whoever has no time then: `available` are the spans in which somebody has; None means always.

    One of them has to cover the allocation's whole window, or, with `least_minutes`, to share that much of it (0: a
    moment). What has no window can be done whenever there is time at all.
    """

    name = "time_window"

    def __init__(self, least_minutes: float | None = None):
        self.least = None if least_minutes is None else timedelta(minutes=at_least_zero(least_minutes, "least_minutes"))

    def evaluate(self, entity: Any, allocation: Any) -> RuleVerdict:
        """See `HardPreliminaryRule`."""
        span, free = span_of(allocation), spans_of(entity, "available")
        if free is None or (bool(free) if span is None else any(self._enough(one, span) for one in free)):
            return YES
        return no("has no time then")

    def _enough(self, free: Span, span: Span) -> bool:
        if self.least is None:
            return covers(free, span)
        return overlap(free, span) and shared(free, span) >= self.least
