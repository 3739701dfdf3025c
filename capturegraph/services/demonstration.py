"""The accounts, the target and the invites that `quickstart` needs, made once and reused afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid5

from capturegraph import demo
from capturegraph.models import Batch, Target, User
from capturegraph.models.membership import Role
from capturegraph.services import targets
from capturegraph.services.batching import batches
from capturegraph.services.people import accounts, invites

INVITES_VALID_FOR = timedelta(days=7)
INVITE_USES = 10


class Account(NamedTuple):
    """Somebody who can log in, and the one-time password they have now; None where they chose their own already."""

    user: User
    password: str | None


class Campaign(NamedTuple):
    """The demonstration target, whether it was made now, and the codes of two invites that were."""

    coordinator: Account
    target: Target
    made: bool
    codes: tuple[str, str]


def account(*, username: str, name: str, admin: bool, now: datetime) -> Account:
    """Make an account with a one-time password; one whose password is still pending gets a new one.

    Passwords are stored hashed, so that a pending one cannot be shown a second time.
    """
    password = accounts.one_time_password()
    user = User.objects.filter(username__iexact=username).first()
    if user is None:
        user = accounts.create_account(username=username, name=name, password=password, now=now, admin=admin)
    elif not user.must_change_password:
        return Account(user, None)
    else:
        accounts.set_one_time_password(user=user, password=password, now=now)
    return Account(user, password)


def campaign(*, now: datetime) -> Campaign:
    """Make the demonstration target with its coordinator and places, or find them; the two invites are always new.

    The operation ids of `demo` make a repeat give the same target and batch.
    """
    coordinator = account(username="carol", name="Carol", admin=False, now=now)
    target = Target.objects.filter(operation_id=demo.OPERATION).first()
    made = target is None
    if target is None:
        values = {**demo.target(), "contact": demo.CONTACT}
        target, __ = targets.create_target(
            by=coordinator.user, values=values, now=now, operation_id=demo.OPERATION, demonstration=True
        )
    _bring_in(target, coordinator.user, now, demo.OPERATION)
    return Campaign(coordinator, target, made, (_invite(target, now), _invite(target, now)))


def of_ones_own(*, by: User, now: datetime) -> Target:
    """Make a demonstration target that `by` coordinates, with its places; a repeat gives the same one.

    Raises:
        Forbidden: `by` may not make targets.
    """
    operation_id = uuid5(demo.OPERATION, str(by.pk))
    values = {**demo.target(), "contact": str(by)}
    target, __ = targets.create_target(by=by, values=values, now=now, operation_id=operation_id, demonstration=True)
    _bring_in(target, by, now, operation_id)
    return target


def _bring_in(target: Target, by: User, now: datetime, operation_id: UUID) -> None:
    file = batches.File(demo.FILE_NAME, demo.places())
    batches.upload(target=target, file=file, mode=Batch.Mode.ADD, by=by, now=now, operation_id=operation_id)


def _invite(target: Target, now: datetime) -> str:
    invited = invites.make_invite(
        target=target, role=Role.VOLUNTEER, by=None, uses=INVITE_USES, valid_for=INVITES_VALID_FOR, now=now
    )
    return invited.code
