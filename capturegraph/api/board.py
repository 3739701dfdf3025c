"""The board: all places in few bytes, and one thing done with many of them."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from uuid import UUID, uuid4

from django.http import HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capturegraph.api import serializers, shapes
from capturegraph.api.access import caller, target_for
from capturegraph.api.problems import checked
from capturegraph.models.membership import Role
from capturegraph.services.board import changing, feed, filtering, seen
from capturegraph.services.privacy.seeing import Thing, least_role
from capturegraph.services.refusals import Invalid

# Most of a feed does not get smaller, whatever is done to it.
QUICKLY = 1
QUERY = [
    OpenApiParameter("since", OpenApiTypes.FLOAT, description="The `at` of an earlier feed: only what changed since."),
    OpenApiParameter("text", str), OpenApiParameter("priority_from", int), OpenApiParameter("priority_until", int),
    OpenApiParameter("batch", OpenApiTypes.UUID), OpenApiParameter("volunteer", OpenApiTypes.UUID),
    OpenApiParameter("window", str, enum=filtering.WINDOWS), OpenApiParameter("planned", str, enum=("yes", "no")),
    OpenApiParameter("state", str, description="What they look like, separated by commas."),
]  # fmt: skip


class Board(APIView):
    """All slots of a target, packed for a map."""

    @extend_schema(parameters=QUERY, responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, 304: None})
    def get(self, request: Request, target_id: UUID) -> HttpResponse:
        """Give them, or 304 where nothing has changed; the form is described in `services/board/feed.py`."""
        target, now = target_for(caller(request), target_id, at_least=Role.REVIEWER).target, timezone.now()
        wanted, since = filtering.read(request.query_params), _since(request)
        version = seen.version(target, now=now)
        if unchanged := _unchanged(request, version):
            return unchanged
        return _packed(
            request, feed.places(target=target, wanted=wanted, version=version, now=now, since=since), version
        )


class BoardCaptures(APIView):
    """All captures of a target, packed for a map."""

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY, 304: None})
    def get(self, request: Request, target_id: UUID) -> HttpResponse:
        """Give them, in the same form."""
        target = target_for(caller(request), target_id, at_least=least_role(Thing.POSITION)).target
        now = timezone.now()
        version = seen.version(target, now=now)
        return _unchanged(request, version) or _packed(request, feed.captures(target=target), version)


class ChangeSlots(APIView):
    """One thing done with many slots."""

    @extend_schema(request=serializers.ChangeSlotsIn, responses=serializers.ChangedSlotsOut)
    def post(self, request: Request, target_id: UUID) -> Response:
        """Withdraw them, give them a priority, plan them for somebody, or take them back: all of it or nothing."""
        user = caller(request)
        target_for(user, target_id, at_least=Role.COORDINATOR)
        asked = checked(serializers.ChangeSlotsIn(data=request.data))
        operation_id = asked.pop("operation_id", None)
        done = changing.change_slots(
            target_id=target_id, asked=changing.Asked(**asked), by=user, now=timezone.now(), change_id=uuid4(),
            operation_id=operation_id,
        )  # fmt: skip
        return Response(shapes.changed_slots(done))


class UndoChange(APIView):
    """A change of many slots, undone."""

    @extend_schema(request=serializers.UndoChangeIn, responses=serializers.ChangedSlotsOut)
    def post(self, request: Request, target_id: UUID) -> Response:
        """Undo a withdrawal or a priority, where nothing was done to the slot since; a repeat is success."""
        user = caller(request)
        target_for(user, target_id, at_least=Role.COORDINATOR)
        change = checked(serializers.UndoChangeIn(data=request.data))["change"]
        done = changing.undo_change(target_id=target_id, change_id=change, by=user, now=timezone.now())
        return Response(shapes.changed_slots(done))


def _since(request: Request) -> datetime | None:
    text = request.query_params.get("since", "")
    try:
        return datetime.fromtimestamp(float(text), UTC) if text else None
    except (ValueError, OverflowError, OSError):
        reason = _("Write the “at” of an earlier answer.")
        raise Invalid(reason, errors=[{"field": "since", "reason": reason}]) from None


def _unchanged(request: Request, version: str) -> HttpResponse | None:
    known = {etag.removeprefix("W/") for etag in parse_etags(request.headers.get("If-None-Match", ""))}
    return HttpResponse(status=304, headers=_headers(version)) if f'"{version}"' in known else None


def _packed(request: Request, data: bytes, version: str) -> HttpResponse:
    headers = _headers(version)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        data, headers["Content-Encoding"] = gzip.compress(data, QUICKLY, mtime=0), "gzip"
    response = HttpResponse(data, content_type="application/octet-stream", headers=headers)
    patch_vary_headers(response, ["Accept-Encoding", "Cookie", "Authorization"])
    return response


def _headers(version: str) -> dict[str, str]:
    return {"ETag": f'W/"{version}"', "Cache-Control": "private, no-cache"}
