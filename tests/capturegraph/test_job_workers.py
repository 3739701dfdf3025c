"""Background work by real workers: one that is killed in the middle, and one that Celery runs."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from bringing_in import send, states, table
from celery_workers import workers
from django.utils import timezone
from kombu import Connection
from served import ROOT, environment, until
from stories import Person

from capturegraph.models import Batch, CandidateSlot, Event, Job, Target
from capturegraph.services import jobs, work

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow_on("postgresql")]

LATER = {"Prefer": "respond-async"}

# A worker that comes to the end of the transaction, says so, and waits there to be killed.
STUCK = """
import sys, time, uuid
import django
django.setup()
from django.utils import timezone
from capturegraph.services import work
from capturegraph.services.jobs import Held
def stuck(held):
    print("inside", flush=True)
    time.sleep(600)
Held.still_mine = stuck
work.do(job_id=uuid.UUID(sys.argv[1]), clock=timezone.now)
"""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A look that was done, and its application, written down while nobody heard it."""
    monkeypatch.setattr(jobs, "ring", lambda job_id: True)
    stones = Target.objects.create(name="Boundary stones")
    carol = Person("carol").joins(stones, "coordinator")
    rows = table(*(f"{n} stone{n} {n * 100}" for n in range(300)))
    seen = send(carol, stones, rows.encode(), "places.csv", dry_run=True).json()
    answer = carol.phone.post(f"/api/v1/batches/{seen['id']}/apply/", {}, "application/json", headers=LATER)
    return answer.json()


@pytest.fixture
def stuck(asked: dict[str, Any], database_url: str, tmp_path: Path, own_files: Path) -> Iterator[subprocess.Popen[str]]:
    env = environment(
        tmp_path, CAPTUREGRAPH_DATABASE_URL=database_url, PYTHONPATH=str(ROOT),
        DJANGO_SETTINGS_MODULE="capturegraph.settings",
    )  # fmt: skip
    command = [sys.executable, "-c", STUCK, asked["id"]]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_a_worker_killed_while_it_applies_leaves_nothing_and_the_next_one_finishes(
    asked: dict[str, Any], stuck: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert stuck.stdout is not None
    assert stuck.stdout.readline() == "inside\n"
    assert Job.objects.get().state == "running"
    stuck.send_signal(signal.SIGKILL)
    stuck.wait()
    assert (CandidateSlot.objects.count(), Batch.objects.get().state) == (0, "previewed")
    now = timezone.now()
    assert work.do(job_id=asked["id"], clock=lambda: now) is None, "its lease has not run out"
    rung: list[Any] = []
    monkeypatch.setattr(jobs, "ring", lambda job_id: bool(rung.append(job_id)) or True)
    later = now + timedelta(minutes=3)
    assert jobs.ring_for_due(now=later) == 1
    assert work.do(job_id=rung[0], clock=lambda: later) == "done"
    assert (CandidateSlot.objects.count(), Batch.objects.get().state) == (300, "applied")
    assert Event.objects.filter(verb="applied").count() == 1
    assert Job.objects.get().token == 2


def test_a_celery_worker_does_what_was_rung_for(database_url: str, tmp_path: Path, own_files: Path) -> None:
    """A message over the files of the embedded broker, from the request to the worker; and one that was lost."""
    stones = Target.objects.create(name="Boundary stones")
    carol = Person("carol").joins(stones, "coordinator")
    folder = tmp_path / "messages"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "ring", lambda job_id: _ring(folder, job_id))
        first = send(carol, stones, table("1 oak 0").encode(), "oak.csv", LATER).json()
    with workers(tmp_path, database_url, "-B", CAPTUREGRAPH_SWEEP_S="1"):
        until(lambda: Job.objects.get(pk=first["id"]).state == "done", "the job", 60)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(jobs, "ring", lambda job_id: False)
            lost = send(carol, stones, table("2 elm 500").encode(), "elm.csv", LATER).json()
        # Nobody rings for what may still be on the way.
        Job.objects.filter(pk=lost["id"]).update(created_at=timezone.now() - timedelta(minutes=5))
        until(lambda: Job.objects.get(pk=lost["id"]).state == "done", "the job whose message was lost", 60)
    assert states(stones) == {"oak": "waiting", "elm": "waiting"}


def _ring(folder: Path, job_id: Any) -> bool:
    from celery import current_app

    with Connection("filesystem://", transport_options={"folder": str(folder)}) as broker:
        current_app.send_task(jobs.TASK, args=[str(job_id)], retry=False, connection=broker)
    return True
