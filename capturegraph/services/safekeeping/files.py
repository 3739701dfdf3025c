"""Which files rows name, and which rows a file may be of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from django.core.files.storage import default_storage
from django.db import models

from capturegraph.models import Batch, CandidateSlot, Capture, DirectUpload, Job, PhotoPart
from capturegraph.services.batching import showing
from capturegraph.services.exports import archives
from capturegraph.services.safekeeping import tables
from capturegraph.services.uploads import direct, parts, references, small_photos

Values = Mapping[str, Any]
RESTORING = "restoring.json"
"""Lies among the files while a backup is put back."""


class Named(NamedTuple):
    """A file that a row names, and what is known of it: bytes, sha256 (or how that begins).

    `beside`: it may be there or not.
    """

    name: str
    size: int | None = None
    sha256: str = ""
    beside: bool = False


def _of_capture(row: Values) -> Iterator[Named]:
    if row["photo"]:
        yield Named(row["photo"], row["photo_size"], row["photo_sha256"])


def _of_part(row: Values) -> Iterator[Named]:
    yield Named(row["file"], row["size"])


def _of_slot(row: Values) -> Iterator[Named]:
    if row["reference"]:
        yield Named(row["reference"], None, row["reference"].rpartition("/")[2][37:53])


def _of_batch(row: Values) -> Iterator[Named]:
    if row["file"]:
        yield Named(row["file"], None, row["sha256"])
        yield Named(showing.beside(row["file"]), beside=True)


def _of_job(row: Values) -> Iterator[Named]:
    if row["ended_at"] is None and row["data"].get("file"):
        yield Named(row["data"]["file"])
    if row["kind"] == archives.ARCHIVE and row["state"] == Job.State.DONE:
        yield Named(row["result"]["file"])


NAMING: dict[type[models.Model], Callable[[Values], Iterator[Named]]] = {
    Capture: _of_capture, PhotoPart: _of_part, CandidateSlot: _of_slot, Batch: _of_batch, Job: _of_job,
}  # fmt: skip
"""What is known of the files of a table. Of another one it is what its columns for files say, and no more."""


def naming() -> list[type[models.Model]]:
    """Give the tables whose rows name files."""
    return [model for model in tables.kept() if model in NAMING or _file_columns(model)]


def named_by(model: type[models.Model], row: Values) -> Iterator[Named]:
    """Give the files that a row names."""
    if model in NAMING:
        yield from NAMING[model](row)
        return
    for column in _file_columns(model):
        if row[column]:
            yield Named(row[column])


def _file_columns(model: type[models.Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields if isinstance(field, models.FileField)]


def still_names(model: type[models.Model], pk: Any, name: str) -> bool:
    """Whether a row names a file by now, as it is outside of any moment that was kept."""
    row = model._base_manager.filter(pk=pk).values().first()
    return row is not None and name in {one.name for one in named_by(model, row)}


# --- the other way round ----------------------------------------------------------------------------------------------


def _ids(names: list[str]) -> dict[str, UUID]:
    """Give the id with which the last part of each name begins, of those that have one."""
    found = {}
    for name in names:
        try:
            found[name] = UUID(name.rpartition("/")[2][:36])
        except ValueError:
            continue
    return found


def _captures(names: list[str]) -> set[str]:
    by_id = Capture.objects.filter(pk__in=set(_ids(names).values())).values_list("photo", flat=True)
    known = set(by_id)
    # Files of a name that says nothing: asked for one by one.
    odd = [name for name in names if name not in known]
    return known | set(Capture.objects.filter(photo__in=odd).values_list("photo", flat=True) if odd else ())


def _parts(names: list[str]) -> set[str]:
    return set(PhotoPart.objects.filter(capture_id__in=set(_ids(names).values())).values_list("file", flat=True))


def _direct(names: list[str]) -> set[str]:
    return set(DirectUpload.objects.filter(name__in=names).values_list("name", flat=True))


def _references(names: list[str]) -> set[str]:
    rows = CandidateSlot.objects.filter(pk__in=set(_ids(names).values()))
    return set(rows.values_list("reference", flat=True))


def _batches(names: list[str]) -> set[str]:
    plain = {name.removesuffix(showing.beside("")) for name in names}
    known = set(Batch.objects.filter(file__in=plain).values_list("file", flat=True))
    for data in Job.objects.filter(ended_at=None, data__has_key="file").values_list("data", flat=True):
        known.add(data["file"])
    return known | {showing.beside(name) for name in known}


def _exports(names: list[str]) -> set[str]:
    jobs = Job.objects.filter(kind=archives.ARCHIVE, pk__in=set(_ids(names).values()))
    return {archives.name_of(job) for job in jobs}


def _small(names: list[str]) -> set[str]:
    rows = Capture.objects.filter(pk__in=set(_ids(names).values()), state=Capture.State.STORED)
    sums = dict(rows.values_list("pk", "photo_sha256"))
    return {name for name, pk in _ids(names).items() if sums.get(pk, "-")[:16] == name.rpartition("/")[2][37:53]}


def _anywhere(names: list[str]) -> set[str]:
    """Look into every column for files: for folders of which nothing more is known."""
    known = set[str]()
    for model in naming():
        for column in _file_columns(model):
            known |= set(model._base_manager.filter(**{f"{column}__in": names}).values_list(column, flat=True))
    return known


OWNERS: dict[str, Callable[[list[str]], set[str]]] = {
    "captures": _captures, parts.FOLDER: _parts, references.FOLDER: _references, "batches": _batches,
    archives.FOLDER: _exports, direct.FOLDER: _direct, small_photos.FOLDER: _small,
}  # fmt: skip
"""The folders of files, and which of some files of each a row knows."""


def owned(folder: str, names: list[str]) -> set[str]:
    """Give which of some files of a folder rows know, and maybe others."""
    return OWNERS.get(folder, _anywhere)(names)


def listed(folder: str = "") -> Iterator[list[str]]:
    """Give the names of all files below a folder, a folder's at a time."""
    try:
        folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    before = f"{folder}/" if folder else ""
    if names:
        yield sorted(before + name for name in names)
    for name in sorted(folders):
        yield from listed(before + name)
