"""Joining: as somebody new, as who one is already, or as who a link says."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import F
from django.utils.translation import gettext as _

from capturegraph.models import Device, Invite, Membership, Target, User
from capturegraph.services import events
from capturegraph.services.people import consent as consents
from capturegraph.services.people import invites, phones
from capturegraph.services.people.identity import hold_person
from capturegraph.services.people.links import may_act_for
from capturegraph.services.refusals import Conflict, Gone, Invalid
from capturegraph.services.writing import writing


class Joined(NamedTuple):
    """Who joined what, and whether it was now."""

    user: User
    target: Target
    device: Device
    created: bool


def join(
    *,
    code: str,
    device_id: UUID,
    token: str,
    consent: bool,
    now: datetime,
    name: str = "",
    consent_version: int | None = None,
    as_user: User | None = None,
) -> Joined:
    """Make the holder of an invite a member of its target, or their phone one more phone of whom a link is for.

    A repeat by the same device, after an answer that was lost, gives the same user and uses up nothing. A device that
    is known already (or `as_user`, who is logged in) joins as the person it is, even after its token ran out.
    `name` is for somebody new, else it is not looked at; `consent_version` is that of the words that were shown, where
    the client knows it.

    Raises:
        Invalid: no consent, or no name. NotFound: no such invite. Gone: expired or used up.
        Conflict: the device id is another's, or other words were shown than the present ones.
    """
    if not consent:
        raise Invalid(_("Tick that you agree first."), errors=[{"field": "consent", "reason": _("It must be true.")}])
    with writing():
        # People are locked before invites, everywhere: who it is for has to be known first.
        for_user = invites.find(code).for_user_id
        owner = hold_person(for_user) if for_user else None
        invite = invites.find(code, lock=True)
        device = phones.known(device_id=device_id, token=token)
        # Who is repeating has agreed before, and agrees to nothing now.
        if consent_version is not None and not (device and _is_member(device.user, invite.target)):
            consents.check_version(invite.target, consent_version)
        if owner:
            return _sign_in(invite, owner, device, device_id, token, now)
        return _take_in(invite, device, as_user, name, device_id, token, now)


def _is_member(user: User, target: Target) -> bool:
    return Membership.objects.current().filter(user=user, target=target).exists()


def _take_in(
    invite: Invite, device: Device | None, as_user: User | None, name: str, device_id: UUID, token: str, now: datetime
) -> Joined:  # fmt: skip
    user = device.user if device else as_user
    if user and _is_member(user, invite.target):
        created = device is None
    else:
        _use_up(invite, now)
        user = hold_person(user.pk) if user else _new_user(name)
        _make_member(user, invite, now)
        created = True
    return Joined(user, invite.target, _phone(user, device, device_id, token, now), created)


def _sign_in(
    link: Invite, owner: User, device: Device | None, device_id: UUID, token: str, now: datetime
) -> Joined:  # fmt: skip
    if device and device.user_id != owner.pk:
        raise Conflict(
            _("This phone is signed in as %s. Ask the coordinator to make the two of you one.") % device.user,
            code="signed_in_as_another",
        )
    if device is None:
        # Who made it may have lost the right to: the person may have joined elsewhere since, or chosen a password.
        if link.created_by is None or not may_act_for(link.created_by, owner):
            raise Gone(_("This link does not hold any more. Ask for a new one."), code="invite_expired")
        _use_up(link, now)
        events.record(
            at=now, verb="signed in", noun="user", row_id=owner.pk, target_id=link.target_id, actor_id=owner.pk,
            data={"invite": str(link.pk), "device": str(device_id)},
        )  # fmt: skip
        older = Membership.objects.filter(user=owner, target=link.target)
        older.filter(consent_version__lt=link.target.consent_version).update(**consents.given(link.target, now))
    return Joined(owner, link.target, _phone(owner, device, device_id, token, now), device is None)


def _phone(user: User, device: Device | None, device_id: UUID, token: str, now: datetime) -> Device:
    if device:
        return phones.renew(device=device, now=now)
    return phones.register(user=user, device_id=device_id, token=token, now=now)


def _new_user(name: str) -> User:
    if not name.strip():
        reason = _("Tell us a name first.")
        raise Invalid(reason, errors=[{"field": "name", "reason": reason}])
    return User.objects.create_user(name=name)


def _use_up(invite: Invite, now: datetime) -> None:
    invites.check_open(invite, now)
    if not Invite.objects.filter(pk=invite.pk, uses_left__gt=0).update(uses_left=F("uses_left") - 1):
        raise Gone(_("This invitation has been used up. Ask for a new link."), code="invite_used_up")


def _make_member(user: User, invite: Invite, now: datetime) -> None:
    values = {"role": invite.role, "removed_at": None, **consents.given(invite.target, now)}
    member, __ = Membership.objects.update_or_create(
        user=user, target=invite.target, defaults=values, create_defaults={**values, "created_at": now}
    )
    data = {"role": member.role, "invite": str(invite.pk)}
    events.record(
        at=now, verb="joined", noun="user", row_id=user.pk, target_id=invite.target_id, actor_id=user.pk, data=data
    )
