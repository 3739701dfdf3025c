"""What plans know of a person: shown to them, handed over where two are one, dropped when they leave, erased with them.

Every function is for the inside of a transaction of `people` that holds the targets and the people.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from capturegraph.models import Assignment, Availability, Job, Membership, Plan, PlanPin, PlanRun, User
from capturegraph.services import slots
from capturegraph.services.planning import limits

State = Assignment.State
PLACES = ("start", "last_position")
NOTHING: dict[str, Any] = {
    "skills": [], "start_latitude": None, "start_longitude": None, "capacity": None, "most_walking_m": None,
    "newcomer": None,
}  # fmt: skip


def forget(accounts: Collection[User]) -> None:
    """Erase when people had time, what they said of themselves, and where they set out from, in answers too."""
    Availability.objects.filter(membership__user__in=accounts).delete()
    Membership.objects.filter(user__in=accounts).update(**NOTHING)
    PlanPin.objects.filter(volunteer__in=accounts, plan__state=Plan.State.DRAFT).delete()
    keys = {str(account.pk) for account in accounts}
    for run in _runs_of(accounts):
        said = [one for one in run.inputs.get("volunteers", []) if one["key"] in keys]
        for one in said:
            one.update(dict.fromkeys(PLACES), skills=[], available=None, unavailable=[])
            one.update(capacity=None, most_walking_m=None)
        trial = _supposed(run, keys)
        if trial:
            trial["says"] = {}
        if said or trial:
            PlanRun.objects.filter(pk=run.pk).update(inputs=run.inputs)
    # What was asked to be tried, and may be waiting for a worker.
    Job.objects.filter(data__trial__volunteer__in=keys).update(data={})


def drop_out(*, user_id: UUID, target_id: UUID) -> None:
    """Let plans reckon no longer with somebody who is taken out of a target; where they set out from is forgotten."""
    member = Membership.objects.filter(user=user_id, target=target_id)
    Availability.objects.filter(membership__in=member).delete()
    member.update(start_latitude=None, start_longitude=None)
    PlanPin.objects.filter(volunteer=user_id, plan__target=target_id, plan__state=Plan.State.DRAFT).delete()


def add_up(mine: Membership, other: Membership) -> None:
    """Give a member what another one, who is the same person, said: times of both, and what the one left open.

    The caller saves `mine`.
    """
    there = set(mine.availabilities.values_list("kind", "from_at", "until_at"))
    for one in other.availabilities.all():
        if (one.kind, one.from_at, one.until_at) not in there:
            one.membership = mine
            one.save(update_fields=["membership"])
    mine.skills = list(dict.fromkeys([*mine.skills, *other.skills]))
    if mine.start_latitude is None:
        mine.start_latitude, mine.start_longitude = other.start_latitude, other.start_longitude
    for name in ("capacity", "most_walking_m", "newcomer"):
        if getattr(mine, name) is None:
            setattr(mine, name, getattr(other, name))


def hand_over_plans(keep: User, gone: User, *, now: datetime, actor_id: UUID) -> None:
    """Let what `gone` is pinned to and planned for be `keep`'s; where both are, once is enough."""
    pins = PlanPin.objects.filter(volunteer=keep).values_list("plan", "slot")
    twice = set(pins)
    for pin in PlanPin.objects.filter(volunteer=gone):
        if (pin.plan_id, pin.slot_id) in twice:
            pin.delete()
        else:
            pin.volunteer = keep
            pin.save(update_fields=["volunteer"])
    for plan in Plan.objects.filter(state=Plan.State.DRAFT, target__memberships__user=gone).distinct():
        rules = limits.one_person(plan.rules, gone.pk, keep.pk)
        if rules != plan.rules:
            plan.rules = rules
            plan.save(update_fields=["rules"])
    mine = Assignment.objects.filter(volunteer=keep, state__in=[State.HELD, State.PLANNED]).values("slot")
    both = Assignment.objects.filter(volunteer=gone, state=State.PLANNED, slot__in=mine)
    slots.end_planned(ended=both, state=State.WITHDRAWN, now=now, actor_id=actor_id, why="merged")


def in_plans(user_id: UUID, accounts: Collection[UUID]) -> Iterator[dict[str, Any]]:
    """Give what plans fixed for somebody, and what each answer to a plan said of them."""
    for pin in PlanPin.objects.filter(volunteer=user_id).select_related("plan").order_by("created_at", "pk"):
        yield {"plan": pin.plan_id, "target": pin.plan.target_id, "pinned_to": pin.slot_id, "at": pin.created_at}
    keys = {str(pk) for pk in accounts}
    for run in _runs_of(User.objects.filter(pk__in=accounts)):
        said = [one for one in run.inputs.get("volunteers", []) if one["key"] in keys]
        sent = [one for one in run.stops if one["volunteer"] in keys]
        trial = _supposed(run, keys)
        if said or sent or trial:
            yield {
                "plan": run.plan_id, "target": run.plan.target_id, "answer": run.number, "at": run.created_at,
                "known": said, "stops": sent, "supposed": trial and trial["says"],
            }  # fmt: skip


def _supposed(run: PlanRun, keys: Collection[str]) -> dict[str, Any] | None:
    """What an answer only supposes of somebody of these; see `trials`."""
    trial: dict[str, Any] | None = run.inputs.get("trial")
    return trial if trial and trial["volunteer"] in keys else None


def _runs_of(accounts: Any) -> Iterator[PlanRun]:
    """The answers in which somebody may stand: those to plans of targets that they were ever in, one at a time."""
    targets = Membership.objects.filter(user__in=accounts).values("target")
    rows = PlanRun.objects.filter(plan__target__in=targets).select_related("plan").order_by("created_at", "pk")
    for pk in list(rows.values_list("pk", flat=True)):
        yield rows.get(pk=pk)
