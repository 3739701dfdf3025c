"""Who may do what: every pair is asked about once, and every refusal is kept."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Generic

from .contract import Assignment, AssignmentState, Candidate, TAllocReq, TEntity
from .keys import key_of
from .kinds import YES, PreliminaryRule, RuleVerdict, no
from .rules.requested import RequestedEntityRule
from .scores import aggregate
from .spans import Span, covers, span_of, spans_of
from .watching import Watch, unwatched

UNAVAILABLE = "unavailable"
"""The name under which a pair is pruned whose entity is away for the whole of the allocation."""


class Candidates(Mapping[Hashable, Sequence[Candidate[TEntity]]], Generic[TEntity, TAllocReq]):
    """The candidates of each allocation by its key, in the order of the entities; answers `id(allocation)` too.

    `prunes` says by allocation key and entity key which rules refused. `past_loads` and `pins` are what every algorithm
    has to begin with. `soft_rules` is how many scores are in a candidate's score. `watch` is told how far the work is.
    """

    def __init__(
        self,
        allocations: Iterable[TAllocReq],
        by_key: Mapping[Hashable, Sequence[Candidate[TEntity]]],
        *,
        soft_rules: int = 1,
        prunes: Mapping[Hashable, Mapping[Hashable, tuple[str, ...]]] | None = None,
        past_loads: Mapping[Any, float] | None = None,
        pins: Iterable[Assignment[TEntity, TAllocReq]] = (),
        watch: Watch = unwatched,
    ):
        # Their ids stay theirs for as long as this holds the allocations.
        self._allocations = tuple(allocations)
        self._keys = {id(allocation): key_of(allocation) for allocation in self._allocations}
        self._by_key = {key: tuple(some) for key, some in by_key.items()}
        self.soft_rules = soft_rules
        self.prunes = prunes or {}
        self.past_loads = dict(past_loads or {})
        self.pins = tuple(pins)
        self.watch = watch

    @classmethod
    def of(
        cls, allocations: Iterable[TAllocReq], candidates: Mapping[Hashable, Sequence[Candidate[TEntity]]]
    ) -> "Candidates[TEntity, TAllocReq]":
        """Candidates as they are, or a plain mapping by key or id of allocations as candidates."""
        if isinstance(candidates, Candidates):
            return candidates
        by_key = {}
        for allocation in allocations:
            key = key_of(allocation)
            by_key[key] = candidates.get(key, candidates.get(id(allocation), ()))
        return cls(allocations, by_key)

    def opening(self) -> AssignmentState[TEntity, TAllocReq]:
        """A new state with the past loads and the pinned assignments in it."""
        return AssignmentState(past_loads=self.past_loads, pinned=self.pins)

    def __getitem__(self, key: Hashable) -> tuple[Candidate[TEntity], ...]:
        if key in self._by_key:
            return self._by_key[key]
        return self._by_key[self._keys[key]]  # type: ignore[index]

    def __iter__(self) -> Iterator[Hashable]:
        return iter(self._by_key)

    def __len__(self) -> int:
        return len(self._by_key)


def generate(
    allocations: Iterable[TAllocReq],
    entities: Iterable[TEntity],
    rules: Iterable[PreliminaryRule[Any, Any]],
    *,
    past_loads: Mapping[Any, float] | None = None,
    pins: Iterable[Assignment[TEntity, TAllocReq]] = (),
    watch: Watch = unwatched,
) -> Candidates[TEntity, TAllocReq]:
    """Candidates by the preliminary rules, scored by the soft ones (geometric mean; 1.0 where there is none).

    Whoever is away for the whole of an allocation, or is not among those that it asks for, is no candidate, rules or
    not. Every hard rule is asked about every pair, so that each refusal is known.
    """
    allocations, entities, rules = tuple(allocations), tuple(entities), tuple(rules)
    hard: list[Any] = list(ALWAYS)
    hard += [rule for rule in rules if rule.hard and not isinstance(rule, RequestedEntityRule)]
    soft = [rule for rule in rules if not rule.hard]
    by_key: dict[Hashable, list[Candidate[TEntity]]] = {}
    prunes: dict[Hashable, dict[Hashable, tuple[str, ...]]] = {}
    same: dict[tuple[str, ...], tuple[str, ...]] = {}
    for done, allocation in enumerate(allocations):
        watch(done, len(allocations))
        some, pruned = by_key.setdefault(key_of(allocation), []), prunes.setdefault(key_of(allocation), {})
        for entity in entities:
            against = tuple(rule.name for rule in hard if not rule.evaluate(entity, allocation).compatible)
            if against:
                pruned[key_of(entity)] = same.setdefault(against, against)
            else:
                score = aggregate([rule.evaluate(entity, allocation).score for rule in soft])
                some.append(Candidate(entity, score))
    return Candidates(
        allocations, by_key, soft_rules=len(soft), prunes=prunes, past_loads=past_loads, pins=pins, watch=watch
    )


class _Away(PreliminaryRule[Any, Any]):
    """Away for the whole of an allocation, by one span alone: what several cover together is for `AvailabilityRule`."""

    name = UNAVAILABLE
    hard = True

    def evaluate(self, entity: Any, allocation: Any) -> RuleVerdict:
        """Whether no span that the entity is away covers the allocation's span."""
        away = self._away(span_of(allocation), spans_of(entity, "unavailable"))
        return no("away all that time") if away else YES

    def _away(self, span: Span | None, away: tuple[Span, ...] | None) -> bool:
        return span is not None and bool(away) and any(covers(one, span) for one in away or ())


ALWAYS: tuple[PreliminaryRule[Any, Any], ...] = (_Away(), RequestedEntityRule())
"""The rules that hold whatever the rules are."""
