"""Files of candidate slots."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capturegraph.api import serializers, shapes
from capturegraph.api.access import caller, target_for
from capturegraph.api.pagination import ByTime
from capturegraph.api.parsers import GuardedMultiPartParser
from capturegraph.api.problems import checked
from capturegraph.models import Batch, User
from capturegraph.models.membership import Role
from capturegraph.services import batches
from capturegraph.services.refusals import NotFound, TooLarge


class Batches(APIView):
    """The files that were uploaded to a target."""

    parser_classes = (GuardedMultiPartParser,)

    @extend_schema(responses=serializers.BatchOut(many=True))
    def get(self, request: Request, target_id: UUID) -> Response:
        """List them."""
        target, pages = target_for(caller(request), target_id, at_least=Role.COORDINATOR).target, ByTime()
        page = pages.paginate_queryset(Batch.objects.filter(target=target), request, self) or []
        return pages.get_paginated_response([shapes.batch(batch) for batch in page])

    @extend_schema(request=serializers.BatchIn, responses={201: serializers.BatchOut})
    def post(self, request: Request, target_id: UUID) -> Response:
        """Upload one: looked at only with `dry_run`, else applied."""
        target = target_for(caller(request), target_id, at_least=Role.COORDINATOR).target
        asked = checked(serializers.BatchIn(data=request.data))
        upload = asked["file"]
        if upload.size > settings.MAX_BATCH_BYTES:
            raise TooLarge(_("A file may have up to 64 MB. Split it."))
        what = {
            "target": target, "by": caller(request), "now": timezone.now(), "mode": asked["mode"],
            "file": batches.File(upload.name, upload.read(), asked["columns"] or None),
            "operation_id": asked.get("operation_id"),
        }  # fmt: skip
        if asked["dry_run"]:
            batch = batches.preview(**what)
        else:
            batch = batches.upload(**what, skip_bad_rows=asked["skip_bad_rows"])
        return Response(shapes.batch(batch), status=201)


def _own(user: User, batch_id: UUID) -> Batch:
    batch = Batch.objects.filter(pk=batch_id).first()
    if batch is None:
        raise NotFound(_("There is no such file."))
    target_for(user, batch.target_id, at_least=Role.COORDINATOR)
    return batch


class OneBatch(APIView):
    """One file."""

    @extend_schema(responses=serializers.BatchOut)
    def get(self, request: Request, batch_id: UUID) -> Response:
        """Show what it does, or did."""
        return Response(shapes.batch(_own(caller(request), batch_id)))


class Apply(APIView):
    """A file that was looked at."""

    @extend_schema(request=serializers.ApplyIn, responses=serializers.BatchOut)
    def post(self, request: Request, batch_id: UUID) -> Response:
        """Apply it, all of it; a repeat changes nothing."""
        user = caller(request)
        batch = _own(user, batch_id)
        asked = checked(serializers.ApplyIn(data=request.data))
        applied = batches.apply(batch_id=batch.pk, by=user, now=timezone.now(), skip_bad_rows=asked["skip_bad_rows"])
        return Response(shapes.batch(applied))
