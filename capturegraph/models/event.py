"""What happened, appended in the transaction of the change."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class Event(models.Model):
    """Who did what to which row, when. Never changed, never deleted with the row that it speaks of."""

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    target_id = models.UUIDField(null=True)
    verb = models.CharField(max_length=40)
    noun = models.CharField(max_length=20)
    row_id = models.UUIDField(null=True)
    data = models.JSONField(default=dict)
    operation_id = models.UUIDField(null=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["actor", "operation_id"],
                condition=Q(operation_id__isnull=False),
                name="an_operation_is_done_once",
            ),
        )
        indexes = (
            models.Index(fields=["noun", "row_id", "id"], name="event_of_row"),
            models.Index(fields=["target_id", "id"], name="event_of_target"),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.noun} {self.verb}"
