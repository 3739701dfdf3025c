"""Which slots make a walk: near one another, in the order in which one goes."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from capturegraph.models import CandidateSlot
from capturegraph.services.hand_out import surroundings
from capturegraph.services.hand_out.choosing import (
    ABOVE_ALL,
    EVERY_PRIORITY,
    NOWHERE,
    Asker,
    Truths,
    beside,
    for_me,
    free_left,
    lease_s,
    pages,
)
from capturegraph.services.hand_out.reading import Reading
from capturegraph.services.hand_out.surroundings import Found, Place
from scheduling import look_ahead

Stops = dict[UUID, Place | None]
"""Slots in the order of a walk, with their places."""


def choose_stops(asker: Asker, count: int) -> Stops:
    """Give up to so many slots for one walk, in its order, with their places.

    It goes on from the last stop that the asker holds. Where the target hands out by the tour, that is the walk. Two
    stops that one photograph may close are only given where nothing else is left.
    """
    stops: Stops = {}
    last: Stops = {}
    if asker.reading.offered:
        _append(asker, stops, count, surroundings.offered(asker.reading, asker.now), last)
    if asker.by_queue:
        _append_from_tour(asker, stops, count, EVERY_PRIORITY, last)
    else:
        _append_by_place(asker, stops, count, last)
    for slot_id, place in last.items():
        if len(stops) < count:
            stops.setdefault(slot_id, place)
    return stops


def lease_of(asker: Asker, stops: Stops) -> int:
    """Say for how long the stops of a walk are held: for the whole way, with a photograph at each."""
    places: Sequence[Place] = [*asker.people.mine, *(place for place in stops.values() if place)]
    if not places:
        return asker.reading.lease_s
    return lease_s(asker.reading.lease_s, look_ahead.route_s(asker.known or places[0], places))


def lease_through(asking: Reading, slots: Sequence[CandidateSlot]) -> int:
    """Say for how long stops are held that were held before: for the way from the first of them."""
    places = [slot for slot in slots if slot.latitude is not None]
    return lease_s(asking.lease_s, look_ahead.route_s(places[0], places)) if places else asking.lease_s


def _append_by_place(asker: Asker, stops: Stops, count: int, last: Stops) -> None:
    below = ABOVE_ALL
    while len(stops) < count:
        spot = _spot(asker, stops)
        priority, found = surroundings.near(asker.reading, spot or NOWHERE, below, asker.now)
        if priority is None:
            return
        free, late = _for_walk(asker, found, stops)
        first = free & ~late
        if spot and first.any():
            route = look_ahead.walk(
                spot, found.places, stops=count - len(stops), free=first, others=asker.people.others,
                closes_m=asker.reading.allowed_m, free_left=free_left(asker, first),
            )  # fmt: skip
            stops |= {found.slot_ids[i]: _place(found, i) for i in route.tolist()}
        if spot:
            last |= {found.slot_ids[i]: _place(found, i) for i in np.flatnonzero(free & late).tolist()}
        _append_from_tour(asker, stops, count, (priority, priority), last)
        below = priority


def _append_from_tour(asker: Asker, stops: Stops, count: int, priorities: tuple[int, int], last: Stops) -> None:
    if len(stops) < count:
        for found in pages(asker, priorities):
            _append(asker, stops, count, found, last)
            if len(stops) >= count:
                return


def _append(asker: Asker, stops: Stops, count: int, found: Found, last: Stops) -> None:
    """Add slots in their order, each judged by those before it."""
    for i, slot_id in enumerate(found.slot_ids):
        if len(stops) >= count:
            return
        one = Found([slot_id], found.places[i : i + 1], found.done[i : i + 1])
        free, late = _for_walk(asker, one, stops)
        if free[0]:
            (last if late[0] else stops).setdefault(slot_id, _place(found, i))


def _for_walk(asker: Asker, found: Found, stops: Stops) -> tuple[Truths, Truths]:
    """Say which slots may be a stop, and which of all only after the others; what is one already is none."""
    free, late = for_me(asker, found)
    free &= np.array([one not in stops for one in found.slot_ids], dtype=np.bool_)
    own = [*asker.people.mine, *(place for place in stops.values() if place)]
    return free, late | beside(asker, found, _table(own))


def _spot(asker: Asker, stops: Stops) -> Place | None:
    so_far = [*asker.people.mine, *(place for place in stops.values() if place)]
    return so_far[-1] if so_far else asker.here


def _table(places: Sequence[Place]) -> NDArray[np.float64]:
    return np.array(places, dtype=np.float64).reshape(-1, 2)


def _place(found: Found, i: int) -> Place | None:
    latitude, longitude = found.places[i].tolist()
    return None if np.isnan(latitude) else Place(latitude, longitude)
