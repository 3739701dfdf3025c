"""Choosing anew which slots of a target wait: where coverage is thinnest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np

from capturegraph.models import Assignment, CandidateSlot, Capture, Target, User
from capturegraph.services import events
from capturegraph.services.batching import bulk, ranking
from capturegraph.services.jobs import Held
from capturegraph.services.writing import writing
from scheduling import tour, void_and_cluster
from scheduling.distance import location
from scheduling.energy import inverse

State = CandidateSlot.State
REFRESH = "refresh"
_MANY = 50_000


class Open(NamedTuple):
    """A slot that waits, or could."""

    id: UUID
    state: str
    rank: int
    latitude: float | None
    longitude: float | None


class Choice(NamedTuple):
    """Which slots are to wait, the largest void first, and which no longer; the tour of all that will; and what for."""

    up: list[UUID]
    down: list[UUID]
    ranks: list[tuple[UUID, int]]
    stamp: tuple[Any, ...]


def refresh(held: Held) -> Mapping[str, Any]:
    """Do the job of one target and one cycle."""
    if held.job.target_id is None:
        return {}
    cycle = datetime.fromisoformat(held.job.data["cycle"])
    change = refresh_target(target_id=held.job.target_id, cycle=cycle, now=held.clock())
    return {name: len(some) for name, some in (change or {}).items()}


def refresh_target(*, target_id: UUID, cycle: datetime, now: datetime) -> dict[str, Any] | None:
    """Choose `batch_size` slots from the pool and from what waits unheld; give the difference that it made.

    It commits with `refreshed_cycle` moving forward on the target's row: a second time in a cycle, or for an earlier
    one, changes nothing and gives None. Slots that somebody holds or is planned for are left alone, and count as
    chosen. It is all worked out before the transaction, which is short therefore: captures wait for it.
    """
    while True:
        target = Target.objects.filter(pk=target_id).first()
        if target is None or not _is_due(target, cycle):
            return None
        choice = _choice(target, now)
        with writing():
            target = Target.objects.select_for_update(no_key=True).filter(pk=target_id).first()
            if target is None or not _is_due(target, cycle):
                return None
            if _stamp(target) != choice.stamp:
                continue
            change, held = _put(target, choice, now)
            target.refreshed_cycle = cycle
            target.save(update_fields=["refreshed_cycle"])
            events.record(
                at=now, verb="refreshed", noun="target", row_id=target.pk, target_id=target.pk,
                data={**change, "cycle": cycle.isoformat(), "held": held},
            )  # fmt: skip
        return change


def let_all_wait(target: Target, *, by: User, now: datetime) -> int:
    """Let everything in the pool of a locked target wait, since nothing chooses from it any more; say how many.

    It is for the inside of the caller's transaction.
    """
    pool = CandidateSlot.objects.of(target).filter(state=State.POOL)
    ids = list(bulk.locked_columns(list(pool.values_list("pk", flat=True)), "state"))
    waiting = 0
    for some in bulk.helpings(ids):
        waiting += pool.filter(pk__in=some).update(state=State.WAITING, updated_at=now)
    if waiting:
        ranking.rank_anew(target)
        events.record(
            at=now, verb="emptied", noun="pool", row_id=target.pk, target_id=target.pk, actor_id=by.pk,
            data={"waiting": waiting},
        )  # fmt: skip
    return waiting


def _on_the_way(target: Target, now: datetime) -> set[UUID]:
    """The slots that somebody holds, or has a plan to go to."""
    states = [Assignment.State.HELD, Assignment.State.PLANNED]
    rows = Assignment.objects.filter(target=target, state__in=states, expires_at__gt=now)
    return set(rows.values_list("slot", flat=True))


def _is_due(target: Target, cycle: datetime) -> bool:
    if target.batch_size is None or target.state != Target.State.OPEN:
        return False
    return target.refreshed_cycle is None or target.refreshed_cycle < cycle


def _stamp(target: Target) -> tuple[Any, ...]:
    """What a choice is for: asked before, and under the lock."""
    return target.refreshed_cycle, target.batch_size, target.sigma_m


def _choice(target: Target, now: datetime) -> Choice:
    rows = CandidateSlot.objects.of(target).filter(state__in=[State.POOL, State.WAITING]).order_by("pk")
    there = [Open(*row) for row in rows.values_list("pk", *Open._fields[1:])]
    held = _on_the_way(target, now)
    wanted = max(0, (target.batch_size or 0) - sum(slot.id in held for slot in there))
    found = _largest_voids(target, [slot for slot in there if slot.id not in held], wanted)
    pool = {slot.id for slot in there if slot.state == State.POOL}
    staying = held.union(found)
    up = [pk for pk in found if pk in pool]
    down = [slot.id for slot in there if slot.id not in pool and slot.id not in staying]
    # What is held or planned for and not in the pool waits as well.
    waits = {*up, *(slot.id for slot in there if slot.id not in pool and slot.id in staying)}
    ranks = _ranks([slot for slot in there if slot.id in waits]) if up or down else []
    return Choice(up, down, ranks, _stamp(target))


def _largest_voids(target: Target, free: Sequence[Open], wanted: int) -> list[UUID]:
    if not free or not wanted:
        return []
    if len(free) <= wanted:
        return [slot.id for slot in free]
    usable = list(Capture.objects.filter(target=target, counts=True).values_list("latitude", "longitude"))
    # Only the nearest photograph matters, by any distance: a Gaussian would be nought everywhere on a wide site.
    found = void_and_cluster.select_indices(
        [slot[3:] for slot in free], usable, location(target.sigma_m), inverse, energy_mode="max", selections=wanted
    )
    return [free[index].id for index in found]


def _ranks(waits: Sequence[Open]) -> list[tuple[UUID, int]]:
    """Put slots in tour order, beginning at the one that came first before; give the ranks that are others."""
    before = sorted(waits, key=lambda slot: (slot.rank, slot.id))
    places = np.array([slot[3:] for slot in before], float).reshape(-1, 2)
    located = np.flatnonzero(~np.isnan(places[:, 0]))
    start = int(located[0]) if len(located) else None
    order = tour.order(places, start=start, budget_s=1.0 + len(places) / _MANY).tolist()
    return [(before[n].id, rank) for rank, n in enumerate(order) if before[n].rank != rank]


def _put(target: Target, choice: Choice, now: datetime) -> tuple[dict[str, list[str]], int]:
    """Write a choice down, under the lock on its target; give what changed, and how many slots are held.

    It was made without a lock. A slot that somebody took since stays, in place of one that was to come; one that is
    closed by now stays closed.
    """
    ids = {*choice.up, *choice.down, *(pk for pk, __ in choice.ranks)}
    states = {pk: state for pk, (state,) in bulk.locked_columns(list(ids), "state").items()}
    held = _on_the_way(target, now)
    room = max(0, len(choice.up) - sum(pk in held for pk in choice.down))
    up = [pk for pk in choice.up if states.get(pk) == State.POOL][:room]
    down = [pk for pk in choice.down if states.get(pk) == State.WAITING and pk not in held]
    for ids_of, state in ((up, State.WAITING), (down, State.POOL)):
        for some in bulk.helpings(ids_of):
            CandidateSlot.objects.filter(pk__in=some).update(state=state, updated_at=now)
    if up or down:
        waits = {pk for pk, state in states.items() if state == State.WAITING}.difference(down).union(up)
        bulk.write_ranks((pk, rank) for pk, rank in choice.ranks if pk in waits)
    return {"chosen": sorted(map(str, up)), "put_back": sorted(map(str, down))}, len(held)
