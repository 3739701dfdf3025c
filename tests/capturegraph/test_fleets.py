"""Fleets of real beats and workers: killed in the middle of real work, with wrong clocks, of any size, renewed.

Most have a control: the same story with one guard taken out, in which something has to go wrong.
"""

import os
import signal
from collections.abc import Iterator
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest
from fleet import Fleet, completed, fleet, longest_gap, more_completed, now, violations
from stories import slots_in

from capturegraph.models import CandidateSlot, Event, Job, ServiceRun, ServiceRunner, Target

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("fleets"),
    pytest.mark.only_on("postgresql"),
]
TARGETS = 5


@pytest.fixture
def base(redis_url: str, database_url: str) -> dict[str, Any]:
    return {"CAPTUREGRAPH_DATABASE_URL": database_url, "CAPTUREGRAPH_BROKER_URL": redis_url}


# --- killed in the middle of a refresh --------------------------------------------------------------------------------


@pytest.fixture
def due() -> list[Target]:
    """Targets that choose two of three places every cycle."""
    made = [Target.objects.create(name=f"target {number}", batch_size=2) for number in range(TARGETS)]
    for target in made:
        slots_in(target, a=0, b=200, c=400)
    CandidateSlot.objects.update(state="pool")
    return made


def refreshed() -> int:
    return Target.objects.exclude(refreshed_cycle=None).count()


LEASE_S, INTERVAL_S = 3, 600
A_DAY = {"CAPTUREGRAPH_REFRESH_S": 86_400}
KILLED = {
    "CAPTUREGRAPH_LEASE_S": LEASE_S, "CAPTUREGRAPH_REFRESH_S": INTERVAL_S, "CAPTUREGRAPH_SWEEP_S": 2,
    "TIDE_SERVICES": "refresh_targets sweep", "TIDE_JOB_LEASE_S": 3, "TIDE_QUIET_S": 2,
}  # fmt: skip


def refresh_with_kills(var: Path, variables: dict[str, Any]) -> Iterator[Fleet]:
    """Kill a worker between the second and the third target, and another one in the middle of a target."""
    with fleet(var / "fleet", 1, 1, **variables, TIDE_DIES="adding refreshing") as started:
        for died in ("adding", "refreshing"):
            started.until((started.var / f"died-{died}").exists, f"the death in {died}")
            started.until(lambda: not started.workers[-1].is_alive(), "its end")
            started.start_worker()
        yield started


def test_no_target_is_lost_or_refreshed_twice_when_workers_are_killed(
    base: dict[str, Any], due: list[Target], tmp_path: Path
) -> None:
    for started in refresh_with_kills(tmp_path, {**base, **KILLED}):
        started.until(lambda: refreshed() == TARGETS, "all targets")
        # There are more than these if another cycle has begun.
        started.until(lambda: not Job.objects.exclude(state="done").exists(), "all jobs")
        assert violations() == [], started.said()
        assert set(Job.objects.values_list("target", flat=True)) == {target.pk for target in due}
        assert CandidateSlot.objects.filter(state="waiting").count() == 2 * TARGETS
        killed = ServiceRun.objects.filter(service="refresh_targets").earliest("pk")
        assert (killed.state, killed.reason) == ("abandoned", "its worker fell silent")
        after = ServiceRun.objects.filter(service="refresh_targets", state="completed").earliest("pk")
        last_word = Job.objects.order_by("created_at")[1].created_at
        assert after.ended_at - last_word <= timedelta(seconds=LEASE_S + INTERVAL_S)


@pytest.mark.slow
def test_without_the_cycle_targets_would_be_refreshed_twice(
    base: dict[str, Any], due: list[Target], tmp_path: Path
) -> None:
    for started in refresh_with_kills(tmp_path, {**base, **KILLED, "TIDE_BREAK": "cycle"}):
        started.until(violations, "a target that is refreshed twice")


@pytest.mark.slow
def test_without_the_doorbell_a_target_would_be_lost(base: dict[str, Any], due: list[Target], tmp_path: Path) -> None:
    for started in refresh_with_kills(tmp_path, {**base, **KILLED, **A_DAY, "TIDE_BREAK": "doorbell"}):
        # A lease of three seconds has run out by then, and the second sweep after it would have rung.
        started.until(more_completed(8, "sweep"), "many sweeps")
        assert refreshed() < TARGETS, started.said()


# --- wrong clocks -----------------------------------------------------------------------------------------------------


HOUR_S = 3600
# Slower than any machine, and much less than an hour.
NEAR = timedelta(minutes=15)


def believed(started: Fleet, pid: int) -> float:
    """How many seconds the clock of a process is ahead, by its own word."""
    word = started.var / f"clock-{pid}"
    started.until(lambda: word.exists() and word.read_text(), "a word about the clock")
    by_django, by_time = map(float, word.read_text().split())
    assert abs(by_django - by_time) < 60, "one clock, whoever reads it"
    return by_time - now().timestamp()


def out_of_time() -> list[str]:
    """Every time in the rows that is not the database's."""
    here, found = now(), []
    for run in ServiceRun.objects.all():
        moments = [run.cycle, run.started_at, run.begun_at, run.ended_at]
        found += [f"{run} says {at}" for at in moments if at and abs(at - here) > NEAR]
    for runner in ServiceRunner.objects.all():
        found += [f"a runner says {at}" for at in (runner.started_at, runner.heartbeat_at) if abs(at - here) > NEAR]
    jobs = Job.objects.exclude(started_at=None).values_list("started_at", flat=True)
    return found + [f"a job says {at}" for at in jobs if abs(at - here) > NEAR]


def with_wrong_clocks(var: Path, seconds: int, variables: dict[str, Any]) -> list[str]:
    """Let a beat and a worker run whose clocks are as wrong as can be, one fast and one slow; give what is wrong."""
    job = Job.objects.create(kind="ripple", created_at=now() - timedelta(minutes=1))
    services = {"TIDE_SERVICES": "tide sweep", "CAPTUREGRAPH_SWEEP_S": 2}
    with fleet(var / "fleet", 0, 0, **variables, **services) as started:
        quiet = ("--without-gossip", "--without-mingle", "--without-heartbeat")
        worker = started.start_skewed(-seconds, "worker", "-P", "solo", *quiet)
        beat = started.start_skewed(seconds, "beat", "--pidfile=")
        assert abs(believed(started, beat.pid) - seconds) < NEAR.total_seconds()
        assert abs(believed(started, worker.pid) + seconds) < NEAR.total_seconds()
        started.until(lambda: out_of_time() or completed() >= 3, "three cycles")
        started.until(lambda: out_of_time() or Job.objects.get(pk=job.pk).state == "done", "a job")
        return violations() + out_of_time()


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [-HOUR_S, HOUR_S])
def test_a_clock_that_is_an_hour_off_changes_nothing(base: dict[str, Any], tmp_path: Path, seconds: int) -> None:
    assert with_wrong_clocks(tmp_path, seconds, base) == []


@pytest.mark.slow
def test_by_their_own_clock_they_would_be_in_another_cycle(base: dict[str, Any], tmp_path: Path) -> None:
    assert with_wrong_clocks(tmp_path, HOUR_S, {**base, "TIDE_BREAK": "clock"}) != []


# --- of any size ------------------------------------------------------------------------------------------------------


def with_so_many(var: Path, beats: int, variables: dict[str, Any], cycles: int = 2) -> list[str]:
    """Let so many beats run for some cycles with the usual margin; give what is wrong."""
    tick = {"TIDE_TICK_S": max(0.2, beats / 20), "TIDE_S": 4}
    with fleet(var / "fleet", beats, 1, **variables, **tick) as started:
        started.until(lambda: ServiceRunner.objects.filter(signed_off_at=None).count() == beats, "all beats")
        invalid = ServiceRun.objects.filter(state="blocked", reason__contains="window_invalid")
        enough = more_completed(cycles)
        started.until(lambda: invalid.exists() or enough(), "some cycles")
        return violations() + [run.reason for run in invalid]


@pytest.mark.slow
@pytest.mark.parametrize("beats", [1, 5, 20])
def test_any_number_of_beats_serves(base: dict[str, Any], tmp_path: Path, beats: int) -> None:
    assert with_so_many(tmp_path, beats, base) == []


@pytest.mark.slow
def test_without_the_clamp_of_the_margin_no_turn_would_be_left(base: dict[str, Any], tmp_path: Path) -> None:
    """And without the grace after which anybody serves, nothing would run at all."""
    variables = {**base, "TIDE_BREAK": "clamp grace", "TIDE_S": 2, "TIDE_SERVICES": "tide sweep"}
    with fleet(tmp_path / "fleet", 2, 1, **variables, CAPTUREGRAPH_SWEEP_S=60) as started:
        invalid = ServiceRun.objects.filter(service="tide", state="blocked", reason__contains="window_invalid")
        two = ServiceRunner.objects.filter(signed_off_at=None)
        started.until(lambda: two.count() == 2 and invalid.exists(), "a turn that is none")
        # One beat alone has no margin: what it served before the other one came does not count.
        before = completed()
        cycles = invalid.values("cycle").distinct()
        wanted = cycles.count() + 5
        started.until(lambda: cycles.count() >= wanted, "five cycles of which none is served")
        assert completed() <= before + 1, started.said()


# --- renewed by turns -------------------------------------------------------------------------------------------------


RENEWED = {"CAPTUREGRAPH_LEASE_S": 20, "CAPTUREGRAPH_SWEEP_S": 2, "TIDE_S": 3, "TIDE_STEP_S": 0.15}


def holder(started: Fleet, those: list[BaseProcess]) -> BaseProcess | None:
    """Which of these is in the middle of a tide, if one is."""
    word = started.var / "rising"
    if not ServiceRun.objects.filter(service="tide", state="running").exclude(begun_at=None).exists():
        return None
    pid = word.read_text() if word.exists() else ""
    return next((one for one in those if one.is_alive() and str(one.pid) == pid), None)


def renew_a_beat(started: Fleet, old: BaseProcess) -> None:
    before = ServiceRunner.objects.count()
    started.start_beat()
    started.until(lambda: ServiceRunner.objects.count() > before, "the new beat")
    old.terminate()
    started.until(lambda: not old.is_alive(), "the end of the old beat")


def renew_a_worker(started: Fleet, old: list[BaseProcess]) -> None:
    """Start a new one, and ask one of the old ones to stop in the middle of a run."""
    log = started.var / f"worker-{len(started.workers)}.log"
    started.start_worker()
    started.until(lambda: log.exists() and " ready." in log.read_text(), "the new worker")
    leaving = started.until(lambda: holder(started, old), "a run in the hands of an old worker")
    leaving.terminate()
    started.until(lambda: not leaving.is_alive(), "the end of the old worker")
    old.remove(leaving)


@pytest.mark.slow
def test_all_are_restarted_one_after_the_other_and_no_cycle_waits(base: dict[str, Any], tmp_path: Path) -> None:
    with fleet(tmp_path / "fleet", 3, 3, **base, **RENEWED) as started:
        started.until(lambda: completed() >= 2, "two cycles")
        beats, workers = list(started.beats), list(started.workers)
        for beat in beats:
            renew_a_beat(started, beat)
            renew_a_worker(started, workers)
            started.until(more_completed(1), "another cycle")
        assert violations() == [], started.said()
        assert longest_gap() <= timedelta(seconds=20 + 3), started.said()
        assert not ServiceRun.objects.filter(state="abandoned").exists(), "nobody was cut off"


@pytest.mark.slow
def test_without_an_orderly_end_a_restart_would_cut_off_a_run(base: dict[str, Any], tmp_path: Path) -> None:
    variables = {**base, **RENEWED, "CAPTUREGRAPH_LEASE_S": 4, "TIDE_BREAK": "ending"}
    with fleet(tmp_path / "fleet", 1, 1, **variables) as started:
        renew_a_worker(started, list(started.workers))
        started.until(ServiceRun.objects.filter(state="abandoned").exists, "a run that was cut off")


@pytest.mark.slow
def test_and_if_leases_had_no_end_nothing_would_run_after_it(base: dict[str, Any], tmp_path: Path) -> None:
    variables = {**base, **RENEWED, "TIDE_SERVICES": "tide sweep", "TIDE_BREAK": "ending silence"}
    with fleet(tmp_path / "fleet", 1, 1, **variables) as started:
        renew_a_worker(started, list(started.workers))
        before = completed()
        # Twice as long as a lease and an interval.
        started.until(more_completed(24, "sweep"), "cycles of another service")
        assert completed() == before, started.said()


def test_a_beat_that_dies_before_it_sends_costs_one_lease(base: dict[str, Any], tmp_path: Path) -> None:
    variables = {**base, "CAPTUREGRAPH_LEASE_S": 2, "TIDE_S": 60}
    with fleet(tmp_path / "fleet", 0, 1, **variables) as started:
        started.start_beat(TIDE_DIES="sending")
        started.until((started.var / "died-sending").exists, "the death of the beat")
        started.start_beat()
        started.until(lambda: completed() >= 1, "the cycle after all")
        first, second = ServiceRun.objects.filter(service="tide").order_by("pk")[:2]
        assert (first.state, first.begun_at, second.state) == ("abandoned", None, "completed"), started.said()
        assert first.runner_id != second.runner_id
        assert second.ended_at - first.started_at <= timedelta(seconds=2 + 60)
        assert violations() == []


@pytest.mark.slow
def test_without_an_end_of_leases_it_would_cost_every_cycle(base: dict[str, Any], tmp_path: Path) -> None:
    variables = {**base, "CAPTUREGRAPH_SWEEP_S": 2, "TIDE_S": 4, "TIDE_BREAK": "silence"}
    with fleet(tmp_path / "fleet", 0, 1, **variables) as started:
        started.start_beat(TIDE_DIES="sending")
        started.until((started.var / "died-sending").exists, "the death of the beat")
        started.start_beat(TIDE_SERVICES="tide sweep")
        started.until(more_completed(6, "sweep"), "cycles of another service")
        assert completed() == 0, started.said()


# --- stopped in the middle of a transaction ---------------------------------------------------------------------------


def stop_inside(var: Path, variables: dict[str, Any]) -> Iterator[tuple[Fleet, int]]:
    """Stop a worker while its transaction holds the row of the lease; give the token of its run."""
    times = {"CAPTUREGRAPH_LEASE_S": 2, "TIDE_S": 4, "CAPTUREGRAPH_SWEEP_S": 2, "TIDE_SERVICES": "tide sweep"}
    with fleet(var / "fleet", 1, 0, **variables, **times) as started:
        started.start_worker(TIDE_WAITS="1")
        started.until((started.var / "inside").exists, "a transaction that is open")
        os.kill(started.workers[0].pid, signal.SIGSTOP)
        token = ServiceRun.objects.filter(service="tide", state="running").latest("pk").token
        started.start_worker()
        yield started, token


def test_who_is_stopped_inside_of_a_transaction_is_overtaken_and_writes_nothing(
    base: dict[str, Any], tmp_path: Path
) -> None:
    for started, token in stop_inside(tmp_path, base):
        later = Event.objects.filter(noun="tide", data__token__gt=token)
        started.until(lambda later=later: later.count() >= 3, "another run")
        before = Event.objects.filter(noun="tide", data__token=token).count()
        assert before <= 3, "what was done inside is undone"
        (started.var / "go").touch()
        os.kill(started.workers[0].pid, signal.SIGCONT)
        started.until(more_completed(2), "two more cycles")
        assert Event.objects.filter(noun="tide", data__token=token).count() == before, started.said()
        assert ServiceRun.objects.get(service="tide", token=token).state == "abandoned"
        assert violations() == [], started.said()


@pytest.mark.slow
def test_without_an_end_of_idling_nobody_would_take_over(base: dict[str, Any], tmp_path: Path) -> None:
    for started, token in stop_inside(tmp_path, {**base, "TIDE_BREAK": "idling"}):
        # Others live, and the lease ran out long ago.
        started.until(more_completed(6, "sweep"), "cycles of another service")
        assert not ServiceRun.objects.filter(service="tide", token__gt=token).exists(), started.said()
        assert ServiceRun.objects.get(service="tide", token=token).state == "running"
