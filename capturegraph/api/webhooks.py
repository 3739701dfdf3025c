"""Addresses that are told what happens in a target, for its coordinators."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capturegraph.api import serializers
from capturegraph.api.access import caller, target_for
from capturegraph.api.pagination import ByTime
from capturegraph.api.problems import checked
from capturegraph.models import Delivery, User, Webhook
from capturegraph.models.membership import Role
from capturegraph.services.refusals import NotFound
from capturegraph.services.webhooks import addresses

_FIELDS = ("id", "url", "topics", "state", "failing_since", "created_at")
_SENT = ("id", "state", "attempts", "status", "error", "next_at", "tried_at", "created_at")


def _shown(hook: Webhook, *, secret: bool = False) -> dict[str, Any]:
    own = {"secret": hook.secret} if secret else {}
    return {"target": hook.target_id, **{name: getattr(hook, name) for name in _FIELDS}, **own}


def _sent(one: Delivery) -> dict[str, Any]:
    about = {"topic": f"{one.event.noun}.{one.event.verb}", "row": one.event.row_id}
    return {**about, **{name: getattr(one, name) for name in _SENT}}


def _own(user: User, webhook_id: UUID) -> Webhook:
    hook = Webhook.objects.filter(pk=webhook_id).first()
    if hook is None:
        raise NotFound(_("There is no such webhook."))
    target_for(user, hook.target_id, at_least=Role.COORDINATOR)
    return hook


class Webhooks(APIView):
    """The addresses that a target tells."""

    @extend_schema(operation_id="webhooks_list", responses=serializers.WebhookOut(many=True))
    def get(self, request: Request, target_id: UUID) -> Response:
        """List them."""
        target, pages = target_for(caller(request), target_id, at_least=Role.COORDINATOR).target, ByTime()
        page = pages.paginate_queryset(Webhook.objects.filter(target=target), request, self)
        return pages.get_paginated_response([_shown(hook) for hook in page])

    @extend_schema(request=serializers.WebhookIn, responses={201: serializers.WebhookOut, 200: serializers.WebhookOut})
    def post(self, request: Request, target_id: UUID) -> Response:
        """Add one; the secret that its messages are signed with is shown this once (Standard Webhooks 1.0)."""
        user = caller(request)
        target = target_for(user, target_id, at_least=Role.COORDINATOR).target
        asked = checked(serializers.WebhookIn(data=request.data))
        hook, new = addresses.add(target=target, by=user, now=timezone.now(), **asked)
        return Response(_shown(hook, secret=new), status=201 if new else 200)


class OneWebhook(APIView):
    """One address."""

    @extend_schema(responses=serializers.WebhookOut)
    def get(self, request: Request, webhook_id: UUID) -> Response:
        """Show it."""
        return Response(_shown(_own(caller(request), webhook_id)))

    @extend_schema(request=serializers.WebhookChangeIn, responses=serializers.WebhookOut)
    def patch(self, request: Request, webhook_id: UUID) -> Response:
        """Change it, or turn it off and on."""
        user = caller(request)
        hook = _own(user, webhook_id)
        asked = checked(serializers.WebhookChangeIn(data=request.data))
        return Response(_shown(addresses.change(webhook_id=hook.pk, values=asked, by=user, now=timezone.now())))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, webhook_id: UUID) -> Response:
        """Remove it and its log."""
        user = caller(request)
        addresses.remove(webhook_id=_own(user, webhook_id).pk, by=user, now=timezone.now())
        return Response(status=204)


class TryWebhook(APIView):
    """A message to try an address with."""

    @extend_schema(request=serializers.Operation, responses={202: serializers.DeliveryOut})
    def post(self, request: Request, webhook_id: UUID) -> Response:
        """Write one down, to be sent like all others."""
        user = caller(request)
        hook = _own(user, webhook_id)
        checked(serializers.Operation(data=request.data))
        return Response(_sent(addresses.test(webhook_id=hook.pk, by=user, now=timezone.now())), status=202)


class Deliveries(APIView):
    """What was sent to an address, and what waits."""

    @extend_schema(operation_id="webhooks_deliveries_list", responses=serializers.DeliveryOut(many=True))
    def get(self, request: Request, webhook_id: UUID) -> Response:
        """List it."""
        hook, pages = _own(caller(request), webhook_id), ByTime()
        rows = Delivery.objects.filter(webhook=hook).select_related("event")
        return pages.get_paginated_response([_sent(one) for one in pages.paginate_queryset(rows, request, self)])


class Replay(APIView):
    """A message once more."""

    @extend_schema(request=serializers.Operation, responses={202: serializers.DeliveryOut})
    def post(self, request: Request, delivery_id: UUID) -> Response:
        """Send it again, with the same id."""
        found = Delivery.objects.filter(pk=delivery_id).first()
        if found is None:
            raise NotFound(_("There is no such delivery."))
        _own(caller(request), found.webhook_id)
        checked(serializers.Operation(data=request.data))
        return Response(_sent(addresses.replay(delivery_id=found.pk, now=timezone.now())), status=202)
