"""Why an allocation was left out, and why somebody does not do something."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .contract import AssignmentState
from .keys import key_of, required_count
from .kinds import RuleVerdict
from .problem import Problem
from .teams import Budget, teams

_TEAMS_TRIED = 2_000


class Cause(StrEnum):
    """Why an allocation has no team."""

    NO_CANDIDATES = "no_candidates"
    TOO_FEW_CANDIDATES = "too_few_candidates"
    ALL_AT_CAP = "all_at_cap"
    RULED_OUT = "ruled_out"
    TEAM_IMPOSSIBLE = "team_impossible"
    BUDGET = "budget"
    LEFT_OUT = "left_out"


_SENTENCES = {
    Cause.NO_CANDIDATES: "nobody may do it",
    Cause.TOO_FEW_CANDIDATES: "fewer may do it than it needs",
    Cause.ALL_AT_CAP: "those who may do it have enough already",
    Cause.RULED_OUT: "those who may do it cannot beside what else they do",
    Cause.TEAM_IMPOSSIBLE: "those who are left make no team",
    Cause.BUDGET: "the search was stopped before it got there",
    Cause.LEFT_OUT: "the algorithm left it out",
}


@dataclass(frozen=True)
class Unfilled:
    """An allocation without its whole team.

    `candidates` is how many may do it by the preliminary rules, `by_rule` how many each rule refused: preliminary rules
    where candidates are missing, else the stateful ones in view of the plan as it is. One entity may count for several.
    """

    allocation: Any
    required: int
    candidates: int
    cause: Cause
    by_rule: dict[str, int]

    @property
    def sentence(self) -> str:
        """The cause, and how many each rule refused, for people."""
        rules = ", ".join(f"{name} {count}" for name, count in self.by_rule.items())
        return _SENTENCES[self.cause] + (f" (refused: {rules})" if rules else "")


def unfilled(problem: Problem[Any, Any], state: AssignmentState[Any, Any]) -> list[Unfilled]:
    """The allocations that have not their whole team, in the order of listing, each with its cause."""
    return [
        _why(problem, state, allocation)
        for allocation in problem.allocations
        if len(state.team(allocation)) < required_count(allocation)
    ]


def _why(problem: Problem[Any, Any], state: AssignmentState[Any, Any], allocation: Any) -> Unfilled:
    problem.watch(0, 0)
    pool, needed = problem.pool(allocation, state), required_count(allocation) - len(state.team(allocation))
    refused: Counter[str] = Counter()
    if len(pool) < needed:
        for against in problem.candidates.prunes.get(key_of(allocation), {}).values():
            refused.update(against)
        cause = Cause.TOO_FEW_CANDIDATES if pool else Cause.NO_CANDIDATES
    else:
        cause = _why_not_these(problem, state, allocation, needed, refused)
    return Unfilled(allocation, required_count(allocation), len(pool), cause, dict(refused.most_common()))


def _why_not_these(
    problem: Problem[Any, Any], state: AssignmentState[Any, Any], allocation: Any, needed: int, refused: Counter[str]
) -> Cause:
    """The cause where there are enough candidates; counts which rules refuse them as things are."""
    pool = problem.pool(allocation, state)
    against = {
        key_of(one.entity): [
            rule for rule in problem.hard if not rule.evaluate(one.entity, allocation, state).compatible
        ]
        for one in pool
    }
    for rules in against.values():
        refused.update(rule.name for rule in rules)
    tries = Budget(_TEAMS_TRIED)
    if next(teams(problem, allocation, pool, needed, state, tries), None) is not None or tries.left == 0:
        return Cause.BUDGET if state.out_of_budget else Cause.LEFT_OUT
    if sum(not rules for rules in against.values()) >= needed:
        return Cause.TEAM_IMPOSSIBLE
    capped = all(getattr(rules[0], "at_cap", False) for rules in against.values() if rules)
    return Cause.ALL_AT_CAP if capped else Cause.RULED_OUT


class Standing(StrEnum):
    """How an entity stands to an allocation in a plan."""

    ASSIGNED = "assigned"
    PINNED = "pinned"
    RULED_OUT = "ruled_out"
    RULED_OUT_BY_PLAN = "ruled_out_by_plan"
    OTHERS_CAME_FIRST = "others_came_first"
    POSSIBLE = "possible"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Answer:
    """Why (or why not) this entity does this allocation; `reasons` has a sentence for each rule that refuses."""

    standing: Standing
    reasons: dict[str, str]


def answer(
    problem: Problem[Any, Any], state: AssignmentState[Any, Any], rules: Any, entity: Any, allocation: Any
) -> Answer:
    """How an entity stands to an allocation; `rules` are the preliminary ones, asked again for their reasons."""
    key, who = key_of(allocation), key_of(entity)
    if who in {key_of(one) for one in problem.opening().team(allocation)}:
        return Answer(Standing.PINNED, {})
    if who in {key_of(one) for one in state.team(allocation)}:
        return Answer(Standing.ASSIGNED, {})
    if who not in problem.entities or key not in {key_of(one) for one in problem.allocations}:
        return Answer(Standing.UNKNOWN, {})
    pruned = problem.candidates.prunes.get(key, {}).get(who, ())
    if pruned:
        reasons = {rule.name: rule.evaluate(entity, allocation).reason for rule in rules if rule.name in pruned}
        return Answer(Standing.RULED_OUT, {name: reasons.get(name, "") for name in pruned})
    others = [one for one in problem.pool(allocation, problem.opening()) if key_of(one.entity) == who]
    if not others:
        return Answer(Standing.RULED_OUT, {})
    return _beside_the_plan(problem, state, entity, allocation)


def _beside_the_plan(
    problem: Problem[Any, Any], state: AssignmentState[Any, Any], entity: Any, allocation: Any
) -> Answer:
    """Whether a candidate could take a seat that is free, or that of somebody who is not pinned."""
    team, reasons = state.team(allocation), dict[str, str]()
    if len(team) < required_count(allocation):
        reasons = _refusals(problem, state, entity, allocation, team)
        return Answer(Standing.RULED_OUT_BY_PLAN if reasons else Standing.POSSIBLE, reasons)
    pinned = {key_of(one) for one in problem.opening().team(allocation)}
    for leaving in team:
        if key_of(leaving) not in pinned:
            others = tuple(one for one in team if one is not leaving)
            reasons = _refusals(problem, state, entity, allocation, others)
            if not reasons:
                break
    return Answer(Standing.RULED_OUT_BY_PLAN if reasons else Standing.OTHERS_CAME_FIRST, reasons)


def _refusals(
    problem: Problem[Any, Any], state: AssignmentState[Any, Any], entity: Any, allocation: Any, team: tuple[Any, ...]
) -> dict[str, str]:
    """Which rules refuse an entity beside this team and everything else in the plan, and why."""
    trial = problem.opening()
    for one in state.assignments:
        trial.seat(one.allocation, one.assigned_entities)
    trial.seat(allocation, team)
    verdicts: dict[str, RuleVerdict] = {rule.name: rule.evaluate(entity, allocation, trial) for rule in problem.hard}
    return {name: verdict.reason for name, verdict in verdicts.items() if not verdict.compatible}
