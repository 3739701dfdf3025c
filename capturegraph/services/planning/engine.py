"""From the facts of a plan to a problem for algorithms, the same way when it is answered and when it is asked about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from scheduling import assign

Slots = Mapping[str, assign.Request]
People = Mapping[str, assign.Volunteer]


class Question(NamedTuple):
    """The facts of a plan as the things that rules and algorithms know.

    By their keys, `slots` are the requests and what else somebody is pinned to.
    """

    requests: list[assign.Request]
    volunteers: list[assign.Volunteer]
    slots: Slots
    people: People
    past_loads: dict[str, float]
    pins: list[assign.Assignment[Any, Any]]
    rules: list[assign.Rule]


def question(facts: Mapping[str, Any]) -> Question:
    """Read the facts (see `facts`) as the engine needs them."""
    requests = [_request(one) for one in facts["requests"]]
    volunteers = [_volunteer(one) for one in facts["volunteers"]]
    people = {str(one.key): one for one in volunteers}
    slots = {str(one.key): one for one in requests}
    teams: dict[str, list[assign.Volunteer]] = {}
    for pin in facts["pins"]:
        # Whoever is on the way without being one of those who are planned for is counted all the same.
        who = people.get(pin["volunteer"]) or assign.Volunteer(pin["volunteer"])
        teams.setdefault(pin["slot"], []).append(who)
    for key, team in teams.items():
        if key not in slots:
            about = facts["elsewhere"].get(key, {})
            slots[key] = assign.Request(
                key, len(team), _window(about.get("window")), _place(about.get("location"))
            )  # fmt: skip
    return Question(
        requests, volunteers, slots, people,
        {one["key"]: one["past_load"] for one in facts["volunteers"]},
        [assign.Assignment(slots[key], tuple(team)) for key, team in teams.items()],
        assign.rules_from(facts["rules"]),
    )  # fmt: skip


def _request(said: Mapping[str, Any]) -> assign.Request:
    return assign.Request(
        said["key"], said["required_count"], _window(said["window"]), _place(said["location"]),
        skills=tuple(said["skills"]), done_by=tuple(said["done_by"]), declined_by=tuple(said["declined_by"]),
        never=tuple(said.get("never", ())),
    )  # fmt: skip


def _volunteer(said: Mapping[str, Any]) -> assign.Volunteer:
    available = said["available"]
    return assign.Volunteer(
        said["key"], said["role"], tuple(said["skills"]), said["newcomer"],
        _place(said["start"]), _place(said["last_position"]),
        None if available is None else tuple(_span(one) for one in available),
        tuple(_span(one) for one in said["unavailable"]), said["capacity"], said["most_walking_m"],
    )  # fmt: skip


def _window(said: list[str] | None) -> assign.TimeWindow | None:
    return None if said is None else _span(said)


def _span(said: list[str]) -> assign.TimeWindow:
    return assign.TimeWindow(datetime.fromisoformat(said[0]), datetime.fromisoformat(said[1]))


def _place(said: list[float] | None) -> tuple[float, float] | None:
    return None if said is None else (said[0], said[1])
