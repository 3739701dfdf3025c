"""Slots."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from capturegraph.api.serializers.fields import Skills, Strict
from capturegraph.models import CandidateSlot


class SlotOut(serializers.ModelSerializer[CandidateSlot]):
    """A slot."""

    skills = serializers.ListField(child=serializers.CharField())
    reference = serializers.CharField(
        allow_null=True, help_text="Address of the photograph to take again; another one has another address."
    )

    class Meta:
        model = CandidateSlot
        fields = (
            "id", "external_id", "title", "note", "latitude", "longitude", "heading", "priority", "required_count",
            "state", "rank", "window_from", "window_until", "skills",
            "reference",
        )  # fmt: skip


class HolderOut(serializers.Serializer[Any]):
    """Who holds a slot; only reviewers and coordinators are told."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class ListedSlotOut(SlotOut):
    """A slot in a list."""

    held = serializers.BooleanField()
    mine = serializers.BooleanField()
    held_by = HolderOut(allow_null=True)
    updated_at = serializers.DateTimeField()

    class Meta(SlotOut.Meta):
        fields = (*SlotOut.Meta.fields, "held", "mine", "held_by", "updated_at")  # type: ignore[assignment]


class SlotIn(Strict):
    """What a coordinator changes of a slot."""

    state = serializers.ChoiceField(choices=["waiting", "withdrawn", "not_capturable"], required=False)
    priority = serializers.IntegerField(min_value=0, max_value=100, required=False)
    title = serializers.CharField(max_length=200, allow_blank=True, required=False)
    note = serializers.CharField(max_length=2000, allow_blank=True, required=False)
    skills = Skills(required=False)
    release_holders = serializers.BooleanField(default=False, help_text="Call back whoever is on the way there.")


class ReferenceFromCaptureIn(Strict):
    """Which photograph becomes the reference."""

    capture = serializers.UUIDField()


class ReferencesIn(Strict):
    """Reference photographs of several slots: a ZIP in which each file has a slot's external id as its name."""

    file = serializers.FileField(allow_empty_file=True, max_length=500)
    skip_bad_files = serializers.BooleanField(default=False, help_text="Keep the good ones, and list the others.")


class SkippedFileOut(serializers.Serializer[Any]):
    """A file of a ZIP that was not kept."""

    name = serializers.CharField()
    reason = serializers.CharField()


class ReferencesOut(serializers.Serializer[Any]):
    """What a ZIP of reference photographs did."""

    slots = SlotOut(many=True)
    skipped = SkippedFileOut(many=True)
