"""The guards of periodic services and jobs, each taken out by name in a process of a test: controls of the tests."""

import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from celery.apps import worker as celery_worker
from django.conf import settings
from django.db.models import F
from django.utils import timezone

from capturegraph.models import Job, ServiceLease, ServiceRun, Target
from capturegraph.services import jobs
from capturegraph.services.cycles import leases, periodic, refresh, runners
from capturegraph.services.writing import database_now, writing


def no_token() -> None:
    """A run writes without asking whether it still may."""

    @contextmanager
    def write(holding: leases.Holding) -> Iterator[datetime]:
        with writing():
            yield database_now()

    leases.Holding.write = write


def own_clock() -> None:
    """Runners go by their own clock."""
    leases.database_now = runners.database_now = timezone.now


def no_clamp() -> None:
    """The margin between turns is what it is, however short they are."""
    decide = leases.decide_atomic_service_claim

    def decided(**how: Any) -> Any:
        return decide(**{**how, "spread_margin_minutes": leases.Rhythm(1).margin_s / 60})

    leases.decide_atomic_service_claim = decided


def no_grace() -> None:
    """Nobody serves a cycle but whose turn it is."""
    decide = leases.decide_atomic_service_claim

    def decided(**how: Any) -> Any:
        claim = decide(**how)
        return claim if claim.should_try_start else replace(claim, runner_position=None)

    leases.decide_atomic_service_claim = decided


def no_silence() -> None:
    """A run is not given up, however long its worker says nothing."""
    rhythm = periodic.Service.rhythm.fget
    periodic.Service.rhythm = property(lambda it: rhythm(it)._replace(ttl_s=86_400))


def no_ending() -> None:
    """A worker that is asked to stop does so at once, in the middle of whatever it does."""
    celery_worker.install_worker_term_handler = lambda worker: signal.signal(signal.SIGTERM, signal.SIG_DFL)


def no_doorbell() -> None:
    """The sweep rings for nothing."""
    jobs.ring_for_due = lambda *, now: 0


def no_patience() -> None:
    """A job is taken up again however often its worker died of it."""
    jobs.MOST_CLAIMS = 1_000


def no_cycle() -> None:
    """A refresh asks neither for the job of its cycle nor for the cycle itself."""

    def fan_out(holding: leases.Holding) -> Mapping[str, Any]:
        for target in Target.objects.filter(state="open", batch_size__isnull=False).order_by("pk"):
            with holding.write() as now:
                cycle = holding.run.cycle.isoformat()
                jobs.add(kind=refresh.REFRESH, target=target, by=None, now=now, data={"cycle": cycle})
        return {}

    periodic.SERVICES["refresh_targets"] = periodic.SERVICES["refresh_targets"]._replace(work=fan_out)
    refresh._is_due = lambda target, cycle: True


def no_beginning() -> None:
    """A run is begun by whoever hears of it."""

    def begin(*, claimed: leases.Claimed, rhythm: leases.Rhythm) -> leases.Holding:
        ServiceRun.objects.filter(pk=claimed.run_id).update(begun_at=database_now())
        run = ServiceRun.objects.get(pk=claimed.run_id)
        run.token = ServiceLease.objects.get(pk=run.service).token
        return leases.Holding(run, rhythm)

    leases.begin = begin


def no_claim() -> None:
    """A job is done by whoever hears of it."""

    def claim(*, job_id: UUID, clock: Callable[[], datetime]) -> jobs.Held:
        now = clock()
        Job.objects.filter(pk=job_id).update(
            state="running", token=F("token") + 1, lease_until=now + timedelta(minutes=1), ended_at=None
        )
        job = Job.objects.get(pk=job_id)
        return jobs.Held(job, job.token, clock)

    jobs.claim = claim


def no_end_of_idling() -> None:
    """PostgreSQL lets a transaction stay open for ever."""
    settings.DATABASES["default"]["OPTIONS"].pop("options")


GUARDS: dict[str, Callable[[], None]] = {
    "token": no_token, "clock": own_clock, "clamp": no_clamp, "grace": no_grace, "silence": no_silence,
    "ending": no_ending, "doorbell": no_doorbell, "cycle": no_cycle, "beginning": no_beginning, "claim": no_claim,
    "idling": no_end_of_idling, "patience": no_patience,
}  # fmt: skip
