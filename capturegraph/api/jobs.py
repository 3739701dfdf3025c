"""Work in the background, as its owners see it."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capturegraph.api import serializers, shapes
from capturegraph.api.access import caller, target_for
from capturegraph.api.pagination import ByTime
from capturegraph.api.problems import checked
from capturegraph.models import Job, User
from capturegraph.models.membership import Role
from capturegraph.services import work
from capturegraph.services.refusals import NotFound

PREFER = OpenApiParameter(
    "Prefer", OpenApiTypes.STR, OpenApiParameter.HEADER,
    description="“respond-async” (RFC 7240): answer 202 with a job at once, and do it in the background.",
)  # fmt: skip


def respond_async(request: Request) -> bool:
    """Say whether the client would rather have a job than wait for the answer (RFC 7240)."""
    wishes = request.headers.get("Prefer", "").split(",")
    return any(wish.split(";")[0].split("=")[0].strip().lower() == "respond-async" for wish in wishes)


def accepted(job: Job) -> Response:
    """Answer with a job that has been written down, and where to ask after it."""
    headers = {"Location": f"/api/v1/jobs/{job.pk}/", "Preference-Applied": "respond-async"}
    return Response(shapes.job(job), status=202, headers=headers)


def own_job(user: User, job_id: UUID) -> Job:
    """Give a piece of work to somebody who may see it. Raises NotFound or Forbidden."""
    job = Job.objects.filter(pk=job_id).first()
    if job is None or (job.target_id is None and not user.is_superuser and job.created_by_id != user.pk):
        raise NotFound(_("There is no such piece of work."))
    if job.target_id is not None:
        target_for(user, job.target_id, at_least=Role.COORDINATOR)
    return job


class Jobs(APIView):
    """The work of a target."""

    @extend_schema(responses=serializers.JobOut(many=True))
    def get(self, request: Request, target_id: UUID) -> Response:
        """List it."""
        target, pages = target_for(caller(request), target_id, at_least=Role.COORDINATOR).target, ByTime()
        page = pages.paginate_queryset(Job.objects.filter(target=target), request, self) or []
        return pages.get_paginated_response([shapes.job(job) for job in page])


class OneJob(APIView):
    """One piece of work."""

    @extend_schema(responses=serializers.JobOut)
    def get(self, request: Request, job_id: UUID) -> Response:
        """Show how far it is, and in the end what came of it."""
        return Response(shapes.job(own_job(caller(request), job_id)))


class Cancel(APIView):
    """A piece of work that is not wanted any more."""

    @extend_schema(request=serializers.Operation, responses=serializers.JobOut)
    def post(self, request: Request, job_id: UUID) -> Response:
        """Stop it at its next step; a repeat is success. What it has committed stays."""
        user = caller(request)
        job = own_job(user, job_id)
        checked(serializers.Operation(data=request.data))
        return Response(shapes.job(work.cancel(job_id=job.pk, by=user, now=timezone.now())))
