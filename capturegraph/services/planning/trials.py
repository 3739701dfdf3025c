"""What would help: a change that would fill a place, tried in an answer of its own before anything is saved.

A trial is `{"slot", "volunteer", "says"}`: the two are fixed for the answer, and of the volunteer it is supposed what
`says` has: any of `capacity`, `most_walking_m`, `skills`, `available` and `unavailable`, as in `facts`. Such an answer
cannot be accepted; keeping it writes what was supposed, and asks for an answer anew.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from capturegraph.models import Job, Membership, Plan, PlanRun, User
from capturegraph.services import jobs
from capturegraph.services.people.identity import hold_person
from capturegraph.services.planning import availability, facts, plans, reasons, routes, times, words
from capturegraph.services.planning.answering import check_may_be_answered
from capturegraph.services.planning.engine import question
from capturegraph.services.planning.seen import Seen
from capturegraph.services.refusals import Conflict, NotFound
from capturegraph.services.writing import hold_target_shared, writing
from scheduling import assign
from scheduling.assign.places import metres, place_of, start_of
from scheduling.assign.rules.walking import walk_m

SHOWN = 3
WHOLE_M = 500
Json = dict[str, Any]


class Help(NamedTuple):
    """A change that would fill a place, in words: what it is, what it costs; `minutes` are more walking for them."""

    volunteer: str
    says: Json
    title: str
    minutes: int


def what_would_help(seen: Seen, run: PlanRun, names: Mapping[str, str]) -> list[Help]:
    """Give the smallest changes of one person each by which a place would have everybody it needs; at most three."""
    if seen.lacking == 0:
        return []
    trials = [_Trial(seen, run, who) for who in seen.asked.volunteers if who.key not in {one.key for one in seen.team}]
    free = sum(trial.says == {} for trial in trials)
    if seen.lacking - 1 > free:
        return []
    helpful = sorted((one for one in trials if one.says is not None), key=lambda one: one.price())
    # What it costs exactly takes a route each: only those are asked who may be shown.
    found = [(len(one.says or {}), one.told(names)) for one in helpful[: 2 * SHOWN]]
    return [told for __, told in sorted(found, key=lambda one: (one[0], one[1].minutes, one[1].volunteer))][:SHOWN]


class _Trial:
    """Somebody at a place, with the least that has to be otherwise for it; `says` is None where nothing helps."""

    def __init__(self, seen: Seen, run: PlanRun, who: assign.Volunteer) -> None:
        self.seen, self.run, self.who = seen, run, who
        self.supposed, says = who, Json()
        for _step in range(6):
            against = {one.rule for one in seen.refusals(self.supposed)}
            if not against:
                break
            change = next((made for rule in sorted(against) if (made := self._change(rule))), None)
            if change is None or against - set(_HELPS):
                self.says: Json | None = None
                return
            self.supposed = _with(self.supposed, change)
            says.update(change)
        self.says = says

    def _change(self, rule: str) -> Json | None:
        make = _HELPS.get(rule)
        return make(self) if make else None

    # --- the least that a rule wants

    def skills(self) -> Json:
        lacking = [one for one in self.seen.request.skills if one not in self.who.skills]
        return {"skills": [*self.who.skills, *lacking]} if lacking else {}

    def capacity(self) -> Json:
        return {"capacity": self.seen.without(self.seen.request, self.who).count(self.who) + 1}

    def walking(self) -> Json:
        others = [one.allocation for one in self.seen.state.get_assignments_done_by(self.who)]
        far = walk_m(self.who, [*others, self.seen.request])
        return {"most_walking_m": float(WHOLE_M * math.ceil(far / WHOLE_M))}

    def time(self) -> Json:
        spans = [_span(one) for one in self.supposed.available or ()]
        away = [_span(one) for one in self.supposed.unavailable]
        asked = self._asked()
        return {
            "available": _said(times.joined([*spans, asked])), "unavailable": _said(times.free(away, [asked])),
        }  # fmt: skip

    def _asked(self) -> times.Span:
        window = self.seen.request.window
        if isinstance(window, assign.TimeWindow):
            return window.start, window.end
        return datetime.fromisoformat(self.run.inputs["from_at"]), datetime.fromisoformat(self.run.inputs["until_at"])

    # --- what it costs

    def price(self) -> tuple[int, float, str]:
        """How much has to change, and how far it is from where they are anyway."""
        there = place_of(self.seen.request)
        mine = [place_of(one.allocation) for one in self.seen.state.get_assignments_done_by(self.who)]
        known = [metres(one, there) for one in (start_of(self.who), *mine) if one is not None and there is not None]
        return len(self.says or {}), min(known, default=math.inf), str(self.who.key)

    def minutes(self) -> int:
        """Minutes of walking more than they have."""
        mine = [one.allocation for one in self.seen.state.get_assignments_done_by(self.who)]
        before = self._walk_m(mine)
        return round((self._walk_m([*mine, self.seen.request]) - before) * routes.DETOUR / routes.WALKING_M_S / 60)

    def _walk_m(self, some: Sequence[assign.Request]) -> float:
        if not some:
            return 0.0
        stops = [routes.Stop(str(one.key), _point(place_of(one)), None) for one in some]
        begin = datetime.fromisoformat(self.run.inputs["from_at"])
        return routes.length_m(routes.route(stops, _point(start_of(self.who)), begin))

    def told(self, names: Mapping[str, str]) -> Help:
        key, says = str(self.who.key), self.says or {}
        name = names.get(key, "")
        parts = []
        if "capacity" in says:
            parts.append(_("%(name)s takes %(number)d") % {"name": name, "number": says["capacity"]})
        if "skills" in says:
            new = ", ".join(one for one in says["skills"] if one not in self.who.skills)
            parts.append(_("%(name)s has: %(skills)s") % {"name": name, "skills": new})
        if "available" in says:
            hours = reasons.window_told(_said([self._asked()])[0], self.run.plan.target.time_zone)
            parts.append(_("%(name)s has time %(hours)s") % {"name": name, "hours": hours})
        if "most_walking_m" in says:
            far = reasons.length(says["most_walking_m"])
            parts.append(_("%(name)s walks up to %(far)s") % {"name": name, "far": far})
        title = "; ".join(parts) or _("%s goes there, as things are") % name
        return Help(key, says, title, self.minutes())


_HELPS = {
    "skills": _Trial.skills, "most_slots": _Trial.capacity, "most_walking": _Trial.walking,
    "time_window": _Trial.time, "availability": _Trial.time, "unavailable": _Trial.time,
}  # fmt: skip


def _with(who: assign.Volunteer, change: Mapping[str, Any]) -> assign.Volunteer:
    values = dict(change)
    if "skills" in values:
        values["skills"] = tuple(values["skills"])
    for name in ("available", "unavailable"):
        if name in values:
            values[name] = tuple(assign.TimeWindow(*map(datetime.fromisoformat, one)) for one in values[name])
    return replace(who, **values)


def _span(one: Any) -> times.Span:
    return one.start, one.end


def _said(spans: Sequence[times.Span]) -> list[list[str]]:
    return [[begin.isoformat(), end.isoformat()] for begin, end in spans]


def _point(place: Any) -> routes.Place | None:
    return None if place is None else (place.latitude, place.longitude)


# --- trying, and keeping ----------------------------------------------------------------------------------------------


def try_out(
    *, run_id: UUID, slot_id: UUID, volunteer_id: UUID, by: User, now: datetime, operation_id: UUID | None = None
) -> Job:
    """Ask for an answer in which somebody goes to a place, and what that takes is so; nothing else is saved.

    Raises:
        NotFound: the answer has gone, or neither was asked about. Conflict: nothing of one person would help.
    """
    run = _run(run_id)
    check_may_be_answered(run.plan, now)
    asked = question(run.inputs)
    request, who = asked.slots.get(str(slot_id)), asked.people.get(str(volunteer_id))
    if request is None or who is None:
        raise NotFound(words.standing("unknown"))
    trial = _Trial(Seen(run, asked, request), run, who)
    if trial.says is None:
        raise Conflict(_("Nothing that could be changed of them would be enough."), code="no_help")
    said = {"slot": str(slot_id), "volunteer": str(volunteer_id), "says": trial.says, "from": str(run.pk)}
    return jobs.add(
        kind=plans.PLAN, target=run.plan.target, row_id=run.plan_id, data={"trial": said}, by=by, now=now,
        operation_id=operation_id,
    )  # fmt: skip


def keep(*, run_id: UUID, by: User, now: datetime, operation_id: UUID | None = None) -> Job:
    """Let be so what a trial supposed, fix the two by hand, and ask for an answer to the plan; all or nothing.

    A repeat of the operation gives the same job. What somebody has said of themselves since is never written over.

    Raises:
        NotFound: the answer, or the person, has gone. Conflict: it was no trial, or the plan is no draft any more; or
            the times of the plan, or what it supposes to be otherwise, are not as they were (`plan_changed`).
    """
    run = _run(run_id)
    trial = run.inputs.get("trial")
    if not trial:
        raise Conflict(_("This answer supposes nothing."), code="no_trial")
    with writing():
        member = _held(run.plan.target_id, UUID(trial["volunteer"]), by)
        given = Job.objects.filter(created_by=by, operation_id=operation_id, kind=plans.PLAN).first()
        if operation_id and given:
            return given
        _check_is_as_it_was(run, trial, now)
        says = trial["says"]
        values = {name: says[name] for name in ("skills", "capacity", "most_walking_m") if name in says}
        if "available" in says:
            new = list(_times_kept(member, says))
            availability.say(membership=member, times=new, values=values, by=by, now=now)
        elif values:
            availability.set_profile(membership=member, values=values, by=by, now=now)
        pair = {"slot_id": UUID(trial["slot"]), "volunteer_id": UUID(trial["volunteer"])}
        plans.pin(plan_id=run.plan_id, **pair, by=by, now=now)
        return plans.compute(plan_id=run.plan_id, by=by, now=now, operation_id=operation_id)


def _held(target_id: UUID, user_id: UUID, by: User) -> Membership:
    """Keep still what somebody says of themselves, before it is read."""
    hold_target_shared(target_id)
    if by.pk == user_id:
        hold_person(by.pk)
    rows = Membership.objects.current().select_for_update(no_key=True, of=("self",))
    member = rows.filter(target=target_id, user=user_id).first()
    if member is None:
        raise NotFound(_("There is no such member."))
    return member


def _check_is_as_it_was(run: PlanRun, trial: Mapping[str, Any], now: datetime) -> None:
    """Make sure that what a trial supposes to be otherwise is as it was when it was tried, or is so already."""
    plan = Plan.objects.select_for_update(no_key=True).get(pk=run.plan_id)
    if (plan.from_at.isoformat(), plan.until_at.isoformat()) != (run.inputs["from_at"], run.inputs["until_at"]):
        raise _changed(plan, _("The plan was changed since this answer was given. Let it be answered again."))
    tried = PlanRun.objects.filter(pk=trial["from"]).first()
    was = _known(tried.inputs, trial) if tried else None
    known = _known(facts.read(plan=plan, now=now), trial)
    within = max(plan.from_at, now), plan.until_at
    if was and known:
        before, there, supposed = (_compared(one, within) for one in (was, known, {**was, **trial["says"]}))
        if all(there[name] in (before[name], supposed[name]) for name in trial["says"]):
            return
    raise _changed(plan, _("What this supposes to be otherwise was changed meanwhile. Plan again, and try it again."))


def _known(inputs: Mapping[str, Any], trial: Mapping[str, Any]) -> Json | None:
    return next((one for one in inputs["volunteers"] if one["key"] == trial["volunteer"]), None)


def _compared(said: Mapping[str, Any], within: times.Span) -> Json:
    """Give what is known of somebody so that it is the same wherever it means the same from now on."""
    spans = Json()
    for name in ("available", "unavailable"):
        # None: always.
        some = [[one.isoformat() for one in within]] if said[name] is None else said[name]
        moments = [(datetime.fromisoformat(begin), datetime.fromisoformat(end)) for begin, end in some]
        spans[name] = [inside for begin, end in moments if (inside := times.cut(begin, end, within))]
    return {**said, **spans, "skills": set(said["skills"])}


def _changed(plan: Plan, sentence: str) -> Conflict:
    return Conflict(sentence, code="plan_changed", present={**words.present(plan), "changed": []})


def _times_kept(member: Membership, says: Mapping[str, Any]) -> Iterator[availability.Time]:
    """What somebody said of their times, and in the time of the plan what was supposed."""
    there, away = (
        [(one.from_at, one.until_at) for one in member.availabilities.all() if one.kind == kind]
        for kind in ("there", "away")
    )
    new = [(datetime.fromisoformat(begin), datetime.fromisoformat(end)) for begin, end in says["available"]]
    # Who only ever said when they are away is there at all other times, and goes on being so.
    for begin, end in times.joined([*there, *new]) if there else ():
        yield availability.Time("there", begin, end)
    for begin, end in times.free(away, new):
        yield availability.Time("away", begin, end)


def _run(run_id: UUID) -> PlanRun:
    run = PlanRun.objects.select_related("plan__target").filter(pk=run_id).first()
    if run is None:
        raise NotFound(_("There is no such answer."))
    return run


def is_trial(run: PlanRun) -> bool:
    """Say whether an answer supposes what is not so."""
    return bool(run.inputs.get("trial"))
