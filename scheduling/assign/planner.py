"""From entities, allocations and rules to a plan: candidates, then one algorithm after the other, each one checked."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic

from .candidates import generate
from .contract import Algorithm, Assignment, IncompleteSolutionError, TAllocReq, TEntity
from .kinds import PreliminaryRule, Rule, StatefulRule
from .plan import Attempt, Plan
from .problem import Problem, distinct
from .verifier import sound_part, violations
from .watching import Watch, unwatched

OnIncompleteSolution = Callable[[Any, IncompleteSolutionError], object]


class Planner(Generic[TEntity, TAllocReq]):
    """A chain of algorithms under rules.

    Each algorithm begins from scratch. IncompleteSolutionError goes on to the next one, and so does a result that
    breaks the contract (see `violations`); every other error is the caller's. Where all give up the last error is
    raised. `on_incomplete_solution` is called with the algorithm and its error whenever one gives up; if it raises, the
    chain ends. `outputs` are called with the plan, in order, when there is one.

    Raises ValueError without an algorithm, TypeError for what is no algorithm or no rule.
    """

    def __init__(
        self,
        algorithm: Algorithm[TEntity, TAllocReq] | Sequence[Algorithm[TEntity, TAllocReq]] | None = None,
        rules: Iterable[Rule] = (),
        *,
        on_incomplete_solution: OnIncompleteSolution | None = None,
        outputs: Iterable[Callable[[Plan[TEntity, TAllocReq]], object]] = (),
    ):
        if algorithm is None:
            raise ValueError("an algorithm is required")
        self.algorithms = tuple(algorithm) if isinstance(algorithm, Sequence) else (algorithm,)
        if not self.algorithms:
            raise ValueError("the chain of algorithms must not be empty")
        for one in self.algorithms:
            if not callable(getattr(one, "run", None)):
                raise TypeError(f"an algorithm must have a run method, got {one!r}")
        self.preliminary, self.stateful = _by_kind(rules)
        self.on_incomplete_solution, self.outputs = on_incomplete_solution, tuple(outputs)

    def prepare(
        self,
        allocations: Iterable[TAllocReq],
        entities: Iterable[TEntity],
        *,
        past_loads: Mapping[Any, float] | None = None,
        pins: Iterable[Assignment[TEntity, TAllocReq]] = (),
        watch: Watch = unwatched,
    ) -> Problem[TEntity, TAllocReq]:
        """The candidates of all allocations, and everything else that an algorithm has to know.

        `past_loads` is how much each entity (or its key) has done before, `pins` what is fixed: who is pinned stays,
        whatever the rules say, and counts. `watch` is told how far this, every algorithm and the verifier are; what it
        raises ends the work. Raises ValueError for two things with one key, or one that is pinned twice.
        """
        allocations, entities, pins = tuple(allocations), tuple(entities), tuple(pins)
        distinct(allocations, "allocations")
        distinct(entities, "entities")
        distinct((pin.allocation for pin in pins), "pins")
        candidates = generate(allocations, entities, self.preliminary, past_loads=past_loads, pins=pins, watch=watch)
        return Problem.read(allocations, entities, candidates, self.stateful)

    def run(
        self,
        allocations: Iterable[TAllocReq],
        entities: Iterable[TEntity],
        *,
        past_loads: Mapping[Any, float] | None = None,
        pins: Iterable[Assignment[TEntity, TAllocReq]] = (),
        watch: Watch = unwatched,
    ) -> Plan[TEntity, TAllocReq]:
        """The plan of the first algorithm that does not give up; arguments as in `prepare`.

        Raises the last IncompleteSolutionError where all do.
        """
        return self.solve(self.prepare(allocations, entities, past_loads=past_loads, pins=pins, watch=watch))

    def solve(self, problem: Problem[TEntity, TAllocReq]) -> Plan[TEntity, TAllocReq]:
        """As `run`, for a problem that is prepared."""
        attempts: list[Attempt] = []
        for algorithm in self.algorithms:
            try:
                state = algorithm.run(problem.allocations, problem.entities.values(), problem.candidates, self.stateful)
                _check(problem, state)
            except IncompleteSolutionError as error:
                attempts.append(Attempt(algorithm, error))
                if self.on_incomplete_solution is not None:
                    self.on_incomplete_solution(algorithm, error)
                continue
            plan = Plan(problem, state, self.preliminary, algorithm, tuple(attempts))
            for output in self.outputs:
                output(plan)
            return plan
        raise attempts[-1].error


def _check(problem: Problem[Any, Any], state: object) -> None:
    """Raise IncompleteSolutionError, with what is sound, for a result that breaks the contract."""
    wrong = violations(problem, state)
    if wrong:
        some = "; ".join(one.sentence for one in wrong[:3]) + ("; …" if len(wrong) > 3 else "")
        raise IncompleteSolutionError(f"the result breaks the contract: {some}", sound_part(problem, state))


def _by_kind(rules: Iterable[Rule]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Preliminary and stateful rules. Raises TypeError for what is neither."""
    rules = tuple(rules)
    for rule in rules:
        if not isinstance(rule, (PreliminaryRule, StatefulRule)):
            raise TypeError(f"a rule must be of one of the four kinds, got {rule!r}")
    preliminary = tuple(rule for rule in rules if isinstance(rule, PreliminaryRule))
    return preliminary, tuple(rule for rule in rules if isinstance(rule, StatefulRule))
