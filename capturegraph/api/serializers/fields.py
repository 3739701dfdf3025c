"""Fields that more than one kind of body has, and the strictness of them all."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from capturegraph.formats.skills import MAX_SKILL, words
from capturegraph.formats.times import YEARS


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


class Skills(serializers.ListField):
    """What somebody can do, or has to be able to do, as words; kept in small letters, each once."""

    child = serializers.CharField(max_length=MAX_SKILL)

    def to_internal_value(self, data: Any) -> Any:
        """Read them."""
        if not isinstance(data, list):
            self.fail("not_a_list", input_type=type(data).__name__)
        try:
            return list(words(data))
        except ValueError as refusal:
            raise serializers.ValidationError([f"This {refusal}"]) from None


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


def on_every_calendar(value: datetime) -> None:
    """Refuse a time of the first year and of the last that there are: not the clocks of every zone can tell it.

    Raises:
        ValidationError: it is too far away.
    """
    if value.year not in YEARS:
        raise serializers.ValidationError(_("That is too far away."))


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


class Problem(serializers.Serializer[Any]):
    """An error."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.CharField()
    detail = serializers.CharField()
    errors = serializers.ListField(child=serializers.DictField(), required=False)  # type: ignore[assignment]
    present = serializers.DictField(required=False)
