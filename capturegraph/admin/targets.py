"""Targets, who is on them, and the ways in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar, TypeVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet, URLField
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from capturegraph.admin import scenes
from capturegraph.admin.filters import of_target
from capturegraph.admin.rooms import Room, ViewOnly, acting
from capturegraph.models import Invite, Membership, OpeningCheck, Target
from capturegraph.services import targets
from capturegraph.services.people import invites, members
from capturegraph.services.planning import choices
from capturegraph.services.refusals import Refused

T = TypeVar("T")


class TargetForm(forms.ModelForm):  # type: ignore[type-arg]
    """Settings of a target; which rules and algorithms there are, their registries say."""

    def clean_planning_rules(self) -> list[dict[str, Any]]:
        """Refuse a rule that there is not, or a number that it does not take."""
        return self._checked(choices.checked_rules, "planning_rules")

    def clean_planning_algorithms(self) -> list[str]:
        """Refuse an algorithm that there is not."""
        return self._checked(choices.checked_algorithms, "planning_algorithms")

    def _checked(self, check: Callable[[Any], list[T]], name: str) -> list[T]:
        try:
            return check(self.cleaned_data[name])
        except Refused as refused:
            raise forms.ValidationError(refused.detail) from None


@admin.register(Target)
class TargetRoom(Room[Target]):
    """Targets; every change goes into the audit."""

    list_display = ("name", "state", "sigma_m", "threshold", "time_zone", "created_by", "created_at")
    list_filter = ("state", "covers_waiting")
    list_select_related = ("created_by",)
    search_fields = ("name", "=id")
    ordering = ("-created_at", "id")
    fields = targets.SETTINGS
    told = ("id", "created_by", "created_at", "updated_at", "settled_at")
    form = TargetForm
    date_hierarchy = "created_at"
    actions = ("open", "pause", "close")
    formfield_overrides: ClassVar = {URLField: {"assume_scheme": "https"}}

    def get_fields(self, request: HttpRequest, obj: Target | None = None) -> tuple[str, ...]:
        """Show the settings, and of a target that is there also where it came from."""
        return (*self.fields, *self.told) if obj else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Target | None = None) -> tuple[str, ...]:
        """Give what nobody sets by hand."""
        return self.told

    def scene(self, row: Target) -> scenes.Scene | None:
        """Draw its places."""
        return scenes.of_target(row)

    def save_model(self, request: HttpRequest, obj: Target, form: forms.ModelForm[Target], change: bool) -> None:
        """Make or change it by its service, so that it is written down."""
        by, now = acting(request), timezone.now()
        if change:
            values = {name: form.cleaned_data[name] for name in form.changed_data}
            try:
                saved = targets.change_target(target_id=obj.pk, by=by, values=values, now=now).target
            except Refused as refused:
                self.message_user(request, f"{obj}: {refused.detail}", messages.ERROR)
                return
        else:
            saved, __ = targets.create_target(by=by, values=form.cleaned_data, now=now)
        obj.__dict__.update(saved.__dict__)

    @admin.action(description=gettext_lazy("Open"))
    def open(self, request: HttpRequest, rows: QuerySet[Target]) -> None:
        """Let their places be given out."""
        self._turn(request, rows, Target.State.OPEN, _("%s is open."))

    @admin.action(description=gettext_lazy("Pause"))
    def pause(self, request: HttpRequest, rows: QuerySet[Target]) -> None:
        """Give nothing out for now; who is on the way is told."""
        self._turn(request, rows, Target.State.PAUSED, _("%s is paused."))

    @admin.action(description=gettext_lazy("Close"))
    def close(self, request: HttpRequest, rows: QuerySet[Target]) -> None:
        """Give nothing out any more; who is on the way is told."""
        self._turn(request, rows, Target.State.CLOSED, _("%s is closed."))

    def _turn(self, request: HttpRequest, rows: QuerySet[Target], state: Target.State, said: str) -> None:
        def turn(target: Target) -> str:
            values = {"state": state.value}
            targets.change_target(target_id=target.pk, by=acting(request), values=values, now=timezone.now())
            return said % target

        self.each(request, rows, turn)


@admin.register(OpeningCheck)
class OpeningCheckRoom(ViewOnly[OpeningCheck]):
    """What was looked at before targets were opened, by whom."""

    list_display = ("target", "step", "ticked_by", "ticked_at")
    list_filter = ("step", of_target())
    list_select_related = ("target", "ticked_by")
    search_fields = ("target__name", "ticked_by__name", "=id")
    ordering = ("-ticked_at", "id")
    date_hierarchy = "ticked_at"
    hidden = ("digest",)


@admin.register(Membership)
class MembershipRoom(Room[Membership]):
    """Who is on which target, in which role."""

    list_display = ("user", "target", "role", "consented_at", "created_at", "removed_at")
    list_filter = ("role", ("removed_at", admin.EmptyFieldListFilter), of_target())
    list_select_related = ("user", "target")
    search_fields = ("user__name", "user__username", "target__name")
    ordering = ("-created_at", "id")
    autocomplete_fields = ("user", "target")
    fields = ("user", "target", "role")
    told = ("consented_at", "consent_text", "created_at", "removed_at")
    date_hierarchy = "created_at"
    actions = ("remove", "take_in_again")

    def get_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        """Show also since when, of a membership that is there."""
        return (*self.fields, *self.told) if obj else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        """Keep a membership the same person's on the same target."""
        return ("user", "target", *self.told) if obj else ()

    def save_model(
        self, request: HttpRequest, obj: Membership, form: forms.ModelForm[Membership], change: bool
    ) -> None:
        """Set the role by its service; saving somebody who was removed takes them in again."""
        by, now = acting(request), timezone.now()
        saved = members.set_role(user=obj.user, target=obj.target, role=obj.role, now=now, by=by)
        obj.__dict__.update(saved.__dict__)

    @admin.action(description=gettext_lazy("Remove from the target"))
    def remove(self, request: HttpRequest, rows: QuerySet[Membership]) -> None:
        """Take them out; what they captured stays."""

        def out(membership: Membership) -> str:
            members.remove_member(membership=membership, by=acting(request), now=timezone.now())
            return _("%(user)s is no longer on %(target)s.") % {"user": membership.user, "target": membership.target}

        self.each(request, rows.select_related("user", "target"), out)

    @admin.action(description=gettext_lazy("Take in again, as they were"))
    def take_in_again(self, request: HttpRequest, rows: QuerySet[Membership]) -> None:
        """Undo a removal."""

        def back(membership: Membership) -> str:
            by, now = acting(request), timezone.now()
            members.take_in_again(target=membership.target, user_id=membership.user_id, by=by, now=now)
            return _("%(user)s is on %(target)s again.") % {"user": membership.user, "target": membership.target}

        self.each(request, rows.select_related("user", "target"), back)


class InviteForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is asked for a new invite."""

    uses = forms.IntegerField(label=gettext_lazy("for how many people"), min_value=1, max_value=100_000, initial=20)
    days = forms.IntegerField(label=gettext_lazy("good for how many days"), min_value=1, max_value=366, initial=14)

    class Meta:
        model = Invite
        fields = ("target", "role")


@admin.register(Invite)
class InviteRoom(Room[Invite]):
    """Ways in: made here, shown once, revoked here, never changed."""

    list_display = ("target", "role", "for_user", "uses_left", "created_by", "created_at", "expires_at", "revoked_at")
    list_filter = ("role", ("revoked_at", admin.EmptyFieldListFilter))
    list_select_related = ("target", "created_by", "for_user")
    search_fields = ("target__name",)
    ordering = ("-created_at", "id")
    autocomplete_fields = ("target",)
    date_hierarchy = "created_at"
    actions = ("revoke",)
    form = InviteForm

    def has_change_permission(self, request: HttpRequest, obj: Invite | None = None) -> bool:
        """Nobody changes an invite that others hold."""
        return False

    def get_fields(self, request: HttpRequest, obj: Invite | None = None) -> tuple[str, ...]:
        """Ask for what a new one needs; show of the others what is kept."""
        if obj is None:
            return ("target", "role", "uses", "days")
        return ("target", "role", "uses_left", "created_by", "created_at", "expires_at", "revoked_at")

    def save_model(self, request: HttpRequest, obj: Invite, form: forms.ModelForm[Invite], change: bool) -> None:
        """Make it, and show its link once."""
        asked: dict[str, Any] = form.cleaned_data
        made = invites.make_invite(
            target=asked["target"],
            role=asked["role"],
            by=acting(request),
            uses=asked["uses"],
            valid_for=timedelta(days=asked["days"]),
            now=timezone.now(),
        )
        obj.__dict__.update(made.invite.__dict__)
        link = request.build_absolute_uri(reverse("join", args=[made.code]))
        self.message_user(request, _("The invitation, shown only now: %s") % link, messages.WARNING)

    @admin.action(description=gettext_lazy("Revoke"))
    def revoke(self, request: HttpRequest, rows: QuerySet[Invite]) -> None:
        """Let them open nothing any more."""

        def shut(invite: Invite) -> str:
            invites.revoke_invite(invite=invite, by=acting(request), now=timezone.now())
            return _("The invitation to %s opens nothing any more.") % invite.target

        self.each(request, rows.select_related("target"), shut)
