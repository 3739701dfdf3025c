"""The four kinds of rule: hard ones forbid, soft ones prefer; preliminary ones look at a pair, stateful ones at a plan.

| | looks at (entity, allocation) | and at what has been assigned so far |
|---|---|---|
| forbids | HardPreliminaryRule | HardStatefulRule |
| prefers | SoftPreliminaryRule | SoftStatefulRule |

A rule is a pure function of its arguments. It is known by its `name`.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

from .state import AssignmentState

TEntity = TypeVar("TEntity")
TAllocReq = TypeVar("TAllocReq")


@dataclass(frozen=True, slots=True)
class RuleVerdict:
    """What a rule says. Hard ones are read by `compatible`, soft ones by `score`; `reason` is a sentence for people."""

    compatible: bool
    score: float = 1.0
    reason: str = ""


YES = RuleVerdict(True)


def no(reason: str) -> RuleVerdict:
    """The verdict of a hard rule that forbids, and why."""
    return RuleVerdict(False, 0.0, reason)


class Rule(ABC):
    """What all rules have: a name, and whether they forbid."""

    name: str = ""
    hard: ClassVar[bool]

    def __init_subclass__(cls, **kwargs: Any):
        super().__init_subclass__(**kwargs)
        if "name" not in cls.__dict__:
            cls.name = cls.__name__


class PreliminaryRule(Rule, Generic[TEntity, TAllocReq]):
    """A rule that needs to know only who and what."""

    @abstractmethod
    def evaluate(self, entity: TEntity, allocation: TAllocReq) -> RuleVerdict:
        """The verdict on this entity doing this allocation."""


class HardPreliminaryRule(PreliminaryRule[TEntity, TAllocReq]):
    """Forbids pairs of entity and allocation: they do not become candidates."""

    hard = True


class SoftPreliminaryRule(PreliminaryRule[TEntity, TAllocReq]):
    """Scores pairs of entity and allocation in [0, 1]; a candidate's score is the geometric mean of all soft rules."""

    hard = False


class StatefulRule(Rule, Generic[TEntity, TAllocReq]):
    """A rule that needs to know what has been assigned so far."""

    @abstractmethod
    def evaluate(
        self, entity: TEntity, allocation: TAllocReq, state: AssignmentState[TEntity, TAllocReq]
    ) -> RuleVerdict:
        """The verdict on adding this entity to this allocation.

        `state.team(allocation)` are those who are on it already, `state.get_assignments_done_by(entity)` what else this
        one does. A rule about whole teams may wait until the last seat.
        """


@dataclass(frozen=True)
class Choice(Generic[TEntity, TAllocReq]):
    """A yes or no that a solver decides: this entity does this allocation. Pinned ones are decided already."""

    entity: TEntity
    allocation: TAllocReq
    entity_key: Hashable
    allocation_key: Hashable
    pinned: bool = False


@dataclass(frozen=True)
class Linear(Generic[TEntity, TAllocReq]):
    """A sum over choices, whole numbers times yes (1) or no (0), that has to stay within bounds.

    With `if_filled`, only where that allocation (by key) gets its whole team.
    """

    terms: Sequence[tuple[Choice[TEntity, TAllocReq], int]]
    at_most: int | None = None
    at_least: int | None = None
    if_filled: Hashable | None = None


class HardStatefulRule(StatefulRule[TEntity, TAllocReq]):
    """Forbids adding an entity to an allocation in view of what has been assigned.

    It may only get stricter as an entity is given more elsewhere, and should not depend on the order in which that
    happened. `at_cap` says that it means "this one has enough": then an unfilled allocation is told so.
    """

    hard = True
    at_cap: ClassVar[bool] = False

    def linear(self, choices: Sequence[Choice[TEntity, TAllocReq]]) -> Iterable[Linear[TEntity, TAllocReq]]:
        """The same rule as linear constraints, for solvers; none where it has no such form.

        Optional: what this leaves open is found out by asking `evaluate` about the result, forbidden, and solved again.
        That is fine for rules that rarely bite and slow for others. A rule that bites and is not linear may also have a
        method `linear_near(choices, plan)`: constraints that the plan keeps, and that say about the same as the rule
        for plans that differ little from it. Then solvers go from plan to plan.
        """
        return ()


class SoftStatefulRule(StatefulRule[TEntity, TAllocReq]):
    """Scores adding an entity to an allocation in [0, 1], in view of what has been assigned."""

    hard = False
