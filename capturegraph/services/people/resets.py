"""Links to a new password: printed by an admin, or sent by e-mail to whoever asks with the right address."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode
from django.utils.translation import gettext as _

from capturegraph.models import Event, Job, User
from capturegraph.services import events, jobs
from capturegraph.services.jobs import Held
from capturegraph.services.people import accounts
from capturegraph.services.people.identity import locked_people
from capturegraph.services.refusals import Conflict, Gone
from capturegraph.services.writing import writing

MAIL = "reset_mail"
ASKED_AT_MOST = 100
"""Letters that may be asked for in an hour, by everybody together: nobody fills other people's boxes, or our rows."""
ONE_LETTER_PER = timedelta(minutes=10)


class _Tokens(PasswordResetTokenGenerator):
    """Django's, at a time that is given: dead after use, since the password that it is made of has changed then."""

    key_salt = "capturegraph.services.people.resets"

    def __init__(self, at: datetime) -> None:
        super().__init__()
        self._at = at

    def _now(self) -> datetime:
        return self._at.astimezone(UTC).replace(tzinfo=None)


class ResetLink(NamedTuple):
    """The two parts of the address under which a password is chosen."""

    uid: str
    token: str


def make_link(*, user: User, now: datetime, by: User | None = None) -> ResetLink:
    """Make a link, good for three days and one use, by which `user` chooses a new password.

    Raises:
        Conflict: somebody without a log-in name, or shut out: a password would be of no use.
    """
    if not user.username:
        raise Conflict(_("%s has no log-in name. Give them one first.") % user, code="no_log_in_name")
    if not user.is_active:
        raise Conflict(_("%s is shut out. Let them in again first.") % user, code="shut_out")
    with writing():
        events.record(
            at=now, verb="made reset link", noun="user", row_id=user.pk, actor_id=by.pk if by else None
        )  # fmt: skip
    return link_for(user, now)


def link_for(user: User, now: datetime) -> ResetLink:
    """Give a link for somebody, made of what their account is now; nothing is written down."""
    return ResetLink(urlsafe_base64_encode(force_bytes(user.pk)), _Tokens(now).make_token(user))


def user_for(*, link: ResetLink, now: datetime) -> User:
    """Give whose password a link is for.

    Raises:
        Gone: unknown, older than three days, or used.
    """
    user = _named(link)
    if user is None or not user.is_active or not _Tokens(now).check_token(user, link.token):
        raise Gone(_("This link does not open any more. Ask for a new one."), code="reset_link_dead")
    return user


def _named(link: ResetLink) -> User | None:
    try:
        return User.objects.filter(pk=urlsafe_base64_decode(link.uid).decode()).first()
    except (ValueError, OverflowError, ValidationError):
        return None


def choose_password(*, link: ResetLink, password: str, now: datetime) -> User:
    """Set the password that whoever has the link chose; the link is dead then, for everybody who has it.

    Raises:
        Gone: the link is dead. Invalid: the password is too weak; the reasons are in `errors`.
    """
    accounts.check_password(user=user_for(link=link, now=now), password=password)
    with writing():
        # Looked at again under the lock: of two who use one link at once, one comes too late.
        locked_people([user_for(link=link, now=now).pk])
        user = user_for(link=link, now=now)
        user.set_password(password)
        user.must_change_password = False
        user.save(update_fields=["password", "must_change_password"])
        events.record(at=now, verb="reset password", noun="user", row_id=user.pk, actor_id=user.pk)
    return user


def ask_for_letter(*, email: str, link_pattern: str, now: datetime) -> None:
    """Have a link sent to whoever has this address. Nothing tells the caller whether anybody has it.

    The same rows are written either way, and the letter is written later by a worker: not even the time tells.
    `link_pattern` is the address of the page, with {uid} and {token} in it.
    """
    since = now - timedelta(hours=1)
    if Job.objects.filter(kind=MAIL, created_at__gt=since).count() >= ASKED_AT_MOST:
        return
    found = User.objects.filter(email__iexact=email, is_active=True).exclude(email="").exclude(username=None)
    ids = [str(pk) for pk in found.order_by("pk").values_list("pk", flat=True)[:10]]
    jobs.add(kind=MAIL, target=None, by=None, now=now, data={"users": ids, "link": link_pattern})


def send_letters(held: Held) -> Mapping[str, Any]:
    """Do such a job: write to each person that it is for, unless they were written to a moment ago."""
    now, sent = held.clock(), 0
    for user in User.objects.filter(pk__in=held.job.data["users"], is_active=True).exclude(email=""):
        written = Event.objects.filter(noun="user", row_id=user.pk, verb="sent reset link", at__gt=now - ONE_LETTER_PER)
        if written.exists():
            continue
        held.say(_("Writing"))
        _letter(user, held.job.data["link"].format(**link_for(user, now)._asdict())).send()
        with writing():
            events.record(at=now, verb="sent reset link", noun="user", row_id=user.pk)
        sent += 1
    return {"sent": sent}


def _letter(user: User, address: str) -> EmailMessage:
    text = _(
        "Hello %(name)s,\n\nsomebody, probably you, asked for a new password for the log-in name %(username)s. "
        "Choose one here within three days:\n\n%(address)s\n\n"
        "If it was not you, there is nothing to do: your password has not been changed.\n"
    )
    values = {"name": user, "username": user.username, "address": address}
    return EmailMessage(_("Your new password"), text % values, settings.DEFAULT_FROM_EMAIL, [user.email])
