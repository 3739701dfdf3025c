"""Files of places: uploaded, and the list of those that were."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from capturegraph.models import Batch, Job
from capturegraph.models.membership import Role
from capturegraph.pages.access import Place, place_for
from capturegraph.pages.forms import UploadForm
from capturegraph.services.batching import batch_jobs, batches
from capturegraph.services.refusals import Invalid

LATEST_SHOWN = 20
WORK_SHOWN = 10


@login_required
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """Take a file and go on to what it would do."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if request.method == "POST" and form.is_valid():
        onward = _previewed(place, form)
        if onward:
            return onward
    shown = {"place": place, "target": place.target, "tab": "import", "form": form, **_known(place)}
    return render(request, "console/import.html", shown, status=400 if form.errors else 200)


def _known(place: Place) -> dict[str, object]:
    """What is under way, what waits for a word, and what was brought in."""
    files = Batch.objects.filter(target=place.target)
    done = files.filter(state__in=[Batch.State.APPLIED, Batch.State.UNDONE]).order_by("-applied_at")
    open_ones = files.filter(state__in=[Batch.State.PREVIEWED, Batch.State.FAILED]).order_by("-created_at")
    work = Job.objects.filter(target=place.target, kind__in=batch_jobs.KINDS)
    return {
        "latest": done[:LATEST_SHOWN],
        "open": open_ones[:WORK_SHOWN],
        "under_way": work.filter(state__in=[Job.State.WAITING, Job.State.RUNNING]).order_by("created_at")[:WORK_SHOWN],
    }


def _previewed(place: Place, form: UploadForm) -> HttpResponse | None:
    uploaded = form.cleaned_data["file"]
    if uploaded.size > settings.MAX_BATCH_BYTES:
        megabytes = settings.MAX_BATCH_BYTES // 1_000_000
        form.add_error("file", _("The file is larger than %d MB. Split it, and add the parts one by one.") % megabytes)
        return None
    target, mode, now = place.target, form.cleaned_data["mode"], timezone.now()
    if batch_jobs.is_large(uploaded.size):
        kept = batch_jobs.Upload(uploaded.name, uploaded)
        job = batch_jobs.bring_in(
            target=target, file=kept, mode=mode, by=place.user, now=now, dry_run=True, options=batch_jobs.Options(),
            at_desk=True,
        )  # fmt: skip
        return redirect("working", target.pk, job.pk)
    file = batches.File(uploaded.name, uploaded.read())
    try:
        batch = batches.preview(target=target, file=file, mode=mode, by=place.user, now=now, at_desk=True)
    except Invalid as refused:
        form.add_error("file", refused.detail)
        return None
    if batch.state == Batch.State.FAILED:
        return redirect("columns", target.pk, batch.pk)
    return redirect("preview", target.pk, batch.pk)
