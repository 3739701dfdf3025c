"""The free slots around a place, the nearest first, without a spatial database."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Protocol
from uuid import UUID

import numpy as np
from django.db.models import Max

from capturegraph.models import CandidateSlot
from capturegraph.models.candidate_slot import CandidateSlotQuerySet
from capturegraph.services.claims import Choice, Reading
from scheduling.geodesy import bounding_box, metres_matrix

RADII_M = (300.0, 1_200.0, 5_000.0, 20_000.0)
STEPS = (0, 20, 100, 420)
ROWS_AT_MOST = 5_000
WALKING_M_S = 1.2
DETOUR = 1.3
LONGEST_LEASE_S = 4 * 3600


class Point(Protocol):
    """A place in degrees."""

    @property
    def latitude(self) -> float:
        """North of the equator."""

    @property
    def longitude(self) -> float:
        """East of Greenwich."""


def nearest_choices(reading: Reading, position: Point) -> Iterator[list[Choice]]:
    """Give free slots of the highest priority that has any, by nearness, in ever larger helpings.

    A claim tries one helping at a time: mostly the first does. Slots farther than 20 km, or of a lower priority, are
    left to the queue, since nobody walks there next.
    """
    free = CandidateSlot.objects.filter(target=reading.target_id).free()
    priority = free.aggregate(top=Max("priority"))["top"]
    if priority is None:
        return
    near = _around(free.filter(priority=priority), position)
    for first, last in pairwise(STEPS):
        if near[first:last]:
            yield [Choice(slot, _lease_s(reading.lease_s, metres)) for slot, metres in near[first:last]]


def _around(slots: CandidateSlotQuerySet, position: Point) -> list[tuple[UUID, float]]:
    for radius_m in RADII_M:
        boxes = bounding_box(position.latitude, position.longitude, radius_m)
        found = list(slots.inside(boxes).values_list("pk", "latitude", "longitude")[:ROWS_AT_MOST])
        if len(found) < STEPS[1] and radius_m != RADII_M[-1]:
            continue
        metres = metres_matrix(
            np.array([position.latitude]),
            np.array([position.longitude]),
            np.array([row[1] for row in found], float),
            np.array([row[2] for row in found], float),
        )[0]
        order = np.lexsort(([row[0].int & 0xFFFF for row in found], metres))
        return [(found[i][0], float(metres[i])) for i in order if metres[i] <= radius_m]
    return []


def _lease_s(least_s: int, metres: float) -> int:
    # Three times the walk there, so that a far place does not run out on the way.
    return int(max(least_s, min(3 * metres * DETOUR / WALKING_M_S, LONGEST_LEASE_S)))
