"""The beat: a runner that says it is there, asks at each tick whether a service is its to start, and rings for it."""

from __future__ import annotations

import logging
import os
import platform
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from celery import beat
from django.db import DatabaseError, connection

from capturegraph.services.cycles import periodic
from capturegraph.services.cycles.leases import Claimed
from capturegraph.services.cycles.runners import Pulse

logger = logging.getLogger(__name__)


class Scheduler(beat.Scheduler):  # type: ignore[misc]
    """Celery's own, but for entries that name a service: those are sent only when the database clears this runner."""

    def setup_schedule(self) -> None:
        """Read the schedule, and begin to be there."""
        super().setup_schedule()
        self.runner_id = str(uuid4())
        self.pulse = Pulse(self.runner_id, f"{platform.node()}, process {os.getpid()}")
        self.pulse.start()

    def apply_async(self, entry: Any, producer: Any = None, advance: bool = True, **kwargs: Any) -> Any:
        """Send an entry; one of a service only with a run to its name."""
        service = entry.kwargs.get("service")
        if service is None:
            return super().apply_async(entry, producer, advance, **kwargs)
        if advance:
            entry = self.reserve(entry)
        claimed = self._claim(service)
        if claimed is None:
            return None
        about = {"service": service, "run_id": claimed.run_id, "token": claimed.token}
        try:
            return self.send_task(entry.task, (), about, producer=producer, **_lasting(entry.options))
        except Exception:
            self._give_back(claimed)
            raise

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        """Send an entry, and say so only where something was sent."""
        try:
            sent = self.apply_async(entry, producer=producer, advance=False)
        except Exception:
            logger.exception("%s could not be sent", entry.name)
            return
        if sent is not None:
            logger.info("Sent %s", entry.name)

    def close(self) -> None:
        """Sign off."""
        self.pulse.stop()
        super().close()

    def _give_back(self, claimed: Claimed) -> None:
        try:
            periodic.give_back(claimed=claimed, reason="the broker did not take its message")
        except DatabaseError:
            logger.warning("run %s was not given back: its lease will run out", claimed.run_id)
            connection.close()

    def _claim(self, service: str) -> Claimed | None:
        try:
            return periodic.claim(service=service, runner_id=self.runner_id)
        except DatabaseError as error:
            logger.warning("%s was not claimed: %s", service, error)
            connection.close()
            return None


def _lasting(options: Mapping[str, Any]) -> dict[str, Any]:
    """Say `expires` as a span that the broker measures.

    A message that nobody took in time is about a lease that has run out. Celery would write down a moment by the
    beat's clock, and workers throw away unread whatever an hour-slow beat sends.
    """
    lasting = dict(options)
    if expires := lasting.pop("expires", None):
        lasting["expiration"] = expires
    return lasting
