"""What a request for a slot takes, the whole service call on PostgreSQL, by the number of slots and way of handing out.

`--million` adds a million slots. Every request is made by one of 60 volunteers who stands anywhere in a city of
18 × 22 km while forty others are on their way; the slots lie at random.
"""

import random
import sys
from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter
from typing import Any

from tests.benchmarks.database import own_database
from tests.benchmarks.figures import Row, Table

SOUTH, WEST, WIDE = 38.8, -77.15, 0.2
PEOPLE, ON_THE_WAY, REQUESTS, WARM_UP = 60, 40, 200, 60
NOW = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
_SLOTS = """
INSERT INTO capturegraph_candidateslot (id, target_id, title, note, latitude, longitude, cell, priority, required_count,
  seats_left, rank, state, created_at, updated_at)
SELECT gen_random_uuid(), %s, 'slot ' || nr, '', lat, lon,
  least(floor((lat + 90) * 64), 11519) * 23040 + floor((lon + 180) * 64), 50, 1, 1, nr, 'waiting', now(), now()
FROM (SELECT nr, %s + random() * %s AS lat, %s + random() * %s AS lon FROM generate_series(1, %s) AS nr) places
"""


def table() -> Table:
    result = Table("Requests for a slot, PostgreSQL, milliseconds: median of the whole service call")
    sizes = [1_000, 100_000, *([1_000_000] if "--million" in sys.argv else [])]
    with own_database():
        trivial = _timed(_nothing, REQUESTS)
        by_size = {size: _size(result, size, trivial) for size in sizes}
    for size in sizes[1:]:
        ratio = by_size[size] / by_size[sizes[0]]
        result.add(Row(f"look_ahead: {size:,} slots over {sizes[0]:,}", ratio, "×", 1.5, digits=2))
    return result


def _size(result: Table, size: int, trivial: float) -> float:
    target, people = _campaign(size)
    medians = {}
    for way, position in (("look_ahead", True), ("nearest", True), ("queue", False), ("look_ahead", False)):
        type(target).objects.filter(pk=target.pk).update(hand_out=way)
        seconds = _requests(target, people, position)
        name = f"{way}{'' if position or way == 'queue' else ', no position'}"
        limit = 2.5 if position or way == "queue" else None
        result.add(Row(f"{size:,} slots, {name}", seconds * 1e3, "ms", limit, {"SELECT 1": trivial * 1e3}, digits=2))
        medians[name] = seconds
    sticky = _timed(lambda: _ask(target, people[-1], None), REQUESTS)
    result.add(Row(f"{size:,} slots, the same again", sticky * 1e3, "ms", None, {"SELECT 1": trivial * 1e3}, digits=2))
    return medians["look_ahead"]


def _campaign(size: int) -> tuple[Any, list[Any]]:
    from django.db import connection

    from capturegraph.models import Membership, Target, User

    target = Target.objects.create(name=f"{size} slots", state="open")
    people = [User.objects.create(username=f"{size} {number}", name=str(number)) for number in range(PEOPLE)]
    Membership.objects.bulk_create(Membership(user=user, target=target, created_at=NOW) for user in people)
    with connection.cursor() as cursor:
        cursor.execute(_SLOTS, [target.pk, SOUTH, WIDE, WEST, WIDE, size])
        cursor.execute("VACUUM ANALYZE")
    return target, people


def _requests(target: Any, people: list[Any], position: bool) -> float:
    """Median seconds of a fresh request; what was taken is given back, so that as many people are on their way."""
    from capturegraph.models import Assignment
    from capturegraph.services.hand_out import walks

    chance, seconds = random.Random(1), []
    Assignment.objects.filter(target=target).delete()
    type(target).objects.get(pk=target.pk).slots.exclude(seats_left=1).update(seats_left=1)
    for number in range(WARM_UP + REQUESTS):
        if number >= ON_THE_WAY:
            walks.release_walk(target_id=target.pk, by=people[(number - ON_THE_WAY) % PEOPLE], now=NOW)
        user, now = people[number % PEOPLE], NOW + timedelta(seconds=number)
        here = _anywhere(chance) if position else None
        began = perf_counter()
        handed = _ask(target, user, here, now)
        seconds.append(perf_counter() - began)
        assert handed.assignment is not None
        assert not handed.sticky
    return median(seconds[WARM_UP:])


def _anywhere(chance: random.Random) -> Any:
    from capturegraph.services.hand_out.surroundings import Place

    return Place(SOUTH + chance.random() * WIDE, WEST + chance.random() * WIDE)


def _ask(target: Any, user: Any, here: Any, now: datetime = NOW) -> Any:
    from capturegraph.services.hand_out import assignments

    return assignments.request_slot(target_id=target.pk, user_id=user.pk, position=here, now=now)


def _nothing() -> None:
    from capturegraph.services.writing import rows

    rows("SELECT 1", [])


def _timed(act: Any, times: int) -> float:
    seconds = []
    for _ in range(times):
        began = perf_counter()
        act()
        seconds.append(perf_counter() - began)
    return median(seconds)
