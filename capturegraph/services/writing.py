"""The one way into a transaction, and the few statements that Django has no words for."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Model


@contextmanager
def writing() -> Iterator[None]:
    """Open a transaction that writes.

    SQLite lets one process write at a time and wakes the waiting ones in no order, so that one of them can starve for
    seconds. A lock on a file beside the database, taken first, makes them a queue.
    """
    if connection.in_atomic_block or connection.vendor != "sqlite":
        with transaction.atomic():
            yield
        return
    with _turn(Path(str(connection.settings_dict["NAME"]) + ".lock")), transaction.atomic():
        yield


@contextmanager
def _turn(path: Path) -> Iterator[None]:
    # Opened anew each time: a lock belongs to an open file, so threads that shared one would not keep each other out,
    # and one kept by a thread would stay open when the thread ends.
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def hold_target_shared(target_id: UUID) -> None:
    """Keep a target's settings and slots as they are until the end of the transaction; others may do the same."""
    if connection.vendor == "postgresql":
        rows("SELECT 1 FROM capturegraph_target WHERE id = %s FOR SHARE", [target_id])


def database_now() -> datetime:
    """Give the time by the database's clock, which everybody shares who writes to it."""
    sql = "SELECT clock_timestamp()"
    if connection.vendor == "sqlite":
        sql = "SELECT strftime('%%Y-%%m-%%dT%%H:%%M:%%f+00:00', 'now')"
    return as_time(rows(sql, [])[0][0])


def rows(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run one statement that Django's ORM cannot say, or says too slowly for the hot path, and give its rows."""
    with connection.cursor() as cursor:
        cursor.execute(sql, [_sent(value) for value in values])
        return cursor.fetchall() if cursor.description else []


def _sent(value: Any) -> Any:
    if connection.vendor != "sqlite":
        return value
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value


def as_uuid(value: Any) -> UUID:
    """Read an id, whichever way the database gives it."""
    return value if isinstance(value, UUID) else UUID(value)


def as_time(value: Any) -> datetime:
    """Read a time, whichever way the database gives it."""
    time = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def table(model: type[Model]) -> str:
    """Give the name of a model's table, for a statement written by hand."""
    return model._meta.db_table
