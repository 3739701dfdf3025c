"""Reading all rows as they are at one moment, while others write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from capturegraph.services.writing import rows


@contextmanager
def one_moment() -> Iterator[None]:
    """Let everything that is read inside be as it is when this is entered; nothing can be written in it.

    It keeps nobody from writing: PostgreSQL gives a snapshot, SQLite the state of its log at the first read.
    """
    if connection.vendor == "sqlite":
        yield from _of_sqlite()
        return
    with transaction.atomic():
        # The first statement of all: an isolation level cannot be chosen after a read.
        rows("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY", [])
        # The file that the rows are written to may be slow.
        rows("SET LOCAL idle_in_transaction_session_timeout = 0", [])
        rows("SELECT 1", [])
        yield


def _of_sqlite() -> Iterator[None]:
    # By hand: Django's transactions begin as writers here, and would keep everybody from writing.
    rows("PRAGMA query_only = ON", [])
    try:
        rows("BEGIN DEFERRED", [])
        try:
            rows("SELECT 1 FROM django_migrations LIMIT 1", [])
            yield
        finally:
            rows("ROLLBACK", [])
    finally:
        rows("PRAGMA query_only = OFF", [])
