"""`manage.py restore`: a backup, put back into an empty database and an empty folder of files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from capturegraph.management.command import Command as Base
from capturegraph.services.safekeeping import restoring


class Command(Base):
    """Checks every byte of a backup, and only then puts it back, all or nothing."""

    help = "Put a backup back into a new database and an empty folder of files, once every byte of it was checked."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("path", type=Path, metavar="PATH.tar", help="what manage.py backup made")

    def handle(self, *args: Any, **options: Any) -> None:
        """Put it back, and say how much that was."""
        put = restoring.restore(path=options["path"], now=timezone.now(), heard=self._heard)
        rows = sum(put["rows"].values())
        self.stdout.write(
            f"{rows:,} rows and {put['files']:,} files are back, as they were at {put['made_at']}. "
            "manage.py audit looks whether they are whole."
        )

    def _heard(self, step: str, done: int, total: int) -> None:
        self.stderr.write(f"{step}, {done:,} of {total:,} …" if total else f"{step} …", style_func=str)
