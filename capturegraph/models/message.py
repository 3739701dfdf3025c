"""Something that a person has to be told."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from capturegraph.models.target import Target

if TYPE_CHECKING:
    from capturegraph.models.user import User


class MessageQuerySet(models.QuerySet["Message"]):
    """Reads of messages."""

    def unseen_by(self, user: User) -> MessageQuerySet:
        """Give what somebody has not been shown yet, the oldest first."""
        return self.filter(user=user, seen_at=None).order_by("created_at", "id")


class Message(models.Model):
    """One message to one person. `kind` and `data` are kept, and the sentence is made when it is read."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="messages")
    target = models.ForeignKey(Target, on_delete=models.CASCADE, null=True, related_name="+")
    kind = models.CharField(max_length=40)
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        indexes = (
            models.Index(fields=["user", "created_at", "id"], name="message_listing"),
            models.Index(fields=["user"], condition=Q(seen_at=None), name="message_unseen"),
        )

    def __str__(self) -> str:
        return f"{self.user}: {self.kind}"
