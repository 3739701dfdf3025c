"""Addresses that are told what happens, and what was sent to them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from capturegraph.api.serializers.fields import Operation, Strict
from capturegraph.models import Delivery, Webhook


def _topics(**options: Any) -> serializers.ListField:
    return serializers.ListField(child=serializers.CharField(max_length=60), max_length=50, required=False, **options)


class WebhookIn(Operation):
    """A new one. No topics: all of them."""

    url = serializers.URLField(max_length=500)
    topics = _topics(default=list)


class WebhookChangeIn(Strict):
    """What may be changed of one."""

    url = serializers.URLField(max_length=500, required=False)
    topics = _topics()
    state = serializers.ChoiceField(choices=Webhook.State.choices, required=False)


class WebhookOut(serializers.Serializer[Any]):
    """One address. The secret is shown when it is made, and never again."""

    id = serializers.UUIDField()
    target = serializers.UUIDField()
    url = serializers.CharField()
    topics = serializers.ListField(child=serializers.CharField())
    state = serializers.ChoiceField(choices=Webhook.State.choices)
    failing_since = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    secret = serializers.CharField(required=False)


class DeliveryOut(serializers.Serializer[Any]):
    """One message, and what came of it."""

    id = serializers.UUIDField()
    topic = serializers.CharField()
    row = serializers.UUIDField(allow_null=True)
    state = serializers.ChoiceField(choices=Delivery.State.choices)
    attempts = serializers.IntegerField()
    status = serializers.IntegerField(allow_null=True)
    error = serializers.CharField()
    next_at = serializers.DateTimeField(allow_null=True)
    tried_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
