"""How far one has to walk."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time
from itertools import pairwise
from math import ceil, floor
from typing import Any

import numpy as np

from ...geodesy import metres_between
from ...values import positive
from ..facts import fact
from ..keys import key_of
from ..kinds import YES, Choice, HardStatefulRule, Linear, RuleVerdict, no
from ..places import Point, metres, place_of, start_of
from ..spans import span_of
from ..state import AssignmentState
from .caps import by_entity

_MOST_ADDED = 2


class MostWalkingRule(HardStatefulRule[Any, Any]):
    """Nobody walks more than `most_m` metres (or the entity's own `most_walking_m`) from start to last stop.

    What has a window comes in the order in which windows begin; the rest in the shortest of four plain orders: along
    Hilbert's curve, northwards, eastwards, away from the start. That is some tens of percent more than a good tour, so
    a good tour keeps within the limit. In such orders a stop more is never a metre less, which is what makes the rule
    one that only gets stricter. The way home does not count. Stops without a place do not either.
    """

    name = "most_walking"
    at_cap = True

    def __init__(self, most_m: float):
        self.most_m = positive(most_m, "most_m")

    def evaluate(self, entity: Any, allocation: Any, state: AssignmentState[Any, Any]) -> RuleVerdict:
        """See `HardStatefulRule`."""
        if place_of(allocation) is None:
            return YES
        others = [one.allocation for one in state.get_assignments_done_by(entity)]
        others = [one for one in others if key_of(one) != key_of(allocation)]
        far, most = walk_m(entity, [*others, allocation]), self._most(entity)
        return YES if far <= most else no(f"would walk {far:.0f} m, {most:.0f} m allowed")

    def linear(self, choices: Sequence[Choice[Any, Any]]) -> Iterable[Linear[Any, Any]]:
        """Less than the rule: every stop is walked to from another one, or from the start."""
        for mine in by_entity(choices).values():
            entity, most = mine[0].entity, self._most(mine[0].entity)
            start = start_of(entity)
            stops = [(choice, point) for choice in mine if (point := place_of(choice.allocation)) is not None]
            for choice, point in stops:
                if start is not None and metres(start, point) > most:
                    yield Linear([(choice, 1)], at_most=0)
            if start is not None and stops:
                yield Linear(_nearest_m(start, stops), at_most=int(most))

    def linear_near(
        self, choices: Sequence[Choice[Any, Any]], plan: AssignmentState[Any, Any]
    ) -> Iterable[Linear[Any, Any]]:
        """The walk of the plan, less what each stop costs that is dropped, and more for each that is added, alone."""
        for mine in by_entity(choices).values():
            entity = mine[0].entity
            done = {key_of(one.allocation): one.allocation for one in plan.get_assignments_done_by(entity)}
            now, terms, kept = walk_m(entity, list(done.values())), [], 0
            for choice in mine:
                others = [one for key, one in done.items() if key != choice.allocation_key]
                if choice.allocation_key in done:
                    terms.append((choice, floor(now - walk_m(entity, others))))
                    kept += terms[-1][1]
                else:
                    terms.append((choice, ceil(walk_m(entity, [*others, choice.allocation]) - now)))
            # Several at once cost more than each alone says.
            yield Linear([(one, 1) for one, _ in terms if one.allocation_key not in done], at_most=_MOST_ADDED)
            yield Linear(terms, at_most=kept + max(floor(self._most(entity) - now), 0))

    def _most(self, entity: Any) -> float:
        own = fact(entity, "most_walking_m")
        return self.most_m if own is None else positive(own, "most_walking_m")


def walk_m(entity: object, allocations: Sequence[object]) -> float:
    """Metres from an entity's start past the places of allocations; see `MostWalkingRule`."""
    start = start_of(entity)
    stops = [(point, span_of(one)) for one in allocations if (point := place_of(one)) is not None]
    timed = [point for point, _ in sorted(_with_time(stops), key=lambda stop: stop[1])]
    free = [point for point, span in stops if span is None]
    return min(_along(start, [*some, *timed]) for some in _orders(start, free))


def _with_time(stops: Sequence[tuple[Point, Any]]) -> list[tuple[Point, tuple[float, int]]]:
    return [(point, (_moment(span.start), point.curve)) for point, span in stops if span is not None]


def _moment(start: date) -> float:
    """Days and moments as something that can be compared with each other: seconds in UTC."""
    moment = start if isinstance(start, datetime) else datetime.combine(start, time.min)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _orders(start: Point | None, points: list[Point]) -> Iterable[list[Point]]:
    if len(points) < 2:
        yield points
        return
    yield sorted(points, key=lambda point: point.curve)
    yield sorted(points, key=lambda point: point.latitude)
    yield sorted(points, key=lambda point: point.longitude)
    if start is not None:
        yield sorted(points, key=lambda point: metres(start, point))


def _along(start: Point | None, points: Sequence[Point]) -> float:
    walk = [start, *points] if start is not None else list(points)
    return sum(metres(a, b) for a, b in pairwise(walk))


def _nearest_m(start: Point, stops: Sequence[tuple[Choice[Any, Any], Point]]) -> list[tuple[Choice[Any, Any], int]]:
    """Whole metres, rounded down, from the nearest other stop (or the start) to each."""
    space = np.array([start.space, *(point.space for _, point in stops)])
    apart = metres_between(space[1:], space)
    apart[np.arange(len(stops)), np.arange(len(stops)) + 1] = np.inf
    return [(choice, int(least)) for (choice, _), least in zip(stops, apart.min(axis=1), strict=True)]
