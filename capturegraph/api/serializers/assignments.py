"""Asking for slots, and what is held."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from capturegraph.api.serializers.fields import Number, Operation, both_or_none, latitude, longitude
from capturegraph.api.serializers.slots import SlotOut
from capturegraph.models import Assignment


class WhereIn(Operation):
    """Where the phone is; it is used to choose, and never kept."""

    latitude = latitude(required=False, allow_null=True)
    longitude = longitude(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse half a position."""
        return both_or_none(attrs)


class RequestSlotIn(WhereIn):
    """Asking for a slot."""

    accuracy_m = Number(required=False, allow_null=True, min_value=0, max_value=1e7)


class ReserveWalkIn(WhereIn):
    """Asking for a walk."""

    stops = serializers.IntegerField(default=6, min_value=1, max_value=12)


class ReleaseWalkIn(Operation):
    """Giving back what is held."""

    keep = serializers.UUIDField(required=False, allow_null=True, help_text="The assignment to go on with.")


class DeclineIn(Operation):
    """Why the photograph cannot be taken."""

    reason = serializers.ChoiceField(choices=Assignment.Reason.choices)
    note = serializers.CharField(max_length=1000, allow_blank=True, default="")


class AssignmentOut(serializers.ModelSerializer[Assignment]):
    """An assignment."""

    class Meta:
        model = Assignment
        fields = ("id", "target", "slot", "state", "stop", "started_at", "expires_at", "ended_at", "reason", "note")


class ListedAssignmentOut(AssignmentOut):
    """An assignment with its slot."""

    slot_detail = SlotOut()

    class Meta(AssignmentOut.Meta):
        fields = (*AssignmentOut.Meta.fields, "slot_detail")  # type: ignore[assignment]


class ReasonOut(serializers.Serializer[Any]):
    """Why there is no slot."""

    code = serializers.CharField()
    text = serializers.CharField()
    next_lease_ends_at = serializers.DateTimeField(allow_null=True)
    next_opens_at = serializers.DateTimeField(allow_null=True)


class HandedOut(serializers.Serializer[Any]):
    """The answer to a request for a slot."""

    assignment = AssignmentOut(allow_null=True)
    slot = SlotOut(allow_null=True)
    sticky = serializers.BooleanField()
    reason = ReasonOut(allow_null=True)
    retry_after = serializers.IntegerField(required=False)


class StopOut(serializers.Serializer[Any]):
    """A stop of a walk."""

    assignment = AssignmentOut()
    slot = SlotOut()


class WalkOut(serializers.Serializer[Any]):
    """What is held in a target, in the order of the way; and why it is less than was asked."""

    stops = StopOut(many=True)
    reason = ReasonOut(allow_null=True)
