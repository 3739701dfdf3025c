"""How much a form may be in all, judged by what it says before any of it is read.

Whoever reads a form, Django or the API, writes its files to the disk first, even before it is known who sends it; how
large they are is looked at only then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from capturegraph.api import problems
from capturegraph.api.renderers import OrjsonRenderer
from capturegraph.services.refusals import TooLarge

WORDS_BYTES = 2_000_000
"""Bytes that a form may have without its files: its other fields, and what stands between them."""

WITH_FILES: Mapping[str, str] = {
    "api/v1/captures/": "MAX_PHOTO_BYTES",
    "api/v1/targets/<uuid:target_id>/references/": "MAX_ARCHIVE_BYTES",
    "api/v1/targets/<uuid:target_id>/batches/": "MAX_BATCH_BYTES",
    "console/targets/<uuid:target_id>/import/": "MAX_BATCH_BYTES",
}
"""The routes that take a file in a form, and the setting that says how large it may be; all others take none."""


class FormSizeMiddleware:
    """Refuses a form that is too large with 413. It has to stand before whatever reads forms, as CSRF protection does.

    Of a form that does not say how long it is nothing is read at all: WSGI takes it for an empty one.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer; a form is judged once its route is known."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], positional: Any, named: Any
    ) -> HttpResponse | None:
        """Refuse, or let pass."""
        if not (request.content_type or "").startswith("multipart/"):
            return None
        route = request.resolver_match.route if request.resolver_match else ""
        limit = WITH_FILES.get(route)
        most = WORDS_BYTES + (getattr(settings, limit) if limit else 0)
        if _length(request) <= most:
            return None
        return _refusal(request, _("A form may have up to %d MB here. Send less at a time.") % (most // 1_000_000))


def _length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        # Django reads nothing of it, either.
        return 0


def _refusal(request: HttpRequest, reason: str) -> HttpResponse:
    if not request.path.startswith("/api/"):
        return render(request, "413.html", {"reason": reason}, status=413)
    # Refused before there is a view, which would see to this.
    response: Any = problems.answer(TooLarge(reason), {})
    response.accepted_renderer, response.accepted_media_type = OrjsonRenderer(), OrjsonRenderer.media_type
    response.renderer_context = {}
    refusal: HttpResponse = response.render()
    return refusal
