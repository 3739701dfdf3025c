"""The four arguments of an algorithm, read once and made handy."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic

from .candidates import Candidates
from .contract import Candidate, TAllocReq, TEntity
from .keys import key_of, required_count
from .scores import combined
from .state import AssignmentState
from .watching import Watch


@dataclass(frozen=True)
class Problem(Generic[TEntity, TAllocReq]):
    """What has to be done, by whom it can be, and the stateful rules, hard and soft."""

    allocations: tuple[TAllocReq, ...]
    entities: dict[Hashable, TEntity]
    candidates: Candidates[TEntity, TAllocReq]
    hard: tuple[Any, ...]
    soft: tuple[Any, ...]

    @classmethod
    def read(
        cls,
        allocations: Iterable[TAllocReq],
        entities: Iterable[TEntity],
        candidates: Mapping[Hashable, Sequence[Candidate[TEntity]]],
        rules: Iterable[Any],
    ) -> "Problem[TEntity, TAllocReq]":
        """The arguments of `Algorithm.run`; `candidates` may be a plain mapping by key or by id of allocations.

        Raises ValueError for two allocations or two entities with one key.
        """
        allocations, entities, rules = tuple(allocations), tuple(entities), tuple(rules)
        distinct(allocations, "allocations")
        hard = tuple(rule for rule in rules if getattr(rule, "hard", True))
        soft = tuple(rule for rule in rules if not getattr(rule, "hard", True))
        return cls(allocations, distinct(entities, "entities"), Candidates.of(allocations, candidates), hard, soft)

    @property
    def watch(self) -> Watch:
        """Whom an algorithm tells how far it is, as often as it can: then its work is seen, and can be stopped."""
        return self.candidates.watch

    def opening(self) -> AssignmentState[TEntity, TAllocReq]:
        """The state to begin with: what is pinned, and how much everybody has done before."""
        return self.candidates.opening()

    def needed(self, allocation: TAllocReq, opening: AssignmentState[TEntity, TAllocReq]) -> int:
        """How many an allocation lacks beyond those who are pinned to it; 0 or less where it lacks nobody."""
        return required_count(allocation) - len(opening.team(allocation))

    def pool(self, allocation: TAllocReq, opening: AssignmentState[TEntity, TAllocReq]) -> list[Candidate[TEntity]]:
        """The candidates of an allocation, each once, in their order: known entities that are not pinned to it."""
        met = {key_of(entity) for entity in opening.team(allocation)}
        pool = []
        for candidate in self.candidates.get(key_of(allocation), ()):
            key = key_of(candidate.entity)
            if key in self.entities and key not in met:
                met.add(key)
                pool.append(candidate)
        return pool

    def score(
        self, candidate: Candidate[TEntity], allocation: TAllocReq, state: AssignmentState[TEntity, TAllocReq]
    ) -> float:
        """A candidate's score with the soft stateful rules: the geometric mean over all soft rules."""
        scores = [rule.evaluate(candidate.entity, allocation, state).score for rule in self.soft]
        return combined(candidate.score, self.candidates.soft_rules, scores)

    def compatible(self, entity: TEntity, allocation: TAllocReq, state: AssignmentState[TEntity, TAllocReq]) -> bool:
        """Whether no hard stateful rule speaks against adding an entity to an allocation."""
        return all(rule.evaluate(entity, allocation, state).compatible for rule in self.hard)


def distinct(things: Iterable[Any], name: str) -> dict[Hashable, Any]:
    """Things by key. Raises ValueError naming a key that two of them have."""
    by_key: dict[Hashable, Any] = {}
    for thing in things:
        if key_of(thing) in by_key:
            raise ValueError(f"{name} must have distinct keys, got {key_of(thing)!r} twice")
        by_key[key_of(thing)] = thing
    return by_key
