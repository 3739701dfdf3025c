"""The claim: how one volunteer, and only one, gets one seat of one slot.

READ (`reading`), (SWEEP), CLAIM, each a statement of its own; nothing is checked in one and relied on in the next. Two
volunteers cannot hold one seat because the unique constraints of `Assignment` say so, not because of the order in which
this code runs. On PostgreSQL the claim is one statement; SQLite has no data-changing CTEs, so there it is one
transaction that nobody else can write beside.

In which order slots are liked is decided before (`choosing`). What must never be handed out to somebody, and when, is
said in the claim itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection

from capturegraph.models import Assignment, CandidateSlot, Event, Match, Target
from capturegraph.services.hand_out.reading import Reading
from capturegraph.services.people.identity import still_here
from capturegraph.services.writing import as_uuid, rows, table, writing

ASSIGNMENT, SLOT, EVENT, MATCH, TARGET = (table(one) for one in (Assignment, CandidateSlot, Event, Match, Target))


class Choice(NamedTuple):
    """A slot that could be claimed, and for how long."""

    slot_id: UUID
    lease_s: int


class Wanted(NamedTuple):
    """What is claimed for whom, as which stop. `choices` in order of liking; None: any, by priority and rank.

    A stop is only claimed where the volunteer holds none with that number or a higher one in the target: a plain
    request (stop 0) by nobody who holds anything.
    """

    reading: Reading
    choices: Sequence[Choice] | None
    assignment_id: UUID
    now: datetime
    stop: int = 0


FREE = "s.target_id = %s AND s.state = 'waiting' AND s.seats_left > 0"
"""The condition of the partial indexes, word for word."""
IN_TIME = "(s.window_from IS NULL OR s.window_from <= %s) AND (s.window_until IS NULL OR s.window_until > %s)"
PLANNED = f"""(SELECT count(*) FROM {ASSIGNMENT} plan
  WHERE plan.slot_id = s.id AND plan.state = 'planned' AND plan.expires_at > %s AND plan.volunteer_id <> %s
    AND NOT EXISTS (SELECT 1 FROM {ASSIGNMENT} come WHERE come.slot_id = s.id AND come.state = 'held'
                    AND come.volunteer_id = plan.volunteer_id))"""  # noqa: S608
"""The seats of a slot that are planned for others than somebody."""
# Never one that the volunteer has, has declined since it was last asked for, or has a counting photograph of; never
# outside its time; a seat that is planned for somebody else is taken, unless they have come for it already.
_FOR_ME = f"""
  AND {IN_TIME}
  AND NOT EXISTS (SELECT 1 FROM {ASSIGNMENT} mine WHERE mine.slot_id = s.id AND mine.volunteer_id = %s
                  AND (mine.state = 'held' OR (mine.state = 'declined'
                       AND (s.reopened_at IS NULL OR mine.ended_at > s.reopened_at))))
  AND NOT EXISTS (SELECT 1 FROM {MATCH} done WHERE done.slot_id = s.id AND done.person_key = %s AND done.active)
  AND s.seats_left > {PLANNED}
"""  # noqa: S608
_NO_LATER_STOP = f"""
  AND NOT EXISTS (SELECT 1 FROM {ASSIGNMENT} own WHERE own.target_id = %s AND own.volunteer_id = %s
                  AND own.state = 'held' AND own.stop >= %s)
"""  # noqa: S608
_BY_QUEUE = f"""
SELECT s.id, s.required_count, %s AS lease_s FROM {SLOT} s
WHERE {FREE} {_FOR_ME} {_NO_LATER_STOP} ORDER BY s.priority DESC, s.rank LIMIT 1
"""  # noqa: S608
_BY_CHOICE = f"""
SELECT s.id, s.required_count, c.lease_s FROM {{choices}} JOIN {SLOT} s ON s.id = c.id
WHERE {FREE} {_FOR_ME} {_NO_LATER_STOP} ORDER BY c.nr LIMIT 1
"""  # noqa: S608
_CHOICES = {
    "postgresql": "unnest(%s::uuid[], %s::int[]) WITH ORDINALITY AS c(id, lease_s, nr)",
    "sqlite": "(SELECT value ->> 0 AS id, value ->> 1 AS lease_s, key AS nr FROM json_each(%s)) c",
}


def _pick(wanted: Wanted) -> tuple[str, list[Any]]:
    reading, now = wanted.reading, wanted.now
    conditions = [
        reading.target_id, now, now, reading.user_id, reading.person_key, now, reading.user_id,
        reading.target_id, reading.user_id, int(wanted.stop),
    ]  # fmt: skip
    if wanted.choices is None:
        return _BY_QUEUE.replace("%s AS lease_s", f"{int(reading.lease_s)} AS lease_s"), conditions
    sql = _BY_CHOICE.format(choices=_CHOICES[connection.vendor])
    if connection.vendor == "postgresql":
        return sql, [[c.slot_id for c in wanted.choices], [c.lease_s for c in wanted.choices], *conditions]
    return sql, [orjson.dumps([[c.slot_id.hex, c.lease_s] for c in wanted.choices]).decode(), *conditions]


def could_claim(wanted: Wanted) -> bool:
    """Look, without a lock, whether there is a slot to claim: a claim that got nothing may only have lost a race."""
    return bool(rows(*_pick(wanted)))


def claim(wanted: Wanted) -> bool:
    """Take one seat of the best free slot, in one atomic step; false where there was none or the race was lost."""
    if connection.vendor == "postgresql":
        return _claim_in_one_statement(wanted)
    with writing():
        return _claim_in_steps(wanted)


_LOCK = "FOR NO KEY UPDATE OF s SKIP LOCKED"
# One statement has one view of the other rows, from when it began. A slot that was written to since may have been
# planned for somebody, which that view does not show: the row that is locked has to be the one that was looked at.
_AS_SEEN = f"s.xmin = (SELECT seen.xmin FROM {SLOT} seen WHERE seen.id = s.id)"  # noqa: S608
_STILL = f"WHERE EXISTS (SELECT 1 FROM here) AND {_AS_SEEN} AND s.target_id"  # noqa: S608
_CLAIM = f"""
WITH here AS (%(here)s),
pick AS (%(pick)s %(lock)s),
held AS (
  INSERT INTO {ASSIGNMENT} (id, target_id, slot_id, volunteer_id, seat, stop, state, started_at, expires_at)
  SELECT %%s::uuid, %%s::uuid, pick.id, %%s::uuid,
         (SELECT min(free.seat) FROM generate_series(0, pick.required_count - 1) AS free(seat)
          WHERE NOT EXISTS (SELECT 1 FROM {ASSIGNMENT} other
                            WHERE other.slot_id = pick.id AND other.seat = free.seat AND other.state = 'held')),
         %%s::smallint, 'held', %%s::timestamptz, %%s::timestamptz + pick.lease_s * interval '1 second'
  FROM pick ON CONFLICT DO NOTHING RETURNING id, slot_id, expires_at),
seats AS (
  UPDATE {SLOT} s SET seats_left = s.seats_left - 1, updated_at = %%s::timestamptz FROM held WHERE s.id = held.slot_id),
said AS (
  INSERT INTO {EVENT} (at, actor_id, target_id, verb, noun, row_id, data)
  SELECT %%s::timestamptz, %%s::uuid, %%s::uuid, 'claimed', 'assignment', held.id,
         jsonb_build_object('slot', held.slot_id, 'expires_at', held.expires_at) FROM held)
SELECT slot_id FROM held
"""  # noqa: S608


_OPEN = f" JOIN {TARGET} t ON t.id = %s AND t.state = 'open' WHERE "


def _here(wanted: Wanted) -> tuple[str, list[Any]]:
    asking = wanted.reading
    sql, values = still_here(
        user_id=asking.user_id, target_id=asking.target_id, device_id=asking.device_id, superuser=not asking.role
    )
    # A pause that came since the READ is kept to, too.
    return sql.replace(" WHERE ", _OPEN, 1), [*values[:-1], asking.target_id, values[-1]]


def _claim_in_one_statement(wanted: Wanted) -> bool:
    # FOR NO KEY UPDATE: the foreign-key checks of other people's inserts must not hide a free slot from SKIP LOCKED.
    # ON CONFLICT waits for a rival's commit and then inserts nothing: a lost race changes nothing and raises nothing.
    # Who was removed, shut out or signed out since the READ gets nothing; whoever does that waits for this claim. Asked
    # before any slot is locked, as they do.
    here, here_values = _here(wanted)
    pick, values = _pick(wanted)
    pick = pick.replace("WHERE s.target_id", _STILL, 1)
    reading, now = wanted.reading, wanted.now
    found = rows(
        _CLAIM % {"here": here, "pick": pick, "lock": _LOCK},
        [*here_values, *values, wanted.assignment_id, reading.target_id, reading.user_id, wanted.stop, now, now, now,
         now, reading.user_id, reading.target_id],
    )  # fmt: skip
    return bool(found)


def _claim_in_steps(wanted: Wanted) -> bool:
    reading, now = wanted.reading, wanted.now
    picked = rows(*_pick(wanted)) if rows(*_here(wanted)) else []
    if not picked or reading.target_id is None:
        return False
    slot_id, required, lease_s = as_uuid(picked[0][0]), picked[0][1], picked[0][2]
    expires_at = now + timedelta(seconds=int(lease_s))
    Assignment.objects.create(
        pk=wanted.assignment_id,
        target_id=reading.target_id,
        slot_id=slot_id,
        volunteer_id=reading.user_id,
        seat=free_seat(slot_id, required),
        stop=wanted.stop,
        started_at=now,
        expires_at=expires_at,
    )
    slot = CandidateSlot.objects.get(pk=slot_id)
    slot.seats_left, slot.updated_at = slot.seats_left - 1, now
    slot.save(update_fields=["seats_left", "updated_at"])
    data = {"slot": str(slot_id), "expires_at": expires_at.isoformat()}
    Event.objects.create(
        at=now, actor_id=reading.user_id, target_id=reading.target_id, verb="claimed", noun="assignment",
        row_id=wanted.assignment_id, data=data,
    )  # fmt: skip
    return True


def free_seat(slot_id: UUID, required_count: int) -> int:
    """Give the lowest seat of a locked slot that nobody has; there has to be one."""
    taken = set(Assignment.objects.filter(slot=slot_id, state="held").values_list("seat", flat=True))
    return min(set(range(required_count)) - taken)
