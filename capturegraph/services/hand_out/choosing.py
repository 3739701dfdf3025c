"""Which slot comes next for whom: the order in which free slots are liked, by the target's way of handing out.

Those that are offered to the asker first; then one priority after the other, each by what is near and then by the tour;
and after all of them those that come last: what the asker gave up lately, and what lies so near to a place to which
somebody goes already that one photograph may close both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from capturegraph.models import Target
from capturegraph.services.hand_out import surroundings
from capturegraph.services.hand_out.claims import Choice
from capturegraph.services.hand_out.reading import Reading
from capturegraph.services.hand_out.surroundings import Found, People, Place
from scheduling import look_ahead
from scheduling.geodesy import metres_matrix

HELPINGS = (0, 10, 50, 210, 850)
PAGES = (20, 80, 320, 1_280, 5_120)
EVERY_PRIORITY, ABOVE_ALL = (0, 100), 101
NOWHERE = Place(0.0, 0.0)
FEW_FOR_EACH = 8
WALKING_M_S, DETOUR = 1.2, 1.3
TIMES_THE_WAY, LONGEST_LEASE_S = 3, 4 * 3600
HandOut = Target.HandOut
Truths = NDArray[np.bool_]


class Asker(NamedTuple):
    """Who asks, when, and what is around them. `known` is where their phone is, `here` that or a guess."""

    reading: Reading
    now: datetime
    people: People
    known: Place | None
    here: Place | None

    @property
    def by_queue(self) -> bool:
        """Whether the tour alone decides, wherever anybody is."""
        return self.reading.hand_out == HandOut.QUEUE


def look_around(reading: Reading, position: Place | None, now: datetime) -> Asker:
    """Read what is needed to choose; without a position, guess one."""
    guess = position is None and reading.hand_out != HandOut.QUEUE
    here = surroundings.without_position(reading) if guess else position
    return Asker(reading, now, surroundings.people(reading, now), position, here)


def lease_s(least_s: int, way_s: float) -> int:
    """Say for how long something is held that it takes so many seconds to get to, or through.

    Three times the way, so that it does not run out on it; four hours at most, unless the target gives more.
    """
    return int(max(least_s, min(TIMES_THE_WAY * way_s, LONGEST_LEASE_S)))


def choices(asker: Asker) -> Iterator[list[Choice] | None]:
    """Give helpings of slots, the best first; mostly the first is enough. None at the end: any that there is.

    Which slots must never come is left to the claim; here they are only passed over where that costs nothing.
    """
    last: list[Choice] = []
    if asker.reading.offered:
        yield from _split(asker, surroundings.offered(asker.reading, asker.now), last)
    if asker.by_queue:
        yield from _by_tour(asker, EVERY_PRIORITY, last)
    else:
        yield from _by_place(asker, last)
    yield from _helpings(last)
    yield None


def _by_place(asker: Asker, last: list[Choice]) -> Iterator[list[Choice]]:
    below = ABOVE_ALL
    while True:
        priority, found = surroundings.near(asker.reading, asker.here or NOWHERE, below, asker.now)
        if priority is None:
            return
        if asker.here and found.slot_ids:
            first, after = _ordered(asker, found, asker.here)
            last += _chosen(asker, found, after)
            yield from _helpings(_chosen(asker, found, first))
        yield from _by_tour(asker, (priority, priority), last)
        below = priority


def _by_tour(asker: Asker, priorities: tuple[int, int], last: list[Choice]) -> Iterator[list[Choice]]:
    for found in pages(asker, priorities):
        yield from _split(asker, found, last)


def pages(asker: Asker, priorities: tuple[int, int]) -> Iterator[Found]:
    """Give the free slots of some priorities (lowest, highest) in the order of the tour, in ever larger pages."""
    seen = 0
    for limit in PAGES:
        found = surroundings.in_tour(asker.reading, priorities, asker.now, offset=seen, limit=limit)
        yield found
        seen += limit
        if len(found.slot_ids) < limit:
            return


def _split(asker: Asker, found: Found, last: list[Choice]) -> Iterator[list[Choice]]:
    free, comes_last = for_me(asker, found)
    last += _chosen(asker, found, np.flatnonzero(free & comes_last))
    yield from _helpings(_chosen(asker, found, np.flatnonzero(free & ~comes_last)))


def _ordered(asker: Asker, found: Found, here: Place) -> tuple[Iterable[int], Iterable[int]]:
    """Give the positions of what comes first, the best first, and of what comes last, the nearest first."""
    free, comes_last = for_me(asker, found)
    nearest = np.argsort(_metres(here, found.places), kind="stable")
    last = nearest[(free & comes_last)[nearest]].tolist()
    first = free & ~comes_last
    if asker.reading.hand_out == HandOut.NEAREST or not first.any():
        return nearest[first[nearest]].tolist(), last
    best = look_ahead.order(
        here, found.places, free=first, others=asker.people.others, closes_m=asker.reading.allowed_m,
        free_left=free_left(asker, first),
    )  # fmt: skip
    return best.tolist(), last


def for_me(asker: Asker, found: Found) -> tuple[Truths, Truths]:
    """Say which slots may be given to the asker, and which of all only after the others."""
    people = asker.people
    free: Truths = np.logical_not(found.done)
    late = beside(asker, found, people.others)
    if people.never:
        free &= np.array([one not in people.never for one in found.slot_ids], dtype=np.bool_)
    if people.lately:
        late |= np.array([one in people.lately for one in found.slot_ids], dtype=np.bool_)
    return free, late


def beside(asker: Asker, found: Found, places: NDArray[np.float64]) -> Truths:
    """Say which slots lie so near to any of some places (N, 2) that one photograph may close both."""
    away = metres_matrix(places[:, 0], places[:, 1], found.places[:, 0], found.places[:, 1])
    near: Truths = np.any(away < asker.reading.allowed_m, axis=0)
    return near


def free_left(asker: Asker, at_hand: Truths) -> int | None:
    """Count what is free in the whole target, where it may be little for so many people; None where it is not."""
    enough = FEW_FOR_EACH * (len(asker.people.others) + 1)
    return None if at_hand.sum() >= enough else surroundings.free_left(asker.reading, enough)


def _chosen(asker: Asker, found: Found, some: Iterable[int]) -> list[Choice]:
    wanted = list(some)
    away = _metres(asker.known, found.places[wanted]) if asker.known else np.zeros(len(wanted))
    ways_s = (np.nan_to_num(away) * DETOUR / WALKING_M_S).tolist()
    least_s = asker.reading.lease_s
    return [Choice(found.slot_ids[i], lease_s(least_s, way_s)) for i, way_s in zip(wanted, ways_s, strict=True)]


def _helpings(some: list[Choice]) -> Iterator[list[Choice]]:
    for first, until in pairwise((*HELPINGS, len(some))):
        if some[first:until]:
            yield some[first:until]


def _metres(here: Place, places: NDArray[np.float64]) -> NDArray[np.float64]:
    start = np.array([here.latitude]), np.array([here.longitude])
    away: NDArray[np.float64] = metres_matrix(*start, places[:, 0], places[:, 1])[0]
    return away
