"""Joining, and who one is."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capturegraph.api import serializers, shapes
from capturegraph.api.access import caller, calling_device
from capturegraph.api.problems import checked
from capturegraph.models import CandidateSlot, Membership
from capturegraph.services import people


class Join(APIView):
    """Become a member by invite. Repeat it as often as you like: the same phone stays the same person."""

    authentication_classes = ()
    permission_classes = ()

    @extend_schema(request=serializers.JoinIn, responses={201: serializers.JoinOut, 200: serializers.JoinOut})
    def post(self, request: Request) -> Response:
        """Join."""
        now = timezone.now()
        asked = checked(serializers.JoinIn(data=request.data))
        joined = people.join(**asked, now=now)
        role = Membership.objects.get(user=joined.user, target=joined.target).role
        counts = CandidateSlot.objects.of(joined.target).counts(now)
        body = {
            "user": {"id": joined.user.pk, "name": joined.user.name},
            "target": shapes.target(joined.target, role=role, counts=counts),
            "device": shapes.device(joined.device),
        }
        return Response(body, status=201 if joined.created else 200)


class Me(APIView):
    """Who is asking."""

    @extend_schema(responses=serializers.MeOut)
    def get(self, request: Request) -> Response:
        """Say who is asking, and what they are in which target."""
        user, device = caller(request), calling_device(request)
        memberships = Membership.objects.current().filter(user=user).select_related("target").order_by("created_at")
        shown = [
            {"role": m.role, "target": {"id": m.target_id, "name": m.target.name, "state": m.target.state}}
            for m in memberships
        ]
        body = {"id": user.pk, "name": str(user), "memberships": shown}
        return Response({**body, "device": shapes.device(device) if device else None})
