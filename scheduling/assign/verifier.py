"""Whether a result keeps the contract, whoever made it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .contract import Assignment, AssignmentState
from .keys import key_of, required_count
from .problem import Problem


class Breach(StrEnum):
    """The ways of breaking the contract."""

    NOT_A_STATE = "not_a_state"
    UNKNOWN_ALLOCATION = "unknown_allocation"
    ASSIGNED_TWICE = "assigned_twice"
    WRONG_COUNT = "wrong_count"
    SAME_ENTITY_TWICE = "same_entity_twice"
    UNKNOWN_ENTITY = "unknown_entity"
    NOT_A_CANDIDATE = "not_a_candidate"
    PIN_LOST = "pin_lost"
    RULE_BROKEN = "rule_broken"


@dataclass(frozen=True)
class Violation:
    """One breach: which, in a sentence, and the assignment that is wrong."""

    breach: Breach
    sentence: str
    assignment: Assignment[Any, Any] | None = None


def violations(problem: Problem[Any, Any], state: object) -> list[Violation]:
    """Everything that is wrong with a result; empty where it keeps the contract.

    The stateful rules are asked again about every member of every team, in the order of the state. What is pinned is
    not asked about: that has been decided.
    """
    if not isinstance(state, AssignmentState):
        return [Violation(Breach.NOT_A_STATE, f"the result must be an AssignmentState, got {type(state).__name__}")]
    return _Check(problem, state.assignments).found()


def sound_part(problem: Problem[Any, Any], state: object) -> AssignmentState[Any, Any]:
    """What is left of a result without the assignments that break the contract; pins stay."""
    part = problem.opening()
    if isinstance(state, AssignmentState):
        wrong = {id(one.assignment) for one in violations(problem, state)}
        for assignment in state.assignments:
            if id(assignment) not in wrong:
                part.seat(assignment.allocation, assignment.assigned_entities)
    return part


class _Check:
    def __init__(self, problem: Problem[Any, Any], assignments: list[Assignment[Any, Any]]):
        self.problem, self.assignments = problem, assignments
        self.known = {key_of(allocation) for allocation in problem.allocations}
        self.opening = problem.opening()
        self.pinned = {key_of(one.allocation) for one in self.opening.assignments}

    def found(self) -> list[Violation]:
        replay, met, found = self.problem.opening(), set(), list[Violation]()
        for done, assignment in enumerate(self.assignments):
            self.problem.watch(done, len(self.assignments))
            key = key_of(assignment.allocation)
            wrong = list(self._shape(assignment)) if key not in met else [self._twice(assignment)]
            met.add(key)
            if not wrong:
                wrong = list(self._rules(assignment, replay))
                replay.seat(assignment.allocation, assignment.assigned_entities)
            found += wrong
        lost = [one for one in self.opening.assignments if key_of(one.allocation) not in met]
        return found + [Violation(Breach.PIN_LOST, f"{_name(one)} was pinned and is missing") for one in lost]

    def _twice(self, assignment: Assignment[Any, Any]) -> Violation:
        return Violation(Breach.ASSIGNED_TWICE, f"{_name(assignment)} is assigned twice", assignment)

    def _shape(self, assignment: Assignment[Any, Any]) -> Iterable[Violation]:
        """What is wrong with an assignment by itself."""
        key, name = key_of(assignment.allocation), _name(assignment)
        team = [key_of(entity) for entity in assignment.assigned_entities]
        pinned = [key_of(entity) for entity in self.opening.team(assignment.allocation)]
        if key not in self.known and key not in self.pinned:
            yield Violation(Breach.UNKNOWN_ALLOCATION, f"{name} was not asked for", assignment)
            return
        if len(set(team)) < len(team):
            yield Violation(Breach.SAME_ENTITY_TWICE, f"{name} has somebody twice", assignment)
        if any(one not in team for one in pinned):
            yield Violation(Breach.PIN_LOST, f"{name} lost somebody who was pinned to it", assignment)
        count = required_count(assignment.allocation)
        if len(team) != count and (not team or team != pinned):
            yield Violation(Breach.WRONG_COUNT, f"{name} has {len(team)} of {count}", assignment)
        candidates = {key_of(candidate.entity) for candidate in self.problem.candidates.get(key, ())}
        for one in team:
            if one not in pinned and one not in self.problem.entities:
                yield Violation(Breach.UNKNOWN_ENTITY, f"{one} on {name} is nobody of ours", assignment)
            elif one not in pinned and one not in candidates:
                yield Violation(Breach.NOT_A_CANDIDATE, f"{one} is no candidate for {name}", assignment)

    def _rules(self, assignment: Assignment[Any, Any], replay: AssignmentState[Any, Any]) -> Iterable[Violation]:
        """Which rules speak against the members, each asked about in view of those before."""
        allocation, team = assignment.allocation, list(replay.team(assignment.allocation))
        pinned = {key_of(entity) for entity in self.opening.team(allocation)}
        for entity in assignment.assigned_entities:
            if key_of(entity) in pinned:
                continue
            for rule in self.problem.hard:
                if not rule.evaluate(entity, allocation, replay).compatible:
                    told = f"{rule.name} forbids {key_of(entity)} on {_name(assignment)}"
                    yield Violation(Breach.RULE_BROKEN, told, assignment)
            team.append(entity)
            replay.seat(allocation, team)


def _name(assignment: Assignment[Any, Any]) -> str:
    return str(key_of(assignment.allocation))
