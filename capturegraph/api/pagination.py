"""Long lists in pages, by a cursor that new rows do not shift."""

from __future__ import annotations

from typing import Any

from rest_framework.pagination import CursorPagination
from rest_framework.response import Response


class ByTime(CursorPagination):
    """Oldest first; `next` is the address of the next page, or null."""

    ordering = ("created_at", "id")
    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 1000

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
