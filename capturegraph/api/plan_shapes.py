"""What plans look like from outside; see `shapes`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from capturegraph.models import Membership, Plan, PlanRun
from capturegraph.services.planning import showing
from capturegraph.services.planning.showing import Answer, Refusals, Route

PLAN_FIELDS = ("id", "name", "from_at", "until_at", "rules", "algorithms", "state", "created_at", "ended_at")


def availability(row: Membership) -> dict[str, Any]:
    """Show when a member has time, and what they can do and carry."""
    start = {"latitude": row.start_latitude, "longitude": row.start_longitude}
    return {
        "user": row.user_id,
        "target": row.target_id,
        "times": [
            {"kind": one.kind, "from_at": one.from_at, "until_at": one.until_at}
            for one in row.availabilities.order_by("from_at", "until_at", "kind")
        ],
        "start": start if row.start_latitude is not None else None,
        "capacity": row.capacity,
        "most_walking_m": row.most_walking_m,
        "skills": row.skills,
        "newcomer": row.newcomer,
    }


def plan(row: Plan) -> dict[str, Any]:
    """Show a plan; its pins and answers come with `with_pins_and_runs`."""
    pins = [
        {"slot": pin.slot_id, "title": str(pin.slot), "volunteer": pin.volunteer_id, "name": str(pin.volunteer)}
        for pin in row.pins.all()
    ]
    last = max(row.runs.all(), key=lambda run: run.number, default=None)
    return {
        "target": row.target_id,
        **{name: getattr(row, name) for name in PLAN_FIELDS},
        "accepted_run": row.accepted_run_id,
        "pins": pins,
        "last_run": {"id": last.pk, "number": last.number} if last else None,
    }


def listed_run(row: PlanRun) -> dict[str, Any]:
    """Show an answer in a list; the row comes with its plan."""
    return {
        "id": row.pk,
        "number": row.number,
        "plan": row.plan_id,
        "algorithm": row.algorithm,
        "accepted": row.plan.accepted_run_id == row.pk,
        "metrics": row.metrics,
        "created_at": row.created_at,
    }


def run(row: PlanRun) -> dict[str, Any]:
    """Show an answer, whole."""
    answer = showing.read(run=row)
    return {
        **listed_run(row),
        "rules": row.inputs.get("rules", []),
        "attempts": row.attempts,
        "routes": [{**one._asdict(), "stops": [stop._asdict() for stop in one.stops]} for one in answer.routes],
        "unfilled": [{**one._asdict(), "by_rule": _refusals(one.by_rule)} for one in answer.unfilled],
        "prunes": _refusals(answer.prunes),
        "left_out_pins": [one._asdict() for one in answer.left_out_pins],
    }


def _refusals(some: list[Refusals]) -> list[dict[str, Any]]:
    return [one._asdict() for one in some]


def features(answer: Answer) -> Iterator[dict[str, Any]]:
    """Give a line for every route that is one, then its stops in order, then what is left over."""
    for route in answer.routes:
        who = {"volunteer": route.volunteer, "name": route.name}
        line = _line(route)
        if len(line) > 1:
            figures = {"stops": len(route.stops), "walking_m": route.walking_m, "load": route.load}
            yield {"line": line, "properties": {"kind": "route", **who, **figures}}
        for stop in route.stops:
            yield _point("stop", {**who, **stop._asdict()})
    for left in answer.unfilled:
        yield _point("unfilled", {**left._asdict(), "by_rule": {one.rule: one.number for one in left.by_rule}})


def _line(route: Route) -> list[tuple[float, float]]:
    """Where it goes, from where it sets out; what has no place is passed over."""
    places = [(route.start_latitude, route.start_longitude)] if route.stops else []
    places += [(stop.latitude, stop.longitude) for stop in route.stops]
    return [(lat, lon) for lat, lon in places if lat is not None and lon is not None]


def _point(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    place = {name: values.pop(name) for name in ("latitude", "longitude")}
    return {**place, "properties": {"kind": kind, **values}}
