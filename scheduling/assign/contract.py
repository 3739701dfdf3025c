"""What an algorithm gets, and what it has to give back. Whoever writes one reads this file.

An entity is whoever can be sent (a volunteer), an allocation is what has to be done (a slot). Both may be anything with
a `key`, an `id` or a `uuid`, or anything hashable; what rules read of them is said by each rule.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .state import Assignment, AssignmentState

TEntity = TypeVar("TEntity")
TAllocReq = TypeVar("TAllocReq")


@dataclass(frozen=True)
class Candidate(Generic[TEntity]):
    """An entity that no preliminary rule speaks against, with its score for one allocation: 0 is worst, 1 is best."""

    entity: TEntity
    score: float = 1.0


class IncompleteSolutionError(Exception):
    """An algorithm has no result that it calls complete; a chain goes on to the next one.

    `reason` is a sentence, `partial_state` what there is of a plan (or None), `out_of_budget` whether more work might
    have found more.
    """

    def __init__(
        self,
        reason: str,
        partial_state: AssignmentState[Any, Any] | None = None,
        *,
        out_of_budget: bool = False,
    ):
        super().__init__(reason)
        self.reason = reason
        self.partial_state = partial_state
        self.out_of_budget = out_of_budget


class Algorithm(ABC, Generic[TEntity, TAllocReq]):
    """Decides who does what.

    Every algorithm must

    - take entities only from the candidates of the allocation;
    - give an allocation exactly `required_count` entities, or leave it out;
    - add nobody whom a hard stateful rule speaks against, in view of what was added before (the team so far included);
    - begin with what is pinned, and keep it: `AssignmentState` as `problem.opening()` gives it;
    - raise IncompleteSolutionError rather than return what it considers incomplete;
    - give the same result for the same input: no clock, no chance, no order of sets.

    It may use the scores or not, take allocations in any order, leave some out. A verifier checks all of this after
    every run. `Problem.read` makes the four arguments handy, `problem.watch(done, total)` lets others see how far it is
    and stop it, `teams` finds who fits together; see the three that are here already. Register yours in `ALGORITHMS`,
    and the suite over the registry tests it.
    """

    @abstractmethod
    def run(
        self,
        allocations: Iterable[TAllocReq],
        entities: Iterable[TEntity],
        candidates: Mapping[Hashable, Sequence[Candidate[TEntity]]],
        rules: Iterable[Any],
    ) -> AssignmentState[TEntity, TAllocReq]:
        """The assignments, in the order in which the rules have been asked.

        `candidates` is keyed by `key_of(allocation)` and answers `id(allocation)` too; `rules` are the stateful ones.
        """


__all__ = [
    "Algorithm",
    "Assignment",
    "AssignmentState",
    "Candidate",
    "IncompleteSolutionError",
    "TAllocReq",
    "TEntity",
]
