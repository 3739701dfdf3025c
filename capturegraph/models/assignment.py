"""A slot that somebody holds."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from capturegraph.models.candidate_slot import CandidateSlot
from capturegraph.models.plan import Plan
from capturegraph.models.target import Target


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    """Reads of assignments."""

    def live(self, now: datetime) -> AssignmentQuerySet:
        """Give those that are held at `now`: a lease is judged when it is read, not when somebody tidies up."""
        return self.filter(state=Assignment.State.HELD, expires_at__gt=now)

    def due(self, now: datetime) -> AssignmentQuerySet:
        """Give those whose lease has run out and that nobody has tidied up yet."""
        return self.filter(state=Assignment.State.HELD, expires_at__lte=now)


class Assignment(models.Model):
    """A slot that a volunteer holds until `expires_at`."""

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        HELD = "held", _("held")
        FULFILLED = "fulfilled", _("done")
        RELEASED = "released", _("given back")
        DECLINED = "declined", _("declined")
        EXPIRED = "expired", _("run out")
        WITHDRAWN = "withdrawn", _("withdrawn")

    class Reason(models.TextChoices):
        NO_ACCESS = "no_access", _("no way to get there")
        UNSAFE = "unsafe", _("not safe")
        GONE = "gone", _("it is not there any more")
        BLOCKED = "blocked_view", _("the view is blocked")
        WRONG_PLACE = "wrong_place", _("the place on the map is wrong")
        PRIVATE = "private_land", _("private land")
        OTHER = "other", _("another reason")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="assignments")
    slot = models.ForeignKey(CandidateSlot, on_delete=models.CASCADE, related_name="assignments")
    volunteer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="assignments")
    seat = models.SmallIntegerField(default=0, help_text=_("Which of the slot's required people this is."))
    stop = models.SmallIntegerField(default=0, help_text=_("0 is the plain case; higher ones are a walk."))
    state = models.CharField(max_length=9, choices=State.choices, default=State.HELD)
    reason = models.CharField(
        max_length=12, choices=Reason.choices, blank=True, db_default="", help_text=_("Why it was declined.")
    )
    note = models.TextField(max_length=1000, blank=True, db_default="")
    plan = models.ForeignKey(
        Plan, on_delete=models.SET_NULL, null=True, blank=True, related_name="assignments",
        help_text=_("The plan that it was offered by."),
    )  # fmt: skip
    started_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["slot", "seat"], condition=Q(state="held"), name="a_seat_has_one_holder"),
            models.UniqueConstraint(
                fields=["slot", "volunteer"], condition=Q(state="held"), name="a_volunteer_has_a_slot_once"
            ),
            models.UniqueConstraint(
                fields=["target", "volunteer", "stop"], condition=Q(state="held"), name="a_volunteers_stop_is_one_slot"
            ),
            models.UniqueConstraint(
                fields=["slot", "volunteer"], condition=Q(state="planned"), name="a_volunteer_is_sent_to_a_slot_once"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["planned", "held"], ended_at=None)
                | Q(
                    state__in=["fulfilled", "released", "declined", "expired", "withdrawn"],
                    ended_at__isnull=False,
                ),
                name="an_assignment_ends_when_it_ends",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=models.F("started_at")), name="a_lease_lasts"),
        )
        indexes = (
            models.Index(fields=["target", "expires_at"], condition=Q(state="held"), name="held_by_expiry"),
            models.Index(fields=["target", "volunteer"], condition=Q(state="planned"), name="planned_for_volunteer"),
            models.Index(fields=["slot"], condition=Q(state="planned"), name="planned_of_slot"),
            models.Index(fields=["volunteer", "slot"], name="assignment_of_volunteer"),
            models.Index(fields=["slot"], condition=Q(state="declined"), name="declined_of_slot"),
            models.Index(fields=["volunteer", "started_at", "id"], name="assignment_listing"),
        )

    def __str__(self) -> str:
        return f"{self.slot}: {self.volunteer} ({self.get_state_display()})"
