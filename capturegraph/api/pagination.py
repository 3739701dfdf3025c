"""Long lists in pages, by a cursor that new rows do not shift."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capturegraph.services.refusals import Invalid


class ByTime(CursorPagination):
    """Oldest first; `next` is the address of the next page, or null."""

    ordering = ("created_at", "id")
    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 1000

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        """Give the rows of one page.

        Raises:
            Invalid: a cursor that no answer of ours held.
        """
        try:
            return super().paginate_queryset(queryset, request, view) or []
        except (NotFound, ValidationError, ValueError, OverflowError):
            reason = _("Take the whole address from “next” of the page before.")
            raise Invalid(reason, errors=[{"field": "cursor", "reason": reason}]) from None

    def get_paginated_response(self, data: Any) -> Response:
        """Answer with one page."""
        return Response({"results": data, "next": self.get_next_link()})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Describe a page."""
        following = {"type": "string", "nullable": True, "format": "uri"}
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {"results": schema, "next": following},
        }


class ByStart(ByTime):
    """The latest assignment first."""

    ordering = ("-started_at", "-id")


class ByChange(ByTime):
    """What changed last comes last, so that `updated_since` can go on from there."""

    ordering = ("updated_at", "id")
