"""Keeping photographs: the bytes as they came, whole or in parts, before or after the words that go with them."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO
from uuid import UUID, uuid4

from django.conf import settings
from django.utils.translation import gettext as _

from capturegraph.models import Capture, Device, Event, User
from capturegraph.photos.inspect import NotAPhoto, PhotoFacts, inspect, sniff, suffix_for
from capturegraph.services import events
from capturegraph.services.ingest import asking
from capturegraph.services.matches import matching
from capturegraph.services.people.identity import hold_person
from capturegraph.services.refusals import Conflict, NotAccepted, Refused, TooLarge
from capturegraph.services.uploads import captures, keeping, parts
from capturegraph.services.uploads.captures import Words
from capturegraph.services.uploads.parts import Stretch, Upload
from capturegraph.services.writing import hold_target_shared
from scheduling.geodesy import metres

log = logging.getLogger(__name__)
State = Capture.State
NOT_IT = "it was not the photo announced, or none"


class WrongDigest(Refused):
    """The bytes are not those that the phone spoke of."""

    status = 422
    code = "digest_differs"


@dataclass(frozen=True)
class Arrived:
    """What is here after an upload: the capture, where its words are here, and how much of the photograph.

    `created` where the photograph became whole by this upload.
    """

    capture: Capture | None
    created: bool = False
    received: int = 0
    total: int | None = None

    @property
    def is_stored(self) -> bool:
        """Whether the photograph is safe here."""
        return self.capture is not None and self.capture.state == State.STORED


def receive_photo(
    *, capture_id: UUID, file: BinaryIO, stretch: Stretch, by: User, now: datetime, new_id: Callable[[], UUID] = uuid4
) -> Arrived:
    """Keep a photograph or a stretch of one; what has come of one that was cut off is kept as well.

    The same bytes again are success. Bytes whose words have not come wait for them. `file` holds what has arrived,
    which is less than the stretch where the connection broke.

    Raises:
        NotAccepted: not a photograph; kept all the same where it is the one announced, for people to look at.
        TooLarge: over 40 MB, or too many pieces. WrongDigest: not the bytes that were announced.
        Conflict: another photo is here already, or was announced or begun. NoRoom: the disk is full.
    """
    arrived = file.seek(0, os.SEEK_END)
    if max(arrived, stretch.total or 0) > settings.MAX_PHOTO_BYTES:
        raise _too_large()
    capture = _of(capture_id, by)
    if capture and capture.state != State.AWAITING_PHOTO:
        _check_is_the_one_here(capture, stretch, file, arrived)
        return _settled(capture)
    if capture and capture.photo_sha256 and stretch.sha256 not in ("", capture.photo_sha256):
        raise Conflict(_("Another photo was announced for this capture."), code="photo_differs")
    if stretch.size == 0:
        # An empty file is no photo, whether its words are here or not.
        _inspected(file, "")
    if capture and stretch.is_whole and arrived == stretch.size:
        return _take(capture, file, stretch.sha256, by=by, now=now, new_id=new_id)
    if not stretch.asks:
        parts.keep(
            capture_id=capture_id, stretch=stretch, file=file, arrived=arrived, by=by, now=now, new_id=new_id
        )  # fmt: skip
    return _finish(capture_id, by=by, now=now, new_id=new_id)


def receive_words(
    *, capture_id: UUID, words: Words, by: User, device: Device | None, now: datetime,
    new_id: Callable[[], UUID] = uuid4,
) -> tuple[Capture, bool]:  # fmt: skip
    """Take in what a phone says of a capture, and the photograph with it where that has come before.

    Raises:
        what `captures.receive` raises.
    """
    capture, created = captures.receive(capture_id=capture_id, words=words, by=by, device=device, now=now)
    if capture.state == State.AWAITING_PHOTO:
        # The words are safe whatever is wrong with the photograph. The phone hears of that when it sends it.
        try:
            _finish(capture_id, by=capture.volunteer, now=now, new_id=new_id)
        except Refused:
            pass
        except OSError:
            log.exception("the photo of %s, which waited for its words, cannot be kept", capture_id)
        # Also for the verdict: PostgreSQL keeps names in an order of its own, and a repeat is the same to the byte.
        capture.refresh_from_db()
    return capture, created


def receive_whole(
    *, capture_id: UUID, words: Words, file: BinaryIO, by: User, device: Device | None, now: datetime
) -> tuple[Capture, bool]:
    """Take in a capture and its photograph at once: both, or neither.

    Raises:
        what `captures.receive` and `receive_photo` raise.
    """
    size = file.seek(0, os.SEEK_END)
    with contextlib.suppress(_ToRescue):
        _inspected(file, words.photo_sha256)
    capture, created = captures.receive(capture_id=capture_id, words=words, by=by, device=device, now=now)
    stretch = Stretch(size=size, total=size)
    arrived = receive_photo(capture_id=capture.pk, file=file, stretch=stretch, by=by, now=now)
    return arrived.capture or capture, created


class _ToRescue(Exception):  # noqa: N818 - it reads as the sentence it is
    """It is what the phone announced, and no photograph that we can read."""

    def __init__(self, refusal: Refused) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


def _of(capture_id: UUID, by: User) -> Capture | None:
    return Capture.objects.select_related("target").filter(pk=capture_id, volunteer=by).first()


# --- photographs that are here ----------------------------------------------------------------------------------------


def _check_is_the_one_here(capture: Capture, stretch: Stretch, file: BinaryIO, arrived: int) -> None:
    speaks_of_it = stretch.sha256 in ("", capture.photo_sha256) and stretch.total in (None, capture.photo_size)
    if speaks_of_it and stretch.is_whole and arrived == stretch.size and _digest(file) != capture.photo_sha256:
        if stretch.sha256:
            raise _damaged()
        speaks_of_it = False
    if not speaks_of_it:
        raise Conflict(_("Another photo is kept under this capture already."), code="photo_differs")


def _settled(capture: Capture) -> Arrived:
    """Give a capture whose photograph is here; one that could not be read is refused as it was the first time."""
    if capture.state == State.REFUSED:
        told = Event.objects.filter(noun="capture", row_id=capture.pk, verb="refused").order_by("pk").first()
        said = told.data if told else {"code": "damaged", "reason": _("This photo cannot be read.")}
        raise NotAccepted(said["reason"], code=said["code"])
    return Arrived(capture, received=capture.photo_size or 0, total=capture.photo_size)


# --- photographs that become whole ------------------------------------------------------------------------------------


def _finish(capture_id: UUID, *, by: User, now: datetime, new_id: Callable[[], UUID]) -> Arrived:
    """Make one photograph of the parts, where they are all here and the words too."""
    upload = parts.held(capture_id=capture_id, by=by)
    # Read after the parts: whoever comes second, of the last part and the words, sees both.
    capture = _of(capture_id, by)
    if capture and capture.state != State.AWAITING_PHOTO:
        return _settled(capture)
    if not upload.is_whole:
        return Arrived(capture, received=upload.received, total=upload.total)
    with keeping.scratch() as file:
        try:
            parts.join(upload, file)
        except parts.Lost:
            return _lost(upload, capture_id, by=by, now=now)
        if capture:
            return _take(capture, file, upload.sha256, by=by, now=now, new_id=new_id)
        if upload.sha256 and _digest(file) != upload.sha256:
            parts.drop(upload, now=now, why=NOT_IT)
            raise _damaged()
    return Arrived(None, received=upload.received, total=upload.total)


def _lost(upload: Upload, capture_id: UUID, *, by: User, now: datetime) -> Arrived:
    capture = _of(capture_id, by)
    if capture and capture.state != State.AWAITING_PHOTO:
        # Somebody was quicker with the same parts.
        return _settled(capture)
    parts.drop(upload, now=now, why="its file is gone")
    return Arrived(capture, total=upload.total)


def _take(
    capture: Capture, file: BinaryIO, sha256: str, *, by: User, now: datetime, new_id: Callable[[], UUID]
) -> Arrived:
    """Look at a whole photograph and keep it; of one that cannot be kept, no part stays either."""
    digest = capture.photo_sha256 or sha256
    try:
        facts = _inspected(file, digest)
    except (WrongDigest, NotAccepted):
        parts.drop(parts.held(capture_id=capture.pk, by=by), now=now, why=NOT_IT)
        raise
    except _ToRescue as it:
        _rescue(capture, file, digest, it.refusal, by=by, now=now, attempt=new_id())
        capture.refresh_from_db()
        # Stored by now where it was known by then that it can be read: theirs is the same file.
        return _settled(capture)
    return _store(capture, file, facts, by=by, now=now, attempt=new_id())


def _inspected(file: BinaryIO, sha256: str) -> PhotoFacts:
    if file.seek(0, os.SEEK_END) > settings.MAX_PHOTO_BYTES:
        raise _too_large()
    # Before anything else: bytes that were damaged on the way are to be sent again, whatever they look like.
    if sha256 and _digest(file) != sha256:
        raise _damaged()
    try:
        return inspect(file)
    except NotAPhoto as error:
        refusal = NotAccepted(error.reason, code=error.code)
        if sha256 and error.code != "empty":
            raise _ToRescue(refusal) from None
        raise refusal from None


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(parts.CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _damaged() -> WrongDigest:
    return WrongDigest(_("The photo arrived damaged. Send it again."))


def _too_large() -> TooLarge:
    return TooLarge(_("This photo is larger than 40 MB. Lower the camera's resolution."))


# --- files and rows ---------------------------------------------------------------------------------------------------


def _store(
    capture: Capture, file: BinaryIO, facts: PhotoFacts, *, by: User, now: datetime, attempt: UUID
) -> Arrived:  # fmt: skip
    name = keeping.save(_name(capture, attempt, suffix_for(facts.format)), file)
    unneeded = [name]
    with _naming(capture, name):
        hold_target_shared(capture.target_id)
        hold_person(by.pk)
        waiting = Capture.objects.filter(pk=capture.pk, state=State.AWAITING_PHOTO)
        kept = waiting.update(
            state=State.STORED, photo=name, photo_sha256=facts.sha256, photo_type=facts.media_type,
            photo_size=facts.size, photo_width=facts.width, photo_height=facts.height, photo_at=now,
        )  # fmt: skip
        if kept:
            events.record(
                at=now, verb="stored", noun="capture", row_id=capture.pk, target_id=capture.target_id, actor_id=by.pk,
                data={"sha256": facts.sha256, "size": facts.size, **_corroboration(capture, facts)},
            )  # fmt: skip
            if not _placed(capture, facts, by=by, now=now):
                matching.count_again(capture.pk, now=now)
            asking.ask(capture_id=capture.pk, now=now)
            unneeded = parts.forget(parts.held(capture_id=capture.pk, by=by).rows, now=now, why="it is whole")
    # Where somebody was quicker with the same photograph, theirs is the one that the row names.
    keeping.delete(unneeded)
    capture.refresh_from_db()
    if capture.photo_sha256 != facts.sha256:
        raise Conflict(_("Another photo is kept under this capture already."), code="photo_differs")
    return Arrived(capture, created=bool(kept), received=facts.size, total=facts.size)


def _rescue(
    capture: Capture, file: BinaryIO, sha256: str, refusal: Refused, *, by: User, now: datetime, attempt: UUID
) -> None:
    """Keep what the phone announced as its photo and we cannot read, for people to look at. It counts for nothing."""
    kind = sniff(file)
    name = keeping.save(_name(capture, attempt, kind.suffix), file)
    unneeded = [name]
    with _naming(capture, name):
        hold_target_shared(capture.target_id)
        hold_person(by.pk)
        waiting = Capture.objects.filter(pk=capture.pk, state=State.AWAITING_PHOTO)
        if waiting.update(
            state=State.REFUSED, photo=name, photo_sha256=sha256, photo_type=kind.media_type,
            photo_size=file.seek(0, os.SEEK_END), photo_at=now,
        ):  # fmt: skip
            events.record(
                at=now, verb="refused", noun="capture", row_id=capture.pk, target_id=capture.target_id, actor_id=by.pk,
                data={"code": refusal.code, "reason": refusal.detail},
            )  # fmt: skip
            _judge_again(capture, by=by, now=now)
            unneeded = parts.forget(parts.held(capture_id=capture.pk, by=by).rows, now=now, why="it is whole")
    keeping.delete(unneeded)


def _naming(capture: Capture, name: str) -> AbstractContextManager[None]:
    row = Capture.objects.filter(pk=capture.pk)
    return keeping.naming([name], held=row, named=row.values_list("photo", flat=True))


def _name(capture: Capture, attempt: UUID, suffix: str) -> str:
    # A name that no other attempt has: two senders of one photograph can neither overwrite nor delete each other's.
    return f"captures/{capture.target_id}/{capture.pk}-{attempt.hex[:8]}{suffix}"


# --- what the file itself says ----------------------------------------------------------------------------------------


def _placed(capture: Capture, facts: PhotoFacts, *, by: User, now: datetime) -> bool:
    """Give a picture out of the library the place that its file names; false where nothing was to be given.

    Nothing that the phone said is written over. It closes nothing by itself all the same: reviewers may accept it.
    """
    placeless = Capture.objects.filter(pk=capture.pk, from_library=True, latitude=None, longitude=None)
    if facts.latitude is None or not placeless.update(latitude=facts.latitude, longitude=facts.longitude):
        return False
    _judge_again(capture, by=by, now=now)
    return True


def _judge_again(capture: Capture, *, by: User, now: datetime) -> None:
    fresh = Capture.objects.select_related("target", "volunteer").get(pk=capture.pk)
    matching.judge_again(fresh, fresh.target, now=now, actor_id=by.pk)


def _corroboration(capture: Capture, facts: PhotoFacts) -> dict[str, float]:
    """Say how far the file's place and time are from the phone's, where both name one: reviewers look at a gap."""
    told = {}
    if facts.latitude is not None and capture.latitude is not None:
        told["exif_off_m"] = round(metres(capture, facts), 1)
    if facts.taken_at is not None:
        told["exif_off_s"] = round((facts.taken_at - capture.taken_at).total_seconds(), 1)
    return told
