"""A site or campaign to document."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from collections.abc import Collection

    from capturegraph.models.capture import CaptureQuerySet
    from capturegraph.models.user import User


FINEST_PUBLIC_M = 10
"""The finest grid, in metres, that counts as rounding: below it one sees which side of the street it was."""

_OWN_MACHINE = ("localhost", "127.0.0.1")
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*", re.ASCII)


def check_time_zone(name: str) -> None:
    """Refuse a name that the time-zone database does not know.

    Raises:
        ValidationError: naming the name.
    """
    if name not in available_timezones():
        raise ValidationError(_("“%(name)s” is no time zone. Write one like Europe/Paris."), params={"name": name})


def tile_host(address: str) -> str | None:
    """Give where a map of one's own comes from, as browsers are told what they may ask; None for what may not be one.

    Tokens and places travel beside it: it is HTTPS, but for a machine that serves itself.
    """
    try:
        parts = urlsplit(address)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:
        return None
    own = parts.scheme == "http" and host in _OWN_MACHINE
    if not _HOST.fullmatch(host) or not (own or parts.scheme == "https") or "@" in parts.netloc:
        return None
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "")


class TargetQuerySet(models.QuerySet["Target"]):
    """Reads of targets."""

    def visible_to(self, user: User) -> TargetQuerySet:
        """Give those that `user` is a member of; all of them to a site admin."""
        if user.is_superuser:
            return self
        return self.filter(memberships__user=user, memberships__removed_at=None)

    def tile_hosts(self) -> list[str]:
        """Give where their maps of one's own come from, like "https://maps.example.org", sorted, each once."""
        addresses = self.exclude(tiles_url="").values_list("tiles_url", flat=True).order_by().distinct()
        return sorted({host for address in addresses if (host := tile_host(address))})


class Target(models.Model):
    """A site or campaign to document: what is asked, of whom, and how near is near enough."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        OPEN = "open", _("open")
        PAUSED = "paused", _("paused")
        CLOSED = "closed", _("closed")

    class HandOut(models.TextChoices):
        LOOK_AHEAD = "look_ahead", _("the first stop of the best short walk")
        NEAREST = "nearest", _("the nearest")
        PLANNED = "planned", _("as planned, else the best short walk")
        QUEUE = "queue", _("the next of one tour")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=200)
    instructions = models.TextField(_("what a good photograph shows"), max_length=4000, blank=True)
    contact = models.CharField(_("whom volunteers can ask"), max_length=200, blank=True)
    consent_text = models.TextField(_("what volunteers agree to"), max_length=10_000, blank=True)
    consent_version = models.PositiveIntegerField(
        default=1, editable=False, help_text=_("Grows with every change of what joining people are shown.")
    )
    run_by = models.CharField(_("who runs it"), max_length=200, blank=True)
    kept_for = models.CharField(_("how long photos and names are kept"), max_length=200, blank=True)
    photo_licence = models.CharField(_("licence of the photos"), max_length=200, blank=True)
    safety_note = models.TextField(_("for the safety of volunteers"), max_length=2000, blank=True)
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
    accuracy_required = models.BooleanField(
        _("a photo whose accuracy the phone does not say does not count"), default=False
    )
    heading_sigma_deg = models.FloatField(
        _("σ of the direction in degrees"), null=True, blank=True, default=30.0,
        validators=[MinValueValidator(1), MaxValueValidator(180)],
        help_text=_("For places that ask for a direction. Empty: the direction is not compared."),
    )  # fmt: skip
    heading_required = models.BooleanField(
        _("a photo without a direction does not count where one is asked for"), default=False
    )
    hand_out = models.CharField(
        _("which place comes next"), max_length=10, choices=HandOut.choices, default=HandOut.LOOK_AHEAD
    )
    declines_needed = models.PositiveSmallIntegerField(
        _("people who have to say no before nobody is sent any more"), default=2,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
    )  # fmt: skip
    lease_s = models.PositiveIntegerField(
        _("a slot is held for, seconds"), default=1200, validators=[MinValueValidator(60), MaxValueValidator(604_800)]
    )
    covers_waiting = models.BooleanField(_("a photo also closes slots that nobody holds"), default=True)
    batch_size = models.PositiveIntegerField(
        _("places that wait at a time"), null=True, blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100_000)],
        help_text=_("Chosen anew from the pool where coverage is thinnest. Empty: every place waits."),
    )  # fmt: skip
    planning_rules = models.JSONField(
        _("rules of plans"), default=list, blank=True, db_default=Value([], models.JSONField()),
        help_text=_('Like [{"rule": "most_slots", "most": 8}]; plans begin with a copy.'),
    )  # fmt: skip
    planning_algorithms = models.JSONField(
        _("algorithms of plans"), default=list, blank=True, db_default=Value([], models.JSONField()),
        help_text=_("Names, tried one after the other. Empty: load balancing."),
    )  # fmt: skip
    tiles_url = models.URLField(
        _("map of one's own"), max_length=500, blank=True, db_default="",
        help_text=_("A PMTiles file or a MapLibre style. Empty: the outline that comes with the product."),
    )  # fmt: skip
    public = models.BooleanField(
        _("accepted photos are public"), default=False, db_default=Value(False),
        help_text=_("Everybody sees them small, without names, where they were taken only roughly."),
    )  # fmt: skip
    public_round_m = models.PositiveIntegerField(
        _("public positions are rounded to, metres"), default=100, db_default=Value(100),
        validators=[MaxValueValidator(100_000)], help_text=_("From 10; 0 is exact, and has to be allowed besides."),
    )  # fmt: skip
    public_exact = models.BooleanField(_("exact positions may be public"), default=False, db_default=Value(False))
    public_names = models.BooleanField(_("names of photographers are public"), default=False, db_default=Value(False))
    refreshed_cycle = models.DateTimeField(
        null=True, editable=False, help_text=_("The last cycle whose choice was made; it only moves forward.")
    )
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
            models.CheckConstraint(
                condition=Q(heading_sigma_deg=None) | Q(heading_sigma_deg__range=(1, 180)),
                name="a_direction_has_some_play",
            ),
            models.CheckConstraint(
                condition=Q(hand_out__in=["look_ahead", "nearest", "planned", "queue"]), name="a_known_way_to_hand_out"
            ),
            models.CheckConstraint(
                condition=Q(batch_size=None) | Q(batch_size__range=(1, 100_000)), name="some_places_wait_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(public_round_m__range=(FINEST_PUBLIC_M, 100_000)) | Q(public_round_m=0, public_exact=True),
                name="exact_positions_are_public_on_purpose",
            ),
            models.CheckConstraint(condition=Q(declines_needed__range=(1, 100)), name="somebody_has_to_say_no"),
            models.UniqueConstraint(fields=["created_by", "operation_id"], name="an_operation_makes_one_target"),
        )
        indexes = (models.Index(fields=["created_at", "id"], name="target_listing"),)

    def __str__(self) -> str:
        return self.name

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        """Refuse values that cannot be, and a map of one's own that no page would be allowed to fetch.

        Raises:
            ValidationError: by field, saying what to write.
        """
        super().clean_fields(exclude)
        if "public_round_m" not in (exclude or ()) and self.public_round_m < FINEST_PUBLIC_M:
            if self.public_round_m:
                said = _("Write 0 for exact positions, or 10 metres and more.")
                raise ValidationError({"public_round_m": said})
            if not self.public_exact:
                said = _("0 shows everybody exactly where each photo was taken. Allow that besides, or round.")
                raise ValidationError({"public_round_m": said})
        # What was not set is no text yet, but the database's default.
        own = isinstance(self.tiles_url, str) and self.tiles_url
        if own and "tiles_url" not in (exclude or ()) and tile_host(self.tiles_url) is None:
            said = _("Write an address that begins with https:// (http:// only for localhost) and holds no password.")
            raise ValidationError({"tiles_url": said})

    @property
    def captures(self) -> CaptureQuerySet:
        """The captures of this target, the oldest first."""
        return self.capture_set.order_by("received_at", "id")

    @property
    def allowed_m(self) -> float:
        """Metres that a photograph has to be closer than."""
        return self.sigma_m * self.threshold
