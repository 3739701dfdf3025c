"""The accounts, the target and the invites that `quickstart` needs, made once and reused afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from capturegraph import demo
from capturegraph.models import Batch, Target, User
from capturegraph.models.membership import Role
from capturegraph.services import batches, people, targets

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
    password = people.one_time_password()
    user = User.objects.filter(username__iexact=username).first()
    if user is None:
        user = people.create_account(username=username, name=name, password=password, now=now, admin=admin)
    elif not user.must_change_password:
        return Account(user, None)
    else:
        people.set_one_time_password(user=user, password=password, now=now)
    return Account(user, password)


def campaign(*, now: datetime) -> Campaign:
    """Make the demonstration target with its coordinator and places, or find them; the two invites are always new.

    The operation ids of `demo` make a repeat give the same target and batch.
    """
    coordinator = account(username="carol", name="Carol", admin=False, now=now)
    target = Target.objects.filter(operation_id=demo.OPERATION).first()
    made = target is None
    if target is None:
        target, __ = targets.create_target(
            by=coordinator.user, values=demo.target(), now=now, operation_id=demo.OPERATION
        )
    batches.upload(
        target=target,
        file=batches.File(demo.FILE_NAME, demo.places()),
        mode=Batch.Mode.ADD,
        by=coordinator.user,
        now=now,
        operation_id=demo.OPERATION,
    )
    return Campaign(coordinator, target, made, (_invite(target, now), _invite(target, now)))


def _invite(target: Target, now: datetime) -> str:
    invited = people.make_invite(
        target=target, role=Role.VOLUNTEER, by=None, uses=INVITE_USES, valid_for=INVITES_VALID_FOR, now=now
    )
    return invited.code
