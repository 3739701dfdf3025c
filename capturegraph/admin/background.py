"""What goes on in the background, to look at: services that run again and again, jobs, messages, uploads under way."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from capturegraph.admin.filters import of_target, one_of
from capturegraph.admin.rooms import ViewOnly, acting
from capturegraph.models import DirectUpload, Job, Message, PhotoPart, ServiceLease, ServiceRun, ServiceRunner
from capturegraph.services import work
from capturegraph.services.cycles import periodic

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def _link(address: str, words: StrOrPromise, **query: object) -> str:
    return format_html('<a href="{}?{}">{}</a>', address, urlencode(query), words)


def _runs_of(runner_id: str) -> str:
    return _link(reverse("admin:capturegraph_servicerun_changelist"), _("Runs that it started"), q=runner_id)


@admin.register(ServiceRun)
class ServiceRunRoom(ViewOnly[ServiceRun]):
    """Cycles of the periodic services: what ran, what was given up, what was not begun and why."""

    list_display = ("service", "cycle", "state", "reason", "started_at", "ended_at", "token", "result")
    list_filter = (one_of("service", _("service"), periodic.SERVICES.keys), "state")
    search_fields = ("service", "runner_id", "reason")
    ordering = ("-cycle", "service", "-id")
    date_hierarchy = "cycle"
    readonly_fields = ("seen_beside_others", "by_this_runner")

    @admin.display(description=_("seen beside others"))
    def seen_beside_others(self, run: ServiceRun) -> str:
        """Lead to the page where the whole cycle is told."""
        return _link(reverse("services"), _("The cycle, as it went"), service=run.service, run=run.pk)

    @admin.display(description=_("by this runner"))
    def by_this_runner(self, run: ServiceRun) -> str:
        """Lead to what else its runner started."""
        return _runs_of(run.runner_id)


@admin.register(ServiceRunner)
class ServiceRunnerRoom(ViewOnly[ServiceRunner]):
    """Beats that take turns, and those that did."""

    list_display = ("name", "started_at", "heartbeat_at", "signed_off_at")
    search_fields = ("name", "id")
    ordering = ("-heartbeat_at",)
    readonly_fields = ("runs",)

    @admin.display(description=_("runs"))
    def runs(self, runner: ServiceRunner) -> str:
        """Lead to what it started."""
        return _runs_of(runner.pk)


@admin.register(ServiceLease)
class ServiceLeaseRoom(ViewOnly[ServiceLease]):
    """Who runs what now."""

    list_display = ("service", "token", "run", "held_until")
    list_select_related = ("run",)
    search_fields = ("service",)
    ordering = ("service",)
    readonly_fields = ("seen",)

    @admin.display(description=_("seen"))
    def seen(self, lease: ServiceLease) -> str:
        """Lead to the page of the service."""
        return _link(reverse("services"), _("How it stands"), service=lease.service)


@admin.register(Job)
class JobRoom(ViewOnly[Job]):
    """Work that is too long for a request."""

    list_display = ("kind", "target", "state", "step", "done", "total", "error", "created_by", "created_at", "ended_at")
    list_filter = (one_of("kind", _("kind"), work.KINDS.keys), "state", of_target())
    list_select_related = ("target", "created_by")
    search_fields = ("kind", "=id", "error")
    ordering = ("-created_at", "id")
    date_hierarchy = "created_at"
    readonly_fields = ("events",)
    actions = ("stop", "again")

    @admin.display(description=_("events"))
    def events(self, job: Job) -> str:
        """Lead to what was written down about it."""
        return _link(reverse("admin:capturegraph_event_changelist"), _("What was written down about it"), q=job.pk)

    @admin.action(description=_("Stop"))
    def stop(self, request: HttpRequest, rows: QuerySet[Job]) -> None:
        """Stop them: at once where nobody has begun, else at their next step."""

        def end(job: Job) -> str:
            after = work.cancel(job_id=job.pk, by=acting(request), now=timezone.now())
            if after.state == Job.State.CANCELLED:
                return gettext("“%s” was stopped.") % job.kind
            return gettext("“%s” stops at its next step.") % job.kind

        self.each(request, rows, end)

    @admin.action(description=_("Do once more"))
    def again(self, request: HttpRequest, rows: QuerySet[Job]) -> None:
        """Write down anew what failed or was stopped."""

        def once_more(job: Job) -> str:
            work.again(job_id=job.pk, by=acting(request), now=timezone.now())
            return gettext("“%s” is done once more.") % job.kind

        self.each(request, rows, once_more)


@admin.register(Message)
class MessageRoom(ViewOnly[Message]):
    """What people were told."""

    list_display = ("user", "target", "kind", "created_at", "seen_at")
    list_filter = (of_target(),)
    list_select_related = ("user", "target")
    search_fields = ("user__name", "=id", "=kind")
    ordering = ("-created_at", "id")
    date_hierarchy = "created_at"


@admin.register(PhotoPart)
class PhotoPartRoom(ViewOnly[PhotoPart]):
    """Photographs that have arrived in part."""

    list_display = ("capture_id", "volunteer", "start", "size", "total", "created_at")
    list_select_related = ("volunteer",)
    search_fields = ("=capture_id", "volunteer__name")
    ordering = ("-created_at", "id")
    date_hierarchy = "created_at"


@admin.register(DirectUpload)
class DirectUploadRoom(ViewOnly[DirectUpload]):
    """Photographs that phones put straight into the store of files."""

    hidden = ("sha256", "parts")
    list_display = ("capture", "size", "begun_at", "ends_at")
    list_select_related = ("capture__volunteer",)
    search_fields = ("=capture__id", "capture__volunteer__name")
    ordering = ("-begun_at", "capture_id")
    date_hierarchy = "begun_at"
