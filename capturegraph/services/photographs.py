"""Keeping photographs: the bytes as they came, under a name of ours, or nothing at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID, uuid4

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from capturegraph.models import Capture, Device, User
from capturegraph.photos.inspect import NotAPhoto, PhotoFacts, inspect, suffix_for
from capturegraph.services import captures, events, matching
from capturegraph.services.captures import Words
from capturegraph.services.refusals import Conflict, NotAccepted, NotFound, Refused, TooLarge
from capturegraph.services.writing import writing


class WrongDigest(Refused):
    """The bytes are not those that the phone spoke of."""

    status = 422
    code = "digest_differs"


def receive_photo(
    *, capture_id: UUID, file: BinaryIO, by: User, now: datetime, new_id: Callable[[], UUID] = uuid4
) -> tuple[Capture, bool]:
    """Keep the photograph of a capture; true where it was not here yet. The same bytes again are success.

    Raises:
        NotFound: no such capture of the caller. NotAccepted: not a photograph. TooLarge: over 40 MB.
        WrongDigest: not the bytes that were announced. Conflict: other bytes are here already.
    """
    capture = Capture.objects.filter(pk=capture_id, volunteer=by).first()
    if capture is None:
        raise NotFound(_("Send what the phone says about this capture first, then its photo."))
    facts = _inspected(file)
    _check_digest(capture, facts)
    if capture.state == Capture.State.STORED:
        return capture, False
    name = _keep(capture, facts, file, new_id())
    with writing():
        waiting = Capture.objects.filter(pk=capture.pk, state=Capture.State.AWAITING_PHOTO)
        kept = waiting.update(
            state=Capture.State.STORED, photo=name, photo_sha256=facts.sha256, photo_type=facts.media_type,
            photo_size=facts.size, photo_width=facts.width, photo_height=facts.height, photo_at=now,
        )  # fmt: skip
        if kept:
            events.record(
                at=now, verb="stored", noun="capture", row_id=capture.pk, target_id=capture.target_id, actor_id=by.pk,
                data={"sha256": facts.sha256, "size": facts.size},
            )  # fmt: skip
            matching.count_again(capture.pk, now=now)
    if not kept:
        # Somebody was quicker with the same photograph, and theirs is the one that the row names.
        default_storage.delete(name)
    capture.refresh_from_db()
    _check_digest(capture, facts)
    return capture, bool(kept)


def receive_whole(
    *, capture_id: UUID, words: Words, file: BinaryIO, by: User, device: Device | None, now: datetime
) -> tuple[Capture, bool]:
    """Take in a capture and its photograph at once: both, or neither.

    Raises:
        what `captures.receive` and `receive_photo` raise.
    """
    facts = _inspected(file)
    if words.photo_sha256 and words.photo_sha256 != facts.sha256:
        raise WrongDigest(_("The photo arrived damaged. Send it again."))
    capture, created = captures.receive(capture_id=capture_id, words=words, by=by, device=device, now=now)
    capture, __ = receive_photo(capture_id=capture.pk, file=file, by=by, now=now)
    return capture, created


def _inspected(file: BinaryIO) -> PhotoFacts:
    size = file.seek(0, os.SEEK_END)
    if size > settings.MAX_PHOTO_BYTES:
        raise TooLarge(_("This photo is larger than 40 MB. Lower the camera's resolution."))
    file.seek(0)
    try:
        return inspect(file)
    except NotAPhoto as error:
        kind = TooLarge if error.code == "too_large" else NotAccepted
        raise kind(error.reason, code=error.code) from None


def _check_digest(capture: Capture, facts: PhotoFacts) -> None:
    if not capture.photo_sha256 or capture.photo_sha256 == facts.sha256:
        return
    if capture.state == Capture.State.STORED:
        raise Conflict(_("Another photo is kept under this capture already."), code="photo_differs")
    raise WrongDigest(_("The photo arrived damaged. Send it again."))


def _keep(capture: Capture, facts: PhotoFacts, file: BinaryIO, attempt: UUID) -> str:
    # A name that no other attempt has: two senders of one photograph can neither overwrite nor delete each other's.
    file.seek(0)
    name = f"captures/{capture.target_id}/{capture.pk}-{attempt.hex[:8]}{suffix_for(facts.format)}"
    saved = default_storage.save(name, File(file))
    _flush(saved)
    return saved


def _flush(name: str) -> None:
    # A phone clears its copy once we say that ours is safe, so it has to be on the disk and not in a cache.
    try:
        path = Path(default_storage.path(name))
    except NotImplementedError:
        return
    for place in (path, path.parent):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
