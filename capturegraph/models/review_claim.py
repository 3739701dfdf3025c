"""A photograph that one reviewer looks at, and meanwhile nobody else."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from capturegraph.models.capture import Capture
from capturegraph.models.target import Target

HELD_FOR = timedelta(minutes=5)


class ReviewClaimQuerySet(models.QuerySet["ReviewClaim"]):
    """Reads of claims."""

    def live(self, now: datetime) -> ReviewClaimQuerySet:
        """Give those that have not run out."""
        return self.filter(until__gt=now)


class ReviewClaim(models.Model):
    """A capture, and who looks at it until when. One row a capture, so that it has one reviewer at a time.

    Whoever takes a claim over, once it has run out, gives it a new `token`: what the one before says with theirs is
    refused.
    """

    capture = models.OneToOneField(Capture, on_delete=models.CASCADE, primary_key=True, related_name="claim")
    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="+", help_text=_("That of the capture."))
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    token = models.UUIDField(default=uuid.uuid4)
    claimed_at = models.DateTimeField()
    until = models.DateTimeField()

    objects = ReviewClaimQuerySet.as_manager()

    class Meta:
        indexes = (models.Index(fields=["target", "reviewer", "until"], name="claims_of_reviewer"),)

    def __str__(self) -> str:
        return f"{self.reviewer} → {self.capture_id}"
