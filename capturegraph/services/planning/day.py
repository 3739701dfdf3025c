"""An answer to a plan as a coordinator looks at it: letters for people, times for stops, and what nobody does.

A route is told by a letter, a colour and a dash, any one of which is enough: letters never repeat, and six colours
with six dashes make thirty-six pairs before any of these does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from capturegraph.models import CandidateSlot, Plan, PlanRun, User
from capturegraph.services.planning import facts, limits, reasons, routes, showing, trials
from capturegraph.services.planning.engine import question
from capturegraph.services.planning.reasons import Reason
from capturegraph.services.planning.seen import Seen
from capturegraph.services.planning.trials import Help
from capturegraph.services.refusals import NotFound

COLOURS = DASHES = 6
SEGMENTS = 16


class Style(NamedTuple):
    """How a route is told from the others: a letter, and which colour and dash, from 1."""

    letter: str
    colour: int
    dash: int


class Visit(NamedTuple):
    """A stop of a day: its label ("A1"), about when somebody is there, and what was known of it.

    `late` where that is after the place closes, or after they have time: the rules know windows, and no walking times.
    """

    label: str
    at: datetime
    stop: showing.Stop
    late: bool


class Person(NamedTuple):
    """A volunteer and their day; `most` is what they may have (None: anything), `minutes` are on foot and at stops."""

    volunteer: str
    name: str
    style: Style
    visits: list[Visit]
    before: int
    most: int | None
    minutes: int
    metres: float

    @property
    def has(self) -> int:
        """How many places they have, with those that were theirs before."""
        return self.before + len(self.visits)

    @property
    def late(self) -> int:
        """How many stops they would reach too late."""
        return sum(one.late for one in self.visits)

    @property
    def segments(self) -> list[bool]:
        """Places as a row of boxes, filled or free; none where there are too many to be counted at a look."""
        number = self.has if self.most is None else max(self.most, self.has)
        return [place < self.has for place in range(number)] if number <= SEGMENTS else []

    @property
    def time(self) -> str:
        """The minutes as people say them: "45 min", "2 h 05"."""
        hours, minutes = divmod(self.minutes, 60)
        return f"{hours}\u00a0h\u00a0{minutes:02}" if hours else f"{minutes}\u00a0min"


class Nobody(NamedTuple):
    """A place that has nobody, or too few, and why in a short sentence."""

    slot: str
    title: str
    latitude: float | None
    longitude: float | None
    seats: int
    sentence: str


class Fixed(NamedTuple):
    """A pair that was fixed by hand: to go, or never to."""

    slot: str
    title: str
    volunteer: str
    name: str
    never: bool


class Day(NamedTuple):
    """The whole of it. `filled` of `asked` places have everybody they need."""

    people: list[Person]
    idle: int
    nobody: list[Nobody]
    left_out_pins: list[showing.LeftOutPin]
    filled: int
    asked: int
    places: int
    metres: float


class Why(NamedTuple):
    """A place, who goes there, why the others do not, and what would help."""

    slot: CandidateSlot
    wants: str
    lacking: int
    reasons: list[Reason]
    helps: list[Help]


def style(number: int) -> Style:
    """Give the style of the route of this number, from 0."""
    return Style(letters(number), number % COLOURS + 1, (number + number // COLOURS) % DASHES + 1)


def letters(number: int) -> str:
    """Give "A" for 0, "Z" for 25, "AA" for 26, and so on."""
    text = ""
    number += 1
    while number:
        number, place = divmod(number - 1, 26)
        text = chr(65 + place) + text
    return text


def read(*, run: PlanRun, answer: showing.Answer) -> Day:
    """Give an answer as a day."""
    said = run.inputs
    people = {one["key"]: one for one in said["volunteers"]}
    before = _before(said)
    most = next((one["most"] for one in said["rules"] if one["rule"] == "most_slots"), None)
    found = [
        _person(style(number), route, people[route.volunteer], before.get(route.volunteer, 0), most, said)
        for number, route in enumerate(answer.routes)
    ]  # fmt: skip
    requests = {one["key"]: one for one in said["requests"]}
    zone = run.plan.target.time_zone
    by_slot = {one["slot"]: one for one in run.unfilled}
    nobody = [
        Nobody(
            one.slot, one.title, one.latitude, one.longitude, one.seats,
            reasons.why_nobody(by_slot[one.slot], requests.get(one.slot), len(people), zone),
        )
        for one in answer.unfilled
    ]  # fmt: skip
    return Day(
        found, sum(not one.has for one in found), nobody, answer.left_out_pins, run.metrics["filled"],
        run.metrics["asked"], len(run.stops), run.metrics["walking_m"],
    )  # fmt: skip


def fixed(plan: Plan) -> list[Fixed]:
    """Give what is fixed by hand in a plan as it is now: who goes where, then who never does."""
    pins = [(str(one.slot_id), str(one.volunteer_id), False) for one in plan.pins.order_by("created_at", "pk")]
    pairs = [*pins, *((slot, who, True) for slot, who in sorted(limits.of(plan.rules).never))]
    slots = CandidateSlot.objects.filter(target=plan.target_id).in_bulk([UUID(one[0]) for one in pairs])
    users = User.objects.in_bulk([UUID(one[1]) for one in pairs])
    return [
        Fixed(slot, str(slots[UUID(slot)]), who, str(users[UUID(who)]), never)
        for slot, who, never in pairs
        if UUID(slot) in slots and UUID(who) in users
    ]


def is_stale(run: PlanRun) -> bool:
    """Say whether a plan asks for something else than it did when this was answered."""
    return bool(facts.asked(run.plan) != run.inputs["plan"])


def _before(said: Mapping[str, Any]) -> dict[str, int]:
    """What everybody has in that time that is not of this answer."""
    found: dict[str, int] = {}
    for pin in said["pins"]:
        if pin["why"] != "pinned":
            found[pin["volunteer"]] = found.get(pin["volunteer"], 0) + 1
    return found


def _person(
    how: Style, route: showing.Route, person: Mapping[str, Any], before: int, most: float | None,
    said: Mapping[str, Any],
) -> Person:  # fmt: skip
    begin = max(datetime.fromisoformat(said["from_at"]), datetime.fromisoformat(said["now"]))
    spans = person.get("available") or ()
    if spans:
        begin = max(begin, datetime.fromisoformat(spans[0][0]))
    last = datetime.fromisoformat(spans[-1][1] if spans else said["until_at"])
    visits, at = [], begin
    for number, stop in enumerate(route.stops, 1):
        at = max(at + _walking(stop.metres), datetime.fromisoformat(stop.from_at))
        late = at > min(datetime.fromisoformat(stop.until_at), last)
        visits.append(Visit(f"{how.letter}{number}", at, stop, late))
        at += timedelta(seconds=routes.AT_EACH_S)
    capacity = person["capacity"]
    may = capacity if capacity is not None else None if most is None or most >= 1_000_000 else int(most)
    minutes = round((_walking(route.walking_m).total_seconds() + routes.AT_EACH_S * len(visits)) / 60)
    return Person(route.volunteer, route.name, how, visits, before, may, minutes, route.walking_m)


def _walking(metres: float | None) -> timedelta:
    return timedelta(seconds=(metres or 0.0) * routes.DETOUR / routes.WALKING_M_S)


def why(*, run: PlanRun, slot_id: UUID, names: Mapping[str, str]) -> Why:
    """Say of a place why everybody goes there or not, and what would help.

    Raises:
        NotFound: the place was not part of the question.
    """
    slot = CandidateSlot.objects.filter(pk=slot_id, target=run.plan.target_id).first()
    asked = question(run.inputs)
    request = asked.slots.get(str(slot_id))
    if slot is None or request is None or str(slot_id) not in {str(one.key) for one in asked.requests}:
        raise NotFound(_("That place was not part of the question when this was answered."))
    seen = Seen(run, asked, request)
    zone = run.plan.target.time_zone
    helps = trials.what_would_help(seen, run, names)
    return Why(slot, _wants(run, str(slot_id), zone), seen.lacking, reasons.of(seen, slot, zone), helps)


def _wants(run: PlanRun, slot: str, zone: str) -> str:
    """Say what a place asks for, in a sentence each."""
    said = next(one for one in run.inputs["requests"] if one["key"] == slot)
    parts: list[str] = []
    if said["required_count"] > 1:
        parts.append(_("Asks for %d people.") % said["required_count"])
    if said["skills"]:
        parts.append(_("Asks for: %s.") % ", ".join(said["skills"]))
    hours = reasons.window_told(said["window"], zone)
    parts += [_("Open %s only.") % hours] if hours else []
    return " ".join(parts)


def names_of(people: Sequence[Person]) -> dict[str, str]:
    """Give everybody's name by their key."""
    return {one.volunteer: one.name for one in people}
