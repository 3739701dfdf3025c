"""What a plan says of itself: figures, what is left over and why, why not this one."""

import random
from typing import Any

import pytest
from assign_cases import VECTORS, NotTwoOfGroup, Opaque, told

from scheduling import assign
from scheduling.assign import RULES, Assignment, Cause, Planner, Request, Standing, Volunteer, rules_from
from scheduling.assign.evenness import level
from scheduling.assign.rules import walk_m
from scheduling.assign.verifier import sound_part

ALICE, BOB, NORA = Volunteer("alice"), Volunteer("bob"), Volunteer("nora", newcomer=True)
QUICK = assign.LoadBalancingAssignmentAlgorithm()


# --- figures ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("values", "expected"), VECTORS["workload_distribution"]["gini_vectors"])
def test_gini(values: list[int], expected: float) -> None:
    assert assign.gini(values) == pytest.approx(expected, abs=1e-9)
    assert assign.gini(reversed(values)) == pytest.approx(expected, abs=1e-9)


def test_figures_by_hand() -> None:
    ours = ("alice", "bob", "nora")
    only = [Request("a", requested=ours), Request("b", requested=ours), Request("c", 2, requested=ours)]
    only.append(Request("d", skills=("boat",), requested=ours))
    people = [ALICE, BOB, NORA, Volunteer("zoe", role="cook")]
    problem = Planner(QUICK, rules_from([{"rule": "skills"}])).prepare(only, people, past_loads={"nora": 2})
    state = problem.opening()
    for request, team in ((only[0], (ALICE,)), (only[1], (ALICE,)), (only[2], (ALICE, BOB))):
        state.add_assignment(Assignment(request, team))
    found = assign.metrics(problem, state)
    # Zoe could do nothing, so she is not idle; nora could have, and is, whatever she did before.
    assert (found.allocations, found.filled, found.fill_rate) == (4, 3, 0.75)
    assert (found.idle, found.largest_load, found.score) == (1, 3, 4.0)
    assert found.loads == {"alice": 3, "bob": 1, "nora": 0}
    assert found.gini == pytest.approx(assign.gini([1, 2, 3]))


@pytest.mark.parametrize("name", VECTORS["workload_distribution"]["fixtures"])
def test_work_is_spread(name: str) -> None:
    case = VECTORS["workload_distribution"]
    workers, slots = case["fixtures"][name]
    people = [Volunteer(f"w{i}", role="abc"[i % 3]) for i in range(workers)]
    requests = [Request(f"a{i}", roles=("abc"[i % 3], "abc"[i * 7 % 3])) for i in range(slots)]
    found = Planner(QUICK, rules_from([{"rule": "skills"}])).run(requests, people).metrics
    assert (found.filled, found.idle) == (slots, case["idle_eligible_workers"])
    assert found.gini < case["gini_below"]
    assert found.largest_load <= case["busiest_at_most_times_mean"] * slots / workers


# --- what is left over ------------------------------------------------------------------------------------------------


def cause(requests: list[Request], people: list[Volunteer], rules: list[Any], key: str) -> assign.Unfilled:
    plan = Planner(QUICK, rules).run(requests, people)
    return next(one for one in plan.unfilled if one.allocation.key == key)


def test_nobody_may_do_it_and_which_rule_refused_how_many() -> None:
    request = Request("a", skills=("boat",), declined_by=("bob",))
    told = cause([request], [ALICE, BOB, NORA], rules_from([{"rule": "skills"}, {"rule": "declined"}]), "a")
    assert (told.cause, told.required, told.candidates) == (Cause.NO_CANDIDATES, 1, 0)
    assert told.by_rule == {"skills": 3, "declined": 1}
    assert told.sentence == "nobody may do it (refused: skills 3, declined 1)"


def test_too_few_may_do_it() -> None:
    told = cause([Request("a", 3, requested=("alice", "bob"))], [ALICE, BOB, NORA], [], "a")
    assert (told.cause, told.candidates, told.by_rule) == (Cause.TOO_FEW_CANDIDATES, 2, {"requested": 1})


def test_all_have_enough() -> None:
    told = cause([Request(one) for one in "abc"], [ALICE, BOB], rules_from([{"rule": "most_slots", "most": 1}]), "c")
    assert (told.cause, told.by_rule) == (Cause.ALL_AT_CAP, {"most_slots": 2})


def test_what_else_they_do_stands_in_the_way() -> None:
    told = cause([Request(one, slot="s") for one in "ab"], [ALICE], rules_from([{"rule": "once_per_slot"}]), "b")
    assert (told.cause, told.by_rule) == (Cause.RULED_OUT, {"once_per_slot": 1})


def test_those_who_are_left_make_no_team() -> None:
    newcomers = [NORA, Volunteer("max", newcomer=True)]
    told = cause([Request("a", 2)], newcomers, rules_from([{"rule": "experienced_with_newcomer"}]), "a")
    assert (told.cause, told.candidates, told.by_rule) == (Cause.TEAM_IMPOSSIBLE, 2, {})


class Lazy(assign.Algorithm[Any, Any]):
    def __init__(self, out_of_budget: bool):
        self.out_of_budget = out_of_budget

    def run(self, allocations: Any, entities: Any, candidates: Any, rules: Any) -> Any:
        state = assign.Candidates.of(allocations, candidates).opening()
        state.out_of_budget = self.out_of_budget
        return state


@pytest.mark.parametrize(("spent", "expected"), [(True, Cause.BUDGET), (False, Cause.LEFT_OUT)])
def test_it_could_have_been_filled(spent: bool, expected: Cause) -> None:
    assert [one.cause for one in Planner(Lazy(spent)).run([Request("a")], [ALICE]).unfilled] == [expected]


def test_a_budget_stops_the_search_at_once_and_keeps_the_best_of_it() -> None:
    """Twelve for eleven seats: there is no complete plan, and too many incomplete ones to try."""
    people, requests = [Volunteer(f"v{i}") for i in range(11)], [Request(f"a{i}") for i in range(12)]
    rules = [Opaque(RULES["most_slots"].build({"most": 1}))]
    planner = Planner(assign.BacktrackingAssignmentAlgorithm(max_iterations=500), rules)
    problem = planner.prepare(requests, people)
    with pytest.raises(assign.IncompleteSolutionError, match="within 500 steps") as raised:
        planner.solve(problem)
    assert raised.value.out_of_budget
    plan = assign.Plan(problem, raised.value.partial_state, planner.preliminary)
    assert (plan.metrics.filled, len(plan.unfilled)) == (11, 1)


def test_five_thousand_allocations_do_not_overflow_the_stack() -> None:
    requests = [Request(f"a{i}") for i in range(5_000)]
    plan = Planner(assign.BacktrackingAssignmentAlgorithm()).run(requests, [ALICE, BOB, NORA])
    assert plan.metrics.filled == 5_000


def test_a_team_larger_than_top_k_costs_no_second_search() -> None:
    """One step for the allocation, one for each team begun."""
    pool = [assign.Candidate(f"w{i}", 1 - i / 100) for i in range(5)]
    people = [one.entity for one in pool]
    algorithm = assign.BacktrackingAssignmentAlgorithm(top_k_candidates=3, max_iterations=4)
    assert told(algorithm.run([Request("a", 4)], people, {"a": pool}, [])) == [["a", ["w0", "w1", "w2", "w3"]]]


@pytest.mark.parametrize(
    ("bounds", "seats", "expected"),
    [([(0, 5)] * 3, 7, 2), ([(0, 5)] * 3, 6, 2), ([(3, 5), (0, 5)], 3, 3), ([(0, 2)], 9, 2), ([(4, 6), (0, 1)], 0, 0)],
)
def test_the_level_to_which_work_fills_everybody_up(bounds: Any, seats: int, expected: int) -> None:
    assert level(bounds, seats) == expected


def test_what_is_too_large_for_the_solver_goes_to_the_next_algorithm() -> None:
    requests = [Request(one) for one in "abc"]
    for most, expected in ((5, "LoadBalancing"), (6, "OrTools")):
        plan = Planner([assign.OrToolsAssignmentAlgorithm(max_choices=most), QUICK]).run(requests, [ALICE, BOB])
        assert type(plan.algorithm).__name__.startswith(expected)


def test_a_solver_that_is_stopped_says_so_and_keeps_a_sound_plan() -> None:
    """The plain plan that it began with is the least that it gives back."""
    people, requests = [Volunteer(f"v{i}") for i in range(12)], [Request(f"a{i}", slot=f"s{i % 7}") for i in range(30)]
    rules = [Opaque(one) for one in rules_from([{"rule": "most_slots", "most": 2}, {"rule": "once_per_slot"}])]
    planner = Planner(assign.OrToolsAssignmentAlgorithm(max_rounds=0), rules)
    plan = planner.run(requests, people)
    assert plan.state.out_of_budget
    assert plan.metrics.filled == 24
    assert {one.cause for one in plan.unfilled} == {Cause.RULED_OUT}


def test_walks_that_are_too_long_are_bettered_step_by_step() -> None:
    """Far more than can be walked: no constraint says so exactly, and forbidding walk after walk would never end."""
    dice = random.Random(3)
    places = [(38.9 + dice.uniform(0, 0.03), -77.0 + dice.uniform(0, 0.03)) for _ in range(44)]
    people = [Volunteer(f"v{i}", start=place) for i, place in enumerate(places[:4])]
    requests = [Request(f"a{i}", location=place) for i, place in enumerate(places[4:])]
    rules = rules_from([{"rule": "most_walking", "most_m": 3_500}])
    solver = assign.OrToolsAssignmentAlgorithm(max_deterministic_time=0.5)
    plans = [Planner(algorithm, rules).run(requests, people) for algorithm in (QUICK, solver)]
    assert plans[1].state.out_of_budget
    assert plans[1].metrics.filled > plans[0].metrics.filled + 2
    for who in people:
        assert walk_m(who, [one.allocation for one in plans[1].state.get_assignments_done_by(who)]) <= 3_500


def test_top_k_is_widened_where_it_cuts_off_the_only_plan() -> None:
    requests = [Request("a"), Request("b")]
    candidates = {one.key: [assign.Candidate("alice"), assign.Candidate("bob", 0.5)] for one in requests}
    rules = rules_from([{"rule": "most_slots", "most": 1}])
    state = assign.BacktrackingAssignmentAlgorithm(top_k_candidates=1).run(
        requests, ["alice", "bob"], candidates, rules
    )
    assert told(state) == [["a", ["alice"]], ["b", ["bob"]]]


# --- why not this one -------------------------------------------------------------------------------------------------


def test_why_for_any_pair() -> None:
    requests = [Request("a"), Request("b", skills=("boat",)), Request("c", declined_by=("bob",)), Request("d", 2)]
    people = [ALICE, BOB, NORA]
    rules = rules_from([{"rule": "skills"}, {"rule": "declined"}, {"rule": "most_slots", "most": 1}])
    plan = Planner(QUICK, rules).run(requests, people, pins=[Assignment(requests[2], (NORA,))])
    standings = {(who.key, one.key): plan.why(who, one) for who in people for one in requests}
    assert standings["alice", "a"] == assign.Answer(Standing.ASSIGNED, {})
    assert standings["nora", "c"] == assign.Answer(Standing.PINNED, {})
    assert standings["bob", "b"] == assign.Answer(Standing.RULED_OUT, {"skills": "lacks boat"})
    assert standings["bob", "c"] == assign.Answer(Standing.RULED_OUT, {"declined": "has declined it"})
    assert standings["nora", "a"].standing == Standing.RULED_OUT_BY_PLAN
    assert standings["nora", "a"].reasons == {"most_slots": "has 1 already, as many as allowed"}
    assert standings["bob", "a"] == assign.Answer(Standing.OTHERS_CAME_FIRST, {})
    assert standings["bob", "d"] == assign.Answer(Standing.POSSIBLE, {})
    assert plan.why(Volunteer("zoe"), requests[0]).standing == Standing.UNKNOWN
    assert plan.why(ALICE, Request("z")).standing == Standing.UNKNOWN


@pytest.mark.parametrize("names", ["mno", "nmo"])
def test_somebody_on_a_full_team_would_have_to_make_room(names: str) -> None:
    """Not two of n and o: o could have come instead of n, whoever joined first."""
    request = Request("a", 2)
    plan = Planner(QUICK, [NotTwoOfGroup(["n", "o"])]).run([request], list(names))
    assert told(plan.state) == [["a", list(names[:2])]]
    assert plan.why("o", request) == assign.Answer(Standing.OTHERS_CAME_FIRST, {})
    pins = [Assignment(request, ("n",))]
    kept = Planner(QUICK, [NotTwoOfGroup(["n", "o"])]).run([request], list(names), pins=pins)
    assert kept.why("o", request).reasons == {"not_two_of_group": "one of that group is enough"}


def test_every_refusal_is_kept() -> None:
    request = Request("a", skills=("boat",), declined_by=("bob",), requested=("bob",))
    plan = Planner(QUICK, rules_from([{"rule": "skills"}, {"rule": "declined"}])).run([request], [ALICE, BOB])
    assert set(plan.prunes) == {
        ("a", "alice", "requested"),
        ("a", "alice", "skills"),
        ("a", "bob", "skills"),
        ("a", "bob", "declined"),
    }
    assert plan.why(ALICE, request).reasons == {"requested": "somebody else was asked for", "skills": "lacks boat"}


def test_what_is_sound_of_a_bad_result_is_kept() -> None:
    planner = Planner(QUICK, rules_from([{"rule": "most_slots", "most": 1}]))
    requests = [Request(one) for one in "abc"]
    problem = planner.prepare(requests, [ALICE, BOB])
    bad = assign.AssignmentState(
        pinned=[Assignment(one, (who,)) for one, who in zip(requests, (ALICE, ALICE, BOB), strict=True)]
    )
    assert told(sound_part(problem, bad)) == [["a", ["alice"]], ["c", ["bob"]]]


def test_pinning_one_thing_twice_is_refused() -> None:
    request = Request("a", 2)
    with pytest.raises(ValueError, match="pins must have distinct keys"):
        Planner(QUICK).run([request], [ALICE, BOB], pins=[Assignment(request, (ALICE,)), Assignment(request, (BOB,))])
