"""`manage.py audit`: whether rows, files, checksums and counters say the same."""

from __future__ import annotations

import sys
from typing import Any

import orjson
from django.core.management.base import CommandParser
from django.utils import timezone

from capturegraph.management.command import Command as Base
from capturegraph.services.safekeeping import auditing

FOUND = 1


class Command(Base):
    """Prints a line for everything that is not as it has to be, and ends with 1 where there is anything."""

    help = "Compare rows, files, checksums and counters, print what differs, and change nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--quick", action="store_true", help="do not read files, nor work out matches anew")
        parser.add_argument("--json", action="store_true", help="print a JSON object a line, the last one a summary")

    def handle(self, *args: Any, **options: Any) -> None:
        """Look, and print."""
        found = 0
        for one in auditing.audit(now=timezone.now(), quick=options["quick"], heard=self._heard):
            found += 1
            self.stdout.write(orjson.dumps(one._asdict()).decode() if options["json"] else str(one))
        if options["json"]:
            self.stdout.write(orjson.dumps({"findings": found, "quick": options["quick"]}).decode())
        elif not found:
            self.stdout.write("Rows, files, checksums and counters say the same.")
        if found:
            self.stderr.write(f"{found:,} findings.")
            sys.exit(FOUND)

    def _heard(self, step: str, done: int, total: int) -> None:
        self.stderr.write(f"{step}, {done:,} of {total:,} …" if total else f"{step} …", style_func=str)
