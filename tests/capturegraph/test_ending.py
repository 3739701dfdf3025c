"""What a command started ends with it, also where the command is killed and cannot say so."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from served import ROOT, Quickstart, environment, until

STARTS = """
import subprocess, sys, time
from pathlib import Path
from capturegraph.management.programs import Programs
child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)', sys.argv[1]])"
deaf = "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
with Programs(Path(sys.argv[1]), {"PYTHONPATH": sys.argv[2]}) as programs:
    programs.start("parent", [sys.executable, "-c", child, sys.argv[1]])
    if len(sys.argv) > 3:
        programs.start("deaf", [sys.executable, "-c", deaf, sys.argv[1]])
    time.sleep(1)
    print("started", flush=True)
    programs.watch()
"""


def running(mark: str) -> set[int]:
    """The processes with a word in their command line; those that have ended and wait to be reaped have none."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if mark in words:
            found.add(int(entry.parent.name))
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_programs_and_what_they_started_end_with_a_command_that_dies(tmp_path: Path, number: int) -> None:
    mark = str(tmp_path / "logs")
    command = subprocess.Popen(
        [sys.executable, "-c", STARTS, mark, str(ROOT)], cwd=ROOT, env=environment(tmp_path), stdout=subprocess.PIPE
    )
    assert command.stdout is not None
    assert command.stdout.readline() == b"started\n"
    assert len(running(mark)) == 3, "the command, a program, and what that one started"
    command.send_signal(number)
    command.wait(30)
    command.stdout.close()
    until(lambda: not running(mark), "the end of all", 40)


@pytest.mark.slow
def test_a_program_that_will_not_stop_is_killed(tmp_path: Path) -> None:
    mark = str(tmp_path / "logs")
    command = subprocess.Popen(
        [sys.executable, "-c", STARTS, mark, str(ROOT), "deaf"], cwd=ROOT, env=environment(tmp_path),
        stdout=subprocess.PIPE,
    )  # fmt: skip
    assert command.stdout is not None
    assert command.stdout.readline() == b"started\n"
    command.kill()
    command.wait(30)
    command.stdout.close()
    until(lambda: not running(mark), "the end of all", 40)


@pytest.mark.slow
def test_a_quickstart_that_is_killed_leaves_nobody_behind(tmp_path: Path) -> None:
    killed = Quickstart(tmp_path, "--no-demo").wait_until_it_runs()
    assert len(killed.processes()) >= 4
    os.kill(killed.process.pid, signal.SIGKILL)
    killed.process.wait(30)
    until(lambda: not killed.processes(), "the end of server and worker", 40)
