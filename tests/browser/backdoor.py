"""Python inside of a running product: one shell that stays open, since Django takes seconds to start each time."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from served import MANAGE, Quickstart, environment

# What is sent is one line of JSON, a text of Python; what comes back is one too: what it printed, or its traceback.
LOOP = """
import contextlib, io, json, sys, traceback
for line in sys.stdin:
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(json.loads(line), {})
        answer = {"said": printed.getvalue()}
    except Exception:
        answer = {"failed": traceback.format_exc()}
    print(json.dumps(answer), flush=True)
"""
_OPEN: dict[Path, subprocess.Popen[str]] = {}


@contextmanager
def backdoor(product: Quickstart) -> Iterator[None]:
    """Keep a shell ready meanwhile; it starts when it is first needed."""
    try:
        yield
    finally:
        if shell := _OPEN.pop(product.var, None):
            shell.communicate()


def run_inside(product: Quickstart, code: str) -> str:
    """Run Python with the product's settings and database; give what it printed. Only inside of `backdoor`."""
    shell = _OPEN.get(product.var)
    if shell is None:
        shell = _OPEN[product.var] = subprocess.Popen(
            [*MANAGE, "shell", "-v", "0", "-c", LOOP],
            env=environment(product.var), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
    assert shell.stdin is not None
    assert shell.stdout is not None
    shell.stdin.write(json.dumps(code) + "\n")
    shell.stdin.flush()
    answer = json.loads(shell.stdout.readline())
    assert "failed" not in answer, answer["failed"]
    return str(answer["said"])
