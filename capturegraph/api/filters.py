"""Which rows of a list are wanted."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from capturegraph.models import Target
from capturegraph.services.exports.lists import List
from capturegraph.services.refusals import Invalid

FILTERS = [
    OpenApiParameter("state", OpenApiTypes.STR, description="Only rows in this state."),
    OpenApiParameter(
        "since", OpenApiTypes.STR,
        description="Only rows that changed, came or happened since a time with its zone, or a day of the target's.",
    ),
]  # fmt: skip


def wanted(request: Request, what: List, target: Target) -> tuple[str, datetime | None]:
    """Read which state is wanted ("" for all), and since when.

    Raises:
        Invalid: a state that the rows never have, or what is no time.
    """
    state = request.query_params.get("state", "")
    if state and state not in what.states:
        reason = _("Write one of these: %s.") % ", ".join(what.states) if what.states else _("These have no state.")
        raise Invalid(reason, errors=[{"field": "state", "reason": reason}])
    return state, _since(request.query_params.get("since", ""), target)


def _since(text: str, target: Target) -> datetime | None:
    if not text:
        return None
    try:
        if len(text) <= len("2026-11-21") and (day := parse_date(text)):
            return datetime.combine(day, time(), ZoneInfo(target.time_zone)).astimezone(UTC)
        since = parse_datetime(text.replace(" ", "+"))
        if since and since.tzinfo:
            return since.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    reason = _("Write a day like 2026-11-21, or a time with its zone, like 2026-11-21T09:00:00Z.")
    raise Invalid(reason, errors=[{"field": "since", "reason": reason}])
