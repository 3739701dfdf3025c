"""A slot that somebody holds."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from capturegraph.models.candidate_slot import CandidateSlot
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

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="assignments")
    slot = models.ForeignKey(CandidateSlot, on_delete=models.CASCADE, related_name="assignments")
    volunteer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="assignments")
    seat = models.SmallIntegerField(default=0, help_text=_("Which of the slot's required people this is."))
    stop = models.SmallIntegerField(default=0, help_text=_("0 is the plain case; higher ones are a walk."))
    state = models.CharField(max_length=9, choices=State.choices, default=State.HELD)
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
            models.Index(fields=["volunteer", "slot"], name="assignment_of_volunteer"),
            models.Index(fields=["volunteer", "started_at", "id"], name="assignment_listing"),
        )

    def __str__(self) -> str:
        return f"{self.slot}: {self.volunteer} ({self.get_state_display()})"
