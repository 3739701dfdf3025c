"""Captures: the words, the photograph, and what is safe here."""

from __future__ import annotations

import tempfile
from typing import IO, Any, BinaryIO, cast
from uuid import UUID

from django.conf import settings
from django.http import FileResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capturegraph.api import serializers, shapes
from capturegraph.api.access import caller, calling_device
from capturegraph.api.parsers import GuardedMultiPartParser, RawParser
from capturegraph.api.problems import checked
from capturegraph.models import Capture
from capturegraph.services import captures, photographs
from capturegraph.services.captures import Words
from capturegraph.services.refusals import NotFound, TooLarge

CHUNK = 256 * 1024


def _words(data: dict[str, Any]) -> Words:
    names = ("latitude", "longitude", "accuracy_m", "heading", "from_library", "photo_sha256", "photo_size", "extra")
    return Words(
        target_id=data["target"],
        assignment_id=data.get("assignment"),
        taken_at=data["taken_at"],
        **{name: data[name] for name in names if name in data},
    )


def _receipt(capture: Capture, created: bool) -> Response:
    body = shapes.receipt(capture, captures.present_assignment(capture))
    return Response(body, status=201 if created else 200)


class Captures(APIView):
    """A capture and its photograph in one form, for simple clients."""

    parser_classes = (GuardedMultiPartParser,)

    @extend_schema(
        request=serializers.CaptureWholeIn, responses={201: serializers.ReceiptOut, 200: serializers.ReceiptOut}
    )
    def post(self, request: Request) -> Response:
        """Send both."""
        asked = checked(serializers.CaptureWholeIn(data=request.data))
        file = asked.pop("photo")
        capture, created = photographs.receive_whole(
            capture_id=asked["id"], words=_words(asked), file=file, by=caller(request),
            device=calling_device(request), now=timezone.now(),
        )  # fmt: skip
        return _receipt(capture, created)


class OneCapture(APIView):
    """One capture. Its id is made by the phone."""

    @extend_schema(responses=serializers.ReceiptOut)
    def get(self, request: Request, capture_id: UUID) -> Response:
        """Show what became of it."""
        return _receipt(_visible(request, capture_id), created=False)

    @extend_schema(request=serializers.CaptureIn, responses={201: serializers.ReceiptOut, 200: serializers.ReceiptOut})
    def put(self, request: Request, capture_id: UUID) -> Response:
        """Say what the phone knows of it; the answer says what it did."""
        asked = checked(serializers.CaptureIn(data=request.data))
        capture, created = captures.receive(
            capture_id=capture_id, words=_words(asked), by=caller(request), device=calling_device(request),
            now=timezone.now(),
        )  # fmt: skip
        return _receipt(capture, created)


class Photo(APIView):
    """The photograph of a capture, as bytes."""

    parser_classes = (RawParser,)

    @extend_schema(responses={(200, "image/*"): OpenApiTypes.BINARY})
    def get(self, request: Request, capture_id: UUID) -> FileResponse:
        """Give the original, as a file to keep: it is never shown as a page of ours."""
        capture = _visible(request, capture_id)
        if capture.state != Capture.State.STORED:
            raise NotFound(_("Its photo has not arrived yet."))
        name = str(capture.photo.name).rpartition("/")[2]
        return FileResponse(
            capture.photo.open("rb"), as_attachment=True, filename=name, content_type=capture.photo_type
        )

    @extend_schema(
        request={"image/*": OpenApiTypes.BINARY},
        responses={200: serializers.ReceiptOut, 201: serializers.ReceiptOut},
    )
    def put(self, request: Request, capture_id: UUID) -> Response:
        """Send it. The same bytes again are success."""
        with tempfile.TemporaryFile() as file:
            _spool(request.stream, file)
            capture, created = photographs.receive_photo(
                capture_id=capture_id, file=cast(BinaryIO, file), by=caller(request), now=timezone.now()
            )
        return _receipt(capture, created)


def _spool(stream: IO[bytes] | None, file: IO[bytes]) -> None:
    size = 0
    while stream is not None and (chunk := stream.read(CHUNK)):
        size += len(chunk)
        if size > settings.MAX_PHOTO_BYTES:
            raise TooLarge(_("This photo is larger than 40 MB. Lower the camera's resolution."))
        file.write(chunk)


def _visible(request: Request, capture_id: UUID) -> Capture:
    capture = Capture.objects.filter(pk=capture_id).first()
    if capture is None or not captures.may_see(caller(request), capture):
        raise NotFound(_("There is no such capture."))
    return capture


class Manifest(APIView):
    """What is safe on the server: the phone asks before it clears its copies."""

    @extend_schema(request=serializers.ManifestIn, responses=serializers.ManifestOut)
    def post(self, request: Request) -> Response:
        """Say have, missing or refused for each capture of the caller."""
        asked = checked(serializers.ManifestIn(data=request.data))["captures"]
        found = captures.manifest(by=caller(request), asked=[(one["id"], one["sha256"]) for one in asked])
        results = [{"id": capture_id, "status": status} for capture_id, status in found]
        have = sum(status == "have" for __, status in found)
        return Response({"results": results, "have": have, "total": len(found)})
