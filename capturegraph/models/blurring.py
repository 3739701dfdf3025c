"""A photograph whose faces were made unknowable, or that nobody but reviewers sees because they could not be."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from capturegraph.models.capture import Capture
from capturegraph.models.target import Target


class Blurring(models.Model):
    """What a blurrer did to one photograph. Without a row that says "done", others than reviewers see no copy of it."""

    class State(models.TextChoices):
        DONE = "done", _("faces made unknowable")
        FAILED = "failed", _("could not be blurred")

    capture = models.OneToOneField(Capture, on_delete=models.CASCADE, primary_key=True, related_name="blurring")
    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="+", help_text=_("That of the capture."))
    photo_sha256 = models.CharField(max_length=64, help_text=_("Of which bytes this is said."))
    blurrer = models.CharField(max_length=40)
    state = models.CharField(max_length=6, choices=State.choices)
    regions = models.PositiveIntegerField(null=True, help_text=_("How many faces or plates; none: it did not say."))
    reason = models.CharField(max_length=300, blank=True, help_text=_("Why it could not be blurred."))
    file = models.FileField(upload_to="blurred/", max_length=300, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(state="failed") | ~Q(file=""), name="a_blurred_photo_has_its_file"),
        )
        indexes = (models.Index(fields=["target", "state"], name="blurring_of_target"),)

    def __str__(self) -> str:
        return f"{self.capture_id}: {self.get_state_display()}"
