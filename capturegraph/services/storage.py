"""What the files take up, which of them no row names, and which rows name a file that is not there.

Names are held as numbers of eight bytes, so that a million files need some megabytes. Nothing is deleted here.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from numpy.typing import NDArray

from capturegraph.models import Batch, Blurring, CandidateSlot, Capture, DirectUpload, Job, PhotoPart, Target, User
from capturegraph.services import jobs
from capturegraph.services.exports import archives
from capturegraph.services.jobs import Held
from capturegraph.services.uploads import direct, keeping, parts, references, small_photos
from capturegraph.services.uploads.elsewhere import Kept

COUNT = "count_storage"
AT_ONCE, SHOWN = 500, 50
# A file is written before a row names it: a young one may be about to be named.
YOUNG = timedelta(days=1)
Numbers = NDArray[np.int64]
Say = Callable[[str, int, int], object]


class Kind(NamedTuple):
    """The files of one folder: what they are in words, the names that rows know, and whether each has to be there."""

    title: Any
    names: Callable[[], Iterator[str]]
    needed: bool = True


def _captures() -> Iterator[str]:
    yield from Capture.objects.exclude(photo="").values_list("photo", flat=True).iterator(chunk_size=AT_ONCE)


def _small() -> Iterator[str]:
    stored = Capture.objects.filter(state=Capture.State.STORED).only("pk", "target_id", "photo_sha256")
    for capture in stored.iterator(chunk_size=AT_ONCE):
        yield from small_photos.names_of(capture)


def _blurred() -> Iterator[str]:
    yield from Blurring.objects.exclude(file="").values_list("file", flat=True).iterator(chunk_size=AT_ONCE)


def _parts() -> Iterator[str]:
    yield from PhotoPart.objects.values_list("file", flat=True).iterator(chunk_size=AT_ONCE)


def _direct() -> Iterator[str]:
    yield from DirectUpload.objects.values_list("name", flat=True).iterator(chunk_size=AT_ONCE)


def _references() -> Iterator[str]:
    rows = CandidateSlot.objects.exclude(reference="").values_list("reference", flat=True)
    yield from rows.iterator(chunk_size=AT_ONCE)


def _archives() -> Iterator[str]:
    for job in Job.objects.filter(kind=archives.ARCHIVE, state=Job.State.DONE).iterator(chunk_size=AT_ONCE):
        yield archives.name_of(job)


def _batches() -> Iterator[str]:
    yield from Batch.objects.exclude(file="").values_list("file", flat=True).iterator(chunk_size=AT_ONCE)
    under_way = Job.objects.filter(state__in=(Job.State.WAITING, Job.State.RUNNING), data__has_key="file")
    yield from under_way.values_list("data__file", flat=True)


KINDS: dict[str, Kind] = {
    "captures": Kind(gettext_lazy("Photos as they came"), _captures),
    small_photos.FOLDER: Kind(gettext_lazy("Small copies, made when they are asked for"), _small, needed=False),
    direct.FOLDER: Kind(gettext_lazy("Photos that phones put here straight"), _direct, needed=False),
    parts.FOLDER: Kind(gettext_lazy("Pieces of photos on their way"), _parts),
    references.FOLDER: Kind(gettext_lazy("Reference photos"), _references),
    archives.FOLDER: Kind(gettext_lazy("Archives to take away"), _archives),
    "blurred": Kind(gettext_lazy("Copies in which faces were made unknowable"), _blurred),
    "batches": Kind(gettext_lazy("Files of places"), _batches),
}
"""What is kept in which folder. A new one is a line here; without it its files are counted, and nothing else."""


def ask(*, by: User, now: datetime) -> Job:
    """Write down that the files are to be counted; while that is under way, it is the same job."""
    under_way = Job.objects.filter(kind=COUNT, state__in=(Job.State.WAITING, Job.State.RUNNING)).first()
    return under_way or jobs.add(kind=COUNT, target=None, by=by, now=now)


def count(held: Held) -> Mapping[str, Any]:
    """Do the job."""
    return measured(now=held.clock(), say=held.say)


def measured(*, now: datetime, say: Say = lambda step, done, total: None) -> dict[str, Any]:
    """Count every file: by kind, by target, the orphans and the missing ones, of these some by name."""
    kinds, targets, looked = [], Counter[str](), 0
    shown: dict[str, list[str]] = {"orphans": [], "missing": []}
    for folder in dict.fromkeys([*KINDS, *_listed("")[0]]):
        looker = _Looker(folder, now, say, looked)
        kinds.append(looker.look())
        targets.update(looker.targets)
        looked = looker.looked
        for what in shown:
            shown[what] += getattr(looker, what)[: SHOWN - len(shown[what])]
    return {"at": now.isoformat(), "kinds": kinds, "targets": _named(targets), **shown, "disk": _disk()}


class _Looker:
    """Looks at one folder."""

    def __init__(self, folder: str, now: datetime, say: Say, looked: int) -> None:
        self.folder, self.looked = folder, looked
        self.kind = KINDS.get(folder)
        self.orphans: list[str] = []
        self.missing: list[str] = []
        self.targets = Counter[str]()
        self._now, self._say = now, say
        self._figures = Counter[str]()

    def look(self) -> dict[str, Any]:
        """Look at every file, and then at every name that there should be a file of."""
        known = _numbers(self.kind.names()) if self.kind else None
        there: list[Numbers] = []
        files = keeping.walked(self.folder)
        while some := list(islice(files, AT_ONCE)):
            numbers = _numbers(one.name for one in some)
            there.append(numbers)
            self._add(some, np.isin(numbers, known, invert=True) if known is not None else np.zeros(len(some), bool))
            self._tell(len(some))
        if self.kind and self.kind.needed:
            self._find_missing(np.concatenate([np.empty(0, np.int64), *there]))
        title = str(self.kind.title) if self.kind else _("Other files")
        figures = {name: self._figures[name] for name in ("files", "bytes", "orphans", "orphan_bytes", "missing")}
        return {"kind": self.folder, "title": title, **figures}

    def _add(self, files: list[Kept], nameless: NDArray[np.bool_]) -> None:
        for (name, size, written_at), is_nameless in zip(files, nameless.tolist(), strict=True):
            self._figures["files"] += 1
            self._figures["bytes"] += size
            part = name.split("/")[1]
            if part.count("-") == 4 and "." not in part:
                self.targets[part] += size
            if is_nameless and written_at <= self._now - YOUNG:
                self._figures["orphans"] += 1
                self._figures["orphan_bytes"] += size
                self.orphans += [name] * (len(self.orphans) < SHOWN)

    def _find_missing(self, there: Numbers) -> None:
        assert self.kind
        names = self.kind.names()
        gone: set[str] = set()
        while some := list(islice(names, AT_ONCE)):
            lacks = np.isin(_numbers(some), there, invert=True)
            # It may have come since the folder was listed.
            gone.update(some[n] for n in np.flatnonzero(lacks).tolist() if not default_storage.exists(some[n]))
        # Or its row has gone with it.
        still = {name for name in self.kind.names() if name in gone} if gone else set()
        self._figures["missing"] = len(still)
        self.missing = sorted(still)[:SHOWN]

    def _tell(self, more: int) -> None:
        self.looked += more
        self._say(str(_("Looking at the files")), self.looked, 0)


def _listed(folder: str) -> tuple[list[str], list[str]]:
    try:
        folders, files = default_storage.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return [], []
    return sorted(folders), sorted(files)


def _numbers(names: Iterable[str]) -> Numbers:
    digests = (int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "big", signed=True) for name in names)
    return np.fromiter(digests, np.int64)


def _named(sizes: Counter[str]) -> list[dict[str, Any]]:
    """Give the targets that take up most, by name."""
    most = sizes.most_common(20)
    ids = [UUID(one) for one, __ in most if _is_id(one)]
    names = {str(pk): name for pk, name in Target.objects.filter(pk__in=ids).values_list("pk", "name")}
    return [{"target": one, "name": names.get(one, ""), "bytes": size} for one, size in most]


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def _disk() -> dict[str, int] | None:
    """Say how large the disk is and how much of it is free; None where the files lie elsewhere."""
    try:
        found = shutil.disk_usage(default_storage.path(""))
    except (NotImplementedError, OSError):
        return None
    return {"total": found.total, "free": found.free}


WORK = {COUNT: count}
