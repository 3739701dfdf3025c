"""Small copies of captures' photographs, kept beside the originals: made by a job, or when somebody asks before it."""

from __future__ import annotations

import io
import re
from typing import BinaryIO, NamedTuple
from uuid import UUID

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from capturegraph.models import Capture
from capturegraph.photos import small
from capturegraph.services.refusals import NotFound
from capturegraph.services.uploads import keeping

FOLDER = "small"

SIDES = (256, 1024, 2048)
"""Pixels of the longer side of the copies: for lists, for a phone, for a desk."""

SHOWN_SIDE = 1024

_NAME = re.compile(rf"([0-9a-f-]{{36}})-([0-9a-f]{{16}})-({'|'.join(map(str, SIDES))})\{small.SUFFIX}")


class Copy(NamedTuple):
    """Of which capture, and of which of its bytes, a file is a small copy."""

    capture: UUID
    digest: str


def open_small(*, capture: Capture, side: int = SHOWN_SIDE) -> BinaryIO:
    """Open a capture's photograph as a WebP of at most `side` pixels, one of `SIDES`, that says nothing of the camera.

    Raises:
        NotFound: it has not arrived, cannot be shown, or is not where it was kept. NoRoom: the disk is full.
    """
    if capture.state != Capture.State.STORED:
        why = {
            Capture.State.REFUSED: _("Its photo cannot be read, so it cannot be shown."),
        }
        raise NotFound(why.get(Capture.State(capture.state), _("Its photo has not arrived yet.")))
    name = name_of(capture, side)
    try:
        return default_storage.open(name, "rb")  # type: ignore[return-value]
    except FileNotFoundError:
        data = _made(capture, side)
    keep(capture=capture, side=side, data=data)
    return io.BytesIO(data)


def keep(*, capture: Capture, side: int, data: bytes) -> None:
    """Keep a small copy, unless it is here already.

    Raises:
        NoRoom: the disk is full.
    """
    keeping.put(name_of(capture, side), data)


def name_of(capture: Capture, side: int) -> str:
    """Say where a small copy is kept, or would be."""
    return f"{FOLDER}/{capture.target_id}/{capture.pk}-{capture.photo_sha256[:16]}-{side}{small.SUFFIX}"


def names_of(capture: Capture) -> list[str]:
    """Say where all of them are kept: whoever deletes the photograph deletes these."""
    return [name_of(capture, side) for side in SIDES]


def copy_of(name: str) -> Copy | None:
    """Read the name of a small copy; None for what is none."""
    found = _NAME.fullmatch(name.rpartition("/")[2])
    return Copy(UUID(found[1]), found[2]) if found else None


def _made(capture: Capture, side: int) -> bytes:
    with keeping.scratch() as original:
        try:
            keeping.fetch(str(capture.photo.name), original)
        except FileNotFoundError:
            raise NotFound(_("Its photo is not where it was kept. Tell the site admin.")) from None
        return small.smaller(original, side)
