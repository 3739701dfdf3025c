"""Why this one, and why not that one: asked of what the algorithm saw, not of the rows as they are by now."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from capturegraph.models import CandidateSlot, PlanRun, User
from capturegraph.services.planning import words
from capturegraph.services.planning.engine import Question, question
from capturegraph.services.planning.seen import Seen
from capturegraph.services.refusals import NotFound
from scheduling import assign
from scheduling.assign.candidates import ALWAYS

WAYS_SHOWN = 5
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
Standing = assign.Standing
Refusals = dict[str, str]


class Verdict(NamedTuple):
    """What one rule says of a pair: `hard` ones forbid or not, the others have a score from 0 to 1."""

    rule: str
    label: str
    hard: bool
    compatible: bool
    score: float | None
    sentence: str


class Explanation(NamedTuple):
    """How somebody stands to a slot in an answer: in a word, in a sentence, and by every rule.

    `instead` are those who have the seats where this one has none, `possible_if` says what would have to be otherwise.
    """

    slot_id: UUID
    volunteer_id: UUID
    standing: str
    sentence: str
    verdicts: list[Verdict]
    instead: list[UUID]
    possible_if: list[str]


def explain(*, run: PlanRun, slot_id: UUID, volunteer_id: UUID) -> Explanation:
    """Say why somebody goes to a slot in an answer to a plan, or why not.

    Raises:
        NotFound: no slot of the target, or nobody who ever took part in it.
    """
    slot = CandidateSlot.objects.filter(pk=slot_id, target=run.plan.target_id).first()
    who = User.objects.filter(pk=volunteer_id, memberships__target=run.plan.target_id).first()
    if slot is None:
        raise NotFound(_("There is no such slot."))
    if who is None:
        raise NotFound(_("There is no such member."))
    asked = question(run.inputs)
    request, entity = asked.slots.get(str(slot_id)), asked.people.get(str(volunteer_id))
    known = {str(one.key) for one in asked.requests}
    if request is None or entity is None or (request.key not in known and not _is_pinned(asked, request, entity)):
        return Explanation(slot_id, volunteer_id, Standing.UNKNOWN.value, words.standing("unknown"), [], [], [])
    return _Pair(run, asked, request, entity).explained()


def _is_pinned(asked: Question, request: assign.Request, entity: assign.Volunteer) -> bool:
    return any(pin.allocation is request and entity in pin.assigned_entities for pin in asked.pins)


class _Pair(Seen):
    """Somebody and a slot, in the plan as it was answered."""

    def __init__(self, run: PlanRun, asked: Question, request: assign.Request, entity: assign.Volunteer) -> None:
        super().__init__(run, asked, request)
        self.entity = entity

    def explained(self) -> Explanation:
        """Say everything about the pair."""
        plan = assign.Plan(self.problem, self.state, self.planner.preliminary)
        found, team = plan.why(self.entity, self.request), self.state.team(self.request)
        there = found.standing in (Standing.ASSIGNED, Standing.PINNED)
        full = len(team) >= self.request.required_count
        return Explanation(
            UUID(str(self.request.key)), UUID(str(self.entity.key)), found.standing.value,
            words.standing(found.standing.value), list(self._verdicts()),
            [UUID(str(one.key)) for one in team] if full and not there else [],
            self._possible_if(found),
        )  # fmt: skip

    def _verdicts(self) -> Iterable[Verdict]:
        """What every rule says, in view of all else in the plan; the engine's own ones only where they refuse."""
        beside = self.without(self.request, self.entity)
        for rule in (*ALWAYS, *self.asked.rules):
            preliminary = isinstance(rule, assign.kinds.PreliminaryRule)
            state = () if preliminary else (beside,)
            verdict = rule.evaluate(self.entity, self.request, *state)  # type: ignore[attr-defined]
            if rule.hard and not verdict.compatible:
                sentence = words.refusal(rule.name, self._named(verdict.reason))
                yield Verdict(rule.name, words.rule(rule.name), True, False, None, sentence)
            elif rule not in ALWAYS:
                score = None if rule.hard else float(verdict.score)
                said = words.agreement(rule.name, score)
                yield Verdict(rule.name, words.rule(rule.name), rule.hard, True, score, said)

    def _possible_if(self, found: assign.Answer) -> list[str]:
        if found.standing == Standing.RULED_OUT:
            rules = ", ".join(words.rule(name) for name in found.reasons)
            return [_("It would be possible without the rule: %s.") % rules] if rules else []
        if found.standing == Standing.OTHERS_CAME_FIRST:
            return [_("It would be possible in place of %s.") % name for name in self._in_place_of()]
        if found.standing == Standing.RULED_OUT_BY_PLAN:
            gone = [_("It would be possible if they did not go to “%s”.") % title for title in self._instead_of()]
            return gone or [_("It would be possible without the rule: %s.") % ", ".join(map(words.rule, found.reasons))]
        return []

    def _in_place_of(self) -> list[str]:
        """The names of those whose seat this one could have."""
        fixed = {one.key for one in self.problem.opening().team(self.request)}
        could = [
            UUID(str(one.key))
            for one in self.state.team(self.request)
            if one.key not in fixed and not self._refusals(self.without(self.request, one))
        ]
        names = {user.pk: str(user) for user in User.objects.filter(pk__in=could)}
        return [names.get(one, "") for one in could][:WAYS_SHOWN]

    def _instead_of(self) -> list[str]:
        """The titles of what they would have to give up for it, one of them being enough."""
        found: list[str] = []
        for other in self.state.get_assignments_done_by(self.entity):
            fixed = {one.key for one in self.problem.opening().team(other.allocation)}
            if self.entity.key in fixed or len(found) == WAYS_SHOWN:
                continue
            trial = self.without(other.allocation, self.entity)
            team = trial.team(self.request)
            if len(team) >= self.request.required_count:
                trial.seat(self.request, team[:-1])
            if not self._refusals(trial):
                found.append(str(other.allocation.key))
        titles = _titles(found)
        return [titles.get(key, "") for key in found]

    def _refusals(self, state: assign.AssignmentState[Any, Any]) -> bool:
        return not self.problem.compatible(self.entity, self.request, state)

    def _named(self, reason: str) -> str:
        """A reason of the engine's with the titles of slots instead of their keys."""
        titles = _titles(_ID.findall(reason))
        return _ID.sub(lambda found: f"“{titles.get(found[0], '')}”", reason)


def _titles(keys: Sequence[str]) -> dict[str, str]:
    return {str(slot.pk): str(slot) for slot in CandidateSlot.objects.filter(pk__in=keys)} if keys else {}
