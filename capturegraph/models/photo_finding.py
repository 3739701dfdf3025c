"""What was found in a photograph: by its pixels, by what its camera wrote beside them, and beside other photographs."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from capturegraph.models.capture import Capture
from capturegraph.models.target import Target


class PhotoFinding(models.Model):
    """Of one stored photograph: its figures, its file's own place and time, and the flags raised over them.

    A flag is `{"code": …, …figures}`. It makes a reviewer look, and never decides by itself.
    """

    capture = models.OneToOneField(Capture, on_delete=models.CASCADE, primary_key=True, related_name="finding")
    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="+", help_text=_("That of the capture."))
    photo_sha256 = models.CharField(max_length=64, help_text=_("Of which bytes this is said."))
    found_at = models.DateTimeField()
    sharpness = models.FloatField(null=True, help_text=_("Variance of the Laplacian at 1024 px; small is blurred."))
    brightness = models.FloatField(null=True, help_text=_("Mean of the luminance, 0 to 1."))
    dark_share = models.FloatField(null=True, help_text=_("Share of the pixels that are nearly black."))
    bright_share = models.FloatField(null=True, help_text=_("Share of the pixels that are burnt out."))
    perceptual_hash = models.BigIntegerField(null=True, help_text=_("64 bits; photos that look alike differ in few."))
    latitude = models.FloatField(null=True, help_text=_("As the file says."))
    longitude = models.FloatField(null=True, help_text=_("As the file says."))
    taken_at = models.DateTimeField(null=True, help_text=_("As the file says."))
    camera = models.CharField(max_length=100, blank=True, help_text=_("Make and model, as the file says."))
    sun_altitude = models.FloatField(null=True, help_text=_("Degrees above the horizon, when and where it was taken."))
    sun_azimuth = models.FloatField(null=True, help_text=_("Degrees clockwise from true north."))
    flags = models.JSONField(default=list)
    flag_count = models.PositiveSmallIntegerField(default=0, help_text=_("How many flags: they are looked at first."))

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(flag_count=0, flags=[]) | Q(flag_count__gt=0) & ~Q(flags=[]),
                name="a_finding_counts_its_flags",
            ),
        )
        indexes = (
            models.Index(fields=["photo_sha256"], name="finding_of_bytes"),
            models.Index(fields=["target", "perceptual_hash"], name="finding_by_look"),
        )

    def __str__(self) -> str:
        return f"{self.capture_id}: {self.flag_count}"
