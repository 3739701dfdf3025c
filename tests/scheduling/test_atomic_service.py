"""The claim of a cycle: 3,118 recorded decisions, and the small types around it."""

import gzip
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scheduling.atomic_service import (
    ActiveRunnerInfo,
    AtomicServiceClaim,
    AtomicServiceDecisionReason,
    AtomicServiceExecution,
    AtomicServiceExecutionStatus,
    AtomicServiceId,
    AtomicServiceRun,
    decide_atomic_service_claim,
)

VECTORS = Path(__file__).parent.parent / "data" / "atomic_claim.jsonl.gz"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def vectors() -> list[dict[str, Any]]:
    with gzip.open(VECTORS, "rt") as lines:
        return [json.loads(line) for line in lines]


def decided(case: dict[str, Any]) -> AtomicServiceClaim:
    runners = [
        ActiveRunnerInfo(
            one["runner_id"],
            datetime.fromtimestamp(one["creation_ts"], tz=UTC),
            datetime.fromtimestamp(one["last_heartbeat_ts"], tz=UTC),
            one["allow"],
        )
        for one in case["active_runners"]
    ]
    names = ("runner_id", "current_time", "service_interval_minutes", "spread_margin_minutes")
    more = ("membership_stabilization_seconds", "max_start_slot_fraction")
    return decide_atomic_service_claim(active_runners=runners, **{name: case[name] for name in (*names, *more)})


def told(claim: AtomicServiceClaim) -> dict[str, Any]:
    def iso(moment: datetime | None) -> str | None:
        return moment.isoformat() if moment else None

    run = claim.atomic_service_run
    return {
        "reason": claim.reason.value,
        "assigned_runner_id": claim.assigned_runner_id,
        "runner_position": claim.runner_position,
        "stable_runner_count": claim.stable_runner_count,
        "slot_start": iso(claim.slot_start),
        "slot_end": iso(claim.slot_end),
        "is_slot_owner_now": claim.is_slot_owner_now,
        "should_try_start": claim.should_try_start,
        "late_start_fraction": claim.late_start_fraction,
        "skip_message": claim.skip_message,
        "cycle_start": iso(claim.cycle_start),
        "skip_reason": claim.skip_reason.value if claim.skip_reason else None,
        "started_at": iso(run.started_at) if run else None,
    }


def test_every_recorded_decision_holds() -> None:
    cases = vectors()
    wrong = {
        case["name"]: (told(decided(case)), case["expected"])
        for case in cases
        if told(decided(case)) != case["expected"]
    }
    assert len(cases) == 3118
    assert not wrong, dict(list(wrong.items())[:3])


def test_a_run_says_what_it_knows() -> None:
    run = AtomicServiceRun(runner_id="a", atomic_service_run_id="1")
    assert str(run) == "runner:a atomic-service-run:1"
    full = AtomicServiceRun(AtomicServiceId("a", "1"), NOON, NOON, NOON + timedelta(minutes=1), NOON)
    assert str(full) == (
        "runner:a atomic-service-run:1 cycle_start=2026-11-21T12:00:00+00:00"
        " slot=(2026-11-21T12:00:00+00:00 - 2026-11-21T12:01:00+00:00) started_at=2026-11-21T12:00:00+00:00"
    )
    assert (full.runner_id, full.atomic_service_run_id) == ("a", "1")


def test_a_run_belongs_to_somebody() -> None:
    with pytest.raises(TypeError, match="atomic_service_id or runner_id"):
        AtomicServiceRun()


def test_two_runs_of_one_runner_differ() -> None:
    assert AtomicServiceId("a") != AtomicServiceId("a")


def test_an_execution_lasts_until_it_ends() -> None:
    running = AtomicServiceExecution.from_raw("a", "1", NOON)
    assert running.is_active
    assert running.duration_seconds == 0.0
    done = AtomicServiceExecution.from_raw("a", "1", NOON, NOON + timedelta(seconds=4.5), "completed")
    assert not done.is_active
    assert done.duration_seconds == 4.5
    assert done.status is AtomicServiceExecutionStatus.COMPLETED
    assert done.atomic_service_run == AtomicServiceRun(runner_id="a", atomic_service_run_id="1")


@pytest.mark.parametrize("reason", AtomicServiceDecisionReason)
def test_only_skips_that_somebody_asks_about_are_kept(reason: AtomicServiceDecisionReason) -> None:
    kept = {"scheduled_runner_in_grace", "slot_window_invalid", "late_start"}
    assert reason.is_persisted() == (reason.value in kept)


def test_a_claim_cannot_be_changed() -> None:
    claim = AtomicServiceClaim("a", AtomicServiceDecisionReason.ASSIGNED)
    assert claim.decision is claim
    with pytest.raises(AttributeError):
        claim.runner_id = "b"  # type: ignore[misc]
