"""Reference photographs: what the picture of a slot should look like."""

from __future__ import annotations

from typing import BinaryIO, cast
from uuid import UUID

from django.conf import settings
from django.http import FileResponse, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capturegraph.api import serializers, shapes
from capturegraph.api.access import caller, target_for
from capturegraph.api.captures import spool
from capturegraph.api.parsers import GuardedMultiPartParser, RawParser
from capturegraph.api.pictures import shown_small
from capturegraph.api.problems import checked
from capturegraph.models import CandidateSlot
from capturegraph.models.membership import Role
from capturegraph.photos import small
from capturegraph.services.refusals import NotFound, TooLarge
from capturegraph.services.uploads import keeping, reference_archives, references


def _slot(request: Request, slot_id: UUID, at_least: Role = Role.VOLUNTEER) -> CandidateSlot:
    slot = CandidateSlot.objects.filter(pk=slot_id).first()
    if slot is None:
        raise NotFound(_("There is no such slot."))
    target_for(caller(request), slot.target_id, at_least=at_least)
    return slot


class Reference(APIView):
    """The photograph that is to be taken again."""

    parser_classes = (RawParser,)

    @extend_schema(responses={(200, small.MEDIA_TYPE): OpenApiTypes.BINARY})
    def get(self, request: Request, slot_id: UUID) -> HttpResponse | FileResponse:
        """Show it."""
        slot = _slot(request, slot_id)
        file, version = references.open_reference(slot), slot.reference_version or ""
        return shown_small(request, version, file, immutable=request.query_params.get("v") == version)

    @extend_schema(request={"image/*": OpenApiTypes.BINARY}, responses=serializers.SlotOut)
    def put(self, request: Request, slot_id: UUID) -> Response:
        """Send it, as bytes; a small copy without what the camera wrote is kept, the original is not."""
        _slot(request, slot_id, Role.COORDINATOR)
        with keeping.scratch() as file:
            spool(request.stream, file, most=settings.MAX_PHOTO_BYTES)
            slot = references.set_reference(slot_id=slot_id, file=file, by=caller(request), now=timezone.now())
        return Response(shapes.slot(slot))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slot_id: UUID) -> Response:
        """Remove it."""
        _slot(request, slot_id, Role.COORDINATOR)
        references.remove_reference(slot_id=slot_id, by=caller(request), now=timezone.now())
        return Response(status=204)


class ReferenceFromCapture(APIView):
    """A reference photograph out of what volunteers sent."""

    @extend_schema(request=serializers.ReferenceFromCaptureIn, responses=serializers.SlotOut)
    def post(self, request: Request, slot_id: UUID) -> Response:
        """Take an accepted photo of the same target."""
        _slot(request, slot_id, Role.COORDINATOR)
        asked = checked(serializers.ReferenceFromCaptureIn(data=request.data))
        slot = references.take_from_capture(
            slot_id=slot_id, capture_id=asked["capture"], by=caller(request), now=timezone.now()
        )
        return Response(shapes.slot(slot))


class References(APIView):
    """Reference photographs of several slots."""

    parser_classes = (GuardedMultiPartParser,)

    @extend_schema(request=serializers.ReferencesIn, responses=serializers.ReferencesOut)
    def post(self, request: Request, target_id: UUID) -> Response:
        """Send a ZIP whose files are named by external ids; all are kept or, unless bad files are skipped, none."""
        target = target_for(caller(request), target_id, at_least=Role.COORDINATOR).target
        asked = checked(serializers.ReferencesIn(data=request.data))
        file = asked["file"]
        if file.size > settings.MAX_ARCHIVE_BYTES:
            raise TooLarge(_("A ZIP may have up to 64 MB. Split it."))
        slots, skipped = reference_archives.set_from_archive(
            target=target, file=cast(BinaryIO, file.file), skip_bad_files=asked["skip_bad_files"],
            by=caller(request), now=timezone.now(),
        )  # fmt: skip
        shown = [shapes.slot(slot) for slot in slots]
        return Response({"slots": shown, "skipped": [one._asdict() for one in skipped]})
