"""Brokers that stop, messages that are lost, come three times or too late, jobs that kill who takes them.

The row is the truth, and a message only a doorbell: requests are answered, nothing is lost, nothing happens twice.
Every story has a control in which one guard is taken out.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from brokers import Broker, own_rabbitmq, own_redis
from fleet import Fleet, completed, fleet, more_completed, now, violations
from outage import BACK_WITHIN, People, cut_off, outages
from stories import slots_in

from capturegraph.models import CandidateSlot, Event, Job, ServiceRun, Target

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("processes"),
    pytest.mark.only_on("postgresql"),
]
SERVICES = {"TIDE_SERVICES": "tide sweep", "CAPTUREGRAPH_SWEEP_S": 2, "CAPTUREGRAPH_LEASE_S": 5}


# --- brokers that stop ------------------------------------------------------------------------------------------------


def stopped_under_load(
    own_broker: Callable[[Path], AbstractContextManager[Broker]], database_url: str, var: Path, rounds: int, **more: Any
) -> None:
    with own_broker(var / "broker") as broker:
        addresses = {"CAPTUREGRAPH_DATABASE_URL": database_url, "CAPTUREGRAPH_BROKER_URL": broker.url}
        with fleet(var / "fleet", 2, 2, **addresses, **SERVICES, **more) as started:
            people = People(started.start_web())
            late = outages(started, broker, people, rounds)
            done = Job.objects.filter(state="done")
            started.until(lambda: done.count() == len(people.jobs), "the end of all jobs")
            assert people.lost_or_doubled() == [], started.said()
            assert late == [], started.said()
            assert people.answers[200] > 0
            assert people.captures, "the volunteer photographed"


@pytest.mark.slow
def test_redis_is_killed_under_load(database_url: str, tmp_path: Path) -> None:
    stopped_under_load(own_redis, database_url, tmp_path, 1, TIDE_QUIET_S=2)


@pytest.mark.slow
def test_redis_is_stopped_five_times_under_load(database_url: str, tmp_path: Path) -> None:
    stopped_under_load(own_redis, database_url, tmp_path, 5)


@pytest.mark.slow
def test_rabbitmq_is_stopped_five_times_under_load(database_url: str, tmp_path: Path) -> None:
    stopped_under_load(own_rabbitmq, database_url, tmp_path, 5)


@pytest.mark.slow
def test_without_the_doorbell_what_was_rung_for_in_vain_would_be_lost(database_url: str, tmp_path: Path) -> None:
    with own_redis(tmp_path / "broker") as broker:
        addresses = {"CAPTUREGRAPH_DATABASE_URL": database_url, "CAPTUREGRAPH_BROKER_URL": broker.url}
        with fleet(tmp_path / "fleet", 1, 1, **addresses, **SERVICES, TIDE_BREAK="doorbell") as started:
            people = People(started.start_web())
            broker.stop(hard=True)
            assert people.brings_in().status == 202
            broker.start()
            # One that is heard is done; the other one is older, and many sweeps have passed it by.
            people.jobs.append(Job.objects.get().pk)
            assert people.brings_in().status == 202
            started.until(lambda: Job.objects.filter(state="done").exists(), "the job that was heard of")
            started.until(more_completed(8, "sweep"), "many sweeps")
            assert Job.objects.get(pk=people.jobs[0]).state == "waiting", started.said()


# --- messages that were never sent ------------------------------------------------------------------------------------


@pytest.fixture
def base(redis_url: str, database_url: str) -> dict[str, Any]:
    return {
        "CAPTUREGRAPH_DATABASE_URL": database_url,
        "CAPTUREGRAPH_BROKER_URL": redis_url,
        "TIDE_QUIET_S": 2,
        **SERVICES,
    }


def killed_between_commit_and_message(started: Fleet) -> Job:
    people = People(started.start_web(TIDE_DIES="ringing"))
    assert cut_off(people)
    assert (started.var / "died-ringing").exists()
    return Job.objects.get()


def test_a_message_that_was_never_sent_is_made_up_for(base: dict[str, Any], tmp_path: Path) -> None:
    with fleet(tmp_path / "fleet", 1, 1, **base) as started:
        job = killed_between_commit_and_message(started)
        started.until(lambda: Job.objects.get().state == "done", "the job that nobody was told of")
        assert Job.objects.get().ended_at - job.created_at <= BACK_WITHIN
        assert CandidateSlot.objects.count() == 1
        assert violations() == []


@pytest.mark.slow
def test_without_the_doorbell_nobody_would_ever_hear_of_it(base: dict[str, Any], tmp_path: Path) -> None:
    with fleet(tmp_path / "fleet", 1, 1, **base, TIDE_BREAK="doorbell") as started:
        killed_between_commit_and_message(started)
        started.until(more_completed(8, "sweep"), "many sweeps")
        assert Job.objects.get().state == "waiting", started.said()


# --- messages that come three times, or too late ----------------------------------------------------------------------


def three_times(var: Path, variables: dict[str, Any]) -> list[str]:
    """Send every message of runs and jobs three times to two workers; give what happened twice."""
    target = Target.objects.create(name="Boundary stones", batch_size=2)
    slots_in(target, a=0, b=200, c=400)
    CandidateSlot.objects.update(state="pool")
    ago = now() - timedelta(minutes=1)
    rippling = [Job.objects.create(kind="ripple", created_at=ago) for _ in range(3)]
    services = {"TIDE_SERVICES": "tide sweep refresh_targets", "CAPTUREGRAPH_REFRESH_S": 86_400, "TIDE_TIMES": 3}
    with fleet(var / "fleet", 1, 2, **{**variables, **services}) as started:
        done = Job.objects.filter(state="done")
        started.until(lambda: violations() or done.count() == len(rippling) + 1, "all jobs")
        started.until(lambda: violations() or completed() >= 3, "three cycles")
        assert completed("refresh_targets") <= 1
        return violations()


def test_messages_that_come_three_times_have_one_effect(base: dict[str, Any], tmp_path: Path) -> None:
    assert three_times(tmp_path, base) == []
    assert set(Job.objects.values_list("state", "token")) == {("done", 1)}
    assert Event.objects.filter(verb="refreshed").count() == 1


@pytest.mark.slow
@pytest.mark.parametrize("guard", ["beginning", "claim"])
def test_without_the_guard_they_would_have_three(base: dict[str, Any], tmp_path: Path, guard: str) -> None:
    assert three_times(tmp_path, {**base, "TIDE_BREAK": guard}) != []


def too_late(var: Path, variables: dict[str, Any]) -> list[str]:
    """Send messages to nobody until their leases have run out, then let a worker hear them all."""
    with fleet(var / "fleet", 1, 0, **{**variables, "CAPTUREGRAPH_LEASE_S": 2}) as started:
        silent = ServiceRun.objects.filter(service="tide", state="abandoned")
        started.until(lambda: silent.count() >= 2, "runs that nobody began")
        late = set(silent.values_list("token", flat=True))
        begun = ServiceRun.objects.filter(service="tide", token__in=late).exclude(begun_at=None)
        enough = more_completed(2)
        started.start_worker()
        started.until(lambda: begun.exists() or enough(), "two cycles")
        wrote = Event.objects.filter(noun="tide", data__token__in=late)
        return [*violations(), *map(str, wrote), *map(str, begun)]


def test_messages_that_come_too_late_begin_nothing(base: dict[str, Any], tmp_path: Path) -> None:
    assert too_late(tmp_path, base) == []


@pytest.mark.slow
def test_without_the_beginning_they_would_begin(base: dict[str, Any], tmp_path: Path) -> None:
    assert too_late(tmp_path, {**base, "TIDE_BREAK": "beginning"}) != []


# --- a job that kills who takes it ------------------------------------------------------------------------------------


@pytest.mark.slow
def test_work_that_kills_every_worker_ends_with_a_sentence_and_others_go_on(
    base: dict[str, Any], tmp_path: Path
) -> None:
    ago = now() - timedelta(minutes=1)
    poison = Job.objects.create(kind="poison", created_at=ago)
    with fleet(tmp_path / "fleet", 1, 1, **{**base, "CAPTUREGRAPH_LEASE_S": 2}, TIDE_JOB_LEASE_S=1) as started:

        def given_up() -> bool:
            started.keep_one_worker()
            return Job.objects.get(pk=poison.pk).state == "failed"

        started.until(given_up, "the end of the job", 300)
        after = Job.objects.get(pk=poison.pk)
        assert (after.error_code, after.token) == ("given_up", 6)
        assert after.error.endswith(".")
        assert len(started.workers) == 6, "it killed five"
        other = Job.objects.create(kind="ripple", created_at=ago)
        started.until(lambda: Job.objects.get(pk=other.pk).state == "done", "another job")
        started.until(more_completed(1), "a cycle")
        assert violations() == [], started.said()


@pytest.mark.slow
def test_without_an_end_of_patience_it_would_go_on_killing(base: dict[str, Any], tmp_path: Path) -> None:
    poison = Job.objects.create(kind="poison", created_at=now() - timedelta(minutes=1))
    variables = {**base, "CAPTUREGRAPH_LEASE_S": 2, "TIDE_BREAK": "patience"}
    with fleet(tmp_path / "fleet", 1, 1, **variables, TIDE_JOB_LEASE_S=1) as started:

        def killed_seven() -> bool:
            started.keep_one_worker()
            return len(started.workers) > 7

        started.until(killed_seven, "the seventh death", 300)
        assert Job.objects.get(pk=poison.pk).state != "failed"
