"""Ways into a target: made, shown once, looked up, revoked."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from capturegraph.models import Invite, Target, User
from capturegraph.models.membership import Role
from capturegraph.services import events
from capturegraph.services.people.phones import sha256
from capturegraph.services.refusals import Gone, Invalid, NotFound
from capturegraph.services.writing import writing

MOST_COORDINATORS = 5
COORDINATORS_FOR = timedelta(days=14)
TYPED = "23456789abcdefghjkmnpqrstuvwxyz"
"""Of what a code is made that somebody may have to type off a poster: nothing that looks like something else."""


class Invited(NamedTuple):
    """An invite, and the code that opens it: nobody can ask for the code again."""

    invite: Invite
    code: str


def typed_code() -> str:
    """Give a new code that can be typed, like "k7mqx-2pd9f-htr4w": 74 bits, too many to be guessed over a network."""
    return "-".join("".join(secrets.choice(TYPED) for _letter in range(5)) for _part in range(3))


def is_typed_code(code: str) -> bool:
    """Say whether a code looks like one that `typed_code` made."""
    parts = code.split("-")
    return len(parts) == 3 and all(len(part) == 5 and set(part) <= set(TYPED) for part in parts)


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
    """Make a way into a target. With a `code` that the caller chose by chance, a repeat gives the same one.

    Raises:
        Invalid: an unknown role, or uses or days that are out of range, or a code that opens something else.
    """
    _check_asked(role, uses, valid_for, by)
    code = code or secrets.token_urlsafe(32)
    with writing():
        try:
            with transaction.atomic():
                invite = Invite.objects.create(
                    target=target, role=role, code_sha256=sha256(code), uses_left=uses, created_by=by, created_at=now,
                    expires_at=now + valid_for,
                )  # fmt: skip
        except IntegrityError:
            return Invited(_made_before(code, target, role, by), code)
        events.record(
            at=now, verb="invited", noun="invite", row_id=invite.pk, target_id=target.pk,
            actor_id=by.pk if by else None, data={"role": role, "uses": uses},
        )  # fmt: skip
    return Invited(invite, code)


def _check_asked(role: str, uses: int, valid_for: timedelta, by: User | None) -> None:
    if role not in Role.values:
        raise Invalid(_("There is no such role."), errors=[{"field": "role", "reason": f"“{role}”"}])
    if not 1 <= uses <= 100_000:
        raise Invalid(_("An invitation is for 1 to 100,000 people."), errors=[{"field": "uses", "reason": str(uses)}])
    if not timedelta(minutes=1) <= valid_for <= timedelta(days=366):
        raise Invalid(
            _("An invitation is good for up to a year."), errors=[{"field": "days", "reason": str(valid_for)}]
        )
    trusted = by is None or by.is_superuser
    if role == Role.COORDINATOR and not trusted and (uses > MOST_COORDINATORS or valid_for > COORDINATORS_FOR):
        # Whoever finds such a link may do everything here.
        reason = _("A link that makes coordinators is for up to 5 people and 14 days.")
        raise Invalid(reason, errors=[{"field": "uses", "reason": reason}])


def _made_before(code: str, target: Target, role: str, by: User | None) -> Invite:
    same = Invite.objects.filter(code_sha256=sha256(code), target=target, role=role, created_by=by)
    invite = same.filter(for_user=None, revoked_at=None).first()
    if invite is None:
        reason = _("This code is in use. Make another invite.")
        raise Invalid(reason, errors=[{"field": "code", "reason": reason}])
    return invite


def find(code: str, *, lock: bool = False) -> Invite:
    """Give the invite that a code opens, though it may have run out.

    Raises:
        NotFound: no such invite, or one that was revoked.
    """
    invites = Invite.objects.select_related("target", "created_by", "for_user")
    if lock:
        # Two redemptions of one invite wait for each other, so that neither sees the other half done.
        invites = invites.select_for_update(of=("self",), no_key=True)
    invite = invites.filter(code_sha256=sha256(code), revoked_at=None).first()
    if invite is None:
        raise NotFound(_("This invitation is not known here. Ask for a new link."), code="invite_unknown")
    return invite


def check_open(invite: Invite, now: datetime) -> None:
    """Refuse an invite that opens nothing any more.

    Raises:
        Gone: expired or used up.
    """
    if invite.expires_at <= now:
        raise Gone(_("This invitation has expired. Ask for a new link."), code="invite_expired")
    if invite.uses_left == 0:
        raise Gone(_("This invitation has been used up. Ask for a new link."), code="invite_used_up")


def invite_for(*, code: str, now: datetime) -> Invite:
    """Give the invite that a code opens, for the page that shows it.

    Raises:
        NotFound: no such invite. Gone: expired or used up.
    """
    invite = find(code)
    check_open(invite, now)
    return invite


def of_target(*, code: str, target: Target, now: datetime) -> Invite:
    """Give the open invite for volunteers of a target that a code opens, for whoever puts it on a poster.

    Raises:
        NotFound: no such invite here. Gone: expired or used up.
    """
    invite = find(code)
    if invite.target_id != target.pk or invite.for_user_id or invite.role != Role.VOLUNTEER:
        raise NotFound(_("This invitation is not known here. Ask for a new link."), code="invite_unknown")
    check_open(invite, now)
    return invite


def withdraw(*, target: Target, invite_id: UUID, by: User, now: datetime) -> None:
    """Let an invite into a target open nothing any more, as `revoke_invite`; a repeat is success.

    Raises:
        NotFound: no such invite here.
    """
    invite = Invite.objects.filter(target=target, pk=invite_id, for_user=None).first()
    if invite is None:
        raise NotFound(_("There is no such invite."))
    revoke_invite(invite=invite, by=by, now=now)


def revoke_invite(*, invite: Invite, by: User, now: datetime) -> None:
    """Let an invite open nothing any more; who joined by it stays."""
    with writing():
        if Invite.objects.filter(pk=invite.pk, revoked_at=None).update(revoked_at=now):
            events.record(
                at=now, verb="revoked", noun="invite", row_id=invite.pk, target_id=invite.target_id, actor_id=by.pk
            )
