"""Work that is too long for a request."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from capturegraph.models.target import Target


class JobQuerySet(models.QuerySet["Job"]):
    """Reads of jobs."""

    def due(self, now: datetime) -> JobQuerySet:
        """Give those that somebody should work on: not begun, or begun by a worker that has fallen silent."""
        waiting, silent = Q(state=Job.State.WAITING), Q(state=Job.State.RUNNING, lease_until__lte=now)
        return self.filter(waiting | silent)


class Job(models.Model):
    """One piece of work: the row is the truth, and the message about it only a doorbell.

    A worker holds it until `lease_until` and proves by `token`, which grows with every claim, that it still does.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        CANCELLED = "cancelled", _("cancelled")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)
    target = models.ForeignKey(Target, on_delete=models.CASCADE, null=True, related_name="jobs")
    row_id = models.UUIDField(null=True, help_text=_("What it is about."))
    data = models.JSONField(default=dict)
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    step = models.CharField(max_length=100, blank=True, help_text=_("What is being done just now, in words."))
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0, help_text=_("0: not known yet."))
    result = models.JSONField(default=dict)
    error = models.TextField(blank=True, help_text=_("What went wrong, in a sentence for a person."))
    error_code = models.CharField(max_length=40, blank=True)
    token = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    cancel_asked_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    operation_id = models.UUIDField(null=True, editable=False)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["created_by", "operation_id"], name="an_operation_makes_one_job"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "running"], ended_at=None)
                | Q(state__in=["done", "failed", "cancelled"], ended_at__isnull=False),
                name="a_job_ends_when_it_ends",
            ),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(lease_until__isnull=False), name="a_running_job_has_a_worker"
            ),
        )
        indexes = (
            models.Index(fields=["created_at"], condition=Q(state__in=["waiting", "running"]), name="job_not_ended"),
            models.Index(fields=["target", "-created_at"], name="job_of_target"),
            models.Index(fields=["row_id", "kind"], name="job_about"),
        )

    def __str__(self) -> str:
        return f"{self.kind} ({self.get_state_display()})"
