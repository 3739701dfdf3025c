"""`manage.py backup`: everything in one file, while the service runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from capturegraph.management.command import Command as Base
from capturegraph.services.safekeeping import backing_up

NOT_WHOLE = 3


class Command(Base):
    """Writes rows and files, as they are at one moment, into one new file. Ends with 3 where files were missing."""

    help = "Write all rows and files, as they are at this moment, into one new tar file; the service may run."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("path", type=Path, metavar="PATH.tar", help="a file that is not there yet")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it, and say what it holds."""
        path = options["path"]
        made = backing_up.back_up(path=path, now=timezone.now(), heard=self._heard)
        rows, remarks = sum(made["rows"].values()), made["remarks"]
        megabytes = made["bytes"] / 1e6
        self.stdout.write(f"{path} holds {rows:,} rows and {made['files']:,} files ({megabytes:,.1f} MB).")
        if gone := remarks[backing_up.GONE]:
            self.stdout.write(f"{gone:,} files were let go of meanwhile: restoring knows.")
        if wrong := remarks[backing_up.MISSING] + remarks[backing_up.DIFFERS]:
            said = f"{wrong:,} files are missing, or are not what their rows say: manage.py audit names them."
            self.refuse(f"The backup was made, but {said}", code=NOT_WHOLE)

    def _heard(self, step: str, done: int, total: int) -> None:
        self.stderr.write(f"{step}, {done:,} of {total:,} …" if total else f"{step}, {done:,} …", style_func=str)
