"""What an audit says of what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db import models

from capturegraph.services.safekeeping.tables import name_of


class Finding(NamedTuple):
    """One thing that is not as it has to be: a stable word, where it is, and a sentence about it."""

    code: str
    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what} [{self.code}]"


class Look(NamedTuple):
    """How an audit looks: at which time, without reading files from end to end where `quick`, and who hears of it."""

    now: datetime
    quick: bool
    heard: Callable[[str, int, int], object]


Findings = Iterator[Finding]
Check = Callable[[Look], Findings]


def row(model: type[models.Model], pk: Any) -> str:
    """Say where a row is, like "capturegraph.capture 0190…"."""
    return f"{name_of(model)} {pk}"
