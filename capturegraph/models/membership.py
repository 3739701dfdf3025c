"""What somebody may do on a target."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
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

    def with_figures(self, now: datetime) -> MembershipQuerySet:
        """Add when each was last heard of (`last_seen_at`), what they hold (`holds`) and took there (`captures`)."""
        from capturegraph.models.assignment import Assignment
        from capturegraph.models.capture import Capture
        from capturegraph.models.device import Device

        phones = Device.objects.filter(user=OuterRef("user")).order_by("-last_seen_at").values("last_seen_at")
        here = {"volunteer": OuterRef("user"), "target": OuterRef("target")}
        return self.annotate(
            last_seen_at=Subquery(phones[:1]),
            holds=_number(Assignment.objects.live(now).filter(**here)),
            captures=_number(Capture.objects.filter(**here)),
        )

    def with_tally(self) -> MembershipQuerySet:
        """Add what each took there (`captures`), and how many slots that counts for (`places`)."""
        from capturegraph.models.capture import Capture
        from capturegraph.models.match import Match

        here = {"volunteer": OuterRef("user"), "target": OuterRef("target")}
        counting = Match.objects.filter(
            active=True, person_key=OuterRef("user__person_key"), slot__target=OuterRef("target")
        )
        slots = counting.order_by().values("person_key").annotate(number=Count("slot", distinct=True)).values("number")
        return self.annotate(
            captures=_number(Capture.objects.filter(**here)), places=Coalesce(Subquery(slots), 0)
        )  # fmt: skip

    def for_desk(self, now: datetime) -> MembershipQuerySet:
        """Add all of these figures, and how many phones each has that may come in (`phones`)."""
        from capturegraph.models.device import Device

        live = Device.objects.live(now).filter(user=OuterRef("user")).order_by().values("user")
        phones = Coalesce(Subquery(live.annotate(number=Count("pk")).values("number")), 0)
        return self.with_figures(now).with_tally().annotate(phones=phones)

    def named(self, text: str) -> MembershipQuerySet:
        """Give those whose name, or name to log in with, has this text in it."""
        return self.filter(Q(user__name__icontains=text) | Q(user__username__icontains=text)) if text else self


def _number(rows: QuerySet[models.Model]) -> Coalesce:
    counted = rows.order_by().values("volunteer").annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(counted), 0)


class Membership(models.Model):
    """A user on a target, in one role."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=11, choices=Role.choices, default=Role.VOLUNTEER)
    consented_at = models.DateTimeField(null=True, blank=True)
    consent_text = models.TextField(blank=True, editable=False, help_text=_("The words that were agreed to."))
    consent_version = models.PositiveIntegerField(default=0, editable=False)
    skills = models.JSONField(
        default=list, blank=True, db_default=Value([], models.JSONField()), help_text=_("What they can do, as words.")
    )
    start_latitude = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(-90), MaxValueValidator(90)],
        help_text=_("Where plans let them set out: said by them or a coordinator, never taken from a request."),
    )  # fmt: skip
    start_longitude = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(-180), MaxValueValidator(180)]
    )
    capacity = models.PositiveIntegerField(null=True, blank=True, help_text=_("Most slots in one plan."))
    most_walking_m = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(1_000_000)],
        help_text=_("Most metres in one plan."),
    )  # fmt: skip
    newcomer = models.BooleanField(
        null=True, blank=True, help_text=_("Empty: whoever has no photograph that counts is one.")
    )
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "target"], name="a_user_is_a_member_once"),
            models.CheckConstraint(
                condition=Q(start_latitude=None, start_longitude=None)
                | Q(start_latitude__range=(-90, 90), start_longitude__range=(-180, 180)),
                name="a_member_sets_out_on_the_earth",
            ),
            models.CheckConstraint(
                condition=Q(most_walking_m=None) | Q(most_walking_m__gt=0), name="who_walks_walks_some_metres"
            ),
        )

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()} of {self.target}"
