"""One answer to a plan."""

from __future__ import annotations

import uuid

from django.db import models

from capturegraph.models.job import Job
from capturegraph.models.plan import Plan


class PlanRun(models.Model):
    """What a chain of algorithms made of a plan, from the rows as they were at `created_at`; it is never changed.

    `inputs` holds what was read (volunteers, requests, pins, past loads): every "why not?" is answered from what the
    algorithm saw. `stops` is the answer: slot, volunteer, seat and place in that volunteer's route, one each.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="runs")
    job = models.ForeignKey(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    number = models.PositiveIntegerField(help_text="1 for the first answer to the plan.")
    algorithm = models.CharField(max_length=40)
    attempts = models.JSONField(default=list, help_text="Algorithms before it that gave up, and how.")
    inputs = models.JSONField(default=dict)
    stops = models.JSONField(default=list)
    unfilled = models.JSONField(default=list)
    prunes = models.JSONField(default=dict, help_text="How many pairs each rule refused.")
    metrics = models.JSONField(default=dict)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["plan", "number"], name="answers_are_numbered"),
            models.UniqueConstraint(fields=["job"], name="a_job_gives_one_answer"),
        )

    def __str__(self) -> str:
        return f"{self.plan}, answer {self.number}"
