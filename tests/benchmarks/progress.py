"""All figures of a campaign's progress, and the board's few, at 100,000 places and 50,000 photographs: seconds.

Our own processor time is beside them: a machine that has much else to do makes the others longer.
"""

import json
import sys
from time import process_time
from typing import Any

from tests.benchmarks.batches import _place
from tests.benchmarks.campaigns import child, furnish, set_up
from tests.benchmarks.figures import Row, Table, timed

SIZES = {1_000: 500, 100_000: 50_000}
TARGETS_S = {"pace": 3.0, "progress": 4.0}


def table() -> Table:
    result = Table("Progress, counted from the rows")
    for database in ("sqlite", "postgresql"):
        for slots, captures in SIZES.items():
            with _place(database) as env:
                child(env, "progress", "prepare", str(slots), str(captures))
                for name, most in TARGETS_S.items():
                    told = child(env, "progress", name)
                    what = f"{name}, {slots:,} places, {captures:,} photos, {database}"
                    peers = {"its own processor time": told["processor"]}
                    result.add(Row(what, told["seconds"], "s", most, peers, digits=3))
    return result


def _main(verb: str, *sizes: str) -> dict[str, Any]:
    set_up()
    if verb == "prepare":
        furnish(*map(int, sizes))
        return {}
    from django.utils import timezone

    from capturegraph.models import Target
    from capturegraph.services.progress import figures, pace

    counted = {"pace": pace.pace, "progress": figures.progress}[verb]
    target, now = Target.objects.get(), timezone.now()
    used = process_time()
    seconds, it = timed(lambda: counted(target=target, now=now), times=3)
    return {"seconds": seconds, "processor": (process_time() - used) / 3, "days": len(it.days)}


if __name__ == "__main__":
    print(json.dumps(_main(*sys.argv[1:])))
