"""The page that is walked through before a target is opened: each step looked at, and ticked off by somebody."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from capturegraph.models import OpeningCheck, Target
from capturegraph.models.membership import Role
from capturegraph.pages.access import Place, place_for
from capturegraph.pages.field import tiles_allowed
from capturegraph.pages.target_settings import scene
from capturegraph.services import targets
from capturegraph.services.opening import checks
from capturegraph.services.refusals import Refused


@login_required
@require_http_methods(["GET", "POST"])
def site_review(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """Show the steps, tick one off, take a tick back, or open the target."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    if request.method == "POST":
        return _done(request, place)
    target = place.target
    standing = checks.standing(target)
    left = [one for one in standing if one.state != "ticked"]
    seen = {
        "place": place, "target": target, "tab": "settings", "steps": standing, "left": left,
        "demanded": checks.is_demanded(), "scene": scene(target),
        "asked": {"allowed": target.allowed_m, "rough": target.max_accuracy_m,
                  "turn": (target.heading_sigma_deg or 0) * target.threshold},
    }  # fmt: skip
    response = render(request, "console/site_review.html", seen)
    response._csp_update = tiles_allowed()  # type: ignore[attr-defined]
    return response


def _done(request: HttpRequest, place: Place) -> HttpResponse:
    what, step = request.POST.get("what", ""), request.POST.get("step", "").replace("\0", "")
    now, anchor = timezone.now(), ""
    try:
        if what == "tick":
            anchor = step
            checks.tick(
                target_id=place.target.pk, step=step, digest=request.POST.get("digest", ""), by=place.user, now=now
            )
        elif what == "untick":
            anchor = step
            checks.untick(target_id=place.target.pk, step=step, by=place.user, now=now)
        elif what == "open":
            messages.success(request, _opened(place))
        else:
            messages.error(request, _("A step is ticked, its tick is taken back, or the target is opened."))
    except Refused as refused:
        messages.warning(request, refused.detail)
    # Only names of steps, which are words of ours, come back in the address.
    known = anchor in {one.value for one in OpeningCheck.Step}
    return redirect(reverse("site-review", args=[place.target.pk]) + (f"#{anchor}" if known else ""))


def _opened(place: Place) -> str:
    left = checks.left(place.target) if place.target.state == Target.State.DRAFT else []
    values: dict[str, Any] = {"state": Target.State.OPEN.value}
    targets.change_target(target_id=place.target.pk, by=place.user, values=values, now=timezone.now())
    return told(left)


def told(left: list[checks.Standing]) -> str:
    """Say that a target is open, and which steps of the review were not ticked."""
    if not left:
        return _("Open: places are given out.")
    said = ngettext(
        "Open: places are given out. One step was not ticked: %s.",
        "Open: places are given out. These steps were not ticked: %s.", len(left),
    )  # fmt: skip
    return said % ", ".join(f"“{one.title}”" for one in left)
