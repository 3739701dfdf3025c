"""In which order somebody goes to what they are planned for: a short way, with every window met where that can be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np

from scheduling import tour
from scheduling.geodesy import metres_matrix

WALKING_M_S, DETOUR, AT_EACH_S = 1.2, 1.3, 60.0
MANY = 40
_TOUR_WORK, _ROUNDS = 20_000, 20
Place = tuple[float, float]
Order = list[int]


class Stop(NamedTuple):
    """Something to go to: where (None: anywhere), and in which time (None: any)."""

    key: str
    place: Place | None
    window: tuple[datetime, datetime] | None = None


class Leg(NamedTuple):
    """A stop of a route, and the metres to it from the stop before or from the start; None where nobody knows."""

    stop: Stop
    metres: float | None


def route(stops: Sequence[Stop], start: Place | None, begin: datetime) -> list[Leg]:
    """Order stops for one walk from a start (None: from the first of them) that begins at a time.

    What has no window comes in the order of a short tour. Stops with windows are put in where that costs least: first
    nobody comes too late, then the way is short. The same stops give the same route, however they are listed.
    """
    way = _Way(sorted(stops, key=lambda one: one.key), start, begin)
    return way.legs(way.best())


def length_m(legs: Sequence[Leg]) -> float:
    """Give the metres of a route as far as they are known."""
    return sum(leg.metres or 0.0 for leg in legs)


class _Way:
    """Orders of some stops, which are numbers here, and what each order costs."""

    def __init__(self, stops: Sequence[Stop], start: Place | None, begin: datetime) -> None:
        self.stops, self.start, self.begin = stops, start, begin
        nowhere = (np.nan, np.nan)
        latitudes, longitudes = np.array([*(one.place or nowhere for one in stops), start or nowhere], float).T
        # The last row is the start: that of number -1. Nobody has to walk to where nobody knows.
        apart = metres_matrix(latitudes, longitudes, latitudes, longitudes)
        self.apart: list[list[float]] = np.nan_to_num(apart).tolist()

    def best(self) -> Order:
        """Give the order that is liked best of those looked at."""
        timed = [number for number, stop in enumerate(self.stops) if stop.window]
        timed.sort(key=lambda number: (self.stops[number].window, number))
        order, first = self._toured([number for number, stop in enumerate(self.stops) if not stop.window]), 0
        many = len(self.stops) > MANY
        for one in timed:
            tried = [_put(order, one, at) for at in range(first, len(order) + 1)]
            order = min(tried, key=self._metres if many else self._cost)
            # Where there are many, those with windows stay in the order of these.
            first = order.index(one) + 1 if many else 0
        return self._bettered(order) if timed and not many else order

    def _toured(self, free: Order) -> Order:
        """Order stops without windows by a short tour, those without a place last."""
        there = [number for number in free if self.stops[number].place]
        nowhere = [number for number in free if not self.stops[number].place]
        places = [self.stops[number].place for number in there]
        if self.start is None:
            return [there[i] for i in tour.order(places, max_work=_TOUR_WORK).tolist()] + nowhere
        visits = tour.order([self.start, *places], start=0, max_work=_TOUR_WORK).tolist()
        return [there[i - 1] for i in visits if i] + nowhere

    def _bettered(self, order: Order) -> Order:
        """Move single stops for as long as that makes the way better."""
        best = self._cost(order)
        for _round in range(_ROUNDS):
            before = best
            for one in list(order):
                others = [other for other in order if other != one]
                tried = min((_put(others, one, at) for at in range(len(order))), key=self._cost)
                if (cost := self._cost(tried)) < best:
                    order, best = tried, cost
            if best == before:
                break
        return order

    def _cost(self, order: Order) -> tuple[float, float]:
        """Minutes too late in all, and metres."""
        now, late, way, here = 0.0, 0.0, 0.0, -1
        for number in order:
            stop = self.stops[number]
            if stop.place:
                step = self.apart[here][number]
                way, here = way + step, number
                now += step * DETOUR / WALKING_M_S
            if stop.window:
                opens, closes = ((moment - self.begin).total_seconds() for moment in stop.window)
                now = max(now, opens)
                late += max(now - closes, 0.0)
            now += AT_EACH_S
        return -(-late // 60), way

    def _metres(self, order: Order) -> float:
        here, way = -1, 0.0
        for number in order:
            if self.stops[number].place:
                way, here = way + self.apart[here][number], number
        return way

    def legs(self, order: Order) -> list[Leg]:
        """Give an order as a route."""
        here, legs = -1 if self.start else None, list[Leg]()
        for number in order:
            stop = self.stops[number]
            known = here is not None and stop.place is not None
            legs.append(Leg(stop, round(self.apart[here][number], 1) if known and here is not None else None))
            here = number if stop.place else here
        return legs


def _put(order: Order, one: int, at: int) -> Order:
    return [*order[:at], one, *order[at:]]
