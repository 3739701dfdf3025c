"""What the lists of the administration have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.contrib import admin, messages
from django.db.models import FileField, Model, QuerySet
from django.http import HttpRequest

from capturegraph.models import User
from capturegraph.services.refusals import Refused

M = TypeVar("M", bound=Model)

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[M]
else:

    class _ModelAdmin(admin.ModelAdmin, Generic[M]):
        """Django's own takes no type parameter when it runs."""


def acting(request: HttpRequest) -> User:
    """Give who is asking: only somebody who logged in gets into these rooms."""
    assert isinstance(request.user, User)
    return request.user


class Room(_ModelAdmin[M]):
    """A list whose rows are not deleted here: what hangs on them would go too, unseen."""

    show_full_result_count = False
    list_per_page = 50

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Nobody deletes."""
        return False

    def each(self, request: HttpRequest, rows: QuerySet[M], do: Callable[[M], str]) -> None:
        """Do something to each chosen row, and show what it says, or why it was refused."""
        for row in rows:
            try:
                self.message_user(request, do(row), messages.SUCCESS)
            except Refused as refused:
                self.message_user(request, f"{row}: {refused.detail}", messages.ERROR)


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
