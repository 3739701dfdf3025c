"""Plans as coordinators make them: a question, what is fixed whatever the answer, and asking for one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from capturegraph.models import Batch, CandidateSlot, Job, Membership, Plan, PlanPin, Target, User
from capturegraph.services import events, jobs
from capturegraph.services.planning import choices, limits, times, words
from capturegraph.services.planning.answering import answer, check_may_be_answered
from capturegraph.services.planning.why import Explanation as Explanation
from capturegraph.services.planning.why import explain as explain
from capturegraph.services.refusals import Conflict, Invalid, NotFound
from capturegraph.services.writing import writing

PLAN = "plan"
"""The kind of the job that answers a plan."""
KINDS = {PLAN: answer}
VALUES = ("name", "from_at", "until_at", "rules", "algorithms")
MOST_NAME = 200
LONGEST = timedelta(days=366)


def make_plan(
    *, target: Target, values: Mapping[str, Any], by: User | None, now: datetime, operation_id: UUID | None = None
) -> tuple[Plan, bool]:
    """Ask a question; a repeat of the operation gives the same plan, and False.

    `values` has `from_at` and `until_at`, and may have `name`, `rules` and `algorithms`; rules and algorithms are else
    those of the target.

    Raises:
        Invalid: naming what cannot be.
    """
    given = Plan.objects.filter(created_by=by, operation_id=operation_id).first() if operation_id else None
    if given:
        return given, False
    proposed = {"rules": target.planning_rules, "algorithms": target.planning_algorithms}
    settings = _checked({**proposed, **values})
    for name in ("from_at", "until_at"):
        if name not in settings:
            raise _invalid(name, _("Say from when until when."))
    plan = Plan(target=target, created_by=by, operation_id=operation_id, created_at=now, **settings)
    _check_times(plan)
    with writing():
        try:
            with transaction.atomic():
                plan.save(force_insert=True)
        except IntegrityError:
            return Plan.objects.get(created_by=by, operation_id=operation_id), False
        _record("created", plan, by, now, _told(settings))
    return plan, True


def change_plan(*, plan_id: UUID, values: Mapping[str, Any], by: User, now: datetime) -> Plan:
    """Change a question; answers that were given before cannot be accepted any more. The same again changes nothing.

    Raises:
        NotFound: it has gone. Conflict: accepted or discarded. Invalid: naming what cannot be.
    """
    settings = _checked(values)
    with writing():
        plan = _draft(plan_id)
        changed = {name: value for name, value in settings.items() if getattr(plan, name) != value}
        for name, value in changed.items():
            setattr(plan, name, value)
        _check_times(plan)
        if changed:
            plan.save(update_fields=[*changed])
            _record("changed", plan, by, now, _told(changed))
    return plan


def pin(*, plan_id: UUID, slot_id: UUID, volunteer_id: UUID, by: User, now: datetime) -> PlanPin:
    """Send somebody to a slot in every answer to a plan, whatever its rules say; a repeat gives the same pin.

    Raises:
        NotFound: the plan has gone. Conflict: accepted or discarded.
        Invalid: no slot of the target, or nobody who takes part.
    """
    with writing():
        plan = _draft(plan_id)
        _check_pair(plan, slot_id, volunteer_id)
        left = limits.of(plan.rules)
        pair = str(slot_id), str(volunteer_id)
        if pair in left.never:
            _limit(plan, left._replace(never=left.never - {pair}), "let together", by, now, {})
        made, new = PlanPin.objects.get_or_create(
            plan=plan, slot_id=slot_id, volunteer_id=volunteer_id, defaults={"created_at": now}
        )
        if new:
            _record("pinned", plan, by, now, {"slot": str(slot_id), "volunteer": str(volunteer_id)})
    return made


def unpin(*, plan_id: UUID, slot_id: UUID, volunteer_id: UUID, by: User, now: datetime) -> None:
    """Take a pin back; a repeat is success.

    Raises:
        NotFound: the plan has gone. Conflict: accepted or discarded.
    """
    with writing():
        plan = _draft(plan_id)
        if PlanPin.objects.filter(plan=plan, slot=slot_id, volunteer=volunteer_id).delete()[0]:
            _record("unpinned", plan, by, now, {"slot": str(slot_id), "volunteer": str(volunteer_id)})


def keep_apart(*, plan_id: UUID, slot_id: UUID, volunteer_id: UUID, by: User, now: datetime) -> Plan:
    """Never send somebody to a slot in any answer to a plan, which ends a pin of the two; a repeat is success.

    Raises:
        NotFound: the plan has gone. Conflict: accepted or discarded.
        Invalid: no slot of the target, or nobody who takes part.
    """
    with writing():
        plan = _draft(plan_id)
        _check_pair(plan, slot_id, volunteer_id)
        PlanPin.objects.filter(plan=plan, slot=slot_id, volunteer=volunteer_id).delete()
        left = limits.of(plan.rules)
        data = {"slot": str(slot_id), "volunteer": str(volunteer_id)}
        _limit(plan, left._replace(never=left.never | {(data["slot"], data["volunteer"])}), "kept apart", by, now, data)
    return plan


def let_together(*, plan_id: UUID, slot_id: UUID, volunteer_id: UUID, by: User, now: datetime) -> Plan:
    """Leave it to the rules again whether somebody is sent to a slot; a repeat is success.

    Raises:
        NotFound: the plan has gone. Conflict: accepted or discarded.
    """
    with writing():
        plan = _draft(plan_id)
        left = limits.of(plan.rules)
        data = {"slot": str(slot_id), "volunteer": str(volunteer_id)}
        _limit(plan, left._replace(never=left.never - {(data["slot"], data["volunteer"])}), "let together", by, now,
               data)  # fmt: skip
    return plan


def choose(
    *, plan_id: UUID, only: Iterable[UUID] | None, least_priority: int, batch_id: UUID | None, by: User, now: datetime
) -> Plan:  # fmt: skip
    """Say which people (None: all) and which places a plan is about; the same again changes nothing.

    Raises:
        NotFound: the plan has gone. Conflict: accepted or discarded. Invalid: no such people, file or priority.
    """
    with writing():
        plan = _draft(plan_id)
        people = None if only is None else sorted({str(one) for one in only})
        said = limits.checked(
            [
                *([] if people is None else [{"rule": limits.PEOPLE, "only": people}]),
                {"rule": limits.PLACES, "least_priority": least_priority, "batch": batch_id and str(batch_id)},
            ]
        )
        if people is not None and len(people) > _members(plan).filter(user__in=people).count():
            raise _invalid("people", _("Somebody of them does not take part any more. Choose again."))
        if batch_id and not Batch.objects.filter(pk=batch_id, target=plan.target_id).exists():
            raise _invalid("batch", _("There is no such file."))
        _limit(plan, limits.of(said)._replace(never=limits.of(plan.rules).never), "limited", by, now, {})
    return plan


def discard(*, plan_id: UUID, by: User, now: datetime) -> Plan:
    """Put a plan away that nobody accepted; a repeat is success.

    Raises:
        NotFound: it has gone. Conflict: it was accepted.
    """
    with writing():
        plan = _locked(plan_id)
        if plan.state == Plan.State.DISCARDED:
            return plan
        if plan.state != Plan.State.DRAFT:
            raise Conflict(
                _("This plan was accepted. Withdraw what is left of it instead."), code=plan.state,
                present=words.present(plan),
            )  # fmt: skip
        plan.state, plan.ended_at = Plan.State.DISCARDED, now
        plan.save(update_fields=["state", "ended_at"])
        _record("discarded", plan, by, now, {})
    return plan


def compute(*, plan_id: UUID, by: User | None, now: datetime, operation_id: UUID | None = None) -> Job:
    """Ask for an answer to a plan, in the background; a repeat of the operation gives the same job.

    Raises:
        NotFound: the plan has gone. Conflict: accepted or discarded, or its time has gone by.
    """
    given = Job.objects.filter(created_by=by, operation_id=operation_id, kind=PLAN).first() if operation_id else None
    if given:
        return given
    plan = Plan.objects.select_related("target").filter(pk=plan_id).first()
    if plan is None:
        raise NotFound(_("There is no such plan."))
    check_may_be_answered(plan, now)
    return jobs.add(kind=PLAN, target=plan.target, row_id=plan.pk, by=by, now=now, operation_id=operation_id)


# --- what a plan may be -----------------------------------------------------------------------------------------------


def _locked(plan_id: UUID) -> Plan:
    plan = Plan.objects.select_for_update(no_key=True).filter(pk=plan_id).first()
    if plan is None:
        raise NotFound(_("There is no such plan."))
    return plan


def _draft(plan_id: UUID) -> Plan:
    plan = _locked(plan_id)
    if plan.state != Plan.State.DRAFT:
        raise Conflict(words.not_a_draft(plan), code=plan.state, present=words.present(plan))
    return plan


def _members(plan: Plan) -> Any:
    return Membership.objects.current().filter(target=plan.target_id, user__is_active=True)


def _check_pair(plan: Plan, slot_id: UUID, volunteer_id: UUID) -> None:
    if not CandidateSlot.objects.filter(pk=slot_id, target=plan.target_id).exists():
        raise _invalid("slot", _("There is no such slot."))
    if not _members(plan).filter(user=volunteer_id).exists():
        raise _invalid("volunteer", _("There is no such member."))


def _limit(
    plan: Plan, new: limits.Limits, verb: str, by: User, now: datetime, data: Mapping[str, Any]
) -> None:  # fmt: skip
    rules = limits.put(plan.rules, new)
    if rules != plan.rules:
        plan.rules = rules
        plan.save(update_fields=["rules"])
        _record(verb, plan, by, now, data)


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    settings = dict(values)
    for name in settings:
        if name not in VALUES:
            raise _invalid(name, _("There is no such field."))
    if "name" in settings:
        settings["name"] = str(settings["name"] or "").strip()
        if len(settings["name"]) > MOST_NAME:
            reason = _("It has %(count)d characters: write up to %(most)d.")
            raise _invalid("name", reason % {"count": len(settings["name"]), "most": MOST_NAME})
    for name in ("from_at", "until_at"):
        if name in settings and not times.is_moment(settings[name]):
            raise _invalid(name, _("%s is no time with a time zone.") % str(settings[name])[:40])
    if "rules" in settings:
        settings["rules"] = _checked_rules(settings["rules"])
    if "algorithms" in settings:
        settings["algorithms"] = choices.checked_algorithms(settings["algorithms"])
    return settings


def _checked_rules(value: Any) -> list[dict[str, Any]]:
    """The rules of a plan, and after them what it leaves out."""
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        return choices.checked_rules(value)
    rules = choices.checked_rules([one for one in value if one.get("rule") not in limits.NAMES])
    return [*rules, *limits.checked(value)]


def _check_times(plan: Plan) -> None:
    begin, end = plan.from_at.isoformat(), plan.until_at.isoformat()
    if plan.until_at <= plan.from_at:
        raise _invalid("until_at", _("%(end)s is not after %(begin)s.") % {"begin": begin, "end": end})
    if plan.until_at - plan.from_at > LONGEST:
        raise _invalid("until_at", _("%(begin)s to %(end)s is more than a year.") % {"begin": begin, "end": end})


def _told(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in settings.items()}


def _record(verb: str, plan: Plan, by: User | None, now: datetime, data: Mapping[str, Any]) -> None:
    events.record(
        at=now, verb=verb, noun="plan", row_id=plan.pk, target_id=plan.target_id, actor_id=by.pk if by else None,
        data=data,
    )  # fmt: skip


def _invalid(field: str, reason: str) -> Invalid:
    return Invalid(f"{field}: {reason}", errors=[{"field": field, "reason": reason}])
