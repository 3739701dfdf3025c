"""What a coordinator wants to know of a file before it is applied, beyond what it would change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np

from capturegraph.formats import Row
from capturegraph.models import CandidateSlot, Target
from capturegraph.services.batching import covering, nearness
from capturegraph.services.batching.bulk import ROW_FIELDS
from capturegraph.services.batching.differences import Difference, coordinates, kind_of
from scheduling.geodesy import metres
from scheduling.values import IntArray

PAIRS_SHOWN = 20


class Pair(NamedTuple):
    """Two places so near each other that one photograph would close both."""

    row: int | None
    title: str
    other_row: int | None
    other_title: str
    metres: float


def count_covered(target: Target, found: Difference, now: datetime) -> int:
    """Count the places of a file that earlier photographs cover. As `candidates.put` judges them, on paper."""
    rows = [*found.added, *(one.row for one in found.changed if one.again)]
    photographs, places = covering.Photographs(target), coordinates(rows)
    near = np.flatnonzero(photographs.may_cover(places))
    covered = 0
    for some in covering.by_neighbourhood(places[near]):
        slots = [_on_paper(target, rows[n]) for n in near[some].tolist()]
        covered += covering.number_covered(slots, photographs.matches(slots, now))
    return covered


def _on_paper(target: Target, row: Row) -> CandidateSlot:
    return CandidateSlot(target=target, **{name: getattr(row, name) for name in ROW_FIELDS})


def find_close(target: Target, found: Difference) -> list[Pair]:
    """Count, in `found.close`, the places of a file that come closer to another one than a photograph may be off.

    Compared with one another and with what waits already; other directions and other times are other photographs. Gives
    some of them, each with one that it is too close to.
    """
    waiting, added = found.waiting, found.added
    places = np.concatenate([waiting.places, coordinates(added)])
    kinds = np.concatenate([np.array(waiting.kinds, np.int64), np.array([kind_of(row) for row in added], np.int64)])
    new = np.concatenate([np.array(waiting.new, bool), np.ones(len(added), bool)])
    partner = nearness.crowded(places, kinds, new, target.allowed_m)
    close = np.flatnonzero(partner >= 0)
    found.close = len(close)
    return list(_pairs(found, close, partner))


def _pairs(found: Difference, close: IntArray, partner: IntArray) -> Iterator[Pair]:
    seen: set[tuple[int, int]] = set()
    for n in close.tolist():
        pair = (min(n, int(partner[n])), max(n, int(partner[n])))
        if pair in seen:
            continue
        if len(seen) == PAIRS_SHOWN:
            return
        seen.add(pair)
        one, other = (_named(found, at) for at in (n, int(partner[n])))
        yield Pair(one[0], one[1], other[0], other[1], round(metres(one[2], other[2]), 1))


def _named(found: Difference, n: int) -> tuple[int | None, str, tuple[float, float]]:
    before = len(found.waiting.ids)
    if n >= before:
        row = found.added[n - before]
        return row.number, row.title or row.external_id or "", (row.latitude, row.longitude)
    slot = found.waiting.ids[n]
    degrees = found.waiting.degrees
    return None, _title(slot), (degrees[2 * n], degrees[2 * n + 1])


def _title(slot_id: UUID) -> str:
    return str(CandidateSlot.objects.only("title", "external_id").get(pk=slot_id))


def shown(found: Difference, pairs: Sequence[Pair]) -> dict[str, Any]:
    """Say who is affected and what is too close, as it is kept with the preview."""
    holders = [{**one._asdict(), "slot": str(one.slot), "until": one.until.isoformat()} for one in found.holders]
    return {"held": holders[:1000], "close": [pair._asdict() for pair in pairs]}
