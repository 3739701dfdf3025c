"""What a beat sends: only what it was cleared for, and for so long as it is worth hearing."""

from typing import Any

import pytest
from celery import Celery
from celery.beat import ScheduleEntry

from capturegraph.beat import Scheduler
from capturegraph.celery import app
from capturegraph.models import ServiceRun, ServiceRunner
from capturegraph.services.writing import database_now

pytestmark = pytest.mark.django_db


@pytest.fixture
def beat(monkeypatch: pytest.MonkeyPatch) -> Scheduler:
    """A beat that has signed on, without a thread that says so."""
    monkeypatch.setattr("capturegraph.beat.Pulse.start", lambda pulse: None)
    made = Scheduler(app, lazy=False)
    now = database_now()
    ServiceRunner.objects.create(id=made.runner_id, name="beat", started_at=now, heartbeat_at=now)
    return made


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What was given to the broker."""
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(Celery, "send_task", lambda self, name, args, kwargs, **how: messages.append({**kwargs, **how}))
    return messages


def sweep() -> ScheduleEntry:
    return ScheduleEntry(name="sweep", app=app, **app.conf.beat_schedule["sweep"])


def test_a_message_lasts_a_span_and_not_until_a_moment_of_the_beat_s_clock(
    beat: Scheduler, sent: list[dict[str, Any]]
) -> None:
    beat.apply_async(sweep(), advance=False)
    (message,) = sent
    assert (message["expiration"], "expires" in message) == (
        app.conf.beat_schedule["sweep"]["options"]["expires"],
        False,
    )
    run = ServiceRun.objects.get()
    assert (message["service"], message["run_id"], message["token"]) == ("sweep", run.pk, 1)


def test_nothing_is_sent_to_which_the_beat_is_not_cleared(beat: Scheduler, sent: list[dict[str, Any]]) -> None:
    for _ in range(3):
        beat.apply_async(sweep(), advance=False)
    assert (len(sent), ServiceRun.objects.count()) == (1, 1)


def test_what_the_broker_did_not_take_may_be_claimed_anew(beat: Scheduler, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(Celery, "send_task", refuse)
    for _ in range(3):
        beat.apply_entry(sweep())
    assert [run.state for run in ServiceRun.objects.all()] == ["abandoned"]
