"""What the project's own commands have in common: whatever goes wrong is one sentence, and never a traceback."""

from __future__ import annotations

import sys
from typing import NoReturn

from django.core.management.base import BaseCommand, CommandError, handle_default_options
from django.db import connections
from django.db.utils import OperationalError, ProgrammingError

from capturegraph.services.refusals import Refused

BAD_INPUT = 2


class Command(BaseCommand):
    """A command whose refusals are one sentence on stderr and exit code 2."""

    def run_from_argv(self, argv: list[str]) -> None:
        """Run the command line `argv`: the program, this command's name, and its options."""
        try:
            # Not marked as called from the command line, the parser raises instead of printing its usage.
            options = vars(self.create_parser(argv[0], argv[1]).parse_args(argv[2:]))
            handle_default_options(_Options(options))  # type: ignore[arg-type]
            options.pop("args", None)
            self.execute(**options)
        except CommandError as error:
            self.refuse(str(error).removeprefix("Error: "), error.returncode)
        except Refused as refused:
            self.refuse(refused.detail)
        except (OperationalError, ProgrammingError) as error:
            told = str(error).splitlines()[0]
            self.refuse(f"The database does not answer as it should: {told}. For a new one, run manage.py migrate.")
        finally:
            connections.close_all()

    def refuse(self, sentence: str, code: int = BAD_INPUT) -> NoReturn:
        """Say why not, and end with `code`."""
        self.stderr.write(sentence)
        sys.exit(code if code > 1 else BAD_INPUT)


class _Options:
    def __init__(self, options: dict[str, object]) -> None:
        self.__dict__.update(options)
