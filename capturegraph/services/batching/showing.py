"""What a file would do, row by row and on the map, as somebody at a desk goes through it.

It is written beside the file when that is looked at, so that a page need not read a hundred thousand rows anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import orjson
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from capturegraph.formats import Row, Table
from capturegraph.models import Batch, CandidateSlot
from capturegraph.services.batching import wording
from capturegraph.services.batching.bulk import helpings
from capturegraph.services.batching.differences import FAR_M, Change, Difference, Seen, lengths
from scheduling.geodesy import bearing

ROWS_KEPT = 1000
"""Rows of a kind that are kept to be looked at; all are counted, and all are applied."""

POINTS_KEPT, MOVES_KEPT = 5000, 2000
"""Places of a kind, and moves, that are drawn on the map, evenly chosen."""

_VALUES = ("heading", "window_from", "window_until", "priority", "required_count", "skills")


def write(batch: Batch, found: Difference, read: Table) -> None:
    """Write down what a file would do, beside the file, in the stead of what was written before."""
    forget(batch)
    default_storage.save(beside(batch.file.name), ContentFile(orjson.dumps(shown(found, read))))


def forget(batch: Batch) -> None:
    """Take away what was written beside a file."""
    default_storage.delete(beside(batch.file.name))


def written(batch: Batch) -> dict[str, Any] | None:
    """Give what was written, as `shown` has it; None where nothing was."""
    try:
        with default_storage.open(beside(batch.file.name), "rb") as stored:
            return cast(dict[str, Any], orjson.loads(stored.read()))
    except FileNotFoundError:
        return None


def beside(name: str | None) -> str:
    """Give the name under which it is written what a stored file would do."""
    return f"{name}.look"


def shown(found: Difference, read: Table) -> dict[str, Any]:
    """Say what a file would do: rows of each kind, titles of rows with errors, points and moves for the map.

    Points are [mark, longitude, latitude, title], moves [longitude, latitude, longitude, latitude].
    """
    return {
        "changed": list(_changed(found)),
        "added": [_added(row) for row in found.added[:ROWS_KEPT]],
        "removed": [_seen(slot) for slot in found.removed[:ROWS_KEPT]],
        "called": {str(row): title for row, title in read.called.items()},
        "points": list(_points(found)),
        "moves": found.moves[_evenly(len(found.moves), MOVES_KEPT)][:, :, ::-1].reshape(-1, 4).tolist(),
    }


def _added(row: Row) -> dict[str, Any]:
    return {"row": row.number, "title": row.title or row.external_id or "", "note": row.note[:200]}


def _seen(slot: Seen) -> dict[str, Any]:
    return {"row": None, "title": slot.title or slot.external_id or "", "note": slot.note[:200]}


def _changed(found: Difference) -> Iterator[dict[str, Any]]:
    """The changed rows, those that move far first: there a person must look."""
    metres = dict(zip(found.movers, lengths(found.moves).tolist(), strict=True))
    far = [n for n in found.movers if metres[n] > FAR_M]
    order = [*far, *sorted(set(range(len(found.changed))) - set(far), key=lambda n: found.changed[n].row.number)]
    for some in helpings(order[:ROWS_KEPT], 500):
        was = _were([found.changed[n].id for n in some])
        for n in some:
            change = found.changed[n]
            if change.id in was:
                yield {**_added(change.row), "note": "", "says": list(_says(was[change.id], change, metres.get(n)))}


def _were(ids: Sequence[UUID]) -> dict[UUID, Seen]:
    rows = CandidateSlot.objects.filter(pk__in=ids).values_list(*Seen._fields)
    return {row[0]: Seen._make((*row[:-1], tuple(row[-1]))) for row in rows}


def _says(was: Seen, change: Change, metres: float | None) -> Iterator[Mapping[str, Any]]:
    row = change.row
    if was.state == CandidateSlot.State.WITHDRAWN:
        yield {"what": "returns"}
    if change.reopens:
        yield {"what": "reopens"}
    for name in ("title", "note"):
        if getattr(was, name) != getattr(row, name):
            yield {"what": name, "parts": wording.parts(getattr(was, name), getattr(row, name))}
    if metres is not None:
        there = bearing((was.latitude, was.longitude), (row.latitude, row.longitude))
        yield {"what": "place", "metres": metres, "bearing": there, "far": metres > FAR_M}
    elif change.moved:
        yield {"what": "placed"}
    if (was.external_id or "") != (row.external_id or ""):
        yield {"what": "external_id", "was": was.external_id or "", "now": row.external_id or ""}
    for name in _VALUES:
        if getattr(was, name) != getattr(row, name):
            yield {"what": name, "was": _plain(getattr(was, name)), "now": _plain(getattr(row, name))}


def _plain(value: object) -> str | None:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return "; ".join(value)
    return None if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _points(found: Difference) -> Iterator[list[Any]]:
    kinds: list[tuple[str, Sequence[Row | Seen]]] = [
        ("pool", found.kept),
        ("added", found.added),
        ("changed", [one.row for one in found.changed]),
        ("removed", found.removed),
        ("protected", found.protected),
    ]
    for mark, some in kinds:
        for one in some[_evenly(len(some), POINTS_KEPT)]:
            if one.latitude is not None:
                yield [mark, one.longitude, one.latitude, one.title or one.external_id or ""]


def _evenly(count: int, most: int) -> slice:
    return slice(None, None, max(1, -(-count // most)))
