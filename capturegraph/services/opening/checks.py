"""Ticking the steps before a target is opened, and saying which are open. It holds for what was seen, and no longer."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from capturegraph.models import OpeningCheck, Target, User
from capturegraph.services import events
from capturegraph.services.opening import steps
from capturegraph.services.opening.steps import Step
from capturegraph.services.refusals import Conflict, Invalid, NotFound
from capturegraph.services.writing import writing


class Standing(NamedTuple):
    """A step, and its tick where it has one: "open", "ticked", or "changed" since it was."""

    step: Step
    check: OpeningCheck | None

    @property
    def state(self) -> Literal["open", "ticked", "changed"]:
        """How it stands."""
        if self.check is None:
            return "open"
        return "ticked" if self.check.digest == self.step.digest else "changed"

    @property
    def title(self) -> str:
        """The step in words."""
        return str(OpeningCheck.Step(self.step.name).label)


def standing(target: Target) -> list[Standing]:
    """Say of every step how it stands."""
    ticks = {one.step: one for one in OpeningCheck.objects.filter(target=target).select_related("ticked_by")}
    return [Standing(step, ticks.get(step.name)) for step in steps.steps(target)]


def left(target: Target) -> list[Standing]:
    """Give the steps that nobody has ticked, or that have changed since."""
    return [one for one in standing(target) if one.state != "ticked"]


def is_demanded() -> bool:
    """Whether this site wants every step ticked before a target is opened."""
    return bool(settings.ENV["REVIEW_BEFORE_OPENING"])


def tick(*, target_id: UUID, step: str, digest: str, by: User, now: datetime) -> OpeningCheck:
    """Say that somebody has looked at a step, as it was when it had this digest; a repeat is success.

    Raises:
        NotFound: no such target. Invalid: no such step. Conflict: it has changed since they looked.
    """
    with writing():
        target = _locked(target_id, step)
        present = steps.step(target, step)
        if present.digest != digest:
            raise Conflict(_("This has changed since you opened the page. Look at it once more."), code="changed")
        before = OpeningCheck.objects.filter(target=target, step=step).first()
        if before and before.digest == digest:
            return before
        values = {"digest": digest, "ticked_by": by, "ticked_at": now}
        check, __ = OpeningCheck.objects.update_or_create(target=target, step=step, defaults=values)
        events.record(
            at=now, verb="checked", noun="target", row_id=target.pk, target_id=target.pk, actor_id=by.pk,
            data={"step": step, "digest": digest},
        )  # fmt: skip
    return check


def untick(*, target_id: UUID, step: str, by: User, now: datetime) -> None:
    """Take a tick back; a repeat is success.

    Raises:
        NotFound: no such target. Invalid: no such step.
    """
    with writing():
        target = _locked(target_id, step)
        if OpeningCheck.objects.filter(target=target, step=step).delete()[0]:
            events.record(
                at=now, verb="unchecked", noun="target", row_id=target.pk, target_id=target.pk, actor_id=by.pk,
                data={"step": step},
            )  # fmt: skip


def check_may_leave(target: Target, state: str) -> list[str] | None:
    """Give the open steps of a draft that is about to be opened; None where it is not about that.

    Raises:
        Conflict: this site demands that there are none; or the draft would go round the review.
    """
    if target.state != Target.State.DRAFT:
        return None
    if state != Target.State.OPEN:
        if is_demanded():
            raise Conflict(_("A draft is reviewed and opened here, or stays one."), code="review_demanded")
        return None
    found = left(target)
    if found and is_demanded():
        names = ", ".join(f"“{one.title}”" for one in found)
        raise Conflict(
            _("This site wants every step ticked before it is opened. Still open: %s.") % names,
            code="review_demanded", present={"open_steps": [one.step.name for one in found]},
        )  # fmt: skip
    return [one.step.name for one in found]


def _locked(target_id: UUID, step: str) -> Target:
    if step not in OpeningCheck.Step.values:
        reason = _("There is no such step.")
        raise Invalid(reason, errors=[{"field": "step", "reason": reason}])
    target = Target.objects.select_for_update(no_key=True).filter(pk=target_id).first()
    if target is None:
        raise NotFound(_("There is no such target."))
    return target
