"""An answer to a plan as people see it: a route for each volunteer, what is left over and why, with their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from capturegraph.models import CandidateSlot, PlanRun, User
from capturegraph.services.planning import words

AT_ONCE = 500


class Stop(NamedTuple):
    """Where a volunteer goes as their `stop`th; `metres` are from the stop before, or where they set out."""

    slot: str
    title: str
    latitude: float | None
    longitude: float | None
    stop: int
    seat: int
    pinned: bool
    metres: float | None
    from_at: str
    until_at: str


class Route(NamedTuple):
    """A volunteer of a plan, with or without stops; `load` is what they have with past work, `walking_m` all metres."""

    volunteer: str
    name: str
    start_latitude: float | None
    start_longitude: float | None
    past_load: float
    load: float
    walking_m: float
    stops: list[Stop]


class Refusals(NamedTuple):
    """How often a rule said no."""

    rule: str
    label: str
    number: int


class Unfilled(NamedTuple):
    """A slot that is left with free seats, and why; `by_rule` counts the volunteers that each rule refused."""

    slot: str
    title: str
    latitude: float | None
    longitude: float | None
    required: int
    seats: int
    candidates: int
    cause: str
    sentence: str
    by_rule: list[Refusals]


class LeftOutPin(NamedTuple):
    """A pin that could not be kept, and why."""

    slot: str
    title: str
    volunteer: str
    name: str
    code: str
    sentence: str


class Answer(NamedTuple):
    """An answer in people's words; `prunes` counts the pairs of volunteer and slot that each rule refused."""

    routes: list[Route]
    unfilled: list[Unfilled]
    prunes: list[Refusals]
    left_out_pins: list[LeftOutPin]


class _Names:
    """The people and slots that an answer speaks of, as they are now: people rename, and leave."""

    def __init__(self, run: PlanRun) -> None:
        inputs = run.inputs
        said = [*run.stops, *run.unfilled, *inputs.get("left_out_pins", ())]
        people = {*_ids(inputs.get("volunteers", ()), "key"), *_ids(said, "volunteer")}
        self._people = {str(user.pk): user for some in _helpings(people) for user in User.objects.filter(pk__in=some)}
        slots = CandidateSlot.objects.filter(target=run.plan.target_id)
        self._slots = {str(one.pk): one for some in _helpings(_ids(said, "slot")) for one in slots.filter(pk__in=some)}

    def person(self, key: str) -> str:
        """Say who somebody is."""
        return str(self._people.get(key) or _("somebody who has left"))

    def place(self, key: str) -> tuple[str, float | None, float | None]:
        """Give the title of a slot, and where it is."""
        slot = self._slots.get(key)
        return (str(slot), slot.latitude, slot.longitude) if slot else (_("a place that has gone"), None, None)


def _ids(rows: Iterable[Mapping[str, Any]], name: str) -> set[str]:
    return {row[name] for row in rows if row.get(name)}


def _helpings(ids: set[str]) -> Iterable[list[UUID]]:
    every = sorted(map(UUID, ids))
    return [every[first : first + AT_ONCE] for first in range(0, len(every), AT_ONCE)]


def read(*, run: PlanRun) -> Answer:
    """Put names, titles and coordinates to an answer, in few queries."""
    names = _Names(run)
    return Answer(
        routes=_routes(run, names),
        unfilled=[_unfilled(one, names) for one in run.unfilled],
        prunes=_refusals(run.prunes),
        left_out_pins=[_left_out(one, names) for one in run.inputs.get("left_out_pins", ())],
    )


def _routes(run: PlanRun, names: _Names) -> list[Route]:
    stops: dict[str, list[Stop]] = {}
    for one in sorted(run.stops, key=lambda stop: stop["stop"]):
        title, latitude, longitude = names.place(one["slot"])
        own = {name: one[name] for name in ("slot", "stop", "seat", "pinned", "metres", "from_at", "until_at")}
        made = Stop(title=title, latitude=latitude, longitude=longitude, **own)
        stops.setdefault(one["volunteer"], []).append(made)
    routes = [_route(person, stops.get(person["key"], []), names) for person in run.inputs.get("volunteers", ())]
    # Whoever has most to do first, and nobody is left out of sight.
    return sorted(routes, key=lambda route: (-len(route.stops), route.name.casefold(), route.volunteer))


def _route(person: Mapping[str, Any], stops: list[Stop], names: _Names) -> Route:
    latitude, longitude = person.get("last_position") or person.get("start") or (None, None)
    past = person.get("past_load", 0)
    metres = round(sum(stop.metres or 0.0 for stop in stops), 1)
    return Route(
        person["key"], names.person(person["key"]), latitude, longitude, past, past + len(stops), metres, stops
    )


def _unfilled(one: Mapping[str, Any], names: _Names) -> Unfilled:
    title, latitude, longitude = names.place(one["slot"])
    own = {name: one[name] for name in ("slot", "required", "seats", "candidates", "cause")}
    sentence, by_rule = words.cause(one["cause"]), _refusals(one["by_rule"])
    return Unfilled(title=title, latitude=latitude, longitude=longitude, sentence=sentence, by_rule=by_rule, **own)


def _refusals(by_rule: Mapping[str, int]) -> list[Refusals]:
    most_first = sorted(by_rule.items(), key=lambda item: (-item[1], item[0]))
    return [Refusals(rule, words.rule(rule), number) for rule, number in most_first]


def _left_out(one: Mapping[str, Any], names: _Names) -> LeftOutPin:
    title = names.place(one["slot"])[0]
    sentence = words.changed(one["why"])
    return LeftOutPin(one["slot"], title, one["volunteer"], names.person(one["volunteer"]), one["why"], sentence)
