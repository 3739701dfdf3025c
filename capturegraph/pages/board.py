"""The board: how far a target is, where its places lie, who is out."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import conditional_page, require_safe

from capturegraph.models import Assignment, CandidateSlot
from capturegraph.models.membership import Role
from capturegraph.pages.access import Place, place_for
from capturegraph.pages.figures import bar, total_asked

OUT_SHOWN = 100
CHIPS = ("waiting", "held", "fulfilled", "not_capturable", "pool", "withdrawn")


@login_required
@require_safe
def board(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """Show the board."""
    place = place_for(request, target_id, at_least=Role.REVIEWER)
    return render(request, "console/board.html", {**_shown(place, timezone.now()), "tab": "board"})


@login_required
@require_safe
@conditional_page
def live(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """Give the parts of the board that change; the page asks every few seconds, and mostly hears 304."""
    place = place_for(request, target_id, at_least=Role.REVIEWER)
    return render(request, "console/live.html", _shown(place, timezone.now()))


def _shown(place: Place, now: datetime) -> dict[str, Any]:
    counts = CandidateSlot.objects.of(place.target).counts(now)
    out = Assignment.objects.live(now).filter(target=place.target).select_related("slot", "volunteer")
    rows = list(out.order_by("expires_at", "id")[:OUT_SHOWN])
    latest = CandidateSlot.objects.of(place.target).order_by("-updated_at").values_list("updated_at", flat=True).first()
    return {
        "place": place,
        "target": place.target,
        "counts": counts,
        "total": total_asked(counts),
        "bar": bar(counts),
        "chips": [{"state": state, "count": counts[state]} for state in CHIPS if counts[state] or state in CHIPS[:3]],
        "out": [{"held": held, "minutes": int((held.expires_at - now).total_seconds() // 60)} for held in rows],
        "out_count": counts["held"],
        # What the map has to be drawn again for: slots that changed, or hands that they are in.
        "version": sha256(repr((latest, counts, [held.slot_id for held in rows])).encode()).hexdigest()[:16],
    }
