"""The chain of algorithms, the verifier behind each of them, and the state: the recorded cases, and rogues."""

from types import SimpleNamespace
from typing import Any

import pytest
from assign_cases import VECTORS, told

from scheduling import assign
from scheduling.assign import Assignment, AssignmentState, Breach, Candidate, IncompleteSolutionError, Planner, Request

PEOPLE = ["alice", "bob", "carol"]


class Plays:
    """An algorithm that does as it is told, and remembers that it ran."""

    def __init__(self, name: str, ran: list[str]):
        self.name, self.ran = name, ran

    def run(self, *arguments: Any) -> AssignmentState[Any, Any]:
        self.ran.append(self.name)
        if self.name.startswith("fail"):
            raise IncompleteSolutionError(self.name)
        if self.name == "raises TypeError":
            raise TypeError(self.name)
        return AssignmentState()


@pytest.mark.parametrize("case", VECTORS["chain"], ids=lambda case: case["id"])
def test_chain(case: Any) -> None:
    ran: list[str] = []
    calls: list[Any] = []
    seen: list[Any] = []

    def call(algorithm: Any, error: IncompleteSolutionError) -> None:
        calls.append((algorithm.name, error.reason))
        if case.get("callback") == "raises":
            raise RuntimeError("the callback's error")

    def run() -> Any:
        chain = None if case["chain"] is None else [Plays(name, ran) for name in case["chain"]]
        outputs = [lambda plan, name=name: seen.append((name, plan)) for name in case.get("outputs", ["only"])]
        return Planner(chain, on_incomplete_solution=call, outputs=outputs).run([], [])

    expected = case.get("raises")
    if expected is None:
        plan = run()
        assert (plan.algorithm.name, ran) == (case.get("result", "ok"), case.get("ran", ["ok"]))
        assert [(name, one.state is plan.state) for name, one in seen] == [
            (name, True) for name in case.get("outputs", ["only"])
        ]
        assert [attempt.algorithm.name for attempt in plan.attempts] == ran[:-1]
    else:
        kinds = {"TypeError": TypeError, "the callback's error, chain aborted": RuntimeError}
        kind = kinds.get(expected, ValueError if "ValueError" in expected else IncompleteSolutionError)
        words = {"ch-4": "fail#2", "ch-5": "must not be empty", "ch-6": "algorithm is required"}
        with pytest.raises(kind, match=words.get(case["id"])):
            run()
        assert seen == []
    assert len(calls) == case.get("on_incomplete_calls", 1 if "callback" in case else 0)
    assert ran == case.get("ran", ran)


def test_a_bare_algorithm_is_a_chain_of_one() -> None:
    assert Planner(Plays("ok", [])).run([], []).assignments == []


@pytest.mark.parametrize("wrong", [{"algorithm": "load_balancing"}, {"algorithm": [object()]}, {"rules": [len]}])
def test_what_is_no_algorithm_and_no_rule_is_refused_at_once(wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Planner(**({"algorithm": Plays("ok", [])} | wrong))


@pytest.mark.parametrize("case", VECTORS["assignment_state"], ids=lambda case: case["id"])
def test_state(case: Any) -> None:
    state: AssignmentState[str, str] = AssignmentState()
    made: dict[str, Assignment[str, str]] = {}

    def act(operation: str) -> None:
        verb, _, rest = operation.partition(" ")
        name, _, team = rest.split(" ")[0].rstrip(")").partition("(")
        if verb == "add":
            made[name] = Assignment(name.rstrip("'"), tuple(team.split(",")))
            state.add_assignment(made[name])
        elif verb == "remove":
            state.remove_assignment(made.get(name, Assignment(name, ())))
        else:
            state.get_assignments_done_by("w").clear()

    if "raises" in case:
        with pytest.raises(ValueError, match="not present"):
            act(case["ops"][0])
        return
    for operation in case["ops"]:
        act(operation)
    names = {id(one): name for name, one in made.items()}
    assert [names[id(one)] for one in state.assignments] == case.get("assignments", list(made))
    for who, expected in case.get("done_by", {}).items():
        assert [names[id(one)] for one in state.get_assignments_done_by(who)] == expected


def test_the_second_of_two_equal_ones_is_removed_where_it_is_meant() -> None:
    first, second = Assignment("a", ("w",)), Assignment("a", ("w",))
    state = AssignmentState(pinned=[first, second])
    state.remove_assignment(second)
    assert [one is first for one in (*state.assignments, *state.get_assignments_done_by("w"))] == [True, True]


def test_an_assignment_is_added_once() -> None:
    state: AssignmentState[str, str] = AssignmentState()
    one = Assignment("a", ("w",))
    state.add_assignment(one)
    with pytest.raises(ValueError, match="present already"):
        state.add_assignment(one)


# --- the verifier: each kind of breach, made on purpose ---------------------------------------------------------------

REQUESTS = [Request("a", 2), Request("b"), Request("c", requested=("carol",))]
PINS = [Assignment(REQUESTS[1], ("bob",))]
RULES = assign.rules_from([{"rule": "most_slots", "most": 2}])


def broken(*teams: tuple[Any, tuple[str, ...]]) -> list[str]:
    """The breaches of a result that has the pin and these teams."""
    problem = Planner(Plays("ok", []), RULES).prepare(REQUESTS, PEOPLE, pins=PINS)
    state: AssignmentState[Any, Any] = AssignmentState(pinned=PINS)
    for request, team in teams:
        state.add_assignment(Assignment(request, team))
    return [one.breach for one in assign.violations(problem, state)]


def test_a_good_result_has_no_violation() -> None:
    assert broken((REQUESTS[0], ("alice", "bob")), (REQUESTS[2], ("carol",))) == []


@pytest.mark.parametrize(
    ("team", "breach"),
    [
        ((Request("z"), ("alice",)), Breach.UNKNOWN_ALLOCATION),
        ((REQUESTS[1], ("alice",)), Breach.ASSIGNED_TWICE),
        ((REQUESTS[0], ("alice",)), Breach.WRONG_COUNT),
        ((REQUESTS[0], ("alice", "bob", "carol")), Breach.WRONG_COUNT),
        ((REQUESTS[0], ("alice", "alice")), Breach.SAME_ENTITY_TWICE),
        ((REQUESTS[0], ("alice", "zoe")), Breach.UNKNOWN_ENTITY),
        ((REQUESTS[2], ("alice",)), Breach.NOT_A_CANDIDATE),
    ],
    ids=str,
)
def test_each_breach_is_seen(team: Any, breach: Breach) -> None:
    assert broken(team) == [breach]


def test_a_broken_rule_is_seen_at_the_assignment_that_breaks_it() -> None:
    many = [Request(name) for name in "xyz"]
    problem = Planner(Plays("ok", []), RULES).prepare(many, PEOPLE)
    state: AssignmentState[Any, Any] = AssignmentState(pinned=[Assignment(one, ("alice",)) for one in many])
    found = assign.violations(problem, state)
    assert [(one.breach, one.assignment.allocation.key) for one in found if one.assignment] == [
        (Breach.RULE_BROKEN, "z")
    ]
    assert "most_slots forbids alice on z" in found[0].sentence


@pytest.mark.parametrize("team", [None, ("alice",)])
def test_a_lost_pin_is_seen(team: tuple[str, ...] | None) -> None:
    problem = Planner(Plays("ok", [])).prepare(REQUESTS, PEOPLE, pins=PINS)
    state: AssignmentState[Any, Any] = AssignmentState()
    if team:
        state.add_assignment(Assignment(REQUESTS[1], team))
    assert {one.breach for one in assign.violations(problem, state)} == {Breach.PIN_LOST}


def rogue(do: Any) -> Any:
    return SimpleNamespace(run=lambda *arguments: do(*arguments), name="rogue")


def filled(*teams: tuple[str, ...]) -> Any:
    def run(allocations: Any, *_: Any) -> AssignmentState[Any, Any]:
        state: AssignmentState[Any, Any] = AssignmentState()
        for request, team in zip(allocations, teams, strict=False):
            state.add_assignment(Assignment(request, team))
        return state

    return run


ROGUES = {
    "double books": filled(("alice",), ("alice",), ("alice",)),
    "half fills": filled((), ("bob",)),
    "takes a stranger": filled(("zoe",)),
    "returns nothing": lambda *_: None,
}


@pytest.mark.parametrize("how", ROGUES)
def test_a_rogue_is_caught_and_the_chain_goes_on(how: str) -> None:
    requests, calls = [Request(name) for name in "abc"], []
    chain = [rogue(ROGUES[how]), assign.LoadBalancingAssignmentAlgorithm()]
    planner = Planner(chain, RULES, on_incomplete_solution=lambda algorithm, error: calls.append(error))
    plan = planner.run(requests, PEOPLE)
    assert plan.metrics.filled == 3
    assert [error.reason.startswith("the result breaks the contract") for error in calls] == [True]
    # What was sound of it is kept for whoever wants to look.
    assert assign.violations(plan.problem, calls[0].partial_state) == []
    with pytest.raises(IncompleteSolutionError, match="breaks the contract"):
        Planner(chain[0], RULES).run(requests, PEOPLE)


def test_a_rogue_that_crashes_is_no_incomplete_solution() -> None:
    def crash(*_: Any) -> None:
        raise TypeError("a crash")

    with pytest.raises(TypeError, match="a crash"):
        Planner([rogue(crash), assign.LoadBalancingAssignmentAlgorithm()]).run([Request("a")], PEOPLE)


def test_an_algorithm_cannot_change_what_the_next_one_gets() -> None:
    def spoil(allocations: Any, entities: Any, candidates: Any, rules: Any) -> None:
        candidates["a"] = (Candidate("zoe"),)

    with pytest.raises(TypeError, match="item assignment"):
        Planner(rogue(spoil)).run([Request("a")], PEOPLE)


def test_candidates_answer_to_the_key_and_to_the_id() -> None:
    request = Request("a")

    def by_id(allocations: Any, entities: Any, candidates: Any, rules: Any) -> AssignmentState[Any, Any]:
        state: AssignmentState[Any, Any] = AssignmentState()
        assert [candidates[id(one)] for one in allocations] == [candidates[one.key] for one in allocations]
        assert candidates.get(id("something else")) is None
        state.add_assignment(Assignment(request, (candidates[id(request)][0].entity,)))
        return state

    assert told(Planner(rogue(by_id)).run([request], PEOPLE).state) == [["a", ["alice"]]]
