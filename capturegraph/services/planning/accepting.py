"""Accepting an answer: what was worked out from rows becomes rows, where these are still as they were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from capturegraph.models import Assignment, CandidateSlot, Event, Plan, PlanRun, Target, User
from capturegraph.services import events, slots, telling
from capturegraph.services.batching.bulk import HELPING, helpings
from capturegraph.services.planning import checking, facts, times, words
from capturegraph.services.planning.checking import Changed
from capturegraph.services.refusals import Conflict, NotFound
from capturegraph.services.writing import writing

State = Assignment.State
Json = dict[str, Any]


class Accepted(NamedTuple):
    """A plan that was accepted: what it sends people to, and what was left out since it is not as it was."""

    plan: Plan
    assignments: list[Assignment]
    changed: list[Changed]


def accept(
    *,
    run_id: UUID,
    by: User | None,
    now: datetime,
    leave_out_changed: bool = False,
    operation_id: UUID | None = None,
) -> Accepted:
    """Make planned assignments of an answer, all in one step, and tell whose they are; a repeat is success.

    All that the answer relied on is looked at again, under locks on the target and its slots. Where something is not as
    it was nothing is written; or, with `leave_out_changed`, all the rest is.

    Raises:
        NotFound: it has gone. Conflict: what changed comes along (`plan_changed`); or the plan is another by now.
    """
    run = PlanRun.objects.select_related("plan").filter(pk=run_id).first()
    if run is None:
        raise NotFound(_("There is no such answer."))
    with writing():
        # Nobody leaves, photographs there, or changes its places meanwhile: all of these hold the target, too.
        target = Target.objects.select_for_update(no_key=True).get(pk=run.plan.target_id)
        plan = Plan.objects.select_for_update(no_key=True).get(pk=run.plan_id)
        if plan.state == Plan.State.ACCEPTED and plan.accepted_run_id == run.pk:
            return Accepted(plan, _of(plan), _left_out(plan))
        _check(plan, run, target, now)
        locked = _locked_slots(run, now)
        changed = checking.what_changed(run, facts.read(plan=plan, now=now), locked, now)
        gone = {(one.slot_id, one.volunteer_id) for one in changed}
        stops = [stop for stop in run.stops if (UUID(stop["slot"]), UUID(stop["volunteer"])) not in gone]
        if changed and not (leave_out_changed and stops):
            raise _changed(plan, changed)
        data = _said(run, stops, changed)
        if not _first_time(plan, by, now, operation_id, data):
            raise Conflict(_("This operation was something else before. Try again."), present=words.present(plan))
        made = _put(plan, stops, locked, now, by)
        plan.state, plan.accepted_run, plan.ended_at = Plan.State.ACCEPTED, run, now
        plan.save(update_fields=["state", "accepted_run", "ended_at"])
        _tell(made, "planned", plan, target, now)
    return Accepted(plan, made, changed)


def withdraw(*, plan_id: UUID, by: User, now: datetime) -> list[Assignment]:
    """End what is still only planned of a plan that was accepted, and tell whose it was; a repeat ends nothing.

    What somebody has begun stays theirs.

    Raises:
        NotFound: it has gone. Conflict: it was never accepted.
    """
    with writing():
        found = Plan.objects.filter(pk=plan_id).values_list("target", flat=True).first()
        target = Target.objects.select_for_update(no_key=True).filter(pk=found).first() if found else None
        if target is None:
            raise NotFound(_("There is no such plan."))
        plan = Plan.objects.select_for_update(no_key=True).get(pk=plan_id)
        if plan.state != Plan.State.ACCEPTED:
            raise Conflict(_("This plan was never accepted."), code=plan.state, present=words.present(plan))
        planned = Assignment.objects.filter(plan=plan, state=State.PLANNED)
        for some in helpings(sorted(set(planned.values_list("slot", flat=True))), HELPING):
            slots.locked(CandidateSlot.objects.filter(pk__in=some))
        ended = slots.end_planned(ended=planned, state=State.WITHDRAWN, now=now, actor_id=by.pk, why="plan withdrawn")
        if ended:
            _touch([one.slot_id for one in ended], now)
            events.record(
                at=now, verb="withdrawn", noun="plan", row_id=plan.pk, target_id=target.pk, actor_id=by.pk,
                data={"assignments": len(ended)},
            )  # fmt: skip
            _tell([one for one in ended if one.expires_at > now], "plan_withdrawn", plan, target, now)
    return ended


# --- before -----------------------------------------------------------------------------------------------------------


def _check(plan: Plan, run: PlanRun, target: Target, now: datetime) -> None:
    if plan.state != Plan.State.DRAFT:
        raise Conflict(words.not_a_draft(plan), code=plan.state, present=words.present(plan))
    if target.state == Target.State.CLOSED:
        raise Conflict(_("This is finished: nobody is sent anywhere."), code="closed", present=words.present(plan))
    if plan.until_at <= now:
        raise Conflict(_("The time of this plan has gone by."), code="too_late", present=words.present(plan))
    if run.inputs.get("trial"):
        raise Conflict(
            _("This was only tried. Keep what it supposes first, then let the plan be answered."), code="trial",
            present=words.present(plan),
        )  # fmt: skip
    if facts.asked(plan) != run.inputs["plan"]:
        raise Conflict(
            _("The plan was changed since this answer was given. Let it be answered again."), code="plan_changed",
            present={**words.present(plan), "changed": []},
        )  # fmt: skip


def _locked_slots(run: PlanRun, now: datetime) -> dict[UUID, CandidateSlot]:
    """Lock the slots of an answer by id, and end there what has run out: leases, as a claim does, and older plans."""
    locked: list[CandidateSlot] = []
    for some in helpings(sorted({UUID(stop["slot"]) for stop in run.stops}), HELPING):
        locked += slots.locked(CandidateSlot.objects.filter(pk__in=some, target=run.plan.target_id))
        lapsed = list(Assignment.objects.due(now).filter(slot__in=some))
        if slots.end_assignments(ended=lapsed, state=State.EXPIRED, now=now, actor_id=None):
            touched = {one.slot_id for one in lapsed}
            slots.recount([slot for slot in locked if slot.pk in touched], now=now, actor_id=None)
        # Nothing counts them any more, but a volunteer is planned for a slot once.
        missed = Assignment.objects.filter(slot__in=some, state=State.PLANNED, expires_at__lte=now)
        slots.end_planned(ended=missed, state=State.EXPIRED, now=now, actor_id=None)
    return {slot.pk: slot for slot in locked}


def _changed(plan: Plan, changed: Sequence[Changed]) -> Conflict:
    shown = [
        {"slot": str(one.slot_id), "volunteer": str(one.volunteer_id), "code": one.code, "sentence": one.sentence}
        for one in changed
    ]
    return Conflict(
        _("%d of the assignments are not possible any more as they were.") % len(changed), code="plan_changed",
        errors=[{"field": "stops", "reason": one.sentence} for one in changed[:20]],
        present={**words.present(plan), "changed": shown},
    )  # fmt: skip


def _said(run: PlanRun, stops: Sequence[Json], changed: Sequence[Changed]) -> Json:
    left_out = [[str(one.slot_id), str(one.volunteer_id), one.code] for one in changed]
    return {"run": str(run.pk), "number": run.number, "assignments": len(stops), "left_out": left_out}


def _first_time(plan: Plan, by: User | None, now: datetime, operation_id: UUID | None, data: Json) -> bool:
    told: Json = {"at": now, "verb": "accepted", "noun": "plan", "row_id": plan.pk, "target_id": plan.target_id}
    if by is None:
        # Said at the terminal, by nobody in particular.
        events.record(**told, data=data)
        return True
    return events.first_time(**told, actor_id=by.pk, operation_id=operation_id, data=data)


# --- the rows ---------------------------------------------------------------------------------------------------------


def _put(
    plan: Plan, stops: Sequence[Json], locked: Mapping[UUID, CandidateSlot], now: datetime, by: User | None
) -> list[Assignment]:  # fmt: skip
    taken: dict[UUID, set[int]] = {}
    there = Assignment.objects.filter(target=plan.target_id, state__in=[State.HELD, State.PLANNED])
    for slot_id, seat in there.values_list("slot", "seat"):
        taken.setdefault(slot_id, set()).add(seat)
    rows = []
    for stop in stops:
        slot = locked[UUID(stop["slot"])]
        seats = taken.setdefault(slot.pk, set())
        seat = min(set(range(len(seats) + 1)) - seats)
        seats.add(seat)
        # Never empty: that is what was looked at.
        begin, end = times.cut(slot.window_from, slot.window_until, (plan.from_at, plan.until_at)) or (now, now)
        rows.append(
            Assignment(
                target_id=plan.target_id, slot=slot, volunteer_id=UUID(stop["volunteer"]), seat=seat,
                stop=stop["stop"], state=State.PLANNED, plan=plan, started_at=begin, expires_at=end,
            )
        )  # fmt: skip
    made = Assignment.objects.bulk_create(rows, batch_size=500)
    Event.objects.bulk_create(
        (
            Event(
                at=now, verb="planned", noun="assignment", row_id=one.pk, target_id=plan.target_id,
                actor_id=by.pk if by else None, data={"slot": str(one.slot_id), "plan": str(plan.pk)},
            )
            for one in made
        ),
        batch_size=500,
    )  # fmt: skip
    _touch([one.slot_id for one in made], now)
    return made


def _touch(slot_ids: Sequence[UUID], now: datetime) -> None:
    # Others see their slots change; and a claim that began before this, and looked before it, does not take them: see
    # `claims`.
    for some in helpings(sorted(set(slot_ids)), HELPING):
        CandidateSlot.objects.filter(pk__in=some).update(updated_at=now)


def _tell(some: Sequence[Assignment], kind: str, plan: Plan, target: Target, now: datetime) -> None:
    """Write one message to each of those who are planned for, with how much it is."""
    count: dict[UUID, int] = {}
    for one in some:
        count[one.volunteer_id] = count.get(one.volunteer_id, 0) + 1
    when = times.told((plan.from_at, plan.until_at), target.time_zone)
    for number in sorted(set(count.values())):
        telling.tell(
            users=[user for user, places in count.items() if places == number], kind=kind, now=now,
            target_id=target.pk, data={"places": number, "when": when, "plan": str(plan.pk)},
        )  # fmt: skip


def _of(plan: Plan) -> list[Assignment]:
    rows = Assignment.objects.filter(plan=plan).select_related("slot")
    return list(rows.order_by("volunteer", "stop", "pk"))


def _left_out(plan: Plan) -> list[Changed]:
    told = Event.objects.filter(noun="plan", row_id=plan.pk, verb="accepted").order_by("pk").first()
    left_out = told.data["left_out"] if told else []
    return [Changed(UUID(slot), UUID(volunteer), code, words.changed(code)) for slot, volunteer, code in left_out]
