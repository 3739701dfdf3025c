"""Seeing how far long work is, and stopping it, in every algorithm."""

from collections.abc import Hashable
from threading import Event
from typing import Any

import pytest

from scheduling import assign
from scheduling.assign import Request, Volunteer


class EnoughError(Exception):
    """What a watch raises."""


def day(slots: int = 60, people: int = 12) -> tuple[list[Request], list[Volunteer]]:
    """Slots on a grid, and people who cannot do all of them beside one another."""
    requests = [Request(n, location=(n % 8 * 0.003, n // 8 * 0.003), required_count=1 + n % 2) for n in range(slots)]
    return requests, [Volunteer(f"v{n}", start=(n * 0.001, 0.0)) for n in range(people)]


RULES = [{"rule": "most_slots", "most": 6}, {"rule": "most_walking", "most_m": 1500}, {"rule": "nearness"}]


def planner(algorithm: Any) -> assign.Planner[Any, Any]:
    return assign.Planner(algorithm, assign.rules_from(RULES))


@pytest.mark.parametrize("name", assign.ALGORITHMS)
def test_a_watch_sees_the_work_and_changes_nothing(name: str) -> None:
    seen: list[tuple[int, int]] = []
    plans = []
    for watch in (assign.unwatched, lambda done, total: seen.append((done, total))):
        problem = planner(assign.ALGORITHMS[name]()).prepare(*day(10, 4), watch=watch)
        try:
            state = assign.ALGORITHMS[name]().run(
                problem.allocations, [*problem.entities.values()], problem.candidates, problem.hard
            )
        except assign.IncompleteSolutionError as error:
            state = error.partial_state
        plans.append([(one.allocation.key, [who.key for who in one.assigned_entities]) for one in state.assignments])
    assert plans[0] == plans[1]
    assert {total for __, total in seen} >= {10}
    assert all(0 <= done <= total for done, total in seen)


@pytest.mark.parametrize("name", assign.ALGORITHMS)
@pytest.mark.parametrize("after", [0, 30, 61, 100])
def test_what_a_watch_raises_ends_the_work(name: str, after: int) -> None:
    calls = 0

    def watch(done: int, total: int) -> None:
        nonlocal calls
        calls += 1
        if calls > after:
            raise EnoughError

    with pytest.raises(EnoughError):
        planner([assign.ALGORITHMS[name](), assign.LoadBalancingAssignmentAlgorithm()]).run(*day(), watch=watch)
    assert calls == after + 1, "nobody asks again, and no other algorithm is tried"


class Endless:
    """A solver that works until it is told to stop; what it has by then is what the real one has."""

    def __init__(self, solver: Any) -> None:
        self.solver, self.told, self.solving = solver, Event(), Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.solver, name)

    def solve(self, model: Any) -> Any:
        self.solving.set()
        assert self.told.wait(60), "nobody has stopped it"
        return self.solver.solve(model)

    def stop_search(self) -> None:
        self.told.set()


def test_the_solver_is_stopped_while_it_solves() -> None:
    made: list[Endless] = []

    class Slow(assign.OrToolsAssignmentAlgorithm[Any, Any]):
        def solver(self, deterministic_time: float) -> Any:
            made.append(Endless(super().solver(deterministic_time)))
            return made[-1]

    def watch(done: int, total: int) -> None:
        if made and made[-1].solving.is_set():
            raise EnoughError

    with pytest.raises(EnoughError):
        planner(Slow()).run(*day(10, 4), watch=watch)
    assert (len(made), made[0].told.is_set()) == (1, True)


def test_the_verifier_and_the_causes_are_watched_too() -> None:
    requests, people = day()
    plan = planner(assign.LoadBalancingAssignmentAlgorithm()).run(requests, people)
    told: list[Hashable] = []
    plan.problem.candidates.watch = lambda done, total: told.append(total)
    assert assign.violations(plan.problem, plan.state) == []
    assert len(told) == len(plan.assignments)
    assert len(plan.unfilled) == len(told) - len(plan.assignments)
