"""The periodic services, for the site admin: who takes turns, what ran in which cycle, what is late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from capturegraph.models import ServiceRun, ServiceRunner
from capturegraph.pages.access import person
from capturegraph.services.cycles import standing
from capturegraph.services.cycles.leases import cycle_of
from capturegraph.services.cycles.standing import Standing
from capturegraph.services.writing import database_now

CYCLES_DRAWN = 4
LEFT, WIDTH, TOP, ROW, RIGHT = 170, 950, 64, 76, 44
LEAST_WIDTH, APART = 134, 4
ROWS_AT_MOST = 20
BARS = 60
MARKS = {"completed": "fulfilled", "abandoned": "again", "running": "clock"}


@login_required
@require_safe
def services(request: HttpRequest) -> HttpResponse:
    """Show them; `?service=` is drawn, and the cycle of `?run=` told."""
    if not person(request).is_superuser:
        raise Http404
    now = database_now()
    every, live = standing.standings(now=now), standing.live_runners(now=now)
    chosen = next((one for one in every if one.name == request.GET.get("service")), every[0])
    drawing = Drawing(chosen, live, now)
    run = _run(request, chosen, drawing)
    shown = {
        "standings": [{"one": one, "bars": _bars(one), "next_in": _in(one.next_at - now)} for one in every],
        "late": [one for one in every if one.late],
        "missed": sum(one.missed for one in every),
        "live": [_runner(runner, now) for runner in live],
        "chosen": chosen,
        "drawing": drawing.drawn(),
        "run": run,
        "tale": standing.tale(service=chosen.name, cycle=run.cycle) if run else None,
        "ttl": round(chosen.rhythm.ttl_s),
        "now": now,
        "today": now.date(),
    }
    return render(request, "console/services.html", shown)


def _runner(runner: ServiceRunner, now: datetime) -> dict[str, Any]:
    return {
        "runner": runner,
        "heard": _seconds(now - runner.heartbeat_at),
        "up": _seconds(now - runner.started_at),
    }


def _in(span: timedelta) -> str:
    # No finer than somebody waits: seconds within a minute, minutes within two hours, then hours.
    seconds = span.total_seconds()
    step = 1 if seconds < 60 else 60 if seconds < 7200 else 3600
    return standing.in_words(max(1, round(seconds / step)) * step)


def _bars(one: Standing) -> list[tuple[float, str, str]]:
    """The last runs as bars, the newest at the right: where each stands, its state, and both in words."""
    first = BARS - len(one.recent)
    return [
        (5 * (first + place), run.state, f"{run.cycle:%H:%M:%S} {run.get_state_display()}")
        for place, run in enumerate(one.recent)
    ]


def _run(request: HttpRequest, chosen: Standing, drawing: Drawing) -> ServiceRun | None:
    """The run that was asked for; else what went wrong lately, else the last one."""
    asked = request.GET.get("run", "")
    if not asked:
        wrong = [run for run in drawing.runs if run.state == ServiceRun.State.ABANDONED]
        last = [run for run in chosen.recent if run.state != ServiceRun.State.BLOCKED]
        return (wrong or last)[-1] if wrong or last else None
    if not asked.isascii() or not asked.isdigit() or len(asked) > 18:
        raise Http404
    found = ServiceRun.objects.filter(pk=int(asked), service=chosen.name).first()
    if found is None:
        raise Http404
    return found


def _seconds(span: timedelta) -> int:
    return max(0, round(span.total_seconds()))


class Box(NamedTuple):
    """A rectangle of the drawing, in its units."""

    x: float
    y: float
    width: float
    height: float


class Drawing:
    """The last cycles of a service: a row for each runner, its turns, and what ran."""

    def __init__(self, chosen: Standing, live: list[ServiceRunner], now: datetime) -> None:
        self.chosen, self.live, self.now = chosen, live, now
        self.interval = timedelta(seconds=chosen.rhythm.interval_s)
        self.cycle = cycle_of(now, chosen.rhythm.interval_s)
        self.start = self.cycle - (CYCLES_DRAWN - 1) * self.interval
        self.end = self.cycle + self.interval
        self.runs = [run for run in chosen.recent if run.cycle >= self.start]
        self.runs.sort(key=lambda run: (run.started_at, run.pk))
        self.rows = self._rows()

    def drawn(self) -> dict[str, Any]:
        """Give everything that the template draws."""
        foot = TOP + ROW * max(1, len(self.rows))
        runs = [self._drawn(run) for run in self.runs if run.runner_id in self.rows]
        return {
            "height": foot + 8, "width": LEFT + WIDTH + RIGHT, "rows": list(self.rows.values()), "foot": foot,
            "cycles": [self._cycle(number) for number in range(CYCLES_DRAWN + 1)], "runs": runs,
            "turns": [turn for number in range(CYCLES_DRAWN) for turn in self._turns(number)],
            "arrows": list(self._arrows(runs)), "now_x": self._x(self.now),
        }  # fmt: skip

    def _rows(self) -> dict[str, dict[str, Any]]:
        known = {runner.pk: runner for runner in self.live}
        others = {run.runner_id for run in self.runs if run.runner_id} - set(known)
        known |= {gone.pk: gone for gone in ServiceRunner.objects.filter(pk__in=others).order_by("started_at")}
        return {
            key: self._row(place, runner, gone=key in others)
            for place, (key, runner) in enumerate(list(known.items())[:ROWS_AT_MOST])
        }

    def _row(self, place: int, runner: ServiceRunner, *, gone: bool) -> dict[str, Any]:
        y = TOP + ROW * place
        machine, __, process = runner.name.partition(", ")
        last = runner.signed_off_at or runner.heartbeat_at
        return {
            "machine": machine, "process": process, "y": y, "middle": y + ROW / 2, "gone": last if gone else None,
            "gone_x": self._x(last), "signed_off": runner.signed_off_at is not None,
        }  # fmt: skip

    def _cycle(self, number: int) -> dict[str, Any]:
        at = self.start + number * self.interval
        return {"x": self._x(at), "at": at}

    def _turns(self, number: int) -> list[Box]:
        at = self.start + number * self.interval
        turns = standing.turns(self.live, at, self.chosen.rhythm)
        return [
            Box(self._x(turn.start), self.rows[turn.runner_id]["y"] + 10, self._x(turn.end) - self._x(turn.start), 56)
            for turn in turns
            if turn.runner_id in self.rows
        ]

    def _drawn(self, run: ServiceRun) -> dict[str, Any]:
        y, x = self.rows[run.runner_id]["y"] + 13, self._x(run.started_at)
        # Neighbours of one runner do not cover each other: a short one loses its words before its mark.
        after = [self._x(one.started_at) for one in self.runs if one.runner_id == run.runner_id]
        room = min([one - x - APART for one in after if one > x], default=LEFT + WIDTH + RIGHT - APART - x)
        width = max(min(max(LEAST_WIDTH, self._x(run.ended_at or self.now) - x), room), ROW / 3)
        took = ((run.ended_at or self.now) - run.started_at).total_seconds()
        return {"run": run, "box": Box(x, y, width, 50), "took": took, "mark": MARKS.get(run.state, "")}

    def _arrows(self, runs: list[dict[str, Any]]) -> Iterator[dict[str, float]]:
        """From a run that was given up to the one that took its cycle over, where another runner did."""
        for place, one in enumerate(runs):
            later = [other for other in runs[place + 1 :] if other["run"].cycle == one["run"].cycle]
            after = [other for other in later if other["run"].state != ServiceRun.State.BLOCKED]
            if one["run"].state != ServiceRun.State.ABANDONED or not after or after[0]["box"].y == one["box"].y:
                continue
            down = after[0]["box"].y > one["box"].y
            yield {
                "x": one["box"].x + 14, "y": one["box"].y + (50 if down else 0), "to_x": after[0]["box"].x - 3,
                "to_y": after[0]["box"].y + 25,
            }  # fmt: skip

    def _x(self, moment: datetime) -> float:
        part = (moment - self.start) / (self.end - self.start)
        return round(LEFT + WIDTH * min(1.0, max(0.0, part)), 1)
