"""What the lists of the administration have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import FileField, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from capturegraph.admin import history
from capturegraph.admin.lists import Listing, Reaching, page_asked
from capturegraph.admin.scenes import Scene
from capturegraph.models import User
from capturegraph.services.refusals import Refused

M = TypeVar("M", bound=Model)
MOST_AT_ONCE = 500
TOLD_ONE_BY_ONE = 20
STORY_SHOWN = 20

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[M]
else:

    class _ModelAdmin(admin.ModelAdmin, Generic[M]):
        """Django's own takes no type parameter when it runs."""


def acting(request: HttpRequest) -> User:
    """Give who is asking: only somebody who logged in gets into these rooms."""
    assert isinstance(request.user, User)
    return request.user


class WithReason(ActionForm):
    """What to do with the chosen rows, and why."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=1000, required=False, widget=forms.TextInput(attrs={"size": 24})
    )


def reason_given(request: HttpRequest) -> str:
    """Give the reason that was typed beside an action."""
    return request.POST.get("reason", "").replace("\0", "").strip()[:1000]


class Room(_ModelAdmin[M]):
    """A list whose rows are not deleted here: what hangs on them would go too, unseen."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 0

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Nobody deletes."""
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[Listing]:
        """Give lists that count nothing as a whole."""
        return Listing

    def get_paginator(
        self, request: HttpRequest, queryset: QuerySet[M], per_page: int, *more: Any, **kwargs: Any
    ) -> Paginator[Any]:
        """Give pages that are counted as far as one may turn next."""
        return Reaching(queryset, per_page, page=page_asked(request))

    def scene(self, row: M) -> Scene | None:
        """Give what is drawn on a map of a row; None for what lies nowhere."""
        return None

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show a row with what happened to it and where it lies."""
        row = self.get_object(request, unquote(object_id))
        seen: dict[str, Any] = {}
        if row is not None and self.has_view_or_change_permission(request, row):
            seen = {"story": history.of(row, STORY_SHOWN), "scene": self.scene(row)}
        return super().change_view(request, object_id, form_url, {**seen, **(extra_context or {})})

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Tell everything that was written down of a row, newest first."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            return redirect("admin:index")
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        before = request.GET.get("before", "")
        story = history.of(row, 100, before=int(before) if before.isascii() and before.isdecimal() else None)
        opts = self.opts
        context = {
            **self.admin_site.each_context(request), "title": _("What happened: %s") % row, "opts": opts,
            "module_name": str(opts.verbose_name_plural).capitalize(), "object": row, "story": story,
            **(extra_context or {}),
        }  # fmt: skip
        return TemplateResponse(request, "admin/object_history.html", context)

    def each(self, request: HttpRequest, rows: QuerySet[M], do: Callable[[M], str], *, every: bool = False) -> None:
        """Do something to each chosen row, and say what came of it: of every refusal by itself, why.

        Of many that went well some are told one by one, unless it has to be `every` one.
        """
        chosen = list(rows[: MOST_AT_ONCE + 1])
        if len(chosen) > MOST_AT_ONCE:
            said = _("At most %d at a time: choose fewer. Nothing was done.") % MOST_AT_ONCE
            self.message_user(request, said, messages.ERROR)
            return
        done = 0
        for row in chosen:
            try:
                said = do(row)
            except Refused as refused:
                self.message_user(request, f"{row}: {refused.detail}", messages.ERROR)
                continue
            done += 1
            if every or done <= TOLD_ONE_BY_ONE:
                self.message_user(request, said, messages.SUCCESS)
        if not every and done > TOLD_ONE_BY_ONE:
            rest = done - TOLD_ONE_BY_ONE
            self.message_user(
                request, ngettext("And %d more like it.", "And %d more like these.", rest) % rest, messages.SUCCESS
            )


class ViewOnly(Room[M]):
    """Rows that only services write."""

    hidden: Sequence[str] = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Nobody changes."""
        return False

    def get_fields(self, request: HttpRequest, obj: M | None = None) -> list[Any]:
        """Show every field but the hidden ones; files have no address of their own."""
        fields = [f for f in self.model._meta.fields if f.name not in self.hidden and not isinstance(f, FileField)]
        own = [name for name in self.readonly_fields if callable(getattr(self, str(name), None))]
        return [*(f.name for f in fields), *own]

    def get_readonly_fields(self, request: HttpRequest, obj: M | None = None) -> list[Any]:
        """Give the same ones."""
        return self.get_fields(request, obj)
