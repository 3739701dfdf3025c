"""One suite over both registries: every rule in every algorithm. A new one of either is tested by being registered.

`BITES` has for each rule a small problem in which it makes a difference; a rule without an entry fails here.
"""

import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from assign_cases import Opaque, told

from scheduling import assign
from scheduling.assign import ALGORITHMS, RULES, Candidate, DateRange, Request, TimeWindow, Volunteer

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
HERE = (38.9, -77.0)


def window(begin: float, hours: float = 1.0) -> TimeWindow:
    start = NOON + timedelta(hours=begin)
    return TimeWindow(start, start + timedelta(hours=hours))


def north(metres: float) -> tuple[float, float]:
    return HERE[0] + metres / 111_020, HERE[1]


@dataclass(frozen=True)
class Bite:
    """A problem, how much is filled without the rule and with it, and the numbers of the rule."""

    requests: list[Request]
    people: list[Volunteer]
    without: int
    filled: int
    values: dict[str, float] = field(default_factory=dict)


ALICE, BOB = Volunteer("alice"), Volunteer("bob")
BITES = {
    "skills": Bite([Request("a", skills=("drone",)), Request("b", roles=("cook",)), Request("c")], [ALICE], 3, 1),
    "requested": Bite([Request("a", requested=("zoe",)), Request("b", requested=("alice",))], [ALICE, BOB], 1, 1),
    "availability": Bite(
        [Request("a", window=window(0)), Request("b", window=window(1))],
        [Volunteer("alice", unavailable=(window(0.5, 0.5),))],
        2,
        1,
    ),
    "time_window": Bite(
        [Request(str(hour), window=window(hour)) for hour in range(3)],
        [Volunteer("alice", available=(window(1, 2),)), Volunteer("bob", available=())],
        3,
        2,
    ),
    "distance": Bite(
        [Request("a", location=north(900)), Request("b", location=north(1100))],
        [Volunteer("alice", start=HERE), Volunteer("bob", start=HERE, last_position=north(-500))],
        2,
        1,
        {"most_m": 1000},
    ),
    "declined": Bite(
        [Request("a", declined_by=("alice", "bob")), Request("b", declined_by=("bob",))], [ALICE, BOB], 2, 1
    ),
    "never": Bite([Request("a", never=("alice", "bob")), Request("b", never=("bob",))], [ALICE, BOB], 2, 1),
    "most_slots": Bite([Request(one) for one in "abcdef"], [ALICE, Volunteer("bob", capacity=1)], 6, 4, {"most": 3}),
    "most_walking": Bite(
        [Request(str(metres), location=north(metres)) for metres in (300, -300, 600, -600)],
        [Volunteer("alice", start=HERE)],
        4,
        2,
        {"most_m": 1000},
    ),
    "no_overlap": Bite(
        [Request("a", window=window(0)), Request("b", window=window(0.5)), Request("c", window=window(1))],
        [ALICE],
        3,
        2,
    ),
    "once_per_slot": Bite(
        [
            Request("a", slot="s"),
            Request("b", slot="s"),
            Request("c", slot="s"),
            Request("d", done_by=("alice", "bob")),
        ],
        [ALICE, BOB],
        4,
        2,
    ),
    "experienced_with_newcomer": Bite(
        [Request("a", 2), Request("b", 2, requested=("bob", "nora"))],
        [Volunteer("nora", newcomer=True), Volunteer("bob", newcomer=True), ALICE],
        2,
        1,
    ),
}
SOFT = {"nearness", "on_the_way"}


def planned(algorithm: Any, bite: Bite, rules: list[Any]) -> assign.Plan[Any, Any]:
    """The plan, or, where an algorithm gives up, that of what it had; the verifier has looked at it either way."""
    planner = assign.Planner(algorithm, rules)
    problem = planner.prepare(bite.requests, bite.people)
    try:
        plan = planner.solve(problem)
    except assign.IncompleteSolutionError as error:
        plan = assign.Plan(problem, error.partial_state or problem.opening(), planner.preliminary)
    assert assign.violations(problem, plan.state) == []
    return plan


algorithms = pytest.mark.parametrize("algorithm", ALGORITHMS)


def test_every_rule_has_its_bite() -> None:
    assert BITES.keys() | SOFT == RULES.keys()


@algorithms
@pytest.mark.parametrize("name", BITES)
def test_the_rule_is_kept(name: str, algorithm: str) -> None:
    bite, rule = BITES[name], RULES[name].build(BITES[name].values)
    assert planned(ALGORITHMS[algorithm](), bite, []).metrics.filled == bite.without
    plan = planned(ALGORITHMS[algorithm](), bite, [rule])
    assert plan.metrics.filled == bite.filled
    assert len(plan.unfilled) == len(bite.requests) - bite.filled
    if isinstance(rule, assign.HardStatefulRule):
        # A rule that says nothing a solver understands is kept as well.
        assert planned(ALGORITHMS[algorithm](), bite, [Opaque(rule)]).metrics.filled == bite.filled


@algorithms
@pytest.mark.parametrize("name", sorted(SOFT))
def test_the_soft_rule_is_heard(name: str, algorithm: str) -> None:
    people = [Volunteer("far", start=north(3000)), Volunteer("near", start=north(10))]
    plan = planned(ALGORITHMS[algorithm](), Bite([Request("a", location=HERE)], people, 1, 1), [RULES[name].build()])
    assert told(plan.state) == [["a", ["near"]]]


def everything() -> tuple[list[Request], list[Volunteer], list[Any]]:
    """A problem with all rules at once."""
    people = [
        Volunteer(f"v{i}", skills=("drone",) * (i % 2), newcomer=i % 3 == 0, start=north(100 * i), capacity=4 + i % 2)
        for i in range(6)
    ]
    requests = [
        Request(
            f"s{i}",
            1 + (i % 5 == 0),
            None if i % 3 else window(i // 4, 1),
            north(150 * (i % 7)),
            slot=f"slot {i // 2}",
            skills=("drone",) * (i % 4 == 0),
            declined_by=(f"v{i % 6}",),
        )
        for i in range(18)
    ]
    values = {"distance": {"most_m": 900}, "most_walking": {"most_m": 3500}}
    return requests, people, [kind.build(values.get(name)) for name, kind in RULES.items()]


@algorithms
def test_all_rules_at_once_and_the_same_plan_every_time(algorithm: str) -> None:
    requests, people, rules = everything()
    plans = [planned(ALGORITHMS[algorithm](), Bite(requests, people, 0, 0), rules) for _ in range(2)]
    assert told(plans[0].state) == told(plans[1].state)
    assert plans[0].metrics.filled >= 17
    assert max(plans[0].metrics.loads.values()) <= 5


def test_the_same_plan_in_another_process() -> None:
    """With other hash seeds: nothing depends on the order of a set."""
    program = (
        "import sys; sys.path[:0] = ['.', 'tests/scheduling']\n"
        "from test_assign_suite import *\n"
        "requests, people, rules = everything()\n"
        "for name in ALGORITHMS: print(told(planned(ALGORITHMS[name](), Bite(requests, people, 0, 0), rules).state))"
    )
    captured: dict[str, Any] = {"capture_output": True, "text": True, "check": True}
    run = [
        subprocess.run([sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, **captured).stdout
        for seed in "12"
    ]
    assert run[0] == run[1]
    assert run[0].count("\n") == len(ALGORITHMS)


@algorithms
def test_nothing_to_do_nobody_to_do_it(algorithm: str) -> None:
    for requests, people in (([], []), ([], [ALICE]), ([Request("a")], [])):
        plan = planned(ALGORITHMS[algorithm](), Bite(requests, people, 0, 0), [])
        assert plan.assignments == []
        assert [one.cause for one in plan.unfilled] == [assign.Cause.NO_CANDIDATES] * len(requests)
        assert plan.metrics.fill_rate == (0.0 if requests else 1.0)


@algorithms
def test_pins_stay_and_count(algorithm: str) -> None:
    """Bob is pinned twice, beyond his cap; one half team is completed, another one cannot be."""
    requests = [Request("a", 2), Request("b"), Request("c"), Request("d", 2, requested=("bob", "zoe"))]
    elsewhere = Request("not asked for")
    pins = [assign.Assignment(one, ("bob",)) for one in (requests[0], requests[3], elsewhere)]
    planner = assign.Planner(ALGORITHMS[algorithm](), [RULES["most_slots"].build({"most": 2})])
    plan = planner.run(requests, [BOB, ALICE, Volunteer("carol")], pins=[_by(pin) for pin in pins])
    done = {key: set(team) for key, team in told(plan.state)}
    assert done["a"] in ({"bob", "alice"}, {"bob", "carol"})
    assert (done["d"], done["not asked for"]) == ({"bob"}, {"bob"})
    assert "bob" not in done["b"] | done["c"]
    assert [one.allocation.key for one in plan.unfilled] == ["d"]
    assert (plan.metrics.filled, plan.metrics.loads["bob"]) == (3, 3)
    assert plan.why(BOB, requests[0]).standing == assign.Standing.PINNED


def _by(pin: Any) -> Any:
    return assign.Assignment(pin.allocation, tuple(Volunteer(name) for name in pin.assigned_entities))


@algorithms
@pytest.mark.parametrize("wrap", [lambda rule: rule, Opaque])
def test_whoever_completes_a_pinned_team_is_busy(algorithm: str, wrap: Any) -> None:
    """All at one time: bob has half a team, whoever joins him can do nothing else."""
    requests = [Request("a", 2, window(0)), Request("b", window=window(0.5)), Request("c", window=window(0.5))]
    people = [ALICE, BOB, Volunteer("carol"), Volunteer("dora")]
    planner = assign.Planner(ALGORITHMS[algorithm](), [wrap(RULES["no_overlap"].build())])
    for busy, expected in ((people, 3), (people[:3], 2)):
        problem = planner.prepare(requests, busy, pins=[assign.Assignment(requests[0], (BOB,))])
        try:
            state = planner.solve(problem).state
        except assign.IncompleteSolutionError as error:
            state = error.partial_state
        assert assign.violations(problem, state) == []
        assert assign.metrics(problem, state).filled == expected


@algorithms
def test_past_work_counts(algorithm: str) -> None:
    requests = [Request(one) for one in "abcd"]
    plan = assign.Planner(ALGORITHMS[algorithm]()).run(requests, [ALICE, BOB], past_loads={"alice": 3, BOB: 1})
    assert plan.metrics.loads == {"alice": 1, "bob": 3}
    assert (plan.metrics.largest_load, plan.metrics.gini) == (4, 0.0)


@algorithms
def test_a_candidate_of_a_plain_mapping_will_do(algorithm: str) -> None:
    request = Request("a")
    for candidates in ({"a": [Candidate("w")]}, {id(request): [Candidate("w"), Candidate("stranger", 2.0)]}):
        assert told(ALGORITHMS[algorithm]().run([request], ["w"], candidates, [])) == [["a", ["w"]]]


@algorithms
def test_two_with_one_key_are_refused(algorithm: str) -> None:
    planner = assign.Planner(ALGORITHMS[algorithm]())
    for requests, people in (([Request("a"), Request("a", 2)], []), ([], [ALICE, Volunteer("alice", role="x")])):
        with pytest.raises(ValueError, match="distinct keys"):
            planner.run(requests, people)


def test_each_team_is_tried_once_and_the_budget_ends_it() -> None:
    pool = [Candidate(who) for who in "vwxyz"]
    request = Request("a", 3)
    problem = assign.Problem.read([request], "vwxyz", {"a": pool}, [])
    state = problem.opening()

    def tried(budget: int) -> list[str]:
        return ["".join(team) for team in assign.teams(problem, request, pool, 3, state, assign.Budget(budget))]

    assert tried(100) == ["vwx", "vwy", "vwz", "vxy", "vxz", "vyz", "wxy", "wxz", "wyz", "xyz"]
    assert tried(3) == ["vwx", "vwy", "vwz", "vxy", "vxz"]
    assert state.assignments == []


@algorithms
def test_a_rule_that_wants_somebody_else_first(algorithm: str) -> None:
    """No order of ranks must matter: the trainee, though ranked first, joins after the lead."""

    class LeadFirst(assign.HardStatefulRule[Any, Any]):
        def evaluate(self, entity: Any, allocation: Any, state: Any) -> assign.RuleVerdict:
            return assign.RuleVerdict(entity == "lead" or "lead" in state.team(allocation))

    candidates = {"a": [Candidate("trainee", 1.0), Candidate("other", 0.9), Candidate("lead", 0.1)]}
    state = ALGORITHMS[algorithm]().run([Request("a", 2)], ["trainee", "other", "lead"], candidates, [LeadFirst()])
    assert told(state) == [["a", ["lead", "trainee"]]]


def test_days_work_as_windows_do() -> None:
    day = NOON.date()
    requests = [Request("a", window=DateRange(day, day)), Request("b", window=window(1))]
    for algorithm in ALGORITHMS.values():
        assert planned(algorithm(), Bite(requests, [ALICE], 0, 0), [RULES["no_overlap"].build()]).metrics.filled == 1
