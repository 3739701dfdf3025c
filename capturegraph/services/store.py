"""The database as a memory of `scheduling.organize.BatchedDistanceStore`, on the same rows as everything else."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from capturegraph.formats import Row
from capturegraph.models import Assignment, CandidateSlot, Capture, Match, Target, User
from capturegraph.services import slots as slot_rows
from capturegraph.services.batching import candidates
from capturegraph.services.batching.candidates import How
from capturegraph.services.batching.differences import difference
from capturegraph.services.batching.ranking import Ranks, rank_as_given
from capturegraph.services.hand_out import assignments
from capturegraph.services.matches import matching
from capturegraph.services.writing import writing
from scheduling.distance import Distance, within
from scheduling.locations import location_of
from scheduling.organize import Persistence

State = CandidateSlot.State


class RowPersistence(Persistence[CandidateSlot]):
    """The slots, assignments and captures of one target as a store's memory.

    Sessions are rows of `Capture`; one is seen once it has been judged, which captures that came in over the API are.
    Users are known by log-in name and have to be members of the target.
    """

    def __init__(self, target_id: UUID, *, clock: Callable[[], datetime]) -> None:
        self._target_id = target_id
        self._clock = clock

    def settle(
        self, sessions: Iterable[object], *, distance: Distance, threshold: float, covers_waiting: bool
    ) -> list[CandidateSlot]:
        """Judge the captures not judged yet; the first call on a target only marks them."""
        now = self._clock()
        with writing():
            target = Target.objects.select_for_update(no_key=True).get(pk=self._target_id)
            asked = [session.pk for session in sessions if isinstance(session, Capture)]
            unseen = Capture.objects.filter(target=target, pk__in=asked, judged_at=None)
            captures = list(unseen.select_related("volunteer").order_by("received_at", "pk"))
            first, target.settled_at = target.settled_at is None, target.settled_at or now
            target.save(update_fields=["settled_at"])
            Capture.objects.filter(pk__in=[capture.pk for capture in captures]).update(judged_at=now)
            return [] if first else self._close(target, captures, distance, threshold, covers_waiting, now)

    def _close(
        self,
        target: Target,
        captures: list[Capture],
        distance: Distance,
        threshold: float,
        covers_waiting: bool,
        now: datetime,
    ) -> list[CandidateSlot]:
        held = Assignment.objects.live(now).filter(target=target).values("slot")
        open_slots = CandidateSlot.objects.of(target).filter(state__in=[State.WAITING, State.POOL])
        chosen = slot_rows.locked(open_slots if covers_waiting else open_slots.filter(pk__in=held))
        if not captures or not chosen:
            return []
        apart = distance.matrix(chosen, captures)
        near = within(apart, threshold)
        matches = [
            matching.match_of(capture, slot, float(apart[j, i]), target, now)
            for i, capture in enumerate(captures)
            for j, slot in enumerate(chosen)
            if near[j, i]
        ]
        return matching.settle(matches, chosen, now=now, actor_id=None)

    def set_batch(self, slots: Sequence[object]) -> None:
        """Replace what waits; a place that was done and is given again is asked for again."""
        now = self._clock()
        rows = [_row(number, slot) for number, slot in enumerate(slots)]
        with writing():
            target = Target.objects.select_for_update(no_key=True).get(pk=self._target_id)
            once = {row.external_id or "": row for row in reversed(rows)}
            self._ask_again(target, list(once), now)
            found = difference(target, list(once.values()), replace=True, now=now)
            # Ranked as they were given, by the store.
            ranks = Ranks(list(range(len(found.added))), [])
            candidates.put(target, found, ranks, how=How(close=False), now=now, actor_id=None)
            rank_as_given(target, {row.external_id or "": row.number for row in rows})

    def _ask_again(self, target: Target, external_ids: list[str], now: datetime) -> None:
        done = CandidateSlot.objects.of(target).filter(state=State.FULFILLED, external_id__in=external_ids)
        locked = slot_rows.locked(done)
        Match.objects.filter(slot__in=locked).update(active=False, manual=False, kept=False)
        slot_rows.recount(locked, now=now, actor_id=None)

    def request(self, user_id: str) -> CandidateSlot | None:
        """Hand out by rank, as a phone without a position is."""
        user = User.objects.get_by_natural_key(user_id)
        handed = assignments.request_slot(
            target_id=self._target_id, user_id=user.pk, now=self._clock(), by_rank_alone=True
        )
        return CandidateSlot.objects.get(pk=handed.assignment.slot_id) if handed.assignment else None

    def is_empty(self) -> bool:
        """Whether no slot has a free seat."""
        return not CandidateSlot.objects.filter(target=self._target_id).free().exists()


def _row(number: int, thing: object) -> Row:
    """Read whatever `set_batch` was given as a row of a file is read."""
    latitude, longitude = location_of(thing)
    there = not math.isnan(latitude)
    key = next((str(value) for name in ("external_id", "id", "uuid", "key") if (value := _value(thing, name))), None)
    return Row(
        number=number,
        external_id=key or f"{latitude},{longitude}",
        title=str(_value(thing, "title") or key or ""),
        note=str(_value(thing, "note") or ""),
        latitude=latitude if there else None,  # type: ignore[arg-type]
        longitude=longitude if there else None,  # type: ignore[arg-type]
    )


def _value(thing: object, name: str) -> object:
    return thing.get(name) if isinstance(thing, dict) else getattr(thing, name, None)
