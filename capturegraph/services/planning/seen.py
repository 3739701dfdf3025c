"""A place as an answer to a plan left it: asked of what the algorithm saw, not of the rows as they are by now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from capturegraph.models import PlanRun
from capturegraph.services.planning.engine import Question
from scheduling import assign
from scheduling.assign.candidates import ALWAYS

_NOBODY: assign.Algorithm[Any, Any] = assign.LoadBalancingAssignmentAlgorithm()
"""A planner has to have an algorithm; this one is asked for nothing."""


class Refusal(NamedTuple):
    """A rule that says no, by its name, and the engine's own words for why."""

    rule: str
    reason: str


class Seen:
    """One place of an answer, with everything else that the answer has."""

    def __init__(self, run: PlanRun, asked: Question, request: assign.Request) -> None:
        self.asked, self.request = asked, request
        self.planner: assign.Planner[Any, Any] = assign.Planner(_NOBODY, asked.rules)
        # Only the candidates of this one slot: those of all of them are many.
        self.problem = self.planner.prepare(
            [request], asked.volunteers, past_loads=asked.past_loads, pins=asked.pins
        )  # fmt: skip
        self.state = self.problem.opening()
        self._beside: dict[tuple[Any, ...], assign.AssignmentState[Any, Any]] = {}
        teams: dict[str, list[tuple[int, str]]] = {}
        for stop in run.stops:
            teams.setdefault(stop["slot"], []).append((stop["seat"], stop["volunteer"]))
        for key, team in teams.items():
            here = {str(one.key) for one in self.state.team(asked.slots[key])}
            new = [asked.people[who] for __, who in sorted(team) if who not in here]
            self.state.seat(asked.slots[key], (*self.state.team(asked.slots[key]), *new))

    @property
    def team(self) -> tuple[assign.Volunteer, ...]:
        """Who goes there."""
        return self.state.team(self.request)

    @property
    def lacking(self) -> int:
        """How many seats nobody has."""
        return max(self.request.required_count - len(self.team), 0)

    def refusals(self, entity: assign.Volunteer) -> Iterator[Refusal]:
        """Give what speaks against somebody, in view of all else that the answer has; `entity` may be supposed."""
        beside = self.without(self.request, entity)
        for rule in (*ALWAYS, *self.asked.rules):
            if not rule.hard:
                continue
            state = () if isinstance(rule, assign.kinds.PreliminaryRule) else (beside,)
            verdict = rule.evaluate(entity, self.request, *state)  # type: ignore[attr-defined]
            if not verdict.compatible:
                yield Refusal(rule.name, verdict.reason)

    def without(self, allocation: Any, entity: Any) -> assign.AssignmentState[Any, Any]:
        """Give the answer without somebody at one slot; where nobody is to leave a full team, without its last.

        What is given for this slot is to be read only.
        """
        team = self.state.team(allocation)
        others = tuple(one for one in team if one.key != entity.key)
        if allocation is self.request and len(others) >= self.request.required_count:
            others = others[:-1]
        if others == team:
            # Nobody has to leave: the answer itself will do, and is read only.
            return self.state
        if allocation is not self.request:
            return self._with_team(allocation, others)
        # Hundreds are asked about, and few teams come of that.
        keys = tuple(one.key for one in others)
        if keys not in self._beside:
            self._beside[keys] = self._with_team(allocation, others)
        return self._beside[keys]

    def _with_team(self, allocation: Any, team: Sequence[Any]) -> assign.AssignmentState[Any, Any]:
        trial = self.problem.opening()
        for one in self.state.assignments:
            trial.seat(one.allocation, one.assigned_entities)
        trial.seat(allocation, team)
        return trial
