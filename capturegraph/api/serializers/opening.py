"""What was looked at before a target is opened."""

from __future__ import annotations

from rest_framework import serializers

from capturegraph.models import OpeningCheck


class OpeningStepOut(serializers.Serializer):  # type: ignore[type-arg]
    """One step: how it stands, what may be missing, and who ticked it when."""

    step = serializers.ChoiceField(choices=OpeningCheck.Step.choices)
    title = serializers.CharField()
    state = serializers.ChoiceField(
        choices=[("open", "open"), ("ticked", "ticked"), ("changed", "changed")],
        help_text="“changed” is one that was ticked, and is something else by now.",
    )
    figures = serializers.DictField()
    doubts = serializers.ListField(child=serializers.CharField(), help_text="What may be missing, in sentences.")
    digest = serializers.CharField(help_text="sha256 of what there is to look at.")
    ticked_by = serializers.CharField(allow_null=True)
    ticked_at = serializers.DateTimeField(allow_null=True)


class OpeningOut(serializers.Serializer):  # type: ignore[type-arg]
    """Every step, and whether this site wants all of them ticked."""

    target = serializers.UUIDField()
    demanded = serializers.BooleanField()
    steps = OpeningStepOut(many=True)
