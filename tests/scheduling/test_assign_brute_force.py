"""Small random problems, all of whose plans can be listed: what the algorithms say against what is true.

The oracle knows nothing of the rules' code: it says in its own words what a plan must not have.
"""

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from assign_cases import NotTwoOfGroup, Opaque, choices, told
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling import assign
from scheduling.assign.rules import ExperiencedWithNewcomerRule, MostSlotsRule, NoOverlapRule, OncePerSlotRule

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
NAMES = "abcde"


@dataclass(frozen=True)
class Small:
    """A problem of at most five allocations and five entities."""

    requests: tuple[assign.Request, ...]
    people: tuple[assign.Volunteer, ...]
    candidates: dict[str, list[assign.Candidate[assign.Volunteer]]]
    cap: int
    group: tuple[str, ...]
    past: dict[str, int]
    opaque: bool

    @property
    def rules(self) -> list[Any]:
        made = [MostSlotsRule(self.cap), NoOverlapRule(), OncePerSlotRule(), ExperiencedWithNewcomerRule()]
        grouped = NotTwoOfGroup([one for one in self.people if one.key in self.group])
        return [*(map(Opaque, made) if self.opaque else made), grouped]

    def problem(self) -> assign.Problem[Any, Any]:
        candidates = assign.Candidates(self.requests, self.candidates, past_loads=self.past)
        return assign.Problem.read(self.requests, self.people, candidates, self.rules)

    def run(self, algorithm: Any) -> Any:
        problem = self.problem()
        return algorithm.run(problem.allocations, problem.entities.values(), problem.candidates, self.rules)


def small(dice: random.Random) -> Small:
    people = tuple(assign.Volunteer(name, newcomer=dice.random() < 0.4) for name in NAMES[: dice.randint(1, 5)])
    requests = []
    for key in range(dice.randint(0, 5)):
        start = NOON + timedelta(minutes=30 * dice.randint(0, 3))
        window = None if dice.random() < 0.3 else assign.TimeWindow(start, start + timedelta(minutes=45))
        slot = dice.choice([None, None, "s", "t"])
        requests.append(assign.Request(str(key), dice.choice([1, 1, 1, 2, 2, 3]), window, slot=slot))
    candidates = {
        one.key: [
            assign.Candidate(who, dice.choice([0.0, 0.25, 0.5, 0.9, 1.0])) for who in people if dice.random() < 0.7
        ]
        for one in requests
    }
    past = {one.key: dice.randint(0, 2) for one in people if dice.random() < 0.3}
    group = tuple(dice.sample(NAMES, 2))
    return Small(tuple(requests), people, candidates, dice.randint(1, 3), group, past, dice.random() < 0.3)


def team_allowed(problem: Small, request: assign.Request, team: tuple[assign.Volunteer, ...]) -> bool:
    if len(team) > 1 and all(one.newcomer for one in team):
        return False
    return len([one for one in team if one.key in problem.group]) < 2


def clash(a: assign.Request, b: assign.Request) -> bool:
    """Whether nobody may do both."""
    if a.slot is not None and a.slot == b.slot:
        return True
    if a.window is None or b.window is None:
        return False
    return max(a.window.start, b.window.start) < min(a.window.end, b.window.end)


def best_of_all(problem: Small) -> tuple[tuple[int, int, float], bool]:
    """The best (filled, -sum of squared loads, weight) of all plans, and whether everything that could be filled is."""
    best = (-1, 0, 0.0)
    could = sum(len(problem.candidates[one.key]) >= one.required_count for one in problem.requests)

    def grow(i: int, has: dict[str, list[assign.Request]], filled: int, weight: float) -> None:
        nonlocal best
        if i == len(problem.requests):
            squares = sum((len(has[one.key]) + problem.past.get(one.key, 0)) ** 2 for one in problem.people)
            best = max(best, (filled, -squares, weight))
            return
        request = problem.requests[i]
        grow(i + 1, has, filled, weight)
        may = [one for one in problem.candidates[request.key] if len(has[one.entity.key]) < problem.cap]
        free = [one for one in may if not any(clash(request, other) for other in has[one.entity.key])]
        for some in combinations(free, request.required_count):
            if team_allowed(problem, request, tuple(one.entity for one in some)):
                for one in some:
                    has[one.entity.key].append(request)
                grow(i + 1, has, filled + 1, weight + sum(round(one.score * 10_000) for one in some))
                for one in some:
                    has[one.entity.key].pop()

    grow(0, {one.key: [] for one in problem.people}, 0, 0.0)
    return best, best[0] == could


def reached(problem: Small, state: Any) -> tuple[int, int, float]:
    scores = {(key, one.entity.key): one.score for key, some in problem.candidates.items() for one in some}
    squares = sum(state.load(one) ** 2 for one in problem.people)
    weight = sum(round(scores[key, who] * 10_000) for key, team in told(state) for who in team)
    return len(state.assignments), -squares, weight


def searched_for(problem: Small) -> tuple[Any, bool]:
    """What backtracking finds, and whether it calls it complete."""
    try:
        return problem.run(assign.BacktrackingAssignmentAlgorithm()), True
    except assign.IncompleteSolutionError as error:
        return None if error.out_of_budget else error.partial_state, False


def compare(problem: Small) -> None:
    best, complete = best_of_all(problem)
    read = problem.problem()
    exact = problem.run(assign.OrToolsAssignmentAlgorithm())
    assert assign.violations(read, exact) == []
    assert reached(problem, exact) == best
    quick = problem.run(assign.LoadBalancingAssignmentAlgorithm())
    assert assign.violations(read, quick) == []
    assert reached(problem, quick) <= best
    searched, found = searched_for(problem)
    assert assign.violations(read, searched) == []
    assert found is complete
    assert len(searched.assignments) <= best[0]


@given(st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_small_problems_against_all_plans(seed: int) -> None:
    compare(small(random.Random(seed)))


@pytest.mark.slow
def test_ten_thousand_small_problems() -> None:
    dice = random.Random(20261121)
    for _ in range(10_000):
        compare(small(dice))


def holds(linear: Any, chosen: set[tuple[str, str]], filled: set[str]) -> bool:
    total = sum(factor for one, factor in linear.terms if (one.allocation_key, one.entity_key) in chosen)
    if linear.if_filled is not None and linear.if_filled not in filled:
        return True
    return (linear.at_most is None or total <= linear.at_most) and (linear.at_least is None or total >= linear.at_least)


@pytest.mark.parametrize(
    "rule",
    [MostSlotsRule(2), NoOverlapRule(), OncePerSlotRule(), ExperiencedWithNewcomerRule()],
    ids=lambda one: one.name,
)
def test_linear_forms_say_what_the_rules_say(rule: Any) -> None:
    """For any choice of whole teams: the linear constraints hold where, and only where, the rule refuses nobody."""
    dice, met = random.Random(7), set()
    for _ in range(400):
        case = small(dice)
        problem = assign.Problem.read(case.requests, case.people, case.candidates, [rule])
        state, chosen = problem.opening(), set()
        for request in case.requests:
            pool = [one.entity for one in case.candidates[request.key]]
            if len(pool) >= request.required_count and dice.random() < 0.7:
                team = dice.sample(pool, request.required_count)
                state.seat(request, team)
                chosen |= {(request.key, one.key) for one in team}
        kept = not assign.violations(problem, state)
        filled = {key for key, _ in chosen}
        assert all(holds(one, chosen, filled) for one in rule.linear(choices(problem))) is kept
        met.add(kept)
    assert met == {True, False}


def test_the_oracle_tells_good_from_bad() -> None:
    """It would be no test if every problem could be filled, or none."""
    dice = random.Random(1)
    found = [best_of_all(small(dice)) for _ in range(300)]
    assert 60 < sum(complete for _, complete in found) < 240
    assert len({best for best, _ in found}) > 50
