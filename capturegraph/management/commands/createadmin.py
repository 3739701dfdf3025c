"""`manage.py createadmin`: a site admin, or a new one-time password for somebody who lost theirs."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from capturegraph.management.command import Command as Base
from capturegraph.models import User
from capturegraph.services.people import accounts

MAX_NAME = 100
MAX_USERNAME = 150


class Command(Base):
    """Makes a site admin with a one-time password."""

    help = "Make a site admin and print a one-time password, which must be changed at the first log-in."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--username", required=True, help="what they log in with")
        parser.add_argument("--name", default="", help="what other people see; the log-in name if left out")
        parser.add_argument(
            "--reset", action="store_true", help="give an account that exists a new one-time password instead"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the account, or reset its password, and print the password."""
        username, name = options["username"].strip(), options["name"].strip() or options["username"].strip()
        _check(username, name)
        password = accounts.one_time_password()
        if options["reset"]:
            _reset(username, password)
        else:
            accounts.create_account(username=username, name=name, password=password, now=timezone.now(), admin=True)
        self.stdout.write(f"{username} logs in once with the password {password} and then chooses another one.")


def _check(username: str, name: str) -> None:
    if not username or not username.isprintable() or len(username) > MAX_USERNAME:
        raise CommandError(f"A log-in name has 1 to {MAX_USERNAME} visible characters.")
    if not name.isprintable() or len(name) > MAX_NAME:
        raise CommandError(f"A name has at most {MAX_NAME} visible characters.")


def _reset(username: str, password: str) -> None:
    user = User.objects.filter(username__iexact=username).first()
    if user is None:
        raise CommandError(f"There is no account “{username}”. Leave out --reset to make it.")
    accounts.set_one_time_password(user=user, password=password, now=timezone.now())
