"""What somebody looked at before a target was opened."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from capturegraph.models.target import Target


class OpeningCheck(models.Model):
    """A step of the review before opening, ticked by somebody; it holds for what they saw, known by its digest.

    Where that is something else by now, the tick is out of date, which nobody has to write down.
    """

    class Step(models.TextChoices):
        MATCHING = "matching", _("Which photos count")
        INSTRUCTIONS = "instructions", _("What volunteers are asked for")
        PRIVACY = "privacy", _("What becomes of their data")
        CONSENT = "consent", _("What they agree to")
        MEMBERS = "members", _("Who coordinates and reviews")
        PLACES = "places", _("The places")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="opening_checks")
    step = models.CharField(max_length=12, choices=Step.choices)
    digest = models.CharField(max_length=64, help_text=_("sha256 of what was looked at."))
    ticked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ticked_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["target", "step"], name="a_step_is_ticked_once"),
            models.CheckConstraint(
                condition=Q(step__in=["matching", "instructions", "privacy", "consent", "members", "places"]),
                name="a_known_step_before_opening",
            ),
        )

    def __str__(self) -> str:
        return f"{self.target}: {self.get_step_display()}"
