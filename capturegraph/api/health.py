"""Whether the server lives, and whether it can work."""

from __future__ import annotations

from django.db import connection
from django.db.utils import DatabaseError
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from capturegraph.models import ServiceRun


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer at all."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer from the database, and say when the sweep last ran."""
    try:
        last = ServiceRun.objects.exclude(completed_at=None).values_list("completed_at", flat=True).first()
    except DatabaseError:
        return JsonResponse({"status": "the database does not answer"}, status=503)
    body = {"status": "ok", "database": connection.vendor, "last_sweep_at": last, "now": timezone.now()}
    return JsonResponse(body)
