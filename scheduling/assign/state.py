"""Who has been given what so far."""

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from .keys import key_of

TEntity = TypeVar("TEntity")
TAllocReq = TypeVar("TAllocReq")


@dataclass(frozen=True)
class Assignment(Generic[TEntity, TAllocReq]):
    """An allocation, and those who do it together."""

    allocation: TAllocReq
    assigned_entities: tuple[TEntity, ...]


class AssignmentState(Generic[TEntity, TAllocReq]):
    """Assignments in the order in which they were added, and quick answers about them.

    `past_loads` says by entity key (or entity) how much each has done before; `pinned` are assignments that are fixed:
    they are the first ones here. A pinned team may still lack somebody. `out_of_budget` is set by an algorithm that
    might have found more with more work.
    """

    def __init__(
        self,
        *,
        past_loads: Mapping[Any, float] | None = None,
        pinned: Iterable[Assignment[TEntity, TAllocReq]] = (),
    ):
        self.out_of_budget = False
        self._past = {key_of(entity): load for entity, load in (past_loads or {}).items()}
        self._all: dict[int, Assignment[TEntity, TAllocReq]] = {}
        self._by_entity: dict[Hashable, dict[int, Assignment[TEntity, TAllocReq]]] = {}
        self._by_allocation: dict[Hashable, dict[int, Assignment[TEntity, TAllocReq]]] = {}
        for assignment in pinned:
            self.add_assignment(assignment)

    @property
    def assignments(self) -> list[Assignment[TEntity, TAllocReq]]:
        """All assignments in the order in which they were added; a copy."""
        return list(self._all.values())

    def add_assignment(self, assignment: Assignment[TEntity, TAllocReq]) -> None:
        """Add one. ValueError for this very object twice; an equal one is another one."""
        if id(assignment) in self._all:
            raise ValueError(f"the assignment is present already: {assignment!r}")
        self._all[id(assignment)] = assignment
        self._by_allocation.setdefault(key_of(assignment.allocation), {})[id(assignment)] = assignment
        for entity in assignment.assigned_entities:
            self._by_entity.setdefault(key_of(entity), {})[id(assignment)] = assignment

    def remove_assignment(self, assignment: Assignment[TEntity, TAllocReq]) -> None:
        """Take out this very object, not an equal one. ValueError where it is not present."""
        if self._all.pop(id(assignment), None) is None:
            raise ValueError(f"the assignment is not present: {assignment!r}")
        del self._by_allocation[key_of(assignment.allocation)][id(assignment)]
        for entity in assignment.assigned_entities:
            self._by_entity[key_of(entity)].pop(id(assignment), None)

    def seat(self, allocation: TAllocReq, team: Iterable[TEntity]) -> Assignment[TEntity, TAllocReq] | None:
        """Make this the team of an allocation instead of the one it has; None where the team is empty."""
        for present in list(self._by_allocation.get(key_of(allocation), {}).values()):
            self.remove_assignment(present)
        assignment = Assignment(allocation, tuple(team))
        if not assignment.assigned_entities:
            return None
        self.add_assignment(assignment)
        return assignment

    def get_assignments_done_by(self, entity: object) -> list[Assignment[TEntity, TAllocReq]]:
        """What an entity has been given, in order; a copy."""
        return list(self._by_entity.get(key_of(entity), {}).values())

    def count(self, entity: object) -> int:
        """How much an entity has been given here."""
        return len(self._by_entity.get(key_of(entity), ()))

    def load(self, entity: object) -> float:
        """How much an entity has been given here and has done before."""
        return self.count(entity) + self.past_load(entity)

    def past_load(self, entity: object) -> float:
        """How much an entity has done before."""
        return self._past.get(key_of(entity), 0)

    def team(self, allocation: object) -> tuple[TEntity, ...]:
        """Who is on an allocation so far, in the order of joining."""
        present = self._by_allocation.get(key_of(allocation), {}).values()
        return tuple(entity for assignment in present for entity in assignment.assigned_entities)
