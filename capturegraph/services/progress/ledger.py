"""What the rows say of a target's photographs: which were needed, when places were done, which walks they saved.

Everything is worked out in the database from the matches that count now, so that what was undone, rejected, reopened,
erased or merged is in no figure any more, and nothing has to be kept in step.

- A person's photograph **of a place** is the first one of theirs that counts for it (by when it was taken). It was
  **needed** if no more than `required_count` people came with or before it. A photograph that was needed for no place
  was taken in vain: it is redundant.
- A place was **done** when the last needed photograph was taken, or when it was asked for, whichever came later (a
  place may be covered by photographs that are older than itself).
- A photograph was taken **for** the place of the assignment that it names; where it names none, for the nearest of
  those that it counts for. A place that is done though no photograph was taken for it **saved a walk**.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from capturegraph.models import Assignment, CandidateSlot, Capture, Match, Target
from capturegraph.services.writing import as_time, as_uuid, rows, table

_MATCH, _SLOT, _CAPTURE, _ASSIGNMENT = (table(model) for model in (Match, CandidateSlot, Capture, Assignment))

_COUNTING = f"""
WITH counting AS (
  SELECT m.slot_id, m.capture_id, m.person_key, c.captured_at, s.required_count, s.state, s.created_at,
         ROW_NUMBER() OVER (PARTITION BY m.slot_id, m.person_key ORDER BY c.captured_at, m.capture_id) AS of_person,
         CASE WHEN a.id IS NOT NULL THEN CASE WHEN a.slot_id = m.slot_id THEN 1 ELSE 0 END
              WHEN ROW_NUMBER() OVER (PARTITION BY m.capture_id ORDER BY m.distance, m.slot_id) = 1 THEN 1
              ELSE 0 END AS meant
  FROM {_MATCH} m
  JOIN {_SLOT} s ON s.id = m.slot_id
  JOIN {_CAPTURE} c ON c.id = m.capture_id
  LEFT JOIN {_ASSIGNMENT} a ON a.id = c.assignment_id
  WHERE s.target_id = %s AND m.active
), firsts AS (
  SELECT slot_id, capture_id, person_key, captured_at, required_count, state, created_at,
         ROW_NUMBER() OVER (PARTITION BY slot_id ORDER BY captured_at, capture_id) AS nth
  FROM counting WHERE of_person = 1
)
"""  # noqa: S608 - nothing in it comes from outside
_DONE = """, done AS (
  SELECT CASE WHEN captured_at > created_at THEN captured_at ELSE created_at END AS done_at,
         CASE WHEN captured_at >= created_at THEN 1 ELSE 0 END AS afresh
  FROM firsts WHERE nth = required_count AND state = 'fulfilled'
)
SELECT {day} AS day, COUNT(*), SUM(afresh) FROM done GROUP BY 1 ORDER BY 1
"""
_CAPTURES = f"""
SELECT (SELECT COUNT(*) FROM {_CAPTURE} WHERE target_id = %s),
       (SELECT COUNT(*) FROM {_CAPTURE} WHERE target_id = %s AND review = 'rejected'),
       (SELECT COUNT(DISTINCT capture_id) FROM counting),
       (SELECT COUNT(DISTINCT capture_id) FROM firsts WHERE nth <= required_count),
       (SELECT COUNT(*) FROM (SELECT slot_id FROM counting WHERE state = 'fulfilled'
                              GROUP BY slot_id HAVING MAX(meant) = 0) AS saved)
"""  # noqa: S608
_PLACES = "SELECT person_key, COUNT(*) FROM firsts GROUP BY person_key"
_HELD = f"""
SELECT a.volunteer_id, a.started_at, MIN(c.captured_at), a.ended_at
FROM {_ASSIGNMENT} a
JOIN {_MATCH} m ON m.slot_id = a.slot_id AND m.active
JOIN {_CAPTURE} c ON c.id = m.capture_id AND c.volunteer_id = a.volunteer_id
                 AND c.captured_at BETWEEN a.started_at AND a.ended_at
WHERE a.target_id = %s AND a.state = 'fulfilled'
GROUP BY a.id, a.volunteer_id, a.started_at, a.ended_at
"""  # noqa: S608


class DoneOn(NamedTuple):
    """Places done on one day; `afresh` those whose photograph was taken after they were asked for."""

    number: int
    afresh: int


class Captures(NamedTuple):
    """How many photographs there are, and what they were good for."""

    total: int
    rejected: int
    counting: int
    needed: int
    walks_saved: int

    @property
    def redundant(self) -> int:
        """Those that count, and that no place needed."""
        return self.counting - self.needed

    @property
    def elsewhere(self) -> int:
        """Those that count for no place, without the rejected ones."""
        return self.total - self.rejected - self.counting


class Span(NamedTuple):
    """One place that was taken and done by the same person: seconds from hand-out to photograph, and to the end."""

    volunteer_id: UUID
    photographed_s: float
    done_s: float


def done_by_day(target: Target) -> dict[date, DoneOn]:
    """How many of the places that are done now were done on which day, by the calendar of the target's zone."""
    day, values = connection.ops.datetime_cast_date_sql("done_at", (), target.time_zone)
    found = rows(_COUNTING + _DONE.format(day=day), [target.pk, *values])
    return {_day(at): DoneOn(int(number), int(afresh)) for at, number, afresh in found}


def _day(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def captures(target: Target) -> Captures:
    """Count the photographs of a target, and the walks that they saved."""
    return Captures(*map(int, rows(_COUNTING + _CAPTURES, [target.pk, target.pk, target.pk])[0]))


def places_by_person(target: Target) -> dict[UUID, int]:
    """For how many places a photograph of somebody's counts, by person key."""
    return {as_uuid(person): int(number) for person, number in rows(_COUNTING + _PLACES, [target.pk])}


def spans(target: Target) -> list[Span]:
    """How long it took, for every place that somebody held and did themselves."""
    return [
        Span(as_uuid(volunteer), _seconds(started, taken), _seconds(started, ended))
        for volunteer, started, taken, ended in rows(_HELD, [target.pk])
    ]


def _seconds(start: datetime | str, end: datetime | str) -> float:
    return (as_time(end) - as_time(start)).total_seconds()
