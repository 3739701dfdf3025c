"""Writing thousands of slots by a few statements: what a loop over model instances does in minutes and a gigabyte.

Every function is for the inside of a caller's transaction that holds the target, and tells no event: the caller does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from operator import attrgetter
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection

from capturegraph.formats import Row
from capturegraph.models import Assignment, CandidateSlot, Match
from capturegraph.services.writing import as_uuid, table, writing
from capturegraph.services.writing import rows as run
from scheduling import grid

SLOT = table(CandidateSlot)
HELPING = 2000
ROW_FIELDS = (
    "external_id", "title", "note", "latitude", "longitude", "heading", "window_from", "window_until", "priority",
    "required_count", "skills",
)  # fmt: skip
"""What a row of a file says of a slot."""

_TYPES = {
    "id": "uuid", "cell": "int8", "external_id": "text", "title": "text", "note": "text", "latitude": "float8",
    "longitude": "float8", "heading": "float8", "window_from": "timestamptz", "window_until": "timestamptz",
    "priority": "int2", "required_count": "int2", "skills": "jsonb",
}  # fmt: skip


class New(NamedTuple):
    """A slot to be made."""

    id: UUID
    row: Row
    rank: int


def helpings(things: Iterable[Any], most: int = HELPING) -> Iterator[list[Any]]:
    """Give things in lists of at most so many."""
    rest = iter(things)
    while some := list(islice(rest, most)):
        yield some


said: Callable[[Row], tuple[Any, ...]] = attrgetter(*ROW_FIELDS)
"""What a row says, in the order of `ROW_FIELDS`."""


def insert(
    slots: Iterable[New], *, target_id: UUID, batch_id: UUID | None, now: datetime, state: CandidateSlot.State
) -> None:
    """Make slots, however many: by COPY, or by one prepared statement on SQLite.

    Fastest in the order of their ids and their ranks, where most indexes grow at one place.
    """
    names = ("id", *ROW_FIELDS, "cell", "rank", "seats_left", "target_id", "batch_id", "state", "created_at",
             "updated_at")  # fmt: skip
    rest = sent((target_id, batch_id, state.value, now, now))
    values = ((*_columns(new.id, new.row), new.rank, new.row.required_count, *rest) for new in slots)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {SLOT} ({', '.join(names)}) FROM STDIN") as copy:
                for value in values:
                    copy.write_row(value)
        else:
            places = ", ".join(["%s"] * len(names))
            sql = f"INSERT INTO {SLOT} ({', '.join(names)}) VALUES ({places})"  # noqa: S608 - our own names
            cursor.executemany(sql, values)  # type: ignore[arg-type]  # It takes any iterable.


def _columns(pk: UUID, row: Row) -> tuple[Any, ...]:
    """Give the id, what the row says and its cell, as the database takes them."""
    cell = None if row.latitude is None else grid.cell(row.latitude, row.longitude)
    plain = (*said(row)[:-1], orjson.dumps(row.skills).decode() if row.skills else "[]")
    if connection.vendor == "postgresql":
        return (pk, *plain, cell)
    if row.window_from is None and row.window_until is None:
        return (pk.hex, *plain, cell)
    return sent((pk, *plain, cell))


def sent(values: Iterable[Any]) -> tuple[Any, ...]:
    """Give values as the database keeps them: on SQLite ids as hex, times as text in UTC."""
    if connection.vendor == "postgresql":
        return tuple(values)
    adapt = connection.ops.adapt_datetimefield_value
    return tuple(
        value.hex if isinstance(value, UUID) else adapt(value) if isinstance(value, datetime) else value
        for value in values
    )


# What a slot becomes that a file names again: one that was withdrawn comes back, one that nobody could get to is asked
# for again only where it now is somewhere else.
_BECOMES = """state = CASE WHEN s.state = 'withdrawn' OR (s.state = 'not_capturable' AND {moved}) THEN '{state}'
                   ELSE s.state END"""
_CHANGE = {
    "postgresql": """
UPDATE {slot} AS s SET {sets}, seats_left = least(s.seats_left + r.required_count - s.required_count, r.required_count),
       {becomes}, reopened_at = CASE WHEN r.moved THEN %s ELSE s.reopened_at END, updated_at = %s
FROM unnest(%s::bool[], {arrays}) AS r(moved, {names}) WHERE s.id = r.id""",
    "sqlite": """
UPDATE {slot} AS s SET {sets}, seats_left = min(s.seats_left + :required_count - s.required_count, :required_count),
       {becomes}, reopened_at = CASE WHEN :moved THEN :now ELSE s.reopened_at END, updated_at = :now
WHERE s.id = :id""",
}


def change(changes: Iterable[tuple[UUID, Row, bool]], *, now: datetime, state: CandidateSlot.State) -> None:
    """Let locked slots be what rows of a file say, each with whether it is somewhere else than before.

    `state`: what those become that are asked for again.
    """
    names = ("id", *ROW_FIELDS, "cell")
    if connection.vendor == "postgresql":
        sql = _CHANGE["postgresql"].format(
            slot=SLOT, sets=", ".join(f"{name} = r.{name}" for name in names[1:]), names=", ".join(names),
            becomes=_BECOMES.format(moved="r.moved", state=state.value),
            arrays=", ".join(f"%s::{_TYPES[name]}[]" for name in names),
        )  # fmt: skip
        for some in helpings(changes):
            values = [(moved, *_columns(pk, row)) for pk, row, moved in some]
            run(sql, [now, now, *(list(column) for column in zip(*values, strict=True))])
        return
    sql = _CHANGE["sqlite"].format(
        slot=SLOT,
        sets=", ".join(f"{name} = :{name}" for name in names[1:]),
        becomes=_BECOMES.format(moved=":moved", state=state.value),
    )
    (at,) = sent([now])
    named = (
        {**dict(zip(names, _columns(pk, row), strict=True)), "moved": moved, "now": at} for pk, row, moved in changes
    )
    # Not by Django's cursor, whose places with names are others.
    connection.connection.executemany(sql, named)


def withdraw(ids: Iterable[UUID], *, now: datetime) -> None:
    """Withdraw locked slots."""
    for some in helpings(ids):
        CandidateSlot.objects.filter(pk__in=some).update(state=CandidateSlot.State.WITHDRAWN, updated_at=now)


def forget_matches(ids: Iterable[UUID]) -> None:
    """Let the matches of slots that are somewhere else by now count no longer; what a reviewer said stays."""
    for some in helpings(ids):
        Match.objects.filter(slot__in=some, manual=False).update(active=False, kept=False)


_RANKS = {
    "postgresql": "UPDATE {slot} SET rank = r.n FROM unnest(%s::uuid[], %s::int[]) AS r(id, n) WHERE {slot}.id = r.id",
    "sqlite": "UPDATE {slot} SET rank = r.value ->> 1 FROM json_each(%s) AS r WHERE {slot}.id = r.value ->> 0",
}


def write_ranks(ranks: Iterable[tuple[UUID, int]]) -> None:
    """Give slots their place in the tour."""
    sql = _RANKS[connection.vendor].format(slot=SLOT)
    for some in helpings(ranks, 10_000):
        if connection.vendor == "postgresql":
            run(sql, [[pk for pk, __ in some], [rank for __, rank in some]])
        else:
            run(sql, [orjson.dumps([[pk.hex, rank] for pk, rank in some]).decode()])


_LOCK = {
    "postgresql": "SELECT id, {names} FROM {slot} WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
    # Whoever writes there is alone.
    "sqlite": "SELECT id, {names} FROM {slot} WHERE id IN (SELECT value FROM json_each(%s)) ORDER BY id",
}


def locked_columns(ids: Sequence[UUID], *names: str) -> dict[UUID, tuple[Any, ...]]:
    """Lock slots in the order of their ids, however many, and give some plain columns of each."""
    sql = _LOCK[connection.vendor].format(slot=SLOT, names=", ".join(names))
    found: dict[UUID, tuple[Any, ...]] = {}
    for some in helpings(sorted(ids), 10_000):
        these = some if connection.vendor == "postgresql" else orjson.dumps([pk.hex for pk in some]).decode()
        found.update({as_uuid(pk): tuple(rest) for pk, *rest in run(sql, [these])})
    return found


def analyse() -> None:
    """Renew the planner's statistics: after a large batch, stale ones cost PostgreSQL its indexes."""
    if connection.vendor == "postgresql":
        run(f"ANALYZE {SLOT}, {table(Assignment)}", [])
        return
    with writing():
        # Only tables that have changed much are looked at.
        run("PRAGMA optimize", [])
