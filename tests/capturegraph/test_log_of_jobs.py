"""The id of a request goes with the message into the worker, so that one search finds all that a request caused."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bringing_in import send, table
from celery_workers import workers
from kombu import Connection
from served import ROOT, environment, until
from stories import Person

from capturegraph.models import Job, Target
from capturegraph.services import jobs


def test_a_web_server_rings_at_our_broker(tmp_path: Path) -> None:
    """In a process of its own: in this one, some test has named the app already."""
    ask = "import capturegraph.wsgi; from celery import current_app; print(current_app.conf.broker_url)"
    env = environment(tmp_path, CAPTUREGRAPH_BROKER_URL="redis://127.0.0.1:1/7", PYTHONWARNINGS="ignore")
    told = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "redis://127.0.0.1:1/7"


@pytest.mark.django_db(transaction=True)
@pytest.mark.only_on("sqlite")
@pytest.mark.slow
def test_a_job_is_logged_with_the_request_that_caused_it(
    database_url: str, tmp_path: Path, own_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ring(job_id: Any) -> bool:
        from capturegraph.celery import app

        with Connection("filesystem://", transport_options={"folder": str(tmp_path / "messages")}) as broker:
            app.send_task(jobs.TASK, args=[str(job_id)], retry=False, connection=broker)
        return True

    monkeypatch.setattr(jobs, "ring", ring)
    stones = Target.objects.create(name="Boundary stones")
    carol = Person("carol").joins(stones, "coordinator")
    answer = send(carol, stones, table("1 oak 0").encode(), "oak.csv", {"Prefer": "respond-async"})
    with workers(tmp_path, database_url, CAPTUREGRAPH_LOG_FORMAT="json", CAPTUREGRAPH_LOG_LEVEL="DEBUG") as (log,):
        until(lambda: Job.objects.get(pk=answer.json()["id"]).state == "done", "the job", 60)
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    (ended,) = [line for line in lines if line["event"] == "job ended"]
    assert ended["request_id"] == answer["X-Request-ID"]
    assert (ended["id"], ended["outcome"], ended["fencing_token"]) == (answer.json()["id"], "done", 1)
    assert "38.89" not in log.read_text()
