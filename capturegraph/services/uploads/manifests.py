"""What is safe here of the photographs that a phone has."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple
from uuid import UUID

from capturegraph.models import Capture, PhotoPart, User
from capturegraph.services.uploads.parts import Upload


class Safety(NamedTuple):
    """Of one photograph: have, missing or refused, and how many of its first bytes are here."""

    id: UUID
    status: str
    received: int


def manifest(*, by: User, asked: Sequence[tuple[UUID, str]]) -> list[Safety]:
    """Say of each capture of the caller, by id and sha256, whether its photograph is safe here.

    "have" only where the stored bytes have the digest that the phone says; the phone may then clear its copy.
    """
    ids = [capture_id for capture_id, __ in asked]
    mine = {capture.pk: capture for capture in Capture.objects.filter(volunteer=by, pk__in=ids)}
    parts = PhotoPart.objects.filter(volunteer=by, capture_id__in=ids).order_by("capture_id", "start")
    begun = {capture_id: Upload(list(rows)) for capture_id, rows in groupby(parts, lambda part: part.capture_id)}
    return [_safety(capture_id, mine.get(capture_id), begun.get(capture_id), sha256) for capture_id, sha256 in asked]


def _safety(capture_id: UUID, capture: Capture | None, begun: Upload | None, sha256: str) -> Safety:
    if capture is None or capture.state == Capture.State.AWAITING_PHOTO:
        return Safety(capture_id, "missing", begun.received if begun else 0)
    if capture.state == Capture.State.REFUSED:
        return Safety(capture_id, "refused", capture.photo_size or 0)
    if sha256 and capture.photo_sha256 != sha256:
        return Safety(capture_id, "missing", 0)
    return Safety(capture_id, "have", capture.photo_size or 0)
