"""Files of candidate slots: read, shown, applied whole or not at all."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from django.core.files.base import ContentFile
from django.db import IntegrityError
from django.utils.translation import gettext as _

from capturegraph.formats import Table, Unreadable
from capturegraph.models import Batch, Target, User
from capturegraph.services.batching import bulk, candidates, looking, ranking, reading, showing
from capturegraph.services.batching.candidates import How
from capturegraph.services.batching.differences import Difference, difference
from capturegraph.services.batching.ranking import Ranks
from capturegraph.services.batching.reading import File as File
from capturegraph.services.batching.reading import Reading
from capturegraph.services.refusals import Conflict, Invalid, NotFound
from capturegraph.services.writing import writing

ERRORS_SHOWN = 1000


class Watch(Protocol):
    """Who is told how far it is, and may stop it by raising: see `jobs.Held`."""

    def say(self, step: str, done: int = 0, total: int = 0) -> None:
        """Hear of a step, outside of transactions."""

    def still_mine(self) -> None:
        """Agree to the effects, inside of the transaction that has them."""


class Nobody:
    """Nobody watches: the caller waits for the answer."""

    def say(self, step: str, done: int = 0, total: int = 0) -> None:
        """Hear nothing."""

    def still_mine(self) -> None:
        """Agree."""


NOBODY = Nobody()


def preview(
    *,
    target: Target,
    file: File,
    mode: str,
    by: User | None,
    now: datetime,
    afresh: bool = False,
    operation_id: UUID | None = None,
    stored: str = "",
    made: str = "",
    at_desk: bool = False,
    watch: Watch = NOBODY,
) -> Batch:
    """Read a file and say what applying it would do; nothing of the target is changed. A repeat gives the same batch.

    `stored` names the file where it is in the storage already, `made` how it came to be if nobody uploaded it.
    `at_desk`: somebody goes through it on a page. Its columns are read as the last time; if it says nowhere what its
    columns are it is kept as failed, so that this can be asked; and what it would do is written down row by row.

    Raises:
        Invalid: the file cannot be read as a whole; the sentence says why.
    """
    repeated = _repeated(target, operation_id)
    if repeated:
        return repeated
    watch.say(str(_("Reading")))
    batch = Batch(
        target=target, mode=mode, afresh=afresh, file_name=file.name[-255:], columns=dict(file.columns or {}),
        sha256=hashlib.sha256(file.data).hexdigest(), created_by=by, created_at=now, operation_id=operation_id,
    )  # fmt: skip
    looked_at = _first_look(batch, file, now, watch, at_desk=at_desk)
    batch.format = made or batch.format
    if stored:
        batch.file.name = stored
    else:
        batch.file.save(f"{batch.pk}.{batch.format or 'upload'}", ContentFile(file.data), save=False)
    if at_desk and looked_at:
        showing.write(batch, looked_at.found, looked_at.read)
    return _saved(batch, watch, keep=bool(stored))


def _first_look(batch: Batch, file: File, now: datetime, watch: Watch, *, at_desk: bool) -> Look | None:
    """Read a file into its batch, and give what it would do; None where its columns have to be asked for."""
    try:
        if not at_desk:
            read = Reading(reading.read(file, batch.target.time_zone), {})
        else:
            read = reading.read_as_before(file, batch.target)
    except Unreadable as error:
        if error.header is None or len(error.header.names) < 2:
            raise reading.refused(error) from None
        fail(batch, error)
        return None
    batch.columns = read.columns or batch.columns
    return Look(read.table, fill(batch, read.table, now, watch=watch, remembered=read.remembered))


def fail(batch: Batch, error: Unreadable) -> None:
    """Note that a file cannot be read before somebody says which of its columns is what; not saved."""
    batch.state, batch.rows, batch.row_errors, batch.counts = Batch.State.FAILED, 0, [], Difference().counts()
    batch.counts |= {"close": 0, "errors": 0}
    header, columns = (reading.described(error.header), error.header.columns) if error.header else ({}, {})
    batch.reading = {
        "columns": columns, "header": header, "refused": error.reason, "time_zone": batch.target.time_zone, "made": {},
        "held": [], "close": [],
    }  # fmt: skip


def fill(batch: Batch, read: Table, now: datetime, *, watch: Watch = NOBODY, remembered: bool = False) -> Difference:
    """Note how a file was read and what it would do, and give this; not saved."""
    batch.state, batch.format, batch.rows = Batch.State.PREVIEWED, read.format, len(read.rows)
    batch.row_errors = [asdict(error) for error in read.errors[:ERRORS_SHOWN]]
    watch.say(str(_("Comparing %d rows")) % len(read.rows), 0, len(read.rows))
    found = _look(batch, read, now)
    if remembered:
        batch.reading["remembered"] = True
    return found


def _saved(batch: Batch, watch: Watch, *, keep: bool) -> Batch:
    try:
        with writing():
            batch.save(force_insert=True)
            watch.still_mine()
    except IntegrityError:
        # The same operation, sent twice at once: the other one was quicker.
        if not keep:
            showing.forget(batch)
            batch.file.delete(save=False)
        repeated = _repeated(batch.target, batch.operation_id)
        if repeated is None:
            raise
        return repeated
    return batch


def _look(batch: Batch, read: Table, now: datetime) -> Difference:
    replace, target = batch.mode == Batch.Mode.REPLACE, batch.target
    found = difference(target, read.rows, replace=replace, now=now, afresh=batch.afresh)
    found.covered = looking.count_covered(target, found, now)
    pairs = looking.find_close(target, found)
    batch.counts = {**found.counts(), "close": found.close, "errors": len(read.errors)}
    batch.reading = {
        "columns": read.columns, "encoding": read.encoding, "delimiter": read.delimiter, "time_zone": target.time_zone,
        "made": read.made, "header": reading.described(read.header),
        **looking.shown(found, pairs),
    }  # fmt: skip
    return found


def _repeated(target: Target, operation_id: UUID | None) -> Batch | None:
    if operation_id is None:
        return None
    return Batch.objects.filter(target=target, operation_id=operation_id).first()


class Look(NamedTuple):
    """A file as it reads now, and what it would do now."""

    read: Table
    found: Difference


def look(*, batch: Batch, now: datetime) -> Look:
    """Compare a file that was uploaded with the slots as they are now; nothing is changed."""
    read = _read_stored(batch)
    replace = batch.mode == Batch.Mode.REPLACE
    return Look(read, difference(batch.target, read.rows, replace=replace, now=now, afresh=batch.afresh))


def rows_of(*, batch: Batch, now: datetime) -> dict[str, Any]:
    """Give what a file would do row by row, as `showing.shown` has it: as it was written down, else as it is now."""
    written = showing.written(batch)
    if written is None:
        seen = look(batch=batch, now=now)
        written = showing.shown(seen.found, seen.read)
    return written


def _read_stored(batch: Batch) -> Table:
    with batch.file.open("rb") as stored:
        data = stored.read()
    # By the clocks that the preview was by, though the target may have moved since.
    file = File(batch.file_name, data, batch.columns)
    return reading.read(file, batch.reading.get("time_zone", batch.target.time_zone))


class Plan(NamedTuple):
    """What applying would do, and the state of things that it is for."""

    found: Difference
    ranks: Ranks
    stamp: tuple[int, int]


def apply(
    *,
    batch_id: UUID,
    by: User | None,
    now: datetime,
    skip_bad_rows: bool = False,
    release_held: bool = False,
    afresh: bool | None = None,
    watch: Watch = NOBODY,
) -> Batch:
    """Apply a batch, all of it in one transaction; a repeat changes nothing.

    The file is read, compared and put in order before the transaction, which is short therefore: captures wait for it.

    Raises:
        NotFound: it has gone. Conflict: it was undone or failed.
        Invalid: it has bad rows, and they are not to be left out.
    """
    batch = _there(Batch.objects.select_related("target").filter(pk=batch_id).first())
    if _applied_already(batch, skip_bad_rows):
        return batch
    watch.say(str(_("Reading")))
    read = _read_stored(batch)
    how = How(afresh=batch.afresh if afresh is None else afresh, release_held=release_held)
    plan = _planned(batch, read, how, now, watch)
    watch.say(str(_("Writing")), 0, len(read.rows))
    with writing():
        # The target first: captures hold it while they look for slots, so none of them can miss what this puts in.
        target = Target.objects.select_for_update(no_key=True).get(pk=batch.target_id)
        batch = _there(Batch.objects.select_for_update(no_key=True).filter(pk=batch_id).first())
        if _applied_already(batch, skip_bad_rows):
            return batch
        if _stamp(target) != plan.stamp:
            plan = _planned(batch, read, how, now, NOBODY)
        candidates.put(target, plan.found, plan.ranks, how=how, now=now, actor_id=by.pk if by else None, batch=batch)
        _note(batch, plan.found, read, how, now)
        # At the end, so that asking it to stop does not wait for all of this.
        watch.still_mine()
    bulk.analyse()
    return batch


def _there(batch: Batch | None) -> Batch:
    if batch is None:
        raise NotFound(_("There is no such file."))
    return batch


def _applied_already(batch: Batch, skip_bad_rows: bool) -> bool:
    if batch.state == Batch.State.APPLIED:
        return True
    if batch.state != Batch.State.PREVIEWED:
        raise Conflict(_("This file was discarded. Upload it again."), present=batch)
    if batch.row_errors and not skip_bad_rows:
        raise refused_rows(batch)
    return False


def _planned(batch: Batch, read: Table, how: How, now: datetime, watch: Watch) -> Plan:
    watch.say(str(_("Comparing %d rows")) % len(read.rows), 0, len(read.rows))
    stamp, replace = _stamp(batch.target), batch.mode == Batch.Mode.REPLACE
    found = difference(
        batch.target, read.rows, replace=replace, now=now, afresh=how.afresh, release_held=how.release_held
    )
    watch.say(str(_("Putting into tour order")))
    return Plan(found, ranking.ranks_after(found), stamp)


def _stamp(target: Target) -> tuple[int, int]:
    """What changes with everything that could put the same place in a second time: asked before, and under the lock."""
    put_in = Batch.objects.filter(target=target, state__in=[Batch.State.APPLIED, Batch.State.UNDONE])
    return target.slots.count(), put_in.count()


def _note(batch: Batch, found: Difference, read: Table, how: How, now: datetime) -> None:
    batch.state, batch.applied_at, batch.afresh = Batch.State.APPLIED, now, how.afresh
    # Its counts from the preview stay where applying does not look again.
    batch.counts = {**batch.counts, **found.counts(), "errors": len(read.errors)}
    batch.save(update_fields=["state", "applied_at", "counts", "afresh"])


def upload(
    *,
    target: Target,
    file: File,
    mode: str,
    by: User | None,
    now: datetime,
    skip_bad_rows: bool = False,
    release_held: bool = False,
    afresh: bool = False,
    operation_id: UUID | None = None,
    stored: str = "",
    watch: Watch = NOBODY,
) -> Batch:
    """Preview and apply in one go; where that is refused or stopped, nothing is left behind.

    Raises:
        Invalid: as `preview` and `apply`.
    """
    batch = preview(
        target=target, file=file, mode=mode, by=by, now=now, afresh=afresh, operation_id=operation_id, stored=stored,
        watch=watch,
    )  # fmt: skip
    try:
        return apply(
            batch_id=batch.pk, by=by, now=now, skip_bad_rows=skip_bad_rows, release_held=release_held, watch=watch
        )
    except Invalid:
        discard(batch_id=batch.pk)
        raise


def discard(*, batch_id: UUID) -> None:
    """Forget a file that was looked at and not applied; a repeat is success."""
    with writing():
        open_ones = Batch.objects.filter(state__in=[Batch.State.PREVIEWED, Batch.State.FAILED])
        batch = open_ones.select_for_update(no_key=True).filter(pk=batch_id).first()
        if batch is None:
            return
        batch.delete()
    showing.forget(batch)
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
