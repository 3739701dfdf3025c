"""Work in the background: taken by one worker at a time, seen from outside, stopped on request, done again if it dies.

The row says what is to do; a message only rings. Who works on a job holds a lease on it and shows its token with every
write, so that a worker that was given up for dead changes nothing any more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from celery import current_app
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError

from capturegraph.models import Job, Target, User
from capturegraph.services import events
from capturegraph.services.refusals import Conflict, NotFound
from capturegraph.services.writing import writing

LEASE = timedelta(minutes=2)
MOST_CLAIMS = 5
RING_S = 2
TASK = "capturegraph.work"
State = Job.State
logger = logging.getLogger(__name__)


class Stopped(Exception):  # noqa: N818 - it reads as the sentence it is
    """Somebody cancelled the job, or another worker has it by now: leave everything as it is."""


def add(
    *,
    kind: str,
    target: Target | None,
    by: User | None,
    now: datetime,
    row_id: UUID | None = None,
    data: Mapping[str, Any] | None = None,
    operation_id: UUID | None = None,
) -> Job:
    """Write down a piece of work, in the caller's transaction if there is one, and ring for it after the commit.

    A repeat of the operation gives the same job.
    """
    try:
        with writing(), transaction.atomic():
            job = Job.objects.create(
                kind=kind, target=target, row_id=row_id, data=dict(data or {}), created_by=by, created_at=now,
                operation_id=operation_id,
            )  # fmt: skip
            transaction.on_commit(lambda: ring(job.pk))
    except IntegrityError:
        return Job.objects.get(created_by=by, operation_id=operation_id)
    return job


def ring(job_id: UUID) -> bool:
    """Tell the workers of a job; false where nobody could be told, and the sweep has to ring again.

    A broker that is down must not hold up the request that wrote the job down: one try, of some seconds at most, on a
    connection of its own, since the ones that Celery keeps would try for ever.
    """
    options = {"max_retries": 0, "connect_retries_timeout": RING_S, "read_timeout": RING_S, "write_timeout": RING_S}
    if (current_app.conf.broker_url or "").startswith("redis"):
        options |= {"socket_timeout": RING_S, "socket_connect_timeout": RING_S}
    broker = current_app.connection_for_write(connect_timeout=RING_S, transport_options=options)
    try:
        with broker:
            current_app.send_task(TASK, args=[str(job_id)], retry=False, connection=broker)
    except (OperationalError, OSError, *broker.connection_errors, *broker.channel_errors) as error:
        logger.warning("nobody was told of job %s: %s", job_id, error)
        return False
    return True


def ring_for_due(*, now: datetime, after: timedelta = timedelta(seconds=10), limit: int = 100) -> int:
    """Ring once more for work whose message may be lost; say for how many. It stops where nobody can be told."""
    due = Job.objects.due(now).filter(created_at__lte=now - after).order_by("created_at").values_list("pk", flat=True)
    rung = 0
    for job_id in list(due[:limit]):
        if not ring(job_id):
            break
        rung += 1
    return rung


@dataclass
class Held:
    """A job in the hands of the worker that may write to it. `clock` is read at every word said.

    `heard`, if any, hears every step (and how much of how much) in the worker's own process.
    """

    job: Job
    token: int
    clock: Callable[[], datetime]
    heard: Callable[[str, int, int], object] | None = None

    def say(self, step: str, done: int = 0, total: int = 0) -> None:
        """Tell how far it is, and keep the job for longer. Not inside of a transaction: nobody would see it.

        Raises:
            Stopped: it is not to go on.
        """
        now = self.clock()
        with writing():
            mine = self._mine().filter(cancel_asked_at=None)
            if not mine.update(step=step[:100], done=done, total=total, lease_until=now + LEASE):
                raise Stopped
        if self.heard:
            self.heard(step, done, total)

    def still_mine(self) -> None:
        """Make sure, at the end of the transaction that has the effects, that they are still to happen.

        It takes the job's row until the commit and the lease anew, so that nobody else begins it in between.

        Raises:
            Stopped: they are not.
        """
        if not self._mine().filter(cancel_asked_at=None).update(lease_until=self.clock() + LEASE):
            raise Stopped

    def end(
        self, state: Job.State, *, result: Mapping[str, Any] | None = None, error: str = "", code: str = ""
    ) -> bool:
        """Write down how it ended; false where that was no longer this worker's to say."""
        now, said = self.clock(), {"kind": self.job.kind, **({"error": error} if error else {})}
        with writing():
            ended = self._mine().update(
                state=state, result=dict(result or {}), error=error, error_code=code[:40], step="", ended_at=now,
                lease_until=None,
            )  # fmt: skip
            if ended:
                events.record(
                    at=now, verb=state.value, noun="job", row_id=self.job.pk, target_id=self.job.target_id,
                    actor_id=self.job.created_by_id, data=said,
                )  # fmt: skip
        return bool(ended)

    def _mine(self) -> Any:
        return Job.objects.filter(pk=self.job.pk, state=State.RUNNING, token=self.token)


def claim(*, job_id: UUID, clock: Callable[[], datetime]) -> Held | None:
    """Take a job that is due, for this worker alone, in one statement; None where it is not due."""
    now = clock()
    with writing():
        taken = Job.objects.due(now).filter(pk=job_id).update(
            state=State.RUNNING, token=F("token") + 1, lease_until=now + LEASE, started_at=now
        )  # fmt: skip
        if not taken:
            return None
        job = Job.objects.select_related("target", "created_by").get(pk=job_id)
    return Held(job, job.token, clock)


def cancel(*, job_id: UUID, by: User, now: datetime) -> Job:
    """Stop a job: at once where nobody has begun, else at its next step. What it has committed stays.

    Raises:
        NotFound: it has gone. Conflict: it has ended otherwise.
    """
    with writing():
        job = Job.objects.select_for_update(no_key=True).filter(pk=job_id).first()
        if job is None:
            raise NotFound(_("There is no such piece of work."))
        if job.state in (State.DONE, State.FAILED):
            raise Conflict(_("This has ended already."), present=job)
        if job.state == State.CANCELLED or job.cancel_asked_at:
            return job
        job.cancel_asked_at = now
        if job.state == State.WAITING or (job.lease_until and job.lease_until <= now):
            job.state, job.ended_at, job.lease_until, job.step = State.CANCELLED, now, None, ""
        job.save(update_fields=["cancel_asked_at", "state", "ended_at", "lease_until", "step"])
        events.record(
            at=now, verb="asked to stop", noun="job", row_id=job.pk, target_id=job.target_id, actor_id=by.pk,
            data={"kind": job.kind},
        )  # fmt: skip
    return job
