"""Work in the background, for the person who waits for it or comes back later."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from capturegraph.models import Batch, Job
from capturegraph.models.membership import Role
from capturegraph.pages.access import Place, place_for
from capturegraph.services import work
from capturegraph.services.refusals import Conflict

RELOADED_EVERY_S = 2


@login_required
@require_http_methods(["GET", "POST"])
def working(request: HttpRequest, target_id: UUID, job_id: UUID) -> HttpResponse:
    """Show how far a piece of work is, stop it, and go on to what came of it."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    job = get_object_or_404(Job, target=place.target, pk=job_id)
    if request.method == "POST":
        try:
            work.cancel(job_id=job.pk, by=place.user, now=timezone.now())
        except Conflict:
            messages.info(request, _("It had ended already."))
        return redirect("working", place.target.pk, job.pk)
    if job.state == Job.State.DONE:
        onward = _on_to(request, place, job)
        if request.headers.get("HX-Request"):
            # A part of the page is asked for: the browser has to go on with the whole of it.
            return HttpResponse(headers={"HX-Redirect": onward.url})
        return onward
    ended = job.state in (Job.State.FAILED, Job.State.CANCELLED)
    shown = {
        "place": place, "target": place.target, "tab": "import", "job": job, "ended": ended,
        "every": RELOADED_EVERY_S, "about": _about(place, job),
    }  # fmt: skip
    return render(request, "console/working.html", shown)


def _about(place: Place, job: Job) -> str:
    """The file that a job is about, by its name."""
    if job.data.get("file_name"):
        return str(job.data["file_name"])
    batch = Batch.objects.filter(target=place.target, pk=job.row_id).first() if job.row_id else None
    return batch.file_name if batch else ""


def _on_to(request: HttpRequest, place: Place, job: Job) -> HttpResponseRedirect:
    batch_id = job.result.get("batch")
    batch = Batch.objects.filter(target=place.target, pk=batch_id).first() if batch_id else None
    if batch and batch.state != Batch.State.APPLIED:
        return redirect("preview", place.target.pk, batch.pk)
    if batch:
        messages.success(request, _("%s has been brought in.") % batch.file_name)
    return redirect("board", place.target.pk)
