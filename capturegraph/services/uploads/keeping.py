"""Files under names of ours: there for good once `save` gives their name, or not there at all.

Where they are is a setting: a folder of this machine, or a store elsewhere, which the whole fleet shares.

A row comes to name a file in `naming`: a file outlives every row that names it, and only a file without one is deleted.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast
from uuid import UUID, uuid4

from django.core.files import File
from django.core.files.storage import default_storage, storages
from django.db import Error, connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from capturegraph.services.refusals import FilesAway, NoRoom
from capturegraph.services.uploads.elsewhere import Elsewhere, Kept
from capturegraph.services.writing import writing

log = logging.getLogger(__name__)
PIECE = 1 << 20
FULL = (errno.ENOSPC, errno.EDQUOT)


def save(name: str, file: BinaryIO) -> str:
    """Keep a file from its first byte on, and give the name that it has.

    The name has to be one that no other attempt has: what fails is deleted by it.

    Raises:
        NoRoom: the disk is full.
    """
    file.seek(0)
    with or_nothing(name):
        saved = default_storage.save(name, File(file))
        _flush(saved)
    return saved


def put(name: str, data: bytes, *, new_id: Callable[[], UUID] = uuid4) -> None:
    """Keep a file that can be made again, whole under its name or not at all; one that is here already stays.

    Whoever is killed in between leaves a file that nobody opens, and a sweep deletes.

    Raises:
        NoRoom: the disk is full.
    """
    if default_storage.exists(name):
        return
    try:
        path = default_storage.path(name)
    except NotImplementedError:
        # Such a store has what it is given whole, or not at all.
        if (saved := default_storage.save(name, File(io.BytesIO(data)))) != name:
            delete([saved])
        return
    unfinished = save(f"{name}.{new_id().hex}", io.BytesIO(data))
    os.replace(default_storage.path(unfinished), path)


@contextmanager
def or_nothing(name: str) -> Iterator[None]:
    """Delete a file that no row names yet where what is done with it fails, and say so where the disk is full.

    Raises:
        NoRoom: the disk is full. Whatever else went wrong.
    """
    try:
        yield
    except BaseException as error:
        delete([name])
        if isinstance(error, OSError) and error.errno in FULL:
            raise no_room() from None
        raise


@contextmanager
def naming(names: Collection[str], *, held: QuerySet[Any], named: QuerySet[Any, str]) -> Iterator[None]:
    """Open the transaction in which rows come to name files that are kept already; delete those that none came to name.

    `held` is rows that the transaction locks before it names a file, `named` is the files that rows name by now. Where
    nobody can say what became of the transaction, every file is left: one too many does no harm, one too few is a
    photograph lost.

    Raises:
        whatever went wrong.
    """
    try:
        with writing():
            yield
    except BaseException as error:
        delete(_nameless(names, held, named, error))
        raise


def _nameless(names: Collection[str], held: QuerySet[Any], named: QuerySet[Any, str], error: BaseException) -> set[str]:
    """Give the files that no row names, as the database says it now and not as the error has it.

    The answer to a COMMIT may be lost on the way, and then the rows stand. It may even be under way still: so long the
    rows are locked.
    """
    try:
        if not connection.in_atomic_block:
            connection.close_if_unusable_or_obsolete()
        with writing():
            if isinstance(error, Error) or not isinstance(error, Exception):
                list(held.select_for_update(no_key=True, nowait=True).values_list("pk"))
            return set(names) - set(named)
    except Error as unknown:
        log.warning("left %s, which rows may name: %s", ", ".join(names), unknown)
        return set()


def no_room() -> NoRoom:
    """Say that the disk is full."""
    return NoRoom(_("The server's disk is full. Keep your copy, and send it again later."))


def fetch(name: str, file: BinaryIO) -> int:
    """Copy a file that is kept into one of our own, and give its bytes: what fails on the way is no fault of its own.

    Raises:
        FileNotFoundError: it is not there.
    """
    size = 0
    with default_storage.open(name, "rb") as kept:
        while piece := kept.read(PIECE):
            size += file.write(piece)
    file.seek(0)
    return size


@contextmanager
def scratch() -> Iterator[BinaryIO]:
    """Give a file that is gone afterwards.

    Raises:
        NoRoom: the disk is full.
    """
    with tempfile.TemporaryFile() as file:
        try:
            yield cast(BinaryIO, file)
        except OSError as error:
            raise (no_room() if error.errno in FULL else error) from None


def delete(names: Iterable[str]) -> int:
    """Delete files that no row names, those that are gone already too; give how many names there were.

    Where the store is away they stay for the sweeps: what was done stands, and is not to be answered with an error.
    """
    count = 0
    for name in names:
        try:
            default_storage.delete(name)
        except FilesAway:
            # Each further one would be waited for as long.
            log.warning("left %s and maybe others, which no row names, for a sweep", name)
            return count
        count += 1
    return count


def elsewhere() -> Elsewhere | None:
    """Give the store of files where it is none of this machine's folders."""
    store = storages["default"]
    return store if isinstance(store, Elsewhere) else None


def walked(folder: str) -> Iterator[Kept]:
    """Give all files below a folder with their sizes; one that is deleted meanwhile is passed over."""
    if store := elsewhere():
        yield from store.walked(folder)
        return
    try:
        folders, names = default_storage.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return
    for name in sorted(names):
        try:
            about = os.stat(default_storage.path(f"{folder}/{name}"))
        except FileNotFoundError:
            continue
        yield Kept(f"{folder}/{name}", about.st_size, datetime.fromtimestamp(about.st_mtime, UTC))
    for name in sorted(folders):
        yield from walked(f"{folder}/{name}")


def kept_since(name: str, when: datetime) -> bool:
    """Whether a file was written by then; one that is gone was not."""
    try:
        return default_storage.get_modified_time(name) <= when
    except FileNotFoundError:
        return False


def _flush(name: str) -> None:
    # A phone clears its copy once we say that ours is safe, so it has to be on the disk and not in a cache.
    try:
        path = Path(default_storage.path(name))
    except NotImplementedError:
        return
    for place in (path, path.parent):
        descriptor = os.open(place, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
