"""A plan: who does what, what is left over and why, and how good it is."""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, NamedTuple

from .candidates import ALWAYS
from .contract import Assignment, AssignmentState, IncompleteSolutionError, TAllocReq, TEntity
from .metrics import Metrics, metrics
from .problem import Problem
from .unfilled import Answer, Unfilled, answer, unfilled


class Prune(NamedTuple):
    """A rule that refused an entity for an allocation, by their keys."""

    allocation: Hashable
    entity: Hashable
    rule: str


@dataclass(frozen=True)
class Attempt:
    """An algorithm of the chain that gave up, and how."""

    algorithm: Any
    error: IncompleteSolutionError


@dataclass(frozen=True)
class Plan(Generic[TEntity, TAllocReq]):
    """What a planner hands out. `attempts` are the algorithms before that gave up, `preliminary` the rules asked first.

    A plan can be made of the `partial_state` of an IncompleteSolutionError too: that explains what stood in the way.
    """

    problem: Problem[TEntity, TAllocReq]
    state: AssignmentState[TEntity, TAllocReq]
    preliminary: tuple[Any, ...] = ()
    algorithm: Any = None
    attempts: tuple[Attempt, ...] = ()

    @property
    def assignments(self) -> list[Assignment[TEntity, TAllocReq]]:
        """Who does what; pins first."""
        return self.state.assignments

    @cached_property
    def unfilled(self) -> list[Unfilled]:
        """What has not its whole team, each with its cause."""
        return unfilled(self.problem, self.state)

    @cached_property
    def metrics(self) -> Metrics:
        """How good the plan is."""
        return metrics(self.problem, self.state)

    @property
    def prunes(self) -> Iterator[Prune]:
        """Every refusal by a preliminary rule."""
        for allocation, entities in self.problem.candidates.prunes.items():
            for entity, rules in entities.items():
                for rule in rules:
                    yield Prune(allocation, entity, rule)

    def why(self, entity: TEntity, allocation: TAllocReq) -> Answer:
        """Why, or why not, this entity does this allocation."""
        return answer(self.problem, self.state, (*ALWAYS, *self.preliminary), entity, allocation)
