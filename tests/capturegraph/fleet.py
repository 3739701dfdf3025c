"""Beats, workers and a web server as processes on one database and one broker, and what their rows must never say."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import nursery
from served import ROOT, environment, free_port, until

from capturegraph.models import Event, Job, ServiceRun
from capturegraph.services.writing import database_now

QUIET = ("--without-gossip", "--without-mingle", "--without-heartbeat")
EFFECTS = 10
# Long enough for any machine: what is waited for comes, or the test is to fail.
PATIENCE_S = 300


@dataclass
class Fleet:
    """Beats and workers on one database and one broker."""

    var: Path
    variables: dict[str, str]
    beats: list[BaseProcess] = field(default_factory=list)
    workers: list[BaseProcess] = field(default_factory=list)
    others: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start_beat(self, **more: str) -> BaseProcess:
        return self._start(self.beats, "beat", "beat", "--pidfile=", **more)

    def start_worker(self, **more: str) -> BaseProcess:
        name = f"worker-{len(self.workers)}@test"
        return self._start(self.workers, "worker", "worker", "-P", "solo", "--hostname", name, *QUIET, **more)

    def _start(self, those: list[BaseProcess], name: str, *arguments: str, **more: str) -> BaseProcess:
        log = self.var / f"{name}-{len(those)}.log"
        whole = ["-A", "tide", *arguments, "--loglevel", "INFO"]
        those.append(nursery.celery(whole, env=self._environment(**more), cwd=self.var, log=log))
        return those[-1]

    def start_skewed(self, seconds: int, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `celery …` on a machine whose clock is wrong."""
        command = ["-m", "skewed", str(seconds), "celery", "-A", "tide", *arguments, "--loglevel", "INFO"]
        return self._start_other(f"skewed-{arguments[0]}-{seconds}", command)

    def start_web(self, port: int = 0, **more: str) -> str:
        """Start a web server, wait until it answers, and give its address."""
        from served import Visitor

        port = port or free_port()
        options = ["--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws"]
        process = self._start_other("web", ["-m", "granian", *options, "tide:application"], **more)

        def answers() -> bool:
            assert process.poll() is None, self.said()
            try:
                return Visitor(url).get("/healthz").status == 200
            except OSError:
                return False

        url = f"http://127.0.0.1:{port}"
        until(answers, "an answer of the web server", PATIENCE_S)
        return url

    def _start_other(self, name: str, command: list[str], **more: str) -> subprocess.Popen[bytes]:
        with (self.var / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, *command], env=self._environment(**more), cwd=self.var, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.others.append(process)
        return process

    def _environment(self, **more: str) -> dict[str, str]:
        paths = os.pathsep.join([str(ROOT), str(ROOT / "tests" / "capturegraph")])
        # The product's own checks take longer than the whole start, and other tests run them.
        quick = {"CELERY_SKIP_CHECKS": "1", "PYTHONPATH": paths}
        return environment(self.var, **quick, **{**self.variables, **more})

    def keep_one_worker(self) -> None:
        """Start another worker where all have died."""
        if not any(worker.is_alive() for worker in self.workers):
            self.start_worker()

    def stop(self) -> None:
        """End everything that was started, by its id: beats in good order, the rest at once."""
        for beat in self.beats:
            if beat.is_alive():
                os.kill(beat.pid, signal.SIGCONT)
                beat.terminate()
        for worker in self.workers:
            worker.kill()
        for process in self.others:
            if process.poll() is None:
                process.terminate()
        for process in [*self.beats, *self.workers]:
            process.join(30)
            if process.is_alive():
                process.kill()
                process.join()
            process.close()
        for process in self.others:
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def said(self) -> str:
        """The last words of everybody."""
        return "\n".join(f"{log}\n{log.read_text(errors='replace')[-3000:]}" for log in sorted(self.var.glob("*.log")))

    def until(self, true: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
        """Wait for something, and give it; say what everybody said where it does not come."""
        try:
            return until(true, what, patience_s)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{list(ServiceRun.objects.values())[:20]}\n{self.said()}") from None


@contextmanager
def fleet(var: Path, beats: int, workers: int, **variables: Any) -> Iterator[Fleet]:
    """Start so many, and stop them."""
    var.mkdir(exist_ok=True)
    started = Fleet(var, {name: str(value) for name, value in variables.items()})
    with ExitStack() as stack:
        stack.callback(started.stop)
        for _ in range(workers):
            started.start_worker()
        for _ in range(beats):
            started.start_beat()
        yield started


# --- what the rows say ------------------------------------------------------------------------------------------------


def completed(service: str = "tide") -> int:
    return ServiceRun.objects.filter(service=service, state="completed").count()


def more_completed(count: int, service: str = "tide") -> Callable[[], bool]:
    """Say whether so many more cycles were completed than there are now."""
    wanted = completed(service) + count
    return lambda: completed(service) >= wanted


def violations() -> list[str]:
    """Everything about cycles, effects and jobs that must never be."""
    runs = list(ServiceRun.objects.order_by("pk"))
    done = [run for run in runs if run.state == "completed"]
    found = [f"{what} was completed {n} times" for what, n in _twice((run.service, run.cycle) for run in done)]
    tide = list(Event.objects.filter(noun="tide").order_by("pk").values_list("verb", "row_id", "data"))
    found += [f"{row} happened {n} times" for row, n in _twice(row for verb, row, _ in tide if verb == "rose")]
    found += [f"{what} was noted {n} times" for what, n in _twice((row, data["token"]) for _, row, data in tide)]
    by_cycle = Counter(data["cycle"] for verb, _, data in tide if verb == "rose")
    for run in done:
        if run.service == "tide" and by_cycle[run.cycle.isoformat()] < EFFECTS:
            found.append(f"{run.cycle} is completed with {by_cycle[run.cycle.isoformat()]} effects")
    tokens = [data["token"] for _, _, data in tide]
    if tokens != sorted(tokens):
        found.append("somebody wrote after they had been overtaken")
    unbegun = set(ServiceRun.objects.filter(service="tide", begun_at=None).values_list("token", flat=True))
    found += [f"run {token} was not begun, and wrote" for token in unbegun & set(tokens)]
    return found + _of_jobs()


def _of_jobs() -> list[str]:
    found = []
    refreshed = Event.objects.filter(verb="refreshed").values_list("row_id", "data__cycle")
    found += [f"{what} was refreshed {n} times" for what, n in _twice(refreshed)]
    for verb in ("rippled", "done", "applied"):
        rows = Event.objects.filter(verb=verb, noun__in=["ripple", "job", "batch"]).values_list("row_id", flat=True)
        found += [f"{row} was {verb} {n} times" for row, n in _twice(rows)]
    jobs = Job.objects.filter(kind="refresh").values_list("target", "data__cycle")
    return found + [f"for {what} there are {n} jobs" for what, n in _twice(jobs)]


def _twice(things: Any) -> list[tuple[Any, int]]:
    return [(thing, count) for thing, count in Counter(things).items() if count > 1]


def longest_gap(service: str = "tide") -> timedelta:
    """The longest time between two ends of completed runs, by the database's clock."""
    ended = sorted(ServiceRun.objects.filter(service=service, state="completed").values_list("ended_at", flat=True))
    return max((later - earlier for earlier, later in pairwise(ended)), default=timedelta(0))


def now() -> datetime:
    return database_now()
