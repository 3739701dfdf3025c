"""500 pairs of photographs at once on slots for two, and 500 of a photograph and a file, on PostgreSQL: none forgotten.

The controls take the locks away, and have to forget some.
"""

import sys
import tempfile
from pathlib import Path
from time import perf_counter

from tests.benchmarks.database import own_database
from tests.benchmarks.figures import Row, Table

ROOT = Path(__file__).resolve().parents[2]
PAIRS = 500


def table() -> Table:
    sys.path.insert(0, str(ROOT / "tests" / "capturegraph"))
    result = Table(f"{PAIRS} pairs at once, PostgreSQL")
    with own_database(), tempfile.TemporaryDirectory() as folder:
        from django.conf import settings

        settings.MEDIA_ROOT = folder
        import pairs
        from race import violations

        from capturegraph.models import CandidateSlot, Target

        for what, act in (
            ("two photographs", pairs.two_at_one_slot),
            ("a photograph and a file", pairs.photograph_and_file),
        ):
            target, began = Target.objects.create(name=what), perf_counter()
            act(target, PAIRS)
            seconds = perf_counter() - began
            waiting = CandidateSlot.objects.filter(target=target).exclude(state="fulfilled").count()
            result.add(Row(f"{what}: slots that wait", float(waiting), "", 0, digits=0))
            result.add(
                Row(f"{what}: forgotten, says the oracle", float(len(pairs.forgotten(target.pk))), "", 0, digits=0)
            )
            result.add(Row(f"{what}: other violations", float(len(violations(target.pk))), "", 0, digits=0))
            result.add(Row(f"{what}: a pair", seconds / PAIRS * 1e3, "ms", None, digits=1))
        for what, act, guard in (
            ("two photographs", pairs.two_at_one_slot, pairs.unlocked_slots),
            ("a photograph and a file", pairs.photograph_and_file, pairs.targets_not_held),
        ):
            target = Target.objects.create(name=f"{what}, unguarded")
            with guard():
                act(target, 3)
            kept = 3 - len(pairs.forgotten(target.pk))
            result.add(Row(f"{what}: control, of 3 not forgotten without the guard", float(kept), "", 0, digits=0))
    return result
