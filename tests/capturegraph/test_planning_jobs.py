"""Plans and the jobs that answer them: what may be asked, a chain that goes on, work that is stopped or done twice."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from planning_ahead import answered, asked, done
from stories import NINE_O_CLOCK, Clock, Person, slots_in

from capturegraph.models import Job, Plan, PlanRun, Target
from capturegraph.services import jobs, work
from capturegraph.services.jobs import Held
from capturegraph.services.planning import accepting, answering, facts, plans
from capturegraph.services.refusals import Conflict, Invalid
from scheduling import assign

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_hears(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "ring", lambda job_id: True)


@pytest.mark.parametrize(
    "values",
    [{"rules": [{"rule": "nonsense"}]}, {"rules": [{"rule": "most_slots", "most": -1}]}, {"algorithms": ["magic"]},
     {"until_at": "before"}, {"name": "x" * 201}, {"colour": "red"}, {"from_at": None},
     {"until_at": "tomorrow"}, {"from_at": NINE_O_CLOCK.replace(tzinfo=None)}],
)  # fmt: skip
def test_what_no_plan_can_be_is_refused(stones: Target, carol: Person, clock: Clock, values: dict[str, Any]) -> None:
    if values.get("until_at") == "before":
        values = {"until_at": clock.now - timedelta(hours=1)}
    with pytest.raises(Invalid) as refused:
        asked(stones, carol, clock.now, **values)
    assert refused.value.errors[0]["field"].split(".")[0] == next(iter(values))
    assert not Plan.objects.exists()


def test_a_plan_begins_with_the_rules_of_its_target_and_is_made_once(
    stones: Target, carol: Person, clock: Clock
) -> None:
    stones.planning_rules, stones.planning_algorithms = [{"rule": "no_overlap"}], ["backtracking", "load_balancing"]
    stones.save()
    values = {"from_at": clock.now, "until_at": clock.now + timedelta(hours=1)}
    about: dict[str, Any] = {"target": stones, "by": carol.user, "now": clock.now, "operation_id": uuid4()}
    (plan, made), (same, again) = (plans.make_plan(**about, values=values) for _time in range(2))
    assert (plan.pk, made, again) == (same.pk, True, False)
    assert (plan.rules, plan.algorithms) == ([{"rule": "no_overlap"}], ["backtracking", "load_balancing"])
    told = {"plan_id": plan.pk, "by": carol.user, "now": clock.now, "operation_id": uuid4()}
    assert plans.compute(**told).pk == plans.compute(**told).pk
    with pytest.raises(Conflict):
        plans.compute(**{**told, "now": clock.now + timedelta(hours=2), "operation_id": None})


def test_the_chain_goes_on_and_says_so(stones: Target, alice: Person, carol: Person, clock: Clock) -> None:
    slots_in(stones, a=0, b=300)
    rules = [{"rule": "most_slots", "most": 1}]
    plan = asked(stones, carol, clock.now, rules=rules, algorithms=["backtracking", "load_balancing"])
    run = answered(plan, carol, clock.now)
    assert (run.algorithm, [one["algorithm"] for one in run.attempts]) == ("load_balancing", ["backtracking"])
    assert (run.metrics["asked"], run.metrics["filled"]) == (2, 1)
    only = asked(stones, carol, clock.now, rules=rules, algorithms=["backtracking"])
    job = done(plans.compute(plan_id=only.pk, by=carol.user, now=clock.now).pk, clock.now)
    assert (job.state, job.error_code, job.result["errors"][0]["field"]) == ("failed", "no_plan", "backtracking")
    assert not only.runs.exists()


def test_an_algorithm_that_crashes_leaves_no_answer(
    stones: Target, alice: Person, carol: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Rogue(assign.Algorithm[Any, Any]):
        def run(self, *args: Any) -> Any:
            raise TypeError("no")

    class DoubleBooking(assign.Algorithm[Any, Any]):
        def run(self, allocations: Any, entities: Any, candidates: Any, rules: Any) -> Any:
            state = assign.AssignmentState[Any, Any]()
            for one in allocations:
                state.add_assignment(assign.Assignment(one, tuple(entities) * 2))
            return state

    slots_in(stones, a=0)
    monkeypatch.setitem(assign.ALGORITHMS, "rogue", Rogue)
    monkeypatch.setitem(assign.ALGORITHMS, "double", DoubleBooking)
    crashing = asked(stones, carol, clock.now, algorithms=["rogue"])
    job = done(plans.compute(plan_id=crashing.pk, by=carol.user, now=clock.now).pk, clock.now)
    assert (job.state, job.error_code, PlanRun.objects.count()) == ("failed", "internal", 0)
    run = answered(asked(stones, carol, clock.now, algorithms=["double", "load_balancing"]), carol, clock.now)
    assert (run.algorithm, "breaks the contract" in run.attempts[0]["reason"]) == ("load_balancing", True)


def test_a_job_gives_one_answer_however_often_it_is_begun(
    stones: Target, alice: Person, carol: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots_in(stones, a=0)
    plan = asked(stones, carol, clock.now)
    job = plans.compute(plan_id=plan.pk, by=carol.user, now=clock.now)
    with monkeypatch.context() as patch:
        # The worker dies between its effects and saying that it is done.
        patch.setattr(Held, "end", lambda *args, **kwargs: False)
        work.do(job_id=job.pk, clock=lambda: clock.now)
    assert (Job.objects.get().state, PlanRun.objects.count()) == ("running", 1)
    later = clock.forward(minutes=3)
    ended = done(job.pk, later)
    assert (ended.state, ended.result["run"], PlanRun.objects.count()) == ("done", str(PlanRun.objects.get().pk), 1)


@pytest.mark.parametrize("step", ["Reading", "Asking who can do what", "Planning: load balancing", "Writing"])
def test_a_job_can_be_stopped_at_every_step(
    stones: Target, alice: Person, carol: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    slots_in(stones, a=0)
    monkeypatch.setattr(answering, "LOOK_EVERY_S", 0)
    job = plans.compute(plan_id=asked(stones, carol, clock.now).pk, by=carol.user, now=clock.now)
    say, said = Held.say, list[str]()

    def stopping(held: Held, words: str, *numbers: int) -> None:
        said.append(words)
        if words == step:
            jobs.cancel(job_id=job.pk, by=carol.user, now=clock.now)
        say(held, words, *numbers)

    monkeypatch.setattr(Held, "say", stopping)
    assert done(job.pk, clock.now).state == "cancelled"
    assert (said[-1], PlanRun.objects.count()) == (step, 0)


def test_a_plan_that_is_accepted_meanwhile_gets_no_further_answer(
    stones: Target, alice: Person, carol: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots_in(stones, a=0)
    plan = asked(stones, carol, clock.now)
    run = answered(plan, carol, clock.now)
    job = plans.compute(plan_id=plan.pk, by=carol.user, now=clock.now)
    read = facts.read

    def accepted(**about: Any) -> Any:
        monkeypatch.setattr(facts, "read", read)
        accepting.accept(run_id=run.pk, by=carol.user, now=clock.now)
        return read(**about)

    monkeypatch.setattr(facts, "read", accepted)
    assert (done(job.pk, clock.now).error_code, PlanRun.objects.count()) == ("accepted", 1)
