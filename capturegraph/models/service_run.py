"""A run of a periodic service, or the reason why there was none."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ServiceRun(models.Model):
    """One attempt at one cycle. The unique constraint makes a cycle run once, however many ask for it."""

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        COMPLETED = "completed", _("completed")
        ABANDONED = "abandoned", _("abandoned")
        BLOCKED = "blocked", _("blocked")

    service = models.CharField(max_length=40)
    cycle = models.DateTimeField(help_text="When the cycle began.")
    state = models.CharField(max_length=9, choices=State.choices, default=State.RUNNING)
    reason = models.CharField(max_length=200, blank=True, help_text="Why it was blocked or abandoned.")
    runner_id = models.CharField(max_length=64, blank=True)
    token = models.BigIntegerField(default=0)
    window_start = models.DateTimeField(null=True)
    window_end = models.DateTimeField(null=True)
    started_at = models.DateTimeField(help_text="When it was claimed.")
    begun_at = models.DateTimeField(null=True, help_text="When a worker began; one worker does.")
    ended_at = models.DateTimeField(null=True)
    result = models.JSONField(default=dict)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["service", "cycle"], condition=Q(state__in=["running", "completed"]), name="a_cycle_runs_once"
            ),
            models.UniqueConstraint(
                fields=["service", "cycle", "runner_id"], condition=Q(state="blocked"), name="a_skip_is_noted_once"
            ),
            models.CheckConstraint(
                condition=Q(state="running", ended_at=None) | ~Q(state="running") & Q(ended_at__isnull=False),
                name="a_run_ends_when_it_ends",
            ),
        )
        indexes = (
            models.Index(fields=["service", "-cycle"], name="run_listing"),
            models.Index(fields=["started_at"], name="run_by_age"),
        )
        ordering = ("-cycle", "-started_at")

    def __str__(self) -> str:
        return f"{self.service} {self.cycle:%Y-%m-%d %H:%M:%S} {self.get_state_display()}"
