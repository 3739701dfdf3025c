"""Everything of a target in one zip file, made as a job: its lists, its photographs as they came, checksums."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from datetime import datetime
from tempfile import TemporaryFile
from typing import IO, Any
from uuid import UUID

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.utils.text import slugify
from django.utils.translation import gettext as _

from capturegraph.formats import write_csv, write_geojson
from capturegraph.models import Capture, Job, Target, User
from capturegraph.services import jobs
from capturegraph.services.exports.lists import LISTS, Question
from capturegraph.services.jobs import Held
from capturegraph.services.refusals import NotFound
from capturegraph.services.writing import writing

ARCHIVE = "archive_target"
FOLDER = "exports"
_PIECE = 1 << 20
_SAID_EVERY = 50
_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/heic": "heic", "image/avif": "avif"}


def ask(*, target: Target, by: User, now: datetime, operation_id: UUID | None = None) -> Job:
    """Write down that an archive of a target is wanted; a repeat of the operation gives the same job."""
    return jobs.add(kind=ARCHIVE, target=target, by=by, now=now, operation_id=operation_id)


def name_of(job: Job) -> str:
    """Where the archive of a job is kept."""
    return f"{FOLDER}/{job.pk}.zip"


def make(held: Held) -> dict[str, Any]:
    """Do the job. A second worker makes it anew; what a dead one left is written over."""
    target = held.job.target
    if target is None:
        raise NotFound(_("There is no such target."))
    # Beside the storage first: what is there under the archive's name is whole.
    with TemporaryFile() as file:
        done = _Archive(held, target, file).write()
        file.seek(0)
        held.still_mine()
        clear(held.job)
        default_storage.save(name_of(held.job), File(file))
    return {**done, "file": name_of(held.job), "name": f"{slugify(target.name) or 'target'}.zip"}


def clear(job: Job) -> None:
    """Remove the archive of a job, where there is one."""
    if default_storage.exists(name_of(job)):
        default_storage.delete(name_of(job))


def forget(*, before: datetime, limit: int) -> int:
    """Remove up to `limit` archives that were made before a time, and their jobs; say how many."""
    old = list(Job.objects.filter(kind=ARCHIVE, ended_at__lt=before).order_by("ended_at")[:limit])
    for job in old:
        clear(job)
    with writing():
        Job.objects.filter(pk__in=[job.pk for job in old]).delete()
    return len(old)


class _Archive:
    """One archive while it is written."""

    def __init__(self, held: Held, target: Target, file: IO[bytes]) -> None:
        self._held, self._target, self._file = held, target, file
        self._sums: list[str] = []
        self._done = 0
        self._photos = Capture.objects.filter(target=target, state=Capture.State.STORED).order_by("received_at", "pk")
        self._total = len(LISTS) + self._photos.count()

    def write(self) -> dict[str, Any]:
        """Write all of it; say how much there was."""
        asked = Question(self._target, self._held.clock(), names=True)
        with zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED) as self._zip:
            self._add("README.txt", [_about(self._target, asked.now).encode()])
            for name, one in LISTS.items():
                self._add(f"{name}.csv", write_csv(one.features(asked), one.names))
                self._add(f"{name}.geojson", write_geojson(one.features(asked)))
                self._step(name)
            photos, missing = self._write_photos()
            self._zip.writestr("SHA256SUMS", "".join(self._sums))
        return {"photos": photos, "missing": missing}

    def _write_photos(self) -> tuple[int, list[str]]:
        photos, missing = 0, []
        for capture in self._photos.iterator(chunk_size=500):
            try:
                with default_storage.open(str(capture.photo.name), "rb") as photo:
                    ending = _ENDINGS.get(capture.photo_type, "bin")
                    # Photographs do not get smaller by packing.
                    self._add(f"photos/{capture.pk}.{ending}", iter(lambda: photo.read(_PIECE), b""), packed=False)
                photos += 1
            except FileNotFoundError:
                missing.append(str(capture.pk))
            self._step("photos")
        return photos, missing

    def _step(self, what: str) -> None:
        self._done += 1
        if self._done % _SAID_EVERY == 0 or what != "photos":
            self._held.say(what, self._done, self._total)

    def _add(self, name: str, pieces: Iterator[bytes] | list[bytes], *, packed: bool = True) -> None:
        digest = hashlib.sha256()
        entry = zipfile.ZipInfo(name, self._held.clock().timetuple()[:6])
        entry.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
        with self._zip.open(entry, "w", force_zip64=True) as member:
            for piece in pieces:
                digest.update(piece)
                member.write(piece)
        self._sums.append(f"{digest.hexdigest()}  {name}\n")


def _about(target: Target, now: datetime) -> str:
    lines = [
        target.name,
        "",
        _("Made on %s (UTC) by Capturegraph.") % f"{now:%Y-%m-%d %H:%M}",
        _("Licence of the photographs: %s") % (target.photo_licence or _("not said")),
        "",
        _("slots, captures, assignments, events: CSV for spreadsheets, GeoJSON for maps; positions are WGS84."),
        _("Cells that a spreadsheet would take for formulas begin with an apostrophe."),
        _("photos: as they came, named by the id of their capture; captures.csv says who took them, when and where."),
        _("SHA256SUMS: check all files with “sha256sum -c SHA256SUMS”."),
    ]
    return "\n".join(lines) + "\n"
