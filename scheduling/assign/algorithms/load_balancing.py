"""Allocation after allocation, to whoever suits best and has least."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

from ..contract import Algorithm, AssignmentState, Candidate, TAllocReq, TEntity
from ..problem import Problem
from ..teams import fill


class LoadBalancingAssignmentAlgorithm(Algorithm[TEntity, TAllocReq]):
    """Takes allocations as they are listed and ranks their candidates by score / (1 + load).

    What nobody can do at its turn is left out; it never raises. Fast, and fair rather than perfect: it does not take
    back what it has given.
    """

    def run(
        self,
        allocations: Iterable[TAllocReq],
        entities: Iterable[TEntity],
        candidates: Mapping[Hashable, Sequence[Candidate[TEntity]]],
        rules: Iterable[Any],
    ) -> AssignmentState[TEntity, TAllocReq]:
        """See `Algorithm.run`."""
        problem = Problem.read(allocations, entities, candidates, rules)
        state = problem.opening()
        fill(problem, problem.allocations, state)
        return state
