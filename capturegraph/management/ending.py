"""Ends programs whose starter has gone: `python -m capturegraph.management.ending`, told their ids by a pipe.

A command that is killed with SIGKILL cannot end what it started. Its end of the pipe closes then, on every system that
has pipes, and this process sees to the rest. It is told `done` where the command has seen to it itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable

DONE = "done"
PATIENCE_S = 15.0
LOOK_EVERY_S = 0.1


def main(lines: Iterable[str]) -> None:
    """Read the ids of programs, each the leader of a session of its own, until the pipe closes; then end them."""
    programs: list[int] = []
    for line in lines:
        if line.strip() == DONE:
            return
        programs.append(int(line))
    end(programs)


def end(programs: list[int]) -> None:
    """Ask each to stop in good order, wait a while, and kill what is left of them and of what they started."""
    for program in programs:
        _send(os.kill, program, signal.SIGTERM)
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and any(_send(os.kill, program, 0) for program in programs):
        time.sleep(LOOK_EVERY_S)
    for program in programs:
        _send(os.killpg, program, signal.SIGKILL)


def _send(how: Callable[[int, int], None], program: int, number: int) -> bool:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        how(program, number)
        return True
    return False


if __name__ == "__main__":
    for _number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(_number, signal.SIG_IGN)
    main(sys.stdin)
