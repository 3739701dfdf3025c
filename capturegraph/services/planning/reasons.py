"""Why somebody does not go to a place, in a few words and a figure: what a coordinator reads beside a map."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from capturegraph.models import Assignment, CandidateSlot
from capturegraph.services.planning import words
from capturegraph.services.planning.seen import Refusal, Seen
from scheduling import assign
from scheduling.assign.places import metres, place_of, start_of
from scheduling.assign.rules.walking import walk_m

Saying = tuple[str, str]
MIGHT = ("possible", "others_came_first")


class Reason(NamedTuple):
    """How somebody stands to a place: `goes`, `fixed`, `possible` or `no`; in a few words, and in a sentence more."""

    volunteer: str
    standing: str
    short: str
    more: str
    rules: tuple[str, ...]


def of(seen: Seen, slot: CandidateSlot, zone: str) -> list[Reason]:
    """Say it of everybody who was asked about: who goes, who could, then the others, the fewest reasons first."""
    tongue = _Tongue(seen, slot, zone)
    found = [tongue.said(one) for one in seen.asked.volunteers]
    order = ("fixed", "goes", "possible", "no")
    return sorted(found, key=lambda one: (order.index(one.standing), len(one.rules), one.more, one.volunteer))


class _Tongue:
    """Says it, with what has to be looked up once for a place."""

    def __init__(self, seen: Seen, slot: CandidateSlot, zone: str) -> None:
        self.seen, self.zone = seen, ZoneInfo(zone)
        self.team = {one.key for one in seen.team}
        self.fixed = {one.key for one in seen.problem.opening().team(seen.request)}
        rows = Assignment.objects.filter(slot=slot, state="declined").order_by("ended_at")
        self.declined = {str(one.volunteer_id): one for one in rows}
        self.most: dict[str, Any] = {rule.name: rule for rule in seen.asked.rules}

    def said(self, who: assign.Volunteer) -> Reason:
        key = str(who.key)
        if who.key in self.fixed:
            return Reason(key, "fixed", _("goes there"), _("Fixed by hand, or on the way already."), ())
        if who.key in self.team:
            return Reason(key, "goes", _("goes there"), self._far(who), ())
        against = list(self.seen.refusals(who))
        if not against:
            short = _("could go") if self.seen.lacking else _("could go, too")
            return Reason(key, "possible", short, self._possible(who), ())
        sayings = [self._saying(one, who) for one in sorted(against, key=_weight)]
        (short, more), rest = sayings[0], [_capital(other) for other, __ in sayings[1:]]
        parts = [part for part in (more, *rest) if part] or [self._far(who)]
        return Reason(key, "no", short, " · ".join(part for part in parts if part), tuple(one.rule for one in against))

    def _possible(self, who: assign.Volunteer) -> str:
        load = self.seen.state.count(who)
        told = _("Has %d so far.") % load if load else _("Has nothing yet.")
        return " · ".join(part for part in (told, self._far(who)) if part)

    def _far(self, who: assign.Volunteer) -> str:
        here, there = start_of(who), place_of(self.seen.request)
        if here is None or there is None:
            return ""
        return _("%s from where they set out") % length(metres(here, there))

    def _saying(self, refusal: Refusal, who: assign.Volunteer) -> Saying:
        own = getattr(self, f"_{refusal.rule}", None)
        return own(who) if own else (_lower(words.refusal(refusal.rule, "")), "")

    # --- one for each rule of which more can be said than that it forbids

    def _skills(self, who: assign.Volunteer) -> Saying:
        lacking = [one for one in self.seen.request.skills if one not in who.skills]
        return (_("no %s") % ", ".join(lacking), "") if lacking else (_("has another role"), "")

    def _most_slots(self, who: assign.Volunteer) -> Saying:
        most = who.capacity if who.capacity is not None else int(self.most["most_slots"].most)
        return _("full, %(has)d of %(most)d") % {"has": self.seen.state.count(who), "most": most}, ""

    def _distance(self, who: assign.Volunteer) -> Saying:
        here, there = start_of(who), place_of(self.seen.request)
        far = {"far": length(metres(here, there)) if here and there else "?"}
        far["most"] = length(self.most["distance"].most_m)
        return _("too far"), _("%(far)s from where they set out; %(most)s are allowed.") % far

    def _most_walking(self, who: assign.Volunteer) -> Saying:
        others = [one.allocation for one in self.seen.state.get_assignments_done_by(who)]
        far = walk_m(who, [*(one for one in others if one.key != self.seen.request.key), self.seen.request])
        most = who.most_walking_m or self.most["most_walking"].most_m
        told = {"far": length(far), "most": length(most)}
        return _("would walk too far"), _("%(far)s in all; their limit is %(most)s.") % told

    def _declined(self, who: assign.Volunteer) -> Saying:
        row = self.declined.get(str(who.key))
        if row is None or row.ended_at is None:
            return _("said no"), ""
        told = [row.get_reason_display() if row.reason else "", f"“{row.note}”" if row.note else ""]
        when = date_format(row.ended_at.astimezone(self.zone), "j F")
        return _("said no on %s") % when, ": ".join(part for part in told if part)

    def _time_window(self, who: assign.Volunteer) -> Saying:
        free = [one for one in who.available or () if isinstance(one, assign.TimeWindow)]
        if not free:
            return _("has no time that day"), ""
        last, window = max(one.end for one in free), self.seen.request.window
        there = _("There %s.") % ", ".join(self._hours(one.start, one.end) for one in free)
        if isinstance(window, assign.TimeWindow) and last <= window.start:
            return _("leaves at %s") % self._clock(last), _("The place opens at %s.") % self._clock(window.start)
        return _("has no time then"), there

    def _unavailable(self, who: assign.Volunteer) -> Saying:
        return _("is away"), ""

    def _availability(self, who: assign.Volunteer) -> Saying:
        away = [one for one in who.unavailable if isinstance(one, assign.TimeWindow)]
        told = ", ".join(self._hours(one.start, one.end) for one in away)
        return _("is away then"), _("Away %s.") % told if told else ""

    def _never(self, who: assign.Volunteer) -> Saying:
        return _("never, by hand"), _("You kept them from it.")

    def _once_per_slot(self, who: assign.Volunteer) -> Saying:
        return _("was there already"), ""

    def _no_overlap(self, who: assign.Volunteer) -> Saying:
        return _("is somewhere else then"), ""

    def _clock(self, moment: datetime) -> str:
        return f"{moment.astimezone(self.zone):%H:%M}"

    def _hours(self, begin: datetime, end: datetime) -> str:
        return f"{self._clock(begin)}–{self._clock(end)}"


def why_nobody(one: Mapping[str, Any], request: Mapping[str, Any] | None, people: int, zone: str) -> str:
    """Say in one short sentence why a place has nobody: what a list has room for."""
    cause, refused = one["cause"], one["by_rule"]
    if request is None or cause not in ("no_candidates", "too_few_candidates"):
        return words.cause(cause)
    if request["skills"] and refused.get("skills", 0) >= people:
        return _("Nobody has what it takes: %s.") % ", ".join(request["skills"])
    hours = window_told(request["window"], zone)
    if hours and refused.get("time_window", 0) + refused.get("availability", 0) >= people:
        return _("Open only %s: nobody has time then.") % hours
    for rule, sentence in (
        ("distance", _("Too far from everybody.")),
        ("declined", _("Everybody who was asked said no.")),
        ("skills", _("Needs %s: who has it cannot go.") % ", ".join(request["skills"])),
    ):
        if refused.get(rule, 0) >= people or (rule == "skills" and refused.get(rule)):
            return sentence
    return words.cause(cause)


def window_told(window: Iterable[str] | None, zone: str) -> str:
    """Say the hours in which a place is open; nothing where it is open all the time."""
    if window is None:
        return ""
    begin, end = (datetime.fromisoformat(one).astimezone(ZoneInfo(zone)) for one in window)
    return f"{begin:%H:%M}–{end:%H:%M}"


def length(metres_: float) -> str:
    """Say a length: "640 m", "4.1 km"."""
    return f"{metres_:.0f}\u00a0m" if metres_ < 995 else f"{metres_ / 1000:.1f}\u00a0km"


def _weight(one: Refusal) -> int:
    order = ("never", "declined", "once_per_slot", "skills", "time_window", "availability", "unavailable", "distance")
    return order.index(one.rule) if one.rule in order else len(order)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(text: str) -> str:
    return (text[:1].lower() + text[1:]).rstrip(".")
