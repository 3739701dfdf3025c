"""In which order the waiting slots come: a short tour, so that neighbours in rank are neighbours on the ground."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from uuid import UUID

import numpy as np

from capturegraph.models import CandidateSlot, Target
from capturegraph.services.batching import bulk
from capturegraph.services.batching.differences import Difference, coordinates
from scheduling import tour

_MANY = 50_000


class Ranks(NamedTuple):
    """The rank of each added row, and the new ones of slots that are there."""

    added: list[int]
    there: list[tuple[UUID, int]]


def ranks_after(found: Difference) -> Ranks:
    """Put what will wait in tour order, before it does: old ones and new ones together.

    The tour begins at the slot that came first before: a re-upload does not turn the whole campaign round.
    """
    if not found.changes_the_tour:
        return Ranks([], [])
    was = np.array(found.waiting.ranks)
    before = np.argsort(was, kind="stable")
    places = np.concatenate([found.waiting.places[before], coordinates(found.added)])
    rank = np.empty(len(places), np.int64)
    located = np.flatnonzero(~np.isnan(places[:, 0]))
    start = int(located[0]) if len(located) else None
    rank[tour.order(places, start=start, budget_s=1.0 + len(places) / _MANY)] = np.arange(len(places))
    new = rank[: len(before)][np.argsort(before, kind="stable")]
    ids = found.waiting.ids
    there = [(ids[n], int(new[n])) for n in np.flatnonzero(new != was).tolist()]
    return Ranks(rank[len(before) :].tolist(), there)


def rank_anew(target: Target) -> None:
    """Put what waits now in tour order, beginning at the slot that came first before."""
    waiting = CandidateSlot.objects.of(target).filter(state=CandidateSlot.State.WAITING).order_by("rank", "pk")
    rows = list(waiting.values_list("pk", "rank", "latitude", "longitude"))
    places = np.array([row[2:] for row in rows], float).reshape(-1, 2)
    located = np.flatnonzero(~np.isnan(places[:, 0]))
    start = int(located[0]) if len(located) else None
    order = tour.order(places, start=start, budget_s=1.0 + len(places) / _MANY).tolist()
    bulk.write_ranks((rows[n][0], rank) for rank, n in enumerate(order) if rows[n][1] != rank)


def rank_as_given(target: Target, given: Mapping[str, int]) -> None:
    """Let the waiting slots come in an order of external ids that the caller says; others come last."""
    waiting = CandidateSlot.objects.of(target).filter(state=CandidateSlot.State.WAITING)
    ranks = [
        (pk, given.get(external_id or "", len(given)), rank)
        for pk, external_id, rank in waiting.values_list("pk", "external_id", "rank")
    ]
    bulk.write_ranks((pk, new) for pk, new, rank in ranks if new != rank)
