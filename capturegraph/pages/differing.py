"""The rows of a file's diff in words: what a template needs to show each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from capturegraph.models import Batch

NBSP = "\N{NO-BREAK SPACE}"
DIRECTIONS = (
    gettext_lazy("north"), gettext_lazy("north-east"), gettext_lazy("east"), gettext_lazy("south-east"),
    gettext_lazy("south"), gettext_lazy("south-west"), gettext_lazy("west"), gettext_lazy("north-west"),
)  # fmt: skip
NAMES_SHOWN = 3


def columns(found: Mapping[str, str]) -> list[tuple[str, str]]:
    """Which column was read as which field; the place is one column, or a pair of them."""
    latitude, longitude = found.get("latitude"), found.get("longitude")
    rest = [(field, column) for field, column in found.items() if field not in ("latitude", "longitude")]
    if latitude is None or longitude is None:
        return list(found.items())
    if latitude == longitude:
        return [*rest, ("place", latitude)]
    return [*rest, ("places", f"{latitude}, {longitude}")]


def protected(batch: Batch) -> list[dict[str, Any]]:
    """The places that stay as they are since somebody is on the way there: title, who, and until when."""
    found: dict[str, dict[str, Any]] = {}
    for one in batch.reading.get("held", []):
        row = found.setdefault(one["slot"], {"row": None, "title": one["title"], "who": [], "goes": one["goes"]})
        row["who"].append({"name": one["name"], "until": datetime.fromisoformat(one["until"])})
    return list(found.values())


def named(held: Sequence[Mapping[str, Any]]) -> str:
    """Everybody who is on the way, by name: "Ben, Fay and 3 others"."""
    names = list(dict.fromkeys(str(one["name"]) for one in held))
    more = len(names) - NAMES_SHOWN
    if more > 0:
        others = ngettext("%d other", "%d others", more) % more
        return get_text_list([*names[:NAMES_SHOWN], others], _("and"))
    return get_text_list(names, _("and"))


def errors(batch: Batch, rows: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The rows that cannot be read: row, title where there is one, field and reason.

    `named`: the field has to be said. Most sentences begin with its name.
    """
    called = rows.get("called", {})
    return [
        {**error, "title": called.get(str(error["row"]), ""),
         "named": not error["reason"].lower().startswith(error["field"].replace("_", " "))}
        for error in batch.row_errors
    ]  # fmt: skip


def changes(rows: Sequence[Mapping[str, Any]], batch: Batch) -> list[dict[str, Any]]:
    """Rows that do something, with what they say in words."""
    zone = ZoneInfo(batch.reading.get("time_zone", "UTC"))
    return [{**row, "says": [_said(piece, zone) for piece in row.get("says", [])]} for row in rows]


def _said(piece: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    if piece["what"] == "place":
        return {**piece, "where": way(piece["metres"], piece["bearing"])}
    if piece["what"] in ("window_from", "window_until"):
        return {**piece, **{name: _time(piece[name], zone) for name in ("was", "now")}}
    if piece["what"] == "heading":
        return {**piece, **{name: None if piece[name] is None else f"{piece[name]}°" for name in ("was", "now")}}
    return dict(piece)


def way(metres: float, bearing: float) -> str:
    """How far and which way, "260 m west"."""
    direction = DIRECTIONS[round(bearing / 45) % 8]
    if metres < 1:
        return _("less than 1 m %(direction)s") % {"direction": direction}
    much = f"{metres:.0f}{NBSP}m" if metres < 1000 else f"{metres / 1000:.1f}{NBSP}km"
    return _("%(much)s %(direction)s") % {"much": much, "direction": direction}


def _time(value: str | None, zone: ZoneInfo) -> str | None:
    return None if value is None else date_format(datetime.fromisoformat(value).astimezone(zone), "j M Y, H:i")
