"""Whether an answer still holds: every stop of it against the rows as they are by now, one stop after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from capturegraph.models import Assignment, CandidateSlot, Membership, PlanRun
from capturegraph.services.planning import times, words
from capturegraph.services.planning.engine import Question, question
from scheduling import assign

Json = dict[str, Any]


class Changed(NamedTuple):
    """A stop of an answer that is not possible any more as it was, with why, in a word and in a sentence."""

    slot_id: UUID
    volunteer_id: UUID
    code: str
    sentence: str


def what_changed(run: PlanRun, fresh: Json, slots: Mapping[UUID, CandidateSlot], now: datetime) -> list[Changed]:
    """Say which stops of an answer cannot be had any more; `fresh` are the facts as they are now, `slots` are locked.

    Where one of a team cannot go, those who were to go with them are not sent either: it was planned for all of them.
    Who is pinned goes whatever the rules say.
    """
    check = _Check(run, fresh, slots, now)
    found = {}
    for stop in _in_order(run):
        why = check.why(stop)
        if why:
            found[stop["slot"], stop["volunteer"]] = why
    broken = {slot for slot, __ in found}
    for stop in run.stops:
        if stop["slot"] in broken and not stop["pinned"]:
            found.setdefault((stop["slot"], stop["volunteer"]), ("team", words.changed("team")))
    return [Changed(UUID(slot), UUID(volunteer), *why) for (slot, volunteer), why in found.items()]


def _in_order(run: PlanRun) -> list[Json]:
    """The stops in the order in which the slots were asked for."""
    place = {one["key"]: number for number, one in enumerate(run.inputs["requests"])}
    return sorted(run.stops, key=lambda stop: (place.get(stop["slot"], 0), stop["seat"], stop["volunteer"]))


class _Check:
    def __init__(self, run: PlanRun, fresh: Json, slots: Mapping[UUID, CandidateSlot], now: datetime) -> None:
        plan = run.plan
        self.slots, self.asked = slots, question(fresh)
        self.then = {one["key"]: one for one in run.inputs["requests"]}
        self.now = {one["key"]: one for one in fresh["requests"]}
        self.within = max(plan.from_at, datetime.fromisoformat(run.inputs["now"])), plan.until_at
        self.left = max(plan.from_at, now), plan.until_at
        self.seats = Counter({key: one["seats"] for key, one in self.now.items()})
        self.members = _members(plan.target_id)
        self.there = _on_the_way(plan.target_id, plan.pk, now)
        before = {(pin["slot"], pin["volunteer"]) for pin in run.inputs["pins"]}
        self.elsewhere = [
            one
            for one in self.there
            if one.state == "planned" and (str(one.slot_id), str(one.volunteer_id)) not in before
        ]
        self.has = {(str(one.slot_id), str(one.volunteer_id)) for one in self.there}
        self.state = _opening(self.asked)

    def why(self, stop: Json) -> tuple[str, str] | None:
        """Why a stop cannot be had, in a word and a sentence; else it is counted with what comes after it."""
        code = self._why_slot(stop) or self._why_volunteer(stop)
        if code:
            return code, words.changed(code)
        refused = None if stop["pinned"] else next(self._refusals(stop), None)
        if refused:
            return refused
        self.seats[stop["slot"]] -= 1
        if not stop["pinned"]:
            slot = self.asked.slots[stop["slot"]]
            self.state.seat(slot, (*self.state.team(slot), self.asked.people[stop["volunteer"]]))
        return None

    def _why_slot(self, stop: Json) -> str:
        slot, then = self.slots.get(UUID(stop["slot"])), self.then[stop["slot"]]
        if slot is None or slot.state != CandidateSlot.State.WAITING:
            return "slot_gone"
        window = times.window(slot.window_from, slot.window_until, self.within)
        said = None if window is None else [moment.isoformat() for moment in window]
        if said != then["window"] or not times.cut(slot.window_from, slot.window_until, self.left):
            return "window"
        if then["location"] != (None if slot.latitude is None else [slot.latitude, slot.longitude]):
            return "moved"
        if (stop["slot"], stop["volunteer"]) in self.has:
            return "has_it"
        return "seat_taken" if self.seats[stop["slot"]] <= 0 else ""

    def _why_volunteer(self, stop: Json) -> str:
        who, request = stop["volunteer"], self.now[stop["slot"]]
        if who not in self.members or who not in self.asked.people:
            return "member_removed"
        if who in request["declined_by"]:
            return "declined"
        if who in request["done_by"]:
            return "photographed"
        span = datetime.fromisoformat(stop["from_at"]), datetime.fromisoformat(stop["until_at"])
        other = (one for one in self.elsewhere if str(one.volunteer_id) == who)
        busy = any(times.meet((one.started_at, one.expires_at), span) for one in other)
        return "planned_elsewhere" if busy else ""

    def _refusals(self, stop: Json) -> Iterator[tuple[str, str]]:
        slot, who = self.asked.slots[stop["slot"]], self.asked.people[stop["volunteer"]]
        for rule in self.asked.rules:
            if not rule.hard:
                continue
            stateful = isinstance(rule, assign.HardStatefulRule)
            verdict = rule.evaluate(who, slot, *((self.state,) if stateful else ()))  # type: ignore[attr-defined]
            if not verdict.compatible:
                yield "rule", words.refusal(rule.name, verdict.reason)


def _opening(asked: Question) -> assign.AssignmentState[Any, Any]:
    """What is fixed, with how much everybody has done before."""
    return assign.AssignmentState(past_loads=asked.past_loads, pinned=asked.pins)


def _members(target_id: UUID) -> set[str]:
    members = Membership.objects.current().filter(target=target_id, user__is_active=True)
    return set(map(str, members.values_list("user", flat=True)))


def _on_the_way(target_id: UUID, plan_id: UUID, now: datetime) -> Sequence[Assignment]:
    rows = Assignment.objects.filter(target=target_id, expires_at__gt=now, state__in=["held", "planned"])
    return list(rows.exclude(state="planned", plan=plan_id))
