"""When members have time, and what they can do and carry: what plans ask."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capturegraph.api import plan_shapes, serializers
from capturegraph.api.access import caller, target_for
from capturegraph.api.problems import checked
from capturegraph.models import Membership, Target
from capturegraph.models.membership import Role
from capturegraph.services.planning import availability
from capturegraph.services.refusals import NotFound


def _member(target: Target, user_id: UUID) -> Membership:
    member = Membership.objects.current().filter(target=target, user=user_id).first()
    if member is None:
        raise NotFound(_("There is no such member."))
    return member


def _said(request: Request, member: Membership, asked: dict[str, Any]) -> Response:
    times = [availability.Time(**one) for one in asked.pop("times")]
    asked.pop("operation_id", None)
    changed = availability.say(
        membership=member, times=times, values=asked, by=caller(request), now=timezone.now()
    )  # fmt: skip
    return Response(plan_shapes.availability(changed))


class Mine(APIView):
    """What the caller says of themselves, for one target."""

    @extend_schema(operation_id="me_availability", responses=serializers.AvailabilityOut)
    def get(self, request: Request, target_id: UUID) -> Response:
        """Show it."""
        user = caller(request)
        return Response(plan_shapes.availability(_member(target_for(user, target_id).target, user.pk)))

    @extend_schema(
        operation_id="me_availability_update",
        request=serializers.OwnAvailabilityIn,
        responses=serializers.AvailabilityOut,
    )
    def put(self, request: Request, target_id: UUID) -> Response:
        """Say all of it anew; skills, and who is new, are the coordinator's to say. A repeat is success."""
        user = caller(request)
        member = _member(target_for(user, target_id).target, user.pk)
        return _said(request, member, checked(serializers.OwnAvailabilityIn(data=request.data)))


class Members(APIView):
    """What is known of a member, for the coordinators."""

    @extend_schema(operation_id="member_availability", responses=serializers.AvailabilityOut)
    def get(self, request: Request, target_id: UUID, user_id: UUID) -> Response:
        """Show it."""
        target = target_for(caller(request), target_id, at_least=Role.COORDINATOR).target
        return Response(plan_shapes.availability(_member(target, user_id)))

    @extend_schema(
        operation_id="member_availability_update",
        request=serializers.AvailabilityIn,
        responses=serializers.AvailabilityOut,
    )
    def put(self, request: Request, target_id: UUID, user_id: UUID) -> Response:
        """Say all of it anew, for them. A repeat is success."""
        target = target_for(caller(request), target_id, at_least=Role.COORDINATOR).target
        member = _member(target, user_id)
        return _said(request, member, checked(serializers.AvailabilityIn(data=request.data)))
