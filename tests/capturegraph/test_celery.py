"""Background work as it is really started: one worker with its beat, and what they must not leave behind."""

from datetime import timedelta
from pathlib import Path

import pytest
from celery import Celery
from celery_workers import workers
from django.utils import timezone
from served import until
from stories import slots_in

from capturegraph.celery import app
from capturegraph.models import Assignment, CandidateSlot, Event, ServiceRun, Target, User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.only_on("sqlite")]


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


def test_a_worker_with_its_beat_tidies_up_and_leaves_nothing_about(
    lapsed: Assignment, database_url: str, tmp_path: Path
) -> None:
    with workers(tmp_path, database_url, "-B", CAPTUREGRAPH_SWEEP_S="1") as logs:
        until(lambda: Assignment.objects.filter(pk=lapsed.pk, state="expired").exists(), "the end of the lease", 60)
        until(lambda: ServiceRun.objects.filter(service="sweep", state="completed").count() >= 3, "three cycles", 60)
    assert "Traceback" not in logs[0].read_text()
    assert {path.suffix for path in (tmp_path / "messages").rglob("*") if path.is_file()} <= {".message"}
    assert CandidateSlot.objects.get(pk=lapsed.slot_id).seats_left == 1
    assert Event.objects.filter(row_id=lapsed.pk, verb="expired").count() == 1


def test_every_entry_of_the_schedule_is_a_task_and_a_service_that_there_are() -> None:
    from capturegraph.services.cycles.periodic import SERVICES

    schedule: Celery = app.conf.beat_schedule
    app.loader.import_default_modules()
    assert {entry["task"] for entry in schedule.values()} <= set(app.tasks)
    assert [entry["kwargs"]["service"] for entry in schedule.values()] == list(SERVICES)
    assert all(entry["options"]["expires"] for entry in schedule.values())
