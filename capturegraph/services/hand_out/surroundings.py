"""What is around somebody who asks: the free slots near a place, the next of the tour, and whose other places are.

One SELECT for what is near, whatever the number of slots, without a spatial database: rings of boxes by grid cell. One
for whose places are whose. The rest is numpy.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import orjson
from django.db import connection
from numpy.typing import NDArray

from capturegraph.models import Assignment, CandidateSlot, Capture, Match
from capturegraph.services.hand_out.claims import FREE, IN_TIME, PLANNED
from capturegraph.services.hand_out.reading import Reading
from capturegraph.services.writing import as_uuid, rows, table
from scheduling.geodesy import Box, bounding_box
from scheduling.grid import cell_ranges

ASSIGNMENT, SLOT, MATCH, CAPTURE = (table(model) for model in (Assignment, CandidateSlot, Match, Capture))
GIVEN_UP_COMES_LAST_FOR = timedelta(minutes=30)
RINGS = tuple(2.0**nr for nr in range(7))
SMALLEST_RING_M, LARGEST_RING_M = 50.0, 20_000.0
ENOUGH, ROWS_AT_MOST = 40, 2_000
PROBES = 32


class Place(NamedTuple):
    """Degrees north of the equator and east of Greenwich. Where a phone is, is used to choose and never kept."""

    latitude: float
    longitude: float


class Found(NamedTuple):
    """Free slots whose time it is: their ids, places (N, 2) in degrees or NaN, and whether the asker is done there."""

    slot_ids: list[UUID]
    places: NDArray[np.float64]
    done: NDArray[np.bool_]


class People(NamedTuple):
    """Whose is what.

    The places that others are on their way to, those that the asker holds in the order of their stops, the slots that
    they hold or declined, and those that they gave up lately.
    """

    others: NDArray[np.float64]
    mine: list[Place]
    never: frozenset[UUID]
    lately: frozenset[UUID]


# Where anything is planned, what is planned for others is looked for at once; the claim looks for it anyway.
_UNPLANNED = f"s.seats_left > {PLANNED}"
_NOW = {False: IN_TIME, True: f"{IN_TIME} AND {_UNPLANNED}"}
_DONE = f"""s.required_count > 1
  AND s.id IN (SELECT done.slot_id FROM {MATCH} done WHERE done.person_key = %s AND done.active)"""  # noqa: S608
_TOP = f"(SELECT max(s.priority) FROM {SLOT} s WHERE {FREE} AND s.priority < %s)"  # noqa: S608
_BOXES = {
    "postgresql": "unnest(%s::int[], %s::bigint[], %s::bigint[],"
    " %s::float8[], %s::float8[], %s::float8[], %s::float8[]) AS b(ring, first, last, south, north, west, east)",
    "sqlite": "(SELECT value ->> 0 AS ring, value ->> 1 AS first, value ->> 2 AS last, value ->> 3 AS south,"
    " value ->> 4 AS north, value ->> 5 AS west, value ->> 6 AS east FROM json_each(%s))",
}
# A ring is only looked at where those inside it hold too little. It stops reading where it holds far too much; then the
# one inside is taken.
_RING = f"""
ring{{nr}} AS MATERIALIZED (
  SELECT s.id, s.latitude, s.longitude, {_DONE} AS done
  FROM boxes b JOIN {SLOT} s ON s.cell BETWEEN b.first AND b.last
  WHERE b.ring = {{nr}} AND {FREE} AND s.priority = (SELECT priority FROM top) AND {{in_time}}
    AND s.latitude BETWEEN b.south AND b.north AND s.longitude BETWEEN b.west AND b.east {{inside}}
  LIMIT {ROWS_AT_MOST})
"""  # noqa: S608


def _near_sql(rings: int, planned: bool) -> str:
    counts = [f"(SELECT count(*) FROM ring{nr})" for nr in range(rings)]  # noqa: S608
    parts = [
        _RING.format(nr=nr, in_time=_NOW[planned], inside=f"AND {' + '.join(counts[:nr])} < {ENOUGH}" if nr else "")
        for nr in range(rings)
    ]
    found = " UNION ALL ".join(f"SELECT {nr}, id, latitude, longitude, done FROM ring{nr}" for nr in range(rings))  # noqa: S608
    return f"""
WITH top AS MATERIALIZED (SELECT {_TOP} AS priority), boxes AS MATERIALIZED (SELECT * FROM {{boxes}}),
{",".join(parts)}
{found} UNION ALL SELECT priority, NULL, NULL, NULL, NULL FROM top
"""  # noqa: S608


_NEAR = {(count, plan): _near_sql(count, plan) for count in range(1, len(RINGS) + 2) for plan in (False, True)}


def _now(reading: Reading, now: datetime) -> list[Any]:
    return [now, now, now, reading.user_id] if reading.plans else [now, now]


def near(reading: Reading, here: Place, below: int, now: datetime) -> tuple[int | None, Found]:
    """Give the highest priority below a bound that any free slot has, and the free slots of it near a place.

    They are those of the smallest ring that holds enough of them, up to 20 km: nobody walks farther next.
    """
    radii = _radii(reading.allowed_m)
    boxes = [
        (nr, first, last, *box)
        for nr, radius_m in enumerate(radii)
        for box in bounding_box(*here, radius_m)
        for first, last in cell_ranges(box)
    ]
    values: list[Any] = [reading.target_id, below, *_sent_boxes(boxes)]
    for _ in radii:
        values += [reading.person_key, reading.target_id, *_now(reading, now)]
    found = rows(_NEAR[len(radii), reading.plans].format(boxes=_BOXES[connection.vendor]), values)
    *places, (priority, *_) = found
    outermost = max((row[0] for row in places), default=0)
    full = sum(row[0] == outermost for row in places) >= ROWS_AT_MOST
    chosen = outermost - 1 if full and any(row[0] == outermost - 1 for row in places) else outermost
    return priority, _found([row[1:] for row in places if row[0] == chosen])


def _radii(allowed_m: float) -> list[float]:
    # What a photograph closes has to be seen around the nearest places, too.
    smallest = max(SMALLEST_RING_M, allowed_m)
    radii = [smallest * times for times in RINGS if smallest * times < LARGEST_RING_M]
    return [*radii, LARGEST_RING_M]


def _sent_boxes(boxes: Sequence[tuple[int, int, int, *Box]]) -> list[Any]:
    if connection.vendor == "postgresql":
        return [list(column) for column in zip(*boxes, strict=True)]
    return [orjson.dumps(boxes).decode()]


def _found(some: Sequence[tuple[Any, ...]]) -> Found:
    places = np.array([row[1:3] for row in some], dtype=np.float64).reshape(len(some), 2)
    done = np.array([bool(row[3]) for row in some], dtype=np.bool_)
    return Found([as_uuid(row[0]) for row in some], places, done)


_IN_TOUR = f"""
SELECT s.id, s.latitude, s.longitude, {_DONE} FROM {SLOT} s
WHERE {FREE} AND {{in_time}} AND s.priority BETWEEN %s AND %s
ORDER BY s.priority DESC, s.rank LIMIT {{limit}} OFFSET {{offset}}
"""  # noqa: S608


def in_tour(reading: Reading, priorities: tuple[int, int], now: datetime, *, offset: int, limit: int) -> Found:
    """Give free slots of some priorities (lowest and highest) in the order of priority and tour, a helping of them."""
    statement = _IN_TOUR.format(in_time=_NOW[reading.plans], limit=int(limit), offset=int(offset))
    return _found(rows(statement, [reading.person_key, reading.target_id, *_now(reading, now), *priorities]))


_OFFERED = f"""
SELECT s.id, s.latitude, s.longitude, {_DONE} FROM {SLOT} s
WHERE {FREE} AND {IN_TIME} AND s.offered_first_to_id = %s ORDER BY s.priority DESC, s.rank
"""  # noqa: S608


def offered(reading: Reading, now: datetime) -> Found:
    """Give the free slots that were opened again because a photograph of the asker's was rejected."""
    return _found(rows(_OFFERED, [reading.person_key, reading.target_id, now, now, reading.user_id]))


_PEOPLE = f"""
SELECT 'other', a.slot_id, s.latitude, s.longitude, a.stop FROM {ASSIGNMENT} a JOIN {SLOT} s ON s.id = a.slot_id
WHERE a.target_id = %s AND a.state = 'held' AND a.expires_at > %s AND a.volunteer_id <> %s AND s.latitude IS NOT NULL
UNION ALL
SELECT a.state, a.slot_id, s.latitude, s.longitude, a.stop FROM {ASSIGNMENT} a JOIN {SLOT} s ON s.id = a.slot_id
WHERE a.volunteer_id = %s AND a.target_id = %s
  AND (a.state = 'held' OR (a.state IN ('released', 'withdrawn') AND a.ended_at > %s)
       OR (a.state = 'declined' AND (s.reopened_at IS NULL OR a.ended_at > s.reopened_at)))
"""  # noqa: S608


def people(reading: Reading, now: datetime) -> People:
    """Say where others go, and what the asker has, has declined and has given up within the last half hour."""
    found = rows(
        _PEOPLE,
        [reading.target_id, now, reading.user_id, reading.user_id, reading.target_id, now - GIVEN_UP_COMES_LAST_FOR],
    )
    others = np.array([row[2:4] for row in found if row[0] == "other"], dtype=np.float64).reshape(-1, 2)
    held = sorted((row[4], row[2], row[3]) for row in found if row[0] == "held" and row[2] is not None)
    return People(
        others,
        [Place(latitude, longitude) for _stop, latitude, longitude in held],
        frozenset(as_uuid(row[1]) for row in found if row[0] in ("held", "declined")),
        frozenset(as_uuid(row[1]) for row in found if row[0] in ("released", "withdrawn")),
    )


def free_left(reading: Reading, at_most: int) -> int:
    """Count the free slots of the target, no farther than to a bound."""
    counted = f"SELECT count(*) FROM (SELECT 1 FROM {SLOT} s WHERE {FREE} LIMIT {int(at_most)}) few"  # noqa: S608
    return int(rows(counted, [reading.target_id])[0][0])


_LAST_CAPTURE = f"""
SELECT latitude, longitude FROM {CAPTURE}
WHERE volunteer_id = %s AND target_id = %s AND latitude IS NOT NULL ORDER BY received_at DESC LIMIT 1
"""  # noqa: S608
_RANK = f"(SELECT {{which}}(s.rank) FROM {SLOT} s WHERE {FREE} AND s.priority = top.priority)"  # noqa: S608
_RANKS = f"""
SELECT top.priority, {_RANK.format(which="min")}, {_RANK.format(which="max")} FROM (SELECT {_TOP} AS priority) top
"""  # noqa: S608
_AT_RANKS = f"""
SELECT DISTINCT s.id, s.latitude, s.longitude FROM {{ranks}} JOIN {SLOT} s ON s.id = (
  SELECT s.id FROM {SLOT} s WHERE {FREE} AND s.priority = %s AND s.rank >= r.rank ORDER BY s.rank LIMIT 1)
WHERE s.latitude IS NOT NULL
"""  # noqa: S608
_GIVEN_RANKS = {
    "postgresql": "unnest(%s::int[]) AS r(rank)",
    "sqlite": "(SELECT value AS rank FROM json_each(%s)) r",
}


def without_position(reading: Reading) -> Place | None:
    """Guess where somebody is: where their last capture was taken, else in the middle of what is free.

    The middle is that of some slots spread evenly over the tour: reading all of them takes too long where there are
    many. None where no free slot has a place.
    """
    last = rows(_LAST_CAPTURE, [reading.user_id, reading.target_id])
    if last:
        return Place(*last[0])
    priority, first, until = rows(_RANKS, [reading.target_id] * 3 + [101])[0]
    if priority is None:
        return None
    ranks = sorted({first + (until - first + 1) * nr // PROBES for nr in range(PROBES)})
    sent = ranks if connection.vendor == "postgresql" else orjson.dumps(ranks).decode()
    statement = _AT_RANKS.format(ranks=_GIVEN_RANKS[connection.vendor])
    places = [row[1:] for row in rows(statement, [sent, reading.target_id, priority])]
    return _middle(np.array(places, dtype=np.float64)) if places else None


def _middle(places: NDArray[np.float64]) -> Place:
    # Longitudes are told from the first, so that a site across the date line has its middle in it.
    first = places[0, 1]
    turned = (places[:, 1] - first + 180.0) % 360.0 - 180.0
    longitude = (first + turned.mean() + 180.0) % 360.0 - 180.0
    return Place(float(places[:, 0].mean()), float(longitude))
