"""Accounts and phones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import BaseInlineFormSet, ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from capturegraph.admin.rooms import Room, ViewOnly, acting
from capturegraph.models import Device, Membership, User
from capturegraph.services.people import accounts, links, members, merging, phones, resets
from capturegraph.services.refusals import Refused

if TYPE_CHECKING:
    _Memberships = admin.StackedInline[Membership, User]
    _Devices = admin.StackedInline[Device, User]
else:
    _Memberships = _Devices = admin.StackedInline


class MembershipInline(_Memberships):
    """The targets that somebody is on, and their role in each."""

    model = Membership
    fields = ("target", "role", "created_at", "removed_at")
    readonly_fields = ("created_at", "removed_at")
    autocomplete_fields = ("target",)
    extra = 0
    can_delete = False
    verbose_name_plural = gettext_lazy("Roles: saving somebody who was removed takes them in again")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        """Give them with their targets, in one query."""
        return super().get_queryset(request).select_related("target", "user").order_by("target__name", "pk")


class DeviceInline(_Devices):
    """Their phones, to look at."""

    model = Device
    fields = readonly_fields = ("id", "created_at", "last_seen_at", "expires_at", "revoked_at")
    extra = 0
    can_delete = False
    show_change_link = True
    verbose_name_plural = gettext_lazy("Phones: they are shut out in the list of phones")

    def has_add_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Phones sign in by themselves."""
        return False


@admin.register(User)
class UserRoom(Room[User]):
    """Accounts: made with a one-time password, which is shown once."""

    list_display = (
        "name",
        "username",
        "is_active",
        "is_superuser",
        "may_create_targets",
        "must_change_password",
        "created_at",
    )
    list_filter = ("is_active", "is_superuser", "may_create_targets", "must_change_password")
    search_fields = ("name", "username", "=id", "=person_key")
    ordering = ("-created_at", "id")
    date_hierarchy = "created_at"
    inlines = (MembershipInline, DeviceInline)
    actions = ("give_one_time_password", "make_reset_link", "link_a_phone", "merge", "shut_out", "let_in")
    fields = ("name", "username", "email", "is_superuser", "may_create_targets")
    told = (
        "is_active",
        "must_change_password",
        "last_login",
        "created_at",
        "erased_at",
        "merged_into",
        "id",
        "person_key",
    )

    def get_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Show what is known of an account; a new one has only what is asked for."""
        return (*self.fields, *self.told) if obj else self.fields

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Keep people from taking their own key away."""
        return (*self.told, "is_superuser") if obj == request.user else self.told

    def get_form(self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any) -> Any:
        """Ask for a log-in name where the account is made for logging in."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if obj is None:
            form.base_fields["username"].required = True
        return form

    def get_inlines(self, request: HttpRequest, obj: User | None) -> Any:
        """Give an account its roles and phones once it is there."""
        return self.inlines if obj else ()

    def save_formset(
        self, request: HttpRequest, form: Any, formset: BaseInlineFormSet[Any, Any, Any], change: bool
    ) -> None:
        """Give roles by their service, and say which were refused."""
        for row in formset.save(commit=False):
            if not isinstance(row, Membership):
                continue
            try:
                by, now = acting(request), timezone.now()
                members.set_role(user=row.user, target=row.target, role=row.role, now=now, by=by)
            except Refused as refused:
                self.message_user(request, f"{row.target}: {refused.detail}", messages.ERROR)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm[User], change: bool) -> None:
        """Make the account and show its password once, or save what was changed."""
        if change:
            values = {name: form.cleaned_data[name] for name in form.changed_data}
            saved = accounts.change_account(user=obj, values=values, by=acting(request), now=timezone.now())
            obj.__dict__.update(saved.__dict__)
            return
        password = accounts.one_time_password()
        made = accounts.create_account(
            username=obj.username or "",
            name=obj.name,
            password=password,
            now=timezone.now(),
            admin=obj.is_superuser,
            may_create_targets=obj.may_create_targets,
            email=obj.email,
        )
        obj.__dict__.update(made.__dict__)
        self.message_user(request, _password_told(obj, password), messages.WARNING)

    @admin.action(description=gettext_lazy("Give a new one-time password"))
    def give_one_time_password(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """Replace the passwords, and show the new ones once."""

        def give(user: User) -> str:
            password = accounts.one_time_password()
            accounts.set_one_time_password(user=user, password=password, now=timezone.now(), by=acting(request))
            return _password_told(user, password)

        self.each(request, rows.exclude(username=None), give, every=True)
        for user in rows.filter(username=None):
            self.message_user(request, _("%s has no log-in name. Give them one first.") % user, messages.ERROR)

    @admin.action(description=gettext_lazy("Make a link to a new password"))
    def make_reset_link(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """Show a link each, once: it is good for three days and one use."""

        def make(user: User) -> str:
            link = resets.make_link(user=user, by=acting(request), now=timezone.now())
            address = request.build_absolute_uri(reverse("reset", args=list(link)))
            return _("%(name)s chooses a password here, within three days: %(link)s") % {"name": user, "link": address}

        self.each(request, rows, make, every=True)

    @admin.action(description=gettext_lazy("Make a link for a new phone"))
    def link_a_phone(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """Show a link each, once: the phone that opens it is theirs."""

        def make(user: User) -> str:
            made = links.make_link(user=user, by=acting(request), now=timezone.now())
            address = request.build_absolute_uri(reverse("join", args=[made.code]))
            return _("%(name)s signs in a phone here, within a day: %(link)s") % {"name": user, "link": address}

        self.each(request, rows, make, every=True)

    @admin.action(description=gettext_lazy("Merge two into one person (cannot be undone)"))
    def merge(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """Give everything of the one to the other: who can log in is kept, else who was here first."""
        two = sorted(rows, key=lambda user: (not user.is_superuser, not user.has_usable_password(), user.created_at))
        if len(two) != 2:
            self.message_user(request, _("Choose two who are one person."), messages.ERROR)
            return
        keep, gone = two

        def one(gone: User) -> str:
            merging.merge(keep=keep, gone=gone, by=acting(request), now=timezone.now())
            return _("%(gone)s is %(keep)s now.") % {"gone": gone, "keep": keep}

        self.each(request, rows.filter(pk=gone.pk), one)

    @admin.action(description=gettext_lazy("Shut out"))
    def shut_out(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """End what they may do, at their next request."""
        self.each(request, rows, lambda user: self._switch(request, user, active=False))

    @admin.action(description=gettext_lazy("Let in again"))
    def let_in(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """Undo it."""
        self.each(request, rows, lambda user: self._switch(request, user, active=True))

    def _switch(self, request: HttpRequest, user: User, *, active: bool) -> str:
        accounts.set_active(user=user, active=active, by=acting(request), now=timezone.now())
        return (_("%s may come in again.") if active else _("%s is shut out.")) % user


def _password_told(user: User, password: str) -> str:
    told = _("%(name)s logs in once with the password %(password)s and then chooses another one. It is shown only now.")
    return told % {"name": user.username, "password": password}


@admin.register(Device)
class DeviceRoom(ViewOnly[Device]):
    """Phones."""

    list_display = ("user", "id", "created_at", "last_seen_at", "expires_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter),)
    list_select_related = ("user",)
    search_fields = ("user__name", "=id")
    ordering = ("-last_seen_at",)
    date_hierarchy = "last_seen_at"
    actions = ("revoke",)
    hidden = ("token_sha256",)

    @admin.action(description=gettext_lazy("Shut these phones out"))
    def revoke(self, request: HttpRequest, rows: QuerySet[Device]) -> None:
        """Make their tokens worth nothing, at once."""

        def shut(device: Device) -> str:
            phones.revoke_device(device=device, by=acting(request), now=timezone.now())
            return _("The phone of %s is shut out.") % device.user

        self.each(request, rows.select_related("user"), shut)
