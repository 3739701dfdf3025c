"""What everybody may see, without a key: targets that were opened, their accepted photographs, roughly where."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import FileResponse, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import parse_etags
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capturegraph.api import serializers
from capturegraph.api.originals import SEALED
from capturegraph.formats import write_geojson
from capturegraph.models import Target
from capturegraph.photos import small
from capturegraph.services.privacy import publishing

FOR_ALL = {
    # So long a photograph that was taken back may still lie in a cache, and no longer.
    "Cache-Control": "public, max-age=60, must-revalidate",
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
}


class Open(APIView):
    """A door without a lock: whoever comes is not asked who they are, so that nobody is told more than others."""

    authentication_classes = ()
    permission_classes = ()


class PublicTarget(Open):
    """A target that everybody may look at."""

    @extend_schema(responses={200: serializers.PublicTargetOut, 304: None}, auth=[])
    def get(self, request: Request, target_id: UUID) -> HttpResponseBase:
        """Say what it is, who runs it, under which licence, and how positions are rounded."""
        target = publishing.open_target(target_id=target_id)
        version = publishing.version(target)
        return _unchanged(request, version) or _told(Response(_shown(target)), version)


class PublicCaptures(Open):
    """The photographs of a target that everybody may see."""

    @extend_schema(responses={(200, "application/geo+json"): OpenApiTypes.OBJECT, 304: None}, auth=[])
    def get(self, request: Request, target_id: UUID) -> HttpResponseBase:
        """Stream them as one GeoJSON FeatureCollection."""
        target = publishing.open_target(target_id=target_id)
        version = publishing.version(target)
        if unchanged := _unchanged(request, version):
            return unchanged
        pieces = write_geojson(publishing.features(target))
        return _told(StreamingHttpResponse(pieces, content_type="application/geo+json"), version)


class PublicPhoto(Open):
    """A photograph that everybody may see."""

    @extend_schema(responses={(200, small.MEDIA_TYPE): OpenApiTypes.BINARY, 304: None}, auth=[])
    def get(self, request: Request, photo_id: UUID) -> HttpResponseBase:
        """Show it, small, and blurred where photographs are blurred here."""
        photo = publishing.open_photo(photo_id=photo_id)
        if unchanged := _unchanged(request, photo.version):
            photo.file.close()
            return unchanged
        return _told(FileResponse(photo.file, content_type=small.MEDIA_TYPE, headers=SEALED), photo.version)


def _shown(target: Target) -> dict[str, Any]:
    return {
        "id": target.pk,
        "name": target.name,
        "run_by": target.run_by,
        "photo_licence": target.photo_licence,
        "credit": target.credit,
        "time_zone": target.time_zone,
        "photos": publishing.shown_of(target).count(),
        "rounded_to_m": target.public_round_m,
        "names": target.public_names,
        "captures": f"/api/v1/public/targets/{target.pk}/captures.geojson",
    }


def _unchanged(request: Request, version: str) -> HttpResponseBase | None:
    known = {etag.removeprefix("W/") for etag in parse_etags(request.headers.get("If-None-Match", ""))}
    return _told(HttpResponse(status=304), version) if f'"{version}"' in known else None


def _told(response: HttpResponseBase, version: str) -> HttpResponseBase:
    for name, value in {**FOR_ALL, "ETag": f'"{version}"'}.items():
        response[name] = value
    return response
