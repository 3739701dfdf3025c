"""What somebody may do on a target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from capturegraph.models.target import Target

if TYPE_CHECKING:
    from capturegraph.models.user import User


class Role(models.TextChoices):
    """Each role may do what the ones below it may."""

    COORDINATOR = "coordinator", _("coordinator")
    REVIEWER = "reviewer", _("reviewer")
    VOLUNTEER = "volunteer", _("volunteer")

    @property
    def rank(self) -> int:
        """0 for a volunteer, higher for who may do more."""
        return {"volunteer": 0, "reviewer": 1, "coordinator": 2}[self.value]


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Reads of memberships."""

    def current(self) -> MembershipQuerySet:
        """Give those that were not removed."""
        return self.filter(removed_at=None)

    def role_of(self, user: User, target: Target) -> Role | None:
        """Give what somebody is in a target; None for nothing."""
        role = self.current().filter(user=user, target=target).values_list("role", flat=True).first()
        return Role(role) if role else None


class Membership(models.Model):
    """A user on a target, in one role."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=11, choices=Role.choices, default=Role.VOLUNTEER)
    consented_at = models.DateTimeField(null=True, blank=True)
    consent_text = models.TextField(blank=True, editable=False, help_text=_("The words that were agreed to."))
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = (models.UniqueConstraint(fields=["user", "target"], name="a_user_is_a_member_once"),)

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()} of {self.target}"
