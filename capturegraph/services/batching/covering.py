"""Which places earlier photographs cover already, for many places and many photographs at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from uuid import UUID

import numpy as np

from capturegraph.models import CandidateSlot, Capture, Match, Target
from capturegraph.services.batching import nearness
from capturegraph.services.batching.bulk import helpings
from capturegraph.services.batching.nearness import BoolArray
from capturegraph.services.matches import matching
from scheduling.values import FloatArray, IntArray

AT_ONCE = 500


class Photographs:
    """The captures of a target that count, by where they were taken."""

    def __init__(self, target: Target) -> None:
        self._target = target
        counting = Capture.objects.filter(target=target, counts=True, latitude__isnull=False)
        found = list(counting.values_list("pk", "latitude", "longitude"))
        self._ids: list[UUID] = [pk for pk, __, __ in found]
        self._places = np.array([rest for __, *rest in found], float).reshape(-1, 2)

    def may_cover(self, places: FloatArray) -> BoolArray:
        """Say which places (degrees, shape (N, 2)) a photograph may be near enough to; a few too many, none too few."""
        if not self._ids:
            return np.zeros(len(places), bool)
        return nearness.beside(places, self._places, self._target.allowed_m)

    def matches(self, slots: Sequence[CandidateSlot], now: datetime) -> list[Match]:
        """Give the matches, not saved, of some slots near one another with every photograph near enough."""
        places = np.array([(slot.latitude, slot.longitude) for slot in slots], float).reshape(-1, 2)
        if not self._ids or not len(slots):
            return []
        near = nearness.beside(self._places, places, self._target.allowed_m)
        found: list[Match] = []
        for some in helpings(np.flatnonzero(near).tolist(), AT_ONCE):
            captures = Capture.objects.filter(pk__in=[self._ids[n] for n in some]).select_related("volunteer")
            found += matching.compare(list(captures.order_by("received_at", "pk")), slots, self._target, now)
        return found


def by_neighbourhood(places: FloatArray) -> Iterator[IntArray]:
    """Give the indices of places (degrees, shape (N, 2)) in helpings that lie near one another."""
    order = np.lexsort((places[:, 1], np.floor(places[:, 0] * 64)))
    for first in range(0, len(order), AT_ONCE):
        yield order[first : first + AT_ONCE]


def people(matches: Sequence[Match]) -> dict[UUID, int]:
    """Count the different people of each slot that has matches."""
    seen: dict[UUID, set[UUID]] = {}
    for match in matches:
        seen.setdefault(match.slot_id, set()).add(match.person_key)
    return {slot_id: len(keys) for slot_id, keys in seen.items()}


def number_covered(slots: Sequence[CandidateSlot], matches: Sequence[Match]) -> int:
    """Count the slots that as many different people have photographed as each asks for."""
    found = people(matches)
    return sum(found.get(slot.pk, 0) >= slot.required_count for slot in slots)
