"""Writing down which photographs are to be looked into."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from capturegraph.models import Capture, Job
from capturegraph.services import jobs

INGEST = "ingest"

AT_ONCE = 200
"""Most photographs that the sweep has waiting at a time: their workers are to do other work as well."""

TRIED_AGAIN_AFTER = timedelta(days=1)
"""A photograph whose file was not there is looked for again so often: somebody may have put it back."""

State = Job.State


def ask(*, capture_id: UUID, now: datetime) -> Job:
    """Write down that a photograph is to be looked into, in the transaction in which it comes to be stored."""
    # Of no target: its coordinators are shown what they asked for, and not a line for every photograph.
    return jobs.add(kind=INGEST, target=None, by=None, now=now, row_id=capture_id)


def sweep(*, now: datetime) -> int:
    """Ask for photographs that nobody has asked for, such as those of earlier releases; say for how many."""
    waiting = Job.objects.filter(kind=INGEST, state__in=(State.WAITING, State.RUNNING)).count()
    asked = Job.objects.filter(
        Q(state__in=(State.WAITING, State.RUNNING)) | Q(created_at__gt=now - TRIED_AGAIN_AFTER),
        kind=INGEST, row_id=OuterRef("pk"),
    )  # fmt: skip
    due = Capture.objects.not_looked_into().filter(~Exists(asked)).order_by("photo_at", "pk")
    some = list(due.values_list("pk", flat=True)[: max(0, AT_ONCE - waiting)])
    for capture_id in some:
        ask(capture_id=capture_id, now=now)
    return len(some)
