"""The page behind an invite link."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from capturegraph.models import CandidateSlot, Invite, Target
from capturegraph.pages.figures import total_asked
from capturegraph.services.people import consent, invites
from capturegraph.services.people.phones import sha256
from capturegraph.services.refusals import Gone, Refused

PLACES_SHOWN = 500
SHOWN = (CandidateSlot.State.WAITING, CandidateSlot.State.FULFILLED)


@require_safe
@never_cache
def join(request: HttpRequest, code: str) -> HttpResponse:
    """Show what one is asked to join, on a map of the real places; the page itself then calls the API."""
    now = timezone.now()
    try:
        invite = invites.invite_for(code=code, now=now)
    except Refused as refused:
        shown, status = _refused(refused, code)
        return render(request, "join_refused.html", shown, status=status)
    counts = CandidateSlot.objects.of(invite.target).counts(now)
    return render(request, "join.html", _shown(invite, code, counts))


def _refused(refused: Refused, code: str) -> tuple[dict[str, object], int]:
    """Say why a code opens nothing, and whom to ask: whoever has the code was told both when it worked."""
    invite = Invite.objects.filter(code_sha256=sha256(code)).select_related("target", "created_by").first()
    if invite is None:
        return {"why": "invite_unknown"}, refused.status
    shown = {
        "why": "invite_revoked" if invite.revoked_at else refused.code,
        "target": invite.target.name,
        "asked_by": str(invite.created_by) if invite.created_by else "",
        "contact": invite.target.contact,
        "own": invite.for_user_id is not None,
        # A phone that came in by it may come back by it: whoever is new is refused again by the API.
        "invite": {"code": code} if isinstance(refused, Gone) else None,
    }
    return shown, Gone.status


def _shown(invite: Invite, code: str, counts: dict[str, int]) -> dict[str, object]:
    return {
        "target": invite.target,
        "invited_by": str(invite.created_by) if invite.created_by else "",
        "done": counts["fulfilled"],
        "total": total_asked(counts),
        "for_user": invite.for_user,
        "invite": {
            "code": code,
            "target": str(invite.target_id),
            "consent_version": invite.target.consent_version,
            "for_somebody": invite.for_user is not None,
        },
        "shown_to_all": consent.shown_to_all(invite.target),
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
