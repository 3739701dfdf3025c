"""What coordinators do with one slot, and with who is on the way to it."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capturegraph.api import serializers, shapes
from capturegraph.api.access import caller, target_for
from capturegraph.api.problems import checked
from capturegraph.models import Assignment, CandidateSlot
from capturegraph.models.membership import Role
from capturegraph.services.hand_out import places
from capturegraph.services.refusals import NotFound


class OneSlot(APIView):
    """One slot."""

    @extend_schema(request=serializers.SlotIn, responses={200: serializers.SlotOut, 409: serializers.Problem})
    def patch(self, request: Request, slot_id: UUID) -> Response:
        """Withdraw it, say that nobody can get there, let it wait again; or change its words and priority."""
        slot = CandidateSlot.objects.filter(pk=slot_id).first()
        if slot is None:
            raise NotFound(_("There is no such slot."))
        target_for(caller(request), slot.target_id, at_least=Role.COORDINATOR)
        asked = checked(serializers.SlotIn(data=request.data))
        release_holders = asked.pop("release_holders")
        changed = places.change_slot(
            slot_id=slot_id, by=caller(request), values=asked, release_holders=release_holders, now=timezone.now()
        )
        return Response(shapes.slot(changed))


class TakeBack(APIView):
    """A slot that somebody holds."""

    @extend_schema(request=serializers.Operation, responses={200: serializers.AssignmentOut, 409: serializers.Problem})
    def post(self, request: Request, assignment_id: UUID) -> Response:
        """Take it from them, so that others can have it, and tell them."""
        row = Assignment.objects.filter(pk=assignment_id).first()
        if row is None:
            raise NotFound(_("There is no such assignment."))
        target_for(caller(request), row.target_id, at_least=Role.COORDINATOR)
        checked(serializers.Operation(data=request.data))
        taken = places.take_back(assignment_id=assignment_id, by=caller(request), now=timezone.now())
        return Response(shapes.assignment(taken))
