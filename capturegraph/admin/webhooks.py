"""Who is told what happens: to look at, to turn on and off, to send once more."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from capturegraph.admin.filters import of_target
from capturegraph.admin.rooms import ViewOnly, acting
from capturegraph.models import Delivery, Webhook
from capturegraph.services.webhooks import addresses


@admin.register(Webhook)
class WebhookRoom(ViewOnly[Webhook]):
    """Addresses that are told what happens in a target; their secrets are not shown."""

    list_display = ("url", "target", "state", "failing_since", "created_by", "created_at")
    list_filter = ("state", of_target())
    list_select_related = ("target", "created_by")
    search_fields = ("url", "target__name")
    ordering = ("-created_at", "id")
    hidden = ("secret",)
    actions = ("turn_on", "turn_off")

    @admin.action(description=gettext_lazy("Turn on"))
    def turn_on(self, request: HttpRequest, rows: QuerySet[Webhook]) -> None:
        """Go on with what waited."""
        self._turn(request, rows, Webhook.State.ON, _("%s is told again."))

    @admin.action(description=gettext_lazy("Turn off"))
    def turn_off(self, request: HttpRequest, rows: QuerySet[Webhook]) -> None:
        """Tell them nothing for now."""
        self._turn(request, rows, Webhook.State.OFF, _("%s is told nothing any more."))

    def _turn(self, request: HttpRequest, rows: QuerySet[Webhook], state: Webhook.State, said: str) -> None:
        def turn(hook: Webhook) -> str:
            values = {"state": state.value}
            addresses.change(webhook_id=hook.pk, values=values, by=acting(request), now=timezone.now())
            return said % hook.url

        self.each(request, rows, turn)


@admin.register(Delivery)
class DeliveryRoom(ViewOnly[Delivery]):
    """What was sent to them, and what waits."""

    list_display = ("webhook", "event", "state", "attempts", "status", "error", "next_at", "tried_at")
    list_filter = ("state", of_target("webhook__target"))
    list_select_related = ("webhook", "event")
    search_fields = ("webhook__url", "=id", "error")
    ordering = ("-created_at", "id")
    date_hierarchy = "created_at"
    actions = ("replay",)

    @admin.action(description=gettext_lazy("Send once more"))
    def replay(self, request: HttpRequest, rows: QuerySet[Delivery]) -> None:
        """Try anew, from the first attempt on."""

        def again(delivery: Delivery) -> str:
            addresses.replay(delivery_id=delivery.pk, now=timezone.now())
            return _("It is sent to %s once more.") % delivery.webhook.url

        self.each(request, rows.select_related("webhook"), again)
