"""`manage.py resetlink <log-in name>`: a link to a new password, to hand to somebody who forgot theirs."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from django.urls import reverse
from django.utils import timezone

from capturegraph.management.command import Command as Base
from capturegraph.models import User
from capturegraph.services.people import resets


class Command(Base):
    """Prints a link that is good for three days and one use."""

    help = "Print a link by which somebody chooses a new password: good for three days, once."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("username", help="what they log in with")
        parser.add_argument(
            "--url", default="", help="the address of the site; the first of CAPTUREGRAPH_ORIGINS if left out"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the link and print it."""
        username = options["username"].strip()
        user = User.objects.filter(username__iexact=username).first() if username.isprintable() else None
        if user is None:
            raise CommandError(f"There is no account “{username}”.")
        link = resets.make_link(user=user, now=timezone.now())
        site = options["url"] or next(iter(settings.CSRF_TRUSTED_ORIGINS), "")
        self.stdout.write(site.rstrip("/") + reverse("reset", args=list(link)))
