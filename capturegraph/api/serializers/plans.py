"""Planning ahead: what people can do and when, plans, their answers, and why."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy
from rest_framework import serializers

from capturegraph.api.serializers.fields import (
    Number,
    Operation,
    Skills,
    Strict,
    latitude,
    longitude,
    on_every_calendar,
)
from capturegraph.api.serializers.targets import AlgorithmsIn, RulesIn
from capturegraph.models import Availability, Plan

MOST_TIMES = 200
MOST_CAPACITY = 10_000


class PlaceIn(Strict):
    """A place."""

    latitude = latitude()
    longitude = longitude()


class TimeIn(Strict):
    """A time in which somebody has time, or is away."""

    kind = serializers.ChoiceField(choices=Availability.Kind.choices)
    from_at = serializers.DateTimeField(validators=[on_every_calendar])
    until_at = serializers.DateTimeField(validators=[on_every_calendar], help_text=gettext_lazy("Before this time."))


class OwnAvailabilityIn(Operation):
    """All that a volunteer says of themselves; null where they say nothing."""

    times = serializers.ListField(child=TimeIn(), max_length=MOST_TIMES)
    start = PlaceIn(allow_null=True, help_text=gettext_lazy("Where plans let them set out."))
    capacity = serializers.IntegerField(allow_null=True, min_value=0, max_value=MOST_CAPACITY)
    most_walking_m = Number(allow_null=True, min_value=1, max_value=1_000_000)


class AvailabilityIn(OwnAvailabilityIn):
    """The same, said by a coordinator, and what they know of them."""

    skills = Skills()
    newcomer = serializers.BooleanField(
        allow_null=True, help_text=gettext_lazy("Null: whoever has no photograph that counts is one.")
    )


class TimeOut(serializers.Serializer[Any]):
    """A time in which somebody has time, or is away."""

    kind = serializers.ChoiceField(choices=Availability.Kind.choices)
    from_at = serializers.DateTimeField()
    until_at = serializers.DateTimeField()


class PlaceOut(serializers.Serializer[Any]):
    """A place."""

    latitude = serializers.FloatField()
    longitude = serializers.FloatField()


class AvailabilityOut(serializers.Serializer[Any]):
    """When a member has time, and what they can do and carry."""

    user = serializers.UUIDField()
    target = serializers.UUIDField()
    times = TimeOut(many=True)
    start = PlaceOut(allow_null=True)
    capacity = serializers.IntegerField(allow_null=True)
    most_walking_m = serializers.FloatField(allow_null=True)
    skills = serializers.ListField(child=serializers.CharField())
    newcomer = serializers.BooleanField(allow_null=True)


class ParameterOut(serializers.Serializer[Any]):
    """A number that a rule needs."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    unit = serializers.CharField()
    default = serializers.FloatField(allow_null=True)
    required = serializers.BooleanField()  # type: ignore[assignment]


class RuleOut(serializers.Serializer[Any]):
    """A rule that plans can keep to."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    hard = serializers.BooleanField(help_text="It forbids; others prefer.")
    parameters = ParameterOut(many=True)


class RulesOut(serializers.Serializer[Any]):
    """Every rule."""

    results = RuleOut(many=True)


class AlgorithmOut(serializers.Serializer[Any]):
    """An algorithm that plans can be made by."""

    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    description = serializers.CharField()
    available = serializers.BooleanField(help_text="What it needs is installed here.")


class AlgorithmsOut(serializers.Serializer[Any]):
    """Every algorithm."""

    results = AlgorithmOut(many=True)


class PlanIn(Operation):
    """A time to plan for; without rules or algorithms, those of the target."""

    name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    from_at = serializers.DateTimeField(validators=[on_every_calendar])
    until_at = serializers.DateTimeField(validators=[on_every_calendar], help_text=gettext_lazy("Before this time."))
    rules = RulesIn(required=False)
    algorithms = AlgorithmsIn(required=False)


class PinOut(serializers.Serializer[Any]):
    """A volunteer who goes to a slot whatever the rules say."""

    slot = serializers.UUIDField()
    title = serializers.CharField()
    volunteer = serializers.UUIDField()
    name = serializers.CharField()


class AnswerOut(serializers.Serializer[Any]):
    """Which answer it is."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()


class PlanOut(serializers.ModelSerializer[Plan]):
    """A plan."""

    rules = serializers.ListField(child=serializers.DictField())
    algorithms = serializers.ListField(child=serializers.CharField())
    accepted_run = serializers.UUIDField(source="accepted_run_id", allow_null=True)
    pins = PinOut(many=True)
    last_run = AnswerOut(allow_null=True)

    class Meta:
        model = Plan
        fields = (
            "id", "target", "name", "from_at", "until_at", "rules", "algorithms", "state", "created_at", "ended_at",
            "accepted_run", "pins", "last_run",
        )  # fmt: skip


class RefusalsOut(serializers.Serializer[Any]):
    """How often a rule said no."""

    rule = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    number = serializers.IntegerField()


class StopOnRouteOut(serializers.Serializer[Any]):
    """Where a volunteer goes as their so manieth; metres are from the stop before, or where they set out."""

    slot = serializers.UUIDField()
    title = serializers.CharField()
    latitude = serializers.FloatField(allow_null=True)
    longitude = serializers.FloatField(allow_null=True)
    stop = serializers.IntegerField()
    seat = serializers.IntegerField()
    pinned = serializers.BooleanField()
    metres = serializers.FloatField(allow_null=True)
    from_at = serializers.DateTimeField()
    until_at = serializers.DateTimeField()


class RouteOut(serializers.Serializer[Any]):
    """A volunteer of a plan and where they go, in order."""

    volunteer = serializers.UUIDField()
    name = serializers.CharField()
    start_latitude = serializers.FloatField(allow_null=True)
    start_longitude = serializers.FloatField(allow_null=True)
    past_load = serializers.FloatField()
    load = serializers.FloatField(help_text="With past work.")
    walking_m = serializers.FloatField()
    stops = StopOnRouteOut(many=True)


class UnfilledOut(serializers.Serializer[Any]):
    """A slot that is left with free seats, and why."""

    slot = serializers.UUIDField()
    title = serializers.CharField()
    latitude = serializers.FloatField(allow_null=True)
    longitude = serializers.FloatField(allow_null=True)
    required = serializers.IntegerField()  # type: ignore[assignment]
    seats = serializers.IntegerField()
    candidates = serializers.IntegerField(help_text="Volunteers who may do it by the rules.")
    cause = serializers.CharField()
    sentence = serializers.CharField()
    by_rule = RefusalsOut(many=True)


class LeftOutPinOut(PinOut):
    """A pin that could not be kept, and why."""

    code = serializers.CharField()
    sentence = serializers.CharField()


class AttemptOut(serializers.Serializer[Any]):
    """An algorithm that gave up before, and why."""

    algorithm = serializers.CharField()
    reason = serializers.CharField()
    out_of_budget = serializers.BooleanField()


class MetricsOut(serializers.Serializer[Any]):
    """How good an answer is."""

    asked = serializers.IntegerField()
    filled = serializers.IntegerField()
    fill_rate = serializers.FloatField()
    gini = serializers.FloatField(help_text="How unevenly work is spread, past work included: 0 is even.")
    idle = serializers.IntegerField()
    largest_load = serializers.FloatField()
    score = serializers.FloatField()
    walking_m = serializers.FloatField()
    out_of_budget = serializers.BooleanField()
    loads = serializers.DictField(child=serializers.IntegerField())


class ListedRunOut(AnswerOut):
    """An answer to a plan, in a list."""

    plan = serializers.UUIDField()
    algorithm = serializers.CharField()
    accepted = serializers.BooleanField()
    metrics = MetricsOut()
    created_at = serializers.DateTimeField()


class RunOut(ListedRunOut):
    """An answer to a plan, whole."""

    rules = serializers.ListField(child=serializers.DictField(), help_text="In force, those that always hold too.")
    attempts = AttemptOut(many=True)
    routes = RouteOut(many=True)
    unfilled = UnfilledOut(many=True)
    prunes = RefusalsOut(many=True, help_text="Pairs of volunteer and slot that each rule refused.")
    left_out_pins = LeftOutPinOut(many=True)


class VerdictOut(serializers.Serializer[Any]):
    """What one rule says of a volunteer and a slot."""

    rule = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    hard = serializers.BooleanField()
    compatible = serializers.BooleanField()
    score = serializers.FloatField(allow_null=True)
    sentence = serializers.CharField()


class WhyOut(serializers.Serializer[Any]):
    """How a volunteer stands to a slot in an answer, and why."""

    slot = serializers.UUIDField()
    volunteer = serializers.UUIDField()
    standing = serializers.CharField()
    sentence = serializers.CharField()
    verdicts = VerdictOut(many=True)
    instead = serializers.ListField(child=serializers.UUIDField(), help_text="Who has the seats.")
    possible_if = serializers.ListField(child=serializers.CharField())


class AcceptIn(Operation):
    """Accepting an answer."""

    leave_out_changed = serializers.BooleanField(
        default=False, help_text=gettext_lazy("Accept the rest where something has changed since it was worked out.")
    )


class ChangedOut(serializers.Serializer[Any]):
    """A stop that is not as it was when the answer was worked out."""

    slot = serializers.UUIDField()
    volunteer = serializers.UUIDField()
    code = serializers.CharField()
    sentence = serializers.CharField()


class AcceptedOut(PlanOut):
    """A plan that was accepted, how many stops were given out, and what was left out."""

    planned = serializers.IntegerField()
    changed = ChangedOut(many=True)

    class Meta(PlanOut.Meta):
        fields = (*PlanOut.Meta.fields, "planned", "changed")  # type: ignore[assignment]


class WithdrawnOut(PlanOut):
    """A plan whose stops were taken back, and how many those were."""

    withdrawn = serializers.IntegerField()

    class Meta(PlanOut.Meta):
        fields = (*PlanOut.Meta.fields, "withdrawn")  # type: ignore[assignment]
