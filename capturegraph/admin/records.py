"""What happened, to look at: these rows are written by services only."""

from __future__ import annotations

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from capturegraph.admin.rooms import ViewOnly
from capturegraph.models import Assignment, Batch, CandidateSlot, Capture, Event, Match, ServiceRun


@admin.register(Batch)
class BatchRoom(ViewOnly[Batch]):
    """Uploaded files."""

    list_display = ("file_name", "target", "state", "mode", "format", "rows", "created_by", "created_at", "applied_at")
    list_filter = ("state", "mode", "format")
    list_select_related = ("target", "created_by")
    search_fields = ("file_name", "=id", "=sha256")
    ordering = ("-created_at", "id")


@admin.register(CandidateSlot)
class SlotRoom(ViewOnly[CandidateSlot]):
    """Places."""

    list_display = (
        "title",
        "external_id",
        "target",
        "state",
        "rank",
        "priority",
        "required_count",
        "seats_left",
        "updated_at",
    )
    list_filter = ("state", ("target", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("target",)
    search_fields = ("title", "external_id", "=id")
    ordering = ("target", "rank", "id")


@admin.register(Assignment)
class AssignmentRoom(ViewOnly[Assignment]):
    """Who held what."""

    list_display = ("slot", "volunteer", "target", "state", "started_at", "expires_at", "ended_at")
    list_filter = ("state", ("target", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("slot", "volunteer", "target")
    search_fields = ("slot__title", "slot__external_id", "volunteer__name", "=id")
    ordering = ("-started_at", "id")


@admin.register(Capture)
class CaptureRoom(ViewOnly[Capture]):
    """Photographs, and what phones said about them."""

    list_display = ("volunteer", "target", "state", "counts", "unusable_reason", "taken_at", "received_at")
    list_filter = ("state", "counts", "unusable_reason", ("target", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("volunteer", "target")
    search_fields = ("volunteer__name", "=id", "=photo_sha256")
    ordering = ("-received_at", "id")
    readonly_fields = ("original",)

    @admin.display(description=gettext_lazy("photograph"))
    def original(self, capture: Capture) -> SafeString | str:
        """Link to the file as it came; there is none before it came."""
        if not capture.photo:
            return "—"
        link = reverse("capture-photo", args=[capture.pk])
        return format_html('<a href="{}">{}</a>', link, _("the file as it came"))


@admin.register(Match)
class MatchRoom(ViewOnly[Match]):
    """Which capture is near which place."""

    list_display = ("capture", "slot", "metres", "distance", "probability", "active", "manual", "created_at")
    list_filter = ("active", "manual")
    list_select_related = ("capture__volunteer", "slot")
    search_fields = ("slot__title", "slot__external_id", "=capture__id", "=person_key")
    ordering = ("-id",)


@admin.register(Event)
class EventRoom(ViewOnly[Event]):
    """The audit."""

    list_display = ("at", "noun", "verb", "actor", "row_id", "target_id")
    list_filter = ("noun", "verb")
    list_select_related = ("actor",)
    search_fields = ("actor__name", "=row_id", "=target_id", "=operation_id")
    ordering = ("-id",)


@admin.register(ServiceRun)
class ServiceRunRoom(ViewOnly[ServiceRun]):
    """Cycles of the periodic services."""

    list_display = ("service", "cycle", "started_at", "completed_at", "result")
    list_filter = ("service",)
    search_fields = ("service",)
    ordering = ("-cycle", "service")
