"""How far a target is: every figure counted from the rows, as JSON or as tables."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.text import slugify
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capturegraph.api import serializers
from capturegraph.api.access import caller, target_for
from capturegraph.formats import write_table
from capturegraph.models import Target
from capturegraph.models.membership import Role
from capturegraph.services.progress import figures, tables, words
from capturegraph.services.progress.figures import Progress
from capturegraph.services.progress.tables import TABLES, Rows

CSV = "text/csv; charset=utf-8"


def _counted(request: Request, target_id: UUID) -> tuple[Target, Progress]:
    target = target_for(caller(request), target_id, at_least=Role.REVIEWER).target
    return target, figures.progress(target=target, now=timezone.now())


def _shown(target: Target, it: Progress) -> dict[str, Any]:
    made = {name: table(it) for name, table in TABLES.items()}
    totals = {str(figure): value for figure, value in made.pop("totals").rows}
    (forecast,) = made.pop("forecast").as_objects()
    today = figures.today_of(target, it.as_of)
    told = words.said(it.forecast, done=it.done, left=it.open, today=today)
    return {
        "target": target.pk, "time_zone": target.time_zone, "as_of": it.as_of, "totals": totals,
        "forecast": {**forecast, "headline": told.headline, "sentence": told.sentence},
        **{name: rows.as_objects() for name, rows in made.items()},
    }  # fmt: skip


def _csv(target: Target, name: str, rows: Rows) -> StreamingHttpResponse:
    file = f"{slugify(target.name) or 'target'}-{name}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{file}"'}
    return StreamingHttpResponse(write_table(rows.names, rows.rows), content_type=CSV, headers=headers)


def _rather_csv(request: Request) -> bool:
    """Whether `Accept` names CSV before JSON; a browser, which takes everything, gets JSON."""
    kinds = [kind.split(";")[0].strip().lower() for kind in request.headers.get("Accept", "").split(",")]
    return next((kind for kind in kinds if kind in ("text/csv", "application/json")), "") == "text/csv"


class ProgressOf(APIView):
    """How far a target is, how fast, and when it will be done."""

    form: ClassVar[str] = ""

    @extend_schema(responses=serializers.ProgressOut)
    def get(self, request: Request, target_id: UUID) -> Response | StreamingHttpResponse:
        """Count it now. With `Accept: text/csv`, or under `progress.csv`, all tables as one long one."""
        target, it = _counted(request, target_id)
        chosen = self.form or ("csv" if _rather_csv(request) else "json")
        answer: Response | StreamingHttpResponse = (
            _csv(target, "progress", tables.whole(it)) if chosen == "csv" else Response(_shown(target, it))
        )
        if not self.form:
            patch_vary_headers(answer, ["Accept"])
        return answer


class ProgressTable(APIView):
    """What is behind one chart."""

    table: ClassVar[str] = "days"
    form: ClassVar[str] = "csv"

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY})
    def get(self, request: Request, target_id: UUID) -> Response | StreamingHttpResponse:
        """Give it as it is now."""
        target, it = _counted(request, target_id)
        rows = TABLES[self.table](it)
        return _csv(target, self.table, rows) if self.form == "csv" else Response({"results": rows.as_objects()})
