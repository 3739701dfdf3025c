"""The door for messages: each is a doorbell, and the rows say what is to do."""

from __future__ import annotations

import logging
import time
from uuid import UUID

from celery import shared_task

from capturegraph.services import work
from capturegraph.services.cycles import periodic
from capturegraph.services.cycles.leases import Claimed
from capturegraph.services.writing import database_now

logger = logging.getLogger(__name__)


@shared_task(name="capturegraph.run_service")
def run_service(service: str, run_id: int, token: int) -> None:
    """Do a run that a beat was cleared for; a message that comes twice, or too late, begins nothing."""
    began = time.perf_counter()
    state = periodic.run(service=service, claimed=Claimed(run_id, token))
    ms = round(1000 * (time.perf_counter() - began), 1)
    outcome = str(state) if state else "not mine"
    logger.info(
        "run ended", extra={"kind": service, "id": run_id, "fencing_token": token, "outcome": outcome, "ms": ms}
    )


@shared_task(name="capturegraph.work")
def do_work(job_id: str) -> None:
    """Do a job if it is due; a message that comes twice, or too late, changes nothing."""
    work.do(job_id=UUID(job_id), clock=database_now)
