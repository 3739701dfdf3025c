"""Captures: the words, the photograph, and what is safe here."""

from __future__ import annotations

import math
from typing import IO, Any, BinaryIO
from uuid import UUID

from django.http import FileResponse, HttpResponse
from django.http.request import UnreadablePostError
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capturegraph.api import serializers, shapes
from capturegraph.api.access import caller, calling_device
from capturegraph.api.originals import give_original
from capturegraph.api.parsers import GuardedMultiPartParser, RawParser
from capturegraph.api.pictures import shown_small
from capturegraph.api.problems import checked
from capturegraph.api.ranges import stretch_of
from capturegraph.models import Capture, PhotoFinding
from capturegraph.photos import small
from capturegraph.services.privacy.seeing import Thing, find_capture
from capturegraph.services.refusals import Invalid
from capturegraph.services.uploads import captures, keeping, manifests, photographs, small_photos
from capturegraph.services.uploads.captures import Words
from capturegraph.services.uploads.photographs import Arrived

CHUNK = 256 * 1024
ABOUT_BYTES = [
    OpenApiParameter(
        "Content-Range", str, OpenApiParameter.HEADER,
        description="Which bytes these are, “bytes 0-999/5000”; with no body “bytes */5000” asks which are here.",
    ),
    OpenApiParameter(
        "Repr-Digest", str, OpenApiParameter.HEADER, description="Of the whole photo, “sha-256=:base64:” (RFC 9530)."
    ),
    OpenApiParameter(
        "X-Photo-SHA256", str, OpenApiParameter.HEADER, description="The same as 64 hexadecimal digits."
    ),
]  # fmt: skip
SIDE = OpenApiParameter(
    "side", int, enum=small_photos.SIDES, default=small_photos.SHOWN_SIDE,
    description="Pixels of the longer side, at most.",
)  # fmt: skip


def _words(data: dict[str, Any]) -> Words:
    names = (
        "latitude", "longitude", "accuracy_m", "heading", "from_library", "photo_sha256", "photo_size", "sent_at",
        "extra",
    )  # fmt: skip
    return Words(
        target_id=data["target"],
        assignment_id=data.get("assignment"),
        taken_at=data["taken_at"],
        **{name: data[name] for name in names if name in data},
    )


def _receipt(capture: Capture, created: bool) -> Response:
    # Nobody has looked into a photograph that has only just come.
    found = None if created else PhotoFinding.objects.filter(pk=capture.pk).first()
    body = shapes.receipt(capture, captures.present_assignment(capture), found)
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
        capture = find_capture(capture_id=capture_id, to_see=Thing.POSITION, by=caller(request))
        return _receipt(capture, created=False)

    @extend_schema(request=serializers.CaptureIn, responses={201: serializers.ReceiptOut, 200: serializers.ReceiptOut})
    def put(self, request: Request, capture_id: UUID) -> Response:
        """Say what the phone knows of it; the answer says what it did."""
        asked = checked(serializers.CaptureIn(data=request.data))
        capture, created = photographs.receive_words(
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
        return give_original(caller(request), capture_id)

    @extend_schema(
        request={"image/*": OpenApiTypes.BINARY},
        parameters=ABOUT_BYTES,
        responses={200: serializers.ReceiptOut, 201: serializers.ReceiptOut, 202: serializers.PartialPhotoOut},
    )
    def put(self, request: Request, capture_id: UUID) -> Response:
        """Send it, or a part of it, or ask which bytes are here. The same bytes again are success."""
        stretch = stretch_of(request)
        with keeping.scratch() as file:
            spool(request.stream, file)
            arrived = photographs.receive_photo(
                capture_id=capture_id, file=file, stretch=stretch, by=caller(request), now=timezone.now()
            )
        return arrival(arrived)


def spool(stream: IO[bytes] | None, file: BinaryIO, most: float = math.inf) -> None:
    """Write down what comes, to the end or to where the connection breaks; somewhat more than `most` bytes at most."""
    while stream is not None and file.tell() <= most:
        try:
            chunk = stream.read(CHUNK)
        except UnreadablePostError:
            # Some servers give an error there, ours just an end.
            return
        if not chunk:
            return
        file.write(chunk)


def arrival(arrived: Arrived) -> Response:
    """Answer what has arrived: the receipt of a whole photograph, or how much of it is here."""
    if arrived.capture and arrived.is_stored:
        return _receipt(arrived.capture, arrived.created)
    body = shapes.partial_photo(arrived)
    headers = {"Range": f"bytes=0-{arrived.received - 1}"} if arrived.received else None
    return Response(body, status=202, headers=headers)


class SmallPhoto(APIView):
    """The photograph of a capture, small enough to be looked at on a phone."""

    @extend_schema(parameters=[SIDE], responses={(200, small.MEDIA_TYPE): OpenApiTypes.BINARY})
    def get(self, request: Request, capture_id: UUID) -> HttpResponse | FileResponse:
        """Show it. Where it is not there yet, it is made."""
        capture = find_capture(capture_id=capture_id, to_see=Thing.SMALL, by=caller(request))
        side = _side(request)
        file = small_photos.open_small(capture=capture, side=side)
        # What is kept under a capture is never another photo.
        return shown_small(request, f"{capture.photo_sha256[:16]}-{side}", file, immutable=True)


def _side(request: Request) -> int:
    asked = request.query_params.get("side", str(small_photos.SHOWN_SIDE))
    if asked not in map(str, small_photos.SIDES):
        reason = _("Write one of %s.") % ", ".join(map(str, small_photos.SIDES))
        raise Invalid(reason, errors=[{"field": "side", "reason": reason}])
    return int(asked)


class Manifest(APIView):
    """What is safe on the server: the phone asks before it clears its copies."""

    @extend_schema(request=serializers.ManifestIn, responses=serializers.ManifestOut)
    def post(self, request: Request) -> Response:
        """Say have, missing or refused for each capture of the caller."""
        asked = checked(serializers.ManifestIn(data=request.data))["captures"]
        found = manifests.manifest(by=caller(request), asked=[(one["id"], one["sha256"]) for one in asked])
        have = sum(one.status == "have" for one in found)
        return Response({"results": [one._asdict() for one in found], "have": have, "total": len(found)})
