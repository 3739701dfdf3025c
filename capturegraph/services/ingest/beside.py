"""A photograph beside others: the same bytes, the same look, and who could not have been in both places.

Whoever compares waits its turn, so that of two photographs that are looked into at once, the second sees the first.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from django.db import connection
from django.db.models import Q, QuerySet

from capturegraph.models import Capture, PhotoFinding
from capturegraph.photos import measuring
from capturegraph.services.ingest import flags
from capturegraph.services.ingest.flags import Alike, Json, Seen, Taken
from capturegraph.services.writing import rows

Key = tuple[datetime, UUID]
COMPARED = ("pk", "photo_sha256", "perceptual_hash", "target_id", "capture__volunteer_id", "capture__captured_at")


class Beside(NamedTuple):
    """What other photographs say of one, and the flags that others have because of it: None takes one away."""

    before: Taken | None
    near_duplicate: Alike | None
    same_photo: Alike | None
    others: dict[UUID, dict[str, Json | None]]


class _Other(NamedTuple):
    capture: UUID
    sha256: str
    hash: int | None
    target: UUID
    volunteer: UUID
    at: datetime

    @property
    def key(self) -> Key:
        return self.at, self.capture


def wait_for_turn(capture: Capture) -> None:
    """Keep others that would compare theirs with this one waiting until the end of the transaction.

    Always in this order, and one of each: nobody waits for somebody who waits for them.
    """
    if connection.vendor == "postgresql":
        for what in (capture.photo_sha256, capture.target_id, capture.volunteer_id):
            rows("SELECT pg_advisory_xact_lock(hashtextextended(%s, 9))", [str(what)])


def look(capture: Capture, look_of_it: int | None) -> Beside:
    """Compare a photograph with those that have been looked into, in the transaction that waited for its turn."""
    others: dict[UUID, dict[str, Json | None]] = {}
    me = _Other(
        capture.pk, capture.photo_sha256, look_of_it, capture.target_id, capture.volunteer_id, capture.captured_at
    )  # fmt: skip
    same = _same_photo(me, others)
    near = None if look_of_it is None else _near_duplicate(me, look_of_it, others)
    before = _neighbours(capture, others)
    return Beside(before, near, same, others)


# --- the same bytes ---------------------------------------------------------------------------------------------------


def _same_photo(me: _Other, others: dict[UUID, dict[str, Json | None]]) -> Alike | None:
    """The first that was taken has no flag, and every other one names it."""
    found = _others(PhotoFinding.objects.filter(photo_sha256=me.sha256), me)
    first = min([me, *found], key=lambda one: one.key)
    if first != me:
        return _alike(me, first, 0)
    for one in found:
        others.setdefault(one.capture, {})["same_photo"] = flags.shown(_alike(one, me, 0))
    return None


# --- the same look ----------------------------------------------------------------------------------------------------


def _near_duplicate(me: _Other, mine: int, others: dict[UUID, dict[str, Json | None]]) -> Alike | None:
    """Each names the one that is most like it of those taken before; the same bytes are another matter."""
    hashes = PhotoFinding.objects.filter(target=me.target, perceptual_hash__isnull=False)
    # The hashes alone first: an index has them all, and nearly all photographs are not alike.
    known = np.fromiter(hashes.values_list("perceptual_hash", flat=True).iterator(chunk_size=20_000), dtype=np.int64)
    near = np.unique(known[measuring.nearest(mine, known, measuring.NEAR_DUPLICATE_BITS)])
    if not near.size:
        return None
    found = [one for one in _others(hashes.filter(perceptual_hash__in=near.tolist()), me) if one.sha256 != me.sha256]
    bits = {one.capture: measuring.bits_apart(mine, one.hash or 0) for one in found}
    earlier = [one for one in found if one.key < me.key]
    _tell_later(me, [one for one in found if one.key > me.key], bits, others)
    if not earlier:
        return None
    best = min(earlier, key=lambda one: (bits[one.capture], one.key))
    return _alike(me, best, bits[best.capture])


def _tell_later(
    me: _Other, later: Iterable[_Other], bits: dict[UUID, int], others: dict[UUID, dict[str, Json | None]]
) -> None:
    by_id = {one.capture: one for one in later}
    for pk, raised in PhotoFinding.objects.filter(pk__in=by_id).values_list("pk", "flags"):
        has = next((flag for flag in raised if flag["code"] == "near_duplicate"), None)
        mine = (bits[pk], me.at, str(me.capture))
        if has is None or mine < (has["bits"], datetime.fromisoformat(has["taken_at"]), has["capture"]):
            others.setdefault(pk, {})["near_duplicate"] = flags.shown(_alike(by_id[pk], me, bits[pk]))


# --- the same person --------------------------------------------------------------------------------------------------


def seen_of(capture: Capture, **more: Any) -> Seen:
    """Give what a capture says for itself, to raise flags over."""
    return Seen(
        taken_at=capture.taken_at, skew_s=capture.skew_s, at=capture.captured_at, received_at=capture.received_at,
        latitude=capture.latitude, longitude=capture.longitude, accuracy_m=capture.accuracy_m, **more,
    )  # fmt: skip


def _neighbours(capture: Capture, others: dict[UUID, dict[str, Json | None]]) -> Taken | None:
    """Give where the same person was before; and judge anew how they got to where they were after."""
    if not _is_placed(capture):
        return None
    placed = Capture.objects.filter(
        volunteer=capture.volunteer_id, looked_into_at__isnull=False, from_library=False, latitude__isnull=False
    ).exclude(pk=capture.pk)
    at, pk = capture.captured_at, capture.pk
    earlier = placed.filter(Q(captured_at__lt=at) | Q(captured_at=at, pk__lt=pk)).order_by("-captured_at", "-pk")
    later = placed.filter(Q(captured_at__gt=at) | Q(captured_at=at, pk__gt=pk)).order_by("captured_at", "pk")
    if after := later.first():
        others.setdefault(after.pk, {})["too_fast"] = flags.too_fast(seen_of(after, before=_taken(capture, after)))
    before = earlier.first()
    return _taken(before, capture) if before else None


def _is_placed(capture: Capture) -> bool:
    # A picture out of the library was taken who knows where by whom.
    return capture.latitude is not None and not capture.from_library


def _taken(one: Capture, of: Capture) -> Taken:
    return Taken(
        one.pk if one.target_id == of.target_id else None, one.latitude or 0.0, one.longitude or 0.0,
        one.accuracy_m or 0.0, one.captured_at,
    )  # fmt: skip


# --- what all of them need --------------------------------------------------------------------------------------------


def _others(found: QuerySet[PhotoFinding], me: _Other) -> list[_Other]:
    return [_Other(*row) for row in found.exclude(pk=me.capture).values_list(*COMPARED)]


def _alike(one: _Other, other: _Other, bits: int) -> Alike:
    # Nobody learns of what is photographed for targets that they do not see.
    capture = other.capture if other.target == one.target else None
    return Alike(capture, other.volunteer == one.volunteer, other.at, bits)
