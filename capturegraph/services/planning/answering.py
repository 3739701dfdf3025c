"""Answering a plan: the job that reads, plans, checks, and writes one answer down."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max
from django.utils.translation import gettext as _

from capturegraph.models import Plan, PlanRun
from capturegraph.services import events
from capturegraph.services.jobs import Held
from capturegraph.services.planning import facts, routes, times, words
from capturegraph.services.planning.engine import Question, question
from capturegraph.services.refusals import Conflict, NotFound, Refused
from capturegraph.services.writing import writing
from scheduling import assign

LOOK_EVERY_S = 0.4
Json = dict[str, Any]


class NoPlan(Refused):
    """No algorithm of the chain found what it calls a plan."""

    status = 422
    code = "no_plan"


class Looking:
    """Says how far the work is in a job's row, not too often, and ends it where that says so: `Held.say`."""

    def __init__(self, held: Held) -> None:
        self._held = held
        self._step, self._done, self._total, self._said_at = "", 0, 0, 0.0

    def step(self, words: str) -> None:
        """Begin a step."""
        self._step, self._done, self._total, self._said_at = words, 0, 0, time.monotonic()
        self._held.say(words)

    def __call__(self, done: int, total: int) -> None:
        """Say how much of how much of the step is done; see `scheduling.assign.Watch`."""
        if total:
            self._done, self._total = done, total
        if time.monotonic() - self._said_at >= LOOK_EVERY_S:
            self._said_at = time.monotonic()
            self._held.say(self._step, self._done, self._total)


def answer(held: Held) -> Mapping[str, Any]:
    """Do the job: one answer to a plan, however often it is begun; nothing is written before the whole answer is."""
    given = PlanRun.objects.filter(job=held.job).first()
    if given:
        return _result(given)
    looking = Looking(held)
    looking.step(str(_("Reading")))
    plan = Plan.objects.filter(pk=held.job.row_id).first() if held.job.row_id else None
    if plan is None:
        raise NotFound(_("There is no such plan."))
    check_may_be_answered(plan, held.clock())
    said = facts.read(plan=plan, now=held.clock(), trial=held.job.data.get("trial"))
    asked = question(said)
    found = _planned(said, asked, looking)
    looking.step(str(_("Finding ways")))
    stops, walking_m = _stops(said, asked, found, looking)
    looking.step(str(_("Saying why")))
    values = {**_told(said, found), "stops": stops}
    values["metrics"] = {**_metrics(found), "walking_m": round(walking_m, 1)}
    looking.step(str(_("Writing")))
    return _result(_save(held, plan, said, values))


def check_may_be_answered(plan: Plan, now: datetime) -> None:
    """Make sure that a plan is still open, and not for a time that has gone by.

    Raises:
        Conflict: it is not so.
    """
    if plan.state != Plan.State.DRAFT:
        raise Conflict(words.not_a_draft(plan), code=plan.state, present=words.present(plan))
    if plan.until_at <= now:
        raise Conflict(_("The time of this plan has gone by."), code="too_late", present=words.present(plan))


def _planned(said: Json, asked: Question, looking: Looking) -> assign.Plan[Any, Any]:
    """Ask one algorithm after the other; each result has been verified."""
    names = list(said["algorithms"])
    try:
        chain = [assign.ALGORITHMS[name]() for name in names]
    except ImportError as error:
        raise Conflict(_("An algorithm of this plan cannot run here: %s.") % error, code="not_installed") from None
    except KeyError as error:
        raise Conflict(_("There is no algorithm %s any more.") % error, code="no_such_algorithm") from None
    given_up: list[Json] = []

    def gave_up(algorithm: Any, error: assign.IncompleteSolutionError) -> None:
        given_up.append({"field": names[len(given_up)], "reason": error.reason})
        if len(given_up) < len(names):
            looking.step(words.planning_by(names[len(given_up)]))

    planner: assign.Planner[Any, Any] = assign.Planner(chain, asked.rules, on_incomplete_solution=gave_up)
    looking.step(str(_("Asking who can do what")))
    problem = planner.prepare(
        asked.requests, asked.volunteers, past_loads=asked.past_loads, pins=asked.pins, watch=looking
    )
    looking.step(words.planning_by(names[0]))
    try:
        return planner.solve(problem)
    except assign.IncompleteSolutionError as error:
        sentence = _("No plan was found: %(why)s. Loosen a rule, or let “load balancing” come last.")
        raise NoPlan(sentence % {"why": error.reason}, errors=given_up) from None


def _stops(
    said: Json, asked: Question, found: assign.Plan[Any, Any], looking: Looking
) -> tuple[list[Json], float]:  # fmt: skip
    """Give what is new in a plan, in everybody's order of the way; and how many metres that is in all."""
    fixed = {(pin["slot"], pin["volunteer"]): pin["why"] for pin in said["pins"]}
    within = datetime.fromisoformat(said["from_at"]), datetime.fromisoformat(said["until_at"])
    mine: dict[str, list[tuple[str, int]]] = {}
    for assignment in found.assignments:
        for seat, entity in enumerate(assignment.assigned_entities):
            pair = str(assignment.allocation.key), str(entity.key)
            if fixed.get(pair, "pinned") == "pinned":
                mine.setdefault(pair[1], []).append((pair[0], seat))
    stops, walking_m = [], 0.0
    for done, who in enumerate(one for one in asked.people if one in mine):
        looking(done, len(mine))
        legs = _route(asked, who, mine[who], datetime.fromisoformat(said["now"]), within)
        walking_m += routes.length_m(legs)
        seats = dict(mine[who])
        for number, leg in enumerate(legs):
            begin, end = leg.stop.window or within
            stops.append(
                {
                    "slot": leg.stop.key, "volunteer": who, "seat": seats[leg.stop.key], "stop": number,
                    "pinned": (leg.stop.key, who) in fixed, "metres": leg.metres,
                    "from_at": begin.isoformat(), "until_at": end.isoformat(),
                }
            )  # fmt: skip
    return stops, walking_m


def _route(
    asked: Question, who: str, mine: Sequence[tuple[str, int]], now: datetime, within: times.Span
) -> list[routes.Leg]:  # fmt: skip
    person = asked.people[who]
    stops = []
    for key, _seat in mine:
        slot = asked.slots[key]
        window = (slot.window.start, slot.window.end) if isinstance(slot.window, assign.TimeWindow) else None
        stops.append(routes.Stop(key, slot.location, window))
    return routes.route(stops, person.last_position or person.start, max(within[0], now))


def _told(said: Json, found: assign.Plan[Any, Any]) -> Json:
    """Give what a person wants to know of a plan, as JSON."""
    names = list(said["algorithms"])
    seats = {one["key"]: one["seats"] for one in said["requests"]}
    prunes: dict[str, int] = {}
    for prune in found.prunes:
        prunes[prune.rule] = prunes.get(prune.rule, 0) + 1
    return {
        "algorithm": names[len(found.attempts)],
        "attempts": [
            {"algorithm": name, "reason": one.error.reason, "out_of_budget": one.error.out_of_budget}
            for name, one in zip(names, found.attempts, strict=False)
        ],
        "unfilled": [
            {
                "slot": str(one.allocation.key), "required": one.required, "seats": seats[str(one.allocation.key)],
                "candidates": one.candidates, "cause": one.cause.value, "by_rule": one.by_rule,
            }
            for one in found.unfilled
        ],
        "prunes": prunes,
    }  # fmt: skip


def _metrics(found: assign.Plan[Any, Any]) -> Json:
    figures = found.metrics
    return {
        "asked": figures.allocations, "filled": figures.filled, "fill_rate": figures.fill_rate, "gini": figures.gini,
        "idle": figures.idle, "largest_load": figures.largest_load, "score": figures.score,
        "loads": {str(key): load for key, load in figures.loads.items()}, "out_of_budget": found.state.out_of_budget,
    }  # fmt: skip


def _save(held: Held, plan: Plan, said: Json, values: Json) -> PlanRun:
    now = held.clock()
    with writing():
        present = Plan.objects.select_for_update(no_key=True).filter(pk=plan.pk).first()
        if present is None:
            raise NotFound(_("There is no such plan."))
        given = PlanRun.objects.filter(job=held.job).first()
        if given:
            return given
        check_may_be_answered(present, now)
        number = (PlanRun.objects.filter(plan=present).aggregate(last=Max("number"))["last"] or 0) + 1
        run = PlanRun.objects.create(
            plan=present, job=held.job, number=number, inputs=said, created_at=now, **values
        )  # fmt: skip
        by: UUID | None = held.job.created_by_id
        events.record(
            at=now, verb="answered", noun="plan", row_id=plan.pk, target_id=plan.target_id, actor_id=by,
            data={"run": str(run.pk), "number": number, "filled": run.metrics["filled"]},
        )  # fmt: skip
        held.still_mine()
    return run


def _result(run: PlanRun) -> Json:
    return {
        "run": str(run.pk), "number": run.number, "filled": run.metrics["filled"], "asked": run.metrics["asked"],
    }  # fmt: skip
