"""Why a team cannot be seated: a small set of choices that must not be made together."""

from collections.abc import Hashable, Iterator, Sequence
from typing import TypeAlias

from .contract import Assignment, AssignmentState, Candidate, TAllocReq, TEntity
from .keys import key_of
from .problem import Problem
from .teams import Budget, teams

Pair: TypeAlias = tuple[Hashable, Hashable]
"""The keys of an allocation and of an entity."""


def conflict(
    problem: Problem[TEntity, TAllocReq],
    allocation: TAllocReq,
    pool: Sequence[Candidate[TEntity]],
    state: AssignmentState[TEntity, TAllocReq],
) -> list[Pair]:
    """The team of `pool`, and those assignments of the state that it takes for the team not to be allowed.

    None of these can be left out. They are looked for among what the members do, then among everything. That is sound
    for rules that only get stricter as more is assigned elsewhere (see `HardStatefulRule`); of the team itself nothing
    is assumed.
    """
    opening = problem.opening()
    everything = [one for one in state.assignments if len(one.assigned_entities) > len(opening.team(one.allocation))]
    members = {key_of(candidate.entity) for candidate in pool}
    theirs = [one for one in everything if members & {key_of(entity) for entity in one.assigned_entities}]

    def fails(others: Sequence[Assignment[TEntity, TAllocReq]]) -> bool:
        problem.watch(0, 0)
        begun = problem.opening()
        for other in others:
            begun.seat(other.allocation, other.assigned_entities)
        return next(teams(problem, allocation, pool, len(pool), begun, Budget(1_000)), None) is None

    needed = theirs if fails(theirs) else everything
    for one in list(needed):
        without = [other for other in needed if other is not one]
        if fails(without):
            needed = without
    pairs = [pair for one in needed for pair in _chosen(one, opening)]
    return pairs + [(key_of(allocation), key_of(candidate.entity)) for candidate in pool]


def _chosen(assignment: Assignment[TEntity, TAllocReq], opening: AssignmentState[TEntity, TAllocReq]) -> Iterator[Pair]:
    """The choices of an assignment; who is pinned was not chosen."""
    pinned = {key_of(entity) for entity in opening.team(assignment.allocation)}
    for entity in assignment.assigned_entities:
        if key_of(entity) not in pinned:
            yield key_of(assignment.allocation), key_of(entity)
