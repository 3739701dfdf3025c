"""Who fits together on one allocation: candidates in order of rank, seat by seat, asking the rules at each seat."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .contract import AssignmentState, Candidate, TAllocReq, TEntity
from .keys import required_count
from .problem import Problem

_TEAMS_TRIED = 10_000


@dataclass
class Budget:
    """So many units of work, counted rather than timed, so that every run is equal."""

    left: int

    def spend(self) -> bool:
        """Take one unit; False where none is left."""
        if self.left <= 0:
            return False
        self.left -= 1
        return True


def ranked(
    problem: Problem[TEntity, TAllocReq],
    allocation: TAllocReq,
    pool: Sequence[Candidate[TEntity]],
    state: AssignmentState[TEntity, TAllocReq],
) -> list[Candidate[TEntity]]:
    """Candidates by score / (1 + load), best first; of equal ones the first listed stays first.

    Scores of zero would make every load equal: among them whoever has less comes first.
    """

    def rank(candidate: Candidate[TEntity]) -> tuple[float, float]:
        load = state.load(candidate.entity)
        score = max(problem.score(candidate, allocation, state), 0.0)
        return (-score / (1 + load), 0.0 if score > 0 else load)

    return sorted(pool, key=rank)


def fill(
    problem: Problem[TEntity, TAllocReq], allocations: Iterable[TAllocReq], state: AssignmentState[TEntity, TAllocReq]
) -> None:
    """Give allocations, one after the other, the best ranked team that the rules let have; leave out the others.

    Those that have their team already are left alone. The state is told where a team might have been missed.
    """
    opening, allocations = problem.opening(), tuple(allocations)
    for done, allocation in enumerate(allocations):
        problem.watch(done, len(allocations))
        needed, pool = required_count(allocation) - len(state.team(allocation)), problem.pool(allocation, opening)
        if 0 < needed <= len(pool):
            tries = Budget(_TEAMS_TRIED)
            ranks = ranked(problem, allocation, pool, state)
            team = next(teams(problem, allocation, ranks, needed, state, tries), None)
            if team is not None:
                state.seat(allocation, (*state.team(allocation), *team))
            elif tries.left == 0:
                state.out_of_budget = True


def teams(
    problem: Problem[TEntity, TAllocReq],
    allocation: TAllocReq,
    pool: Sequence[Candidate[TEntity]],
    needed: int,
    state: AssignmentState[TEntity, TAllocReq],
    budget: Budget,
) -> Iterator[tuple[TEntity, ...]]:
    """Every team that the rules let have `needed` more members, the best ranked ones first, each set of members once.

    Those who are on the allocation already stay on it and are not in the tuples. `state` has to be the same again each
    time the next team is asked for, and is left as it was. One unit of the budget is spent for each team begun that is
    larger than nobody and smaller than all; the iterator ends early without.
    """
    present = state.team(allocation)

    def grow(team: tuple[int, ...], barred: frozenset[int]) -> Iterator[tuple[int, ...]]:
        for i, candidate in enumerate(pool):
            if i in team or i in barred:
                continue
            state.seat(allocation, (*present, *(pool[j].entity for j in team)))
            fits = problem.compatible(candidate.entity, allocation, state)
            state.seat(allocation, present)
            if not fits:
                # Not barred: some rules want somebody else to be there first.
                continue
            if len(team) + 1 == needed:
                yield (*team, i)
            elif budget.spend():
                problem.watch(0, 0)
                yield from grow((*team, i), barred)
            else:
                return
            barred = barred | {i}

    if needed <= len(pool):
        for members in grow((), frozenset()):
            yield tuple(pool[i].entity for i in members)
