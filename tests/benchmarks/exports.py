"""Every list as every kind of file: seconds for 100,000 rows, and the peak memory of the process that writes it."""

import json
import resource
import sys
from collections import deque
from time import perf_counter, process_time
from typing import Any

from tests.benchmarks.batches import _place
from tests.benchmarks.campaigns import child, furnish, set_up
from tests.benchmarks.figures import Row, Table

ROWS, FEW = 100_000, 10_000
SECONDS, GROWTH = 20.0, 1.25
LISTS = {"slots": ("csv", "geojson", "gpx", "kml"), "captures": ("csv", "geojson", "gpx", "kml"),
         "assignments": ("csv", "geojson"), "events": ("csv", "geojson")}  # fmt: skip


def table() -> Table:
    result = Table(f"Exports of {ROWS:,} rows: seconds, and memory beside that of {FEW:,} rows")
    for database in ("sqlite", "postgresql"):
        with _place(database) as many, _place("sqlite") as few:
            child(many, "exports", "prepare", str(ROWS))
            child(few, "exports", "prepare", str(FEW))
            for name, forms in LISTS.items():
                for form in forms:
                    told, small = child(many, "exports", name, form), child(few, "exports", name, form)
                    what = f"{name}.{form}, {database}"
                    result.add(
                        Row(
                            what, told["seconds"], "s", SECONDS, {"its own processor time": told["processor"]}, digits=1
                        )
                    )
                    grown = told["megabytes"] / small["megabytes"]
                    peers = {"MB": told["megabytes"], f"MB of {FEW:,}": small["megabytes"]}
                    result.add(Row(f"  memory × that of {FEW:,} rows", grown, "×", GROWTH, peers, digits=2))
    return result


def _main(what: str, how: str) -> dict[str, Any]:
    set_up()
    if what == "prepare":
        furnish(int(how), int(how))
        return {}
    from django.utils import timezone

    from capturegraph.api.exports import FORMS
    from capturegraph.models import Target
    from capturegraph.services.exports.lists import LISTS as KNOWN
    from capturegraph.services.exports.lists import Question

    target, began, written = Target.objects.get(), perf_counter(), 0
    used = process_time()

    def counted(pieces: Any) -> Any:
        nonlocal written
        for piece in pieces:
            written += len(piece)
            yield piece

    features = KNOWN[what].features(Question(target, timezone.now(), names=True))
    deque(counted(FORMS[how][1](features, KNOWN[what], target.name)), maxlen=0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
    spent = process_time() - used
    return {"seconds": perf_counter() - began, "processor": spent, "megabytes": peak, "written": written / 1e6}


if __name__ == "__main__":
    print(json.dumps(_main(*sys.argv[1:])))
