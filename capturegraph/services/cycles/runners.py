"""Runners: processes that may start periodic services, and say that they are there.

All times are the database's: a machine whose clock is an hour off is as good a runner as any.
"""

from __future__ import annotations

import logging
import threading
from datetime import timedelta

from django.db import DatabaseError, connection

from capturegraph.models import ServiceRunner
from capturegraph.services.writing import database_now, writing

SILENT_FOR = timedelta(seconds=30)
"""A runner that has said nothing for so long is not counted any more."""

BEAT_S = 5.0
logger = logging.getLogger(__name__)


def sign_on(*, runner_id: str, name: str) -> ServiceRunner:
    """Note that a process may start services from now on."""
    with writing():
        now = database_now()
        return ServiceRunner.objects.create(id=runner_id, name=name[:200], started_at=now, heartbeat_at=now)


def heartbeat(*, runner_id: str) -> bool:
    """Note that a runner is alive; false where it has signed off or was forgotten."""
    with writing():
        here = ServiceRunner.objects.filter(pk=runner_id, signed_off_at=None)
        return bool(here.update(heartbeat_at=database_now()))


def sign_off(*, runner_id: str) -> None:
    """Note that a runner stops, so that nobody waits for its turn."""
    with writing():
        ServiceRunner.objects.filter(pk=runner_id, signed_off_at=None).update(signed_off_at=database_now())


class Pulse:
    """Heartbeats from a thread of their own, on a connection of their own: a long tick does not make a runner silent.

    A database that is away for a while is asked again at the next beat.
    """

    def __init__(self, runner_id: str, name: str, every_s: float = BEAT_S) -> None:
        self._runner_id = runner_id
        self._name = name
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"pulse of {runner_id}", daemon=True)

    def start(self) -> None:
        """Sign on, and go on saying so."""
        self._thread.start()

    def stop(self) -> None:
        """Say no more, and sign off."""
        self._stop.set()
        self._thread.join(self._every_s + 1)
        try:
            sign_off(runner_id=self._runner_id)
        except DatabaseError:
            logger.warning("runner %s could not sign off: it will be missed", self._runner_id)

    def _beat(self) -> None:
        try:
            while not self._stop.is_set():
                self._once()
                self._stop.wait(self._every_s)
        finally:
            connection.close()

    def _once(self) -> None:
        try:
            if not heartbeat(runner_id=self._runner_id):
                sign_on(runner_id=self._runner_id, name=self._name)
        except DatabaseError as error:
            logger.warning("runner %s was not heard: %s", self._runner_id, error)
            connection.close()
