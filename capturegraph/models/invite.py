"""A way into a target."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from capturegraph.models.membership import Role
from capturegraph.models.target import Target


class Invite(models.Model):
    """A link or QR code that makes its holder a member. Only the code's sha256 is kept."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="invites")
    role = models.CharField(max_length=11, choices=Role.choices, default=Role.VOLUNTEER)
    code_sha256 = models.CharField(max_length=64, editable=False)
    for_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="+",
        help_text=_("Whose phone it signs in again; nobody: whoever has the link joins as somebody new."),
    )  # fmt: skip
    uses_left = models.PositiveIntegerField()
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["code_sha256"], name="a_code_opens_one_invite"),
            models.CheckConstraint(condition=Q(uses_left__gte=0), name="an_invite_is_not_overdrawn"),
        )

    def __str__(self) -> str:
        return f"{self.get_role_display()} of {self.target}, {self.uses_left} left"
