"""Targets, who is on them, and the ways in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from capturegraph.admin.rooms import Room, acting
from capturegraph.models import Invite, Membership, Target
from capturegraph.services import people, targets


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

    def get_fields(self, request: HttpRequest, obj: Target | None = None) -> tuple[str, ...]:
        """Show the settings, and of a target that is there also where it came from."""
        return (*self.fields, *self.told) if obj else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: Target | None = None) -> tuple[str, ...]:
        """Give what nobody sets by hand."""
        return self.told

    def save_model(self, request: HttpRequest, obj: Target, form: forms.ModelForm[Target], change: bool) -> None:
        """Make or change it by its service, so that it is written down."""
        by, now = acting(request), timezone.now()
        if change:
            values = {name: form.cleaned_data[name] for name in form.changed_data}
            saved = targets.change_target(target_id=obj.pk, by=by, values=values, now=now)
        else:
            saved, __ = targets.create_target(by=by, values=form.cleaned_data, now=now)
        obj.__dict__.update(saved.__dict__)


@admin.register(Membership)
class MembershipRoom(Room[Membership]):
    """Who is on which target, in which role."""

    list_display = ("user", "target", "role", "consented_at", "created_at", "removed_at")
    list_filter = ("role", ("removed_at", admin.EmptyFieldListFilter), ("target", admin.RelatedOnlyFieldListFilter))
    list_select_related = ("user", "target")
    search_fields = ("user__name", "user__username", "target__name")
    ordering = ("-created_at", "id")
    autocomplete_fields = ("user", "target")
    fields = ("user", "target", "role")
    told = ("consented_at", "consent_text", "created_at", "removed_at")
    actions = ("remove",)

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
        saved = people.set_role(user=obj.user, target=obj.target, role=obj.role, now=timezone.now(), by=acting(request))
        obj.__dict__.update(saved.__dict__)

    @admin.action(description=gettext_lazy("Remove from the target"))
    def remove(self, request: HttpRequest, rows: QuerySet[Membership]) -> None:
        """Take them out; what they captured stays."""

        def out(membership: Membership) -> str:
            people.remove_member(membership=membership, by=acting(request), now=timezone.now())
            return _("%(user)s is no longer on %(target)s.") % {"user": membership.user, "target": membership.target}

        self.each(request, rows.select_related("user", "target"), out)


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

    list_display = ("target", "role", "uses_left", "created_by", "created_at", "expires_at", "revoked_at")
    list_filter = ("role", ("revoked_at", admin.EmptyFieldListFilter))
    list_select_related = ("target", "created_by")
    search_fields = ("target__name",)
    ordering = ("-created_at", "id")
    autocomplete_fields = ("target",)
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
        made = people.make_invite(
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
            people.revoke_invite(invite=invite, by=acting(request), now=timezone.now())
            return _("The invitation to %s opens nothing any more.") % invite.target

        self.each(request, rows.select_related("target"), shut)
