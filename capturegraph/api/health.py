"""Whether the server lives, whether it can work, and the figures that a monitoring system reads."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from django.core.files.storage import default_storage
from django.db import connection
from django.db.models import Count, Min
from django.db.utils import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from capturegraph.models import Job
from capturegraph.services.cycles import standing
from capturegraph.services.writing import database_now

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """Answer at all."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Answer from the database; say how far the clocks are apart, and which periodic services are late.

    A late service does not make the server unready: phones are served all the same.
    """
    try:
        now, here = database_now(), timezone.now()
        services = {one.name: one for one in standing.standings(now=now)}
    except DatabaseError:
        return JsonResponse({"status": "the database does not answer"}, status=503)
    about = {
        name: {"late": one.late, "last": one.last.ended_at if one.last else None, "next": one.next_at}
        for name, one in services.items()
    }
    sweep = services["sweep"].last
    body = {
        "status": "ok", "database": connection.vendor, "now": here, "last_sweep_at": sweep.ended_at if sweep else None,
        "clock_off_s": round((here - now).total_seconds(), 3), "services": about,
        "late": [name for name, one in services.items() if one.late],
    }  # fmt: skip
    return JsonResponse(body)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Give the figures in the text format of Prometheus; no names of anybody, no places."""
    try:
        text = "".join(line + "\n" for line in _metrics())
    except DatabaseError:
        return HttpResponse("# the database does not answer\n", content_type=PROMETHEUS, status=503)
    return HttpResponse(text, content_type=PROMETHEUS)


class Figure(NamedTuple):
    """One figure of a family: its labels and what it is."""

    value: float
    labels: Mapping[str, str] = MappingProxyType({})


def _metrics() -> Iterator[str]:
    now = database_now()
    every = standing.standings(now=now)
    lasts = [one.last for one in every]
    yield from _family("runners", "Beats that take turns.", [Figure(len(standing.live_runners(now=now)))])
    yield from _family(
        "service_late", "1 where nothing was completed for two intervals.",
        [Figure(int(one.late), {"service": one.name}) for one in every],
    )  # fmt: skip
    yield from _family(
        "service_completed_timestamp_seconds", "When the last run of a service was completed.",
        [Figure(one.ended_at.timestamp(), {"service": one.service}) for one in lasts if one and one.ended_at],
    )  # fmt: skip
    yield from _jobs(now)
    yield from _storage()


def _jobs(now: datetime) -> Iterator[str]:
    counts = dict(Job.objects.order_by().values_list("state").annotate(count=Count("pk")))
    states = [Figure(counts.get(state, 0), {"state": state}) for state in Job.State.values]
    yield from _family("jobs", "Jobs by state, those that were forgotten apart.", states)
    due = Job.objects.due(now)
    yield from _family("jobs_due", "Jobs that some worker should take.", [Figure(due.count())])
    oldest = due.aggregate(first=Min("created_at"))["first"]
    age = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    yield from _family("oldest_due_job_seconds", "For how long the oldest of them has waited.", [Figure(age)])


def _storage() -> Iterator[str]:
    # A store that is no folder of this machine has room as long as it is paid for.
    with contextlib.suppress(NotImplementedError, OSError):
        usage = shutil.disk_usage(_there(Path(default_storage.path(""))))
        yield from _family("storage_free_bytes", "Room that is left for photographs.", [Figure(usage.free)])
        yield from _family("storage_bytes", "Size of the disk that photographs are on.", [Figure(usage.total)])


def _there(path: Path) -> Path:
    return path if path.exists() or path == path.parent else _there(path.parent)


def _family(name: str, about: str, figures: Iterable[Figure]) -> Iterator[str]:
    name = f"capturegraph_{name}"
    yield f"# HELP {name} {about}"
    yield f"# TYPE {name} gauge"
    for value, labels in figures:
        inside = ",".join(f'{label}="{text}"' for label, text in labels.items())
        yield f"{name}{{{inside}}} {value:.3f}" if inside else f"{name} {value:.3f}"
