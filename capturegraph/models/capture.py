"""A photograph with where, when and how."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import F, Q
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

    def not_looked_into(self) -> CaptureQuerySet:
        """Give those whose photograph is here and has no finding yet."""
        return self.filter(state=Capture.State.STORED, looked_into_at=None)

    def shown_to_all(self, blurrer: str) -> CaptureQuerySet:
        """Give those that everybody may see: accepted, of public targets, and of people who are not erased.

        Where photographs are blurred (`blurrer` names by what), only those that were, by this one.
        """
        rows = self.filter(
            target__public=True, review=Capture.Review.ACCEPTED, state=Capture.State.STORED, volunteer__erased_at=None
        )
        if blurrer:
            rows = rows.filter(
                blurring__state="done", blurring__blurrer=blurrer, blurring__photo_sha256=F("photo_sha256")
            )
        return rows


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

    class RejectedFor(models.TextChoices):
        DARK = "dark", _("it is too dark")
        BLURRED = "blurred", _("it is blurred")
        PLACE = "place", _("it shows another place")
        FACE = "face", _("somebody can be recognised in it")
        OTHER = "other", _("another reason")

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
    skew_s = models.FloatField(
        default=0.0, help_text=_("Seconds that the phone's clock was behind ours at first receipt.")
    )
    captured_at = models.DateTimeField(help_text=_("When it was taken, by our clock."))
    received_at = models.DateTimeField(help_text=_("First receipt, by ours."))
    fingerprint = models.CharField(max_length=64, help_text=_("sha256 of what the phone set. A repeat has the same."))
    extra = models.JSONField(default=dict, help_text=_("Fields of other releases, kept as they came."))
    state = models.CharField(max_length=14, choices=State.choices, default=State.AWAITING_PHOTO)
    review = models.CharField(max_length=8, choices=Review.choices, default=Review.PENDING)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    reviewed_at = models.DateTimeField(null=True)
    review_reason = models.CharField(max_length=8, choices=RejectedFor.choices, blank=True, default="", db_default="")
    review_note = models.CharField(max_length=1000, blank=True, help_text=_("Why it was rejected, for who took it."))
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
    looked_into_at = models.DateTimeField(null=True, help_text=_("When the finding of its photo was made."))

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
            models.Index(
                fields=["photo_at"], condition=Q(state="stored", looked_into_at=None), name="photo_not_looked_into"
            ),
            models.Index(fields=["target", "review", "received_at"], name="capture_to_review"),
        )

    def __str__(self) -> str:
        return f"{self.volunteer}, {self.taken_at:%Y-%m-%d %H:%M}"
