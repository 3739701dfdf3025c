"""When somebody has time for a target."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from capturegraph.models.membership import Membership


class AvailabilityQuerySet(models.QuerySet["Availability"]):
    """Reads of availabilities."""

    def between(self, begin: datetime, end: datetime) -> AvailabilityQuerySet:
        """Give those that share a moment with a time."""
        return self.filter(from_at__lt=end, until_at__gt=begin)


class Availability(models.Model):
    """A time in which a member is there, or away, for one target. Who says nothing at all is always there."""

    class Kind(models.TextChoices):
        THERE = "there", _("has time")
        AWAY = "away", _("is away")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="availabilities")
    kind = models.CharField(max_length=5, choices=Kind.choices, default=Kind.THERE)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(help_text=_("Before this time."))
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = AvailabilityQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(until_at__gt=F("from_at")), name="an_availability_lasts"),
            models.CheckConstraint(condition=Q(kind__in=["there", "away"]), name="one_is_there_or_away"),
            models.UniqueConstraint(fields=["membership", "kind", "from_at", "until_at"], name="a_time_is_said_once"),
        )
        verbose_name_plural = "availabilities"

    def __str__(self) -> str:
        return f"{self.membership}: {self.get_kind_display()}, {self.from_at:%Y-%m-%d %H:%M} to {self.until_at:%H:%M}"
