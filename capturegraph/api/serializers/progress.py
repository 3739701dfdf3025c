"""How far a target is."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class DayOut(serializers.Serializer[Any]):
    """A day of the target's zone; `done` are the places done on it, `total` on it and before."""

    day = serializers.DateField()
    done = serializers.IntegerField()
    total = serializers.IntegerField()


class ForecastOut(serializers.Serializer[Any]):
    """When the last place will be done: with the probability `coverage` between `from` and `until`."""

    verdict = serializers.CharField(
        help_text="foretold; else done, too_little, quiet, refilled, still or nothing: why no day can be given."
    )
    middle = serializers.DateField(allow_null=True)
    until = serializers.DateField(allow_null=True)
    coverage = serializers.FloatField()
    per_day = serializers.FloatField()
    based_on_days = serializers.IntegerField()
    headline = serializers.CharField()
    sentence = serializers.CharField()

    def get_fields(self) -> dict[str, serializers.Field]:  # type: ignore[type-arg]
        """The fields, with the one that Python has no name for."""
        return {**super().get_fields(), "from": serializers.DateField(allow_null=True)}


class VolunteerOut(serializers.Serializer[Any]):
    """What one volunteer did; `places` are those that a photograph of theirs counts for."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    captures = serializers.IntegerField()
    places = serializers.IntegerField()
    declines = serializers.IntegerField()
    median_s = serializers.FloatField(allow_null=True)


class DeclinedOut(serializers.Serializer[Any]):
    """How often a place was declined for one reason."""

    reason = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    number = serializers.IntegerField()


class TimesOut(serializers.Serializer[Any]):
    """How long something takes: median and quartiles. photographed: from hand-out; sent: from there; done: both."""

    span = serializers.CharField()
    number = serializers.IntegerField()
    lower_s = serializers.FloatField(allow_null=True)
    median_s = serializers.FloatField(allow_null=True)
    upper_s = serializers.FloatField(allow_null=True)


class TookOut(serializers.Serializer[Any]):
    """How many places took from so many minutes up to so many."""

    from_min = serializers.IntegerField()
    until_min = serializers.IntegerField(allow_null=True)
    number = serializers.IntegerField()


class ProgressOut(serializers.Serializer[Any]):
    """Every figure of a target's progress, counted at `as_of`."""

    target = serializers.UUIDField()
    time_zone = serializers.CharField()
    as_of = serializers.DateTimeField()
    totals = serializers.DictField(child=serializers.FloatField(allow_null=True))
    forecast = ForecastOut()
    days = DayOut(many=True)
    people = VolunteerOut(many=True)
    declines = DeclinedOut(many=True)
    times = TimesOut(many=True)
    took = TookOut(many=True)
