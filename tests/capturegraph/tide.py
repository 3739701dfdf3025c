"""What tests run as processes: the product, with a periodic service and jobs of its own, and with faults on request.

`celery -A tide beat`, `celery -A tide worker`, `granian tide:application`, as many as one likes. A cycle of the tide
has ten effects, each an event, a while apart; each is done once a cycle, whoever does it. The variables:

- TIDE_SERVICES: which services a beat asks for, every TIDE_TICK_S seconds.
- TIDE_S, TIDE_STEP_S: seconds of a cycle of the tide, and between its effects.
- TIDE_JOB_LEASE_S: seconds after which a job whose worker is silent is given to another one.
- TIDE_QUIET_S: seconds for which the sweep does not ring for a job, since its message may be on the way.
- TIDE_TIMES: how often each message is sent.
- TIDE_DIES: at which places a process kills itself as kill -9 does, each place once: see `dying`.
- TIDE_BREAK: which guards are taken out, for the controls: see `breaking`. A test that passes without the guard shows
  nothing.
"""

import os
import signal
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn
from uuid import UUID

import django
from django.conf import settings

from capturegraph.celery import app

django.setup()

from django.utils import timezone  # noqa: E402

from capturegraph.models import Event  # noqa: E402
from capturegraph.services import events, jobs, work  # noqa: E402
from capturegraph.services.batching import bulk  # noqa: E402
from capturegraph.services.cycles import leases, periodic  # noqa: E402
from capturegraph.services.writing import writing  # noqa: E402

EFFECTS = 10
PATIENCE_S = 600
HERE = Path.cwd()


def number(name: str, default: float) -> float:
    return float(os.environ.get(name, default))


settings.ENV["TIDE_S"] = number("TIDE_S", 2)
jobs.LEASE = timedelta(seconds=number("TIDE_JOB_LEASE_S", jobs.LEASE.total_seconds()))
if "TIDE_QUIET_S" in os.environ:
    jobs.ring_for_due.__kwdefaults__["after"] = timedelta(seconds=number("TIDE_QUIET_S", 10))
app.conf.beat_schedule = {
    name: {
        "task": "capturegraph.run_service", "schedule": number("TIDE_TICK_S", 0.2), "kwargs": {"service": name},
        "options": {"expires": settings.ENV["LEASE_S"]},
    }
    for name in os.environ.get("TIDE_SERVICES", "tide").split()
}  # fmt: skip
# Which time this process believes it is.
(HERE / f"clock-{os.getpid()}").write_text(f"{timezone.now().timestamp()} {time.time()}")


# --- the tide, and jobs -----------------------------------------------------------------------------------------------


def rise(holding: leases.Holding) -> Mapping[str, Any]:
    """Have ten effects. What is there is noted all the same: whoever may write at all has left a trace."""
    done = 0
    (HERE / "rising").write_text(str(os.getpid()))
    for effect in range(EFFECTS):
        time.sleep(number("TIDE_STEP_S", 0.02))
        row = UUID(int=int(holding.run.cycle.timestamp()) * 100 + effect)
        with holding.write() as now:
            there = Event.objects.filter(noun="tide", verb="rose", row_id=row).exists()
            data = {"token": holding.run.token, "cycle": holding.run.cycle.isoformat()}
            events.record(at=now, verb="stayed" if there else "rose", noun="tide", row_id=row, data=data)
            if effect == 3:
                wait_if_asked()
            done += not there
    return {"effects": done}


def wait_if_asked() -> None:
    """Where TIDE_WAITS says so, stay inside of the transaction until somebody says "go"; once, by one process."""
    if "TIDE_WAITS" not in os.environ or not first("inside"):
        return
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline and not (HERE / "go").exists():
        time.sleep(0.05)


def ripple(held: jobs.Held) -> Mapping[str, Any]:
    """A job with one effect."""
    with writing():
        events.record(at=held.clock(), verb="rippled", noun="ripple", row_id=held.job.pk, data={"token": held.token})
        held.still_mine()
    return {}


periodic.SERVICES["tide"] = periodic.Service("TIDE_S", rise, "Tide", "Rises")
work.KINDS |= {"ripple": ripple, "poison": lambda held: kill_this()}


# --- kill -9 at a certain place ---------------------------------------------------------------------------------------


def kill_this() -> NoReturn:
    """End this process as `kill -9` ends it: nothing is tidied up."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody survives that")


def first(name: str) -> bool:
    """Say whether nobody was here before, of all processes of this folder."""
    try:
        (HERE / name).open("x").close()
    except FileExistsError:
        return False
    return True


def dying(at: str, act: Callable[..., Any], *, when: int = 1) -> Callable[..., Any]:
    """Let the process that comes to `act` for so many times kill itself instead, once of all."""
    times = 0

    def acting(*args: Any, **kwargs: Any) -> Any:
        nonlocal times
        times += 1
        if times == when and first(f"died-{at}"):
            kill_this()
        return act(*args, **kwargs)

    return acting


for place in os.environ.get("TIDE_DIES", "").split():
    if place == "adding":
        # In the middle of a run, when it has written down two jobs of many.
        jobs.add = dying(place, jobs.add, when=3)
    elif place == "refreshing":
        # In the middle of the transaction of a job.
        bulk.write_ranks = dying(place, bulk.write_ranks)
    elif place == "ringing":
        # After the commit that wrote the job down, before its message is sent.
        jobs.ring = dying(place, jobs.ring)
    elif place == "sending":
        # A beat, after it was cleared for a run, before its message is sent.
        app.send_task = dying(place, app.send_task)


# --- messages more than once, and guards taken out --------------------------------------------------------------------

_send_once = app.send_task


def _send(*args: Any, **kwargs: Any) -> Any:
    return [_send_once(*args, **kwargs) for _ in range(int(number("TIDE_TIMES", 1)))][-1]


app.send_task = _send

if broken := os.environ.get("TIDE_BREAK", "").split():
    from breaking import GUARDS

    for guard in broken:
        GUARDS[guard]()

from capturegraph.wsgi import application  # noqa: E402, F401
