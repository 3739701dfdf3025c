"""The cases of tests/data/assignment.json as our own types."""

import json
from pathlib import Path
from typing import Any

from scheduling import assign
from scheduling.assign.kinds import YES, Choice, no

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent.parent / "data" / "assignment.json").read_text())


def days(first: int, last: int) -> assign.DateRange:
    from datetime import date

    return assign.DateRange(date(2025, 1, first), date(2025, 1, last))


class Ban(assign.HardStatefulRule[Any, Any]):
    name = "ban"

    def __init__(self, banned: list[str]):
        self.banned = banned

    def evaluate(self, entity: Any, allocation: Any, state: Any) -> assign.RuleVerdict:
        return no("banned") if entity in self.banned else YES


class NotTwoOfGroup(assign.HardStatefulRule[Any, Any]):
    """Without a linear form on purpose."""

    name = "not_two_of_group"

    def __init__(self, group: list[str]):
        self.group = group

    def evaluate(self, entity: Any, allocation: Any, state: Any) -> assign.RuleVerdict:
        others = [one for one in state.team(allocation) if one in self.group]
        return no("one of that group is enough") if entity in self.group and others else YES


class Opaque(assign.HardStatefulRule[Any, Any]):
    """A rule whose linear form nobody has written."""

    def __init__(self, rule: Any):
        self.rule, self.name = rule, f"opaque {rule.name}"

    def evaluate(self, entity: Any, allocation: Any, state: Any) -> assign.RuleVerdict:
        return self.rule.evaluate(entity, allocation, state)


def choices(problem: Any) -> list[Choice[Any, Any]]:
    return [
        Choice(one.entity, allocation, assign.key_of(one.entity), allocation.key)
        for allocation in problem.allocations
        for one in problem.candidates[allocation.key]
    ]


def rules_of(case: dict[str, Any]) -> list[Any]:
    made = {
        "ban": lambda one: Ban(one["entities"]),
        "no_double_booking": lambda one: assign.RULES["no_overlap"].build(),
        "not_two_of_group_on_same_allocation": lambda one: NotTwoOfGroup(one["group"]),
    }
    return [made[one["kind"]](one) for one in case.get("rules", ())]


def requests_of(case: dict[str, Any]) -> list[assign.Request]:
    return [
        assign.Request(one["id"], required_count=one.get("required_count", 1), window=days(*one["range"]))
        for one in case["allocations"]
    ]


def candidates_of(case: dict[str, Any]) -> dict[Any, list[assign.Candidate[str]]]:
    return {
        key: [assign.Candidate(one["entity"], one["score"]) for one in some] for key, some in case["candidates"].items()
    }


def entities_of(case: dict[str, Any]) -> list[str]:
    met = dict.fromkeys(one["entity"] for some in case["candidates"].values() for one in some)
    return case.get("entities", list(met))


def ran(algorithm: Any, case: dict[str, Any]) -> Any:
    return algorithm.run(requests_of(case), entities_of(case), candidates_of(case), rules_of(case))


def told(state: Any) -> list[list[Any]]:
    return [[one.allocation.key, [assign.key_of(who) for who in one.assigned_entities]] for one in state.assignments]
