"""Which services run again and again, how often, and what a cycle of each does. A new one is a line in `SERVICES`.

A step is bounded: it does a helping in one transaction that first shows the run's token, and says how much it did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from capturegraph.models import Job, ServiceRun, ServiceRunner, Target
from capturegraph.services import jobs
from capturegraph.services.cycles import leases, refresh, sweeping
from capturegraph.services.cycles.leases import Claimed, Holding, Overtaken, Rhythm
from capturegraph.services.exports import archives
from capturegraph.services.ingest import asking, orphans
from capturegraph.services.safekeeping import letting_go
from capturegraph.services.uploads import references
from capturegraph.services.webhooks import deliveries

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

RUNS_KEPT_FOR = timedelta(days=30)
RUNNERS_KEPT_FOR = timedelta(days=7)
JOBS_KEPT_FOR = timedelta(days=90)
ARCHIVES_KEPT_FOR = timedelta(days=7)
SENT_KEPT_FOR = timedelta(days=1)
AT_ONCE = 500


class Service(NamedTuple):
    """A periodic service: a variable that holds its interval in seconds, what a cycle does, and both in words."""

    interval: str
    work: Callable[[Holding], Mapping[str, Any]]
    title: StrOrPromise
    purpose: StrOrPromise

    @property
    def rhythm(self) -> Rhythm:
        """How often it runs here."""
        return Rhythm(float(settings.ENV[self.interval]), ttl_s=float(settings.ENV["LEASE_S"]))


def claim(*, service: str, runner_id: str) -> Claimed | None:
    """Give the run of a service to a runner, if it is due and the runner's turn."""
    return leases.claim(service=service, runner_id=runner_id, rhythm=SERVICES[service].rhythm)


def give_back(*, claimed: Claimed, reason: str) -> None:
    """Give up a run whose message was not sent."""
    leases.give_back(claimed=claimed, reason=reason)


def run(*, service: str, claimed: Claimed) -> ServiceRun.State | None:
    """Do a run that was given out; say how it ended, or None where it was not this worker's to begin."""
    chosen = SERVICES[service]
    holding = leases.begin(claimed=claimed, rhythm=chosen.rhythm)
    if holding is None:
        return None
    try:
        with holding:
            holding.result.update(chosen.work(holding))
    except Overtaken:
        return ServiceRun.State.ABANDONED
    return ServiceRun.State.COMPLETED


def _until_nothing_is_left(holding: Holding, step: Callable[[datetime], int]) -> int:
    total = 0
    while True:
        with holding.write() as now:
            done = step(now)
        total += done
        if not done:
            return total


def _sweep(holding: Holding) -> Mapping[str, Any]:
    done = {name: _until_nothing_is_left(holding, step) for name, step in sweeping.STEPS.items()}
    with holding.write() as now:
        pass
    return {**done, "webhooks": deliveries.ring_for_due(now=now), "rung": jobs.ring_for_due(now=now)}


def _refresh_targets(holding: Holding) -> Mapping[str, Any]:
    """Write down one job for each target that is due; who does them is another matter."""
    cycle = holding.run.cycle
    due = Target.objects.filter(state=Target.State.OPEN, batch_size__isnull=False).exclude(refreshed_cycle__gte=cycle)
    made = 0
    for target in due.order_by("pk").iterator(chunk_size=AT_ONCE):
        with holding.write() as now:
            there = Job.objects.filter(kind=refresh.REFRESH, target=target, data__cycle=cycle.isoformat())
            if not there.exists():
                jobs.add(kind=refresh.REFRESH, target=target, by=None, now=now, data={"cycle": cycle.isoformat()})
                made += 1
    return {"targets": made}


def _forget(holding: Holding) -> Mapping[str, Any]:
    """Delete the records of what ran that nobody will ask for any more, and what settings say is not kept for ever.

    Events and captures are never deleted.
    """

    def runs(now: datetime) -> int:
        old = ServiceRun.objects.filter(started_at__lt=now - RUNS_KEPT_FOR).exclude(state=ServiceRun.State.RUNNING)
        return ServiceRun.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:AT_ONCE])).delete()[0]

    def gone_runners(now: datetime) -> int:
        return ServiceRunner.objects.filter(heartbeat_at__lt=now - RUNNERS_KEPT_FOR).delete()[0]

    def ended_jobs(now: datetime) -> int:
        old = Job.objects.filter(ended_at__lt=now - JOBS_KEPT_FOR).values_list("pk", flat=True)[:AT_ONCE]
        return Job.objects.filter(pk__in=list(old)).delete()[0]

    def sent(now: datetime) -> int:
        # The log of deliveries says more of these than their jobs do.
        # Nor is there anything in those of photographs that is not in their findings.
        looked = Q(kind=asking.INGEST, state=Job.State.DONE)
        jobs_done = Job.objects.filter(looked | Q(kind=deliveries.DELIVER), ended_at__lt=now - SENT_KEPT_FOR)
        gone = Job.objects.filter(pk__in=list(jobs_done.values_list("pk", flat=True)[:AT_ONCE])).delete()[0]
        return gone + deliveries.forget(before=now - RUNS_KEPT_FOR, limit=AT_ONCE)

    def gone_archives(now: datetime) -> int:
        return archives.forget(before=now - ARCHIVES_KEPT_FOR, limit=AT_ONCE)

    def lost_references(now: datetime) -> int:
        return references.sweep_files(now=now)

    steps = {
        "runs": runs, "runners": gone_runners, "jobs": ended_jobs, "sent": sent, "archives": gone_archives,
        "lost_references": lost_references, **letting_go.STEPS,
    }  # fmt: skip
    done = {name: _until_nothing_is_left(holding, step) for name, step in steps.items()}
    return {**done, **_sweep_files(holding)}


def _sweep_files(holding: Holding) -> Mapping[str, Any]:
    """Delete the files of photographs that no row names; report the rows whose file is not there."""
    # Folders are listed between the transactions: that may take long, and others want to write.
    with holding.write() as now:
        gone = lost = 0
    for names in orphans.found(now=now):
        with holding.write():
            gone += orphans.delete(names)
    for captures in orphans.missing():
        with holding.write():
            lost += orphans.report(captures, now=now)
    return {"lost_files": gone, "missing_files": lost}


SERVICES = {
    "sweep": Service("SWEEP_S", _sweep, _("Tidying up"), _("Frees what has run out, rings for work left lying")),
    "refresh_targets": Service("REFRESH_S", _refresh_targets, _("Refresh"), _("Picks the places that wait next")),
    "retention": Service("RETENTION_S", _forget, _("Forgetting"), _("Deletes old records of what ran")),
}
