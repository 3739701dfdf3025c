"""Planning a Saturday: seconds, fill and evenness of each algorithm, beside nearest first, chance, and the optimum.

The day: slots and volunteers over some kilometres, half of the slots at appointed half hours, volunteers who come late,
leave early, lack skills, have declined. Six hard rules and one soft one; then walking is limited as well.
"""

import random
import resource
from datetime import UTC, datetime, timedelta
from time import process_time
from typing import Any

from scheduling import assign
from scheduling.geodesy import metres
from tests.benchmarks.figures import Row, Table

_RULES: list[dict[str, object]] = [
    {"rule": "skills"},
    {"rule": "time_window", "least_minutes": 15},
    {"rule": "distance", "most_m": 2_500},
    {"rule": "declined"},
    {"rule": "most_slots", "most": 14},
    {"rule": "no_overlap"},
    {"rule": "nearness", "half_m": 1_000},
]
_WALKING = {"rule": "most_walking", "most_m": 6_000}


def table() -> Table:
    result = Table("Who goes where")
    _saturday(result, "300 × 30, 7 rules", _RULES)
    _saturday(result, "300 × 30, walking ≤ 6 km too", [*_RULES, _WALKING])
    _large(result)
    for slots in (150, 300, 500):
        _beside_the_optimum(result, slots)
    return result


def saturday(slots: int, people: int, seed: int = 0) -> tuple[list[assign.Request], list[assign.Volunteer]]:
    """Slots and volunteers of one day over 4 km."""
    dice, eight = random.Random(seed), datetime(2026, 11, 21, 8, tzinfo=UTC)

    def place() -> tuple[float, float]:
        return 38.9 + dice.uniform(-0.02, 0.02), -77.03 + dice.uniform(-0.025, 0.025)

    def span(begin: float, end: float) -> assign.TimeWindow:
        return assign.TimeWindow(eight + timedelta(hours=begin), eight + timedelta(hours=end))

    volunteers = [
        assign.Volunteer(
            f"v{i}",
            skills=("drone",) * (dice.random() < 0.3),
            start=place(),
            available=(span(dice.choice([0, 0, 0, 2, 4]), dice.choice([6, 8, 10, 10])),),
            capacity=dice.choice([None, None, 8, 14]),
        )
        for i in range(people)
    ]
    begins = [dice.randint(0, 36) / 4 if dice.random() < 0.5 else None for _ in range(slots)]
    requests = [
        assign.Request(
            f"s{i}",
            2 if dice.random() < 0.1 else 1,
            None if begin is None else span(begin, begin + 0.5),
            place(),
            skills=("drone",) * (dice.random() < 0.1),
            declined_by=tuple(f"v{dice.randrange(people)}" for _ in range(dice.choice([0, 0, 1, 2]))),
        )
        for i, begin in enumerate(begins)
    ]
    return requests, volunteers


def _saturday(result: Table, what: str, settings: list[dict[str, object]]) -> None:
    requests, people = saturday(300, 30)
    plans = {}
    for name, most_s in (("load_balancing", 2.0), ("backtracking", None), ("or_tools", 10.0)):
        planner = assign.Planner(assign.ALGORITHMS[name](), assign.rules_from(settings))
        seconds, plans[name] = _timed(planner, requests, people)
        result.add(Row(f"{what}: {name}", seconds, "s", most_s, digits=2))
    peers = {name: _planned(_planner(algorithm, settings), requests, people) for name, algorithm in PEERS.items()}
    for name, plan in plans.items():
        others = {peer: 1 - one.fill_rate for peer, one in peers.items()}
        result.add(Row(f"{what}: left out by {name}", 1 - plan.fill_rate, "", None, others))
        result.add(Row(f"{what}: Gini of {name}", plan.gini, "", 0.3, {key: one.gini for key, one in peers.items()}))


def _planner(algorithm: Any, settings: list[dict[str, object]]) -> assign.Planner[Any, Any]:
    return assign.Planner(algorithm, assign.rules_from(settings))


def _planned(planner: assign.Planner[Any, Any], requests: Any, people: Any) -> assign.Metrics:
    """The figures of a plan, or of the partial one of an algorithm that gives up."""
    problem = planner.prepare(requests, people)
    try:
        return planner.solve(problem).metrics
    except assign.IncompleteSolutionError as error:
        return assign.metrics(problem, error.partial_state or problem.opening())


def _timed(planner: assign.Planner[Any, Any], requests: Any, people: Any) -> tuple[float, assign.Metrics]:
    """Seconds of one processor, whoever else is at work: nothing here waits or runs beside itself."""
    began = process_time()
    found = _planned(planner, requests, people)
    return process_time() - began, found


class _InOrder(assign.Algorithm[Any, Any]):
    """Slot after slot to the first that may, in some order of the candidates."""

    def run(self, allocations: Any, entities: Any, candidates: Any, rules: Any) -> Any:
        problem = assign.Problem.read(allocations, entities, candidates, rules)
        state = problem.opening()
        for one in problem.allocations:
            pool = self.ordered(one, problem.pool(one, problem.opening()))
            found = assign.teams(problem, one, pool, one.required_count, state, assign.Budget(1_000))
            state.seat(one, next(found, ()))
        return state

    def ordered(self, request: Any, pool: list[Any]) -> list[Any]:
        raise NotImplementedError


class _Nearest(_InOrder):
    def ordered(self, request: Any, pool: list[Any]) -> list[Any]:
        return sorted(pool, key=lambda one: metres(one.entity.start, request.location))


class _Chance(_InOrder):
    def ordered(self, request: Any, pool: list[Any]) -> list[Any]:
        return random.Random(request.key).sample(pool, len(pool))


PEERS = {"nearest first": _Nearest(), "chance": _Chance()}


def _large(result: Table) -> None:
    requests, people = saturday(2_000, 200)
    planner = _planner(assign.LoadBalancingAssignmentAlgorithm(), _RULES)
    seconds, _ = _timed(planner, requests, people)
    result.add(Row("2,000 × 200: load_balancing", seconds, "s", 10, digits=2))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    result.add(Row("the whole process at its largest", peak, "MB", 500, digits=0))


def _beside_the_optimum(result: Table, slots: int) -> None:
    """50 workers, of whom a half may do each slot, scores by chance.

    What load balancing goes for is score / (1 + load): the score, half of it for a worker's second slot, a third for
    the third. The most of that is an assignment problem of slots and places in workers' queues, solved as a flow.
    """
    dice = random.Random(slots)
    requests, people = [assign.Request(i) for i in range(slots)], [f"w{i}" for i in range(50)]
    scores = {one.key: {who: dice.uniform(0.5, 1) for who in people if dice.random() < 0.5} for one in requests}
    by_key = {key: [assign.Candidate(*one) for one in some.items()] for key, some in scores.items()}
    problem = assign.Problem.read(requests, people, by_key, [])
    states = {}
    for name in ("load_balancing", "or_tools"):
        states[name] = assign.ALGORITHMS[name]().run(requests, people, by_key, [])
    best, found = _most_diminishing(scores, people), assign.metrics(problem, states["load_balancing"])
    short = {name: 1 - _diminishing(scores, people, state) / best for name, state in states.items()}
    gini = assign.metrics(problem, states["or_tools"]).gini
    what, exact = f"50 × {slots}", {"or_tools": short["or_tools"]}
    result.add(Row(f"{what}: load_balancing short of the optimum", short["load_balancing"], "", 0.03, exact, digits=4))
    result.add(Row(f"{what}: Gini", found.gini, "", 0.3, {"or_tools": gini}))
    result.add(Row(f"{what}: idle, or left out", found.idle + slots - found.filled, "", 0, digits=0))
    unproven = float(states["or_tools"].out_of_budget)
    result.add(Row(f"{what}: or_tools not proven to be its optimum", unproven, "", 0, digits=0))


def _diminishing(scores: Any, people: list[str], state: Any) -> float:
    """The sum of scores, each divided by its place among its worker's, best first."""
    total = 0.0
    for who in people:
        mine = sorted((scores[one.allocation.key][who] for one in state.get_assignments_done_by(who)), reverse=True)
        total += sum(score / place for place, score in enumerate(mine, 1))
    return total


def _most_diminishing(scores: dict[int, dict[str, float]], people: list[str]) -> float:
    from ortools.graph.python import min_cost_flow

    flow, places, slots = min_cost_flow.SimpleMinCostFlow(), len(scores) // len(people) + 4, len(scores)
    queue = {(who, k): 1 + slots + i * places + k for i, who in enumerate(people) for k in range(places)}
    end = 1 + slots + len(queue)
    for slot, some in scores.items():
        flow.add_arc_with_capacity_and_unit_cost(0, 1 + slot, 1, 0)
        for who, score in some.items():
            for k in range(places):
                flow.add_arc_with_capacity_and_unit_cost(1 + slot, queue[who, k], 1, -round(score / (k + 1) * 1e6))
    for node in queue.values():
        flow.add_arc_with_capacity_and_unit_cost(node, end, 1, 0)
    flow.set_nodes_supplies([0, end], [slots, -slots])
    assert flow.solve() == flow.OPTIMAL
    return -flow.optimal_cost() / 1e6
