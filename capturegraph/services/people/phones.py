"""Phones: known by their token, let in for as long as they are used, shut out at once."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from capturegraph.models import Assignment, Device, User
from capturegraph.services import events
from capturegraph.services.people.identity import hold_targets_of, locked_people
from capturegraph.services.people.returning import take_back
from capturegraph.services.refusals import Conflict, NotFound
from capturegraph.services.writing import writing

DEVICE_LIFE = timedelta(days=90)
SEEN_AT_MOST_EVERY = timedelta(minutes=1)


def sha256(secret: str) -> str:
    """Give what is kept of a code or token: 256 random bits need no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def known(*, device_id: UUID, token: str) -> Device | None:
    """Give the phone that shows its token; None where nobody knows it. One that ran out is still the same phone.

    Raises:
        Conflict: another token, or signed out: it does not come back by itself.
    """
    device = Device.objects.select_related("user").filter(pk=device_id).first()
    if device is None:
        return None
    if not secrets.compare_digest(device.token_sha256, sha256(token)):
        raise Conflict(_("This phone is known under another key."), code="device_known")
    if device.revoked_at or not device.user.is_active:
        raise Conflict(_("This phone was signed out. Ask the coordinator for a new link."), code="device_signed_out")
    return device


def register(*, user: User, device_id: UUID, token: str, now: datetime) -> Device:
    """Let a phone speak for somebody from now on, in the caller's transaction.

    Raises:
        Conflict: its id or token is in use.
    """
    try:
        with transaction.atomic():
            return Device.objects.create(
                pk=device_id, user=user, token_sha256=sha256(token), created_at=now, last_seen_at=now,
                expires_at=now + DEVICE_LIFE,
            )  # fmt: skip
    except IntegrityError:
        raise Conflict(_("This phone's key is in use. Make a new one."), code="device_known") from None


def renew(*, device: Device, now: datetime) -> Device:
    """Let a phone that is not revoked in again after its token ran out; one that runs is left alone."""
    if device.expires_at <= now:
        device.last_seen_at, device.expires_at = now, now + DEVICE_LIFE
        device.save(update_fields=["last_seen_at", "expires_at"])
        events.record(at=now, verb="renewed", noun="device", row_id=device.pk, actor_id=device.user_id)
    return device


def seen(*, device_id: UUID, now: datetime) -> None:
    """Note that a phone spoke, and let its token slide on. Doors call it at most once a minute a device."""
    with writing():
        Device.objects.live(now).filter(pk=device_id).update(last_seen_at=now, expires_at=now + DEVICE_LIFE)


def revoke_device(*, device: Device, by: User, now: datetime) -> None:
    """Shut a phone out at its next request.

    Where it was the last one of its person, nobody walks any more: what they hold goes back to the others.
    """
    with writing():
        hold_targets_of([device.user_id])
        locked_people([device.user_id])
        if not Device.objects.filter(pk=device.pk, revoked_at=None).update(revoked_at=now):
            return
        events.record(at=now, verb="revoked", noun="device", row_id=device.pk, actor_id=by.pk)
        if not Device.objects.live(now).filter(user=device.user_id).exists():
            state = Assignment.State.RELEASED if by.pk == device.user_id else Assignment.State.WITHDRAWN
            take_back(user_id=device.user_id, state=state, why="phone revoked", now=now, actor_id=by.pk)


def revoke_own(*, device_id: UUID, by: User, now: datetime) -> None:
    """Shut out a phone of one's own; a repeat is success.

    Raises:
        NotFound: no phone of the caller.
    """
    device = Device.objects.filter(pk=device_id, user=by).first()
    if device is None:
        raise NotFound(_("You have no such phone."))
    revoke_device(device=device, by=by, now=now)
