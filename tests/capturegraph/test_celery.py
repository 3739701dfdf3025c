"""Background work with real beats, real workers and every broker that is supported: each cycle is swept once."""

import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from celery import Celery
from django.db import connection
from django.utils import timezone
from kombu import Connection
from served import ROOT, environment, until
from stories import slots_in

from capturegraph.celery import app
from capturegraph.models import Assignment, CandidateSlot, Event, ServiceRun, Target, User
from capturegraph.services import sweeping

pytestmark = pytest.mark.django_db(transaction=True)

ALONE = ("--without-gossip", "--without-mingle", "--without-heartbeat")
THREADS = ("-P", "threads", "--concurrency", "1", "--loglevel", "INFO", *ALONE)


@pytest.fixture
def database_url(database: str, request: pytest.FixtureRequest) -> str:
    """The address of the database that this test is on, for a process of its own."""
    name = connection.settings_dict["NAME"]
    if database == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(request.getfixturevalue("postgresql_url"))._replace(path=f"/{name}").geturl()


@contextmanager
def workers(var: Path, database_url: str, *more: str, count: int = 1, **variables: str) -> Iterator[list[Path]]:
    """Start workers on one database and one broker; give their logs."""
    env = environment(var, CAPTUREGRAPH_DATABASE_URL=database_url, PYTHONPATH=str(ROOT), **variables)
    logs, started, elsewhere = [var / f"worker-{number}.log" for number in range(count)], [], var / "elsewhere"
    elsewhere.mkdir()
    try:
        for number, log in enumerate(logs):
            command = [sys.executable, "-m", "celery", "-A", "capturegraph.celery", "worker", *THREADS, *more]
            with log.open("w") as out:
                hosted = [*command, "--hostname", f"{number}@test"]
                started.append(subprocess.Popen(hosted, env=env, cwd=elsewhere, stdout=out, stderr=subprocess.STDOUT))
        yield logs
    finally:
        for process in started:
            process.terminate()
        codes = [process.wait(30) for process in started]
    assert list(elsewhere.iterdir()) == [], "nothing is written where they happen to be started"
    assert codes == [0] * count, "\n".join(log.read_text() for log in logs)


@pytest.fixture
def lapsed() -> Assignment:
    """A slot that somebody held until a minute ago."""
    now = timezone.now()
    stones = Target.objects.create(name="Boundary stones")
    (slot,) = slots_in(stones, oak=0)
    CandidateSlot.objects.filter(pk=slot.pk).update(seats_left=0)
    return Assignment.objects.create(
        target=stones, slot=slot, volunteer=User.objects.create_user("alice"), started_at=now - timedelta(hours=1),
        expires_at=now - timedelta(minutes=1),
    )  # fmt: skip


def test_two_beats_and_two_workers_sweep_each_cycle_once(lapsed: Assignment, database_url: str, tmp_path: Path) -> None:
    """Both beats ring every second; what is due is done, and each cycle has one run."""
    with workers(tmp_path, database_url, "-B", count=2, CAPTUREGRAPH_SWEEP_S="1") as logs:
        until(lambda: Assignment.objects.filter(pk=lapsed.pk, state="expired").exists(), "the end of the lease", 40)
        rung = re.compile("Sending due task sweep")
        until(lambda: all(len(rung.findall(log.read_text())) >= 4 for log in logs), "four rings of each beat", 40)
    told = "".join(log.read_text() for log in logs)
    assert "Traceback" not in told, told
    assert not list(tmp_path.glob("beat-schedule*")), "a file that the beats would fight over"
    assert {path.suffix for path in (tmp_path / "messages").rglob("*") if path.is_file()} <= {".message"}
    assert CandidateSlot.objects.get(pk=lapsed.slot_id).seats_left == 1
    assert Event.objects.filter(row_id=lapsed.pk, verb="expired").count() == 1
    runs = ServiceRun.objects.exclude(completed_at=None)
    cycles = [run.cycle for run in runs]
    assert len(cycles) == len(set(cycles)) >= 3
    assert sum(run.result["leases"] for run in runs) == 1
    done = len(re.findall(r"Task capturegraph\.sweep\S+ succeeded", told))
    assert done > len(cycles), "more rings than cycles: the rest found the cycle taken"


def test_a_cycle_that_is_taken_is_left_alone(lapsed: Assignment) -> None:
    now = timezone.now().replace(second=5, microsecond=0)
    run = sweeping.run_cycle(now=now, cycle_s=60)
    assert run is not None
    assert (run.result["leases"], run.completed_at) == (1, now)
    assert sweeping.run_cycle(now=now + timedelta(seconds=54), cycle_s=60) is None
    assert sweeping.run_cycle(now=now + timedelta(seconds=55), cycle_s=60) is not None


@pytest.mark.only_on("sqlite")
def test_the_schedule_rings_for_the_sweep_once_a_cycle() -> None:
    entries: dict[str, dict[str, Any]] = app.conf.beat_schedule
    app.loader.import_default_modules()
    assert entries["sweep"]["task"] in app.tasks
    assert entries["sweep"]["schedule"] == entries["sweep"]["options"]["expires"] == 60


def sweep_over(broker: str, database_url: str, var: Path) -> None:
    """Send the sweep over a broker, to a worker that listens on a queue of its own, and wait until it was done."""
    queue = f"capturegraph-test-{secrets.token_hex(6)}"
    sender = Celery(broker=broker, set_as_current=False)
    try:
        with workers(var, database_url, "--queues", queue, CAPTUREGRAPH_BROKER_URL=broker):
            sender.send_task("capturegraph.sweep", queue=queue, ignore_result=True)
            until(lambda: ServiceRun.objects.exclude(completed_at=None).exists(), "the sweep", 40)
    finally:
        sender.close()
        with Connection(broker) as broken_up:
            broken_up.default_channel.queue_delete(queue)


@pytest.mark.only_on("sqlite")
def test_the_sweep_goes_over_redis(lapsed: Assignment, redis_url: str, database_url: str, tmp_path: Path) -> None:
    sweep_over(redis_url, database_url, tmp_path)
    lapsed.refresh_from_db()
    assert lapsed.state == "expired"


@pytest.mark.only_on("sqlite")
def test_the_sweep_goes_over_rabbitmq(lapsed: Assignment, amqp_url: str, database_url: str, tmp_path: Path) -> None:
    sweep_over(amqp_url, database_url, tmp_path)
    lapsed.refresh_from_db()
    assert lapsed.state == "expired"
