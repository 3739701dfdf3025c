"""A problem as a model for CP-SAT."""

from collections.abc import Hashable, Iterable, Sequence
from functools import cached_property
from typing import Any, Generic

from .conflicts import Pair
from .contract import AssignmentState, Candidate, TAllocReq, TEntity
from .evenness import Aim, Loads
from .keys import key_of
from .kinds import Choice, Linear
from .problem import Problem

SCALE = 10_000


def weight(score: float) -> int:
    """A score as a whole number: ten-thousandths, at least 1 for any score above zero."""
    return max(round(score * SCALE), 1) if score > 0 else 0


class SolverModel(Generic[TEntity, TAllocReq]):
    """Yes or no for every candidate, filled or not for every allocation, linear constraints, and what to aim for."""

    def __init__(
        self,
        cp_model: Any,
        problem: Problem[TEntity, TAllocReq],
        near: AssignmentState[TEntity, TAllocReq] | None = None,
    ):
        self.cp_model, self.problem, self.model, self.near = cp_model, problem, cp_model.CpModel(), near
        self.opening = problem.opening()
        self.pools: dict[Hashable, list[Candidate[TEntity]]] = {}
        self.takes: dict[Pair, Any] = {}
        self.filled: dict[Hashable, Any] = {}
        self.needed: dict[Hashable, int] = {}
        self.choices: list[Choice[TEntity, TAllocReq]] = []
        self.kept = 0
        for done, allocation in enumerate(problem.allocations):
            problem.watch(done, len(problem.allocations))
            self._open(allocation)
        for assignment in self.opening.assignments:
            for entity in assignment.assigned_entities:
                keys = key_of(entity), key_of(assignment.allocation)
                self.choices.append(Choice(entity, assignment.allocation, *keys, pinned=True))
        for rule in problem.hard:
            for linear in self._linear(rule):
                problem.watch(0, 0)
                self._bound(linear)
        takes: dict[Hashable, list[Any]] = {key: [] for key in problem.entities}
        for (_, who), variable in self.takes.items():
            takes[who].append(variable)
        self.loads = Loads(problem, takes, sum(self.needed.values()))

    def _linear(self, rule: Any) -> Iterable[Linear[TEntity, TAllocReq]]:
        """What a rule says in linear form; not every rule does."""
        if hasattr(rule, "linear"):
            yield from rule.linear(self.choices)
        if self.near is not None and hasattr(rule, "linear_near"):
            yield from rule.linear_near(self.choices, self.near)

    def _open(self, allocation: TAllocReq) -> None:
        """The variables of an allocation that has enough candidates."""
        key, needed = key_of(allocation), self.problem.needed(allocation, self.opening)
        pool = self.problem.pool(allocation, self.opening)
        if not 0 < needed <= len(pool):
            return
        self.pools[key] = pool
        self.needed[key] = needed
        self.filled[key] = self.model.new_bool_var(f"filled {key}")
        for candidate in pool:
            pair = key, key_of(candidate.entity)
            self.takes[pair] = self.model.new_bool_var(f"{pair[1]} does {key}")
            self.choices.append(Choice(candidate.entity, allocation, pair[1], key))
        takes = [self.takes[key, key_of(candidate.entity)] for candidate in pool]
        self.model.add(self._sum(takes) == needed * self.filled[key])

    def _bound(self, linear: Linear[TEntity, TAllocReq]) -> None:
        """A rule's constraint. What is pinned may go beyond it: then nothing more may be added."""
        if linear.if_filled is not None and linear.if_filled not in self.filled:
            return
        fixed = sum(factor for choice, factor in linear.terms if choice.pinned)
        free = [(choice, factor) for choice, factor in linear.terms if not choice.pinned]
        total = self._sum([self._take(choice) for choice, _ in free], [factor for _, factor in free])
        constraints = []
        if linear.at_most is not None:
            constraints.append(self.model.add(total <= max(linear.at_most - fixed, 0)))
        if linear.at_least is not None:
            constraints.append(self.model.add(total >= linear.at_least - fixed))
        for constraint in constraints if linear.if_filled is not None else ():
            constraint.only_enforce_if(self.filled[linear.if_filled])

    def _take(self, choice: Choice[TEntity, TAllocReq]) -> Any:
        return self.takes[choice.allocation_key, choice.entity_key]

    def _sum(self, variables: Sequence[Any], factors: Sequence[int] | None = None) -> Any:
        """A sum that is an expression even where it is of nothing."""
        return self.cp_model.LinearExpr.weighted_sum(
            [self.model.new_constant(0), *variables], [1, *(factors or [1] * len(variables))]
        )

    # The aims, each of which adds to the model what it needs when it is asked for: a model without is a faster one.

    @cached_property
    def coverage(self) -> Aim:
        """How many allocations are filled."""

        def worth(state: AssignmentState[Any, Any]) -> float:
            return sum(
                len(state.team(one)) > len(self.opening.team(one))
                for one in self.problem.allocations
                if key_of(one) in self.filled
            )

        return Aim(self._sum(list(self.filled.values())), worth)

    @cached_property
    def even(self) -> Aim:
        """Whether loads are as even as can be if everything is filled."""
        return self.loads.even(self.model, self._sum)

    @cached_property
    def fair(self) -> Aim:
        """The sum of squared loads, negative."""
        return self.loads.fair(self.model, self._sum)

    @cached_property
    def scores(self) -> Aim:
        """The sum of the scores, weighed."""
        weights: dict[Pair, int] = {}
        for allocation in self.problem.allocations:
            self.problem.watch(0, 0)
            for candidate in self.pools.get(key_of(allocation), ()):
                score = self.problem.score(candidate, allocation, self.opening)
                weights[key_of(allocation), key_of(candidate.entity)] = weight(score)

        def worth(state: AssignmentState[Any, Any]) -> float:
            return sum(weights.get(pair, 0) for pair in pairs_of(state))

        return Aim(self._sum([self.takes[pair] for pair in weights], list(weights.values())), worth)

    def forbid(self, together: Iterable[Sequence[Pair]]) -> None:
        """Choices that must not all be made."""
        for pairs in together:
            self.model.add(self._sum([self.takes[pair] for pair in pairs]) <= len(pairs) - 1)

    def aim(self, aim: Aim, hint: AssignmentState[TEntity, TAllocReq]) -> None:
        """What to maximise next, and a plan to begin with."""
        self.model.maximize(aim.expression)
        self.model.clear_hints()
        chosen = set(pairs_of(hint))
        filled = {key for key, _ in chosen}
        for pair, variable in self.takes.items():
            self.model.add_hint(variable, pair in chosen)
        for key, variable in self.filled.items():
            self.model.add_hint(variable, key in filled)
        for variable, value in self.loads.hints(hint):
            self.model.add_hint(variable, value)

    def keep(self, aim: Aim, reached: float) -> None:
        """From now on no less than this much of an aim."""
        self.model.add(aim.expression >= int(reached))
        self.kept += 1

    def chosen(self, solver: Any) -> set[Pair]:
        """The choices that the solver has made."""
        return {pair for pair, variable in self.takes.items() if solver.boolean_value(variable)}

    def members(self, allocation: TAllocReq, chosen: set[Pair]) -> list[Candidate[TEntity]]:
        """The candidates chosen for an allocation, the best scored first."""
        key = key_of(allocation)
        team = [one for one in self.pools.get(key, ()) if (key, key_of(one.entity)) in chosen]
        return sorted(team, key=lambda one: -one.score)

    def worth(self, state: AssignmentState[TEntity, TAllocReq]) -> tuple[float, ...]:
        """How good a plan is by what is aimed for: coverage, then fairness, then scores."""
        return self.coverage.worth(state), -self.loads.squares(state), self.scores.worth(state)


def pairs_of(state: AssignmentState[Any, Any]) -> Iterable[Pair]:
    """The keys of who does what."""
    for assignment in state.assignments:
        for entity in assignment.assigned_entities:
            yield key_of(assignment.allocation), key_of(entity)
