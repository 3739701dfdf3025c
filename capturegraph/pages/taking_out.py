"""What a target holds, to take away: lists in the formats that suit them, and everything in one archive."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from capturegraph.models import Assignment, CandidateSlot, Capture, Job
from capturegraph.models.membership import Role
from capturegraph.pages.access import Place, place_for
from capturegraph.services.cycles.periodic import ARCHIVES_KEPT_FOR
from capturegraph.services.exports import archives
from capturegraph.services.exports.lists import LISTS, Question

RELOADED_EVERY_S = 2
TITLES: dict[str, tuple[Promise | str, Promise | str]] = {
    "slots": (
        _("Places"),
        _("Every place, its state, its words, who holds it. The file can be brought in again."),
    ),
    "captures": (_("Photos"), _("Every photo: who took it where and when, how exact, and what the reviewer said.")),
    "assignments": (_("Who held what"), _("Every time that a place was given to somebody, and how that ended.")),
    "events": (_("What happened"), _("The whole history: who did what to which row, and when.")),
}
# What a row that is no place on the ground, but a thing that happened, says to a map program is little.
FORMS = {"slots": ("csv", "geojson", "gpx", "kml"), "captures": ("csv", "geojson", "gpx", "kml"),
         "assignments": ("csv", "geojson"), "events": ("csv", "geojson")}  # fmt: skip
FORM_NAMES = {"csv": "CSV", "geojson": "GeoJSON", "gpx": "GPX", "kml": "KML"}
STATES = {"slots": CandidateSlot.State, "captures": Capture.State, "assignments": Assignment.State}


@login_required
@require_http_methods(["GET", "POST"])
def data(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """Show what there is to take away; a POST has the archive made."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    if request.method == "POST":
        if (job := _latest(place)) is None or job.state not in (Job.State.WAITING, Job.State.RUNNING):
            archives.ask(target=place.target, by=place.user, now=timezone.now())
        return redirect("data", place.target.pk)
    asked = Question(place.target, timezone.now(), names=True)
    lists = [
        {
            "name": name, "title": title, "sentence": sentence,
            "forms": [(form, FORM_NAMES[form]) for form in FORMS[name]],
            "number": LISTS[name].rows(asked).count(), "states": STATES[name].choices if name in STATES else (),
        }
        for name, (title, sentence) in TITLES.items()
    ]  # fmt: skip
    shown = {**_shown(place), "lists": lists, "tab": "progress", "room": "data"}
    return render(request, "console/data.html", shown)


@login_required
@require_safe
def archive(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """Give how far the archive is; the page asks every two seconds while it is made."""
    return render(request, "console/archive.html", _shown(place_for(request, target_id, at_least=Role.COORDINATOR)))


def _latest(place: Place) -> Job | None:
    return Job.objects.filter(target=place.target, kind=archives.ARCHIVE).order_by("-created_at", "-pk").first()


def _shown(place: Place) -> dict[str, Any]:
    job = _latest(place)
    file = archives.name_of(job) if job and job.state == Job.State.DONE else ""
    there = bool(file) and default_storage.exists(file)
    return {
        "place": place, "target": place.target, "job": job, "there": there, "every": RELOADED_EVERY_S,
        "size": default_storage.size(file) if there else None, "days": ARCHIVES_KEPT_FOR.days,
        "making": job is not None and job.state in (Job.State.WAITING, Job.State.RUNNING),
        "missing": len(job.result.get("missing", ())) if job else 0,
    }  # fmt: skip
