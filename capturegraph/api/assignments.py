"""Asking for a slot, keeping it, giving it back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict
from uuid import UUID

import orjson
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capturegraph.api import serializers, shapes
from capturegraph.api.access import caller
from capturegraph.api.authentication import ConsoleAuthentication, bearer_token
from capturegraph.api.pagination import ByStart
from capturegraph.api.problems import checked
from capturegraph.models import Assignment
from capturegraph.services.hand_out import assignments, places, walks
from capturegraph.services.hand_out.assignments import Handed, Position
from capturegraph.services.hand_out.reasons import Reason
from capturegraph.services.people import phones
from capturegraph.services.refusals import Invalid, NotAuthenticated

RETRY_AFTER_S = 60


class RequestSlot(APIView):
    """The next slot for the caller: the one they hold, else the best free one.

    The token is not looked up here: the service does that in the one SELECT that it makes anyway.
    """

    authentication_classes = (ConsoleAuthentication,)
    permission_classes = ()

    @extend_schema(
        request=serializers.RequestSlotIn,
        responses=serializers.HandedOut,
        auth=[{"deviceToken": []}, {"consoleSession": []}],  # type: ignore[list-item]
    )
    def post(self, request: Request, target_id: UUID) -> HttpResponse:
        """Ask for a slot."""
        who = _who(request)
        asked = checked(serializers.RequestSlotIn(data=request.data))
        handed = assignments.request_slot(target_id=target_id, position=_position(asked), now=timezone.now(), **who)
        return _json(_handed(handed))


class ReserveWalk(APIView):
    """Several slots near one another, to be gone to one after the other."""

    authentication_classes = (ConsoleAuthentication,)
    permission_classes = ()

    @extend_schema(
        request=serializers.ReserveWalkIn,
        responses=serializers.WalkOut,
        auth=[{"deviceToken": []}, {"consoleSession": []}],  # type: ignore[list-item]
    )
    def post(self, request: Request, target_id: UUID) -> HttpResponse:
        """Top up what is held to so many stops; a repeat gives the same ones."""
        who = _who(request)
        asked = checked(serializers.ReserveWalkIn(data=request.data))
        walk = walks.reserve_walk(
            target_id=target_id, wanted=asked["stops"], position=_position(asked), now=timezone.now(), **who
        )
        return _json(_walk(walk.stops, walk.reason))


class ReleaseWalk(APIView):
    """What is left of a walk."""

    @extend_schema(request=serializers.ReleaseWalkIn, responses=serializers.WalkOut)
    def post(self, request: Request, target_id: UUID) -> HttpResponse:
        """Let others have all of it, or all but one stop."""
        asked = checked(serializers.ReleaseWalkIn(data=request.data))
        held = walks.release_walk(target_id=target_id, by=caller(request), keep=asked.get("keep"), now=timezone.now())
        return _json(_walk(held, None))


class Who(TypedDict):
    """Who asks, by a phone's token or as somebody who is logged in."""

    token_sha256: str | None
    user_id: UUID | None


def _who(request: Request) -> Who:
    token = bearer_token(request)
    if not token and request.user.pk is None:
        raise NotAuthenticated(_("Sign in first."))
    return {"token_sha256": phones.sha256(token) if token else None, "user_id": None if token else request.user.pk}


def _json(body: dict[str, Any]) -> HttpResponse:
    return HttpResponse(orjson.dumps(body, option=orjson.OPT_UTC_Z), content_type="application/json")


def _walk(held: Sequence[Assignment], reason: Reason | None) -> dict[str, Any]:
    stops = [{"assignment": shapes.assignment(one), "slot": shapes.slot(one.slot)} for one in held]
    return {"stops": stops, "reason": reason._asdict() if reason else None}


def _position(asked: dict[str, Any]) -> Position | None:
    if asked.get("latitude") is None:
        return None
    return Position(asked["latitude"], asked["longitude"])


def _handed(handed: Handed) -> dict[str, Any]:
    held, reason = handed.assignment, handed.reason
    body: dict[str, Any] = {
        "assignment": shapes.assignment(held) if held else None,
        "slot": shapes.slot(held.slot) if held else None,
        "sticky": handed.sticky,
        "reason": reason._asdict() if reason else None,
    }
    return body if held else {**body, "retry_after": RETRY_AFTER_S}


class Assignments(APIView):
    """What the caller holds and has held, the latest first."""

    @extend_schema(
        parameters=[OpenApiParameter("state", OpenApiTypes.STR, enum=Assignment.State.values)],
        responses=serializers.ListedAssignmentOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """List them."""
        pages, rows = ByStart(), Assignment.objects.filter(volunteer=caller(request)).select_related("slot")
        state = request.query_params.get("state")
        if state and state not in Assignment.State.values:
            reason = _("There is no such state.")
            raise Invalid(reason, errors=[{"field": "state", "reason": reason}])
        rows = rows.filter(state=state) if state else rows
        page = pages.paginate_queryset(rows, request, self) or []
        return pages.get_paginated_response(
            [{**shapes.assignment(row), "slot_detail": shapes.slot(row.slot)} for row in page]
        )


class Extend(APIView):
    """Keep a slot for longer."""

    @extend_schema(request=serializers.Operation, responses={200: serializers.AssignmentOut, 409: serializers.Problem})
    def post(self, request: Request, assignment_id: UUID) -> Response:
        """Keep it for one more lease from now."""
        asked = checked(serializers.Operation(data=request.data))
        extended = assignments.extend(assignment_id=assignment_id, by=caller(request), now=timezone.now(), **asked)
        return Response(shapes.assignment(extended))


class Release(APIView):
    """Give a slot back."""

    @extend_schema(request=serializers.Operation, responses={200: serializers.AssignmentOut, 409: serializers.Problem})
    def post(self, request: Request, assignment_id: UUID) -> Response:
        """Let others have it."""
        checked(serializers.Operation(data=request.data))
        released = assignments.release(assignment_id=assignment_id, by=caller(request), now=timezone.now())
        return Response(shapes.assignment(released))


class Decline(APIView):
    """A place where the photograph cannot be taken."""

    @extend_schema(request=serializers.DeclineIn, responses={200: serializers.AssignmentOut, 409: serializers.Problem})
    def post(self, request: Request, assignment_id: UUID) -> Response:
        """Say so, and why; enough people who do, and nobody is sent there any more."""
        asked = checked(serializers.DeclineIn(data=request.data))
        declined = places.decline(
            assignment_id=assignment_id, by=caller(request), reason=asked["reason"], note=asked["note"],
            now=timezone.now(),
        )  # fmt: skip
        return Response(shapes.assignment(declined))
