"""Who runs a periodic service now: a cycle shared out over the live runners, in windows.

The decision is a hint that keeps runners from asking at once; that a cycle runs once is the database's business. Same
inputs, same answer, on every runner. The contract is that of Pynenc's atomic service; times are seconds since the
epoch, datetimes are in UTC and whole microseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)


@dataclass(frozen=True)
class AtomicServiceId:
    """One run by one runner."""

    runner_id: str
    atomic_service_run_id: str = field(default_factory=lambda: str(uuid4()))

    def __str__(self) -> str:
        return f"runner:{self.runner_id} atomic-service-run:{self.atomic_service_run_id}"


@dataclass(frozen=True, init=False)
class AtomicServiceRun:
    """A run with the cycle and window it was cleared for; times that are not known are None."""

    atomic_service_id: AtomicServiceId
    cycle_start: datetime | None
    slot_start: datetime | None
    slot_end: datetime | None
    started_at: datetime | None

    def __init__(
        self,
        atomic_service_id: AtomicServiceId | None = None,
        cycle_start: datetime | None = None,
        slot_start: datetime | None = None,
        slot_end: datetime | None = None,
        started_at: datetime | None = None,
        *,
        runner_id: str | None = None,
        atomic_service_run_id: str | None = None,
    ) -> None:
        """Take the id whole, or its parts.

        Raises:
            TypeError: neither `atomic_service_id` nor `runner_id`.
        """
        if atomic_service_id is None:
            if runner_id is None:
                raise TypeError("AtomicServiceRun needs atomic_service_id or runner_id")
            parts = {"atomic_service_run_id": atomic_service_run_id} if atomic_service_run_id is not None else {}
            atomic_service_id = AtomicServiceId(runner_id, **parts)
        values = (atomic_service_id, cycle_start, slot_start, slot_end, started_at)
        for name, value in zip(self.__dataclass_fields__, values, strict=True):
            object.__setattr__(self, name, value)

    @property
    def runner_id(self) -> str:
        """Whose run it is."""
        return self.atomic_service_id.runner_id

    @property
    def atomic_service_run_id(self) -> str:
        """Which run it is."""
        return self.atomic_service_id.atomic_service_run_id

    def __str__(self) -> str:
        text = str(self.atomic_service_id)
        if self.cycle_start is not None:
            text += f" cycle_start={self.cycle_start.isoformat()}"
        if self.slot_start is not None and self.slot_end is not None:
            text += f" slot=({self.slot_start.isoformat()} - {self.slot_end.isoformat()})"
        if self.started_at is not None:
            text += f" started_at={self.started_at.isoformat()}"
        return text


@dataclass
class ActiveRunnerInfo:
    """A runner that was heard of lately."""

    runner_id: str
    creation_time: datetime
    last_heartbeat: datetime
    allow_to_run_atomic_service: bool = False


class AtomicServiceDecisionReason(StrEnum):
    """Why a runner may start, or may not."""

    ASSIGNED = "assigned"
    NOT_ASSIGNED_SLOT = "not_assigned_slot"
    NO_STABLE_RUNNERS = "no_stable_runners"
    SCHEDULED_RUNNER_IN_GRACE = "scheduled_runner_in_grace"
    SLOT_WINDOW_INVALID = "slot_window_invalid"
    LATE_START = "late_start"

    def is_persisted(self) -> bool:
        """Say whether a skip for this reason is worth keeping: those that somebody will ask about."""
        return self in (
            AtomicServiceDecisionReason.SCHEDULED_RUNNER_IN_GRACE,
            AtomicServiceDecisionReason.SLOT_WINDOW_INVALID,
            AtomicServiceDecisionReason.LATE_START,
        )


class AtomicServiceExecutionStatus(StrEnum):
    """What became of a run."""

    RUNNING = "running"
    COMPLETED = "completed"
    ABANDONED = "abandoned"
    BLOCKED = "blocked"


@dataclass
class AtomicServiceExecution:
    """A run as it went: when it began and ended, and how."""

    atomic_service_id: AtomicServiceId | AtomicServiceRun
    start_time: datetime
    end_time: datetime | None = None
    status: AtomicServiceExecutionStatus = AtomicServiceExecutionStatus.RUNNING
    reason: str = ""

    @classmethod
    def from_raw(
        cls,
        runner_id: str,
        atomic_service_run_id: str,
        start_time: datetime,
        end_time: datetime | None = None,
        status: str = "running",
        reason: str = "",
    ) -> AtomicServiceExecution:
        """Read one back from plain values. Raises ValueError for a status that there is not."""
        whose = AtomicServiceId(runner_id, atomic_service_run_id)
        return cls(whose, start_time, end_time, AtomicServiceExecutionStatus(status), reason)

    @property
    def runner_id(self) -> str:
        """Whose run it is."""
        return self.atomic_service_id.runner_id

    @property
    def atomic_service_run_id(self) -> str:
        """Which run it is."""
        return self.atomic_service_id.atomic_service_run_id

    @property
    def atomic_service_run(self) -> AtomicServiceRun:
        """The run itself, with its window where that is known."""
        whose = self.atomic_service_id
        return whose if isinstance(whose, AtomicServiceRun) else AtomicServiceRun(whose)

    @property
    def is_active(self) -> bool:
        """Whether it still runs."""
        return self.status == AtomicServiceExecutionStatus.RUNNING and self.end_time is None

    @property
    def duration_seconds(self) -> float:
        """How long it took; 0.0 while it is open."""
        return (self.end_time - self.start_time).total_seconds() if self.end_time else 0.0


@dataclass(frozen=True)
class AtomicServiceClaim:
    """The answer to one runner: may it start, and if not, why not."""

    runner_id: str
    reason: AtomicServiceDecisionReason
    cycle_start: datetime | None = None
    assigned_runner_id: str | None = None
    runner_position: int | None = None
    stable_runner_count: int = 0
    slot_start: datetime | None = None
    slot_end: datetime | None = None
    is_slot_owner_now: bool = False
    atomic_service_run: AtomicServiceRun | None = None
    skip_message: str = ""
    late_start_fraction: float | None = None

    @property
    def should_try_start(self) -> bool:
        """Whether the runner is cleared to start."""
        return self.reason == AtomicServiceDecisionReason.ASSIGNED

    @property
    def skip_reason(self) -> AtomicServiceDecisionReason | None:
        """The reason of a skip that is worth keeping; None for a start and for a plain skip."""
        return self.reason if self.reason.is_persisted() else None

    @property
    def decision(self) -> AtomicServiceClaim:
        """The claim itself, under the name that older callers read."""
        return self


def decide_atomic_service_claim(
    *,
    runner_id: str,
    active_runners: Sequence[ActiveRunnerInfo],
    current_time: float,
    service_interval_minutes: float,
    spread_margin_minutes: float,
    membership_stabilization_seconds: float,
    max_start_slot_fraction: float,
) -> AtomicServiceClaim:
    """Say whether a runner may start the service now.

    A cycle of `service_interval_minutes` is cut into equal windows, one a runner in the order given, each shortened by
    `spread_margin_minutes` at its end. The runner whose share holds `current_time` (seconds since the epoch) is
    cleared, unless it joined less than `membership_stabilization_seconds` ago or has more than
    `max_start_slot_fraction` of its window behind it (0 and 1 switch that off). Who may run at all, and who is alive,
    the caller has sorted out before.
    """
    interval = service_interval_minutes * 60
    cycle = _moment((current_time // interval) * interval)
    if not active_runners:
        return AtomicServiceClaim(runner_id, AtomicServiceDecisionReason.NO_STABLE_RUNNERS, cycle)
    count, cycle_s = len(active_runners), cycle.timestamp()
    share = interval / count
    turn = 0 if count == 1 else min(int((current_time - cycle_s) // share), count - 1)
    assigned = active_runners[turn]
    about: dict[str, Any] = {
        "runner_id": runner_id, "cycle_start": cycle, "assigned_runner_id": assigned.runner_id,
        "stable_runner_count": count,
    }  # fmt: skip
    position = next((i for i, runner in enumerate(active_runners) if runner.runner_id == runner_id), None)
    if position is None:
        return AtomicServiceClaim(reason=AtomicServiceDecisionReason.NOT_ASSIGNED_SLOT, **about)
    about["runner_position"] = position
    limits = (membership_stabilization_seconds, max_start_slot_fraction)
    return _in_own_window(about, assigned, current_time, interval, spread_margin_minutes, limits)


def _in_own_window(
    about: dict[str, Any],
    assigned: ActiveRunnerInfo,
    now: float,
    interval: float,
    margin_minutes: float,
    limits: tuple[float, float],
) -> AtomicServiceClaim:
    count, cycle_s = about["stable_runner_count"], about["cycle_start"].timestamp()
    share = interval / count
    # A runner that is alone has the whole cycle: there is nobody to keep a margin from.
    length = share if count == 1 else share - margin_minutes * 60
    if count > 1 and length <= 0:
        message = f"spread_margin={margin_minutes}m consumes the entire per-runner window of interval/{count}"
        return AtomicServiceClaim(reason=AtomicServiceDecisionReason.SLOT_WINDOW_INVALID, skip_message=message, **about)
    start_s = cycle_s + about["runner_position"] * share
    start, end = _moment(start_s), _moment(start_s + length)
    mine = assigned.runner_id == about["runner_id"] and now >= start.timestamp()
    about |= {"slot_start": start, "slot_end": end, "is_slot_owner_now": mine}
    return _inside_window(about, assigned, now, *limits)


def _inside_window(
    about: dict[str, Any], assigned: ActiveRunnerInfo, now: float, stabilization_s: float, most: float
) -> AtomicServiceClaim:
    reasons = AtomicServiceDecisionReason
    start, end, count = about["slot_start"], about["slot_end"], about["stable_runner_count"]
    if stabilization_s > 0 and now - assigned.creation_time.timestamp() < stabilization_s:
        grace = f"{stabilization_s / 60.0}m membership grace window; slot held reserved"
        message = f"assigned runner {assigned.runner_id} is still in its {grace}"
        return AtomicServiceClaim(reason=reasons.SCHEDULED_RUNNER_IN_GRACE, skip_message=message, **about)
    if count != 1 and not start.timestamp() <= now < end.timestamp():
        return AtomicServiceClaim(reason=reasons.NOT_ASSIGNED_SLOT, **about)
    started_at = _moment(now)
    elapsed, window = (started_at - start).total_seconds(), (end - start).total_seconds()
    if 0 < most < 1 and window > 0 and elapsed > 0 and elapsed / window > most:
        used = elapsed / window
        message = f"started_at consumed {used:.2%} of slot (max={most:.2%})"
        return AtomicServiceClaim(reason=reasons.LATE_START, skip_message=message, late_start_fraction=used, **about)
    run = AtomicServiceRun(AtomicServiceId(about["runner_id"]), about["cycle_start"], start, end, started_at)
    return AtomicServiceClaim(reason=reasons.ASSIGNED, atomic_service_run=run, **about)
