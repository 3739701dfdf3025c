"""A photograph that its phone puts straight into the store of files, in parts."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from capturegraph.models.capture import Capture

KEPT_FOR = timedelta(days=14)


class DirectUploadQuerySet(models.QuerySet["DirectUpload"]):
    """Reads of uploads that are under way elsewhere."""

    def due(self, now: datetime) -> DirectUploadQuerySet:
        """Give those whose rest never came, and those of photographs that came another way or are through."""
        return self.filter(Q(ends_at__lte=now) | ~Q(capture__state=Capture.State.AWAITING_PHOTO))


class DirectUpload(models.Model):
    """What a phone was given addresses for. While there is a row, the store may hold parts under the capture's id."""

    capture = models.OneToOneField(Capture, on_delete=models.CASCADE, primary_key=True, related_name="direct_upload")
    name = models.CharField(max_length=300, help_text=_("The file that its parts become, until it is looked at."))
    parts = models.TextField(blank=True, help_text=_("The store's word for the parts; none: not begun there yet."))
    sha256 = models.CharField(max_length=64, help_text=_("Of the whole photograph, as the phone said."))
    size = models.PositiveBigIntegerField()
    part_size = models.PositiveBigIntegerField()
    begun_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text=_("When it is given up."))

    objects = DirectUploadQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(size__gt=0, part_size__gt=0), name="a_direct_upload_has_bytes"),
        )
        indexes = (models.Index(fields=["ends_at"], name="direct_upload_by_end"),)

    def __str__(self) -> str:
        return f"{self.capture_id}: {self.size}"
