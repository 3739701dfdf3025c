"""How the columns of files with one header are read in a target."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from capturegraph.models.target import Target


class ColumnChoice(models.Model):
    """Which column is which field, as somebody said it once for all files with the same columns.

    `header` is the key of those columns (`formats.Header.key`), `columns` field → column, an empty column for none.
    """

    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="column_choices")
    header = models.CharField(max_length=64)
    columns = models.JSONField(default=dict)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["target", "header"], name="a_header_is_read_one_way_in_a_target"),
        )

    def __str__(self) -> str:
        return ", ".join(f"{field}: {column}" for field, column in sorted(self.columns.items()) if column)
