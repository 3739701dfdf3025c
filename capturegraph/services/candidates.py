"""Putting rows of a file into the slots of a target: what is new, what changed, what goes, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

import numpy as np
import orjson
from django.db import connection

from capturegraph.formats import Row
from capturegraph.models import Assignment, Batch, CandidateSlot, Capture, Match, Target
from capturegraph.services import events, matching, slots
from capturegraph.services.writing import rows as run
from capturegraph.services.writing import table
from scheduling import grid, tour
from scheduling.geodesy import metres

State = CandidateSlot.State
FIELDS = ("external_id", "title", "note", "latitude", "longitude", "heading", "priority", "required_count")
AT_ONCE = 1000
FAR_M = 1000.0


@dataclass
class Difference:
    """What a file would do to the slots that are there."""

    added: list[Row] = field(default_factory=list)
    changed: list[tuple[CandidateSlot, Row]] = field(default_factory=list)
    kept: list[CandidateSlot] = field(default_factory=list)
    removed: list[CandidateSlot] = field(default_factory=list)
    protected: list[CandidateSlot] = field(default_factory=list)
    covered: int = 0

    def counts(self) -> dict[str, int]:
        """Count them, as the preview shows it."""
        names = ("added", "changed", "kept", "removed", "protected")
        counts = {name: len(getattr(self, name)) for name in names}
        return {**counts, "covered": self.covered, "moved_far": sum(_far(slot, row) for slot, row in self.changed)}


def _far(slot: CandidateSlot, row: Row) -> bool:
    # A place that moves so far is mostly another place under the same id.
    return slot.latitude is not None and metres(slot, row) > FAR_M


def difference(target: Target, rows: Sequence[Row], *, replace: bool, now: datetime) -> Difference:
    """Compare rows with the slots of a target, by external id, else by place and heading; nothing is changed.

    A slot that somebody holds is neither moved nor withdrawn: it is `protected`.
    """
    there = list(CandidateSlot.objects.of(target))
    by_id = {slot.external_id: slot for slot in there if slot.external_id}
    by_place = {_place(slot): slot for slot in there if not slot.external_id}
    held = set(Assignment.objects.live(now).filter(target=target).values_list("slot", flat=True))
    found, met = Difference(), set()
    for row in rows:
        slot = by_id.get(row.external_id) if row.external_id else by_place.get(_place(row))
        if slot is None:
            found.added.append(row)
            continue
        met.add(slot.pk)
        if slot.pk in held and _place(slot) != _place(row):
            found.protected.append(slot)
        elif slot.state == State.WITHDRAWN or any(getattr(slot, name) != getattr(row, name) for name in FIELDS):
            found.changed.append((slot, row))
        else:
            found.kept.append(slot)
    if replace:
        for slot in there:
            if slot.pk not in met and slot.state in (State.WAITING, State.POOL, State.NOT_CAPTURABLE):
                (found.protected if slot.pk in held else found.removed).append(slot)
    return found


def _place(thing: Row | CandidateSlot) -> tuple[float | None, ...]:
    return thing.latitude, thing.longitude, thing.heading


def put(
    target: Target,
    found: Difference,
    *,
    now: datetime,
    actor_id: UUID | None,
    batch: Batch | None = None,
    close: bool = True,
) -> list[CandidateSlot]:
    """Carry out a difference, in the caller's transaction and under its lock on the target; give what is new or moved.

    What earlier captures cover already is closed at once, unless told otherwise: nobody is sent there.
    """
    # Ranked as they were given, for now: the tour begins at the first of them.
    added = [_new_slot(target, row, now, batch, place) for place, row in enumerate(found.added)]
    CandidateSlot.objects.bulk_create(added, batch_size=AT_ONCE)
    moved = _change(found.changed, now)
    _withdraw(found.removed, now)
    fresh = slots.locked(CandidateSlot.objects.filter(pk__in=[slot.pk for slot in (*added, *moved)]))
    Match.objects.filter(slot__in=[slot.pk for slot in moved], manual=False).update(active=False)
    found.covered = len(close_covered(target, fresh, now=now, actor_id=actor_id)) if close else 0
    slots.recount(fresh, now=now, actor_id=actor_id)
    events.record(
        at=now, verb="applied", noun="batch", row_id=batch.pk if batch else target.pk, target_id=target.pk,
        actor_id=actor_id, data=found.counts(),
    )  # fmt: skip
    return fresh


def _new_slot(target: Target, row: Row, now: datetime, batch: Batch | None, place: int) -> CandidateSlot:
    slot = CandidateSlot(target=target, batch=batch, rank=place, seats_left=row.required_count)
    slot.created_at = slot.updated_at = now
    _take_over(slot, row)
    return slot


def _take_over(slot: CandidateSlot, row: Row) -> None:
    for name in FIELDS:
        setattr(slot, name, getattr(row, name))
    slot.cell = None
    if slot.latitude is not None and slot.longitude is not None:
        slot.cell = grid.cell(slot.latitude, slot.longitude)


def _change(changed: Iterable[tuple[CandidateSlot, Row]], now: datetime) -> list[CandidateSlot]:
    """Give the slots that matches have to be made anew for: those that moved, came back, or ask for more people."""
    pairs = {slot.pk: row for slot, row in changed}
    locked = slots.locked(CandidateSlot.objects.filter(pk__in=pairs))
    again = []
    for slot in locked:
        row = pairs[slot.pk]
        if slot.state == State.WITHDRAWN or _place(slot) != _place(row) or slot.required_count != row.required_count:
            again.append(slot)
        slot.seats_left += row.required_count - slot.required_count
        slot.state = State.WAITING if slot.state == State.WITHDRAWN else slot.state
        slot.updated_at = now
        _take_over(slot, row)
    names = [*FIELDS, "cell", "state", "seats_left", "updated_at"]
    CandidateSlot.objects.bulk_update(locked, names, batch_size=500)
    return again


def _withdraw(removed: Iterable[CandidateSlot], now: datetime) -> None:
    locked = slots.locked(CandidateSlot.objects.filter(pk__in=[slot.pk for slot in removed]))
    # Somebody may have claimed one since the difference was taken; then it stays theirs.
    held = set(Assignment.objects.live(now).filter(slot__in=locked).values_list("slot", flat=True))
    gone = [slot.pk for slot in locked if slot.pk not in held]
    CandidateSlot.objects.filter(pk__in=gone).update(state=State.WITHDRAWN, updated_at=now)


def close_covered(
    target: Target, fresh: Sequence[CandidateSlot], *, now: datetime, actor_id: UUID | None
) -> list[CandidateSlot]:
    """Close those of some locked slots that earlier captures cover; give the closed ones."""
    captures = list(Capture.objects.filter(target=target, counts=True).select_related("volunteer"))
    closed: list[CandidateSlot] = []
    for first in range(0, len(fresh), AT_ONCE):
        some = fresh[first : first + AT_ONCE]
        matches = matching.compare(captures, some, target, now)
        closed += matching.settle(matches, some, now=now, actor_id=actor_id)
    return closed


Order = Literal["tour", "given"]


def rank(target: Target, fresh: Sequence[CandidateSlot], given: Mapping[str, int] | None = None) -> None:
    """Put the waiting slots in tour order, so that neighbours in rank are neighbours on the ground.

    The tour begins at the slot that came first before. `given` (external id → rank) says the order instead.
    """
    columns = ("pk", "external_id", "latitude", "longitude", "rank")
    waiting = list(CandidateSlot.objects.of(target).filter(state=State.WAITING).only(*columns))
    new = {slot.pk for slot in fresh}
    if given is not None:
        ranks = {slot.pk: given.get(slot.external_id or "", len(given)) for slot in waiting}
    else:
        # Old ones first, in their order: a re-upload does not turn the whole campaign round.
        waiting.sort(key=lambda slot: (slot.pk in new, slot.rank))
        ranks = _toured(waiting)
    _write_ranks([(slot.pk, ranks[slot.pk]) for slot in waiting if slot.rank != ranks[slot.pk]])


def _toured(waiting: Sequence[CandidateSlot]) -> dict[UUID, int]:
    places = np.array([(s.latitude, s.longitude) for s in waiting], float).reshape(-1, 2)
    start = next((i for i, place in enumerate(places) if not np.isnan(place[0])), None)
    order = tour.order(places, start=start)
    return {waiting[int(index)].pk: rank for rank, index in enumerate(order)}


_RANKS = {
    "postgresql": "UPDATE {slot} SET rank = r.n FROM unnest(%s::uuid[], %s::int[]) AS r(id, n) WHERE {slot}.id = r.id",
    "sqlite": "UPDATE {slot} SET rank = r.value ->> 1 FROM json_each(%s) AS r WHERE {slot}.id = r.value ->> 0",
}


def _write_ranks(ranks: Sequence[tuple[UUID, int]]) -> None:
    # One statement: bulk_update writes a CASE of all rows, which takes minutes at 100,000.
    sql = _RANKS[connection.vendor].format(slot=table(CandidateSlot))
    if not ranks:
        return
    if connection.vendor == "postgresql":
        run(sql, [[pk for pk, __ in ranks], [rank for __, rank in ranks]])
    else:
        run(sql, [orjson.dumps([[pk.hex, rank] for pk, rank in ranks]).decode()])


def analyse() -> None:
    """Renew the planner's statistics: after a large batch, stale ones cost PostgreSQL its indexes."""
    if connection.vendor == "postgresql":
        run(f"ANALYZE {table(CandidateSlot)}, {table(Assignment)}", [])
