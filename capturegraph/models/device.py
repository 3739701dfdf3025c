"""A phone that may speak for a user."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class DeviceQuerySet(models.QuerySet["Device"]):
    """Reads of devices."""

    def live(self, now: datetime) -> DeviceQuerySet:
        """Give those whose token is good at `now`."""
        return self.filter(revoked_at=None, expires_at__gt=now, user__is_active=True)


class Device(models.Model):
    """One phone: its id and its 256-bit token are made by the phone, and only the token's sha256 is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="devices")
    token_sha256 = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text=_("Slides on with use."))
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = DeviceQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["token_sha256"], name="a_token_opens_one_device"),)

    def __str__(self) -> str:
        return f"{self.user}: {self.id}"
