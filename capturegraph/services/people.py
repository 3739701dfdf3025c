"""Joining, inviting, and accounts."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from capturegraph.models import Device, Invite, Membership, Target, User
from capturegraph.models.membership import Role
from capturegraph.services import events
from capturegraph.services.refusals import Conflict, Gone, Invalid, NotFound
from capturegraph.services.writing import writing

DEVICE_LIFE = timedelta(days=90)
SEEN_AT_MOST_EVERY = timedelta(minutes=1)


def sha256(secret: str) -> str:
    """Give what is kept of a code or token: 256 random bits need no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Joined(NamedTuple):
    """Who joined what, and whether it was now."""

    user: User
    target: Target
    device: Device
    created: bool


def join(
    *, code: str, name: str, device_id: UUID, token: str, consent: bool, now: datetime, as_user: User | None = None
) -> Joined:
    """Make the holder of an invite a member of its target.

    A repeat by the same device, after an answer that was lost, gives the same user and uses up nothing. A device that
    is known already (or `as_user`, who is logged in) joins as the person it is.

    Raises:
        Invalid: no consent. NotFound: no such invite. Gone: expired or used up. Conflict: the device id is another's.
    """
    if not consent:
        raise Invalid(_("Tick that you agree first."), errors=[{"field": "consent", "reason": _("It must be true.")}])
    with writing():
        invite = _invite(code)
        device = Device.objects.select_related("user").filter(pk=device_id).first()
        _check_device(device, token, now)
        user = device.user if device else as_user
        if user and Membership.objects.current().filter(user=user, target=invite.target).exists():
            created = device is None
        else:
            _use_up(invite, now)
            user = user or User.objects.create_user(name=name)
            _make_member(user, invite, now)
            created = True
        device = device or _make_device(user, device_id, token, now)
        return Joined(user, invite.target, device, created)


def _invite(code: str) -> Invite:
    # The row lock makes two redemptions of one invite wait for each other, so that neither sees the other half done.
    invite = (
        Invite.objects.select_for_update(of=("self",), no_key=True)
        .select_related("target")
        .filter(code_sha256=sha256(code), revoked_at=None)
        .first()
    )
    if invite is None:
        raise NotFound(_("This invitation is not known here. Ask for a new link."), code="invite_unknown")
    return invite


def _check_device(device: Device | None, token: str, now: datetime) -> None:
    if device is None:
        return
    if not secrets.compare_digest(device.token_sha256, sha256(token)):
        raise Conflict(_("This phone is known under another key."), code="device_known")
    if not Device.objects.live(now).filter(pk=device.pk).exists():
        raise Conflict(_("This phone was signed out. Ask the coordinator for a new link."), code="device_signed_out")


def _use_up(invite: Invite, now: datetime) -> None:
    if invite.expires_at <= now:
        raise Gone(_("This invitation has expired. Ask for a new link."), code="invite_expired")
    if not Invite.objects.filter(pk=invite.pk, uses_left__gt=0).update(uses_left=F("uses_left") - 1):
        raise Gone(_("This invitation has been used up. Ask for a new link."), code="invite_used_up")


def _make_member(user: User, invite: Invite, now: datetime) -> None:
    values = {
        "role": invite.role,
        "consented_at": now,
        "consent_text": invite.target.consent_text,
        "removed_at": None,
    }
    member, __ = Membership.objects.update_or_create(
        user=user, target=invite.target, defaults=values, create_defaults={**values, "created_at": now}
    )
    data = {"role": member.role, "invite": str(invite.pk)}
    events.record(
        at=now, verb="joined", noun="user", row_id=user.pk, target_id=invite.target_id, actor_id=user.pk, data=data
    )


def _make_device(user: User, device_id: UUID, token: str, now: datetime) -> Device:
    try:
        with transaction.atomic():
            return Device.objects.create(
                pk=device_id,
                user=user,
                token_sha256=sha256(token),
                created_at=now,
                last_seen_at=now,
                expires_at=now + DEVICE_LIFE,
            )
    except IntegrityError:
        raise Conflict(_("This phone's key is in use. Make a new one."), code="device_known") from None


def seen(*, device_id: UUID, now: datetime) -> None:
    """Note that a phone spoke, and let its token slide on. Doors call it at most once a minute a device."""
    with writing():
        Device.objects.live(now).filter(pk=device_id).update(last_seen_at=now, expires_at=now + DEVICE_LIFE)


def revoke_device(*, device: Device, by: User, now: datetime) -> None:
    """Shut a phone out at its next request."""
    with writing():
        if Device.objects.filter(pk=device.pk, revoked_at=None).update(revoked_at=now):
            events.record(at=now, verb="revoked", noun="device", row_id=device.pk, actor_id=by.pk)


class Invited(NamedTuple):
    """An invite, and the code that opens it: nobody can ask for the code again."""

    invite: Invite
    code: str


def make_invite(
    *,
    target: Target,
    role: str,
    by: User | None,
    uses: int,
    valid_for: timedelta,
    now: datetime,
    code: str | None = None,
) -> Invited:
    """Make a way into a target.

    Raises:
        Invalid: an unknown role, or uses or days that are out of range.
    """
    if role not in Role.values:
        raise Invalid(_("There is no such role."), errors=[{"field": "role", "reason": f"“{role}”"}])
    if not 1 <= uses <= 100_000:
        raise Invalid(_("An invitation is for 1 to 100,000 people."), errors=[{"field": "uses", "reason": str(uses)}])
    if not timedelta(minutes=1) <= valid_for <= timedelta(days=366):
        raise Invalid(
            _("An invitation is good for up to a year."), errors=[{"field": "days", "reason": str(valid_for)}]
        )
    code = code or secrets.token_urlsafe(32)
    with writing():
        invite = Invite.objects.create(
            target=target,
            role=role,
            code_sha256=sha256(code),
            uses_left=uses,
            created_by=by,
            created_at=now,
            expires_at=now + valid_for,
        )
        events.record(
            at=now, verb="invited", noun="invite", row_id=invite.pk, target_id=target.pk,
            actor_id=by.pk if by else None, data={"role": role, "uses": uses},
        )  # fmt: skip
    return Invited(invite, code)


def invite_for(*, code: str, now: datetime) -> Invite:
    """Give the invite that a code opens, for the page that shows it.

    Raises:
        NotFound: no such invite. Gone: expired or used up.
    """
    invite = (
        Invite.objects.select_related("target", "created_by").filter(code_sha256=sha256(code), revoked_at=None).first()
    )
    if invite is None:
        raise NotFound(_("This invitation is not known here. Ask for a new link."), code="invite_unknown")
    if invite.expires_at <= now:
        raise Gone(_("This invitation has expired. Ask for a new link."), code="invite_expired")
    if invite.uses_left == 0:
        raise Gone(_("This invitation has been used up. Ask for a new link."), code="invite_used_up")
    return invite


def revoke_invite(*, invite: Invite, by: User, now: datetime) -> None:
    """Let an invite open nothing any more; who joined by it stays."""
    with writing():
        if Invite.objects.filter(pk=invite.pk, revoked_at=None).update(revoked_at=now):
            events.record(
                at=now, verb="revoked", noun="invite", row_id=invite.pk, target_id=invite.target_id, actor_id=by.pk
            )


def create_account(
    *, username: str, name: str, password: str, now: datetime, admin: bool = False, may_create_targets: bool = True
) -> User:
    """Make an account that logs in once with `password` and must choose its own then.

    Raises:
        Conflict: the log-in name is taken.
    """
    try:
        with writing():
            user = User.objects.create_user(
                username,
                password,
                name=name,
                is_staff=admin,
                is_superuser=admin,
                may_create_targets=may_create_targets,
                must_change_password=True,
                created_at=now,
            )
            events.record(at=now, verb="created", noun="user", row_id=user.pk, data={"admin": admin})
    except IntegrityError:
        raise Conflict(_("The log-in name “%s” is taken.") % username) from None
    return user


def change_password(*, user: User, password: str, now: datetime) -> None:
    """Set the password that somebody chose for themselves.

    Raises:
        Invalid: it is too weak; the reasons are in `errors`.
    """
    try:
        validate_password(password, user)
    except ValidationError as error:
        reasons = [{"field": "password", "reason": message} for message in error.messages]
        raise Invalid(" ".join(error.messages), errors=reasons) from None
    with writing():
        user.set_password(password)
        user.must_change_password = False
        user.save(update_fields=["password", "must_change_password"])
        events.record(at=now, verb="changed password", noun="user", row_id=user.pk, actor_id=user.pk)


def one_time_password() -> str:
    """Make up a password that can be read out over the telephone: 80 bits, without letters that look alike."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(4)) for _ in range(4))


def set_one_time_password(*, user: User, password: str, now: datetime, by: User | None = None) -> None:
    """Give somebody a password that opens the door once, and must be changed there."""
    with writing():
        user.set_password(password)
        user.must_change_password = True
        user.save(update_fields=["password", "must_change_password"])
        events.record(at=now, verb="set one-time password", noun="user", row_id=user.pk, actor_id=by.pk if by else None)


def set_role(*, user: User, target: Target, role: str, now: datetime, by: User | None) -> Membership:
    """Make somebody a member in a role, or change their role."""
    with writing():
        values = {"role": role, "removed_at": None}
        member, __ = Membership.objects.update_or_create(
            user=user, target=target, defaults=values, create_defaults={**values, "created_at": now}
        )
        events.record(
            at=now, verb="set role", noun="user", row_id=user.pk, target_id=target.pk, actor_id=by.pk if by else None,
            data={"role": role},
        )  # fmt: skip
    return member


def remove_member(*, membership: Membership, by: User, now: datetime) -> None:
    """Take somebody out of a target; what they captured stays."""
    with writing():
        if Membership.objects.current().filter(pk=membership.pk).update(removed_at=now):
            events.record(
                at=now, verb="removed", noun="user", row_id=membership.user_id, target_id=membership.target_id,
                actor_id=by.pk,
            )  # fmt: skip


def set_active(*, user: User, active: bool, by: User, now: datetime) -> None:
    """Let somebody in, or shut them out everywhere at their next request.

    Raises:
        Invalid: it is `by`, who would be shut out at once with nobody asked.
    """
    if user == by and not active:
        raise Invalid(_("You cannot shut yourself out. Ask another site admin."))
    with writing():
        if User.objects.filter(pk=user.pk, is_active=not active).update(is_active=active):
            verb = "let in" if active else "shut out"
            events.record(at=now, verb=verb, noun="user", row_id=user.pk, actor_id=by.pk)
