"""Accounts and phones."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from capturegraph.admin.rooms import Room, ViewOnly, acting
from capturegraph.models import Device, User
from capturegraph.services import people


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
    actions = ("give_one_time_password", "shut_out", "let_in")
    fields = ("name", "username", "is_superuser", "may_create_targets")
    told = ("is_active", "must_change_password", "last_login", "created_at", "id", "person_key")

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

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm[User], change: bool) -> None:
        """Make the account and show its password once, or save what was changed."""
        obj.is_staff = obj.is_superuser
        if change:
            super().save_model(request, obj, form, change)
            return
        password = people.one_time_password()
        made = people.create_account(
            username=obj.username or "",
            name=obj.name,
            password=password,
            now=timezone.now(),
            admin=obj.is_superuser,
            may_create_targets=obj.may_create_targets,
        )
        obj.__dict__.update(made.__dict__)
        self.message_user(request, _password_told(obj, password), messages.WARNING)

    @admin.action(description=gettext_lazy("Give a new one-time password"))
    def give_one_time_password(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """Replace the passwords, and show the new ones once."""

        def give(user: User) -> str:
            password = people.one_time_password()
            people.set_one_time_password(user=user, password=password, now=timezone.now(), by=acting(request))
            return _password_told(user, password)

        self.each(request, rows.exclude(username=None), give)
        for user in rows.filter(username=None):
            self.message_user(request, _("%s has no log-in name. Give them one first.") % user, messages.ERROR)

    @admin.action(description=gettext_lazy("Shut out"))
    def shut_out(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """End what they may do, at their next request."""
        self.each(request, rows, lambda user: self._switch(request, user, active=False))

    @admin.action(description=gettext_lazy("Let in again"))
    def let_in(self, request: HttpRequest, rows: QuerySet[User]) -> None:
        """Undo it."""
        self.each(request, rows, lambda user: self._switch(request, user, active=True))

    def _switch(self, request: HttpRequest, user: User, *, active: bool) -> str:
        people.set_active(user=user, active=active, by=acting(request), now=timezone.now())
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
    actions = ("revoke",)
    hidden = ("token_sha256",)

    @admin.action(description=gettext_lazy("Shut these phones out"))
    def revoke(self, request: HttpRequest, rows: QuerySet[Device]) -> None:
        """Make their tokens worth nothing, at once."""

        def shut(device: Device) -> str:
            people.revoke_device(device=device, by=acting(request), now=timezone.now())
            return _("The phone of %s is shut out.") % device.user

        self.each(request, rows.select_related("user"), shut)
