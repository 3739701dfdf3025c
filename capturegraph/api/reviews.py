"""What people make of captures: reviewed, and linked to slots by hand."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capturegraph.api import serializers, shapes
from capturegraph.api.access import caller, target_for
from capturegraph.api.problems import checked
from capturegraph.models import Capture, Match
from capturegraph.models.membership import Role
from capturegraph.services.matches import reviews
from capturegraph.services.privacy.seeing import Thing, find_capture


class Review(APIView):
    """The verdict of a reviewer on a capture."""

    @extend_schema(request=serializers.ReviewIn, responses=serializers.ReviewOut)
    def post(self, request: Request, capture_id: UUID) -> Response:
        """Accept it, reject it, or undo that with “pending”.

        With the token of a claim (`review/next/`) it is refused, 409 `claim_lost`, where the claim is somebody else's
        by now; without one, 409 `being_reviewed`, while somebody else has a claim. Both show the present state.
        """
        check_may_review(request, capture_id)
        asked = checked(serializers.ReviewIn(data=request.data))
        capture = reviews.review(
            capture_id=capture_id, verdict=asked["verdict"], note=asked["note"], reason=asked.get("reason", ""),
            token=asked.get("token"), by=caller(request), now=timezone.now(), operation_id=asked.get("operation_id"),
        )  # fmt: skip
        return _shown(capture)


class Link(APIView):
    """A capture and a slot, brought together by hand."""

    @extend_schema(request=serializers.LinkIn, responses=serializers.ReviewOut)
    def post(self, request: Request, capture_id: UUID) -> Response:
        """Say that it shows the slot; with “linked” false, take that back."""
        check_may_review(request, capture_id)
        asked = checked(serializers.LinkIn(data=request.data))
        capture = reviews.link(
            capture_id=capture_id, slot_id=asked["slot"], linked=asked["linked"], by=caller(request),
            now=timezone.now(), operation_id=asked.get("operation_id"),
        )  # fmt: skip
        return _shown(capture)


def check_may_review(request: Request, capture_id: UUID) -> None:
    """Make sure that the caller reviews captures of this one's target.

    Raises:
        NotFound: they may not know of it. Forbidden: in a lesser role.
    """
    user = caller(request)
    capture = find_capture(capture_id=capture_id, to_see=Thing.SMALL, by=user)
    target_for(user, capture.target_id, at_least=Role.REVIEWER)


def _shown(capture: Capture) -> Response:
    matches = Match.objects.filter(capture=capture).select_related("slot").order_by("slot__rank", "slot")
    return Response(shapes.review(capture, list(matches)))
