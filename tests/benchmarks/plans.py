"""Planning a Saturday through the whole service, on PostgreSQL: rows read, a plan made, checked and kept, accepted.

The day is that of `assign`: slots and volunteers over some kilometres, half of the slots at appointed half hours.
Seconds are those of the clock on the wall; what the engine itself takes is counted in seconds of one processor, whoever
else is at work.
"""

import resource
from datetime import UTC, datetime, timedelta
from time import perf_counter, process_time
from typing import Any

from tests.benchmarks.assign import saturday
from tests.benchmarks.database import own_database
from tests.benchmarks.figures import Row, Table

RULES: list[dict[str, Any]] = [
    {"rule": "time_window", "least_minutes": 15}, {"rule": "distance", "most_m": 2_500},
    {"rule": "most_slots", "most": 14}, {"rule": "no_overlap"}, {"rule": "nearness", "half_m": 1_000},
    {"rule": "experienced_with_newcomer"},
]  # fmt: skip
EIGHT = datetime(2026, 11, 21, 8, tzinfo=UTC)
NOW = EIGHT - timedelta(days=1)
MOST_MB = 500


def table() -> Table:
    result = Table("Planning ahead")
    with own_database():
        _whole(result, 300, 30, "load_balancing", 2.0)
        _whole(result, 2_000, 200, "load_balancing", 10.0)
        _whole(result, 300, 30, "or_tools", 10.0)
    return result


def _whole(result: Table, slots: int, people: int, algorithm: str, most_s: float) -> None:
    from capturegraph.models import PlanRun
    from capturegraph.services.planning import accepting, plans

    carol, plan = _furnished(slots, people, algorithm)
    what, steps = f"{slots:,} × {people}, {algorithm}", _Steps()
    job = plans.compute(plan_id=plan.pk, by=carol, now=NOW)
    whole, _ = _timed(lambda: steps.listen(job.pk))
    for step, seconds in steps.seconds.items():
        result.add(Row(f"{what}: {step.lower()}", seconds, "s", None, digits=2))
    result.add(Row(f"{what}: by the engine, of one processor", steps.engine_s, "s", most_s, digits=2))
    result.add(Row(f"{what}: the whole job", whole, "s", None, digits=2))
    run = PlanRun.objects.get(job=job)
    result.add(Row(f"{what}: left out", 1 - run.metrics["fill_rate"], "", None))
    result.add(Row(f"{what}: Gini", run.metrics["gini"], "", 0.3))
    slot, volunteer = run.stops[0]["slot"], run.stops[-1]["volunteer"]
    why, _ = _timed(lambda: plans.explain(run=run, slot_id=slot, volunteer_id=volunteer))
    result.add(Row(f"{what}: why not this one", why, "s", 1, digits=2))
    seconds, done = _timed(lambda: accepting.accept(run_id=run.pk, by=carol, now=NOW))
    result.add(Row(f"{what}: accepting {len(done.assignments):,}", seconds, "s", None, digits=2))
    seconds, ended = _timed(lambda: accepting.withdraw(plan_id=plan.pk, by=carol, now=NOW))
    result.add(Row(f"{what}: withdrawing {len(ended):,}", seconds, "s", None, digits=2))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    result.add(Row(f"{what}: the whole process at its largest", peak, "MB", MOST_MB, digits=0))


def _timed(act: Any) -> tuple[float, Any]:
    began = perf_counter()
    found = act()
    return perf_counter() - began, found


class _Steps:
    """How long each step of a job takes."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.engine_s, self._step, self._since, self._worked = 0.0, "", 0.0, 0.0

    def listen(self, job_id: Any) -> None:
        from capturegraph.services import jobs, work

        state = work.do(job_id=job_id, clock=lambda: NOW, heard=self._hear)
        assert state == "done", jobs.Job.objects.get(pk=job_id).error
        self._hear("", 0, 0)

    def _hear(self, step: str, done: int, total: int) -> None:
        if step == self._step:
            return
        now, worked = perf_counter(), process_time()
        if self._step:
            self.seconds[self._step] = self.seconds.get(self._step, 0.0) + now - self._since
            if self._step.startswith(("Asking", "Planning")):
                self.engine_s += worked - self._worked
        self._step, self._since, self._worked = step, now, worked


def _furnished(slots: int, people: int, algorithm: str) -> tuple[Any, Any]:
    """A target with the slots and people of a Saturday, its coordinator, and a plan for the day."""
    from capturegraph.models import Target, User
    from capturegraph.services.planning import plans

    requests, volunteers = saturday(slots, people)
    target = Target.objects.create(name=f"{slots} × {people}")
    carol = User.objects.create_user(f"carol {target.pk}")
    members = _members(target, volunteers)
    _slots(target, requests, members)
    values = {"from_at": EIGHT, "until_at": EIGHT + timedelta(hours=10), "rules": RULES, "algorithms": [algorithm]}
    return carol, plans.make_plan(target=target, values=values, by=carol, now=NOW)[0]


def _members(target: Any, volunteers: Any) -> dict[str, Any]:
    from capturegraph.models import Availability, Membership, User

    users = User.objects.bulk_create(User(name=str(one.key)) for one in volunteers)
    rows = Membership.objects.bulk_create(
        Membership(
            user=user, target=target, created_at=NOW, skills=list(one.skills), start_latitude=one.start[0],
            start_longitude=one.start[1], capacity=one.capacity, newcomer=number % 5 == 0,
        )
        for number, (user, one) in enumerate(zip(users, volunteers, strict=True))
    )  # fmt: skip
    Availability.objects.bulk_create(
        Availability(membership=row, kind="there", from_at=span.start, until_at=span.end)
        for row, one in zip(rows, volunteers, strict=True)
        for span in one.available
    )
    return {str(one.key): user for user, one in zip(users, volunteers, strict=True)}


def _slots(target: Any, requests: Any, members: dict[str, Any]) -> None:
    from capturegraph.models import Assignment, CandidateSlot
    from scheduling import grid

    made = CandidateSlot.objects.bulk_create(
        CandidateSlot(
            target=target, external_id=str(one.key), title=str(one.key), latitude=one.location[0],
            longitude=one.location[1], cell=grid.cell(*one.location), rank=rank, skills=list(one.skills),
            required_count=one.required_count, seats_left=one.required_count,
            window_from=one.window.start if one.window else None, window_until=one.window.end if one.window else None,
        )
        for rank, one in enumerate(requests)
    )  # fmt: skip
    Assignment.objects.bulk_create(
        Assignment(
            target=target, slot=slot, volunteer=members[who], state="declined", started_at=NOW - timedelta(hours=2),
            expires_at=NOW, ended_at=NOW - timedelta(hours=1),
        )
        for slot, one in zip(made, requests, strict=True)
        for who in dict.fromkeys(one.declined_by)
    )  # fmt: skip
