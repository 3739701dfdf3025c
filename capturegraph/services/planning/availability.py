"""When people have time for a target, and what they can do and carry: said by them, or by a coordinator for them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from capturegraph.formats import skills
from capturegraph.models import Availability, Membership, User
from capturegraph.services import events
from capturegraph.services.people.identity import hold_person
from capturegraph.services.planning.times import is_moment
from capturegraph.services.refusals import Invalid, NotFound
from capturegraph.services.writing import hold_target_shared, writing

PROFILE = ("skills", "start", "capacity", "most_walking_m", "newcomer")
"""What can be said of a member. `start` is a mapping of `latitude` and `longitude`, or None."""
MOST_TIMES = 200
MOST_CAPACITY = 10_000


class Time(NamedTuple):
    """A time in which somebody is "there" or "away", before `until_at`."""

    kind: str
    from_at: datetime
    until_at: datetime


def set_times(
    *, membership: Membership, times: Sequence[Time], by: User, now: datetime
) -> list[Availability]:  # fmt: skip
    """Let these be all the times of a member; the same again changes nothing.

    Raises:
        Invalid: a time that cannot be, or too many. NotFound: no member any more.
    """
    wanted = _checked(times)
    with writing():
        member = _held(membership, by)
        there = {Time(one.kind, one.from_at, one.until_at): one for one in member.availabilities.all()}
        gone = [one.pk for time, one in there.items() if time not in wanted]
        new = [time for time in wanted if time not in there]
        Availability.objects.filter(pk__in=gone).delete()
        Availability.objects.bulk_create(
            Availability(membership=member, **time._asdict(), created_at=now) for time in new
        )  # fmt: skip
        if gone or new:
            events.record(
                at=now, verb="set times", noun="user", row_id=member.user_id, target_id=member.target_id,
                actor_id=by.pk, data={"times": len(wanted)},
            )  # fmt: skip
    return list(Availability.objects.filter(membership=member).order_by("from_at", "until_at", "kind"))


def set_profile(*, membership: Membership, values: Mapping[str, Any], by: User, now: datetime) -> Membership:
    """Change what is known of a member (`PROFILE`); what is not named stays, the same again changes nothing.

    Raises:
        Invalid: a value that cannot be. NotFound: no member any more.
    """
    wanted = _columns(values)
    with writing():
        member = _held(membership, by)
        changed = {name: value for name, value in wanted.items() if getattr(member, name) != value}
        for name, value in changed.items():
            setattr(member, name, value)
        _check(member)
        if changed:
            member.save(update_fields=[*changed])
            # Which, but not what: a place where somebody sets out from is nobody else's business.
            events.record(
                at=now, verb="set profile", noun="user", row_id=member.user_id, target_id=member.target_id,
                actor_id=by.pk, data={"fields": sorted({_field(name) for name in changed})},
            )  # fmt: skip
    return member


def say(
    *, membership: Membership, times: Sequence[Time], values: Mapping[str, Any], by: User, now: datetime
) -> Membership:  # fmt: skip
    """Set the times of a member, as `set_times`, and what is known of them, as `set_profile`, both or neither.

    Raises:
        Invalid: what cannot be. NotFound: no member any more.
    """
    with writing():
        set_times(membership=membership, times=times, by=by, now=now)
        return set_profile(membership=membership, values=values, by=by, now=now)


def _held(membership: Membership, by: User) -> Membership:
    """Keep the target and whose words these are as they are, then lock the member's row."""
    hold_target_shared(membership.target_id)
    if by.pk == membership.user_id:
        hold_person(by.pk)
    rows = Membership.objects.current().select_for_update(no_key=True, of=("self",))
    member = rows.filter(pk=membership.pk).first()
    if member is None:
        raise NotFound(_("There is no such member."))
    return member


def _checked(times: Sequence[Time]) -> list[Time]:
    if len(times) > MOST_TIMES:
        reason = _("There are %(count)d times; %(most)d are taken.") % {"count": len(times), "most": MOST_TIMES}
        raise Invalid(reason, errors=[{"field": "times", "reason": reason}])
    wrong = []
    for number, time in enumerate(times):
        if time.kind not in Availability.Kind.values:
            reason = _("“%(kind)s” is neither “there” nor “away”.") % {"kind": str(time.kind)[:40]}
            wrong.append({"field": f"times.{number}.kind", "reason": reason})
        elif not (is_moment(time.from_at) and is_moment(time.until_at)):
            reason = _("%s is no time with a time zone.") % f"{time.from_at}, {time.until_at}"[:80]
            wrong.append({"field": f"times.{number}", "reason": reason})
        elif time.until_at <= time.from_at:
            reason = _("%(until)s is not after %(begin)s.") % {
                "until": time.until_at.isoformat(), "begin": time.from_at.isoformat(),
            }  # fmt: skip
            wrong.append({"field": f"times.{number}.until_at", "reason": reason})
    if wrong:
        raise Invalid(f"{wrong[0]['field']}: {wrong[0]['reason']}", errors=wrong)
    return list(dict.fromkeys(times))


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give values of `PROFILE` as columns of a membership."""
    for name in values:
        if name not in PROFILE:
            raise _invalid(name, _("There is no such field."))
    columns = {name: value for name, value in values.items() if name != "start"}
    if "skills" in values:
        try:
            columns["skills"] = list(skills.words(values["skills"]))
        except ValueError as error:
            raise _invalid("skills", str(error)) from None
    if "start" in values:
        columns["start_latitude"], columns["start_longitude"] = _start(values["start"])
    capacity, walking = columns.get("capacity"), columns.get("most_walking_m")
    if capacity is not None and (type(capacity) is not int or not 0 <= capacity <= MOST_CAPACITY):
        raise _invalid("capacity", _("%(value)s is no number from 0 to %(most)d.") % _said(capacity, MOST_CAPACITY))
    if walking is not None:
        columns["most_walking_m"] = _number(walking, "most_walking_m")
    if columns.get("newcomer") not in (None, True, False):
        raise _invalid("newcomer", _("%(value)s is neither true nor false.") % _said(columns["newcomer"]))
    return columns


def _start(value: Any) -> tuple[float | None, float | None]:
    if value is None:
        return None, None
    if not isinstance(value, Mapping) or set(value) != {"latitude", "longitude"}:
        raise _invalid("start", _("Write it as a latitude and a longitude, or leave it empty."))
    return _number(value["latitude"], "start.latitude"), _number(value["longitude"], "start.longitude")


def _number(value: Any, field: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise _invalid(field, _("%(value)s is no number.") % _said(value))
    return float(value)


def _check(member: Membership) -> None:
    """Hold the values against the bounds of the columns."""
    names = ("start_latitude", "start_longitude", "most_walking_m")
    try:
        member.clean_fields(exclude=[one.name for one in member._meta.fields if one.name not in names])
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise _invalid(_field(field), f"{_said(getattr(member, field))['value']}: {messages[0]}") from None


def _field(column: str) -> str:
    return column.replace("start_latitude", "start").replace("start_longitude", "start")


def _said(value: Any, most: int = 0) -> dict[str, Any]:
    return {"value": str(value)[:40], "most": most}


def _invalid(field: str, reason: str) -> Invalid:
    return Invalid(f"{field}: {reason}", errors=[{"field": field, "reason": reason}])
