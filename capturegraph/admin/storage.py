"""What the files take up: counted by a job, shown with the time when it was."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from capturegraph.admin.rooms import acting
from capturegraph.models import Job
from capturegraph.services import storage as files
from capturegraph.services import work

EVERY_S = 2


@require_http_methods(["GET", "POST"])
def storage(request: HttpRequest) -> HttpResponse:
    """Show the last count and how far the next one is; count anew, or stop that."""
    every = Job.objects.filter(kind=files.COUNT).order_by("-created_at")
    under_way = every.filter(state__in=(Job.State.WAITING, Job.State.RUNNING)).first()
    if request.method == "POST":
        if request.POST.get("what") == "stop" and under_way:
            work.cancel(job_id=under_way.pk, by=acting(request), now=timezone.now())
        elif request.POST.get("what") == "count":
            files.ask(by=acting(request), now=timezone.now())
        return redirect("storage")
    last = every.first()
    done = every.filter(state=Job.State.DONE).first()
    found = _shown(done.result) if done else None
    context = {
        **admin.site.each_context(request), "title": _("Storage"), "found": found, "job": under_way, "every": EVERY_S,
        "failed": last if last and last.state == Job.State.FAILED else None,
    }  # fmt: skip
    return TemplateResponse(request, "admin/storage.html", context)


def _shown(result: dict[str, Any]) -> dict[str, Any]:
    kinds = result["kinds"]
    whole = {name: sum(one[name] for one in kinds) for name in ("files", "bytes", "orphans", "orphan_bytes", "missing")}
    most = max((one["bytes"] for one in kinds), default=0) or 1
    most_of_one = max((one["bytes"] for one in result["targets"]), default=0) or 1
    return {
        "at": parse_datetime(result["at"]), "whole": whole, "disk": result["disk"],
        "kinds": [{**one, "wide": round(1000 * one["bytes"] / most)} for one in kinds],
        "targets": [{**one, "wide": round(1000 * one["bytes"] / most_of_one)} for one in result["targets"]],
        "orphans": result["orphans"], "missing": result["missing"],
    }  # fmt: skip
