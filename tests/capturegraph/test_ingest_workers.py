"""Photographs looked into by real processes that are killed: each has its file, its finding once, nothing is left."""

import hashlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from celery_workers import THREADS, workers
from django.utils import timezone
from ingesting import asked, scene, stores
from kombu import Connection
from served import ROOT, environment, until
from stories import Person

from capturegraph.models import Capture, Event, Job, PhotoFinding, Target
from capturegraph.services import jobs, work
from capturegraph.services.ingest import asking, orphans
from capturegraph.services.uploads import small_photos

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow_on("postgresql")]

# A worker that comes to a point, says so, and waits there to be killed.
STUCK = """
import os, sys, time, uuid
import django
django.setup()
from django.utils import timezone
from capturegraph.services import work
from capturegraph.services.jobs import Held
from capturegraph.services.ingest import looking
def stuck(*args, **kwargs):
    print("inside", flush=True)
    time.sleep(600)
POINT
work.do(job_id=uuid.UUID(sys.argv[1]), clock=timezone.now)
"""
POINTS = {
    "while a small copy is written": "os.replace = stuck",
    "before the finding": "looking._note = stuck",
    "before the commit": "Held.still_mine = stuck",
    "after the commit": "Held.end = stuck",
}


@pytest.fixture
def alice() -> Person:
    return Person("alice").joins(Target.objects.create(name="Boundary stones"), "volunteer")


@pytest.fixture
def rung(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages go where the workers of this test hear them."""
    folder = tmp_path / "messages"

    def ring(job_id: Any) -> bool:
        from celery import current_app

        with Connection("filesystem://", transport_options={"folder": str(folder)}) as broker:
            current_app.send_task(jobs.TASK, args=[str(job_id)], retry=False, connection=broker)
        return True

    monkeypatch.setattr(jobs, "ring", ring)


@contextmanager
def process(command: list[str], var: Path, database_url: str) -> Iterator[subprocess.Popen[str]]:
    env = environment(
        var, CAPTUREGRAPH_DATABASE_URL=database_url, PYTHONPATH=str(ROOT),
        DJANGO_SETTINGS_MODULE="capturegraph.settings",
    )  # fmt: skip
    with subprocess.Popen(
        [sys.executable, *command], env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def assert_whole(captures: list[str], own_files: Path) -> None:
    """Every photograph with its file, its copies and its finding; once, and nothing besides after the sweep."""
    expected = set[str]()
    for row in Capture.objects.all():
        data = (own_files / str(row.photo)).read_bytes()
        assert hashlib.sha256(data).hexdigest() == row.photo_sha256
        expected |= {str(row.photo), *small_photos.names_of(row)}
    assert {str(one) for one in PhotoFinding.objects.values_list("pk", flat=True)} == set(captures)
    told = list(Event.objects.filter(verb="looked into").values_list("row_id", flat=True))
    assert sorted(map(str, told)) == sorted(captures)
    later = timezone.now() + timedelta(days=2)
    for names in list(orphans.found(now=later)):
        orphans.delete(names)
    assert {str(path.relative_to(own_files)) for path in own_files.rglob("*.*") if path.is_file()} == expected
    assert list(orphans.missing()) == []


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_killed_at_a_point(
    alice: Person, database_url: str, tmp_path: Path, own_files: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    monkeypatch.setattr(jobs, "ring", lambda job_id: True)
    capture = stores(alice, Target.objects.get(), scene(1))
    job = asked()[0].pk
    with process(["-c", STUCK.replace("POINT", POINTS[point]), str(job)], tmp_path, database_url) as started:
        assert started.stdout is not None
        assert started.stdout.readline() == "inside\n"
        started.send_signal(signal.SIGKILL)
        started.wait()
    assert PhotoFinding.objects.count() == (point == "after the commit")
    now = timezone.now()
    assert work.do(job_id=job, clock=lambda: now) is None, "its lease has not run out"
    later = now + timedelta(minutes=3)
    assert jobs.ring_for_due(now=later) == 1
    assert work.do(job_id=job, clock=lambda: later) == "done"
    assert_whole([capture], own_files)


@pytest.mark.slow
def test_workers_killed_at_any_moment(
    alice: Person, rung: None, database_url: str, tmp_path: Path, own_files: Path
) -> None:
    """Real workers of Celery, killed one after the other in the middle of whatever they do; and a beat that sweeps."""
    stones = Target.objects.get()
    captures = [stores(alice, stones, scene(number, size=(800, 600))) for number in range(8)]
    for already in (2, 4):
        # Whoever is killed takes with it the messages that it had fetched; the sweep rings again.
        jobs.ring_for_due(now=timezone.now() + timedelta(minutes=1))
        with process(["-m", "celery", "-A", "capturegraph.celery", "worker", *THREADS], tmp_path, database_url) as it:
            until(lambda: PhotoFinding.objects.count() >= already, "some findings", 120)  # noqa: B023
            it.send_signal(signal.SIGKILL)
            it.wait()
    # Time passes, as those who ring and those who wait for a lease see it.
    past = timezone.now() - timedelta(minutes=5)
    Job.objects.filter(state="running").update(lease_until=past)
    Job.objects.update(created_at=past)
    with workers(tmp_path, database_url, "-B", CAPTUREGRAPH_SWEEP_S="1"):
        ended = ("done", "failed", "cancelled")
        until(lambda: not Job.objects.exclude(state__in=ended).exists(), "the end of all jobs", 120)
    assert {job.state for job in asked()} == {"done"}
    assert_whole(captures, own_files)


def test_a_photo_of_which_nobody_was_told_is_looked_into(
    alice: Person, database_url: str, tmp_path: Path, own_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stored before this release: there is no job, and the sweep of a real beat finds it."""
    monkeypatch.setattr(jobs, "ring", lambda job_id: False)
    capture = stores(alice, Target.objects.get(), scene(1))
    Job.objects.filter(kind=asking.INGEST).delete()
    with workers(tmp_path, database_url, "-B", CAPTUREGRAPH_SWEEP_S="1"):
        until(PhotoFinding.objects.exists, "the finding", 120)
        until(lambda: asked()[0].state == "done", "the end of the job", 60)
    assert_whole([capture], own_files)
