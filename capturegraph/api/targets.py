"""Targets and their slots."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capturegraph.api import serializers, shapes
from capturegraph.api.access import Access, caller, target_for
from capturegraph.api.filters import FILTERS, wanted
from capturegraph.api.pagination import ByChange, ByTime
from capturegraph.api.problems import checked
from capturegraph.formats import write_geojson
from capturegraph.models import Assignment, CandidateSlot, Membership, Target, User
from capturegraph.models.membership import Role
from capturegraph.services import copying, targets
from capturegraph.services.exports.lists import LISTS, Question, slot_rows
from capturegraph.services.matches import rejudging
from capturegraph.services.refusals import Invalid


def shown_target(target: Target, user: User, now: datetime) -> dict[str, Any]:
    """Show a target with the caller's role and its counts."""
    role = Membership.objects.role_of(user, target)
    return shapes.target(target, role=role, counts=CandidateSlot.objects.of(target).counts(now))


class Targets(APIView):
    """Targets that one is a member of."""

    @extend_schema(operation_id="targets_list", responses=serializers.TargetOut(many=True))
    def get(self, request: Request) -> Response:
        """List them."""
        user, now, pages = caller(request), timezone.now(), ByTime()
        page = pages.paginate_queryset(Target.objects.visible_to(user), request, self)
        counts = CandidateSlot.objects.filter(target__in=page).counts_by_target(now)
        roles = dict(Membership.objects.current().filter(user=user, target__in=page).values_list("target", "role"))
        shown = [shapes.target(one, role=roles.get(one.pk), counts=counts[one.pk]) for one in page]
        return pages.get_paginated_response(shown)

    @extend_schema(request=serializers.TargetIn, responses={201: serializers.TargetOut, 200: serializers.TargetOut})
    def post(self, request: Request) -> Response:
        """Make one, and be its coordinator."""
        user, now = caller(request), timezone.now()
        asked = checked(serializers.TargetIn(data=request.data))
        operation_id = asked.pop("operation_id", None)
        target, created = targets.create_target(by=user, values=asked, now=now, operation_id=operation_id)
        return Response(shown_target(target, user, now), status=201 if created else 200)


class OneTarget(APIView):
    """One target."""

    @extend_schema(responses=serializers.TargetOut)
    def get(self, request: Request, target_id: UUID) -> Response:
        """Show it."""
        user = caller(request)
        return Response(shown_target(target_for(user, target_id).target, user, timezone.now()))

    @extend_schema(request=serializers.TargetChangeIn(partial=True), responses=serializers.TargetChangedOut)
    def patch(self, request: Request, target_id: UUID) -> Response:
        """Change settings of it."""
        user, now = caller(request), timezone.now()
        target_for(user, target_id, at_least=Role.COORDINATOR)
        asked = checked(serializers.TargetChangeIn(data=request.data, partial=True))
        reopen, operation_id = asked.pop("reopen", False), asked.pop("operation_id", None)
        target, job = targets.change_target(
            target_id=target_id, by=user, values=asked, now=now, reopen=reopen, operation_id=operation_id
        )
        return Response({**shown_target(target, user, now), "job": job.pk if job else None})


class Preview(APIView):
    """What saving settings would do."""

    @extend_schema(request=serializers.TargetChangeIn(partial=True), responses=serializers.SettingsPreviewOut)
    def post(self, request: Request, target_id: UUID) -> Response:
        """Count the captures and slots that it would change, and change nothing."""
        target = target_for(caller(request), target_id, at_least=Role.COORDINATOR).target
        asked = checked(serializers.TargetChangeIn(data=request.data, partial=True))
        values = {name: value for name, value in asked.items() if name not in ("reopen", "operation_id")}
        return Response(rejudging.preview(target=target, values=values, now=timezone.now()))


class Copy(APIView):
    """Another target like one that is there."""

    @extend_schema(request=serializers.CopyIn, responses={201: serializers.CopiedOut, 200: serializers.CopiedOut})
    def post(self, request: Request, target_id: UUID) -> Response:
        """Copy its settings, and its places where that is asked; nobody who takes part. A repeat gives the same one."""
        user, now = caller(request), timezone.now()
        source = target_for(user, target_id, at_least=Role.COORDINATOR).target
        asked = checked(serializers.CopyIn(data=request.data))
        target, created, job = copying.copy_target(
            source=source, name=asked["name"], by=user, places=asked["places"], now=now,
            operation_id=asked.get("operation_id"),
        )  # fmt: skip
        body = {**shown_target(target, user, now), "job": job.pk if job else None}
        return Response(body, status=201 if created else 200)


class Slots(APIView):
    """The slots of a target, oldest change first."""

    @extend_schema(
        parameters=[OpenApiParameter("updated_since", OpenApiTypes.DATETIME)],
        responses=serializers.ListedSlotOut(many=True),
    )
    def get(self, request: Request, target_id: UUID) -> Response:
        """List them."""
        access, now, pages = target_for(caller(request), target_id), timezone.now(), ByChange()
        rows = CandidateSlot.objects.of(access.target)
        since = _since(request)
        rows = rows.filter(updated_at__gte=since) if since else rows
        page = pages.paginate_queryset(rows, request, self) or []
        holders = _holders(access, now)
        return pages.get_paginated_response([_listed(slot, holders, access, caller(request)) for slot in page])


class SlotsGeoJSON(APIView):
    """The slots of a target as one GeoJSON FeatureCollection."""

    @extend_schema(parameters=FILTERS, responses={(200, "application/geo+json"): OpenApiTypes.OBJECT})
    def get(self, request: Request, target_id: UUID) -> StreamingHttpResponse:
        """Stream them."""
        access, user, now = target_for(caller(request), target_id), caller(request), timezone.now()
        holders = _holders(access, now)
        asked = Question(access.target, now, access.sees_people, *wanted(request, LISTS["slots"], access.target))

        def features() -> Iterator[dict[str, Any]]:
            for slot in slot_rows(asked).exclude(latitude=None).iterator(chunk_size=2000):
                properties = _listed(slot, holders, access, user)
                place = {name: properties.pop(name) for name in ("latitude", "longitude")}
                yield {**place, "properties": properties}

        return StreamingHttpResponse(write_geojson(features()), content_type="application/geo+json")


def _since(request: Request) -> datetime | None:
    text = request.query_params.get("updated_since")
    if not text:
        return None
    try:
        since = parse_datetime(text.replace(" ", "+"))
        if since and since.tzinfo:
            # Databases keep UTC, and the first hours of the year 1 are not in every zone's calendar.
            return since.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    reason = _("Write a time with its zone, like 2026-11-21T09:00:00Z.")
    raise Invalid(reason, errors=[{"field": "updated_since", "reason": reason}])


Holders = dict[UUID, list[User]]


def _holders(access: Access, now: datetime) -> Holders:
    found: Holders = {}
    for held in Assignment.objects.live(now).filter(target=access.target).select_related("volunteer"):
        found.setdefault(held.slot_id, []).append(held.volunteer)
    return found


def _listed(slot: CandidateSlot, holders: Holders, access: Access, user: User) -> dict[str, Any]:
    here = holders.get(slot.pk, [])
    named = {"id": here[0].pk, "name": str(here[0])} if here and access.sees_people else None
    return {
        **shapes.slot(slot),
        "held": bool(here),
        "mine": user in here,
        "held_by": named,
        "updated_at": slot.updated_at,
    }
