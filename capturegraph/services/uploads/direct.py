"""Photographs that phones put straight into a store of files: addresses for the parts, and what is made of them.

What has come becomes a photograph only when the server has read all of it, and by the very same way as one that was
sent to the server.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.core.files.storage import default_storage
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from capturegraph.models import Capture, DirectUpload, User
from capturegraph.models.direct_upload import KEPT_FOR
from capturegraph.services import events
from capturegraph.services.people.identity import hold_person
from capturegraph.services.refusals import Busy, Conflict, FilesAway, NotAccepted, NotFound, TooLarge
from capturegraph.services.uploads import keeping, parts, photographs
from capturegraph.services.uploads.elsewhere import Elsewhere, Sent
from capturegraph.services.uploads.parts import Stretch
from capturegraph.services.uploads.photographs import Arrived, WrongDigest
from capturegraph.services.writing import writing

log = logging.getLogger(__name__)
FOLDER = "incoming"
PART_BYTES = 5 * 1024 * 1024
"""The least that S3 takes for a part that is not the last."""

ADDRESSES_FOR = timedelta(hours=1)
AT_ONCE = 20
"""Uploads that the sweep gives up at a time: each is some questions to the store, within a transaction."""


@dataclass(frozen=True)
class Part:
    """A part of a photograph, and the address that it may be put to; none where it has come."""

    number: int
    start: int
    size: int
    url: str | None

    @property
    def have(self) -> bool:
        """Whether it has come."""
        return self.url is None


@dataclass(frozen=True)
class Begun:
    """What is still to be put where; nothing where the photograph is safe."""

    have: bool
    part_size: int
    parts: list[Part]
    expires_at: datetime | None


def begin(
    *, capture_id: UUID, size: int, sha256: str, by: User, now: datetime, part_size: int = PART_BYTES,
    new_id: Callable[[], UUID] = uuid4,
) -> Begun:  # fmt: skip
    """Give addresses for the parts of a photograph that have not come; a repeat gives new ones for what is missing.

    Raises:
        NotFound: no such capture of theirs. Conflict: files are kept by this server itself, or another photo is here
        or announced. NotAccepted: it came, and could not be read. TooLarge: over 40 MB, or too much waits.
        FilesAway: the store does not answer.
    """
    store = _store(capture_id, by)
    asked = Stretch(total=size, sha256=sha256)
    if _asked(capture_id, asked, by, now, new_id).is_stored:
        return Begun(True, part_size, [], None)
    upload = _noted(capture_id, asked, part_size, by, now, new_id)
    sent = _sent(store, upload)
    if sent is None:
        upload = _noted(capture_id, asked, part_size, by, now, new_id, anew_after=upload.name)
        sent = _sent(store, upload) or {}
    for_s = int(ADDRESSES_FOR.total_seconds())
    lacking = {number for number, it in _missing(upload, sent)}
    shown = [
        Part(number, start, length, store.part_address(upload.name, upload.parts, number, length, for_s)
             if number in lacking else None)
        for number, start, length in _stretches(upload)
    ]  # fmt: skip
    return Begun(False, upload.part_size, shown, now + ADDRESSES_FOR)


def complete(*, capture_id: UUID, by: User, now: datetime, new_id: Callable[[], UUID] = uuid4) -> Arrived:
    """Make a photograph of the parts, as if its bytes had been sent here; a repeat gives the same answer.

    Raises:
        Conflict: parts are missing, or nothing was begun. What `begin` and `photographs.receive_photo` raise.
    """
    store = _store(capture_id, by)
    upload = DirectUpload.objects.filter(capture=capture_id).first()
    asked = Stretch(total=upload.size, sha256=upload.sha256) if upload else Stretch()
    arrived = _asked(capture_id, asked, by, now, new_id)
    if not arrived.is_stored:
        if upload is None or not upload.parts:
            raise _not_begun()
        _join(store, upload)
        arrived = _taken(store, upload, asked, by, now, new_id)
    if upload:
        _clear(store, upload)
    return arrived


def sweep(*, now: datetime, at_once: int = AT_ONCE) -> int:
    """Give up some uploads whose rest has not come for 14 days, or of which nothing is needed any more; say how many.

    Where the store is away they wait for the next sweep.
    """
    store = keeping.elsewhere()
    with writing():
        due = DirectUpload.objects.due(now).select_related("capture").order_by("ends_at", "pk")
        rows = list(due.select_for_update(skip_locked=True, of=("self",), no_key=True)[:at_once])
        try:
            for row in rows:
                if store:
                    store.clear_parts(_prefix(row))
        except FilesAway:
            return 0
        DirectUpload.objects.filter(pk__in=[row.pk for row in rows]).delete()
        for row in rows:
            events.record(
                at=now, verb="direct upload dropped", noun="capture", row_id=row.pk, target_id=row.capture.target_id,
                data={"size": row.size, "why": "it is not needed any more" if row.ends_at > now else "it never came"},
            )  # fmt: skip
    return len(rows)


# --- what has come ----------------------------------------------------------------------------------------------------


def _store(capture_id: UUID, by: User) -> Elsewhere:
    if not Capture.objects.filter(pk=capture_id, volunteer=by).exists():
        raise NotFound(_("There is no such capture of yours. Send what the phone says of it first."))
    store = keeping.elsewhere()
    if store is None:
        raise Conflict(
            _("This server keeps photos itself. Send the photo with PUT to …/photo/, also in parts by Content-Range."),
            code="no_direct_parts",
        )
    return store


def _asked(capture_id: UUID, asked: Stretch, by: User, now: datetime, new_id: Callable[[], UUID]) -> Arrived:
    """Ask what is here, as a phone does: what contradicts what was announced or stored is refused in the same words."""
    return photographs.receive_photo(
        capture_id=capture_id, file=io.BytesIO(), stretch=asked, by=by, now=now, new_id=new_id
    )


def _sent(store: Elsewhere, upload: DirectUpload) -> Mapping[int, Sent] | None:
    """Give what has come of it; None where the store knows nothing of it any more."""
    sent = store.parts_sent(upload.name, upload.parts)
    if sent is None and default_storage.exists(upload.name):
        # Made one already, by somebody who did not live to look at it.
        return {number: Sent(size, "") for number, __, size in _stretches(upload)}
    return sent


def _stretches(upload: DirectUpload) -> list[tuple[int, int, int]]:
    starts = range(0, upload.size, upload.part_size)
    return [(number, start, min(upload.part_size, upload.size - start)) for number, start in enumerate(starts, 1)]


def _missing(upload: DirectUpload, sent: Mapping[int, Sent]) -> list[tuple[int, int]]:
    """Give the parts, by number and size, that have not come, or are not as long as they should be."""
    return [(n, size) for n, __, size in _stretches(upload) if n not in sent or sent[n].size != size]


def _join(store: Elsewhere, upload: DirectUpload) -> None:
    sent = store.parts_sent(upload.name, upload.parts)
    if sent is None:
        # It is one file by now, or nothing: whoever reads it sees which.
        return
    if missing := [number for number, __ in _missing(upload, sent)]:
        raise Conflict(
            _("Parts of this photo have not come yet. Ask for their addresses again, and put them there."),
            code="parts_missing", present={"missing": missing},
        )  # fmt: skip
    store.join_parts(upload.name, upload.parts, [(number, sent[number]) for number, __, __ in _stretches(upload)])


def _taken(
    store: Elsewhere, upload: DirectUpload, asked: Stretch, by: User, now: datetime, new_id: Callable[[], UUID]
) -> Arrived:
    with keeping.scratch() as file:
        try:
            size = keeping.fetch(upload.name, file)
        except FileNotFoundError:
            arrived = _asked(upload.capture_id, asked, by, now, new_id)
            if not arrived.is_stored:
                raise _not_begun() from None
            # Somebody was quicker with the same parts.
            return arrived
        whole = Stretch(size=size, total=size, sha256=upload.sha256)
        try:
            return photographs.receive_photo(
                capture_id=upload.capture_id, file=file, stretch=whole, by=by, now=now, new_id=new_id
            )
        except (WrongDigest, NotAccepted, TooLarge, Conflict):
            # As of one that was sent here: of what cannot be kept no part stays either.
            _clear(store, upload)
            raise


def _clear(store: Elsewhere, upload: DirectUpload) -> None:
    """Take an upload out of the store, and then its row: whoever dies in between leaves it to the sweep."""
    mine = DirectUpload.objects.filter(pk=upload.pk, name=upload.name)
    try:
        store.clear_parts(_prefix(upload))
    except FilesAway:
        mine.update(ends_at=F("begun_at"))
        return
    mine.delete()


def _prefix(upload: DirectUpload) -> str:
    return f"{FOLDER}/{upload.capture_id}"


# --- rows -------------------------------------------------------------------------------------------------------------


def _noted(
    capture_id: UUID, asked: Stretch, part_size: int, by: User, now: datetime, new_id: Callable[[], UUID],
    anew_after: str = "",
) -> DirectUpload:  # fmt: skip
    """Write down that addresses are given, and begin in the store. The row comes first: the sweep goes by it."""
    said = {"size": asked.total, "sha256": asked.sha256, "part_size": part_size}
    with writing():
        hold_person(by.pk)
        waiting = Capture.objects.filter(pk=capture_id, volunteer=by, state=Capture.State.AWAITING_PHOTO)
        capture = waiting.select_for_update(no_key=True, of=("self",)).first()
        if capture is None:
            raise _too_quick()
        row = DirectUpload.objects.filter(capture=capture, **said).exclude(name=anew_after).first()
        if row:
            DirectUpload.objects.filter(pk=row.pk).update(ends_at=now + KEPT_FOR)
        else:
            _check_room(capture_id, asked.total or 0, by)
            name = f"{FOLDER}/{capture_id}-{new_id().hex[:8]}"
            more = {"name": name, "parts": "", "begun_at": now, "ends_at": now + KEPT_FOR}
            row, __ = DirectUpload.objects.update_or_create(capture=capture, defaults={**said, **more})
            events.record(
                at=now, verb="direct upload begun", noun="capture", row_id=capture.pk, target_id=capture.target_id,
                actor_id=by.pk, data={"size": row.size, "part_size": row.part_size},
            )  # fmt: skip
    return row if row.parts else _begun(row)


def _begun(row: DirectUpload) -> DirectUpload:
    store = keeping.elsewhere()
    assert store
    # Not in the transaction: the store may take its time. What loses the race is cleared with all the rest.
    word = store.begin_parts(row.name)
    DirectUpload.objects.filter(pk=row.pk, name=row.name, parts="").update(parts=word)
    now = DirectUpload.objects.filter(pk=row.pk, name=row.name).first()
    if now is None:
        raise _too_quick()
    return now


def _check_room(capture_id: UUID, size: int, by: User) -> None:
    others = DirectUpload.objects.filter(capture__volunteer=by).exclude(capture=capture_id)
    if others.aggregate(size=Sum("size", default=0))["size"] + size > parts.MOST_BYTES:
        raise TooLarge(
            _("Too many photos wait for their end. Send what the phone says about them, and the rest of each."),
            code="too_much_waits",
        )


def _not_begun() -> Conflict:
    return Conflict(
        _("Nothing of this photo was begun here, or it was given up. Ask for addresses first."), code="not_begun"
    )


def _too_quick() -> Busy:
    return Busy(_("This photo is arriving another way at this moment. Ask again in a second."))
