"""Random histories on both databases, each held against the oracle: none may differ. `--count 10000` is the long form.

A process for each database; `python -m tests.benchmarks.histories sqlite 17` plays one history again and says what
differs.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter

from tests.benchmarks.figures import Row, Table

ROOT = Path(__file__).resolve().parents[2]
DATABASES = ("sqlite", "postgresql")
COUNT = 500


def table() -> Table:
    count = int(sys.argv[sys.argv.index("--count") + 1]) if "--count" in sys.argv else COUNT
    result = Table(f"{count:,} histories on each database")
    began = perf_counter()
    started = {
        name: subprocess.Popen(
            [sys.executable, "-m", __name__, name, "0", str(count)], stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        for name in DATABASES
    }
    for name, process in started.items():
        told, _ = process.communicate()
        wrong = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
        for one in wrong:
            print(f"{name}, seed {one['seed']}: {one['said']}. Again: python -m {__name__} {name} {one['seed']}")
        # One that broke off has not shown anything.
        missing = 0 if process.returncode == 0 else count
        result.add(Row(f"{name}: histories that differ", float(len(wrong) + missing), "", 0, digits=0))
    result.add(Row("a history, both at once", (perf_counter() - began) / count * 1e3, "ms", None, digits=1))
    return result


@contextmanager
def _database(name: str) -> Iterator[None]:
    if name == "postgresql":
        from tests.benchmarks.database import own_database

        with own_database():
            yield
        return
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CAPTUREGRAPH_DATABASE_URL"] = f"sqlite:///{folder}/capturegraph.sqlite3"
        os.environ["CAPTUREGRAPH_VAR"] = folder
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "capturegraph.settings")
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0, interactive=False)
        yield


def play(name: str, first: int, count: int) -> int:
    """Play so many from a seed on, and print those that differ; give how many."""
    sys.path.insert(0, str(ROOT / "tests" / "capturegraph"))
    wrong = 0
    with _database(name):
        from histories import history
        from playing import differs, people

        users = people()
        for seed in range(first, first + count):
            try:
                said = differs(history(seed), users)
            except Exception as error:
                said = f"{type(error).__name__}: {error}"
            if said:
                wrong += 1
                print(json.dumps({"seed": seed, "said": said}), flush=True)
    return wrong


if __name__ == "__main__":
    play(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 1)
