"""A cycle of a periodic service."""

from __future__ import annotations

from django.db import models


class ServiceRun(models.Model):
    """One run of one cycle. The unique constraint is what makes it happen once, however many ask for it."""

    service = models.CharField(max_length=40)
    cycle = models.DateTimeField(help_text="When the cycle began.")
    started_at = models.DateTimeField()
    completed_at = models.DateTimeField(null=True)
    result = models.JSONField(default=dict)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["service", "cycle"], name="a_cycle_runs_once"),)
        ordering = ("-cycle",)

    def __str__(self) -> str:
        return f"{self.service} {self.cycle:%Y-%m-%d %H:%M:%S}"
