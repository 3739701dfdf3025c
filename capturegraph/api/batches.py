"""Files of candidate slots."""

from __future__ import annotations

from typing import Any
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
from capturegraph.api.jobs import PREFER, accepted, respond_async
from capturegraph.api.pagination import ByTime
from capturegraph.api.parsers import GuardedMultiPartParser
from capturegraph.api.problems import checked
from capturegraph.models import Batch, User
from capturegraph.models.membership import Role
from capturegraph.services.batching import batch_jobs, batches, generating, undoing
from capturegraph.services.refusals import NotFound, TooLarge

PLACES_SHOWN = 2000


class Batches(APIView):
    """The files that were uploaded to a target."""

    parser_classes = (GuardedMultiPartParser,)

    @extend_schema(responses=serializers.BatchOut(many=True))
    def get(self, request: Request, target_id: UUID) -> Response:
        """List them."""
        target, pages = target_for(caller(request), target_id, at_least=Role.COORDINATOR).target, ByTime()
        page = pages.paginate_queryset(Batch.objects.filter(target=target), request, self) or []
        return pages.get_paginated_response([shapes.batch(batch) for batch in page])

    @extend_schema(
        request=serializers.BatchIn,
        parameters=[PREFER],
        responses={201: serializers.BatchOut, 202: serializers.JobOut},
    )
    def post(self, request: Request, target_id: UUID) -> Response:
        """Upload one: looked at only with `dry_run`, else applied."""
        target = target_for(caller(request), target_id, at_least=Role.COORDINATOR).target
        asked = checked(serializers.BatchIn(data=request.data))
        upload = asked["file"]
        later = respond_async(request)
        _check_size(upload.size, later=later)
        what: dict[str, Any] = {
            "target": target, "by": caller(request), "now": timezone.now(), "mode": asked["mode"],
            "operation_id": asked.get("operation_id"),
        }  # fmt: skip
        columns = asked["columns"] or None
        if later:
            kept = batch_jobs.Upload(upload.name, upload, columns)
            return accepted(batch_jobs.bring_in(**what, file=kept, dry_run=asked["dry_run"], options=_options(asked)))
        what["file"] = batches.File(upload.name, upload.read(), columns)
        if asked["dry_run"]:
            batch = batches.preview(**what, afresh=asked["afresh"])
        else:
            batch = batches.upload(**what, **_options(asked)._asdict())
        return Response(shapes.batch(batch), status=201)


def _check_size(size: int, *, later: bool) -> None:
    if size > settings.MAX_BATCH_BYTES:
        raise TooLarge(_("A file may have up to %d MB. Split it.") % (settings.MAX_BATCH_BYTES // 1_000_000))
    if size > settings.MAX_WAITED_FOR_BYTES and not later:
        sentence = _("A file of more than %d MB is read in the background: send it with “Prefer: respond-async”.")
        raise TooLarge(sentence % (settings.MAX_WAITED_FOR_BYTES // 1_000_000))


def _options(asked: dict[str, Any]) -> batch_jobs.Options:
    return batch_jobs.Options(**{name: asked[name] for name in batch_jobs.Options._fields})


class Candidates(APIView):
    """Places that are drawn rather than listed."""

    @extend_schema(request=serializers.GenerateIn, responses={200: serializers.DrawnOut, 201: serializers.BatchOut})
    def post(self, request: Request, target_id: UUID) -> Response:
        """Draw them, and look at them as at a file; `dry_run` only counts. Nothing is changed before it is applied."""
        user = caller(request)
        target = target_for(user, target_id, at_least=Role.COORDINATOR).target
        asked = checked(serializers.GenerateIn(data=request.data))
        wanted = generating.Wanted(asked["kind"], asked["area"], asked["spacing_m"], asked["count"])
        if asked["dry_run"]:
            places = generating.draw(target=target, wanted=wanted)
            some = places[:: -(-len(places) // PLACES_SHOWN), ::-1]
            return Response({"total": len(places), "places": some.round(6).tolist()})
        batch = generating.generate(
            target=target, wanted=wanted, mode=asked["mode"], by=user, now=timezone.now(), afresh=asked["afresh"],
            operation_id=asked.get("operation_id"),
        )  # fmt: skip
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

    @extend_schema(
        request=serializers.ApplyIn,
        parameters=[PREFER],
        responses={200: serializers.BatchOut, 202: serializers.JobOut},
    )
    def post(self, request: Request, batch_id: UUID) -> Response:
        """Apply it, all of it; a repeat changes nothing."""
        user, now = caller(request), timezone.now()
        batch = _own(user, batch_id)
        asked = checked(serializers.ApplyIn(data=request.data))
        options = _options(asked)
        if respond_async(request):
            operation_id = asked.get("operation_id")
            return accepted(batch_jobs.apply(batch=batch, by=user, now=now, options=options, operation_id=operation_id))
        return Response(shapes.batch(batches.apply(batch_id=batch.pk, by=user, now=now, **options._asdict())))


class Undo(APIView):
    """A file that was applied."""

    @extend_schema(
        request=serializers.Operation,
        parameters=[PREFER],
        responses={200: serializers.UndoneOut, 202: serializers.JobOut},
    )
    def post(self, request: Request, batch_id: UUID) -> Response:
        """Withdraw what it added and nobody has photographed or holds; nothing else is restored."""
        user, now = caller(request), timezone.now()
        batch = _own(user, batch_id)
        asked = checked(serializers.Operation(data=request.data))
        if respond_async(request):
            operation_id = asked.get("operation_id")
            return accepted(batch_jobs.undo(batch=batch, by=user, now=now, operation_id=operation_id))
        undone = undoing.undo(batch_id=batch.pk, by=user, now=now)
        return Response({**shapes.batch(undone.batch), "left": undone.left})
