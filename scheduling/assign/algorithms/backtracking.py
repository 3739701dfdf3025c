"""A search that takes back what it has given, until everything is filled or the budget is spent."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic

from ...values import whole
from ..contract import Algorithm, Assignment, AssignmentState, Candidate, IncompleteSolutionError, TAllocReq, TEntity
from ..keys import key_of
from ..problem import Problem
from ..teams import Budget, fill, ranked, teams
from ..verifier import violations


class BacktrackingAssignmentAlgorithm(Algorithm[TEntity, TAllocReq]):
    """Fills every allocation that has enough candidates, or raises IncompleteSolutionError with its best partial plan.

    Depth first, the allocations with the fewest candidates to spare first. One at which the search gets stuck without
    having had a choice moves to the front, once, and the search begins anew: so it soon meets what is hardest first.
    Each allocation tries its `top_k_candidates` best (at least as many as it needs); where that fails, all of them. One
    of `max_iterations` is spent at each allocation entered, and at each team begun (see `teams`).
    """

    def __init__(self, top_k_candidates: int = 30, max_iterations: int = 1_000_000):
        self.top_k_candidates = whole(top_k_candidates, "top_k_candidates")
        self.max_iterations = whole(max_iterations, "max_iterations")

    def run(
        self,
        allocations: Iterable[TAllocReq],
        entities: Iterable[TEntity],
        candidates: Mapping[Hashable, Sequence[Candidate[TEntity]]],
        rules: Iterable[Any],
    ) -> AssignmentState[TEntity, TAllocReq]:
        """See `Algorithm.run`."""
        problem = Problem.read(allocations, entities, candidates, rules)
        search = _Search(problem, Budget(self.max_iterations))
        complete = search.run(self.top_k_candidates)
        if not complete and search.cut and search.budget.left:
            complete = search.run(None)
        if complete:
            return search.in_order_of_listing()
        spent = search.budget.left == 0
        reason = (
            f"no complete plan within {self.max_iterations} steps"
            if spent
            else "no complete plan exists under these rules"
        )
        raise IncompleteSolutionError(reason, partial_state=search.best_partial(spent), out_of_budget=spent)


@dataclass
class _Level(Generic[TEntity, TAllocReq]):
    """One allocation of the search, the teams it has not tried yet, and its present one."""

    allocation: TAllocReq
    present: tuple[TEntity, ...]
    untried: Iterator[tuple[TEntity, ...]]
    team: tuple[TEntity, ...] = ()

    def advance(self, state: AssignmentState[TEntity, TAllocReq]) -> bool:
        """Take back the present team and seat the next one; False where there is none left."""
        state.seat(self.allocation, self.present)
        team = next(self.untried, None)
        if team is None:
            return False
        self.team = (*self.present, *team)
        state.seat(self.allocation, self.team)
        return True


@dataclass
class _Search(Generic[TEntity, TAllocReq]):
    problem: Problem[TEntity, TAllocReq]
    budget: Budget
    cut: bool = False
    best: list[Assignment[TEntity, TAllocReq]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.opening = self.problem.opening()
        self.pools = {key_of(one): self.problem.pool(one, self.opening) for one in self.problem.allocations}
        spare = {key_of(one): len(self.pools[key_of(one)]) - self._needed(one) for one in self.problem.allocations}
        feasible = [one for one in self.problem.allocations if self._needed(one) > 0 <= spare[key_of(one)]]
        self.order = sorted(feasible, key=lambda one: spare[key_of(one)])

    def run(self, top_k: int | None) -> bool:
        """Whether all feasible allocations could be filled; then `best` has all of them."""
        order, stuck = list(self.order), set[Hashable]()
        while True:
            outcome = self._attempt(order, top_k, stuck)
            if isinstance(outcome, bool):
                return outcome
            stuck.add(key_of(outcome))
            order = [outcome, *(one for one in order if one is not outcome)]

    def _attempt(self, order: list[TAllocReq], top_k: int | None, stuck: set[Hashable]) -> bool | TAllocReq:
        """One search: whether it found a complete plan, or the allocation that ought to come first in the next."""
        state, levels = self.problem.opening(), list[_Level[TEntity, TAllocReq]]()
        while len(levels) < len(order):
            self.problem.watch(len(levels), len(order))
            if not self.budget.spend():
                self._keep(levels)
                return False
            levels.append(self._level(order[len(levels)], top_k, state))
            if levels[-1].advance(state):
                continue
            dead = levels.pop().allocation
            self._keep(levels)
            if self.budget.left and levels and key_of(dead) not in stuck:
                return dead
            while levels and not levels[-1].advance(state):
                levels.pop()
            if not levels:
                return False
        self._keep(levels)
        return True

    def _level(
        self, allocation: TAllocReq, top_k: int | None, state: AssignmentState[TEntity, TAllocReq]
    ) -> _Level[TEntity, TAllocReq]:
        needed, pool = self._needed(allocation), self.pools[key_of(allocation)]
        if top_k is not None and len(pool) > max(top_k, needed):
            self.cut = True
            pool = sorted(pool, key=lambda one: -one.score)[: max(top_k, needed)]
        pool = ranked(self.problem, allocation, pool, state)
        untried = teams(self.problem, allocation, pool, needed, state, self.budget)
        return _Level(allocation, self.opening.team(allocation), untried)

    def _needed(self, allocation: TAllocReq) -> int:
        return self.problem.needed(allocation, self.opening)

    def _keep(self, levels: list[_Level[TEntity, TAllocReq]]) -> None:
        """Remember the most that has been filled at once."""
        if len(levels) > len(self.best):
            self.best = [Assignment(level.allocation, level.team) for level in levels]

    def best_partial(self, spent: bool) -> AssignmentState[TEntity, TAllocReq]:
        """The most that was filled at once, and what can still be added to it."""
        state = self._seated(self.best)
        if self.best or not spent:
            fill(self.problem, self.order, state)
        state.out_of_budget = spent
        return state

    def in_order_of_listing(self) -> AssignmentState[TEntity, TAllocReq]:
        """The plan as listed; in the order of the search where some rule minds the difference."""
        place = {key_of(one): i for i, one in enumerate(self.problem.allocations)}
        listed = sorted(self.best, key=lambda one: place[key_of(one.allocation)])
        state = self._seated(listed)
        return self._seated(self.best) if violations(self.problem, state) else state

    def _seated(self, assignments: list[Assignment[TEntity, TAllocReq]]) -> AssignmentState[TEntity, TAllocReq]:
        state = self.problem.opening()
        for assignment in assignments:
            state.seat(assignment.allocation, assignment.assigned_entities)
        return state
