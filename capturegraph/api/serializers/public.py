"""What everybody may see."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy
from rest_framework import serializers


class PublicTargetOut(serializers.Serializer[Any]):
    """A target that everybody may look at."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    run_by = serializers.CharField()
    photo_licence = serializers.CharField()
    credit = serializers.CharField()
    time_zone = serializers.CharField()
    photos = serializers.IntegerField(help_text=gettext_lazy("How many everybody may see."))
    rounded_to_m = serializers.IntegerField(
        help_text=gettext_lazy("Each position is the middle of a square of at least so many metres; 0: it is exact.")
    )
    names = serializers.BooleanField(help_text=gettext_lazy("Whether each photo says who took it, as “by”."))
    captures = serializers.CharField(help_text=gettext_lazy("Where they are, as GeoJSON."))
