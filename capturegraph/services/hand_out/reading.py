"""READ: who asks for a slot, and what they have, by one SELECT. It is the whole path of a repeated request."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from capturegraph.models import Assignment, CandidateSlot, Device, Membership, Target, User
from capturegraph.services.writing import as_time, as_uuid, rows, table

ASSIGNMENT, SLOT, DEVICE, MEMBERSHIP, TARGET, USER = (
    table(model) for model in (Assignment, CandidateSlot, Device, Membership, Target, User)
)
REVIVED_WITHIN = timedelta(hours=4)
"""How long after its end a lease that nobody took can be taken up again."""


class Reading(NamedTuple):
    """Everything that a request for a slot has to know, by one SELECT.

    `held` is the lowest stop whose lease runs, else the lowest whose lease has run out and that is not tidied up yet.
    `lapsed` is what the caller took last, where its lease ran out within four hours and was tidied up. `offered` says
    that a slot waits for the caller first, because a photograph of theirs was rejected; `planned` that a plan sends
    them somewhere now, `plans` that any plan sends anybody anywhere.
    """

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
    hand_out: str
    allowed_m: float
    next_expiry: datetime | None
    offered: bool
    planned: bool
    plans: bool
    lapsed: UUID | None
    held: Assignment | None


_SLOT_COLUMNS = (
    "id", "external_id", "title", "note", "latitude", "longitude", "heading", "priority", "required_count", "rank",
    "state", "window_from", "window_until", "skills", "reference",
)  # fmt: skip
_TIMES = ("window_from", "window_until")
# min() reads one entry of the index on (target, expires_at); EXISTS with a comparison makes PostgreSQL scan. What was
# taken last is found from the end of the index on (volunteer, started_at).
_READ = f"""
SELECT u.id, u.person_key, u.is_active, u.is_superuser, u.must_change_password,
       {{device}},
       m.role, t.id, t.state, t.lease_s, t.hand_out, t.sigma_m * t.threshold,
       (SELECT min(due.expires_at) FROM {ASSIGNMENT} due WHERE due.target_id = t.id AND due.state = 'held'),
       EXISTS (SELECT 1 FROM {SLOT} o WHERE o.target_id = t.id AND o.offered_first_to_id = u.id
               AND o.state = 'waiting' AND o.seats_left > 0),
       EXISTS (SELECT 1 FROM {ASSIGNMENT} p WHERE p.target_id = t.id AND p.volunteer_id = u.id AND p.state = 'planned'
               AND p.started_at <= %s AND p.expires_at > %s),
       EXISTS (SELECT 1 FROM {ASSIGNMENT} p WHERE p.target_id = t.id AND p.state = 'planned'),
       (SELECT CASE WHEN l.state = 'expired' AND l.expires_at > %s THEN l.id END FROM {ASSIGNMENT} l
        WHERE l.volunteer_id = u.id AND l.target_id = t.id
        ORDER BY l.started_at DESC, CASE WHEN l.state = 'expired' THEN 0 ELSE 1 END, l.stop LIMIT 1),
       a.id, a.stop, a.started_at, a.expires_at,
       {", ".join("s." + column for column in _SLOT_COLUMNS)}
FROM {{caller}}
LEFT JOIN {TARGET} t ON t.id = %s
LEFT JOIN {MEMBERSHIP} m ON m.user_id = u.id AND m.target_id = t.id AND m.removed_at IS NULL
LEFT JOIN {ASSIGNMENT} a ON a.volunteer_id = u.id AND a.target_id = t.id AND a.state = 'held'
LEFT JOIN {SLOT} s ON s.id = a.slot_id
WHERE {{where}} = %s
ORDER BY CASE WHEN a.expires_at > %s THEN 0 ELSE 1 END, a.stop LIMIT 1
"""  # noqa: S608 - the names are those of our own tables
_READ_BY_TOKEN = _READ.format(
    device="d.id, d.expires_at, d.revoked_at, d.last_seen_at",
    caller=f"{DEVICE} d JOIN {USER} u ON u.id = d.user_id",
    where="d.token_sha256",
)
_READ_BY_USER = _READ.format(device="NULL, NULL, NULL, NULL", caller=f"{USER} u", where="u.id")


def read(
    *, target_id: UUID, now: datetime, token_sha256: str | None = None, user_id: UUID | None = None
) -> Reading | None:
    """Say who asks, by token or by id, and what they have in this target; None where nobody is known by that."""
    statement, who = (_READ_BY_TOKEN, token_sha256) if token_sha256 else (_READ_BY_USER, user_id)
    found = rows(statement, [now, now, now - REVIVED_WITHIN, target_id, who, now])
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
        hand_out=row[13] or "",
        allowed_m=row[14] or 0.0,
        next_expiry=as_time(row[15]) if row[15] else None,
        offered=bool(row[16]),
        planned=bool(row[17]),
        plans=bool(row[18]),
        lapsed=as_uuid(row[19]) if row[19] else None,
        held=_held(row[20:], user_id, known_target) if row[20] and known_target else None,
    )


def _held(row: tuple[Any, ...], user_id: UUID, target_id: UUID) -> Assignment:
    # The model's own objects, so that doors have one way to show an assignment; nothing is fetched again.
    columns = {**dict(zip(_SLOT_COLUMNS, row[4:], strict=True)), "id": as_uuid(row[4])}
    times = {name: as_time(columns[name]) for name in _TIMES if columns[name]}
    columns["skills"] = orjson.loads(columns["skills"])
    return Assignment(
        id=as_uuid(row[0]),
        stop=row[1],
        started_at=as_time(row[2]),
        expires_at=as_time(row[3]),
        slot=CandidateSlot(**{**columns, **times}, target_id=target_id),
        volunteer_id=user_id,
        target_id=target_id,
        # Whoever holds a slot has not declined it.
        reason="",
        note="",
    )
