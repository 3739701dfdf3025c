"""`manage.py services`: how the periodic services stand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from capturegraph.management.command import Command as Base
from capturegraph.models import ServiceRun
from capturegraph.services.cycles import standing
from capturegraph.services.cycles.standing import Moment, Standing
from capturegraph.services.writing import database_now

CYCLES = 12


class Command(Base):
    """Prints the runners that are there and, for each service, its last and next run. Ends with 1 where one is late."""

    help = "Say which runners are there, what each periodic service did last, and when it runs next."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it."""
        now = database_now()
        live = standing.live_runners(now=now)
        self.stdout.write(f"{len(live)} runners are there." if len(live) != 1 else "1 runner is there.")
        for runner in live:
            self.stdout.write(
                f"  {runner.name}, heard {_ago(runner.heartbeat_at, now)}, since {_at(runner.started_at)}"
            )
        every = standing.standings(now=now)
        for one in every:
            self.stdout.write(_line(one, now))
            for sentence in _lately(one):
                self.stdout.write(f"  {sentence}")
        missed = sum(one.missed for one in every)
        late = [one.title for one in every if one.late]
        if late:
            self.refuse(f"Late, nothing completed for two intervals: {', '.join(late)}.", code=3)
        self.stdout.write(
            f"Nothing is late. {missed} of the last cycles were begun and never came to an end."
            if missed
            else "Every cycle ran once. Nothing is late."
        )


def _line(one: Standing, now: datetime) -> str:
    last = f"{_at(one.last.ended_at)}, {one.took_s:.1f} s" if one.last and one.last.ended_at else "never"
    return f"{one.title:<12} every {one.every} · last {last} · next {_in(one.next_at, now)}"


def _lately(one: Standing) -> Iterator[str]:
    """What was given up or not begun in the last cycles, and what became of each."""
    odd = [run for run in one.recent[-CYCLES:] if run.state in (ServiceRun.State.ABANDONED, ServiceRun.State.BLOCKED)]
    for cycle in sorted({run.cycle for run in odd}):
        tale = standing.tale(service=one.name, cycle=cycle)
        for moment in [*tale.moments, *tale.blocked]:
            if moment.what != "begun":
                yield f"{moment.at:%H:%M:%S} {moment.runner}: {_sentence(moment)} (cycle of {cycle:%H:%M:%S})"


def _sentence(moment: Moment) -> str:
    run = moment.run
    return {
        "claimed": f"claimed, token {run.token}",
        "took_over": f"took over, token {run.token}",
        "completed": "done",
        "blocked": f"not begun, {run.reason}",
    }.get(moment.what, f"given up, {run.reason}")


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _ago(moment: datetime, now: datetime) -> str:
    return f"{max(0.0, (now - moment).total_seconds()):.0f} s ago"


def _in(moment: datetime, now: datetime) -> str:
    seconds = (moment - now).total_seconds()
    step = 1 if seconds < 60 else 60 if seconds < 7200 else 3600
    return "now" if seconds <= 0 else f"in {standing.in_words(max(1, round(seconds / step)) * step)}"
