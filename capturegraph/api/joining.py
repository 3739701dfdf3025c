"""Joining by invite, and signing a phone in by a link."""

from __future__ import annotations

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capturegraph.api import serializers, shapes
from capturegraph.api.problems import checked
from capturegraph.models import CandidateSlot, Membership
from capturegraph.services.people import joining


class Join(APIView):
    """Become a member by invite, or sign this phone in by a link. A repeat is the same phone and the same person."""

    authentication_classes = ()
    permission_classes = ()

    @extend_schema(request=serializers.JoinIn, responses={201: serializers.JoinOut, 200: serializers.JoinOut})
    def post(self, request: Request) -> Response:
        """Join."""
        now = timezone.now()
        asked = checked(serializers.JoinIn(data=request.data))
        joined = joining.join(**asked, now=now)
        role = Membership.objects.get(user=joined.user, target=joined.target).role
        counts = CandidateSlot.objects.of(joined.target).counts(now)
        body = {
            "user": {"id": joined.user.pk, "name": joined.user.name},
            "target": shapes.target(joined.target, role=role, counts=counts),
            "device": shapes.device(joined.device),
        }
        return Response(body, status=201 if joined.created else 200)
