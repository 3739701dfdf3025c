"""The lease of a periodic service: one run a cycle, and no word from a run that was given up for dead.

`claim` gives a run to a runner, with a token that is one higher than the last. A worker begins it once, holds the
lease from a thread of its own, and makes every write through `Holding.write`, which locks the lease's row and compares
tokens. So a worker that was paused and overtaken finds its writes refused, whatever it believes the time to be.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, NamedTuple

from django.db import DatabaseError, IntegrityError, connection, transaction

from capturegraph.models import ServiceLease, ServiceRun, ServiceRunner
from capturegraph.services.cycles.runners import SILENT_FOR
from capturegraph.services.writing import database_now, writing
from scheduling.atomic_service import ActiveRunnerInfo, AtomicServiceClaim, decide_atomic_service_claim

State = ServiceRun.State
FELL_SILENT = "its worker fell silent"
logger = logging.getLogger(__name__)


class Overtaken(Exception):  # noqa: N818 - it reads as the sentence it is
    """Somebody else has the service by now: leave everything as it is."""


class Rhythm(NamedTuple):
    """How often a service runs, and how patient everybody is, in seconds.

    `ttl_s`: a run whose worker says nothing for so long is given up. `margin_s` keeps the turns of two runners apart.
    `settle_s`: so long a new runner's turn is kept for it before others count on it. `late`: the part of a turn after
    which it is not begun any more. After `grace_s` of a cycle that nobody serves, any runner may.
    """

    interval_s: float
    ttl_s: float = 60.0
    margin_s: float = 5.0
    settle_s: float = 0.0
    late: float = 0.9
    grace_s: float = 30.0
    silent_for: timedelta = SILENT_FOR


class Claimed(NamedTuple):
    """A run that was given out: a worker needs no more than this."""

    run_id: int
    token: int


def cycle_of(now: datetime, interval_s: float) -> datetime:
    """Give the beginning of the cycle that a moment lies in."""
    seconds = now.timestamp()
    return datetime.fromtimestamp(seconds - seconds % interval_s, tz=UTC)


def claim(*, service: str, runner_id: str, rhythm: Rhythm) -> Claimed | None:
    """Give the run of this cycle to a runner, if it is its turn and nobody has it; else nothing.

    Whose turn it is is only a hint that keeps runners from asking at once. What makes a cycle run once are the lease's
    row, which is locked here, and the unique constraint on runs.
    """
    with writing():
        lease = _locked_lease(service)
        now = database_now()
        cycle = cycle_of(now, rhythm.interval_s)
        if lease is None or (lease.held_until and lease.held_until > now):
            return None
        if ServiceRun.objects.filter(service=service, cycle=cycle, state=State.COMPLETED).exists():
            return None
        turn = _turn(runner_id, now, rhythm)
        overdue = (now - cycle).total_seconds() >= min(rhythm.grace_s, rhythm.interval_s / 2)
        if not turn.should_try_start and not (overdue and turn.runner_position is not None):
            _note_skip(service, cycle, runner_id, turn, now)
            return None
        return _take(lease, cycle, runner_id, turn, now, rhythm)


def _locked_lease(service: str) -> ServiceLease | None:
    # Passed over where somebody has it locked: that one is claiming, or writing, and so is not dead.
    rows = ServiceLease.objects.select_for_update(skip_locked=True, of=("self",), no_key=True)
    lease = rows.filter(pk=service).first()
    if lease is None and not ServiceLease.objects.filter(pk=service).exists():
        ServiceLease.objects.bulk_create([ServiceLease(service=service)], ignore_conflicts=True)
        lease = rows.filter(pk=service).first()
    return lease


def _turn(runner_id: str, now: datetime, rhythm: Rhythm) -> AtomicServiceClaim:
    live = [
        ActiveRunnerInfo(runner.pk, runner.started_at, runner.heartbeat_at, True)
        for runner in ServiceRunner.objects.live(now, rhythm.silent_for)
    ]
    share_s = rhythm.interval_s / max(1, len(live))
    return decide_atomic_service_claim(
        runner_id=runner_id,
        active_runners=live,
        current_time=now.timestamp(),
        service_interval_minutes=rhythm.interval_s / 60,
        # Never more than half a turn, so that no number of runners stops the service without a word.
        spread_margin_minutes=min(rhythm.margin_s, share_s / 2) / 60,
        membership_stabilization_seconds=rhythm.settle_s,
        max_start_slot_fraction=rhythm.late,
    )


def _note_skip(service: str, cycle: datetime, runner_id: str, turn: AtomicServiceClaim, now: datetime) -> None:
    if turn.skip_reason is None:
        return
    skipped = ServiceRun(
        service=service, cycle=cycle, state=State.BLOCKED, runner_id=runner_id, started_at=now, ended_at=now,
        reason=f"{turn.skip_reason}: {turn.skip_message}"[:200], window_start=turn.slot_start,
        window_end=turn.slot_end,
    )  # fmt: skip
    ServiceRun.objects.bulk_create([skipped], ignore_conflicts=True)


def _take(
    lease: ServiceLease, cycle: datetime, runner_id: str, turn: AtomicServiceClaim, now: datetime, rhythm: Rhythm
) -> Claimed | None:
    token, service = lease.token + 1, lease.service
    silent = ServiceRun.objects.filter(service=service, state=State.RUNNING)
    silent.update(state=State.ABANDONED, ended_at=now, reason=FELL_SILENT)
    try:
        with transaction.atomic():
            run = ServiceRun.objects.create(
                service=service, cycle=cycle, runner_id=runner_id, token=token, started_at=now,
                window_start=turn.slot_start, window_end=turn.slot_end,
            )  # fmt: skip
    except IntegrityError:
        return None
    lease.token, lease.run, lease.held_until = token, run, now + timedelta(seconds=rhythm.ttl_s)
    lease.save(update_fields=["token", "run", "held_until"])
    return Claimed(run.pk, token)


class Holding:
    """A run in the hands of the one worker that began it; a context that keeps the lease while it is entered.

    Leaving it by an error gives the run up, with the error as the reason; the next claim may try again.
    """

    def __init__(self, run: ServiceRun, rhythm: Rhythm) -> None:
        self.run = run
        self.rhythm = rhythm
        self.result: dict[str, Any] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._renew, name=f"lease of {run.service}", daemon=True)

    @contextmanager
    def write(self) -> Iterator[datetime]:
        """Open a transaction in which this run may write; gives the database's time.

        Raises:
            Overtaken: it may not any more, and nothing is written.
        """
        with writing():
            mine = ServiceLease.objects.select_for_update(no_key=True).filter(pk=self.run.service, token=self.run.token)
            if not mine.exists():
                raise Overtaken
            yield database_now()

    def __enter__(self) -> Holding:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        if kind is None:
            self._end(State.COMPLETED, self.result)
        elif not issubclass(kind, Overtaken):
            self._end(State.ABANDONED, {}, reason=f"{kind.__name__}: {error}")

    def _end(self, state: ServiceRun.State, result: Mapping[str, Any], reason: str = "") -> None:
        with self.write() as now:
            ended = ServiceRun.objects.filter(pk=self.run.pk, state=State.RUNNING)
            ended.update(state=state, ended_at=now, result=dict(result), reason=reason[:200])
            # One that failed is not tried again at once: what broke it is most likely still broken.
            rest = timedelta(seconds=min(self.rhythm.ttl_s, self.rhythm.interval_s / 4))
            until = None if state == State.COMPLETED else now + rest
            ServiceLease.objects.filter(pk=self.run.service).update(run=None, held_until=until)

    def _renew(self) -> None:
        try:
            while not self._stop.wait(self.rhythm.ttl_s / 3):
                try:
                    renew(service=self.run.service, token=self.run.token, ttl_s=self.rhythm.ttl_s)
                except Overtaken:
                    return
                except DatabaseError as error:
                    logger.warning("the lease of %s was not renewed: %s", self.run.service, error)
                    connection.close()
        finally:
            connection.close()


def renew(*, service: str, token: int, ttl_s: float) -> None:
    """Keep a service for longer.

    Raises:
        Overtaken: somebody else has it.
    """
    with writing():
        mine = ServiceLease.objects.filter(pk=service, token=token)
        if not mine.update(held_until=database_now() + timedelta(seconds=ttl_s)):
            raise Overtaken


def give_back(*, claimed: Claimed, reason: str) -> None:
    """Give up a run that no worker can have heard of, so that the next tick may claim its cycle anew.

    That may be every second for hours: it is noted once a cycle.
    """
    with writing():
        lease = ServiceLease.objects.select_for_update(no_key=True).filter(token=claimed.token, run=claimed.run_id)
        run = ServiceRun.objects.filter(pk=claimed.run_id, state=State.RUNNING, begun_at=None).first()
        if not lease.exists() or run is None:
            return
        lease.update(run=None, held_until=None)
        same = {"service": run.service, "cycle": run.cycle, "state": State.ABANDONED, "reason": reason[:200]}
        if ServiceRun.objects.filter(**same, begun_at=None).exists():
            run.delete()
        else:
            run.state, run.reason, run.ended_at = State.ABANDONED, reason[:200], database_now()
            run.save(update_fields=["state", "reason", "ended_at"])


def begin(*, claimed: Claimed, rhythm: Rhythm) -> Holding | None:
    """Begin a run that was given out; None where another worker did, or where it is too late. One message, one worker.

    A message that is delivered again after its worker died begins nothing: the lease runs out, and the cycle is
    claimed anew.
    """
    with writing():
        lease = ServiceLease.objects.select_for_update(no_key=True).filter(token=claimed.token, run=claimed.run_id)
        if not lease.exists():
            return None
        now = database_now()
        run = ServiceRun.objects.filter(pk=claimed.run_id, token=claimed.token, state=State.RUNNING, begun_at=None)
        if not run.update(begun_at=now):
            return None
        lease.update(held_until=now + timedelta(seconds=rhythm.ttl_s))
    return Holding(ServiceRun.objects.get(pk=claimed.run_id), rhythm)
