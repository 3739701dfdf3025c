"""Carrying out what a file says of the slots of a target, in one transaction and by few statements."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID, uuid4

import numpy as np

from capturegraph.models import Assignment, Batch, CandidateSlot, Match, Target
from capturegraph.services import events, slots, telling
from capturegraph.services.batching import bulk, covering
from capturegraph.services.batching.differences import Difference, coordinates
from capturegraph.services.batching.ranking import Ranks
from capturegraph.services.matches import matching
from scheduling.values import FloatArray

State = CandidateSlot.State
OPEN = (State.WAITING, State.POOL, State.NOT_CAPTURABLE)


class How(NamedTuple):
    """What applying a file is to do beside the rows.

    `afresh`: what earlier photographs cover is asked for again, else closed at once; with neither (`close` off) it is
    left waiting. `release_held`: slots that somebody holds may move and go, and their holders are told.
    """

    afresh: bool = False
    release_held: bool = False
    close: bool = True


def put(
    target: Target,
    found: Difference,
    ranks: Ranks,
    *,
    how: How,
    now: datetime,
    actor_id: UUID | None,
    batch: Batch | None = None,
    new_id: Callable[[], UUID] = uuid4,
) -> None:
    """Carry out a difference, in the caller's transaction and under its lock on the target.

    Everything is one event with its counts: a hundred thousand of them would say no more. What somebody holds, and what
    is closed or opened by photographs, has its own, as ever.
    """
    if not found.does_nothing:
        _put(target, found, ranks, how, now, actor_id, batch, new_id)
    events.record(
        at=now, verb="applied", noun="batch", row_id=batch.pk if batch else target.pk, target_id=target.pk,
        actor_id=actor_id, data=found.counts(),
    )  # fmt: skip


def _put(
    target: Target, found: Difference, ranks: Ranks, how: How, now: datetime, actor_id: UUID | None,
    batch: Batch | None, new_id: Callable[[], UUID],
) -> None:  # fmt: skip
    let_go = _still_so(target, found, how, now, actor_id)
    again = [one for one in found.changed if one.again]
    touched = _touched(target, [one.id for one in again])
    photographs, places = covering.Photographs(target), coordinates(found.added)
    near = np.flatnonzero(photographs.may_cover(places))
    # Of new slots only those need a second look that a photograph may cover.
    ids: dict[int, UUID | None] = dict.fromkeys(near.tolist())
    # Where the target is refreshed, that chooses which of them wait.
    state = State.POOL if target.batch_size else State.WAITING
    batch_id = batch.pk if batch else None
    bulk.insert(_new(found, ranks, new_id, ids), target_id=target.pk, batch_id=batch_id, now=now, state=state)
    done = _done([one.id for one in again]) if state == State.POOL else []
    bulk.change(((one.id, one.row, one.moved) for one in found.changed), now=now, state=state)
    bulk.withdraw((slot.id for slot in found.removed), now=now)
    bulk.forget_matches(one.id for one in found.changed if one.other and one.id in touched)
    _ask_again([one.id for one in found.changed if one.reopens], now)
    around = coordinates([one.row for one in again])
    # Nor do those that change, unless photographs or people have to do with them.
    second = np.flatnonzero(photographs.may_cover(around) | np.array([one.id in touched for one in again], bool))
    fresh = [*(again[n].id for n in second.tolist()), *(pk for pk in ids.values() if pk)]
    at = np.concatenate([around[second], places[near]])
    found.covered = _judge(photographs, fresh, at, how, now, actor_id)
    _recount(let_go, now, actor_id)
    for some in bulk.helpings(done):
        CandidateSlot.objects.filter(pk__in=some, state=State.WAITING).update(state=state)
    bulk.write_ranks(ranks.there)


def _done(ids: Sequence[UUID]) -> list[UUID]:
    """Give those of some slots that nobody is asked for, since they are done."""
    done = CandidateSlot.objects.filter(state=State.FULFILLED)
    return [pk for some in bulk.helpings(ids) for pk in done.filter(pk__in=some).values_list("pk", flat=True)]


def _touched(target: Target, ids: Sequence[UUID]) -> set[UUID]:
    """Give those of some slots that anybody has photographed or was on the way to."""
    matched, held = Match.objects.filter(slot__target=target), Assignment.objects.filter(target=target)
    if len(ids) <= bulk.HELPING:
        matched, held = matched.filter(slot__in=ids), held.filter(slot__in=ids)
    found = set(matched.values_list("slot", flat=True).distinct())
    return found.union(held.values_list("slot", flat=True).distinct())


def _new(
    found: Difference, ranks: Ranks, new_id: Callable[[], UUID], ids: dict[int, UUID | None]
) -> Iterator[bulk.New]:
    """Make the slots to be, in the order of the tour, and note the ids of those that are asked for."""
    numbers = sorted(new_id().int for _ in found.added)
    for number, n in zip(numbers, np.argsort(ranks.added).tolist(), strict=True):
        pk = UUID(int=number)
        if n in ids:
            ids[n] = pk
        yield bulk.New(pk, found.added[n], ranks.added[n])


def _still_so(target: Target, found: Difference, how: How, now: datetime, actor_id: UUID | None) -> list[UUID]:
    """Lock what changes and goes; leave out what somebody holds, or let go of it. Give the slots let go of."""
    locked = bulk.locked_columns([*(one.id for one in found.changed), *(slot.id for slot in found.removed)], "state")
    held = _held(target)
    live = {slot_id for slot_id, some in held.items() if any(one.expires_at > now for one in some)}
    # The difference was taken without a lock: somebody may have claimed one of them since.
    affected = {one.id for one in found.changed if one.other}.union(slot.id for slot in found.removed)
    taken = set() if how.release_held else live & affected
    found.held_late += len(taken)
    found.changed = [one for one in found.changed if one.id in locked and not (one.other and one.id in taken)]
    found.removed = [slot for slot in found.removed if slot.id not in taken and locked.get(slot.id, ("",))[0] in OPEN]
    gone = {slot.id for slot in found.removed}
    affected = gone.union(one.id for one in found.changed if one.other)
    let_go = affected.intersection(held)
    for slot_id in sorted(let_go):
        kind = "slot_withdrawn" if slot_id in gone else "slot_moved"
        found.released += _release(held[slot_id], kind, now, actor_id)
    _call_off(target, affected, gone, now, actor_id)
    return sorted(let_go)


def _call_off(target: Target, affected: set[UUID], gone: set[UUID], now: datetime, actor_id: UUID | None) -> None:
    """End what is only planned of slots that go or move, and tell those whose time it has not been yet."""
    planned = Assignment.objects.filter(target=target, state=Assignment.State.PLANNED)
    off = [one for one in planned.select_related("slot") if one.slot_id in affected]
    for kind, some in (
        ("slot_withdrawn", [one for one in off if one.slot_id in gone]),
        ("slot_moved", [one for one in off if one.slot_id not in gone]),
    ):
        ended = slots.end_planned(ended=some, state=Assignment.State.WITHDRAWN, now=now, actor_id=actor_id, why=kind)
        for one in ended:
            if one.expires_at > now:
                data = {"title": str(one.slot), "slot": str(one.slot_id)}
                telling.tell(users=[one.volunteer_id], kind=kind, now=now, target_id=target.pk, data=data)


def _held(target: Target) -> dict[UUID, list[Assignment]]:
    found: dict[UUID, list[Assignment]] = {}
    held = Assignment.objects.filter(target=target, state=Assignment.State.HELD)
    for one in held.select_related("slot").order_by("pk"):
        found.setdefault(one.slot_id, []).append(one)
    return found


def _release(held: list[Assignment], kind: str, now: datetime, actor_id: UUID | None) -> int:
    """End what is held of a slot, and tell those whose time was not up; say how many that were."""
    states = Assignment.State
    over = [one for one in held if one.expires_at <= now]
    slots.end_assignments(ended=over, state=states.EXPIRED, now=now, actor_id=actor_id)
    live = [one for one in held if one.expires_at > now]
    ended = slots.end_assignments(ended=live, state=states.WITHDRAWN, now=now, actor_id=actor_id, why=kind)
    for one in ended:
        data = {"title": str(one.slot), "slot": str(one.slot_id)}
        telling.tell(users=[one.volunteer_id], kind=kind, now=now, target_id=one.target_id, data=data)
    return len(ended)


def _ask_again(ids: Sequence[UUID], now: datetime) -> None:
    for some in bulk.helpings(ids, covering.AT_ONCE):
        # Nor does what a reviewer linked, or what was kept from before.
        Match.objects.filter(slot__in=some).update(active=False, manual=False, kept=False)
        CandidateSlot.objects.filter(pk__in=some).update(counts_from=now, reopened_at=now)


def _judge(
    photographs: covering.Photographs, ids: Sequence[UUID], places: FloatArray, how: How, now: datetime,
    actor_id: UUID | None,
) -> int:  # fmt: skip
    """Compare slots that are new, or not what they were, with the photographs there are; say how many they cover."""
    covered = 0
    for some in covering.by_neighbourhood(places):
        chosen = [ids[n] for n in some.tolist()]
        fresh = slots.locked(CandidateSlot.objects.filter(pk__in=chosen))
        matches = photographs.matches(fresh, now) if how.close or how.afresh else []
        covered += covering.number_covered(fresh, matches)
        if how.afresh:
            _ask_again(sorted(covering.people(matches)), now)
            fresh = slots.locked(CandidateSlot.objects.filter(pk__in=chosen))
        else:
            matching.settle(matches, fresh, now=now, actor_id=actor_id)
        slots.recount(fresh, now=now, actor_id=actor_id)
    return covered


def _recount(ids: Sequence[UUID], now: datetime, actor_id: UUID | None) -> None:
    for some in bulk.helpings(ids, covering.AT_ONCE):
        slots.recount(slots.locked(CandidateSlot.objects.filter(pk__in=some)), now=now, actor_id=actor_id)
