"""Files of candidate slots."""

from __future__ import annotations

from typing import Any

import orjson
from django.utils.translation import gettext as _
from rest_framework import serializers

from capturegraph.api.parsers import unfit
from capturegraph.api.serializers.fields import Number, Operation
from capturegraph.models import Batch


class BatchIn(Operation):
    """A file of candidate slots."""

    file = serializers.FileField(allow_empty_file=True, max_length=500)
    mode = serializers.ChoiceField(choices=Batch.Mode.choices, default=Batch.Mode.ADD)
    dry_run = serializers.BooleanField(default=False)
    skip_bad_rows = serializers.BooleanField(default=False)
    afresh = serializers.BooleanField(default=False)
    release_held = serializers.BooleanField(default=False)
    columns = serializers.CharField(default="{}", max_length=20_000)

    def validate_columns(self, value: str) -> dict[str, str]:
        """Read the JSON of it; refuse anything but names of columns by names of fields."""
        try:
            parsed = orjson.loads(value)
        except orjson.JSONDecodeError:
            parsed = None
        if not isinstance(parsed, dict) or not all(isinstance(name, str) for name in parsed.values()) or unfit(parsed):
            raise serializers.ValidationError(_('Write it like {"title": "STONE_NUM"}.'))
        return parsed


class GenerateIn(Operation):
    """Places to be drawn over an area, along its edge or a line, or where nothing is yet."""

    kind = serializers.ChoiceField(choices=["grid", "perimeter", "line", "void_and_cluster"])
    area = serializers.DictField(help_text="A GeoJSON Polygon, or a LineString for a line.")
    spacing_m = Number(min_value=0.1, max_value=1_000_000)
    count = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=1000, help_text="For void and cluster."
    )
    mode = serializers.ChoiceField(choices=Batch.Mode.choices, default=Batch.Mode.ADD)
    afresh = serializers.BooleanField(default=False)
    dry_run = serializers.BooleanField(default=False, help_text="Only say how many, and where: nothing is kept.")


class DrawnOut(serializers.Serializer[Any]):
    """Places that would be drawn."""

    total = serializers.IntegerField(help_text="How many places.")
    places = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField()), help_text="[longitude, latitude], at most 2,000."
    )


class ApplyIn(Operation):
    """Applying a file that was looked at. Without `afresh` it is as the upload said."""

    skip_bad_rows = serializers.BooleanField(default=False)
    release_held = serializers.BooleanField(default=False)
    afresh = serializers.BooleanField(allow_null=True, default=None)


class CountsOut(serializers.Serializer[Any]):
    """What a file does, or did, in numbers of places. The last three come with a preview, an application, an undo."""

    added = serializers.IntegerField()
    changed = serializers.IntegerField()
    kept = serializers.IntegerField(help_text="They are there already, exactly so.")
    removed = serializers.IntegerField(help_text="Not in the file, which replaces what waits.")
    protected = serializers.IntegerField(help_text="They would move or go, and somebody holds them.")
    covered = serializers.IntegerField(help_text="Earlier photographs cover them.")
    moved_far = serializers.IntegerField(help_text="They would move by more than a kilometre.")
    errors = serializers.IntegerField(help_text="Rows that cannot be read.")  # type: ignore[assignment]
    close = serializers.IntegerField(required=False, help_text="Closer to another place than a photograph may be off.")
    released = serializers.IntegerField(required=False, help_text="People whose place was moved or withdrawn.")
    withdrawn = serializers.IntegerField(required=False, help_text="Taken back by the undo.")
    left = serializers.IntegerField(required=False, help_text="Not taken back: photographed or held.")


class HeldOut(serializers.Serializer[Any]):
    """Somebody who held a place, when the file was looked at, that would move or go."""

    slot = serializers.UUIDField()
    title = serializers.CharField()
    name = serializers.CharField()
    until = serializers.DateTimeField()
    goes = serializers.BooleanField()


class CloseOut(serializers.Serializer[Any]):
    """Two places so near each other that one photograph would close both; no row: it is there already."""

    row = serializers.IntegerField(allow_null=True)
    title = serializers.CharField()
    other_row = serializers.IntegerField(allow_null=True)
    other_title = serializers.CharField()
    metres = serializers.FloatField()


class LeftOut(serializers.Serializer[Any]):
    """A place that an undo left alone."""

    slot = serializers.UUIDField()
    external_id = serializers.CharField(allow_null=True)
    title = serializers.CharField()
    why = serializers.ChoiceField(choices=["photographed", "held"])


class BatchOut(serializers.ModelSerializer[Batch]):
    """A file of candidate slots, and what it does."""

    counts = CountsOut()
    held = HeldOut(many=True)
    close = CloseOut(many=True)

    class Meta:
        model = Batch
        fields: tuple[str, ...] = (
            "id", "target", "file_name", "format", "sha256", "mode", "state", "rows", "columns", "reading", "counts",
            "row_errors", "created_at", "applied_at", "afresh", "undone_at", "held", "close",
        )  # fmt: skip


class UndoneOut(BatchOut):
    """A file that was taken back, and the first thousand places of it that stay."""

    left = LeftOut(many=True)

    class Meta(BatchOut.Meta):
        fields = (*BatchOut.Meta.fields, "left")
