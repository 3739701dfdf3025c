"""Real processes that start quickly: forked from one that has read the libraries, and nothing of the product, already.

A beat or a worker reads libraries for two seconds, and these tests start a hundred. What is read before the fork knows
no setting, so that each process has its own environment; what the clock's reading depends on is started otherwise.
"""

import multiprocessing
import os
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import ModuleType
from unittest import mock

LIBRARIES = [
    "celery.bin.beat", "celery.bin.worker", "celery.apps.beat", "celery.apps.worker", "celery.app.amqp",
    "celery.app.control", "celery.backends.base", "celery.concurrency.solo", "celery.concurrency.thread",
    "celery.events.state", "celery.fixups.django", "celery.loaders.app", "celery.worker.consumer",
    "celery.worker.strategy", "django.contrib.auth.hashers", "django.core.management",
    "django.db.backends.postgresql.base", "django.db.backends.sqlite3.base", "django.db.models", "django.forms",
    "django.template.loader", "dj_database_url", "geopy.distance", "kombu.transport.pyamqp", "kombu.transport.redis",
    "numpy", "orjson", "PIL.Image", "psycopg",
]  # fmt: skip
_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(LIBRARIES)


def celery(arguments: Sequence[str], *, env: Mapping[str, str], cwd: Path, log: Path) -> BaseProcess:
    """Start `celery …` as a process of its own; what it says goes to `log`."""
    process = _forking.Process(target=_celery, args=(list(arguments), dict(env), str(cwd), str(log)))
    with mock.patch.dict(sys.modules, {"__main__": ModuleType("__main__")}):
        # Else the child begins by running the program that its parent runs: the tests.
        process.start()
    return process


def _celery(arguments: list[str], env: dict[str, str], cwd: str, log: str) -> None:
    with open(log, "ab") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.path[:0] = env.get("PYTHONPATH", "").split(os.pathsep)
    # Multiprocessing gives a child a name that Celery takes for one of its own pool.
    multiprocessing.current_process().name = "MainProcess"
    sys.argv = ["celery", *arguments]
    from celery.__main__ import main

    sys.exit(main())
