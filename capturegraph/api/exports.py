"""What a target holds, as files: streamed, whatever their length, and read back unchanged where they are places."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar
from uuid import UUID

from django.core.files.storage import default_storage
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capturegraph.api import serializers
from capturegraph.api.access import caller, target_for
from capturegraph.api.filters import FILTERS, wanted
from capturegraph.api.jobs import accepted, own_job
from capturegraph.api.originals import KEPT_BY_NOBODY, SEALED
from capturegraph.api.problems import checked
from capturegraph.api.ranges import Asked, asked_bytes
from capturegraph.formats import write_csv, write_geojson, write_gpx, write_kml
from capturegraph.models import Job
from capturegraph.models.membership import Role
from capturegraph.services.exports import archives
from capturegraph.services.exports.lists import LISTS, Feature, List, Question
from capturegraph.services.privacy import originals
from capturegraph.services.refusals import NotFound

Write = Callable[[Iterator[Feature], List, str], Iterator[bytes]]

FORMS: dict[str, tuple[str, Write]] = {
    "geojson": ("application/geo+json", lambda features, what, name: write_geojson(features)),
    "csv": ("text/csv; charset=utf-8", lambda features, what, name: write_csv(features, what.names)),
    "gpx": ("application/gpx+xml", lambda features, what, name: write_gpx(features, name)),
    "kml": ("application/vnd.google-earth.kml+xml", lambda features, what, name: write_kml(features, name)),
}


class Export(APIView):
    """Slots, captures, assignments or events of a target as one file."""

    what: ClassVar[str] = "slots"
    form: ClassVar[str] = "csv"

    @extend_schema(parameters=FILTERS, responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, target_id: UUID) -> StreamingHttpResponse:
        """Stream it; texts that a spreadsheet would take for formulas are made harmless."""
        what = LISTS[self.what]
        access = target_for(caller(request), target_id, at_least=what.at_least)
        kind, write = FORMS[self.form]
        some = wanted(request, what, access.target)
        features = what.features(Question(access.target, timezone.now(), access.sees_people, *some))
        name = f"{slugify(access.target.name) or 'target'}-{self.what}.{self.form}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', **KEPT_BY_NOBODY}
        return StreamingHttpResponse(write(features, what, access.target.name), content_type=kind, headers=headers)


class Archive(APIView):
    """Everything of a target in one zip file."""

    @extend_schema(request=serializers.Operation, responses={202: serializers.JobOut})
    def post(self, request: Request, target_id: UUID) -> Response:
        """Have it made: lists, photographs as they came, checksums. The job says when it is there, and where."""
        user = caller(request)
        target = target_for(user, target_id, at_least=Role.COORDINATOR).target
        operation_id = checked(serializers.Operation(data=request.data)).get("operation_id")
        return accepted(archives.ask(target=target, by=user, now=timezone.now(), operation_id=operation_id))


class ArchiveFile(APIView):
    """An archive that has been made."""

    @extend_schema(
        responses={(200, "application/zip"): OpenApiTypes.BINARY, (206, "application/zip"): OpenApiTypes.BINARY}
    )
    def get(self, request: Request, job_id: UUID) -> StreamingHttpResponse:
        """Give it, whole or the part that is asked for: a download that broke off can go on (RFC 9110)."""
        user = caller(request)
        job = own_job(user, job_id)
        if (
            job.kind != archives.ARCHIVE
            or job.state != Job.State.DONE
            or not default_storage.exists(job.result["file"])
        ):
            raise NotFound(_("There is no such file, or not any more. Have it made anew."))
        part = asked_bytes(request, size=default_storage.size(job.result["file"]), etag=f'"{job.pk}"')
        originals.note_archive(job=job, by=user, now=timezone.now())
        headers = {
            **part.headers,
            **SEALED,
            **KEPT_BY_NOBODY,
            "Content-Disposition": f'attachment; filename="{job.result["name"]}"',
        }
        return StreamingHttpResponse(
            _read(job.result["file"], part), status=part.status, content_type="application/zip", headers=headers
        )


def _read(name: str, part: Asked) -> Iterator[bytes]:
    with default_storage.open(name, "rb") as file:
        file.seek(part.start)
        left = part.length
        while left and (piece := file.read(min(left, 1 << 16))):
            left -= len(piece)
            yield piece
