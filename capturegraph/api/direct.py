"""Photographs straight into the store of files: for clients that have large ones, where the server has such a store."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capturegraph.api import serializers
from capturegraph.api.access import caller
from capturegraph.api.captures import arrival
from capturegraph.api.problems import checked
from capturegraph.services.uploads import direct


class PhotoParts(APIView):
    """Addresses to which the parts of a photograph may be put."""

    @extend_schema(request=serializers.DirectUploadIn, responses=serializers.DirectUploadOut)
    def post(self, request: Request, capture_id: UUID) -> Response:
        """Ask for them; again for those of parts that have not come."""
        asked = checked(serializers.DirectUploadIn(data=request.data))
        begun = direct.begin(capture_id=capture_id, by=caller(request), now=timezone.now(), **asked)
        parts = [{**asdict(part), "have": part.have} for part in begun.parts]
        return Response({**asdict(begun), "parts": parts})


class PhotoComplete(APIView):
    """The end of a photograph that was put into the store in parts."""

    @extend_schema(request=serializers.Operation, responses={201: serializers.ReceiptOut, 200: serializers.ReceiptOut})
    def post(self, request: Request, capture_id: UUID) -> Response:
        """Say that all parts are there: the server reads them, and answers as to the photo itself."""
        checked(serializers.Operation(data=request.data))
        return arrival(direct.complete(capture_id=capture_id, by=caller(request), now=timezone.now()))
