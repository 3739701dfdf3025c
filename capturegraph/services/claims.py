"""The claim: how one volunteer, and only one, gets one seat of one slot.

READ, (SWEEP), CLAIM, each a statement of its own; nothing is checked in one and relied on in the next. Two volunteers
cannot hold one seat because the unique constraints of `Assignment` say so, not because of the order in which this code
runs. On PostgreSQL the claim is one statement; SQLite has no data-changing CTEs, so there it is one transaction that
nobody else can write beside.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import connection

from capturegraph.models import Assignment, CandidateSlot, Device, Event, Match, Membership, Target, User
from capturegraph.services.writing import as_time, as_uuid, rows, table, writing

RELEASED_COMES_LAST_FOR = timedelta(minutes=30)

ASSIGNMENT, SLOT, DEVICE, EVENT, MATCH, MEMBERSHIP, TARGET, USER = (
    table(model) for model in (Assignment, CandidateSlot, Device, Event, Match, Membership, Target, User)
)


class Reading(NamedTuple):
    """Everything that a request for a slot has to know, by one SELECT."""

    user_id: UUID
    person_key: UUID
    user_active: bool
    superuser: bool
    password_due: bool
    device_id: UUID | None
    device_expires_at: datetime | None
    device_revoked_at: datetime | None
    device_seen_at: datetime | None
    role: str | None
    target_id: UUID | None
    target_state: str | None
    lease_s: int
    next_expiry: datetime | None
    held: Assignment | None


_SLOT_COLUMNS = (
    "id", "external_id", "title", "note", "latitude", "longitude", "heading", "priority", "required_count", "rank",
    "state",
)  # fmt: skip
# min() reads one entry of the index on (target, expires_at); EXISTS with a comparison makes PostgreSQL scan.
_READ = f"""
SELECT u.id, u.person_key, u.is_active, u.is_superuser, u.must_change_password,
       {{device}},
       m.role, t.id, t.state, t.lease_s,
       (SELECT min(due.expires_at) FROM {ASSIGNMENT} due WHERE due.target_id = t.id AND due.state = 'held'),
       a.id, a.stop, a.started_at, a.expires_at,
       {", ".join("s." + column for column in _SLOT_COLUMNS)}
FROM {{caller}}
LEFT JOIN {TARGET} t ON t.id = %s
LEFT JOIN {MEMBERSHIP} m ON m.user_id = u.id AND m.target_id = t.id AND m.removed_at IS NULL
LEFT JOIN {ASSIGNMENT} a ON a.volunteer_id = u.id AND a.target_id = t.id AND a.state = 'held'
LEFT JOIN {SLOT} s ON s.id = a.slot_id
WHERE {{where}} = %s
ORDER BY a.stop LIMIT 1
"""  # noqa: S608 - the names are those of our own tables
_READ_BY_TOKEN = _READ.format(
    device="d.id, d.expires_at, d.revoked_at, d.last_seen_at",
    caller=f"{DEVICE} d JOIN {USER} u ON u.id = d.user_id",
    where="d.token_sha256",
)
_READ_BY_USER = _READ.format(device="NULL, NULL, NULL, NULL", caller=f"{USER} u", where="u.id")


def read(*, target_id: UUID, token_sha256: str | None = None, user_id: UUID | None = None) -> Reading | None:
    """Say who asks, by token or by id, and what they have in this target; None where nobody is known by that."""
    found = (
        rows(_READ_BY_TOKEN, [target_id, token_sha256]) if token_sha256 else rows(_READ_BY_USER, [target_id, user_id])
    )
    if not found:
        return None
    row = found[0]
    user_id = as_uuid(row[0])
    known_target = as_uuid(row[10]) if row[10] else None
    return Reading(
        user_id=user_id,
        person_key=as_uuid(row[1]),
        user_active=bool(row[2]),
        superuser=bool(row[3]),
        password_due=bool(row[4]),
        device_id=as_uuid(row[5]) if row[5] else None,
        device_expires_at=as_time(row[6]) if row[6] else None,
        device_revoked_at=as_time(row[7]) if row[7] else None,
        device_seen_at=as_time(row[8]) if row[8] else None,
        role=row[9],
        target_id=known_target,
        target_state=row[11],
        lease_s=row[12] or 0,
        next_expiry=as_time(row[13]) if row[13] else None,
        held=_held(row[14:], user_id, known_target) if row[14] and known_target else None,
    )


def _held(row: tuple[Any, ...], user_id: UUID, target_id: UUID) -> Assignment:
    # The model's own objects, so that doors have one way to show an assignment; nothing is fetched again.
    columns = {**dict(zip(_SLOT_COLUMNS, row[4:], strict=True)), "id": as_uuid(row[4])}
    return Assignment(
        id=as_uuid(row[0]),
        stop=row[1],
        started_at=as_time(row[2]),
        expires_at=as_time(row[3]),
        slot=CandidateSlot(**columns, target_id=target_id),
        volunteer_id=user_id,
        target_id=target_id,
    )


class Choice(NamedTuple):
    """A slot that could be claimed, and for how long."""

    slot_id: UUID
    lease_s: int


class Wanted(NamedTuple):
    """What is claimed for whom. `choices` in order of liking; None stands for the queue, by priority and rank."""

    reading: Reading
    choices: Sequence[Choice] | None
    assignment_id: UUID
    now: datetime
    even_released: bool = False


# Never one that the volunteer declined or has photographed; one that they gave back comes last for a while.
_NOT_FOR_ME = f"""
  AND NOT EXISTS (SELECT 1 FROM {ASSIGNMENT} mine WHERE mine.slot_id = s.id AND mine.volunteer_id = %s
                  AND (mine.state IN ('held', 'declined') OR (mine.state = 'released' AND mine.ended_at > %s)))
  AND NOT EXISTS (SELECT 1 FROM {MATCH} done WHERE done.slot_id = s.id AND done.person_key = %s AND done.active)
"""  # noqa: S608
_FREE = "s.target_id = %s AND s.state = 'waiting' AND s.seats_left > 0"
_BY_QUEUE = f"""
SELECT s.id, s.required_count, %s AS lease_s FROM {SLOT} s
WHERE {_FREE} {_NOT_FOR_ME} ORDER BY s.priority DESC, s.rank LIMIT 1
"""  # noqa: S608
_BY_CHOICE = f"""
SELECT s.id, s.required_count, c.lease_s FROM {{choices}} JOIN {SLOT} s ON s.id = c.id
WHERE {_FREE} {_NOT_FOR_ME} ORDER BY c.nr LIMIT 1
"""  # noqa: S608
_CHOICES = {
    "postgresql": "unnest(%s::uuid[], %s::int[]) WITH ORDINALITY AS c(id, lease_s, nr)",
    "sqlite": "(SELECT value ->> 0 AS id, value ->> 1 AS lease_s, key AS nr FROM json_each(%s)) c",
}


def _pick(wanted: Wanted) -> tuple[str, list[Any]]:
    reading = wanted.reading
    given_back_after = wanted.now if wanted.even_released else wanted.now - RELEASED_COMES_LAST_FOR
    conditions = [reading.target_id, reading.user_id, given_back_after, reading.person_key]
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


_CLAIM = f"""
WITH pick AS (%(pick)s FOR NO KEY UPDATE OF s SKIP LOCKED),
held AS (
  INSERT INTO {ASSIGNMENT} (id, target_id, slot_id, volunteer_id, seat, stop, state, started_at, expires_at)
  SELECT %%s::uuid, %%s::uuid, pick.id, %%s::uuid,
         (SELECT min(free.seat) FROM generate_series(0, pick.required_count - 1) AS free(seat)
          WHERE NOT EXISTS (SELECT 1 FROM {ASSIGNMENT} other
                            WHERE other.slot_id = pick.id AND other.seat = free.seat AND other.state = 'held')),
         0, 'held', %%s::timestamptz, %%s::timestamptz + pick.lease_s * interval '1 second'
  FROM pick ON CONFLICT DO NOTHING RETURNING id, slot_id, expires_at),
seats AS (
  UPDATE {SLOT} s SET seats_left = s.seats_left - 1, updated_at = %%s::timestamptz FROM held WHERE s.id = held.slot_id),
said AS (
  INSERT INTO {EVENT} (at, actor_id, target_id, verb, noun, row_id, data)
  SELECT %%s::timestamptz, %%s::uuid, %%s::uuid, 'claimed', 'assignment', held.id,
         jsonb_build_object('slot', held.slot_id, 'expires_at', held.expires_at) FROM held)
SELECT slot_id FROM held
"""  # noqa: S608


def _claim_in_one_statement(wanted: Wanted) -> bool:
    # FOR NO KEY UPDATE: the foreign-key checks of other people's inserts must not hide a free slot from SKIP LOCKED.
    # ON CONFLICT waits for a rival's commit and then inserts nothing: a lost race changes nothing and raises nothing.
    pick, values = _pick(wanted)
    reading, now = wanted.reading, wanted.now
    found = rows(
        _CLAIM % {"pick": pick},
        [*values, wanted.assignment_id, reading.target_id, reading.user_id, now, now, now,
         now, reading.user_id, reading.target_id],
    )  # fmt: skip
    return bool(found)


def _claim_in_steps(wanted: Wanted) -> bool:
    reading, now = wanted.reading, wanted.now
    picked = rows(*_pick(wanted))
    mine = Assignment.objects.filter(volunteer=reading.user_id, stop=0, state=Assignment.State.HELD)
    if not picked or reading.target_id is None or mine.filter(target=reading.target_id).exists():
        return False
    slot_id, required, lease_s = as_uuid(picked[0][0]), picked[0][1], picked[0][2]
    taken = set(Assignment.objects.filter(slot=slot_id, state="held").values_list("seat", flat=True))
    expires_at = now + timedelta(seconds=int(lease_s))
    Assignment.objects.create(
        pk=wanted.assignment_id,
        target_id=reading.target_id,
        slot_id=slot_id,
        volunteer_id=reading.user_id,
        seat=min(set(range(required)) - taken),
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
