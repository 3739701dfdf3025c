"""What a coordinator wants in a plan whatever the rules say."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from capturegraph.models.candidate_slot import CandidateSlot
from capturegraph.models.plan import Plan


class PlanPin(models.Model):
    """One volunteer goes to one slot, in every answer to the plan."""

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="pins")
    slot = models.ForeignKey(CandidateSlot, on_delete=models.CASCADE, related_name="+")
    volunteer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["plan", "slot", "volunteer"], name="a_pair_is_pinned_once"),)

    def __str__(self) -> str:
        return f"{self.volunteer} to {self.slot}"
