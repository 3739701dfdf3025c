"""An address of somebody else's that is told what happens in a target."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from capturegraph.models.event import Event
from capturegraph.models.target import Target


class Webhook(models.Model):
    """Where to tell of which events; what is sent is signed with `secret` (Standard Webhooks 1.0)."""

    class State(models.TextChoices):
        ON = "on", _("on")
        OFF = "off", _("off")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="webhooks")
    url = models.URLField(max_length=500)
    topics = models.JSONField(default=list, help_text=_("Like slot.fulfilled; empty for all."))
    secret = models.CharField(max_length=100, editable=False, help_text=_("It signs, so it is kept as it is."))
    state = models.CharField(max_length=3, choices=State.choices, default=State.ON)
    last_event = models.BigIntegerField(default=0, editable=False, help_text=_("Events up to here are written down."))
    failing_since = models.DateTimeField(null=True, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    operation_id = models.UUIDField(null=True, editable=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["created_by", "operation_id"], name="an_operation_makes_one_webhook"),
            models.CheckConstraint(condition=Q(state__in=["on", "off"]), name="a_webhook_is_on_or_off"),
        )
        indexes = (models.Index(fields=["target", "created_at", "id"], name="webhook_listing"),)

    def __str__(self) -> str:
        return self.url


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Reads of deliveries."""

    def due(self, now: datetime) -> DeliveryQuerySet:
        """Give those that should be sent."""
        return self.filter(state=Delivery.State.WAITING, next_at__lte=now, webhook__state=Webhook.State.ON)


class Delivery(models.Model):
    """One event for one address. Whoever receives it may get it twice, with one id."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DELIVERED = "delivered", _("delivered")
        FAILED = "failed", _("failed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.ForeignKey(Event, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=9, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True, help_text=_("What the last attempt was answered."))
    error = models.CharField(max_length=200, blank=True, help_text=_("Why the last attempt had no answer."))
    created_at = models.DateTimeField()
    tried_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["webhook", "event"], name="an_event_is_delivered_once"),
            models.CheckConstraint(
                condition=Q(state="waiting", next_at__isnull=False)
                | Q(state__in=["delivered", "failed"], next_at=None),
                name="what_waits_has_a_time",
            ),
        )
        indexes = (
            models.Index(fields=["next_at"], condition=Q(state="waiting"), name="delivery_due"),
            models.Index(fields=["webhook", "created_at", "id"], name="delivery_listing"),
        )
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.event} to {self.webhook}"
