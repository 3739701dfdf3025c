"""Making targets and changing their settings."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from capturegraph.models import Assignment, Job, Membership, Message, Target, User
from capturegraph.models.membership import Role
from capturegraph.services import events, jobs, slots, telling
from capturegraph.services.cycles import refresh
from capturegraph.services.opening import checks
from capturegraph.services.planning import choices
from capturegraph.services.refusals import Forbidden, Invalid, NotFound
from capturegraph.services.writing import writing

SETTINGS = (
    "name", "instructions", "contact", "consent_text", "run_by", "kept_for", "photo_licence", "safety_note", "credit",
    "outline", "state", "time_zone", "sigma_m", "threshold", "max_accuracy_m", "accuracy_required",
    "heading_sigma_deg", "heading_required", "hand_out", "declines_needed", "lease_s", "covers_waiting",
    "batch_size", "planning_rules", "planning_algorithms", "tiles_url",
    "public", "public_round_m", "public_exact", "public_names",
)  # fmt: skip
CONSENT = frozenset({"consent_text", "run_by", "kept_for", "photo_licence", "safety_note", "contact"})
"""What joining people are shown and agree to."""
OPENNESS = frozenset({"public", "public_round_m", "public_names"})
"""What everybody is shown: of a target that is public, people are asked again about this, too."""
MATCHING = frozenset(
    {
        "sigma_m", "threshold", "max_accuracy_m", "accuracy_required", "heading_sigma_deg", "heading_required",
        "covers_waiting",
    }
)  # fmt: skip
"""What decides which photographs count: a change has every one of them looked at again."""
REJUDGE = "rejudge"
_LISTS = {"planning_rules": choices.checked_rules, "planning_algorithms": choices.checked_algorithms}
_TELLS = {Target.State.PAUSED: "paused", Target.State.CLOSED: "closed", Target.State.OPEN: "opened"}


class Changed(NamedTuple):
    """A target after a change, and the job that looks at its photographs again, where there is one."""

    target: Target
    job: Job | None


def create_target(
    *,
    by: User,
    values: Mapping[str, Any],
    now: datetime,
    operation_id: UUID | None = None,
    demonstration: bool = False,
) -> tuple[Target, bool]:
    """Make a target whose coordinator is `by`; a repeat of the operation gives the same one, and False.

    Where the site demands a review before opening it is a draft at first, whatever state is asked for; but for the
    demonstration, which everybody knows.

    Raises:
        Forbidden: `by` may not. Invalid: a setting that cannot be.
    """
    if not (by.is_superuser or by.may_create_targets):
        raise Forbidden(_("Your account may not create targets. Ask the site admin."))
    if checks.is_demanded() and not demonstration:
        values = {**values, "state": Target.State.DRAFT}
    target = Target(created_by=by, operation_id=operation_id, created_at=now, updated_at=now, **_known(values))
    _check(target)
    with writing():
        try:
            with transaction.atomic():
                target.save(force_insert=True)
        except IntegrityError:
            return Target.objects.get(created_by=by, operation_id=operation_id), False
        Membership.objects.create(user=by, target=target, role=Role.COORDINATOR, created_at=now)
        events.record(
            at=now, verb="created", noun="target", row_id=target.pk, target_id=target.pk, actor_id=by.pk,
            data={name: values[name] for name in values if name != "outline"},
        )  # fmt: skip
    return target, True


def change_target(
    *,
    target_id: UUID,
    by: User,
    values: Mapping[str, Any],
    now: datetime,
    reopen: bool = False,
    operation_id: UUID | None = None,
) -> Changed:
    """Change settings of a target; saying the same again changes nothing.

    A repeat of the operation gives the target as it is now, whoever has changed it since, with the job of the first
    time. Where settings decide which photographs count, all of them are looked at again by a job. Places that would
    fall short then are opened again only with `reopen`. Where the last such job failed or was stopped, saying those
    settings again, or nothing at all, makes another one. Pausing, closing and opening is told to whoever holds a place
    or has a plan for one, and closing ends plans. With a `batch_size` the next refresh chooses which places wait, else
    all do.

    Raises:
        NotFound: it has gone. Invalid: a setting that cannot be. Conflict: a draft that this site wants reviewed first.
    """
    with writing():
        target = Target.objects.select_for_update(no_key=True).filter(pk=target_id).first()
        if target is None:
            raise NotFound(_("There is no such target."))
        changed = differing(target, values)
        unchecked = _unchecked(target, changed)
        if not _is_first_time(target, changed, by, now, operation_id):
            return Changed(target, _job_of(target, by, operation_id))
        _apply(target, changed, by, now)
        _note_opened(target, unchecked, by, now)
        job = _rejudging(target, values, changed, by, now, reopen, operation_id)
    if "state" in changed:
        # A claim that was on its way is seen only now. One that comes later still hears of it in its own answer.
        with writing():
            _tell_people(target, now)
    return Changed(target, job)


def _unchecked(target: Target, changed: Mapping[str, Any]) -> list[str] | None:
    """Give the steps of the review that are open where a draft is about to be opened, as it would be then."""
    if "state" not in changed:
        return None
    other = copy(target)
    for name, value in changed.items():
        if name != "state":
            setattr(other, name, value)
    return checks.check_may_leave(other, changed["state"])


def _note_opened(target: Target, unchecked: list[str] | None, by: User, now: datetime) -> None:
    if unchecked is not None:
        events.record(
            at=now, verb="opened", noun="target", row_id=target.pk, target_id=target.pk, actor_id=by.pk,
            data={"open_steps": unchecked},
        )  # fmt: skip


def _is_first_time(
    target: Target, changed: Mapping[str, Any], by: User, now: datetime, operation_id: UUID | None
) -> bool:
    """Write down what changes, before anything does: false where the operation was written down before."""
    if not changed and operation_id is None:
        return True
    data = {
        "before": {name: getattr(target, name) for name in changed if name != "outline"},
        "after": {name: value for name, value in changed.items() if name != "outline"},
    }
    # Where nothing changed, its repeat is to change nothing either; and whoever listens for changes hears of none.
    verb, data = ("changed", data) if changed else ("left as it was", {})
    return events.first_time(
        at=now, verb=verb, noun="target", row_id=target.pk, target_id=target.pk, actor_id=by.pk, data=data,
        operation_id=operation_id,
    )  # fmt: skip


def _apply(target: Target, changed: Mapping[str, Any], by: User, now: datetime) -> None:
    """Write down settings of a locked target, and let follow what follows at once."""
    for name, value in changed.items():
        setattr(target, name, value)
    _check(target)
    if changed:
        target.consent_version += bool(CONSENT & set(changed)) or _opens(target, changed)
        target.updated_at = now
        target.save(update_fields=[*changed, "consent_version", "updated_at"])
    if "state" in changed:
        _tell_people(target, now)
        _end_plans(target, now, by)
    if "batch_size" in changed and target.batch_size is None:
        refresh.let_all_wait(target, by=by, now=now)


def _opens(target: Target, changed: Mapping[str, Any]) -> bool:
    return "public" in changed or (target.public and bool(OPENNESS & set(changed)))


def differing(target: Target, values: Mapping[str, Any]) -> dict[str, Any]:
    """Give those settings that are not as they are in the target.

    Raises:
        Invalid: there is no such setting.
    """
    return {name: value for name, value in _known(values).items() if getattr(target, name) != value}


def with_settings(target: Target, values: Mapping[str, Any]) -> Target:
    """Give a copy of a target, not saved, as it would be with other settings.

    Raises:
        Invalid: a setting that cannot be.
    """
    other = copy(target)
    for name, value in differing(target, values).items():
        setattr(other, name, value)
    _check(other)
    return other


def _tell_people(target: Target, now: datetime) -> None:
    """Tell whoever holds something, or has a plan for it, and has not been told of this yet."""
    kind = _TELLS.get(Target.State(target.state))
    if kind:
        states = [Assignment.State.HELD, Assignment.State.PLANNED]
        on_the_way = Assignment.objects.filter(target=target, state__in=states, expires_at__gt=now)
        told = Message.objects.filter(target=target, kind=kind, created_at=now).values("user")
        telling.tell(
            users=on_the_way.exclude(volunteer__in=told).values_list("volunteer", flat=True), kind=kind, now=now,
            target_id=target.pk,
        )  # fmt: skip


def _end_plans(target: Target, now: datetime, by: User) -> None:
    if target.state == Target.State.CLOSED:
        # Not where there is a pause: that may end before the time of the plan does.
        planned = Assignment.objects.filter(target=target, state=Assignment.State.PLANNED)
        slots.end_planned(
            ended=planned, state=Assignment.State.WITHDRAWN, now=now, actor_id=by.pk, why="closed"
        )  # fmt: skip


def _rejudging(
    target: Target, values: Mapping[str, Any], changed: Mapping[str, Any], by: User, now: datetime, reopen: bool,
    operation_id: UUID | None,
) -> Job | None:  # fmt: skip
    """Have photographs looked at again where other ones may count, or where that came to no end the last time."""
    if not MATCHING & set(changed):
        last = Job.objects.filter(target=target, kind=REJUDGE).order_by("-created_at").first()
        ended = last and last.state in (Job.State.FAILED, Job.State.CANCELLED)
        if not last or not ended or (values and not MATCHING & set(values)):
            return None
        # Whoever stopped it says anew whether places are to be opened again; a fault of ours is no such word.
        reopen = reopen or (last.state == Job.State.FAILED and bool(last.data.get("reopen")))
    return jobs.add(
        kind=REJUDGE, target=target, by=by, now=now, row_id=target.pk, data={"reopen": reopen},
        operation_id=operation_id,
    )  # fmt: skip


def _job_of(target: Target, by: User, operation_id: UUID | None) -> Job | None:
    return Job.objects.filter(target=target, kind=REJUDGE, created_by=by, operation_id=operation_id).first()


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(values) - set(SETTINGS))
    if unknown:
        reasons = [{"field": name, "reason": _("There is no such setting.")} for name in unknown]
        raise Invalid(_("There is no setting called “%s”.") % unknown[0], errors=reasons)
    return {name: _LISTS[name](value, field=name) if name in _LISTS else value for name, value in values.items()}


def _check(target: Target) -> None:
    try:
        target.clean_fields(exclude=["created_by"])
    except ValidationError as error:
        reasons = [
            {"field": field, "reason": message}
            for field, messages in error.message_dict.items()
            for message in messages
        ]
        raise Invalid(f"{reasons[0]['field']}: {reasons[0]['reason']}", errors=reasons) from None
