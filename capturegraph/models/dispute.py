"""A volunteer's word against a rejection."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from capturegraph.models.capture import Capture
from capturegraph.models.target import Target


class Dispute(models.Model):
    """Why a volunteer thinks that their rejected photograph is good; somebody else than the first reviewer answers."""

    class State(models.TextChoices):
        OPEN = "open", _("waits for an answer")
        UPHELD = "upheld", _("the rejection stands")
        GRANTED = "granted", _("the photo was accepted")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    capture = models.ForeignKey(Capture, on_delete=models.CASCADE, related_name="disputes")
    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="+", help_text=_("That of the capture."))
    said_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    said = models.CharField(max_length=1000)
    said_at = models.DateTimeField()
    against = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        help_text=_("Who rejected it."),
    )
    state = models.CharField(max_length=7, choices=State.choices, default=State.OPEN)
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    answer = models.CharField(max_length=1000, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["capture"], condition=Q(state="open"), name="a_capture_is_disputed_once"),
            models.CheckConstraint(
                condition=Q(state="open", answered_at=None) | ~Q(state="open") & Q(answered_at__isnull=False),
                name="a_dispute_is_answered_when_it_is",
            ),
        )
        indexes = (models.Index(fields=["target", "said_at"], condition=Q(state="open"), name="open_disputes"),)

    def __str__(self) -> str:
        return f"{self.capture_id}: {self.get_state_display()}"
