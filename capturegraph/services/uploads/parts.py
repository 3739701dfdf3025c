"""Stretches of photographs that have arrived before the whole, kept so that a phone need not begin anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO
from uuid import UUID, uuid4

from django.core.files.storage import default_storage
from django.db.models import Count, Sum
from django.utils.translation import gettext as _

from capturegraph.models import Capture, PhotoPart, User
from capturegraph.models.photo_part import KEPT_FOR
from capturegraph.services import events
from capturegraph.services.people.identity import hold_person, locked_people
from capturegraph.services.refusals import Conflict, FilesAway, TooLarge
from capturegraph.services.uploads import keeping
from capturegraph.services.writing import writing

FOLDER = "parts"
CHUNK = 1 << 20

MOST_OF_ONE = 500
"""Most parts of one photograph. Whoever needs more sends it whole."""

MOST_BYTES, MOST_ROWS = 2_000_000_000, 20_000
"""Most that waits of one person's photographs at a time."""


class Lost(Exception):  # noqa: N818 - it reads as the sentence it is
    """A part's bytes are not where they were kept."""


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """What a phone says of the bytes that it sends: `size` bytes from `start` on, of a photograph of `total` bytes.

    A size of None asks what is here and sends nothing; a total of None says nothing of the whole. The sha256 is that of
    the whole photograph, "" where the phone did not say it here.
    """

    start: int = 0
    size: int | None = None
    total: int | None = None
    sha256: str = ""

    @property
    def asks(self) -> bool:
        """Whether nothing is sent."""
        return self.size is None

    @property
    def is_whole(self) -> bool:
        """Whether it is all of the photograph."""
        return self.start == 0 and self.size is not None and self.size == self.total


@dataclass(frozen=True)
class Upload:
    """The parts of one photograph that are here, by where they begin."""

    rows: Sequence[PhotoPart]

    @property
    def total(self) -> int | None:
        """Bytes of the whole; None where nothing of it is here."""
        return self.rows[0].total if self.rows else None

    @property
    def sha256(self) -> str:
        """Digest of the whole; "" where no part came with it."""
        return next((row.sha256 for row in self.rows if row.sha256), "")

    @property
    def received(self) -> int:
        """How many bytes are here from the first on, without a gap."""
        return self.reach(0)

    @property
    def is_whole(self) -> bool:
        """Whether every byte is here."""
        return self.received == self.total

    def reach(self, start: int) -> int:
        """Give how far one gets from a byte on without a gap."""
        for row in self.rows:
            if row.start <= start < row.start + row.size:
                start = row.start + row.size
        return start

    def fits(self, stretch: Stretch) -> bool:
        """Whether a stretch speaks of the same photograph."""
        digests = {digest for digest in (self.sha256, stretch.sha256) if digest}
        return len(digests) < 2 and (not self.rows or stretch.total in (None, self.total))


def held(*, capture_id: UUID, by: User) -> Upload:
    """Give what is here of somebody's photograph."""
    return Upload(list(PhotoPart.objects.filter(capture_id=capture_id, volunteer=by).order_by("start")))


def keep(
    *, capture_id: UUID, stretch: Stretch, file: BinaryIO, arrived: int, by: User, now: datetime,
    new_id: Callable[[], UUID] = uuid4,
) -> None:  # fmt: skip
    """Keep the `arrived` bytes of a stretch, which may be fewer than were announced; what is here already is not kept.

    A stretch of another photograph than the one begun is refused, unless it is its beginning: then the phone starts
    anew, and what was here goes.

    Raises:
        Conflict: it belongs to another photograph than the one begun. TooLarge: too many pieces, or too much waits.
        NoRoom: the disk is full.
    """
    before = held(capture_id=capture_id, by=by)
    if not arrived or (before.fits(stretch) and before.reach(stretch.start) >= stretch.start + arrived):
        return
    if not before.fits(stretch) and stretch.start:
        raise _of_another_photo(before)
    name = keeping.save(f"{FOLDER}/{capture_id}-{stretch.start}-{new_id().hex}.part", file)
    part = PhotoPart(
        capture_id=capture_id, volunteer=by, sha256=stretch.sha256, start=stretch.start, size=arrived,
        total=stretch.total or 0, file=name, created_at=now,
    )  # fmt: skip
    mine, parts = User.objects.filter(pk=by.pk), PhotoPart.objects.filter(capture_id=capture_id)
    with keeping.naming([name], held=mine, named=parts.values_list("file", flat=True)):
        unneeded = _put(part, stretch, by, now)
    keeping.delete(unneeded)


def _put(part: PhotoPart, stretch: Stretch, by: User, now: datetime) -> list[str]:
    """Write the row of a part, and give the files that nobody needs then, its own where it came too late."""
    # Two parts of one photograph, begun by different requests, are to see each other: there may be no capture to lock.
    locked_people([by.pk])
    by = part.volunteer = hold_person(by.pk)
    capture = Capture.objects.select_for_update(no_key=True).filter(pk=part.capture_id, volunteer=by).first()
    if capture and capture.state != Capture.State.AWAITING_PHOTO:
        return [str(part.file)]
    upload, gone = held(capture_id=part.capture_id, by=by), list[str]()
    if not upload.fits(stretch):
        if stretch.start:
            raise _of_another_photo(upload)
        gone, upload = forget(upload.rows, now=now, why="another photo was begun"), Upload([])
    _check_limits(upload, part, by)
    for row in upload.rows:
        if row.start == part.start:
            if row.size >= part.size:
                return [*gone, str(part.file)]
            gone += forget([row], now=now, why="a longer part came")
    part.save(force_insert=True)
    events.record(
        at=now, verb="kept", noun="photo_part", row_id=part.capture_id, actor_id=by.pk,
        data={"start": part.start, "size": part.size, "total": part.total},
    )  # fmt: skip
    return gone


def _check_limits(upload: Upload, part: PhotoPart, by: User) -> None:
    if len(upload.rows) >= MOST_OF_ONE:
        raise TooLarge(_("This photo came in too many pieces. Send it whole."), code="too_many_parts")
    waits = PhotoPart.objects.filter(volunteer=by).aggregate(size=Sum("size", default=0), rows=Count("pk"))
    if waits["size"] + part.size > MOST_BYTES or waits["rows"] >= MOST_ROWS:
        raise TooLarge(
            _("Too many photos wait for their end. Send what the phone says about them, and the rest of each."),
            code="too_much_waits",
        )


def _of_another_photo(upload: Upload) -> Conflict:
    return Conflict(
        _("Another photo was begun under this capture. Start again from its first byte."),
        code="upload_differs",
        present={"have": False, "received": upload.received, "total": upload.total, "sha256": upload.sha256 or None},
    )


def join(upload: Upload, file: BinaryIO) -> None:
    """Write a whole photograph into a file, out of its parts.

    Raises:
        Lost: a part's bytes are gone.
    """
    place = 0
    for row in upload.rows:
        end = row.start + row.size
        if end <= place:
            continue
        try:
            with default_storage.open(str(row.file), "rb") as part:
                part.seek(place - row.start)
                while place < end and (chunk := part.read(min(CHUNK, end - place))):
                    place += file.write(chunk)
        except FileNotFoundError:
            raise Lost from None
        if place < end:
            raise Lost


def forget(rows: Iterable[PhotoPart], *, now: datetime, why: str) -> list[str]:
    """Delete rows of parts, in the caller's transaction; give the files, to be deleted once it is through."""
    gone = list(rows)
    PhotoPart.objects.filter(pk__in=[row.pk for row in gone]).delete()
    for row in gone:
        events.record(
            at=now, verb="dropped", noun="photo_part", row_id=row.capture_id, actor_id=row.volunteer_id,
            data={"start": row.start, "size": row.size, "why": why},
        )  # fmt: skip
    return [str(row.file) for row in gone]


def drop(upload: Upload, *, now: datetime, why: str) -> None:
    """Let go of parts, rows and files, that cannot become a photograph."""
    with writing():
        names = forget(upload.rows, now=now, why=why)
    keeping.delete(names)


def sweep(*, now: datetime, at_once: int) -> int:
    """Let go of up to so many parts whose rest has not come for 14 days; give how many."""
    with writing():
        due = PhotoPart.objects.abandoned(now).order_by("created_at", "pk")[:at_once]
        rows = list(due.select_for_update(skip_locked=True))
        names = forget(rows, now=now, why="its rest never came")
    keeping.delete(names)
    return len(rows)


def sweep_files(*, now: datetime) -> int:
    """Delete files of parts that no row speaks of, which a killed process leaves behind; give how many.

    One that is younger than a part may become is left alone: its row may be on the way.
    """
    try:
        old = [file.name for file in keeping.walked(FOLDER) if file.written_at <= now - KEPT_FOR]
    except FilesAway:
        # The sweep has other things to do.
        return 0
    known = set(PhotoPart.objects.filter(file__in=old).values_list("file", flat=True)) if old else set()
    return keeping.delete(name for name in old if name not in known)
