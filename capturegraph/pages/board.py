"""The board: how far a target is, where its places lie, what needs a decision, who is out, and each place's story."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from capturegraph.models import Batch, CandidateSlot, Membership
from capturegraph.models.membership import Role
from capturegraph.pages.access import Place, place_for
from capturegraph.pages.field import tiles_allowed
from capturegraph.pages.figures import bar, total_asked
from capturegraph.services.board import filtering, history, needs, seen
from capturegraph.services.board.filtering import Wanted
from capturegraph.services.refusals import Invalid

ALWAYS_SHOWN = seen.MARKS[:4]
BATCHES_SHOWN, MEMBERS_SHOWN, ROWS_SHOWN = 100, 500, 100


@login_required
@require_safe
def board(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """Show the board; `?slot=` opens the story of a place."""
    place = place_for(request, target_id, at_least=Role.REVIEWER)
    try:
        wanted = filtering.read(_query(request))
    except Invalid:
        wanted = Wanted()
    shown = {**_shown(place, timezone.now()), **_choices(place), "wanted": wanted, "tab": "board"}
    response = render(request, "console/board.html", shown)
    response._csp_update = tiles_allowed()  # type: ignore[attr-defined]
    return response


@login_required
@require_safe
def live(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """Give the parts of the board that change; the page asks every few seconds, and mostly hears 304."""
    place, now = place_for(request, target_id, at_least=Role.REVIEWER), timezone.now()
    # What is shown depends on who asks in which language, too.
    etag = f'W/"{seen.version(place.target, now=now)}-{place.role}-{get_language()}"'
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None:
        return unchanged
    response = render(request, "console/live.html", _shown(place, now))
    response["ETag"], response["Cache-Control"] = etag, "private, no-cache"
    return response


@login_required
@require_safe
def places(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """List the places that are wanted: what the map shows, for who does not see it or wants to read."""
    place, now = place_for(request, target_id, at_least=Role.REVIEWER), timezone.now()
    query = _query(request)
    refused: Invalid | None = None
    try:
        wanted = filtering.read(query)
    except Invalid as error:
        wanted, refused = Wanted(), error
    look = seen.look(place.target, now=now)
    rows = filtering.matching(place.target, wanted, look, now=now).select_related("batch").order_by("rank", "pk")
    page = Paginator(rows, ROWS_SHOWN).get_page(query.pop("page", 1))
    who = history.holders(place.target, [slot.pk for slot in page], now=now)
    shown = {
        "place": place,
        "target": place.target,
        "tab": "board",
        "page": page,
        "rows": [{"slot": slot, "mark": seen.mark(slot, look), "holders": who.get(slot.pk, [])} for slot in page],
        "marks": [{"name": mark, "on": mark in wanted.marks} for mark in seen.MARKS],
        "refused": refused,
        "wanted": wanted,
        "rest": urlencode(query),
        **_choices(place),
    }
    return render(request, "console/places.html", shown, status=400 if refused else 200)


@login_required
@require_safe
def one_place(request: HttpRequest, target_id: UUID, slot_id: UUID) -> HttpResponse:
    """Tell everything of a place, for the side of the board; opened by itself it leads to the board."""
    place, now = place_for(request, target_id, at_least=Role.REVIEWER), timezone.now()
    slot = CandidateSlot.objects.of(place.target).select_related("batch").filter(pk=slot_id).first()
    if slot is None:
        raise Http404
    if "HX-Request" not in request.headers:
        return redirect(f"{reverse('board', args=[target_id])}?slot={slot_id}")
    told = history.place(slot, target=place.target, now=now)
    return render(request, "console/place.html", {"place": place, "target": place.target, "told": told, "now": now})


def _query(request: HttpRequest) -> dict[str, str]:
    return {name: str(value) for name, value in request.GET.items()}


def _shown(place: Place, now: datetime) -> dict[str, Any]:
    look = seen.look(place.target, now=now)
    counts = seen.counts(place.target, look)
    there = needs.out(place.target, now=now)
    found = needs.needs(place.target, there, now=now)
    total = total_asked(counts)
    return {
        "place": place,
        "target": place.target,
        "counts": {**counts, "left": total - counts["fulfilled"]},
        "total": total,
        "bar": bar(counts),
        "chips": [
            {"state": mark, "count": counts[mark]} for mark in seen.MARKS if counts[mark] or mark in ALWAYS_SHOWN
        ],
        "needs": found,
        "quiet": [_row(one, now) for one in found.quiet],
        "out": [_row(one, now) for one in there],
        "out_count": len(there),
        "now": now,
        "version": seen.version(place.target, now=now),
    }


def _row(one: needs.Out, now: datetime) -> dict[str, Any]:
    return {
        "held": one.held,
        "heard_at": one.heard_at,
        "quiet": one.quiet,
        "metres": one.metres,
        "kilometres": (one.metres or 0) / 1000,
        "minutes": int((one.held.expires_at - now).total_seconds() // 60),
        "silent": int((now - one.heard_at).total_seconds() // 60),
    }


def _choices(place: Place) -> dict[str, Any]:
    members = Membership.objects.current().filter(target=place.target).select_related("user")
    return {
        "batches": Batch.objects.filter(target=place.target, state=Batch.State.APPLIED).order_by("-created_at")[
            :BATCHES_SHOWN
        ],
        "members": [member.user for member in members.order_by("user__name", "pk")[:MEMBERS_SHOWN]],
    }
