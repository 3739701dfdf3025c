"""What goes on around reviews, to look at: what was found in photographs, who looks at which, and who objects."""

from __future__ import annotations

from django.contrib import admin

from capturegraph.admin import scenes
from capturegraph.admin.filters import of_target
from capturegraph.admin.rooms import ViewOnly
from capturegraph.models import Blurring, Dispute, PhotoFinding, ReviewClaim


@admin.register(PhotoFinding)
class PhotoFindingRoom(ViewOnly[PhotoFinding]):
    """What was found in photographs: figures, the file's own place and time, flags."""

    list_display = ("capture", "target", "flag_count", "sharpness", "brightness", "camera", "found_at")
    list_filter = (of_target(),)
    list_select_related = ("capture__volunteer", "target")
    search_fields = ("=capture__id", "=photo_sha256", "camera")
    ordering = ("-found_at", "capture")
    date_hierarchy = "found_at"
    hidden = ("photo_sha256",)

    def scene(self, row: PhotoFinding) -> scenes.Scene | None:
        """Draw its photograph, and where the file says it was."""
        return scenes.of_capture(row.capture)


@admin.register(Blurring)
class BlurringRoom(ViewOnly[Blurring]):
    """Which photographs were blurred, by what, and why not."""

    list_display = ("capture", "target", "state", "blurrer", "regions", "reason", "at")
    list_filter = ("state", of_target())
    list_select_related = ("capture__volunteer", "target")
    search_fields = ("=capture__id", "reason")
    ordering = ("-at", "capture")
    date_hierarchy = "at"
    hidden = ("photo_sha256",)


@admin.register(ReviewClaim)
class ReviewClaimRoom(ViewOnly[ReviewClaim]):
    """Who looks at which photograph just now."""

    list_display = ("capture", "target", "reviewer", "claimed_at", "until")
    list_filter = (of_target(),)
    list_select_related = ("capture__volunteer", "target", "reviewer")
    search_fields = ("reviewer__name", "=capture__id")
    ordering = ("-claimed_at", "capture")
    date_hierarchy = "claimed_at"
    hidden = ("token",)


@admin.register(Dispute)
class DisputeRoom(ViewOnly[Dispute]):
    """What volunteers say against rejections, and what they were answered."""

    list_display = ("capture", "target", "state", "said_by", "said_at", "against", "answered_by", "answered_at")
    list_filter = ("state", of_target())
    list_select_related = ("capture__volunteer", "target", "said_by", "against", "answered_by")
    search_fields = ("said_by__name", "=capture__id", "said")
    ordering = ("-said_at", "id")
    date_hierarchy = "said_at"
