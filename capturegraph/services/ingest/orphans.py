"""Files of photographs that no row names, and rows whose file is not there: what killed processes and bad disks leave.

A file is written before the row that names it, and no name is used twice. So a file that is a day old and that no row
names is nobody's any more: no request takes a day.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.core.files.storage import default_storage

from capturegraph.models import Capture, Event, Target
from capturegraph.services import events
from capturegraph.services.uploads import keeping, small_photos
from capturegraph.services.writing import writing

log = logging.getLogger(__name__)

KEPT_FOR = timedelta(days=1)
AT_ONCE = 500
ORIGINALS = "captures"


def found(*, now: datetime) -> Iterator[list[str]]:
    """Give the names of files of originals and of small copies that no row names, some at a time; nothing is deleted.

    Each folder is listed once. Only those that no row names are asked for their age.
    """
    for folder, unnamed in UNNAMED.items():
        for place in (folder, *(f"{folder}/{name}" for name in _listed(folder)[0])):
            names = (f"{place}/{name}" for name in _listed(place)[1])
            while some := list(islice(names, AT_ONCE)):
                old = [name for name in unnamed(some) if keeping.kept_since(name, now - KEPT_FOR)]
                if old:
                    yield old


def delete(names: list[str]) -> int:
    """Delete those of some files that no row names by now; give how many."""
    gone = [name for folder, unnamed in UNNAMED.items() for name in unnamed(_in(folder, names))]
    for name in gone:
        log.info("deleted %s, which no row names", name)
    return keeping.delete(gone)


def missing() -> Iterator[list[Capture]]:
    """Give captures whose photograph is not where it was kept, some at a time."""
    for target_id in Target.objects.order_by("pk").values_list("pk", flat=True).iterator():
        kept = Capture.objects.filter(target=target_id).exclude(photo="").order_by("pk")
        rows = kept.only("pk", "target_id", "photo").iterator(chunk_size=AT_ONCE)
        here: set[str] | None = None
        while some := list(islice(rows, AT_ONCE)):
            # Listed after the rows were read: a file is there before its row.
            folder = f"{ORIGINALS}/{target_id}"
            here = {f"{folder}/{name}" for name in _listed(folder)[1]} if here is None else here
            lost = [one for one in some if str(one.photo) not in here and not default_storage.exists(str(one.photo))]
            if lost:
                yield lost


def report(captures: list[Capture], *, now: datetime) -> int:
    """Write down that files are missing, each once, where site admins and coordinators see it; give how many are."""
    ids = [capture.pk for capture in captures]
    with writing():
        told = Event.objects.filter(noun="capture", verb="file missing", row_id__in=ids)
        known = set(told.values_list("row_id", flat=True))
        for capture in captures:
            if capture.pk not in known:
                events.record(
                    at=now, verb="file missing", noun="capture", row_id=capture.pk, target_id=capture.target_id,
                    data={"file": capture.photo.name},
                )  # fmt: skip
    log.warning("the files of %d photographs are missing, such as %s", len(captures), captures[0].photo.name)
    return len(captures)


def _listed(folder: str) -> tuple[list[str], list[str]]:
    try:
        return default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []


def _in(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if name.startswith(f"{folder}/")]


# --- which files no row names -----------------------------------------------------------------------------------------


def _originals(names: list[str]) -> list[str]:
    # Asked by the id that is in the name, since nothing finds a row by its file quickly.
    ids = {capture_id for name in names if (capture_id := _begins_with(name)) is not None}
    known = set(Capture.objects.filter(pk__in=ids).values_list("photo", flat=True))
    rest = [name for name in names if name not in known]
    odd = [name for name in rest if _begins_with(name) is None]
    known |= set(Capture.objects.filter(photo__in=odd).values_list("photo", flat=True)) if odd else set()
    return [name for name in rest if name not in known]


def _begins_with(name: str) -> UUID | None:
    try:
        return UUID(name.rpartition("/")[2][:36])
    except ValueError:
        return None


def _small_copies(names: list[str]) -> list[str]:
    copies = {name: small_photos.copy_of(name) for name in names}
    ids = {copy.capture for copy in copies.values() if copy}
    stored = Capture.objects.filter(pk__in=ids, state=Capture.State.STORED)
    known = {name for capture in stored for name in small_photos.names_of(capture)}
    return [name for name in names if name not in known]


UNNAMED: Mapping[str, Callable[[list[str]], list[str]]] = {
    ORIGINALS: _originals,
    small_photos.FOLDER: _small_copies,
}
"""Folders, and of some names in each those that no row names. Parts and reference photographs sweep their own."""
