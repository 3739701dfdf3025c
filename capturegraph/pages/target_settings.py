"""The settings of a target: what each means, what a change would do, and another target like this one."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from capturegraph.models import CandidateSlot, Capture, Job, Target
from capturegraph.models.membership import Role
from capturegraph.pages.access import Place, place_for
from capturegraph.pages.field import tiles_allowed
from capturegraph.pages.forms import CopyForm
from capturegraph.pages.settings_form import SettingsForm
from capturegraph.pages.targets import may_create
from capturegraph.services import copying, targets
from capturegraph.services.matches import rejudging
from capturegraph.services.privacy import publishing
from capturegraph.services.refusals import Invalid, Refused
from scheduling import geodesy

NEIGHBOURS = 400
AROUND_M = 2_000


@login_required
@require_http_methods(["GET", "POST"])
def settings(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """Show the settings and save them; where they decide which photos count, first show what that would do."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    form = SettingsForm(request.POST if request.method == "POST" else None, target=place.target)
    would: dict[str, Any] | None = None
    if request.method == "POST" and form.is_valid():
        try:
            saved, would = _save(request, place, form)
            if saved:
                return saved
        except Invalid as refused:
            form.take_errors(refused.errors, refused.detail)
    seen = {**_shown(place), "form": form, "would": would}
    response = render(request, "console/settings.html", seen, status=400 if form.errors else 200)
    response._csp_update = tiles_allowed()  # type: ignore[attr-defined]
    return response


def _save(request: HttpRequest, place: Place, form: SettingsForm) -> tuple[HttpResponse | None, dict[str, Any] | None]:
    """Save, and lead back to the page; or give what saving would do, for somebody who has not seen that yet."""
    changes, now = form.changes(), timezone.now()
    counted = targets.MATCHING & set(targets.differing(place.target, changes))
    # What was seen is what is saved: something changed after the look is looked at again.
    look = sha256(repr(sorted((name, changes[name]) for name in counted)).encode()).hexdigest()
    if counted and request.POST.get("seen") != look and Capture.objects.filter(target=place.target).exists():
        return None, {**rejudging.preview(target=place.target, values=changes, now=now), "seen": look}
    changed = targets.change_target(
        target_id=place.target.pk, by=place.user, values=changes, now=now, reopen=request.POST.get("reopen") == "on"
    )
    if changed.job:
        messages.success(request, _("Saved. Every photo is looked at again now."))
    else:
        messages.success(request, _("Saved.") if changes else _("Nothing was changed."))
    return redirect("settings", place.target.pk), None


@login_required
@require_safe
def judging(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """Show how far the photos have been looked at again; the page asks until it has ended."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    return render(request, "console/judging.html", {"target": place.target, "job": _job(place.target)})


@login_required
@require_POST
def copy(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """Make another target like this one."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    form = CopyForm(request.POST)
    if form.is_valid():
        asked = form.cleaned_data
        try:
            copied = copying.copy_target(
                source=place.target, name=asked["name"], by=place.user, places=asked["places"], now=timezone.now(),
                operation_id=asked["operation_id"],
            )  # fmt: skip
        except Refused as refused:
            form.add_error("name", refused.detail)
        else:
            if copied.job:
                return redirect("working", copied.target.pk, copied.job.pk)
            messages.success(request, _("This is the copy. Invite people: nobody was copied."))
            return redirect("people", copied.target.pk)
    seen = {**_shown(place), "form": SettingsForm(None, target=place.target), "copy": form}
    return render(request, "console/settings.html", seen, status=400)


def _shown(place: Place) -> dict[str, Any]:
    return {
        "place": place, "target": place.target, "tab": "settings", "job": _job(place.target),
        "captures": Capture.objects.filter(target=place.target).count(), "scene": scene(place.target),
        "may_create": may_create(place.user), "published": publishing.count(place.target),
        "copy": CopyForm(initial={"name": _("%s, again") % place.target.name, "operation_id": uuid4()}),
    }  # fmt: skip


def _job(target: Target) -> Job | None:
    return Job.objects.filter(target=target, kind=targets.REJUDGE).order_by("-created_at").first()


def scene(target: Target) -> dict[str, Any] | None:
    """Give a place of the target with what lies around it, to draw distances on; None where there is no place."""
    there = CandidateSlot.objects.of(target).exclude(state=CandidateSlot.State.WITHDRAWN).exclude(latitude=None)
    one = there.exclude(heading=None).order_by("rank", "pk").first() or there.order_by("rank", "pk").first()
    if one is None:
        return None
    boxes = geodesy.bounding_box(one.latitude or 0.0, one.longitude or 0.0, AROUND_M)
    near = there.inside(boxes).exclude(pk=one.pk).values_list("latitude", "longitude", "title")[:NEIGHBOURS]
    return {
        "latitude": one.latitude, "longitude": one.longitude, "title": str(one), "heading": one.heading,
        "neighbours": [{"latitude": lat, "longitude": lon, "title": title} for lat, lon, title in near],
    }  # fmt: skip
