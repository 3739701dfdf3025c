"""A photograph with where, when and how."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from capturegraph.models.assignment import Assignment
from capturegraph.models.device import Device
from capturegraph.models.target import Target

PHOTO_GRACE = timedelta(hours=24)


class CaptureQuerySet(models.QuerySet["Capture"]):
    """Reads of captures."""

    def photo_less(self, now: datetime) -> CaptureQuerySet:
        """Give those that count, and whose photograph has not come in time."""
        return self.filter(state=Capture.State.AWAITING_PHOTO, counts=True, received_at__lte=now - PHOTO_GRACE)


class Capture(models.Model):
    """A photograph, and what the phone said about it. The phone makes its id, so that a repeat is no second one."""

    class State(models.TextChoices):
        AWAITING_PHOTO = "awaiting_photo", _("its photo is on the way")
        RECEIVED = "received", _("received")
        STORED = "stored", _("safe on the server")
        REFUSED = "refused", _("not readable")

    class Review(models.TextChoices):
        PENDING = "pending", _("not looked at yet")
        ACCEPTED = "accepted", _("accepted")
        REJECTED = "rejected", _("rejected")

    id = models.UUIDField(primary_key=True, editable=False, default=uuid.uuid4)
    target = models.ForeignKey(Target, on_delete=models.CASCADE)
    volunteer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="captures")
    device = models.ForeignKey(Device, on_delete=models.SET_NULL, null=True, related_name="+")
    assignment = models.ForeignKey(Assignment, on_delete=models.SET_NULL, null=True, related_name="captures")
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    accuracy_m = models.FloatField(null=True, help_text=_("1σ radius in metres, as the phone said."))
    heading = models.FloatField(null=True)
    from_library = models.BooleanField(default=False)
    taken_at = models.DateTimeField(help_text=_("By the phone's clock."))
    received_at = models.DateTimeField(help_text=_("First receipt, by ours."))
    fingerprint = models.CharField(max_length=64, help_text=_("sha256 of what the phone set. A repeat has the same."))
    extra = models.JSONField(default=dict, help_text=_("Fields of other releases, kept as they came."))
    state = models.CharField(max_length=14, choices=State.choices, default=State.AWAITING_PHOTO)
    review = models.CharField(max_length=8, choices=Review.choices, default=Review.PENDING)
    counts = models.BooleanField(default=True, help_text=_("It may close slots."))
    unusable_reason = models.CharField(max_length=20, blank=True)
    judged_at = models.DateTimeField(null=True, help_text=_("When it was compared with the slots; none: not yet."))
    verdict = models.JSONField(default=dict, help_text=_("What was answered at first receipt, and is repeated."))
    photo_sha256 = models.CharField(max_length=64, blank=True)
    photo = models.FileField(upload_to="captures/", max_length=300, blank=True)
    photo_type = models.CharField(max_length=40, blank=True)
    photo_size = models.PositiveBigIntegerField(null=True)
    photo_width = models.PositiveIntegerField(null=True)
    photo_height = models.PositiveIntegerField(null=True)
    photo_at = models.DateTimeField(null=True)

    objects = CaptureQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(latitude=None, longitude=None) | Q(latitude__range=(-90, 90), longitude__range=(-180, 180)),
                name="a_capture_lies_on_the_earth",
            ),
            models.CheckConstraint(
                condition=~Q(state="stored") | (~Q(photo="") & ~Q(photo_sha256="")),
                name="a_stored_capture_has_its_photo",
            ),
        )
        indexes = (
            models.Index(fields=["target", "received_at", "id"], name="capture_listing"),
            models.Index(fields=["volunteer", "received_at"], name="capture_of_volunteer"),
            models.Index(
                fields=["received_at"], condition=Q(state="awaiting_photo", counts=True), name="capture_without_photo"
            ),
            models.Index(fields=["target"], condition=Q(judged_at=None), name="capture_not_judged"),
        )

    def __str__(self) -> str:
        return f"{self.volunteer}, {self.taken_at:%Y-%m-%d %H:%M}"
