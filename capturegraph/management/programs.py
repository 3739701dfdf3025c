"""Programs that run beside a command, and end with it."""

from __future__ import annotations

import contextlib
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from capturegraph.management import ending

PATIENCE_S = 20.0
LOOK_EVERY_S = 0.1


class ProgramEnded(Exception):  # noqa: N818 (it reads as the sentence it is)
    """One of the programs ended by itself; the text says which, and where its last words are."""


class Programs:
    """The programs started so far. Leaving the `with` block ends all of them, and what they started."""

    def __init__(self, logs: Path, environment: Mapping[str, str]) -> None:
        self.logs = logs
        self.environment = dict(environment)
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._orphans: subprocess.Popen[str] | None = None
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start a program whose words go to `<logs>/<name>.log`, which begins anew."""
        with self._log(name).open("wb") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603 (the command is ours)
                command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # A session of its own: Ctrl-C reaches this command alone, which then ends the programs in good order.
                start_new_session=True,
            )
        self._tell(str(self._running[name].pid))

    def _tell(self, word: str) -> None:
        # Whoever kills this command with SIGKILL closes the pipe: then this process ends the programs.
        if self._orphans is None:
            command = [sys.executable, "-m", ending.__name__]
            self._orphans = subprocess.Popen(  # noqa: S603 (the command is ours)
                command, env=self.environment, stdin=subprocess.PIPE, text=True, start_new_session=True
            )
        with contextlib.suppress(BrokenPipeError):
            assert self._orphans.stdin is not None
            self._orphans.stdin.write(word + "\n")
            self._orphans.stdin.flush()

    def check(self) -> None:
        """Raise ProgramEnded if one has ended by itself."""
        for name, process in self._running.items():
            code = process.poll()
            if code is not None:
                raise ProgramEnded(f"The {name} ended by itself (exit code {code}): {self._log(name)} says why.")

    def wait_for(self, url: str, seconds: float, trusting: Path | None = None) -> None:
        """Return once `url` answers 200. Raises ProgramEnded when a program ends first, or when time is up.

        `trusting` is the certificate of the authority that vouches for it, where that is our own.
        """
        context = ssl.create_default_context(cafile=trusting) if trusting else None
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.check()
            if _answers(url, context):
                return
            time.sleep(LOOK_EVERY_S)
        raise ProgramEnded(f"{url} did not answer within {seconds:.0f} s: the files in {self.logs} say why.")

    def watch(self) -> None:
        """Stay until a program ends by itself (ProgramEnded), or a signal raises something else."""
        while True:
            self.check()
            time.sleep(5 * LOOK_EVERY_S)

    def __enter__(self) -> Programs:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._running.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + PATIENCE_S
        for process in self._running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(deadline - time.monotonic(), 0.1))
            _kill_rest(process)
        if self._orphans is not None:
            self._tell(ending.DONE)
            self._orphans.communicate()

    def _log(self, name: str) -> Path:
        return self.logs / f"{name.replace(' ', '-')}.log"


def _kill_rest(process: subprocess.Popen[bytes]) -> None:
    # What a program started shares its session: none of it outlives this command.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _answers(url: str, context: ssl.SSLContext | None) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2, context=context) as answer:  # noqa: S310 (the address is our own)
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
