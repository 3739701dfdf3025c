"""Putting a backup back: into an empty database and an empty store of files, all of it or nothing.

Every byte of the backup is checked before anything is touched. Then the files are written, and at last all rows in one
transaction: whoever is killed in between leaves an empty database and files that no row names, and the same command
goes on where it was. Work that was under way in the backup waits again, and nobody holds a periodic service.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast

from django.core.exceptions import SuspiciousOperation, ValidationError
from django.core.files.storage import default_storage
from django.core.management.color import no_style
from django.db import DatabaseError, IntegrityError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import F, Model
from django.utils.translation import gettext as _

from capturegraph.models import Batch, CandidateSlot, Capture, Event, Job, PhotoPart, ServiceLease, ServiceRun
from capturegraph.services import events
from capturegraph.services.refusals import Conflict
from capturegraph.services.safekeeping import backing_up, files, tables
from capturegraph.services.safekeeping.backing_up import FORMAT, GONE, REMARKS, Heard
from capturegraph.services.safekeeping.sealed import PIECE, Broken, Entry, Reader
from capturegraph.services.uploads import keeping
from capturegraph.services.writing import writing

RESTORED = "restored from a backup"
_AT_ONCE = 500
_SAID_EVERY = 1000


def restore(*, path: Path, now: datetime, heard: Heard = lambda *said: None) -> dict[str, Any]:
    """Put a backup back, and give its manifest.

    Raises:
        Broken: it is not whole, or of another release; nothing was touched. Conflict: there is something here already.
        NoRoom: the disk is full.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise Broken(_("%(path)s cannot be read: %(why)s.") % {"path": path, "why": error.strerror}) from None
    with file:
        reader = Reader(file)
        heard(_("checking"), 0, 0)
        try:
            manifest = reader.check()
        except OSError as error:
            raise Broken(_("%(path)s cannot be read: %(why)s.") % {"path": path, "why": error.strerror}) from None
        _check_release(manifest)
        if not _is_done_already(manifest):
            _check_empty()
            _mark(manifest)
            _put_files(reader, manifest, heard)
            _put_rows(reader, manifest, now, heard)
    keeping.delete([files.RESTORING])
    return manifest


# --- before anything is touched ---------------------------------------------------------------------------------------


def _check_release(manifest: dict[str, Any]) -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise Conflict(_("This database is not ready. Run manage.py migrate first."))
    here, there = set(backing_up.migrated()), set(manifest["migrations"])
    if manifest["format"] > FORMAT or there - here:
        raise Broken(
            _("This backup was made by a newer release (%s). Install that one, and restore it there.")
            % max(there - here, default=f"format {manifest['format']}")
        )
    if here - there:
        raise Broken(
            _(
                "This backup was made by an older release, whose last migration is %(last)s. Install that release, "
                "restore it there, then install this one and run manage.py migrate."
            )
            % {"last": max(there, default="none")}
        )
    if manifest["columns"] != {tables.name_of(model): tables.columns(model) for model in tables.kept()}:
        raise Broken(_("This backup has other columns than this release. Install the one that made it."))


def _is_done_already(manifest: dict[str, Any]) -> bool:
    """Whether all of it was put back, by somebody who was killed before they could say so."""
    return _marked() == manifest["seal"] and Event.objects.filter(
        noun="site", verb="restored", data__seal=manifest["seal"]
    ).exists()  # fmt: skip


def _check_empty() -> None:
    for model in tables.kept():
        if model._base_manager.exists():
            raise Conflict(
                _("There are rows in this database already (%s). Restore into a new one: nothing is written over.")
                % tables.name_of(model)
            )


def _marked() -> str:
    try:
        with default_storage.open(files.RESTORING, "rb") as file:
            return str(json.loads(file.read())["seal"])
    except (FileNotFoundError, ValueError, KeyError):
        return ""


def _mark(manifest: dict[str, Any]) -> None:
    """Say in the store of files whose files these are, where it is empty, or was left by the same restoring."""
    marked = _marked()
    if marked == manifest["seal"]:
        return
    there = next(files.listed(), None)
    if there == [files.RESTORING] and not marked:
        # Whoever wrote it was killed in the middle of it: nothing else is there yet.
        keeping.delete(there)
    elif there:
        raise Conflict(
            _("There are files here already (%s). Restore into an empty folder: nothing is written over.") % there[0]
        )
    _keep(files.RESTORING, io.BytesIO(json.dumps({"seal": manifest["seal"]}).encode()))


# --- files ------------------------------------------------------------------------------------------------------------


def _put_files(reader: Reader, manifest: dict[str, Any], heard: Heard) -> None:
    done, total = 0, manifest["files"]
    for entry in reader:
        folder, __, name = entry.name.partition("/")
        if folder != "files":
            continue
        _put_file(name, entry)
        done += 1
        if done % _SAID_EVERY == 0 or done == total:
            heard(_("files"), done, total)


def _put_file(name: str, entry: Entry) -> None:
    with TemporaryFile() as meanwhile:
        for piece in entry.pieces():
            meanwhile.write(piece)
        if _digest(name) == entry.digest():
            return
        keeping.delete([name])
        _keep(name, cast(BinaryIO, meanwhile))
    if _digest(name) != entry.digest():
        raise Conflict(_("%s was written, and is not what was written. Look at the disk.") % name)


def _keep(name: str, file: BinaryIO) -> None:
    try:
        saved = keeping.save(name, file)
    except SuspiciousOperation:
        saved = ""
    if saved != name:
        raise Broken(_("This backup has a file of a name that cannot be: %s.") % name)


def _digest(name: str) -> str:
    digest = hashlib.sha256()
    try:
        with default_storage.open(name, "rb") as file:
            while piece := file.read(PIECE):
                digest.update(piece)
    except FileNotFoundError:
        return ""
    except SuspiciousOperation:
        raise Broken(_("This backup has a file of a name that cannot be: %s.") % name) from None
    return digest.hexdigest()


# --- rows -------------------------------------------------------------------------------------------------------------


def _put_rows(reader: Reader, manifest: dict[str, Any], now: datetime, heard: Heard) -> None:
    try:
        with writing():
            _check_empty()
            _insert_all(reader, manifest, heard)
            _take_up(now)
            data = {"seal": manifest["seal"], "made_at": manifest["made_at"]}
            _reset_sequences()
            events.record(at=now, verb="restored", noun="site", row_id=None, data=data)
            connection.check_constraints()
    except IntegrityError as error:
        raise Broken(_("The rows of this backup contradict one another: %s") % str(error).splitlines()[0]) from None


def _insert_all(reader: Reader, manifest: dict[str, Any], heard: Heard) -> None:
    models = {tables.name_of(model): model for model in tables.kept()}
    counted = dict.fromkeys(models, 0)
    remarks: list[list[str]] = []
    for entry in reader:
        room, __, rest = entry.name.partition("/")
        if room == "rows":
            table = rest.partition("/")[0]
            if table not in manifest["rows"] or table not in models:
                raise Broken(_("This backup does not have the rows that it says it has."))
            counted[table] += _insert(models[table], entry)
            heard(table, counted[table], manifest["rows"][table])
        elif entry.name == REMARKS:
            remarks = [json.loads(line) for line in entry.data().splitlines()]
    if counted != manifest["rows"]:
        raise Broken(_("This backup does not have the rows that it says it has."))
    for why, table, pk, name in remarks:
        if why == GONE:
            _let_go(models[table], pk, name)


def _insert(model: type[Model], entry: Entry) -> int:
    count = 0
    for some in _helpings(entry):
        try:
            made = [tables.read(model, line) for line in some]
        except (ValueError, TypeError, KeyError, ValidationError) as error:
            raise Broken(_("This backup has a row that cannot be read: %s") % error) from None
        try:
            model._base_manager.bulk_create(made, batch_size=_AT_ONCE)
        except IntegrityError:
            raise
        except DatabaseError as error:
            said = {"table": tables.name_of(model), "why": str(error).splitlines()[0]}
            raise Broken(_("A row of %(table)s cannot be in this database: %(why)s") % said) from None
        count += len(made)
    return count


def _helpings(entry: Entry) -> Iterator[list[bytes]]:
    lines = entry.data().splitlines()
    for first in range(0, len(lines), _AT_ONCE):
        yield lines[first : first + _AT_ONCE]


def _let_go(model: type[Model], pk: str, name: str) -> None:
    """Let a row go of a file that it let go of while the backup was made."""
    row = model._base_manager.filter(pk=pk)
    if model is PhotoPart or model is Batch:
        row.delete()
    elif model is Capture:
        row.exclude(state=Capture.State.STORED).update(photo="")
    elif model is CandidateSlot:
        row.update(reference="")
    elif model is Job:
        row.update(state=Job.State.CANCELLED, ended_at=F("created_at"), lease_until=None)


def _take_up(now: datetime) -> None:
    """Let what was under way wait for somebody to begin it anew, and let nobody hold a periodic service."""
    running = Job.objects.filter(state=Job.State.RUNNING)
    running.update(state=Job.State.WAITING, lease_until=None)
    runs = ServiceRun.objects.filter(state=ServiceRun.State.RUNNING)
    runs.update(state=ServiceRun.State.ABANDONED, ended_at=now, reason=RESTORED)
    ServiceLease.objects.update(run=None, held_until=None, token=F("token") + 1)


def _reset_sequences() -> None:
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), tables.kept()):
            cursor.execute(statement)
