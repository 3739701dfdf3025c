"""Periodic services and jobs while beats, workers and brokers are killed, stopped and restarted, on PostgreSQL.

What must never be is counted, and must be nought; the controls take one guard out each, and have to be caught. The
services keep the product's own times where a promise is about seconds. `--seed` chooses who is killed when, `--count`
how often.
"""

import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict

from tests.benchmarks.database import own_database
from tests.benchmarks.figures import Row, Table

ROOT = Path(__file__).resolve().parents[2]
KILLS, CYCLES, STOPS = 40, 100, 5
INTERVAL_S = 3


def flag(name: str, default: int) -> int:
    return int(sys.argv[sys.argv.index(name) + 1]) if name in sys.argv else default


def table() -> Table:
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "capturegraph")]
    seed, kills = flag("--seed", 0), flag("--count", KILLS)
    result = Table(f"Faults, PostgreSQL, seed {seed}")
    with own_database() as conninfo:
        base: dict[str, Any] = {"CAPTUREGRAPH_DATABASE_URL": _url(conninfo)}
        with story() as var:
            import brokers

            with brokers.own_redis(var / "redis") as redis:
                base["CAPTUREGRAPH_BROKER_URL"] = redis.url
                _cycles(result, base)
                _kills(result, base, seed, kills)
                _sizes(result, base)
                _controls(result, base)
        _outages(result, base)
    return result


def _url(conninfo: str) -> str:
    about = conninfo_to_dict(conninfo)
    user, host = quote(about.get("user", "postgres")), quote(about.get("host", ""), safe="")
    return f"postgresql://{user}:{quote(about.get('password') or '')}@/{about['dbname']}?host={host}" + (
        f"&port={about['port']}" if "port" in about else ""
    )


@contextmanager
def story() -> Iterator[Path]:
    """A folder and an empty database."""
    from django.core.management import call_command

    call_command("flush", verbosity=0, interactive=False)
    with tempfile.TemporaryDirectory(prefix="capturegraph-faults-") as folder:
        yield Path(folder)


def _none(result: Table, what: str, found: list[Any]) -> None:
    for one in found[:5]:
        print(f"  {what}: {one}")
    result.add(Row(what, float(len(found)), "", 0, digits=0))


# --- many cycles ------------------------------------------------------------------------------------------------------


def _cycles(result: Table, base: dict[str, Any]) -> None:
    from fleet import completed, fleet, violations

    from capturegraph.models import ServiceRun

    with story() as var, fleet(var / "fleet", 3, 5, **base, TIDE_S=INTERVAL_S, TIDE_STEP_S=0.01) as started:
        started.until(lambda: completed() >= CYCLES, "so many cycles", 300 + 20 * CYCLES)
        found = violations()
        cycles = sorted(ServiceRun.objects.filter(service="tide", state="completed").values_list("cycle", flat=True))
    missed = [later for earlier, later in pairwise(cycles) if later - earlier > timedelta(seconds=INTERVAL_S)]
    result.add(Row("cycles, 3 beats and 5 workers", float(len(cycles)), "", None, digits=0))
    _none(result, "cycles that were left out", missed)
    _none(result, "doubled, lost, or written by who was overtaken", found)


# --- whoever it hits --------------------------------------------------------------------------------------------------


def _kills(result: Table, base: dict[str, Any], seed: int, kills: int) -> None:
    """Kill or stop beats and workers at random; then a cycle has to come within a lease and an interval."""
    from fleet import completed, fleet, violations

    from capturegraph.models import ServiceRun

    lease_s = 5
    chance = random.Random(seed)
    times = {"CAPTUREGRAPH_LEASE_S": lease_s, "TIDE_S": INTERVAL_S, "TIDE_STEP_S": 0.1, "TIDE_JOB_LEASE_S": 5}
    late, longest = [], timedelta(0)
    with story() as var, fleet(var / "fleet", 2, 3, **base, **times) as started:
        started.until(lambda: completed() >= 2, "two cycles before the first of it")
        for number in range(kills):
            hit_at, what = _hit(started, chance)
            runs = ServiceRun.objects.filter(service="tide", state="completed", started_at__gt=hit_at)
            started.until(runs.exists, f"a cycle after {what}")
            took = runs.earliest("ended_at").ended_at - hit_at
            longest = max(longest, took)
            # Its own work, of about a second, is no waiting.
            if took > timedelta(seconds=lease_s + INTERVAL_S + 2):
                late.append(f"{number}, {what}: {took}")
        found = violations()
    result.add(Row("kills and stops of beats and workers", float(kills), "", None, digits=0))
    result.add(Row("the longest until the next whole run", longest.total_seconds(), "s", None, digits=1))
    _none(result, "runs later than a lease and an interval", late)
    _none(result, "doubled, lost, or written by who was overtaken", found)


def _hit(started: Any, chance: random.Random) -> tuple[Any, str]:
    from fleet import now

    time.sleep(chance.random() * INTERVAL_S)
    kind, start = chance.choice([("beats", started.start_beat), ("workers", started.start_worker)])
    victim = chance.choice([process for process in getattr(started, kind) if process.is_alive()])
    how = chance.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGSTOP])
    if victim.is_alive():
        os.kill(victim.pid, how)
    hit_at = now()
    if how == signal.SIGSTOP:
        time.sleep(chance.random() * 10)
        os.kill(victim.pid, signal.SIGCONT)
    else:
        start()
    return hit_at, f"{how.name} of one of the {kind}"


# --- any size, wrong clocks -------------------------------------------------------------------------------------------


def _sizes(result: Table, base: dict[str, Any]) -> None:
    from test_fleets import HOUR_S, with_so_many, with_wrong_clocks

    for beats in (1, 2, 3, 5, 8, 12, 20):
        with story() as var:
            _none(result, f"{beats} beats: what went wrong", with_so_many(var, beats, base))
    for seconds in (-HOUR_S, HOUR_S):
        with story() as var:
            _none(result, f"a beat {seconds} s off: what went wrong", with_wrong_clocks(var, seconds, base))


def _controls(result: Table, base: dict[str, Any]) -> None:
    from test_broker_faults import SERVICES, three_times, too_late
    from test_fleets import HOUR_S, with_wrong_clocks
    from test_periodic_processes import pause_and_overtake

    served = {**base, **SERVICES}
    stories: dict[str, Callable[[Path], list[str]]] = {
        "token": lambda var: pause_and_overtake(
            base["CAPTUREGRAPH_BROKER_URL"], base["CAPTUREGRAPH_DATABASE_URL"], var, TIDE_BREAK="token"
        ),
        "clock": lambda var: with_wrong_clocks(var, HOUR_S, {**base, "TIDE_BREAK": "clock"}),
        "beginning": lambda var: too_late(var, {**served, "TIDE_BREAK": "beginning"}),
        "claim": lambda var: three_times(var, {**served, "TIDE_BREAK": "claim"}),
    }
    for guard, told in stories.items():
        with story() as var:
            found = told(var)
        # A control that finds nothing is the miss.
        result.add(Row(f"control, no {guard}: {len(found)} found; nothing found", float(not found), "", 0, digits=0))


# --- brokers ----------------------------------------------------------------------------------------------------------


def _outages(result: Table, base: dict[str, Any]) -> None:
    import brokers
    from fleet import fleet
    from outage import People, outages

    from capturegraph.models import Job

    for name, own in (("Redis", brokers.own_redis), ("RabbitMQ", brokers.own_rabbitmq)):
        with story() as var, own(var / "broker") as broker:
            addresses = {**base, "CAPTUREGRAPH_BROKER_URL": broker.url, "TIDE_SERVICES": "tide sweep"}
            with fleet(var / "fleet", 2, 2, **addresses) as started:
                people = People(started.start_web())
                late = outages(started, broker, people, STOPS)
                done = Job.objects.filter(state="done")
                started.until(lambda done=done, people=people: done.count() == len(people.jobs), "all jobs", 300)
                found = people.lost_or_doubled()
            result.add(Row(f"{name} stopped {STOPS} times: jobs", float(len(people.jobs)), "", None, digits=0))
            result.add(Row(f"{name}: requests", float(sum(people.answers.values())), "", None, digits=0))
            _none(result, f"{name}: done later than 60 s after its return", late)
            _none(result, f"{name}: refused, lost, or doubled", found)
