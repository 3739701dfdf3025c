"""Links that sign a person's phone in again: another phone, the same person."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from capturegraph.models import Invite, Membership, Target, User
from capturegraph.models.membership import Role
from capturegraph.services import events
from capturegraph.services.people.identity import locked_people
from capturegraph.services.people.invites import Invited
from capturegraph.services.people.phones import sha256
from capturegraph.services.refusals import Conflict, Forbidden, NotFound
from capturegraph.services.writing import writing

LINK_LIFE = timedelta(hours=24)


def may_act_for(by: User, user: User) -> bool:
    """Say whether somebody may open a door through which another person's account is entered.

    Oneself, and a site admin. A coordinator only for somebody who cannot log in, and who has nothing anywhere that the
    coordinator does not coordinate: the link would let them act as that person elsewhere. What somebody has left counts
    too: their photographs and messages of there are still theirs to take out.
    """
    if by.pk == user.pk or by.is_superuser:
        return True
    if user.is_superuser or user.is_staff or user.has_usable_password():
        return False
    theirs = set(Membership.objects.filter(user=user).values_list("target", flat=True))
    mine = Membership.objects.current().filter(user=by, role=Role.COORDINATOR)
    return theirs <= set(mine.values_list("target", flat=True))


def check_may_act_for(by: User, user: User) -> None:
    """Refuse what `may_act_for` does not allow.

    Raises:
        Forbidden: with the way that is left.
    """
    if not may_act_for(by, user):
        raise Forbidden(
            _("%s takes or took part in more than you coordinate, or logs in with a password. Ask the site admin.")
            % user,
            code="not_yours_alone",
        )


def make_link(*, user: User, by: User, now: datetime, target: Target | None = None, code: str | None = None) -> Invited:
    """Make a link by which one phone becomes `user`, once, within a day; earlier ones of theirs stop working.

    It leads to `target`; where that is not said, to the one that they joined last.

    Raises:
        Forbidden: not for `by` to make. NotFound: no member of `target`. Conflict: `user` is shut out, or in no target.
    """
    check_may_act_for(by, user)
    code = code or secrets.token_urlsafe(32)
    with writing():
        user = _reachable(user.pk)
        member = _membership(user, target)
        Invite.objects.filter(for_user=user, revoked_at=None, uses_left__gt=0).update(revoked_at=now)
        link = Invite.objects.create(
            target_id=member.target_id, role=member.role, code_sha256=sha256(code), for_user=user, uses_left=1,
            created_by=by, created_at=now, expires_at=now + LINK_LIFE,
        )  # fmt: skip
        events.record(
            at=now, verb="linked", noun="user", row_id=user.pk, target_id=member.target_id, actor_id=by.pk,
            data={"invite": str(link.pk)},
        )  # fmt: skip
    return Invited(link, code)


def _reachable(user_id: UUID) -> User:
    user = locked_people([user_id])[user_id]
    if not user.is_active:
        raise Conflict(_("%s is shut out. Let them in again first.") % user, code="shut_out")
    return user


def _membership(user: User, target: Target | None) -> Membership:
    mine = Membership.objects.current().filter(user=user).order_by("-created_at", "-pk")
    member = (mine.filter(target=target) if target else mine).first()
    if member is None and target:
        raise NotFound(_("There is no such member."))
    if member is None:
        raise Conflict(_("Take part in something first: the link leads there."), code="no_target")
    return member


def revoke_links(*, user_id: UUID, now: datetime, target_id: UUID | None = None) -> int:
    """Let the links of somebody open nothing any more, in the caller's transaction; say how many did."""
    links = Invite.objects.filter(for_user=user_id, revoked_at=None)
    return (links.filter(target=target_id) if target_id else links).update(revoked_at=now)
