"""Beats and workers as processes, on every broker: each cycle once, whoever is killed or paused; and controls."""

import os
import signal
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from fleet import completed, fleet, longest_gap, more_completed, violations

from capturegraph.models import Event, ServiceRun, ServiceRunner

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]


# --- three recipes ----------------------------------------------------------------------------------------------------


def serves(broker: str, database_url: str, var: Path) -> None:
    addresses = {"CAPTUREGRAPH_DATABASE_URL": database_url, "CAPTUREGRAPH_BROKER_URL": broker}
    with fleet(var / "fleet", 2, 2, **addresses, TIDE_S=1) as started:
        started.until(lambda: completed() >= 3, "three cycles")
        assert violations() == [], started.said()
        live = ServiceRunner.objects.filter(signed_off_at=None).count()
        assert live == 2, started.said()
    assert ServiceRunner.objects.filter(signed_off_at=None).count() == 0, "they signed off"
    assert violations() == []


@pytest.mark.only_on("sqlite")
def test_files_and_sqlite(database_url: str, tmp_path: Path) -> None:
    serves("filesystem://", database_url, tmp_path)


@pytest.mark.only_on("postgresql")
def test_redis_and_postgresql(redis_url: str, database_url: str, tmp_path: Path) -> None:
    serves(redis_url, database_url, tmp_path)


@pytest.mark.only_on("postgresql")
def test_rabbitmq_and_postgresql(amqp_url: str, database_url: str, tmp_path: Path) -> None:
    serves(amqp_url, database_url, tmp_path)


# --- killed, paused ---------------------------------------------------------------------------------------------------


def running_effects() -> int:
    run = ServiceRun.objects.filter(service="tide", state="running").exclude(begun_at=None).first()
    return Event.objects.filter(noun="tide", data__token=run.token).count() if run else 0


@pytest.mark.only_on("postgresql")
def test_a_killed_holder_is_given_up_and_the_next_cycle_runs(redis_url: str, database_url: str, tmp_path: Path) -> None:
    """Within a lease and an interval: the interval is long, so that a slow machine finds the time."""
    lease_s, interval_s = 3, 30
    variables = {
        "CAPTUREGRAPH_DATABASE_URL": database_url, "CAPTUREGRAPH_BROKER_URL": redis_url,
        "CAPTUREGRAPH_LEASE_S": lease_s, "TIDE_S": interval_s, "TIDE_STEP_S": 0.2,
    }  # fmt: skip
    with fleet(tmp_path / "fleet", 1, 1, **variables) as started:
        started.until(lambda: running_effects() >= 2, "a run in the middle")
        started.workers[0].kill()
        last_word = Event.objects.filter(noun="tide").latest("pk").at
        started.start_worker()
        started.until(lambda: completed() >= 1, "a cycle after the kill")
        killed = ServiceRun.objects.filter(service="tide").earliest("pk")
        assert (killed.state, killed.reason) == ("abandoned", "its worker fell silent"), started.said()
        after = ServiceRun.objects.get(state="completed")
        assert after.ended_at - last_word <= timedelta(seconds=lease_s + interval_s)
        assert violations() == [], started.said()


@pytest.mark.slow
@pytest.mark.only_on("postgresql")
def test_without_an_end_of_silence_no_cycle_would_run(redis_url: str, database_url: str, tmp_path: Path) -> None:
    variables = {
        "CAPTUREGRAPH_DATABASE_URL": database_url, "CAPTUREGRAPH_BROKER_URL": redis_url, "TIDE_S": 4,
        "TIDE_STEP_S": 0.2, "TIDE_SERVICES": "tide sweep", "CAPTUREGRAPH_SWEEP_S": 2, "TIDE_BREAK": "silence",
    }  # fmt: skip
    with fleet(tmp_path / "fleet", 1, 1, **variables) as started:
        started.until(lambda: running_effects() >= 2, "a run in the middle")
        started.workers[0].kill()
        before = completed()
        started.start_worker()
        started.until(more_completed(6, "sweep"), "cycles of another service")
        assert completed() == before, started.said()


def stop_between_writes(pid: int) -> None:
    """Stop a process where it has no transaction open: PostgreSQL ends one that stays idle, and its process with it."""
    while True:
        os.kill(pid, signal.SIGSTOP)
        time.sleep(0.1)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'"
            )
            if cursor.fetchone() == (0,):
                return
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.1)


def pause_and_overtake(redis_url: str, database_url: str, var: Path, **more: str) -> list[str]:
    """Stop a worker in the middle of its run until another has overtaken it, let it go on, and look at the rows."""
    variables = {
        "CAPTUREGRAPH_DATABASE_URL": database_url, "CAPTUREGRAPH_BROKER_URL": redis_url, "CAPTUREGRAPH_LEASE_S": "2",
        "TIDE_STEP_S": "0.3", "TIDE_S": "4", **more,
    }  # fmt: skip
    with fleet(var / "fleet", 1, 1, **variables) as started:
        started.until(lambda: running_effects() >= 2, "a run in the middle")
        stop_between_writes(started.workers[0].pid)
        started.start_worker()
        overtaken = ServiceRun.objects.filter(service="tide", state="running").get().token
        later = Event.objects.filter(noun="tide", data__token__gt=overtaken)
        started.until(lambda: later.count() >= 3, "another run")
        os.kill(started.workers[0].pid, signal.SIGCONT)
        enough = more_completed(2)
        started.until(lambda: violations() or enough(), "two more cycles")
        return violations()


@pytest.mark.only_on("postgresql")
def test_a_holder_that_was_paused_and_overtaken_writes_nothing_more(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    assert pause_and_overtake(redis_url, database_url, tmp_path) == []


@pytest.mark.slow
@pytest.mark.only_on("postgresql")
def test_without_the_token_it_would_have_written(redis_url: str, database_url: str, tmp_path: Path) -> None:
    assert pause_and_overtake(redis_url, database_url, tmp_path, TIDE_BREAK="token") != []


# --- many -------------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.only_on("postgresql")
def test_three_beats_and_five_workers_serve_a_hundred_cycles_once_each(
    redis_url: str, database_url: str, tmp_path: Path
) -> None:
    variables = {"CAPTUREGRAPH_DATABASE_URL": database_url, "CAPTUREGRAPH_BROKER_URL": redis_url}
    with fleet(tmp_path / "fleet", 3, 5, **variables, TIDE_S=1, TIDE_STEP_S=0.01) as started:
        started.until(lambda: completed() >= 100, "a hundred cycles", 900)
        assert violations() == [], started.said()
        # `python -m tests.benchmarks faults` counts those that no process found the time for: none, on a free machine.
        assert longest_gap() <= timedelta(seconds=1 + 30), started.said()
