"""A site or campaign to document."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from capturegraph.models.capture import CaptureQuerySet
    from capturegraph.models.user import User


def check_time_zone(name: str) -> None:
    """Refuse a name that the time-zone database does not know.

    Raises:
        ValidationError: naming the name.
    """
    if name not in available_timezones():
        raise ValidationError(_("“%(name)s” is no time zone. Write one like Europe/Paris."), params={"name": name})


class TargetQuerySet(models.QuerySet["Target"]):
    """Reads of targets."""

    def visible_to(self, user: User) -> TargetQuerySet:
        """Give those that `user` is a member of; all of them to a site admin."""
        if user.is_superuser:
            return self
        return self.filter(memberships__user=user, memberships__removed_at=None)


class Target(models.Model):
    """A site or campaign to document: what is asked, of whom, and how near is near enough."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        OPEN = "open", _("open")
        PAUSED = "paused", _("paused")
        CLOSED = "closed", _("closed")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=200)
    instructions = models.TextField(_("what a good photograph shows"), max_length=4000, blank=True)
    contact = models.CharField(_("whom volunteers can ask"), max_length=200, blank=True)
    consent_text = models.TextField(_("what volunteers agree to"), max_length=10_000, blank=True)
    credit = models.CharField(_("credit shown on the map"), max_length=200, blank=True)
    outline = models.JSONField(
        _("outline under the map"), null=True, blank=True, help_text=_("A GeoJSON FeatureCollection.")
    )
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC", validators=[check_time_zone])
    sigma_m = models.FloatField(
        _("σ in metres"), default=50.0, validators=[MinValueValidator(0.1), MaxValueValidator(100_000)]
    )
    threshold = models.FloatField(
        _("threshold in σ"), default=1.0, validators=[MinValueValidator(0.01), MaxValueValidator(100)]
    )
    max_accuracy_m = models.FloatField(
        _("worst accuracy that counts, metres"),
        default=50.0,
        validators=[MinValueValidator(1), MaxValueValidator(10_000)],
    )
    lease_s = models.PositiveIntegerField(
        _("a slot is held for, seconds"), default=1200, validators=[MinValueValidator(60), MaxValueValidator(604_800)]
    )
    covers_waiting = models.BooleanField(_("a photo also closes slots that nobody holds"), default=True)
    settled_at = models.DateTimeField(
        null=True, editable=False, help_text=_("When a store first took its baseline; none was built yet while empty.")
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    operation_id = models.UUIDField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = TargetQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(sigma_m__gt=0, sigma_m__lte=100_000), name="sigma_is_some_metres"),
            models.CheckConstraint(
                condition=Q(threshold__gt=0, threshold__lte=100), name="a_threshold_is_above_nought"
            ),
            models.UniqueConstraint(fields=["created_by", "operation_id"], name="an_operation_makes_one_target"),
        )
        indexes = (models.Index(fields=["created_at", "id"], name="target_listing"),)

    def __str__(self) -> str:
        return self.name

    @property
    def captures(self) -> CaptureQuerySet:
        """The captures of this target, the oldest first."""
        return self.capture_set.order_by("received_at", "id")

    @property
    def allowed_m(self) -> float:
        """Metres that a photograph has to be closer than."""
        return self.sigma_m * self.threshold
