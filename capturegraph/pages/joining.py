"""The page behind an invite link."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from capturegraph.models import CandidateSlot, Invite, Target
from capturegraph.pages.figures import total_asked
from capturegraph.services import people
from capturegraph.services.refusals import Refused

PLACES_SHOWN = 500
SHOWN = (CandidateSlot.State.WAITING, CandidateSlot.State.FULFILLED)


@require_safe
@never_cache
def join(request: HttpRequest, code: str) -> HttpResponse:
    """Show what one is asked to join, on a map of the real places; the page itself then calls the API."""
    now = timezone.now()
    try:
        invite = people.invite_for(code=code, now=now)
    except Refused as refused:
        return render(request, "join_refused.html", {"refused": refused}, status=refused.status)
    counts = CandidateSlot.objects.of(invite.target).counts(now)
    return render(request, "join.html", _shown(invite, code, counts))


def _shown(invite: Invite, code: str, counts: dict[str, int]) -> dict[str, object]:
    return {
        "target": invite.target,
        "invited_by": str(invite.created_by) if invite.created_by else "",
        "done": counts["fulfilled"],
        "total": total_asked(counts),
        "invite": {"code": code, "target": str(invite.target_id)},
        "places": _places(invite.target),
    }


def _places(target: Target) -> dict[str, object]:
    """Some of the places as GeoJSON points, evenly from the whole tour where there are too many to show."""
    slots = CandidateSlot.objects.of(target).filter(state__in=SHOWN).exclude(latitude=None).order_by("rank")
    step = max(1, -(-slots.count() // PLACES_SHOWN))
    points = slots.values_list("longitude", "latitude", "state")[::step]
    features = [
        {"type": "Feature", "properties": {"mark": mark}, "geometry": {"type": "Point", "coordinates": [lon, lat]}}
        for lon, lat, mark in points
    ]
    return {"type": "FeatureCollection", "features": features}
