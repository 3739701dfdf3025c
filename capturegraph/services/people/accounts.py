"""Accounts that log in: making them, their passwords, and shutting them out."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils.translation import gettext as _

from capturegraph.models import Assignment, User
from capturegraph.services import events
from capturegraph.services.people.identity import hold_targets_of, locked_people
from capturegraph.services.people.returning import take_back
from capturegraph.services.refusals import Conflict, Invalid, NotAuthenticated
from capturegraph.services.writing import writing


def create_account(
    *,
    username: str,
    name: str,
    password: str,
    now: datetime,
    admin: bool = False,
    may_create_targets: bool = True,
    email: str = "",
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
                email=email,
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


def check_password(*, user: User, password: str) -> None:
    """Refuse a password that is too weak.

    Raises:
        Invalid: the reasons are in `errors`.
    """
    try:
        validate_password(password, user)
    except ValidationError as error:
        reasons = [{"field": "password", "reason": message} for message in error.messages]
        raise Invalid(" ".join(error.messages), errors=reasons) from None


def change_password(*, user: User, password: str, now: datetime) -> None:
    """Set the password that somebody chose for themselves.

    Raises:
        Invalid: it is too weak; the reasons are in `errors`.
    """
    check_password(user=user, password=password)
    with writing():
        user.set_password(password)
        user.must_change_password = False
        user.save(update_fields=["password", "must_change_password"])
        events.record(at=now, verb="changed password", noun="user", row_id=user.pk, actor_id=user.pk)


def add_login(*, user: User, username: str, password: str, now: datetime) -> User:
    """Let somebody who joined by their name alone log in elsewhere too. A repeat with the same words changes nothing.

    Raises:
        Invalid: the password is too weak. Conflict: they can log in already, or the log-in name is taken.
        NotAuthenticated: they are not here any more.
    """
    check_password(user=User(username=username, name=user.name), password=password)
    # Slow on purpose: not while a transaction is open.
    hashed = make_password(password)
    try:
        with writing():
            present = locked_people([user.pk])[user.pk]
            if not present.is_active:
                raise NotAuthenticated(_("You are not here any more."), code="token_unknown")
            if adds := not present.has_usable_password():
                present.username, present.password, present.must_change_password = username, hashed, False
                present.save(update_fields=["username", "password", "must_change_password"])
                events.record(at=now, verb="added log-in", noun="user", row_id=user.pk, actor_id=user.pk)
    except IntegrityError:
        raise Conflict(
            _("The log-in name “%s” is taken.") % username, code="name_taken",
            errors=[{"field": "username", "reason": _("Choose another one.")}],
        ) from None  # fmt: skip
    if not adds and not (present.username == username and present.check_password(password)):
        raise Conflict(_("You have a password already. Log in with it to change it."), code="has_login")
    return present


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


def set_active(*, user: User, active: bool, by: User, now: datetime) -> None:
    """Let somebody in, or shut them out everywhere at their next request; what they hold goes back to the others.

    Raises:
        Invalid: it is `by`, who would be shut out at once with nobody asked.
        Conflict: an account that was merged or erased is let in by nobody.
    """
    if user == by and not active:
        raise Invalid(_("You cannot shut yourself out. Ask another site admin."))
    with writing():
        hold_targets_of([user.pk])
        present = locked_people([user.pk])[user.pk]
        if active and (present.merged_into_id or present.erased_at):
            raise Conflict(_("This account was merged into another one, or erased: that is not undone."))
        if present.is_active == active:
            return
        User.objects.filter(pk=user.pk).update(is_active=active)
        verb = "let in" if active else "shut out"
        events.record(at=now, verb=verb, noun="user", row_id=user.pk, actor_id=by.pk)
        if not active:
            take_back(user_id=user.pk, state=Assignment.State.WITHDRAWN, why=verb, now=now, actor_id=by.pk)


def change_account(*, user: User, values: Mapping[str, Any], by: User, now: datetime) -> User:
    """Change what a site admin may change of an account: its names, its address, what it may do.

    Raises:
        Invalid: somebody takes their own key to the site away.
    """
    if user.pk == by.pk and values.get("is_superuser") is False:
        raise Invalid(_("You cannot take your own key away. Ask another site admin."))
    with writing():
        present = locked_people([user.pk])[user.pk]
        before = {name: getattr(present, name) for name in values}
        changed = {name: value for name, value in values.items() if before[name] != value}
        if not changed:
            return present
        for name, value in changed.items():
            setattr(present, name, value)
        present.is_staff = present.is_superuser
        present.save(update_fields=[*changed, "is_staff"])
        # The address itself is nobody's business but theirs.
        told = {name: value for name, value in changed.items() if name != "email"}
        data = {"before": {name: before[name] for name in told}, "after": told}
        if "email" in changed:
            data["address"] = {"changed": True}
        events.record(at=now, verb="changed", noun="user", row_id=user.pk, actor_id=by.pk, data=data)
    return present
