"""Files of candidate slots in the background: for files so large that nobody wants to wait for the answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from django.core.files.base import ContentFile
from django.core.files.base import File as Stream
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from capturegraph.models import Batch, Job, Target, User
from capturegraph.services import jobs
from capturegraph.services.batching import batches, columns, showing, undoing
from capturegraph.services.batching.batches import File
from capturegraph.services.jobs import Held
from capturegraph.services.refusals import NotFound
from capturegraph.services.uploads import keeping

LARGE_BYTES = 2_000_000
LARGE_ROWS = 5_000


class Options(NamedTuple):
    """How a file is to be applied."""

    skip_bad_rows: bool = False
    release_held: bool = False
    afresh: bool | None = None


class Upload(NamedTuple):
    """A file as it arrives: kept as it comes, in pieces, and never held in memory as a whole."""

    name: str
    content: Stream[bytes]
    columns: Mapping[str, str] | None = None


def bring_in(
    *,
    target: Target,
    file: File | Upload,
    mode: str,
    by: User,
    now: datetime,
    dry_run: bool,
    options: Options,
    operation_id: UUID | None = None,
    at_desk: bool = False,
    new_id: Callable[[], UUID] = uuid4,
) -> Job:
    """Keep a file and write down that it is to be looked at, and, unless that is all (`dry_run`), applied.

    `at_desk` as `batches.preview` has it.
    """
    content = file.content if isinstance(file, Upload) else ContentFile(file.data)
    name = default_storage.save(f"batches/{now:%Y/%m}/{target.pk}-{new_id().hex[:8]}.upload", content)
    data = {
        "file": name, "file_name": file.name, "columns": dict(file.columns or {}), "mode": mode, "dry_run": dry_run,
        "at_desk": at_desk, **options._asdict(),
    }  # fmt: skip
    job = jobs.add(kind="bring_in", target=target, by=by, now=now, data=data, operation_id=operation_id)
    if job.data["file"] != name:
        # The same operation again: its file is here already.
        keeping.delete([name])
    return job


def apply(*, batch: Batch, by: User, now: datetime, options: Options, operation_id: UUID | None = None) -> Job:
    """Write down that a file that was looked at is to be applied."""
    return jobs.add(
        kind="apply_batch", target=batch.target, row_id=batch.pk, by=by, now=now, data=options._asdict(),
        operation_id=operation_id,
    )  # fmt: skip


def undo(*, batch: Batch, by: User, now: datetime, operation_id: UUID | None = None) -> Job:
    """Write down that a file that was applied is to be undone."""
    return jobs.add(kind="undo_batch", target=batch.target, row_id=batch.pk, by=by, now=now, operation_id=operation_id)


def read_again(*, batch: Batch, columns: Mapping[str, str], remember: bool, by: User, now: datetime) -> Job:
    """Write down that a file is to be read anew, with columns that somebody chose."""
    data = {"columns": dict(columns), "remember": remember, "file_name": batch.file_name}
    return jobs.add(kind="read_again", target=batch.target, row_id=batch.pk, by=by, now=now, data=data)


def is_large(size: int) -> bool:
    """Say whether a file has so many bytes that a person should not be kept waiting for it."""
    return size > LARGE_BYTES


# --- what the worker does ---------------------------------------------------------------------------------------------


def _bring_in(held: Held) -> dict[str, Any]:
    job, said = held.job, held.job.data
    what: dict[str, Any] = {
        "target": _target(job), "mode": said["mode"], "by": job.created_by, "now": held.clock(), "watch": held,
        "file": _stored(said), "stored": said["file"], "afresh": bool(said["afresh"]), "operation_id": operation(job),
    }  # fmt: skip
    if said["dry_run"]:
        return _result(batches.preview(**what, at_desk=bool(said.get("at_desk"))))
    options = {"skip_bad_rows": said["skip_bad_rows"], "release_held": said["release_held"]}
    return _result(batches.upload(**what, **options))


def _stored(said: Mapping[str, Any]) -> File:
    with default_storage.open(said["file"], "rb") as stored:
        return File(said["file_name"], stored.read(), said["columns"])


def operation(job: Job) -> UUID:
    """Give the operation by which a job's batch is known, so that a second worker finds the one of the first."""
    return job.operation_id or job.pk


def _target(job: Job) -> Target:
    if job.target is None:
        raise NotFound(_("There is no such target."))
    return job.target


def _apply(held: Held) -> dict[str, Any]:
    job = held.job
    options = Options(**job.data)._asdict()
    return _result(batches.apply(batch_id=_batch_id(job), by=job.created_by, now=held.clock(), watch=held, **options))


def _read_again(held: Held) -> dict[str, Any]:
    job, said = held.job, held.job.data
    return _result(
        columns.choose(
            batch_id=_batch_id(job),
            columns=said["columns"],
            remember=said["remember"],
            by=job.created_by,
            now=held.clock(),
            watch=held,
        )
    )


def _undo(held: Held) -> dict[str, Any]:
    job = held.job
    undone = undoing.undo(batch_id=_batch_id(job), by=job.created_by, now=held.clock(), watch=held)
    return {**_result(undone.batch), "left": undone.left[:100]}


def _batch_id(job: Job) -> UUID:
    if job.row_id is None:
        raise NotFound(_("There is no such file."))
    return job.row_id


def _result(batch: Batch) -> dict[str, Any]:
    return {"batch": str(batch.pk), "state": batch.state, "rows": batch.rows, "counts": batch.counts}


def _clear_bring_in(job: Job) -> None:
    if not job.data["dry_run"]:
        for batch in Batch.objects.filter(target=job.target_id, operation_id=operation(job)):
            batches.discard(batch_id=batch.pk)
    if not Batch.objects.filter(file=job.data["file"]).exists():
        keeping.delete([job.data["file"], showing.beside(job.data["file"])])


KINDS: dict[str, Callable[[Held], Mapping[str, Any]]] = {
    "bring_in": _bring_in,
    "read_again": _read_again,
    "apply_batch": _apply,
    "undo_batch": _undo,
}
LEFT_BEHIND: dict[str, Callable[[Job], None]] = {"bring_in": _clear_bring_in}
