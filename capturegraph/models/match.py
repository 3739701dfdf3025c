"""A capture that is near enough to a slot."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import models
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from capturegraph.models.candidate_slot import CandidateSlot
from capturegraph.models.capture import Capture


class MatchQuerySet(models.QuerySet["Match"]):
    """Reads of matches."""

    def people_by_slot(self, slots: Iterable[UUID]) -> dict[UUID, int]:
        """Count, for each slot that has any, the different people with a capture that counts."""
        found = self.filter(slot__in=slots, active=True).values_list("slot")
        return dict(found.annotate(people=Count("person_key", distinct=True)))

    def persons_of(self, slots: Iterable[UUID]) -> dict[UUID, set[UUID]]:
        """Give, for each slot that has any, the person keys of those with a capture that counts."""
        found: dict[UUID, set[UUID]] = {}
        for slot_id, person in self.filter(slot__in=slots, active=True).values_list("slot", "person_key"):
            found.setdefault(slot_id, set()).add(person)
        return found


class Match(models.Model):
    """Capture × slot: how near, and how surely. Inactive when the capture no longer counts."""

    capture = models.ForeignKey(Capture, on_delete=models.CASCADE, related_name="matches")
    slot = models.ForeignKey(CandidateSlot, on_delete=models.CASCADE, related_name="matches")
    person_key = models.UUIDField(help_text=_("Whose capture it is; counted, so that two of one person are one."))
    metres = models.FloatField()
    distance = models.FloatField(help_text=_("In σ."))
    probability = models.FloatField(
        null=True, help_text=_("That the true position lies inside the threshold, given the phone's accuracy.")
    )
    heading_off_deg = models.FloatField(null=True, help_text=_("Between the directions asked for and taken, 0 to 180."))
    terms = models.JSONField(default=dict)
    manual = models.BooleanField(default=False, help_text=_("A reviewer said so."))
    kept = models.BooleanField(
        default=False, help_text=_("It counted under earlier settings, and was to go on counting when they changed.")
    )
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField()

    objects = MatchQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "matches"
        constraints = (models.UniqueConstraint(fields=["capture", "slot"], name="a_capture_matches_a_slot_once"),)
        indexes = (
            models.Index(fields=["slot", "person_key"], condition=Q(active=True), name="people_of_slot"),
            models.Index(fields=["person_key", "slot"], condition=Q(active=True), name="slots_of_person"),
        )

    def __str__(self) -> str:
        return f"{self.capture} → {self.slot}: {self.metres:.0f} m"
