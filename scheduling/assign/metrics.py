"""How good a plan is, in a few numbers."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from .contract import AssignmentState
from .keys import key_of, required_count
from .problem import Problem


@dataclass(frozen=True)
class Metrics:
    """Figures of a plan.

    `fill_rate` is the share of allocations with their whole team (1 where there is nothing to do), `gini` how unevenly
    work is spread over those who could have some, past work included (0 is even, towards 1 is all on one), `idle` how
    many of them have been given nothing, `largest_load` the most that anybody has, past work included. `score` is the
    sum of the candidates' scores of those assigned. `loads` says by entity key how much each has been given here.
    """

    allocations: int
    filled: int
    fill_rate: float
    gini: float
    idle: int
    largest_load: float
    score: float
    loads: dict[Hashable, int]


def metrics(problem: Problem[Any, Any], state: AssignmentState[Any, Any]) -> Metrics:
    """The figures of a state. Entities that are no candidate for anything and have nothing do not count."""
    filled = sum(len(state.team(allocation)) >= required_count(allocation) for allocation in problem.allocations)
    total = len(problem.allocations)
    could = {key_of(candidate.entity) for some in problem.candidates.values() for candidate in some}
    loads = {key: state.count(key) for key in problem.entities if key in could or state.count(key)}
    whole = [loads[key] + state.past_load(key) for key in loads]
    return Metrics(
        allocations=total,
        filled=filled,
        fill_rate=filled / total if total else 1.0,
        gini=gini(whole),
        idle=sum(not load for load in loads.values()),
        largest_load=max(whole, default=0),
        score=_score(problem, state),
        loads=loads,
    )


def gini(values: Iterable[float]) -> float:
    """How uneven values of zero or more are: 0 where all are equal (or 0), (n − 1)/n where one has all."""
    ascending = sorted(values)
    n, total = len(ascending), sum(ascending)
    if not total:
        return 0.0
    return 2 * sum(i * value for i, value in enumerate(ascending, 1)) / (n * total) - (n + 1) / n


def _score(problem: Problem[Any, Any], state: AssignmentState[Any, Any]) -> float:
    total = 0.0
    for allocation in problem.allocations:
        scores = {key_of(one.entity): one.score for one in problem.candidates.get(key_of(allocation), ())}
        total += sum(scores.get(key_of(entity), 0.0) for entity in state.team(allocation))
    return total
