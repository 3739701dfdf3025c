"""Taking a file back: what it brought in and nobody has touched."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from capturegraph.models import Assignment, Batch, CandidateSlot, Capture, Event, Match, Target, User
from capturegraph.services import events, slots
from capturegraph.services.batching import bulk
from capturegraph.services.batching.batches import NOBODY, Watch
from capturegraph.services.refusals import Conflict, NotFound
from capturegraph.services.writing import writing

LEFT_SHOWN = 1000
State = CandidateSlot.State


class Undone(NamedTuple):
    """A file that was taken back, and the slots of it that stay, each with why: "photographed" or "held"."""

    batch: Batch
    left: list[dict[str, Any]]


def undo(*, batch_id: UUID, by: User | None, now: datetime, watch: Watch = NOBODY) -> Undone:
    """Withdraw the slots that a file added and that nobody has photographed or holds; a repeat changes nothing.

    What the file changed, moved or withdrew stays as it is: what was there before has not been kept.

    Raises:
        NotFound: it has gone. Conflict: it was never applied.
    """
    watch.say(str(_("Withdrawing")))
    with writing():
        target = Target.objects.select_for_update(no_key=True).filter(batches=batch_id).first()
        batch = Batch.objects.select_for_update(no_key=True).filter(pk=batch_id).first()
        if target is None or batch is None:
            raise NotFound(_("There is no such file."))
        if batch.state == Batch.State.UNDONE:
            return Undone(batch, _left_before(batch))
        if batch.state != Batch.State.APPLIED:
            raise Conflict(_("This file was never applied: there is nothing to undo."), present=batch)
        left = _withdraw(batch, by, now)
        watch.still_mine()
    bulk.analyse()
    return Undone(batch, left)


def _withdraw(batch: Batch, by: User | None, now: datetime) -> list[dict[str, Any]]:
    of_it = CandidateSlot.objects.filter(batch=batch).exclude(state=State.WITHDRAWN)
    locked = bulk.locked_columns(list(of_it.values_list("pk", flat=True)), "external_id", "title")
    stays = _stays(batch, now)
    ids = [pk for pk in locked if pk not in stays]
    _end_what_ran_out(ids, now)
    bulk.withdraw(ids, now=now)
    kept = [pk for pk in locked if pk in stays]
    left = [
        {"slot": str(pk), "external_id": locked[pk][0], "title": locked[pk][1], "why": stays[pk]}
        for pk in kept[:LEFT_SHOWN]
    ]
    batch.state, batch.undone_at = Batch.State.UNDONE, now
    batch.counts = {**batch.counts, "withdrawn": len(ids), "left": len(kept)}
    batch.save(update_fields=["state", "undone_at", "counts"])
    events.record(
        at=now, verb="undone", noun="batch", row_id=batch.pk, target_id=batch.target_id,
        actor_id=by.pk if by else None, data={"withdrawn": len(ids), "left": left},
    )  # fmt: skip
    return left


def _end_what_ran_out(ids: list[UUID], now: datetime) -> None:
    """End leases and plans of locked slots whose time is over, as a sweep would: nobody takes these up again."""
    for some in bulk.helpings(ids):
        rows = Assignment.objects.filter(slot__in=some, expires_at__lte=now)
        missed = rows.filter(state=Assignment.State.PLANNED)
        slots.end_planned(ended=missed, state=Assignment.State.EXPIRED, now=now, actor_id=None)
        lapsed = list(rows.filter(state=Assignment.State.HELD))
        if slots.end_assignments(ended=lapsed, state=Assignment.State.EXPIRED, now=now, actor_id=None):
            touched = CandidateSlot.objects.filter(pk__in={one.slot_id for one in lapsed})
            slots.recount(slots.locked(touched), now=now, actor_id=None)


def _stays(batch: Batch, now: datetime) -> dict[UUID, str]:
    """The slots of a batch that somebody has photographed or holds, by which of the two."""
    of_it = CandidateSlot.objects.filter(batch=batch)
    # A photograph that was sent for a slot, too, though it does not count: somebody has been there.
    matched = Exists(Match.objects.filter(slot=OuterRef("pk"), active=True))
    sent = Exists(Capture.objects.filter(assignment__slot=OuterRef("pk")))
    states = [Assignment.State.HELD, Assignment.State.PLANNED]
    holding = Exists(Assignment.objects.filter(slot=OuterRef("pk"), state__in=states, expires_at__gt=now))
    stays = dict.fromkeys(of_it.filter(holding).values_list("pk", flat=True), "held")
    return {**stays, **dict.fromkeys(of_it.filter(matched | sent).values_list("pk", flat=True), "photographed")}


def _left_before(batch: Batch) -> list[dict[str, Any]]:
    told = Event.objects.filter(noun="batch", row_id=batch.pk, verb="undone").first()
    found: list[dict[str, Any]] = told.data["left"] if told else []
    return found


def left_of(batch: Batch) -> list[dict[str, Any]]:
    """Give the slots that stayed when a file was taken back; none for one that was not."""
    return _left_before(batch) if batch.state == Batch.State.UNDONE else []
