"""Who should go where, worked out ahead."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from capturegraph.models.target import Target


class PlanQuerySet(models.QuerySet["Plan"]):
    """Reads of plans."""


class Plan(models.Model):
    """A question: whom to send to which slots of a target in `[from_at, until_at)`, under which rules, by which chain.

    Its answers are `PlanRun`s. What it asks for is a copy of the target's settings, and can be changed while it is a
    draft.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        ACCEPTED = "accepted", _("accepted")
        DISCARDED = "discarded", _("discarded")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="plans")
    name = models.CharField(max_length=200, blank=True)
    from_at = models.DateTimeField()
    until_at = models.DateTimeField(help_text=_("Before this time."))
    rules = models.JSONField(default=list, help_text=_('Like [{"rule": "most_slots", "most": 8}].'))
    algorithms = models.JSONField(default=list, help_text=_("Names, tried one after the other."))
    state = models.CharField(max_length=9, choices=State.choices, default=State.DRAFT)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    operation_id = models.UUIDField(null=True, editable=False)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, help_text=_("When it was accepted or discarded."))
    accepted_run = models.ForeignKey(
        "PlanRun", on_delete=models.RESTRICT, null=True, related_name="+", help_text=_("The answer that was accepted.")
    )

    objects = PlanQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(until_at__gt=F("from_at")), name="a_plan_is_for_a_while"),
            models.CheckConstraint(
                condition=Q(state="draft", ended_at=None)
                | Q(state__in=["accepted", "discarded"], ended_at__isnull=False),
                name="a_plan_ends_when_it_ends",
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted") | Q(accepted_run__isnull=False), name="what_was_accepted_is_known"
            ),
            models.UniqueConstraint(fields=["created_by", "operation_id"], name="an_operation_makes_one_plan"),
        )
        indexes = (models.Index(fields=["target", "created_at", "id"], name="plan_listing"),)

    def __str__(self) -> str:
        return self.name or f"{self.target}, {self.from_at:%Y-%m-%d %H:%M}"
