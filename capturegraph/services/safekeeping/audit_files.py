"""Files against rows: whether what rows name is there and as they say, and whether what is there is named."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.db import models
from django.utils.translation import gettext as _

from capturegraph.models.photo_part import KEPT_FOR
from capturegraph.services.safekeeping import files
from capturegraph.services.safekeeping.files import Named
from capturegraph.services.safekeeping.finding import Finding, Findings, Look, row
from capturegraph.services.safekeeping.sealed import PIECE
from capturegraph.services.uploads import keeping, parts

AT_ONCE = 500
ORPHANS_FROM = timedelta(days=1)
"""A younger file may be of a transaction that is under way."""


def named(look: Look) -> Findings:
    """Find files that rows name and that are missing, or are not what the rows say."""
    for model in files.naming():
        done, total = 0, model._base_manager.count()
        for some in _rows(model):
            for values in some:
                for one in files.named_by(model, values):
                    yield from _of_one(model, values, one, look)
            done += len(some)
            look.heard(model._meta.label_lower, done, total)


def _rows(model: type[models.Model]) -> Iterator[Sequence[dict[str, Any]]]:
    """Give the rows of a table, some at a time, each read when it is come to: files may take hours."""
    last: Any = None
    while True:
        rows = model._base_manager.order_by("pk")
        some = list((rows if last is None else rows.filter(pk__gt=last)).values()[:AT_ONCE])
        if not some:
            return
        yield some
        last = some[-1][model._meta.pk.attname]


def _of_one(model: type[models.Model], values: files.Values, one: Named, look: Look) -> Findings:
    if one.beside:
        return
    wrong = _wrong(one, look)
    pk = values[model._meta.pk.attname]
    # It may have been let go of since its row was read.
    if wrong and files.still_names(model, pk, one.name):
        code, what = wrong
        yield Finding(code, row(model, pk), what % one.name)


def _wrong(one: Named, look: Look) -> tuple[str, str] | None:
    try:
        size = default_storage.size(one.name)
        if one.size is not None and size != one.size:
            return "file_size", _("its file %s has another size")
        if one.sha256 and not look.quick and not _digest(one.name).startswith(one.sha256):
            return "file_sha256", _("its file %s has other bytes")
    except FileNotFoundError:
        return "file_missing", _("its file %s is missing")
    return None


def _digest(name: str) -> str:
    digest = hashlib.sha256()
    with default_storage.open(name, "rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()


def orphans(look: Look) -> Findings:
    """Find files that no row names, older than the sweep lets them become."""
    for names in files.listed():
        folder = names[0].partition("/")[0]
        before = look.now - (KEPT_FOR + ORPHANS_FROM if folder == parts.FOLDER else ORPHANS_FROM)
        for first in range(0, len(names), AT_ONCE):
            some = names[first : first + AT_ONCE]
            known = files.owned(folder, some)
            for name in some:
                if name not in known and keeping.kept_since(name, before):
                    yield Finding("file_orphan", name, _("no row names it"))
