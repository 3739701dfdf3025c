"""Plans by real processes: killed in the middle of an answer and of its acceptance, stopped inside of the solver."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from planning_ahead import answered
from served import ROOT, environment, until
from stories import Person, at, slots_in

from capturegraph.models import Assignment, Event, Job, Membership, Message, Plan, PlanRun, Target
from capturegraph.services import jobs, work
from capturegraph.services.planning import accepting, plans

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow_on("postgresql")]

SETUP = """
import sys, time, uuid
import django
django.setup()
from django.utils import timezone
from capturegraph.models import User
from capturegraph.services import jobs, work
from capturegraph.services.jobs import Held
from capturegraph.services.planning import accepting, answering
def stuck(*args, **kwargs):
    print("inside", flush=True)
    time.sleep(600)
"""
# A worker that has the whole answer in its transaction, and waits there to be killed.
ANSWERING = f"{SETUP}Held.still_mine = stuck\nwork.do(job_id=uuid.UUID(sys.argv[1]), clock=timezone.now)\n"
# A coordinator's request that has everything planned, and waits there.
ACCEPTING = f"""{SETUP}accepting._tell = stuck
accepting.accept(run_id=uuid.UUID(sys.argv[1]), by=User.objects.get(username="carol"), now=timezone.now())
"""
# A worker that does a job as any does, and says when the solver begins.
SOLVING = f"""{SETUP}
from scheduling import assign
from scheduling.assign.algorithms import or_tools
solve = or_tools._solve
def telling(*args):
    print("solving", flush=True)
    return solve(*args)
or_tools._solve = telling
assign.ALGORITHMS["or_tools"] = lambda: assign.OrToolsAssignmentAlgorithm(max_deterministic_time=1e6)
print(work.do(job_id=uuid.UUID(sys.argv[1]), clock=timezone.now), flush=True)
"""

Start = Callable[..., Any]


@pytest.fixture(autouse=True)
def nobody_hears(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "ring", lambda job_id: True)


@pytest.fixture
def carol() -> Person:
    return Person("carol").joins(Target.objects.create(name="Boundary stones"), "coordinator")


@pytest.fixture
def plan(carol: Person) -> Plan:
    """Eight stones for three people, from an hour ago on."""
    stones = Target.objects.get()
    slots_in(stones, **{f"stone {number}": number * 137.0 % 1000 for number in range(8)})
    for number in range(3):
        who = Person(f"person {number}").joins(stones, "volunteer")
        start = dict(zip(("start_latitude", "start_longitude"), at(number * 300).values(), strict=True))
        Membership.objects.filter(user=who.user).update(**start)
    now = timezone.now()
    values = {"from_at": now - timedelta(hours=1), "until_at": now + timedelta(hours=8)}
    return plans.make_plan(target=stones, values=values, by=carol.user, now=now)[0]


@pytest.fixture
def process(database_url: str, tmp_path: Path, own_files: Path) -> Start:
    env = environment(
        tmp_path, CAPTUREGRAPH_DATABASE_URL=database_url, PYTHONPATH=str(ROOT),
        DJANGO_SETTINGS_MODULE="capturegraph.settings",
    )  # fmt: skip

    @contextmanager
    def start(code: str, argument: Any) -> Iterator[subprocess.Popen[str]]:
        command = [sys.executable, "-c", code, str(argument)]
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as started:
            try:
                yield started
            finally:
                started.kill()

    return start


def kill(started: subprocess.Popen[str]) -> None:
    assert started.stdout is not None
    assert started.stdout.readline() == "inside\n"
    started.send_signal(signal.SIGKILL)
    started.wait()


def test_a_worker_killed_while_it_answers_leaves_nothing_and_the_next_one_answers(
    carol: Person, plan: Plan, process: Start
) -> None:
    job = plans.compute(plan_id=plan.pk, by=carol.user, now=timezone.now())
    with process(ANSWERING, job.pk) as started:
        kill(started)
    assert (Job.objects.get().state, PlanRun.objects.count()) == ("running", 0)
    assert not Event.objects.filter(verb="answered").exists()
    now = timezone.now()
    assert work.do(job_id=job.pk, clock=lambda: now) is None, "its lease has not run out"
    later = now + timedelta(minutes=3)
    assert work.do(job_id=job.pk, clock=lambda: later) == "done"
    assert (PlanRun.objects.get().number, PlanRun.objects.get().metrics["filled"]) == (1, 8)
    assert Event.objects.filter(verb="answered").count() == 1


def test_who_is_killed_while_accepting_has_accepted_nothing(carol: Person, plan: Plan, process: Start) -> None:
    now = timezone.now()
    run = answered(plan, carol, now)
    with process(ACCEPTING, run.pk) as started:
        kill(started)
    assert (Plan.objects.get().state, Assignment.objects.count(), Message.objects.count()) == ("draft", 0, 0)
    done = accepting.accept(run_id=run.pk, by=carol.user, now=timezone.now())
    assert (len(done.assignments), Plan.objects.get().state) == (8, "accepted")


def test_a_job_is_stopped_inside_of_the_solver(carol: Person, plan: Plan, process: Start) -> None:
    """The solver is given work for hours: without being stopped it would not come back."""
    pytest.importorskip("ortools")
    rules = [{"rule": "most_walking", "most_m": 700}, {"rule": "nearness", "half_m": 100}]
    slots_in(plan.target, **{f"more {number}": number * 57.0 % 1100 for number in range(60)})
    about: dict[str, Any] = {"plan_id": plan.pk, "by": carol.user, "now": timezone.now()}
    plans.change_plan(**about, values={"rules": rules, "algorithms": ["or_tools"]})
    job = plans.compute(**about)
    with process(SOLVING, job.pk) as started:
        assert started.stdout.readline() == "solving\n"
        step = until(lambda: Job.objects.get().step, "a step", 30)
        assert step == "Planning: the best there is"
        work.cancel(job_id=job.pk, by=carol.user, now=timezone.now())
        assert list(started.stdout)[-1] == "cancelled\n"
    assert (Job.objects.get().state, PlanRun.objects.count()) == ("cancelled", 0)


def test_another_process_gives_the_same_answer(carol: Person, plan: Plan, process: Start) -> None:
    now = timezone.now()
    here = answered(plan, carol, now)
    job = plans.compute(plan_id=plan.pk, by=carol.user, now=now)
    with process(f"{SETUP}\nwork.do(job_id=uuid.UUID(sys.argv[1]), clock=timezone.now)", job.pk) as started:
        assert started.wait(60) == 0
    there = PlanRun.objects.get(job=job)
    assert (there.number, there.stops, there.metrics, there.unfilled) == (2, here.stops, here.metrics, here.unfilled)
