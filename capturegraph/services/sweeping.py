"""The periodic sweep: what time has made due, tidied up once a cycle."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import IntegrityError

from capturegraph.models import Capture, ServiceRun
from capturegraph.services import events, matching
from capturegraph.services.assignments import SWEEP_AT_ONCE, sweep_leases
from capturegraph.services.writing import writing

SERVICE = "sweep"


def run_cycle(*, now: datetime, cycle_s: int) -> ServiceRun | None:
    """Sweep once in the cycle that `now` lies in; None where that has been done, or is being done, by somebody else."""
    seconds = int(now.timestamp())
    cycle = datetime.fromtimestamp(seconds - seconds % cycle_s, tz=UTC)
    try:
        with writing():
            run = ServiceRun.objects.create(service=SERVICE, cycle=cycle, started_at=now)
    except IntegrityError:
        return None
    run.result = sweep(now=now)
    run.completed_at = now
    with writing():
        run.save(update_fields=["result", "completed_at"])
    return run


def sweep(*, now: datetime) -> dict[str, int]:
    """End the leases that have run out, and let captures whose photograph never came count no longer."""
    leases = photo_less = 0
    while ended := sweep_leases(now=now):
        leases += ended
    while uncounted := _uncount_photo_less(now):
        photo_less += uncounted
    return {"leases": leases, "photo_less": photo_less}


def _uncount_photo_less(now: datetime) -> int:
    with writing():
        due = Capture.objects.photo_less(now).order_by("received_at", "pk")[:SWEEP_AT_ONCE]
        # One whose photograph is arriving at this moment is passed over.
        late = list(due.select_for_update(no_key=True, skip_locked=True))
        count = matching.uncount(late, now=now, why=matching.NO_PHOTO) if late else 0
        for capture in late:
            events.record(
                at=now, verb="uncounted", noun="capture", row_id=capture.pk, target_id=capture.target_id,
                data={"why": matching.NO_PHOTO},
            )  # fmt: skip
    return count
