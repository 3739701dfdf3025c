"""Workers as they are really started, and what they must not leave behind."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from served import ROOT, environment

ALONE = ("--without-gossip", "--without-mingle", "--without-heartbeat")
THREADS = ("-P", "threads", "--concurrency", "1", "--loglevel", "INFO", *ALONE)


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
