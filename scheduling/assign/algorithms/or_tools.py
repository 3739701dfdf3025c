"""The best plan there is, by CP-SAT of OR-Tools (the extra `solver`)."""

import importlib
from collections.abc import Hashable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Any, Generic

from ...values import positive, whole
from ..conflicts import Pair, conflict
from ..contract import Algorithm, AssignmentState, Candidate, IncompleteSolutionError, TAllocReq, TEntity
from ..evenness import Aim
from ..problem import Problem
from ..solver_model import SolverModel
from ..teams import Budget, fill, teams
from ..watching import Watch, unwatched

_MOST_BROKEN = 15
_ROUNDS_NEAR_A_PLAN = 0
_LOOK_EVERY_S = 0.2


class OrToolsAssignmentAlgorithm(Algorithm[TEntity, TAllocReq]):
    """As many allocations filled as can be; of such plans the most even one; of these the one with the best scores.

    Even means the least sum of squared loads, past work included (whole numbers). Stateful rules are constraints:
    linear where they say how (`HardStatefulRule.linear`); what a plan breaks beyond that is forbidden, and solved
    again, up to `max_rounds` times. Soft stateful rules count as they are before anything is assigned. Raises
    IncompleteSolutionError where the solver has no plan at all.

    `max_deterministic_time` is the solver's count of work, about a second each on a common machine, for everything
    together. With one worker and a fixed seed every run is equal. When it is used up, the best plan so far that keeps
    all rules is the result, and says `out_of_budget`.

    Making the model is not in that count, so more than `max_choices` candidates in all are an IncompleteSolutionError.

    Raises ImportError where OR-Tools is not installed.
    """

    def __init__(
        self, *, max_deterministic_time: float = 4.0, max_rounds: int = 200, seed: int = 0, max_choices: int = 100_000
    ):
        try:
            self._cp_model = importlib.import_module("ortools.sat.python.cp_model")
        except ImportError as error:
            raise ImportError("OrToolsAssignmentAlgorithm needs OR-Tools: install the extra `solver`") from error
        self.max_deterministic_time = positive(max_deterministic_time, "max_deterministic_time")
        self.max_rounds = whole(max_rounds, "max_rounds")
        self.seed = whole(seed, "seed")
        self.max_choices = whole(max_choices, "max_choices")

    def run(
        self,
        allocations: Iterable[TAllocReq],
        entities: Iterable[TEntity],
        candidates: Mapping[Hashable, Sequence[Candidate[TEntity]]],
        rules: Iterable[Any],
    ) -> AssignmentState[TEntity, TAllocReq]:
        """See `Algorithm.run`."""
        problem = Problem.read(allocations, entities, candidates, rules)
        size = sum(map(len, problem.candidates.values()))
        if size > self.max_choices:
            raise IncompleteSolutionError(
                f"{size} candidates are too many, {self.max_choices} allowed", out_of_budget=True
            )
        return _Run(self, problem).best()

    def solver(self, deterministic_time: float) -> Any:
        """A solver that gives the same answer every time."""
        solver = self._cp_model.CpSolver()
        solver.parameters.num_workers = 1
        solver.parameters.random_seed = self.seed
        solver.parameters.max_deterministic_time = deterministic_time
        return solver

    def model(
        self, problem: Problem[TEntity, TAllocReq], near: AssignmentState[TEntity, TAllocReq] | None = None
    ) -> SolverModel[TEntity, TAllocReq]:
        """A new model of a problem; `near` a plan also with constraints that hold there."""
        return SolverModel(self._cp_model, problem, near)


class _OutOfBudgetError(Exception):
    """No more rounds, or no more work, is allowed."""


class _ForbiddenTooMuchError(Exception):
    """What has been forbidden since leaves no plan that is as good as was thought: begin with the first aim again."""


class _Run(Generic[TEntity, TAllocReq]):
    def __init__(self, algorithm: OrToolsAssignmentAlgorithm[TEntity, TAllocReq], problem: Problem[TEntity, TAllocReq]):
        self.algorithm, self.problem = algorithm, problem
        self.work, self.rounds = algorithm.max_deterministic_time, algorithm.max_rounds
        self.forbidden: list[list[Pair]] = []
        self.found, self.proven = False, True
        # A plain plan to begin with: a hint for the solver, and the result where it finds nothing better.
        self.plan = problem.opening()
        fill(problem, problem.allocations, self.plan)

    def best(self) -> AssignmentState[TEntity, TAllocReq]:
        """The best plan that could be found."""
        try:
            while not self._exactly():
                pass
        except _OutOfBudgetError:
            self.proven = False
        if not self.proven:
            self._step_by_step()
        self.plan.out_of_budget = not self.proven
        return self.plan

    def _exactly(self) -> bool:
        """Whether all aims have been reached under all that has been forbidden so far."""
        try:
            self._aim_after_aim(self.algorithm.model(self.problem))
        except _ForbiddenTooMuchError:
            return False
        return True

    def _step_by_step(self) -> None:
        """Better the plan by models that hold near it, for rules that say how (`HardStatefulRule.linear_near`)."""
        better = any(hasattr(rule, "linear_near") for rule in self.problem.hard)
        while better and self.work > 0:
            before, self.rounds = self.plan, _ROUNDS_NEAR_A_PLAN
            with suppress(_OutOfBudgetError, _ForbiddenTooMuchError):
                self._aim_after_aim(self.algorithm.model(self.problem, near=before))
            better = self.plan is not before

    def _aim_after_aim(self, model: SolverModel[TEntity, TAllocReq]) -> None:
        model.forbid(self.forbidden)
        covered = self._reached(model, model.coverage, self.work / 3)
        # Where everybody can have as much as everybody else, no sum of squares has to be searched for.
        if covered < len(model.filled) or not self._evenly(model):
            self._reached(model, model.fair, self.work / 2)
        self._reached(model, model.scores, self.work)

    def _evenly(self, model: SolverModel[TEntity, TAllocReq]) -> bool:
        """Whether loads could be made as even as can be; where that takes too long only its work is lost."""
        proven = self.proven
        with suppress(_OutOfBudgetError):
            if self._reached(model, model.even, self.work / 3):
                return True
        self.proven = proven
        return False

    def _reached(self, model: SolverModel[TEntity, TAllocReq], aim: Aim, work: float) -> float:
        """How much of an aim could be reached within so much work; from now on the model keeps to it."""
        while True:
            plan, broken = self._replayed(model, self._solved(model, aim, min(work, self.work)))
            if not broken:
                reached = aim.worth(plan)
                model.keep(aim, reached)
                self._keep(model, plan)
                return reached
            self._keep(model, plan)
            if self.rounds == 0 or self.work <= 0 or (model.near is None and self._hopeless(broken)):
                raise _OutOfBudgetError
            self.rounds -= 1
            self.forbidden += broken
            model.forbid(broken)

    def _solved(self, model: SolverModel[TEntity, TAllocReq], aim: Aim, work: float) -> set[Pair]:
        """What the solver chooses under an aim."""
        if work <= 0:
            raise _OutOfBudgetError
        solver = self.algorithm.solver(work)
        model.aim(aim, self.plan)
        status = solver.status_name(_solve(solver, model.model, self.problem.watch))
        if status in ("OPTIMAL", "FEASIBLE"):
            self.work -= solver.response_proto.deterministic_time
            self.found, self.proven = True, self.proven and status == "OPTIMAL"
            return model.chosen(solver)
        if status == "INFEASIBLE" and self.forbidden and model.kept:
            raise _ForbiddenTooMuchError
        self.work -= work
        if self.found and status in ("INFEASIBLE", "UNKNOWN"):
            raise _OutOfBudgetError
        raise IncompleteSolutionError(f"CP-SAT found no plan: {status}", out_of_budget=status == "UNKNOWN")

    def _replayed(
        self, model: SolverModel[TEntity, TAllocReq], chosen: set[Pair]
    ) -> tuple[AssignmentState[TEntity, TAllocReq], list[list[Pair]]]:
        """What was chosen as a plan, without the teams that a rule speaks against; and what must not be together."""
        state, broken = self.problem.opening(), list[list[Pair]]()
        for allocation in self.problem.allocations:
            pool = model.members(allocation, chosen)
            if not pool:
                continue
            present = state.team(allocation)
            team = next(teams(self.problem, allocation, pool, len(pool), state, Budget(1_000)), None)
            if team is not None:
                state.seat(allocation, (*present, *team))
            else:
                broken.append(conflict(self.problem, allocation, pool, state))
        return state, broken

    def _hopeless(self, broken: list[list[Pair]]) -> bool:
        """Whether so much is broken that forbidding one thing after the other will not do, and there is another way."""
        ways = any(hasattr(rule, "linear_near") for rule in self.problem.hard)
        return ways and len(broken) > _MOST_BROKEN

    def _keep(self, model: SolverModel[TEntity, TAllocReq], plan: AssignmentState[TEntity, TAllocReq]) -> None:
        """Take over a plan that keeps the rules, if it is better; what it leaves out is filled as far as can be."""
        fill(self.problem, self.problem.allocations, plan)
        if model.worth(plan) > model.worth(self.plan):
            self.plan = plan


def _solve(solver: Any, model: Any, watch: Watch) -> Any:
    """What the solver answers. It says nothing while it works: beside it, in this thread, the watch is called."""
    if watch is unwatched:
        return solver.solve(model)
    with ThreadPoolExecutor(1) as beside:
        answer: Future[Any] = beside.submit(solver.solve, model)
        try:
            while not answer.done():
                wait([answer], _LOOK_EVERY_S)
                watch(0, 0)
        except BaseException:
            # One that has not begun yet cannot be stopped: ask until it ends.
            while not answer.done():
                solver.stop_search()
                wait([answer], _LOOK_EVERY_S / 10)
            raise
        return answer.result()
