"""Saying which column of a file is what, and having it remembered for the next file with the same columns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from capturegraph.formats import Unreadable
from capturegraph.models import Batch, ColumnChoice, User
from capturegraph.services import events
from capturegraph.services.batching import batches, reading, showing
from capturegraph.services.batching.batches import NOBODY, Watch
from capturegraph.services.batching.reading import File
from capturegraph.services.refusals import Conflict, NotFound
from capturegraph.services.writing import writing

OPEN = (Batch.State.PREVIEWED, Batch.State.FAILED)
_FILLED = ("state", "format", "columns", "rows", "row_errors", "counts", "reading")


def choose(
    *,
    batch_id: UUID,
    columns: Mapping[str, str],
    remember: bool,
    by: User | None,
    now: datetime,
    watch: Watch = NOBODY,
) -> Batch:
    """Read a file anew, with the columns that somebody chose (field → column, an empty one for none), and look again.

    With `remember` files with the same columns are read so in this target from now on.

    Raises:
        NotFound: it has gone. Conflict: it was applied meanwhile. Invalid: it cannot be read so; it stays as it was.
    """
    batch = _open_one(batch_id)
    watch.say(str(_("Reading")))
    file = _stored(batch, columns)
    table = reading.read(file, batch.reading.get("time_zone", batch.target.time_zone))
    batch.columns = dict(columns)
    found = batches.fill(batch, table, now, watch=watch)
    showing.write(batch, found, table)
    with writing():
        _save(batch)
        if remember:
            choice = {"columns": batch.columns, "created_by": by, "created_at": now}
            ColumnChoice.objects.update_or_create(target=batch.target, header=table.header.key, defaults=choice)
        _tell(batch, "columns chosen", by, now, remembered=remember)
        watch.still_mine()
    return batch


def forget(*, batch_id: UUID, by: User | None, now: datetime, watch: Watch = NOBODY) -> Batch:
    """Forget what was chosen for files with the columns of this one, and read it by guesses; a repeat changes nothing.

    Raises:
        NotFound: it has gone. Conflict: it was applied meanwhile. Invalid: it cannot be read at all.
    """
    batch = _open_one(batch_id)
    watch.say(str(_("Reading")))
    batch.columns = {}
    key, found = batch.reading.get("header", {}).get("key", ""), None
    try:
        read = reading.as_table(_stored(batch, {}), batch.target.time_zone)
    except Unreadable as error:
        if error.header is None:
            raise reading.refused(error) from None
        batches.fail(batch, error)
    else:
        found = batches.fill(batch, read, now, watch=watch)
        showing.write(batch, found, read)
    with writing():
        _save(batch)
        ColumnChoice.objects.filter(target=batch.target, header=key).delete()
        _tell(batch, "columns forgotten", by, now)
        watch.still_mine()
    return batch


def _open_one(batch_id: UUID) -> Batch:
    batch = Batch.objects.select_related("target").filter(pk=batch_id).first()
    if batch is None:
        raise NotFound(_("There is no such file."))
    if batch.state not in OPEN or batch.format == "generated":
        raise _too_late(batch)
    return batch


def _too_late(batch: Batch) -> Conflict:
    return Conflict(_("This file has been brought in already. Upload it again to read it otherwise."), present=batch)


def _stored(batch: Batch, columns: Mapping[str, str]) -> File:
    with batch.file.open("rb") as stored:
        return File(batch.file_name, stored.read(), dict(columns))


def _save(batch: Batch) -> None:
    # Applying locks the row: whoever comes second changes nothing.
    if not Batch.objects.filter(pk=batch.pk, state__in=OPEN).update(**{name: getattr(batch, name) for name in _FILLED}):
        raise _too_late(batch)


def _tell(batch: Batch, verb: str, by: User | None, now: datetime, **data: object) -> None:
    events.record(
        at=now, verb=verb, noun="batch", row_id=batch.pk, target_id=batch.target_id,
        actor_id=by.pk if by else None, data={"columns": batch.columns, **data},
    )  # fmt: skip
