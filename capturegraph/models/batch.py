"""One upload of candidate slots."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from capturegraph.models.target import Target


class Batch(models.Model):
    """A file of candidate slots: read, shown, and then applied whole or not at all."""

    class State(models.TextChoices):
        PREVIEWED = "previewed", _("previewed")
        APPLIED = "applied", _("applied")
        FAILED = "failed", _("failed")
        UNDONE = "undone", _("undone")

    class Mode(models.TextChoices):
        ADD = "add", _("add to what is there")
        REPLACE = "replace", _("replace what waits")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="batches")
    state = models.CharField(max_length=9, choices=State.choices, default=State.PREVIEWED)
    mode = models.CharField(max_length=7, choices=Mode.choices, default=Mode.ADD)
    afresh = models.BooleanField(
        default=False, help_text=_("Ask again for places that earlier photographs cover, rather than close them.")
    )
    file = models.FileField(upload_to="batches/%Y/%m/", max_length=300)
    file_name = models.CharField(max_length=255)
    format = models.CharField(max_length=20)
    sha256 = models.CharField(max_length=64)
    columns = models.JSONField(default=dict, help_text=_("Which column was said to be which field."))
    reading = models.JSONField(default=dict, help_text=_("How the file was read: columns, encoding, delimiter."))
    rows = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    row_errors = models.JSONField(default=list)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    operation_id = models.UUIDField(null=True, editable=False)
    created_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "batches"
        constraints = (models.UniqueConstraint(fields=["target", "operation_id"], name="an_operation_makes_one_batch"),)
        indexes = (models.Index(fields=["target", "-created_at"], name="batch_listing"),)

    def __str__(self) -> str:
        return f"{self.file_name} ({self.get_state_display()})"
