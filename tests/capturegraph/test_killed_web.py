"""Web servers and workers killed while photos come in: what was called safe is there, and nothing else is."""

import hashlib
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from http.client import HTTPException
from pathlib import Path
from threading import Event as Flag
from time import sleep
from uuid import uuid4

import orjson
import pytest
from celery_workers import THREADS, workers
from django.utils import timezone
from scenes import scene
from served import ROOT, environment, free_port, until
from stories import API, Person, sha256
from test_ingest_workers import assert_whole

from capturegraph.models import Capture, Job, PhotoFinding, PhotoPart, Target
from capturegraph.services.cycles import sweeping
from tests.benchmarks.raw_http import sent

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SEED, KILLS, PHONES = 20_262, 6, 4


class Machine:
    """A web server and a worker on one database, killed and started again at will."""

    def __init__(self, var: Path, database_url: str) -> None:
        self.port, self._var = free_port(), var
        self._env = environment(var, CAPTUREGRAPH_DATABASE_URL=database_url, PYTHONPATH=str(ROOT))
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        options = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(self.port), "--blocking-threads", "4"]
        web = ["granian", *options, "--no-ws", "capturegraph.wsgi:application"]
        for command in (web, ["celery", "-A", "capturegraph.celery", "worker", *THREADS]):
            self._running.append(
                subprocess.Popen(
                    [sys.executable, "-m", *command],
                    env=self._env,
                    cwd=self._var,
                    start_new_session=True,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
        until(lambda: self.put("/healthz", b"", method="GET") == 200, "an answer of the web server")

    def kill(self) -> None:
        """End everything in the middle of whatever it does, with all that it has begun."""
        for process in self._running:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._running.clear()

    def put(self, path: str, body: bytes, *, method: str = "PUT", **headers: str) -> int:
        """Ask once; 0 where nobody answered."""
        try:
            return sent(self.port, method, path, body, headers).status
        except (OSError, HTTPException):
            return 0


@contextmanager
def machine(var: Path, database_url: str) -> Iterator[Machine]:
    running = Machine(var, database_url)
    try:
        running.start()
        yield running
    finally:
        running.kill()


def takes_photos(who: Person, target: Target, running: Machine, enough: Flag, number: int) -> dict[str, str]:
    """Send one photo after the other, each until one is told that it is safe; give what was promised."""
    promised: dict[str, str] = {}

    def is_safe(path: str, body: bytes, kind: str) -> bool:
        said = {"Authorization": f"Bearer {who.token}", "Content-Type": kind}
        status = running.put(API + path, body, **said)
        # Nobody there, or "not now"; anything else is an answer that a phone does not understand.
        assert status in (0, 200, 201, 503), (path, status)
        return status in (200, 201)

    while not enough.is_set():
        capture, data = str(uuid4()), scene(100 * number + len(promised), size=(1600, 1200))
        words = orjson.dumps({**who.words(target, 0.0), "photo_sha256": sha256(data)})
        until(partial(is_safe, f"captures/{capture}/", words, "application/json"), "the words", 120)
        until(partial(is_safe, f"captures/{capture}/photo/", data, "image/jpeg"), "the photo", 120)
        promised[capture] = sha256(data)
    return promised


def test_what_was_promised_is_there_whatever_was_killed(database_url: str, tmp_path: Path, own_files: Path) -> None:
    stones, chance, enough = Target.objects.create(name="Boundary stones"), random.Random(SEED), Flag()
    people = [Person(f"volunteer {number}").joins(stones, "volunteer") for number in range(PHONES)]
    with machine(tmp_path, database_url) as running, ThreadPoolExecutor(PHONES) as phones:
        try:
            sending = [
                phones.submit(takes_photos, who, stones, running, enough, number) for number, who in enumerate(people)
            ]
            for _kill in range(KILLS):
                sleep(chance.uniform(0.2, 2.0))
                running.kill()
                running.start()
        finally:
            enough.set()
        promised = {capture: digest for one in sending for capture, digest in one.result().items()}
    assert len(promised) > KILLS
    for row in Capture.objects.filter(pk__in=promised):
        assert row.state == Capture.State.STORED
        assert hashlib.sha256((own_files / str(row.photo)).read_bytes()).hexdigest() == promised[str(row.pk)]
    # Time passes, as those who ring and those who wait for a lease see it.
    past = timezone.now() - timedelta(minutes=5)
    Job.objects.filter(state="running").update(lease_until=past)
    Job.objects.update(created_at=past)
    with workers(tmp_path, database_url, "-B", CAPTUREGRAPH_SWEEP_S="1"):
        until(lambda: PhotoFinding.objects.count() == len(promised), "a finding for each", 120)
        until(lambda: not Job.objects.exclude(state="done").exists(), "the end of all jobs", 120)
    sweeping.sweep(now=timezone.now() + timedelta(days=30))
    assert not PhotoPart.objects.exists()
    assert_whole(sorted(promised), own_files)
