"""Files of candidate slots: read, shown, applied whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import IntegrityError
from django.utils.translation import gettext as _

from capturegraph.formats import Table, Unreadable, read_table
from capturegraph.models import Batch, Target, User
from capturegraph.services import candidates
from capturegraph.services.candidates import Difference
from capturegraph.services.refusals import Conflict, Invalid, NotFound
from capturegraph.services.writing import writing

ERRORS_SHOWN = 1000


class File(NamedTuple):
    """A file as it was uploaded, and how to read it."""

    name: str
    data: bytes
    columns: Mapping[str, str] | None = None


def preview(
    *, target: Target, file: File, mode: str, by: User | None, now: datetime, operation_id: UUID | None = None
) -> Batch:
    """Read a file and say what applying it would do; nothing of the target is changed. A repeat gives the same batch.

    Raises:
        Invalid: the file cannot be read as a whole; the sentence says why.
    """
    repeated = _repeated(target, operation_id)
    if repeated:
        return repeated
    read = _read(file)
    found = candidates.difference(target, read.rows, replace=mode == Batch.Mode.REPLACE, now=now)
    batch = Batch(
        target=target, mode=mode, file_name=file.name[-255:], format=read.format, columns=dict(file.columns or {}),
        sha256=hashlib.sha256(file.data).hexdigest(), rows=len(read.rows),
        counts={**found.counts(), "errors": len(read.errors)},
        reading={"columns": read.columns, "encoding": read.encoding, "delimiter": read.delimiter},
        row_errors=[asdict(error) for error in read.errors[:ERRORS_SHOWN]],
        created_by=by, created_at=now, operation_id=operation_id,
    )  # fmt: skip
    batch.file.save(f"{batch.pk}.{read.format}", ContentFile(file.data), save=False)
    try:
        with writing():
            batch.save(force_insert=True)
    except IntegrityError:
        # The same operation, sent twice at once: the other one was quicker.
        batch.file.delete(save=False)
        repeated = _repeated(target, operation_id)
        if repeated is None:
            raise
        return repeated
    return batch


def _repeated(target: Target, operation_id: UUID | None) -> Batch | None:
    if operation_id is None:
        return None
    return Batch.objects.filter(target=target, operation_id=operation_id).first()


def _read(file: File) -> Table:
    try:
        return read_table(file.data, file.name, file.columns)
    except Unreadable as error:
        errors = [{"field": error.field or "file", "reason": error.reason}]
        raise Invalid(error.reason, code="file_unreadable", errors=errors) from None


class Look(NamedTuple):
    """A file as it reads now, and what it would do now."""

    read: Table
    found: Difference


def look(*, batch: Batch, now: datetime) -> Look:
    """Compare a file that was uploaded with the slots as they are now; nothing is changed."""
    read = _read_stored(batch)
    replace = batch.mode == Batch.Mode.REPLACE
    return Look(read, candidates.difference(batch.target, read.rows, replace=replace, now=now))


def _read_stored(batch: Batch) -> Table:
    with batch.file.open("rb") as stored:
        return _read(File(batch.file_name, stored.read(), batch.columns))


def apply(*, batch_id: UUID, by: User | None, now: datetime, skip_bad_rows: bool = False) -> Batch:
    """Apply a batch, all of it in one transaction; a repeat changes nothing.

    Raises:
        NotFound: it has gone. Conflict: it was undone or failed.
        Invalid: it has bad rows, and they are not to be left out.
    """
    with writing():
        # The target first: captures hold it while they look for slots, so none of them can miss what this puts in.
        target = Target.objects.select_for_update(no_key=True).filter(batches=batch_id).first()
        batch = Batch.objects.select_for_update(no_key=True).filter(pk=batch_id).first()
        if target is None or batch is None:
            raise NotFound(_("There is no such file."))
        if batch.state == Batch.State.APPLIED:
            return batch
        if batch.state != Batch.State.PREVIEWED:
            raise Conflict(_("This file was discarded. Upload it again."), present=batch)
        if batch.row_errors and not skip_bad_rows:
            raise refused_rows(batch)
        _put(target, batch, _read_stored(batch), by, now)
    candidates.analyse()
    return batch


def _put(target: Target, batch: Batch, read: Table, by: User | None, now: datetime) -> None:
    found = candidates.difference(target, read.rows, replace=batch.mode == Batch.Mode.REPLACE, now=now)
    fresh = candidates.put(target, found, now=now, actor_id=by.pk if by else None, batch=batch)
    if fresh or found.removed:
        candidates.rank(target, fresh)
    batch.state, batch.applied_at = Batch.State.APPLIED, now
    batch.counts = {**found.counts(), "errors": len(read.errors)}
    batch.save(update_fields=["state", "applied_at", "counts"])


def upload(
    *,
    target: Target,
    file: File,
    mode: str,
    by: User | None,
    now: datetime,
    skip_bad_rows: bool = False,
    operation_id: UUID | None = None,
) -> Batch:
    """Preview and apply in one go; where that is refused, nothing is left behind.

    Raises:
        Invalid: as `preview` and `apply`.
    """
    batch = preview(target=target, file=file, mode=mode, by=by, now=now, operation_id=operation_id)
    try:
        return apply(batch_id=batch.pk, by=by, now=now, skip_bad_rows=skip_bad_rows)
    except Invalid:
        discard(batch_id=batch.pk)
        raise


def discard(*, batch_id: UUID) -> None:
    """Forget a file that was looked at and not applied; a repeat is success."""
    with writing():
        batch = Batch.objects.select_for_update(no_key=True).filter(pk=batch_id, state=Batch.State.PREVIEWED).first()
        if batch is None:
            return
        batch.delete()
    batch.file.delete(save=False)


def refused_rows(batch: Batch) -> Invalid:
    """Name the bad rows of a file."""
    first: dict[str, Any] = batch.row_errors[0]
    return Invalid(
        _("%(count)d rows cannot be read. Row %(row)s, %(field)s: %(reason)s")
        % {"count": batch.counts["errors"], **first},
        code="rows_refused",
        errors=batch.row_errors,
    )
