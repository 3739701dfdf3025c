"""Which tables a backup holds and which it leaves out, and rows as plain values that any database takes back."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models import Q

from capturegraph.models import DirectUpload, Invite, Job, PlanRun, ServiceRunner
from capturegraph.services.exports import archives
from capturegraph.services.people import resets

LEFT_OUT: dict[type[models.Model], str] = {
    Session: "they open accounts: people log in anew",
    ContentType: "manage.py migrate makes them",
    Permission: "manage.py migrate makes them",
    DirectUpload: "addresses that phones were given: they ask for new ones",
    ServiceRunner: "processes that have gone by then: those that run sign on by themselves",
}
"""Tables that no backup holds, and why."""

LEFT_OUT_ROWS: dict[type[models.Model], tuple[Q, str]] = {
    Invite: (Q(for_user__isnull=False), "links that sign in one person's phone once"),
    Job: (
        Q(kind=resets.MAIL) | Q(kind=archives.ARCHIVE, ended_at__isnull=False),
        "letters with one-time links, and archives for download, which are made anew",
    ),
}
"""Rows that no backup holds, and why."""

AT_ONCE = 1000
_FEW_AT_ONCE: dict[type[models.Model], int] = {PlanRun: 5}


class Row(NamedTuple):
    """A row by the names of its columns, as the database has it."""

    model: type[models.Model]
    values: dict[str, Any]


def kept() -> list[type[models.Model]]:
    """Give the tables that a backup holds, in the order in which it holds them."""
    own: Iterable[type[models.Model]] = apps.get_app_config("capturegraph").get_models(include_auto_created=True)
    every: list[type[models.Model]] = [*own, Group, Group.permissions.through, LogEntry]
    return sorted((model for model in every if model not in LEFT_OUT), key=name_of)


def name_of(model: type[models.Model]) -> str:
    """Give the name of a table in a backup, like "capturegraph.capture"."""
    return model._meta.label_lower


def columns(model: type[models.Model]) -> list[str]:
    """Give the names of a table's columns."""
    return [field.attname for field in model._meta.concrete_fields]


def rows_of(model: type[models.Model]) -> Iterator[dict[str, Any]]:
    """Give the rows of a table that a backup holds, some at a time."""
    rows = model._base_manager.order_by("pk")
    if model in LEFT_OUT_ROWS:
        rows = rows.exclude(LEFT_OUT_ROWS[model][0])
    names = columns(model)
    size = _FEW_AT_ONCE.get(model, AT_ONCE)
    for values in rows.values_list(*names).iterator(chunk_size=size):
        yield dict(zip(names, values, strict=True))


def written(model: type[models.Model], values: dict[str, Any]) -> bytes:
    """Give a row as a line of JSON that says the same to any database."""
    plain = dict(values)
    for field in model._meta.concrete_fields:
        value = plain[field.attname]
        if isinstance(value, float) and not math.isfinite(value):
            plain[field.attname] = str(value)
        elif value is not None and field.related_model in _BY_WORDS:
            plain[field.attname] = _BY_WORDS[field.related_model].words(value)
    return json.dumps(plain, default=_said, separators=(",", ":")).encode() + b"\n"


def read(model: type[models.Model], line: bytes) -> models.Model:
    """Give the row of a line, ready to be saved.

    Raises:
        ValueError, TypeError, ValidationError: it is none.
    """
    plain, values = json.loads(line), {}
    for field in model._meta.concrete_fields:
        value = plain[field.attname]
        if value is not None:
            by_words = _BY_WORDS.get(field.related_model)
            value = by_words.row(value) if by_words else field.to_python(value)
        values[field.attname] = value
    return model(**values)


def _said(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value)} is in no column")


# --- rows that have other numbers in every database -------------------------------------------------------------------


class _Words(NamedTuple):
    words: Callable[[Any], Sequence[str]]
    row: Callable[[Sequence[str]], Any]


def _type_row(words: Sequence[str]) -> Any:
    return ContentType.objects.get_by_natural_key(*words).pk


def _permission_row(words: Sequence[str]) -> Any:
    return Permission.objects.get_by_natural_key(*words).pk


_BY_WORDS: dict[Any, _Words] = {
    ContentType: _Words(lambda pk: ContentType.objects.get_for_id(pk).natural_key(), _type_row),
    Permission: _Words(lambda pk: Permission.objects.get(pk=pk).natural_key(), _permission_row),
}
