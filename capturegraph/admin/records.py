"""What happened, to look at, and to be acted on by the services that write it."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from capturegraph.admin import history, scenes
from capturegraph.admin.filters import of_target, one_of
from capturegraph.admin.rooms import ViewOnly, WithReason, acting, reason_given
from capturegraph.models import Assignment, Batch, CandidateSlot, Capture, ColumnChoice, Event, Match
from capturegraph.services.batching import undoing
from capturegraph.services.hand_out import places
from capturegraph.services.matches import judging, reviews
from capturegraph.services.refusals import Invalid

WHY_UNUSABLE = {
    judging.REJECTED, judging.NO_PHOTO, judging.REFUSED_PHOTO, judging.NO_POSITION, judging.MOCK, judging.INACCURATE,
    judging.FROM_LIBRARY, judging.NO_ACCURACY,
}  # fmt: skip


@admin.register(Batch)
class BatchRoom(ViewOnly[Batch]):
    """Uploaded files."""

    list_display = ("file_name", "target", "state", "mode", "format", "rows", "created_by", "created_at", "applied_at")
    list_filter = ("state", "mode", "format", of_target())
    list_select_related = ("target", "created_by")
    search_fields = ("file_name", "=id", "=sha256")
    ordering = ("-created_at", "id")
    date_hierarchy = "created_at"
    actions = ("undo",)

    @admin.action(description=gettext_lazy("Take back what these files brought in"))
    def undo(self, request: HttpRequest, rows: QuerySet[Batch]) -> None:
        """Withdraw their places, except those that somebody photographed or holds."""

        def back(batch: Batch) -> str:
            left = len(undoing.undo(batch_id=batch.pk, by=acting(request), now=timezone.now()).left)
            return _("%(file)s was taken back; %(left)d of its places stay.") % {"file": batch.file_name, "left": left}

        self.each(request, rows, back)


@admin.register(ColumnChoice)
class ColumnChoiceRoom(ViewOnly[ColumnChoice]):
    """How the columns of files are read."""

    list_display = ("__str__", "target", "created_by", "created_at")
    list_filter = (of_target(),)
    list_select_related = ("target", "created_by")
    search_fields = ("target__name", "=header")
    ordering = ("-created_at", "-id")
    hidden = ("header",)


class WithPriority(ActionForm):
    """What to do with the chosen places, and which priority to give them."""

    priority = forms.IntegerField(label=gettext_lazy("Priority, 0 to 100"), min_value=0, max_value=100, required=False)


@admin.register(CandidateSlot)
class SlotRoom(ViewOnly[CandidateSlot]):
    """Places."""

    list_display = (
        "__str__",
        "external_id",
        "target",
        "state",
        "rank",
        "priority",
        "required_count",
        "seats_left",
        "updated_at",
    )
    list_filter = ("state", of_target())
    list_select_related = ("target",)
    search_fields = ("title", "external_id", "=id")
    # As an index has it, backwards: a hundred thousand rows are not sorted for a page of fifty.
    ordering = ("-target_id", "-updated_at", "-id")
    date_hierarchy = "updated_at"
    action_form = WithPriority
    actions = ("withdraw", "withdraw_and_call_back", "ask_again", "prioritise")

    def scene(self, row: CandidateSlot) -> scenes.Scene | None:
        """Draw it with the photographs near it."""
        return scenes.of_slot(row)

    @admin.action(description=gettext_lazy("Withdraw, where nobody is on the way"))
    def withdraw(self, request: HttpRequest, rows: QuerySet[CandidateSlot]) -> None:
        """Ask for them no more; where somebody is on the way, say so instead."""
        self._become(request, rows, CandidateSlot.State.WITHDRAWN, _("“%s” is withdrawn."), call_back=False)

    @admin.action(description=gettext_lazy("Withdraw, and call back who is on the way"))
    def withdraw_and_call_back(self, request: HttpRequest, rows: QuerySet[CandidateSlot]) -> None:
        """Ask for them no more, and tell whoever is on the way."""
        self._become(request, rows, CandidateSlot.State.WITHDRAWN, _("“%s” is withdrawn."), call_back=True)

    @admin.action(description=gettext_lazy("Ask for them again"))
    def ask_again(self, request: HttpRequest, rows: QuerySet[CandidateSlot]) -> None:
        """Let them wait again."""
        self._become(request, rows, CandidateSlot.State.WAITING, _("“%s” waits again."), call_back=False)

    def _become(
        self,
        request: HttpRequest,
        rows: QuerySet[CandidateSlot],
        state: CandidateSlot.State,
        said: str,
        *,
        call_back: bool,
    ) -> None:
        def change(slot: CandidateSlot) -> str:
            if state == CandidateSlot.State.WAITING and slot.state == CandidateSlot.State.FULFILLED:
                raise Invalid(_("It is done. Reject the photo that counts, and it waits again."))
            places.change_slot(
                slot_id=slot.pk, by=acting(request), values={"state": state.value}, release_holders=call_back,
                now=timezone.now(),
            )  # fmt: skip
            return said % slot

        self.each(request, rows, change)

    @admin.action(description=gettext_lazy("Give them this priority"))
    def prioritise(self, request: HttpRequest, rows: QuerySet[CandidateSlot]) -> None:
        """Set the priority that was typed."""
        text = request.POST.get("priority", "").strip()

        def change(slot: CandidateSlot) -> str:
            if not (text.isascii() and text.isdecimal()):
                raise Invalid(_("Type a priority from 0 to 100 beside the action."))
            values = {"priority": int(text)}
            places.change_slot(slot_id=slot.pk, by=acting(request), values=values, now=timezone.now())
            return _("“%(place)s” has the priority %(priority)s now.") % {"place": slot, "priority": text}

        self.each(request, rows, change)


@admin.register(Assignment)
class AssignmentRoom(ViewOnly[Assignment]):
    """Who held what."""

    list_display = ("slot", "volunteer", "target", "state", "started_at", "expires_at", "ended_at")
    list_filter = ("state", of_target())
    list_select_related = ("slot", "volunteer", "target")
    search_fields = ("slot__title", "slot__external_id", "volunteer__name", "=id")
    # As an index has it, backwards: a hundred thousand rows are not sorted for a page of fifty.
    ordering = ("-volunteer_id", "-started_at", "-id")
    date_hierarchy = "started_at"
    actions = ("release",)

    def scene(self, row: Assignment) -> scenes.Scene | None:
        """Draw its place."""
        return scenes.of_slot(row.slot)

    @admin.action(description=gettext_lazy("Take these places back, and tell who held them"))
    def release(self, request: HttpRequest, rows: QuerySet[Assignment]) -> None:
        """Let others have them."""

        def back(assignment: Assignment) -> str:
            places.take_back(assignment_id=assignment.pk, by=acting(request), now=timezone.now())
            told = {"place": assignment.slot, "who": assignment.volunteer}
            return _("“%(place)s” is free again. %(who)s was told.") % told

        self.each(request, rows.select_related("slot", "volunteer"), back)


@admin.register(Capture)
class CaptureRoom(ViewOnly[Capture]):
    """Photographs, and what phones said about them."""

    list_display = ("volunteer", "target", "state", "review", "counts", "unusable_reason", "taken_at", "received_at")
    list_filter = (
        "state",
        "review",
        "counts",
        one_of("unusable_reason", gettext_lazy("why it does not count"), WHY_UNUSABLE.copy),
        of_target(),
    )
    list_select_related = ("volunteer", "target")
    search_fields = ("volunteer__name", "=id", "=photo_sha256")
    # As an index has it, backwards: a hundred thousand rows are not sorted for a page of fifty.
    ordering = ("-target_id", "-received_at", "-id")
    date_hierarchy = "received_at"
    readonly_fields = ("original",)
    action_form = WithReason
    actions = ("accept", "reject", "undo_review")

    def scene(self, row: Capture) -> scenes.Scene | None:
        """Draw where it was taken, and the places near it."""
        return scenes.of_capture(row)

    @admin.display(description=gettext_lazy("photograph"))
    def original(self, capture: Capture) -> SafeString | str:
        """Link to the file as it came; there is none before it came."""
        if not capture.photo:
            return "—"
        link = reverse("capture-photo", args=[capture.pk])
        return format_html('<a href="{}">{}</a>', link, _("the file as it came"))

    @admin.action(description=gettext_lazy("Accept"))
    def accept(self, request: HttpRequest, rows: QuerySet[Capture]) -> None:
        """Say that they are good."""
        self._review(request, rows, Capture.Review.ACCEPTED, _("Accepted: %s."))

    @admin.action(description=gettext_lazy("Reject, for the reason given"))
    def reject(self, request: HttpRequest, rows: QuerySet[Capture]) -> None:
        """Say that they are not, and why: whoever took them is told."""
        self._review(request, rows, Capture.Review.REJECTED, _("Rejected: %s. They were told why."))

    @admin.action(description=gettext_lazy("Take the verdict back"))
    def undo_review(self, request: HttpRequest, rows: QuerySet[Capture]) -> None:
        """Let them wait for a reviewer again."""
        self._review(request, rows, Capture.Review.PENDING, _("Not looked at yet: %s."))

    def _review(self, request: HttpRequest, rows: QuerySet[Capture], verdict: Capture.Review, said: str) -> None:
        note = reason_given(request) if verdict == Capture.Review.REJECTED else ""

        def judge(capture: Capture) -> str:
            if verdict == Capture.Review.REJECTED and not note:
                raise Invalid(_("Type beside the action why: it is told to who took the photo."))
            by, now = acting(request), timezone.now()
            reviews.review(capture_id=capture.pk, verdict=verdict.value, note=note, by=by, now=now)
            return said % capture

        self.each(request, rows.select_related("volunteer"), judge)


@admin.register(Match)
class MatchRoom(ViewOnly[Match]):
    """Which capture is near which place."""

    list_display = ("capture", "slot", "metres", "distance", "probability", "active", "manual", "created_at")
    list_filter = ("active", "manual")
    list_select_related = ("capture__volunteer", "slot")
    search_fields = ("slot__title", "slot__external_id", "=capture__id", "=person_key")
    ordering = ("-id",)
    date_hierarchy = "created_at"

    def scene(self, row: Match) -> scenes.Scene | None:
        """Draw the place with what is near it."""
        return scenes.of_slot(row.slot)


@admin.register(Event)
class EventRoom(ViewOnly[Event]):
    """The audit."""

    list_display = ("at", "noun", "told", "verb", "actor", "row_id", "target_id")
    list_filter = (one_of("noun", gettext_lazy("noun"), history.nouns),)
    list_select_related = ("actor",)
    search_fields = ("actor__name", "=row_id", "=target_id", "=operation_id", "=verb")
    ordering = ("-id",)
    date_hierarchy = "at"

    @admin.display(description=gettext_lazy("in words"))
    def told(self, event: Event) -> str:
        """Say what it was."""
        return history.what(event)
