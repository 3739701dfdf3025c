"""A stretch of a photograph that has arrived before the whole."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

KEPT_FOR = timedelta(days=14)


class PhotoPartQuerySet(models.QuerySet["PhotoPart"]):
    """Reads of parts."""

    def abandoned(self, now: datetime) -> PhotoPartQuerySet:
        """Give those of photographs of which nobody has sent anything for so long that nobody will."""
        lately = PhotoPart.objects.filter(
            capture_id=OuterRef("capture_id"), volunteer=OuterRef("volunteer"), created_at__gt=now - KEPT_FOR
        )
        return self.filter(~Exists(lately), created_at__lte=now - KEPT_FOR)


class PhotoPart(models.Model):
    """Bytes `start` to `start + size` of a photograph of `total` bytes. The words of its capture may come later."""

    capture_id = models.UUIDField(help_text=_("As the phone made it; there need not be a capture yet."))
    volunteer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    sha256 = models.CharField(
        max_length=64, blank=True, help_text=_("Of the whole photograph, where the phone said it.")
    )
    start = models.PositiveBigIntegerField()
    size = models.PositiveBigIntegerField()
    total = models.PositiveBigIntegerField()
    file = models.FileField(upload_to="parts/", max_length=300)
    created_at = models.DateTimeField()

    objects = PhotoPartQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["capture_id", "volunteer", "start"], name="a_part_is_kept_once"),
            models.CheckConstraint(
                condition=Q(size__gt=0, total__gte=F("start") + F("size")), name="a_part_lies_in_its_photo"
            ),
        )
        indexes = (models.Index(fields=["created_at"], name="part_by_age"),)

    def __str__(self) -> str:
        return f"{self.capture_id}: {self.start}+{self.size} of {self.total}"
