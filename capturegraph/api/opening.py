"""What was looked at before a target is opened, to read; it is ticked at the desk."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capturegraph.api import serializers
from capturegraph.api.access import caller, target_for
from capturegraph.models.membership import Role
from capturegraph.services.opening import checks


class Opening(APIView):
    """The review of a target before it is opened."""

    @extend_schema(responses=serializers.OpeningOut)
    def get(self, request: Request, target_id: UUID) -> Response:
        """Say how every step stands."""
        target = target_for(caller(request), target_id, at_least=Role.COORDINATOR).target
        steps = [_shown(one) for one in checks.standing(target)]
        return Response({"target": target.pk, "demanded": checks.is_demanded(), "steps": steps})


def _shown(one: checks.Standing) -> dict[str, Any]:
    return {
        "step": one.step.name, "title": one.title, "state": one.state, "figures": one.step.figures,
        "doubts": one.step.doubts, "digest": one.step.digest,
        "ticked_by": str(one.check.ticked_by) if one.check else None,
        "ticked_at": one.check.ticked_at if one.check else None,
    }  # fmt: skip
