"""What comes in, checked; and what goes out, described for the schema (`shapes.py` makes it)."""

from __future__ import annotations

import math
from typing import Any

import orjson
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from capturegraph.api.parsers import unfit
from capturegraph.models import Assignment, Batch, CandidateSlot, Capture, Target
from capturegraph.models.membership import Role

MAX_EXTRA_CHARACTERS = 16_000
TOKEN = r"^[A-Za-z0-9_-]{43,128}$"  # noqa: S105 - the shape of one
SHA256 = r"^[0-9a-f]{64}$"


class Number(serializers.FloatField):
    """A finite number; "nan" and "inf" are words that Python's float() would take."""

    def to_internal_value(self, data: Any) -> float:
        """Read it."""
        if isinstance(data, bool):
            self.fail("invalid")
        value = super().to_internal_value(data)
        if not math.isfinite(value):
            self.fail("invalid")
        return value


class Strict(serializers.Serializer[Any]):
    """Refuses fields that it does not know: a misspelt one would be lost without a word."""

    def to_internal_value(self, data: Any) -> Any:
        """Read the body."""
        if isinstance(data, dict):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                raise serializers.ValidationError({name[:100]: [_("There is no such field.")] for name in unknown})
        return super().to_internal_value(data)


class Operation(Strict):
    """A call that needs no words but its own id."""

    operation_id = serializers.UUIDField(required=False)


def latitude(**options: Any) -> Number:
    """Make a field of degrees north."""
    return Number(min_value=-90, max_value=90, **options)


def longitude(**options: Any) -> Number:
    """Make a field of degrees east."""
    return Number(min_value=-180, max_value=180, **options)


def both_or_none(data: dict[str, Any]) -> dict[str, Any]:
    """Refuse half a position.

    Raises:
        ValidationError: naming the missing half.
    """
    have = {name for name in ("latitude", "longitude") if data.get(name) is not None}
    if len(have) == 1:
        missing = ({"latitude", "longitude"} - have).pop()
        raise serializers.ValidationError({missing: [_("A position has a latitude and a longitude.")]})
    return data


class JoinIn(Strict):
    """Joining by invite."""

    code = serializers.CharField(max_length=200)
    name = serializers.CharField(max_length=100)
    device_id = serializers.UUIDField()
    token = serializers.RegexField(TOKEN)
    consent = serializers.BooleanField()


class RequestSlotIn(Operation):
    """Asking for a slot; the position is used to choose, and never kept."""

    latitude = latitude(required=False, allow_null=True)
    longitude = longitude(required=False, allow_null=True)
    accuracy_m = Number(required=False, allow_null=True, min_value=0, max_value=1e7)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse half a position."""
        return both_or_none(attrs)


class TargetIn(Operation):
    """Settings of a target."""

    name = serializers.CharField(max_length=200)
    instructions = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    contact = serializers.CharField(max_length=200, required=False, allow_blank=True)
    consent_text = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    credit = serializers.CharField(max_length=200, required=False, allow_blank=True)
    state = serializers.ChoiceField(choices=Target.State.choices, required=False)
    time_zone = serializers.CharField(max_length=64, required=False)
    sigma_m = Number(required=False)
    threshold = Number(required=False)
    max_accuracy_m = Number(required=False)
    lease_s = serializers.IntegerField(required=False, min_value=60, max_value=604_800)
    covers_waiting = serializers.BooleanField(required=False)


class CaptureIn(serializers.Serializer[Any]):
    """What a phone says about a capture. Fields of other releases are kept in `extra`, not refused."""

    target = serializers.UUIDField()
    assignment = serializers.UUIDField(required=False, allow_null=True)
    latitude = latitude(required=False, allow_null=True)
    longitude = longitude(required=False, allow_null=True)
    accuracy_m = Number(required=False, allow_null=True, min_value=0, max_value=1e7)
    heading = Number(required=False, allow_null=True, min_value=0, max_value=360)
    taken_at = serializers.DateTimeField()
    from_library = serializers.BooleanField(required=False, default=False)
    photo_sha256 = serializers.RegexField(SHA256, required=False, allow_blank=True, default="")
    photo_size = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=2**40)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse half a position, and more unknown words than anybody needs."""
        extra = {name: value for name, value in self.initial_data.items() if name not in self.fields}
        extra.pop("operation_id", None)
        files = [name for name, value in extra.items() if isinstance(value, UploadedFile)]
        if files:
            raise serializers.ValidationError({files[0]: [_("There is no such file. The photo's is “photo”.")]})
        if len(str(extra)) > MAX_EXTRA_CHARACTERS:
            raise serializers.ValidationError({"extra": [_("Unknown fields may have 16,000 characters in all.")]})
        return both_or_none({**attrs, "extra": extra})


class CaptureWholeIn(CaptureIn):
    """A capture and its photograph in one form, for simple clients."""

    id = serializers.UUIDField()
    photo = serializers.FileField(allow_empty_file=True)


class ManifestEntryIn(Strict):
    """A capture that the phone has."""

    id = serializers.UUIDField()
    sha256 = serializers.RegexField(SHA256, required=False, allow_blank=True, default="")


class ManifestIn(Strict):
    """Captures that the phone has, to be told which of them are safe here."""

    captures = serializers.ListField(child=ManifestEntryIn(), max_length=1000)


class BatchIn(Operation):
    """A file of candidate slots."""

    file = serializers.FileField(allow_empty_file=True, max_length=500)
    mode = serializers.ChoiceField(choices=Batch.Mode.choices, default=Batch.Mode.ADD)
    dry_run = serializers.BooleanField(default=False)
    skip_bad_rows = serializers.BooleanField(default=False)
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


class ApplyIn(Operation):
    """Applying a file that was looked at."""

    skip_bad_rows = serializers.BooleanField(default=False)


class Problem(serializers.Serializer[Any]):
    """An error."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    errors = serializers.ListField(child=serializers.DictField(), required=False)  # type: ignore[assignment]
    present = serializers.DictField(required=False)


class SlotOut(serializers.ModelSerializer[CandidateSlot]):
    """A slot."""

    class Meta:
        model = CandidateSlot
        fields = (
            "id", "external_id", "title", "note", "latitude", "longitude", "heading", "priority", "required_count",
            "state", "rank",
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


class AssignmentOut(serializers.ModelSerializer[Assignment]):
    """An assignment."""

    class Meta:
        model = Assignment
        fields = ("id", "target", "slot", "state", "stop", "started_at", "expires_at", "ended_at")


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


class HandedOut(serializers.Serializer[Any]):
    """The answer to a request for a slot."""

    assignment = AssignmentOut(allow_null=True)
    slot = SlotOut(allow_null=True)
    sticky = serializers.BooleanField()
    reason = ReasonOut(allow_null=True)
    retry_after = serializers.IntegerField(required=False)


class TargetOut(serializers.ModelSerializer[Target]):
    """A target."""

    allowed_m = serializers.FloatField()
    my_role = serializers.ChoiceField(choices=Role.choices, allow_null=True)
    counts = serializers.DictField(child=serializers.IntegerField(), allow_null=True)

    class Meta:
        model = Target
        fields = (
            "id", "name", "instructions", "state", "time_zone", "sigma_m", "threshold", "allowed_m", "max_accuracy_m",
            "lease_s", "covers_waiting", "contact", "consent_text", "credit", "outline", "updated_at", "my_role",
            "counts",
        )  # fmt: skip


class DeviceOut(serializers.Serializer[Any]):
    """A phone, as its owner sees it."""

    id = serializers.UUIDField()
    expires_at = serializers.DateTimeField()


class PersonOut(serializers.Serializer[Any]):
    """A person, as they see themselves."""

    id = serializers.UUIDField()
    name = serializers.CharField()


class JoinOut(serializers.Serializer[Any]):
    """Who joined what."""

    user = PersonOut()
    target = TargetOut()
    device = DeviceOut()


class MembershipOut(serializers.Serializer[Any]):
    """A role in a target."""

    role = serializers.ChoiceField(choices=Role.choices)
    target = serializers.DictField()


class MeOut(PersonOut):
    """Who is asking."""

    memberships = MembershipOut(many=True)
    device = DeviceOut(allow_null=True)


class PhotoOut(serializers.Serializer[Any]):
    """What is here of a photograph."""

    have = serializers.BooleanField()
    sha256 = serializers.CharField(allow_null=True)
    size = serializers.IntegerField(allow_null=True)


class PresentOut(serializers.Serializer[Any]):
    """The state of things now, beside a verdict of then."""

    assignment = AssignmentOut(allow_null=True)


class ReceiptOut(serializers.Serializer[Any]):
    """What became of a capture."""

    id = serializers.UUIDField()
    target = serializers.UUIDField()
    state = serializers.ChoiceField(choices=Capture.State.choices)
    photo = PhotoOut()
    verdict = serializers.DictField(help_text=gettext_lazy("As given at first receipt."))
    now = PresentOut()


class ManifestResultOut(serializers.Serializer[Any]):
    """Whether one photograph is safe here."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=["have", "missing", "refused"])


class ManifestOut(serializers.Serializer[Any]):
    """Which photographs are safe here."""

    results = ManifestResultOut(many=True)
    have = serializers.IntegerField()
    total = serializers.IntegerField()


class BatchOut(serializers.ModelSerializer[Batch]):
    """A file of candidate slots, and what it does."""

    class Meta:
        model = Batch
        fields = (
            "id", "target", "file_name", "format", "sha256", "mode", "state", "rows", "columns", "reading", "counts",
            "row_errors", "created_at", "applied_at",
        )  # fmt: skip
