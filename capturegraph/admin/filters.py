"""Filters beside lists that do not look through all the rows to know what there is to choose."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from capturegraph.models import Target

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MOST_TARGETS = 30


def of_target(path: str = "target") -> type[admin.SimpleListFilter]:
    """Make a filter by target: the newest ones, and the one that was chosen. Search finds the others by name."""

    class OfTarget(admin.SimpleListFilter):
        title = _("target")
        parameter_name = "of"

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            rows = list(Target.objects.order_by("-created_at", "id").values_list("pk", "name")[:MOST_TARGETS])
            chosen = _id(self.value())
            if chosen and chosen not in dict(rows):
                rows += Target.objects.filter(pk=chosen).values_list("pk", "name")
            return [(str(pk), name) for pk, name in rows]

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            if self.value() is None:
                return queryset
            chosen = _id(self.value())
            return queryset.filter(**{path: chosen}) if chosen else queryset.none()

    return OfTarget


def one_of(name: str, label: StrOrPromise, values: Callable[[], Iterable[str]]) -> type[admin.SimpleListFilter]:
    """Make a filter by a word, of words that are known without a look at the rows."""

    class OneOf(admin.SimpleListFilter):
        title = label
        parameter_name = name

        def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
            return [(value, value) for value in sorted(set(values()))]

        def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
            return queryset if self.value() is None else queryset.filter(**{name: self.value()})

    return OneOf


def _id(text: object) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None
