"""Addresses of other programs that are told what happens: making them, trying them, and what came of each message."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from capturegraph.models import Delivery, Webhook
from capturegraph.models.membership import Role
from capturegraph.pages.access import Place, place_for
from capturegraph.pages.forms import WebhookForm
from capturegraph.services.refusals import Conflict, Invalid
from capturegraph.services.webhooks import addresses, deliveries, receiving
from capturegraph.services.webhooks.topics import TOPICS, name_of

SHOWN = 50
RELOADED_EVERY_S = 3
SNIPPET = Path(receiving.__file__).read_text(encoding="utf-8")
WORDS: dict[str, Promise | str] = {
    "assignment.claimed": gettext_lazy("a place is taken by a volunteer"),
    "assignment.declined": gettext_lazy("a volunteer says no to a place"),
    "assignment.expired": gettext_lazy("a volunteer’s time for a place runs out"),
    "assignment.released": gettext_lazy("a place is given back"),
    "batch.applied": gettext_lazy("a file of places is brought in"),
    "batch.undone": gettext_lazy("a file of places is taken out again"),
    "capture.accepted": gettext_lazy("a reviewer accepts a photo"),
    "capture.received": gettext_lazy("a photo is announced by a phone"),
    "capture.rejected": gettext_lazy("a reviewer rejects a photo"),
    "capture.stored": gettext_lazy("a photo is safe on the server"),
    "slot.fulfilled": gettext_lazy("a place is done"),
    "slot.not_capturable": gettext_lazy("a place turns out to be unreachable"),
    "slot.reopened": gettext_lazy("a place is needed again"),
    "target.changed": gettext_lazy("the settings change"),
    "webhook.tested": gettext_lazy("a try"),
}
# How that begins which a worker wrote down in its own language, said in the reader's.
ERRORS: dict[str, Promise | str] = {
    "its address is in a private network": gettext_lazy(
        "Refused: its address leads into a private network, where nothing is sent to."
    ),
    "no answer within": gettext_lazy("There was no answer within 10 seconds."),
    "ConnectionRefusedError": gettext_lazy("Nobody listens at this address."),
    "gaierror": gettext_lazy("The name in this address is not known."),
    "its certificate was not accepted": gettext_lazy("The receiver’s certificate is not one to be trusted."),
}


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
def webhooks(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """Show the addresses; a POST adds one, and its answer is the only page that shows the secret."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    form = WebhookForm(request.POST if request.method == "POST" else None)
    made: Webhook | None = None
    if request.method == "POST" and form.is_valid():
        try:
            made, _new = addresses.add(target=place.target, by=place.user, now=timezone.now(), **form.cleaned_data)
        except (Invalid, Conflict) as refused:
            form.add_error("url" if refused.errors else None, refused.detail)
    hooks = Webhook.objects.filter(target=place.target).order_by("created_at", "pk")
    chosen = request.POST.getlist("topics")
    shown = {
        **_place(place), "form": form if made is None else WebhookForm(), "made": made, "snippet": SNIPPET,
        "hooks": [{"hook": hook, "topics": [(name, WORDS[name]) for name in hook.topics]} for hook in hooks],
        "topics": [(name, WORDS[name], name in chosen and made is None) for name in TOPICS],
        "pauses": [_pause(pause.total_seconds()) for pause in deliveries.PAUSES],
    }  # fmt: skip
    return render(request, "console/webhooks.html", shown, status=400 if form.errors else 200)


@login_required
@require_http_methods(["GET", "POST"])
def webhook(request: HttpRequest, target_id: UUID, webhook_id: UUID) -> HttpResponse:
    """Show one address and its log; a POST tries, pauses, resumes or removes it, or sends a message once more."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    hook = get_object_or_404(Webhook, target=place.target, pk=webhook_id)
    if request.method == "POST":
        return _act(request, place, hook)
    topics = [(name, WORDS[name]) for name in hook.topics]
    return render(request, "console/webhook.html", {**_place(place), **_log(hook), "topics": topics})


@login_required
@require_safe
def log(request: HttpRequest, target_id: UUID, webhook_id: UUID) -> HttpResponse:
    """Give the log alone; the page asks for it every few seconds."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    hook = get_object_or_404(Webhook, target=place.target, pk=webhook_id)
    return render(request, "console/webhook_log.html", {**_place(place), **_log(hook)})


def _act(request: HttpRequest, place: Place, hook: Webhook) -> HttpResponse:
    what, now, by = request.POST.get("what", ""), timezone.now(), place.user
    if what == "try":
        addresses.test(webhook_id=hook.pk, by=by, now=now)
    elif what == "replay":
        addresses.replay(delivery_id=_delivery(request, hook).pk, now=now)
    elif what in ("pause", "resume"):
        state = Webhook.State.OFF if what == "pause" else Webhook.State.ON
        addresses.change(webhook_id=hook.pk, values={"state": state}, by=by, now=now)
    elif what == "remove" and hook.state == Webhook.State.OFF:
        addresses.remove(webhook_id=hook.pk, by=by, now=now)
        messages.success(request, _("The webhook was removed, with its log."))
        return redirect("webhooks", place.target.pk)
    else:
        raise Http404
    return redirect("webhook", place.target.pk, hook.pk)


def _delivery(request: HttpRequest, hook: Webhook) -> Delivery:
    try:
        return get_object_or_404(Delivery, webhook=hook, pk=request.POST.get("delivery", ""))
    except (ValidationError, ValueError):
        raise Http404 from None


def _place(place: Place) -> dict[str, Any]:
    return {"place": place, "target": place.target, "tab": "progress", "room": "webhooks", "every": RELOADED_EVERY_S}


def _log(hook: Webhook) -> dict[str, Any]:
    rows = Delivery.objects.filter(webhook=hook).select_related("event", "webhook")
    found = [
        {
            "row": row, "topic": (topic := name_of(row.event.noun, row.event.verb)), "words": WORDS.get(topic, topic),
            "error": _sentence(row.error), "last": len(deliveries.PAUSES) + 1,
            "body": orjson.dumps(orjson.loads(deliveries.body_of(row)), option=orjson.OPT_INDENT_2).decode(),
        }
        for row in rows.order_by("-created_at", "-pk")[:SHOWN]
    ]  # fmt: skip
    return {"hook": hook, "log": found, "more": max(0, rows.count() - SHOWN)}


def _sentence(error: str) -> Promise | str:
    """Why there was no answer; what nobody foresaw, as it was written down."""
    return next((said for start, said in ERRORS.items() if error.startswith(start)), error and f"{error}.")


def _pause(seconds: float) -> str:
    if seconds < 60:
        return _("%d s") % seconds
    if seconds < 3600:
        return _("%d min") % (seconds // 60)
    return _("%d h") % (seconds // 3600)
