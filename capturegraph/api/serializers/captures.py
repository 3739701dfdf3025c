"""Captures, photographs, and what is safe here."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from capturegraph.api.serializers.assignments import AssignmentOut
from capturegraph.api.serializers.fields import Number, Strict, both_or_none, latitude, longitude
from capturegraph.models import Capture
from capturegraph.services.uploads import direct

SHA256 = r"^[0-9a-f]{64}$"
MAX_EXTRA_CHARACTERS = 16_000


class CaptureIn(serializers.Serializer[Any]):
    """What a phone says about a capture. Fields of other releases are kept in `extra`, not refused."""

    target = serializers.UUIDField()
    assignment = serializers.UUIDField(required=False, allow_null=True)
    latitude = latitude(required=False, allow_null=True)
    longitude = longitude(required=False, allow_null=True)
    accuracy_m = Number(required=False, allow_null=True, min_value=0, max_value=1e7)
    heading = Number(required=False, allow_null=True, min_value=0, max_value=360)
    taken_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text=gettext_lazy("By the phone's clock, at the moment of sending.")
    )
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


class DirectUploadIn(Strict):
    """Which photograph a phone wants to put into the store by itself, and in parts of how many bytes."""

    size = serializers.IntegerField(min_value=1, max_value=2**40)
    sha256 = serializers.RegexField(SHA256)
    part_size = serializers.IntegerField(required=False, min_value=direct.PART_BYTES, max_value=2**40)


class DirectPartOut(serializers.Serializer[Any]):
    """One part: the bytes from `start` on. Put exactly these to `url`, without any header of ours."""

    number = serializers.IntegerField()
    start = serializers.IntegerField()
    size = serializers.IntegerField()
    have = serializers.BooleanField(help_text=gettext_lazy("It has come; there is no address for it."))
    url = serializers.CharField(allow_null=True)


class DirectUploadOut(serializers.Serializer[Any]):
    """Where to put the parts that are missing. The photo is safe once `…/photo/complete/` says so, and not before."""

    have = serializers.BooleanField(help_text=gettext_lazy("True: the whole photo is safe here, send nothing."))
    part_size = serializers.IntegerField()
    parts = DirectPartOut(many=True)
    expires_at = serializers.DateTimeField(
        allow_null=True, help_text=gettext_lazy("When the addresses end. Asking again gives new ones.")
    )


class ManifestEntryIn(Strict):
    """A capture that the phone has."""

    id = serializers.UUIDField()
    sha256 = serializers.RegexField(SHA256, required=False, allow_blank=True, default="")


class ManifestIn(Strict):
    """Captures that the phone has, to be told which of them are safe here."""

    captures = serializers.ListField(child=ManifestEntryIn(), max_length=1000)


class PhotoOut(serializers.Serializer[Any]):
    """What is here of a photograph."""

    have = serializers.BooleanField()
    sha256 = serializers.CharField(allow_null=True)
    size = serializers.IntegerField(allow_null=True)


class PresentOut(serializers.Serializer[Any]):
    """The state of things now, beside a verdict of then."""

    assignment = AssignmentOut(allow_null=True)


class HintOut(serializers.Serializer[Any]):
    """Something by which the next photograph may become better."""

    code = serializers.CharField()
    text = serializers.CharField()


class FindingOut(serializers.Serializer[Any]):
    """What was found in a photograph; null is what is not known."""

    found_at = serializers.DateTimeField()
    flags = serializers.ListField(
        child=serializers.DictField(), help_text=gettext_lazy("Each has `code`, `text` and its figures.")
    )
    sharpness = serializers.FloatField(allow_null=True)
    brightness = serializers.FloatField(allow_null=True, help_text=gettext_lazy("0 to 1."))
    dark_share = serializers.FloatField(allow_null=True)
    bright_share = serializers.FloatField(allow_null=True)
    latitude = serializers.FloatField(allow_null=True, help_text=gettext_lazy("As the file says."))
    longitude = serializers.FloatField(allow_null=True, help_text=gettext_lazy("As the file says."))
    taken_at = serializers.DateTimeField(allow_null=True, help_text=gettext_lazy("As the file says."))
    camera = serializers.CharField(help_text=gettext_lazy("As the file says."))
    sun_altitude = serializers.FloatField(allow_null=True, help_text=gettext_lazy("Degrees above the horizon."))
    sun_azimuth = serializers.FloatField(allow_null=True, help_text=gettext_lazy("Degrees from true north."))


class ReceiptOut(serializers.Serializer[Any]):
    """What became of a capture."""

    id = serializers.UUIDField()
    target = serializers.UUIDField()
    state = serializers.ChoiceField(choices=Capture.State.choices)
    photo = PhotoOut()
    verdict = serializers.DictField(help_text=gettext_lazy("As given at first receipt."))
    now = PresentOut()
    flags = HintOut(many=True)
    findings = FindingOut(allow_null=True, help_text=gettext_lazy("null: nobody has looked into it yet."))


class PartialPhotoOut(serializers.Serializer[Any]):
    """How much of a photograph is here: its first `received` bytes, without a gap. The rest is to be sent."""

    have = serializers.BooleanField(help_text=gettext_lazy("Never true here: it is not safe yet."))
    received = serializers.IntegerField()
    total = serializers.IntegerField(allow_null=True)
    waiting_for = serializers.ChoiceField(choices=["photo", "words"])


class ManifestResultOut(serializers.Serializer[Any]):
    """Whether one photograph is safe here, and how many of its first bytes are."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=["have", "missing", "refused"])
    received = serializers.IntegerField()


class ManifestOut(serializers.Serializer[Any]):
    """Which photographs are safe here."""

    results = ManifestResultOut(many=True)
    have = serializers.IntegerField()
    total = serializers.IntegerField()
