"""A backup: rows and files as they were at one moment, in one file, while the service runs.

Rows are read at one moment. The files that they name are copied afterwards: a file is on the disk before a row names
it, never changes, and is deleted only when no row names it any more. So what is gone by the time it is copied is gone
because its row let go of it meanwhile (a part became a photograph, somebody was erased); that is listed, and restoring
lets the row go of it, too. A file that its row still names is missing, and is listed as that.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO

from django.core.files.storage import default_storage
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model
from django.utils.translation import gettext as _

from capturegraph.services.refusals import Conflict, Refused
from capturegraph.services.safekeeping import files, tables
from capturegraph.services.safekeeping.moment import one_moment
from capturegraph.services.safekeeping.sealed import PIECE, Writer

FORMAT = 1
REMARKS = "remarks.jsonl"
GONE, MISSING, DIFFERS = "gone", "missing", "differs"
Heard = Callable[[str, int, int], object]
_SAID_EVERY = 1000


class NotMade(Refused):
    """There is no backup, and nothing of one."""

    code = "backup_not_made"


@dataclass
class Counted:
    """What a backup holds: rows by table, files and their bytes, and how many files were not as their rows have it."""

    rows: dict[str, int] = field(default_factory=dict)
    files: int = 0
    bytes: int = 0
    remarks: dict[str, int] = field(default_factory=lambda: {GONE: 0, MISSING: 0, DIFFERS: 0})


def back_up(*, path: Path, now: datetime, heard: Heard = lambda *said: None) -> dict[str, Any]:
    """Write everything into a new file, and give its manifest. It appears under its name whole, or not at all.

    Raises:
        Conflict: there is something of that name. NotMade: it cannot be written; nothing is left behind.
    """
    if os.path.lexists(path):
        raise Conflict(_("%s is there already. Choose another name.") % path)
    try:
        with _appearing(path) as file, TemporaryFile() as sums:
            return _Backup(Writer(file, sums, int(now.timestamp())), heard).write(now)
    except FileExistsError:
        raise Conflict(_("%s is there already. Choose another name.") % path) from None
    except OSError as error:
        why = error.strerror or error
        raise NotMade(_("No backup was made of it, and nothing was left behind: %s.") % why) from None


@contextmanager
def _appearing(path: Path) -> Iterator[BinaryIO]:
    """Give a file that comes to have its name once all of it is on the disk."""
    meanwhile = path.with_name(f".{path.name}.{os.getpid()}.part")
    descriptor = os.open(meanwhile, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb", buffering=PIECE) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _name(meanwhile, path)
    finally:
        meanwhile.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _name(meanwhile: Path, path: Path) -> None:
    # A link, since that fails where somebody took the name meanwhile; a renaming would write over theirs.
    try:
        os.link(meanwhile, path)
    except FileExistsError:
        raise
    except OSError:
        # Not every disk has links.
        if os.path.lexists(path):
            raise FileExistsError from None
        meanwhile.rename(path)


class _Backup:
    """One backup while it is written."""

    def __init__(self, writer: Writer, heard: Heard) -> None:
        self._writer, self._heard = writer, heard
        self._counted = Counted()

    def write(self, now: datetime) -> dict[str, Any]:
        with TemporaryFile() as named, TemporaryFile() as remarks:
            with one_moment():
                migrations = migrated()
                for model in tables.kept():
                    self._add_rows(model, named)
            self._add_files(named, remarks)
            size = remarks.tell()
            remarks.seek(0)
            self._writer.add(REMARKS, size, iter(lambda: remarks.read(PIECE), b""))
        left_out = {tables.name_of(model): why for model, why in tables.LEFT_OUT.items()}
        left_out |= {tables.name_of(model): why for model, (_rows, why) in tables.LEFT_OUT_ROWS.items()}
        return self._writer.seal({
            "format": FORMAT, "made_at": now.isoformat(), "database": connection.vendor, "migrations": migrations,
            "columns": {tables.name_of(model): tables.columns(model) for model in tables.kept()},
            "rows": self._counted.rows, "files": self._counted.files, "bytes": self._counted.bytes,
            "remarks": self._counted.remarks, "left_out": left_out,
        })  # fmt: skip

    def _add_rows(self, model: type[Model], named: IO[bytes]) -> None:
        name, count, number, held, size = tables.name_of(model), 0, 0, list[bytes](), 0
        for row in tables.rows_of(model):
            line = tables.written(model, row)
            held.append(line)
            size += len(line)
            count += 1
            for one in files.named_by(model, row):
                named.write(json.dumps([name, str(row[model._meta.pk.attname]), *one]).encode() + b"\n")
            if size >= PIECE:
                number += 1
                self._writer.add(f"rows/{name}/{number:06}.jsonl", size, held)
                held, size = [], 0
                self._heard(name, count, 0)
        if held:
            self._writer.add(f"rows/{name}/{number + 1:06}.jsonl", size, held)
        self._counted.rows[name] = count
        if count:
            self._heard(name, count, count)

    def _add_files(self, named: IO[bytes], remarks: IO[bytes]) -> None:
        models, copied, done = {tables.name_of(model): model for model in tables.kept()}, set[str](), 0
        named.seek(0)
        total = sum(1 for _line in named)
        named.seek(0)
        for line in named:
            table, pk, *rest = json.loads(line)
            one, done = files.Named(*rest), done + 1
            # Two rows of a file of places may name it: the one that it became, and the work that it came by.
            if one.name.startswith("batches/"):
                if one.name in copied:
                    continue
                copied.add(one.name)
            if wrong := self._add_file(one, models[table], pk):
                self._counted.remarks[wrong] += 1
                remarks.write(json.dumps([wrong, table, pk, one.name]).encode() + b"\n")
            if done % _SAID_EVERY == 0 or done == total:
                self._heard(_("files"), done, total)

    def _add_file(self, one: files.Named, model: type[Model], pk: str) -> str:
        """Copy a file; say what is wrong with it, if anything."""
        try:
            file = default_storage.open(one.name, "rb")
        except FileNotFoundError:
            if one.beside:
                return ""
            return MISSING if files.still_names(model, pk, one.name) else GONE
        with file:
            # Not by its name, which may be gone by now.
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            digest = self._writer.add(f"files/{one.name}", size, iter(lambda: file.read(PIECE), b""))
        self._counted.files += 1
        self._counted.bytes += size
        same = one.size in (None, size) and digest.startswith(one.sha256)
        return "" if same else DIFFERS


def migrated() -> list[str]:
    """Give the names of this project's migrations that the database has been through."""
    done = MigrationRecorder(connection).applied_migrations()
    return sorted(name for app, name in done if app == "capturegraph")
