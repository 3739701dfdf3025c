"""A process that may start periodic services."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models


class ServiceRunnerQuerySet(models.QuerySet["ServiceRunner"]):
    """Reads of runners."""

    def live(self, now: datetime, silent_for: timedelta) -> ServiceRunnerQuerySet:
        """Give those that were heard of lately and have not signed off, the oldest first: the order is everyone's."""
        heard = self.filter(signed_off_at=None, heartbeat_at__gt=now - silent_for)
        return heard.order_by("started_at", "id")


class ServiceRunner(models.Model):
    """A beat process. Every time in it is the database's: clocks of machines may differ by hours."""

    id = models.CharField(primary_key=True, max_length=64)
    name = models.CharField(max_length=200, help_text="Machine and process, for people.")
    started_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField()
    signed_off_at = models.DateTimeField(null=True)

    objects = ServiceRunnerQuerySet.as_manager()

    class Meta:
        indexes = (models.Index(fields=["heartbeat_at"], name="runner_by_heartbeat"),)

    def __str__(self) -> str:
        return self.name
