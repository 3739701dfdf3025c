"""What was written down of a row, in sentences: who, what, when, and the figures in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from capturegraph.admin.wording import FIGURES, NOUNS, VERBS
from capturegraph.models import (
    Assignment,
    Availability,
    Batch,
    CandidateSlot,
    Capture,
    Delivery,
    Device,
    DirectUpload,
    Dispute,
    Event,
    Invite,
    Job,
    Match,
    Membership,
    Message,
    OpeningCheck,
    PhotoFinding,
    PhotoPart,
    Plan,
    PlanPin,
    PlanRun,
    ReviewClaim,
    Target,
    User,
    Webhook,
)

# What speaks of a row: its own events, or those of the row that it belongs to.
OWN: dict[type[Model], str] = {
    Assignment: "assignment", Batch: "batch", CandidateSlot: "slot", Capture: "capture", Device: "device",
    Invite: "invite", Job: "job", Plan: "plan", Target: "target", User: "user", Webhook: "webhook",
}  # fmt: skip
OTHERS: dict[type[Model], tuple[str, str]] = {
    Availability: ("user", "membership.user_id"), Delivery: ("webhook", "webhook_id"),
    Dispute: ("capture", "capture_id"), Match: ("capture", "capture_id"), Message: ("user", "user_id"),
    OpeningCheck: ("target", "target_id"), DirectUpload: ("capture", "capture_id"),
    PhotoFinding: ("capture", "capture_id"), PhotoPart: ("photo_part", "capture_id"), PlanPin: ("plan", "plan_id"),
    PlanRun: ("plan", "plan_id"), ReviewClaim: ("capture", "capture_id"),
}  # fmt: skip
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
_UNSAID = {"change", "events", "left_slots", "fingerprint", "token", "errors", "filters", "operation_id"}
_LONGEST = 80


class Line(NamedTuple):
    """One thing that happened: its number, when, who did it, what it was, and its figures."""

    number: int
    at: datetime
    who: str
    what: str
    figures: str


class Story(NamedTuple):
    """What happened to a row, newest first; of whose row, where it is another one; and where the rest begins."""

    lines: list[Line]
    about: str
    before: int | None


def of(row: Model, most: int, *, before: int | None = None) -> Story | None:
    """Tell what was written down of a row; None for a kind of row that nothing is written down of."""
    found = events_of(row)
    if found is None:
        return None
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found.select_related("actor").order_by("-pk")[: most + 1])
    lines = told(rows[:most])
    about = "user" if isinstance(row, Membership) else OTHERS.get(type(row), ("",))[0]
    return Story(lines, str(NOUNS.get(about, "")), lines[-1].number if len(rows) > most else None)


def events_of(row: Model) -> QuerySet[Event] | None:
    """Give the events that speak of a row, or of the row that it belongs to; None where none ever does."""
    if isinstance(row, Event):
        return Event.objects.filter(noun=row.noun, row_id=row.row_id) if row.row_id else None
    if isinstance(row, Membership):
        here = Q(target_id=row.target_id) | Q(target_id=None)
        return Event.objects.filter(here, noun="user", row_id=row.user_id)
    if isinstance(row, Dispute):
        return Event.objects.filter(Q(noun="capture", row_id=row.capture_id) | Q(noun="dispute", row_id=row.pk))
    if type(row) in OWN:
        return Event.objects.filter(noun=OWN[type(row)], row_id=row.pk)
    if type(row) in OTHERS:
        noun, row_id = _other(row)
        return Event.objects.filter(noun=noun, row_id=row_id)
    return None


def _other(row: Model) -> tuple[str, UUID]:
    noun, path = OTHERS[type(row)]
    value: Any = row
    for part in path.split("."):
        value = getattr(value, part)
    return noun, value


def told(rows: Iterable[Event]) -> list[Line]:
    """Say each of some events in words."""
    rows = list(rows)
    names = _names(rows)
    return [Line(one.pk, one.at, str(one.actor) if one.actor else _("the site"), what(one), _figures(one, names))
            for one in rows]  # fmt: skip


def what(event: Event) -> str:
    """Say what an event was; one that there are no words for says its own."""
    words = VERBS.get((event.noun, event.verb)) or VERBS.get(("", event.verb)) or event.verb.capitalize()
    return str(words)


def nouns() -> set[str]:
    """Give the nouns that events speak of."""
    return {noun for noun, __ in VERBS if noun}


# --- figures ----------------------------------------------------------------------------------------------------------


def _names(rows: list[Event]) -> dict[str, str]:
    """Name the places and people that some events speak of, in two queries."""
    ids = {UUID(found) for row in rows for found in _ids(row.data)}
    named: list[Model] = [*CandidateSlot.objects.filter(pk__in=ids), *User.objects.filter(pk__in=ids)]
    named += Target.objects.filter(pk__in=ids)
    return {str(one.pk): f"“{one}”" for one in named} if ids else {}


def _ids(value: Any) -> Iterator[str]:
    if isinstance(value, str) and _ID.fullmatch(value):
        yield value
    elif isinstance(value, Mapping | list):
        for one in value.values() if isinstance(value, Mapping) else value[:8]:
            yield from _ids(one)


def _figures(event: Event, names: Mapping[str, str]) -> str:
    """Say what stands in an event beside its verb: "σ in metres: 50 → 60; 2 people"."""
    data = dict(event.data)
    before, after = data.pop("before", None), data.pop("after", None)
    parts = []
    if isinstance(after, Mapping):
        had = before if isinstance(before, Mapping) else {}
        parts += [f"{_field(name)}: {_said(name, had.get(name), names)} → {_said(name, value, names)}"
                  for name, value in after.items()]  # fmt: skip
    parts += [f"{_field(name)}: {_said(name, value, names)}" for name, value in sorted(data.items())
              if name not in _UNSAID and value not in (None, "", [], {})]  # fmt: skip
    return "; ".join(parts)


def _field(name: str) -> str:
    return str(FIGURES[name]) if name in FIGURES else name.replace("_", " ")


def _said(name: str, value: Any, names: Mapping[str, str]) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int | float):
        return _with_unit(name, value)
    if isinstance(value, Mapping):
        return ", ".join(f"{_field(key)} {_said(key, one, names)}" for key, one in list(value.items())[:8])
    if isinstance(value, list):
        return ", ".join(_said(name, one, names) for one in value[:8]) + (" …" if len(value) > 8 else "")
    text = _DIGEST.sub(lambda found: found[0][:12] + "…", names.get(str(value), str(value)))
    return text[:_LONGEST] + "…" if len(text) > _LONGEST else text


def _with_unit(name: str, value: float) -> str:
    if name in ("size", "bytes", "start", "total") and isinstance(value, int):
        return str(filesizeformat(value))
    number = f"{value:,}" if isinstance(value, int) else f"{value:g}"
    unit = {"m": "m", "s": "s", "deg": "°"}.get(name.rpartition("_")[2], "") if "_" in name else ""
    return f"{number} {unit}" if unit else number
