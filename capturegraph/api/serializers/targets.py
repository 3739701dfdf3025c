"""Targets."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy
from rest_framework import serializers

from capturegraph.api.serializers.fields import Number, Operation
from capturegraph.models import Target
from capturegraph.models.membership import Role


class RulesIn(serializers.ListField):
    """Settings of rules; the service knows which there are."""

    def __init__(self, **options: Any) -> None:
        said = gettext_lazy("Like [{“rule”: “most_slots”, “most”: 8}]; see planning/rules/.")
        super().__init__(child=serializers.DictField(), max_length=50, help_text=said, **options)


class AlgorithmsIn(serializers.ListField):
    """Names of algorithms, tried one after the other; the service knows which there are."""

    def __init__(self, **options: Any) -> None:
        said = gettext_lazy("Names, tried one after the other; see planning/algorithms/.")
        super().__init__(child=serializers.CharField(max_length=40), max_length=50, help_text=said, **options)


class TargetIn(Operation):
    """Settings of a target."""

    name = serializers.CharField(max_length=200)
    instructions = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    contact = serializers.CharField(max_length=200, required=False, allow_blank=True)
    consent_text = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    run_by = serializers.CharField(max_length=200, required=False, allow_blank=True)
    kept_for = serializers.CharField(max_length=200, required=False, allow_blank=True)
    photo_licence = serializers.CharField(max_length=200, required=False, allow_blank=True)
    safety_note = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    credit = serializers.CharField(max_length=200, required=False, allow_blank=True)
    state = serializers.ChoiceField(choices=Target.State.choices, required=False)
    time_zone = serializers.CharField(max_length=64, required=False)
    sigma_m = Number(required=False)
    threshold = Number(required=False)
    max_accuracy_m = Number(required=False)
    accuracy_required = serializers.BooleanField(required=False)
    heading_sigma_deg = Number(
        required=False, allow_null=True, help_text=gettext_lazy("Null: directions are not compared.")
    )
    heading_required = serializers.BooleanField(required=False)
    hand_out = serializers.ChoiceField(choices=Target.HandOut.choices, required=False)
    declines_needed = serializers.IntegerField(required=False, min_value=1, max_value=100)
    lease_s = serializers.IntegerField(required=False, min_value=60, max_value=604_800)
    covers_waiting = serializers.BooleanField(required=False)
    batch_size = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=100_000,
        help_text=gettext_lazy("Places that wait at a time, chosen anew from the pool. Null: every place waits."),
    )  # fmt: skip
    planning_rules = RulesIn(required=False)
    planning_algorithms = AlgorithmsIn(required=False)
    tiles_url = serializers.URLField(
        required=False, allow_blank=True, max_length=500, help_text=gettext_lazy("A PMTiles file or a MapLibre style.")
    )
    public = serializers.BooleanField(
        required=False,
        help_text=gettext_lazy("Whether everybody sees accepted photos, small and roughly where."),
    )
    public_round_m = serializers.IntegerField(
        required=False, min_value=0, max_value=100_000,
        help_text=gettext_lazy("Metres of the squares of public positions, from 10; 0, with public_exact, is exact."),
    )  # fmt: skip
    public_exact = serializers.BooleanField(required=False)
    public_names = serializers.BooleanField(required=False)


class TargetChangeIn(TargetIn):
    """Settings to be changed."""

    reopen = serializers.BooleanField(
        required=False, default=False,
        help_text=gettext_lazy("Whether places that are done, and fall short by the new settings, are opened again."),
    )  # fmt: skip


class TargetOut(serializers.ModelSerializer[Target]):
    """A target."""

    allowed_m = serializers.FloatField()
    shown_to_all = serializers.CharField(help_text=gettext_lazy("What everybody sees, in a sentence; empty: nothing."))
    my_role = serializers.ChoiceField(choices=Role.choices, allow_null=True)
    counts = serializers.DictField(child=serializers.IntegerField(), allow_null=True)
    planning_rules = serializers.ListField(child=serializers.DictField())
    planning_algorithms = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = Target
        fields = (
            "id", "name", "instructions", "state", "time_zone", "sigma_m", "threshold", "allowed_m", "max_accuracy_m",
            "accuracy_required", "heading_sigma_deg", "heading_required", "hand_out", "declines_needed", "lease_s",
            "covers_waiting", "contact", "consent_text", "consent_version", "run_by", "kept_for", "photo_licence",
            "safety_note", "credit", "outline", "batch_size", "planning_rules", "planning_algorithms", "tiles_url",
            "public", "public_round_m", "public_exact", "public_names", "updated_at", "shown_to_all",
            "my_role", "counts",
        )  # fmt: skip


class TargetChangedOut(TargetOut):
    """A target after a change."""

    job = serializers.UUIDField(
        allow_null=True, help_text=gettext_lazy("The work of looking at every photo again, where there is any.")
    )

    class Meta(TargetOut.Meta):
        fields = (*TargetOut.Meta.fields, "job")  # type: ignore[assignment]


class CopyIn(Operation):
    """A copy of a target."""

    name = serializers.CharField(max_length=200)
    places = serializers.BooleanField(required=False, default=False, help_text=gettext_lazy("Whether they come along."))


class CopiedOut(TargetOut):
    """A target that was made like another one."""

    job = serializers.UUIDField(
        allow_null=True, help_text=gettext_lazy("The work of bringing its places, where they are many.")
    )

    class Meta(TargetOut.Meta):
        fields = (*TargetOut.Meta.fields, "job")  # type: ignore[assignment]


class CountingOut(serializers.Serializer[Any]):
    """How many captures count for at least one slot."""

    counting_now = serializers.IntegerField()
    counting_then = serializers.IntegerField()


class TurningOut(serializers.Serializer[Any]):
    """How many slots would be closed, and how many would fall short: opened again where that is asked for."""

    closed = serializers.IntegerField()
    reopened = serializers.IntegerField()


class SettingsPreviewOut(serializers.Serializer[Any]):
    """What saving settings would do."""

    captures = CountingOut()
    slots = TurningOut()
