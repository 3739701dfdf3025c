"""The door for messages: each is a doorbell, and the rows say what is to do."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from capturegraph.services import sweeping


@shared_task(name="capturegraph.sweep")
def sweep() -> None:
    """Tidy up what time has made due, once a cycle, however many ask."""
    sweeping.run_cycle(now=timezone.now(), cycle_s=settings.ENV["SWEEP_S"])
