"""Making targets and changing their settings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from capturegraph.models import Membership, Target, User
from capturegraph.models.membership import Role
from capturegraph.services import events
from capturegraph.services.refusals import Forbidden, Invalid, NotFound
from capturegraph.services.writing import writing

SETTINGS = (
    "name", "instructions", "contact", "consent_text", "credit", "outline", "state", "time_zone",
    "sigma_m", "threshold", "max_accuracy_m", "lease_s", "covers_waiting",
)  # fmt: skip


def create_target(
    *, by: User, values: Mapping[str, Any], now: datetime, operation_id: UUID | None = None
) -> tuple[Target, bool]:
    """Make a target whose coordinator is `by`; a repeat of the operation gives the same one, and False.

    Raises:
        Forbidden: `by` may not. Invalid: a setting that cannot be.
    """
    if not (by.is_superuser or by.may_create_targets):
        raise Forbidden(_("Your account may not create targets. Ask the site admin."))
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


def change_target(*, target_id: UUID, by: User, values: Mapping[str, Any], now: datetime) -> Target:
    """Change settings of a target; saying the same again changes nothing.

    Raises:
        NotFound: it has gone. Invalid: a setting that cannot be.
    """
    with writing():
        target = Target.objects.select_for_update(no_key=True).filter(pk=target_id).first()
        if target is None:
            raise NotFound(_("There is no such target."))
        changed = {name: value for name, value in _known(values).items() if getattr(target, name) != value}
        before = {name: getattr(target, name) for name in changed if name != "outline"}
        for name, value in changed.items():
            setattr(target, name, value)
        _check(target)
        if changed:
            target.updated_at = now
            target.save(update_fields=[*changed, "updated_at"])
            after = {name: value for name, value in changed.items() if name != "outline"}
            events.record(
                at=now, verb="changed", noun="target", row_id=target.pk, target_id=target.pk, actor_id=by.pk,
                data={"before": before, "after": after},
            )  # fmt: skip
    return target


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    unknown = sorted(set(values) - set(SETTINGS))
    if unknown:
        reasons = [{"field": name, "reason": _("There is no such setting.")} for name in unknown]
        raise Invalid(_("There is no setting called “%s”.") % unknown[0], errors=reasons)
    return dict(values)


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
