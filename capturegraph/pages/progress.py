"""How far a target is, how fast, and when it will be done."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from capturegraph.models import Target
from capturegraph.models.membership import Role
from capturegraph.pages.access import Place, place_for
from capturegraph.pages.figures import bar
from capturegraph.services.board import seen
from capturegraph.services.progress import figures, words
from capturegraph.services.progress import pace as headline
from capturegraph.services.progress.figures import Progress, Times
from capturegraph.services.progress.tables import TABLES
from capturegraph.services.reviewing import figures as reviewing

PEOPLE_SHOWN = 200


@login_required
@require_safe
def progress(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """Show every figure, with its chart and its table."""
    place = place_for(request, target_id, at_least=Role.REVIEWER)
    it = figures.progress(target=place.target, now=timezone.now())
    today = figures.today_of(place.target, it.as_of)
    people = [{"row": one, "took": minutes(one.median_s)} for one in it.people[:PEOPLE_SHOWN]]
    shown = {
        "place": place, "target": place.target, "tab": "progress", "room": "progress", "it": it, "people": people,
        "said": words.said(it.forecast, done=it.done, left=it.open, today=today), "today": today,
        "share": percent(it.done / it.asked) if it.asked else None, "bar": bar(it.counts),
        "spans": _spans(it), "charts": _charts(it),
        "most": max((one.number for one in it.declines), default=1),
        "latest": list(reversed(it.days)), "left_out": len(it.people) - len(people),
        **_reviewing(place.target),
    }  # fmt: skip
    return render(request, "console/progress.html", shown)


def _tag(place: Place, now: datetime) -> str:
    """What the headline hangs on: everything that happens leaves an event, and days go by."""
    today = figures.today_of(place.target, now)
    said = repr((seen.happened(place.target), today, place.target.updated_at, get_language(), place.user.pk))
    return f'"{sha256(said.encode()).hexdigest()[:32]}"'


@login_required
@require_safe
def pace(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """Give the board's headline: how far, how fast, when done. The board asks for it once a minute."""
    place, now = place_for(request, target_id, at_least=Role.REVIEWER), timezone.now()
    etag = _tag(place, now)
    unchanged = get_conditional_response(request, etag=etag)
    if unchanged is not None:
        return unchanged
    it = headline.pace(target=place.target, now=now)
    most = max((day.done for day in it.days), default=0) or 1
    bars = [
        {"x": 13 * n, "height": height, "y": 32 - height, "today": n == len(it.days) - 1}
        for n, day in enumerate(it.days)
        for height in [round(30 * day.done / most)]
    ]
    shown = {
        "target": place.target, "pace": it, "bars": bars, "median": minutes(_seconds(it.median_min)),
        "share": percent(it.share) if it.share is not None else None, **_reviewing(place.target),
    }  # fmt: skip
    response = render(request, "console/pace.html", shown)
    response["ETag"] = etag
    return response


def _reviewing(target: Target) -> dict[str, Any]:
    found = reviewing.figures(target)
    return {"reviews": found, "to_verdict": minutes(found.median_s)}


def minutes(seconds: float | None) -> str:
    """A time as people say it: whole minutes, hours from two hours on; nothing of none."""
    if seconds is None:
        return ""
    whole = round(seconds / 60)
    if whole < 1:
        return _("under 1 min")
    if whole < 120:
        return _("%d min") % whole
    return _("%(hours)d h %(minutes)d min") % {"hours": whole // 60, "minutes": whole % 60}


def percent(share: float) -> int:
    """A share in whole hundredths; all of them only where it is all, and none only where it is none."""
    return min(99, max(1, round(100 * share))) if 0 < share < 1 else round(100 * share)


def _seconds(in_minutes: float | None) -> float | None:
    return None if in_minutes is None else in_minutes * 60


def _spans(it: Progress) -> list[dict[str, Any]]:
    named: tuple[tuple[str, Times], ...] = (
        (_("From taken to photographed"), it.photographed),
        (_("From photographed to done here"), it.sent),
        (_("From taken to done"), it.finished),
    )
    return [
        {"name": name, "number": times.number, "median": minutes(times.median_s), "lower": minutes(times.lower_s),
         "upper": minutes(times.upper_s)}
        for name, times in named
    ]  # fmt: skip


def _charts(it: Progress) -> dict[str, Any]:
    ahead = it.forecast
    days = {name: day.isoformat() if day else None
            for name, day in (("from", ahead.begins), ("middle", ahead.middle), ("until", ahead.ends))}  # fmt: skip
    return {
        "days": TABLES["days"](it).as_objects(), "took": TABLES["took"](it).as_objects(),
        "forecast": days, "done": it.done, "goal": it.done + it.open,
    }  # fmt: skip
