"""How the periodic services stand: what ran last, what comes next, and whether somebody should look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Min
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from capturegraph.models import ServiceRun, ServiceRunner
from capturegraph.services.cycles import leases
from capturegraph.services.cycles.leases import Rhythm
from capturegraph.services.cycles.periodic import SERVICES
from capturegraph.services.cycles.runners import SILENT_FOR

State = ServiceRun.State
RUNS_SHOWN = 60


class Standing(NamedTuple):
    """One service. `late`: nothing was completed for two intervals; `recent` are its last cycles, the oldest first."""

    name: str
    title: str
    purpose: str
    rhythm: Rhythm
    last: ServiceRun | None
    next_at: datetime
    late: bool
    recent: Sequence[ServiceRun]

    @property
    def missed(self) -> int:
        """How many of the last cycles were begun and never came to an end, the present one apart."""
        ended = {run.cycle for run in self.recent if run.state in (State.COMPLETED, State.RUNNING)}
        begun = {run.cycle for run in self.recent if run.state == State.ABANDONED and run.cycle < self.next_at}
        return len(begun - ended)

    @property
    def took_s(self) -> float:
        """The seconds that the last run took."""
        if self.last is None or self.last.ended_at is None:
            return 0.0
        return (self.last.ended_at - (self.last.begun_at or self.last.started_at)).total_seconds()

    @property
    def every(self) -> str:
        """The interval in words."""
        return in_words(self.rhythm.interval_s)


def in_words(seconds: float) -> str:
    """Give a length of time in the largest unit that it is a whole number of."""
    if seconds and seconds % 86_400 == 0:
        return ngettext("%d day", "%d days", int(seconds // 86_400)) % (seconds // 86_400)
    if seconds and seconds % 3600 == 0:
        return _("%d h") % (seconds // 3600)
    return _("%d min") % (seconds // 60) if seconds and seconds % 60 == 0 else _("%g s") % seconds


class Turn(NamedTuple):
    """A stretch of a cycle that is kept for one runner."""

    runner_id: str
    start: datetime
    end: datetime


def standings(*, now: datetime) -> list[Standing]:
    """Say how each service stands at `now`, by the database's clock."""
    since = ServiceRunner.objects.aggregate(first=Min("started_at"))["first"]
    return [_standing(name, since, now) for name in SERVICES]


def _standing(name: str, since: datetime | None, now: datetime) -> Standing:
    service = SERVICES[name]
    rhythm = service.rhythm
    runs = list(ServiceRun.objects.filter(service=name)[:RUNS_SHOWN])
    last = ServiceRun.objects.filter(service=name, state=State.COMPLETED).first()
    latest = last.ended_at if last and last.ended_at else since
    late = latest is None or (now - latest).total_seconds() > 2 * rhythm.interval_s
    cycle = leases.cycle_of(now, rhythm.interval_s)
    due = cycle if last is None or last.cycle < cycle else cycle + timedelta(seconds=rhythm.interval_s)
    return Standing(name, str(service.title), str(service.purpose), rhythm, last, due, late, runs[::-1])


def live_runners(*, now: datetime) -> list[ServiceRunner]:
    """Give the runners that take their turns, in the order of their turns."""
    return list(ServiceRunner.objects.live(now, SILENT_FOR))


def turns(live: Sequence[ServiceRunner], cycle: datetime, rhythm: Rhythm) -> list[Turn]:
    """Give the turns of a cycle, as they fall to the runners that are there."""
    if not live:
        return []
    share = rhythm.interval_s / len(live)
    margin = 0.0 if len(live) == 1 else min(rhythm.margin_s, share / 2)
    starts = [cycle + timedelta(seconds=index * share) for index in range(len(live))]
    return [
        Turn(runner.pk, start, start + timedelta(seconds=share - margin))
        for runner, start in zip(live, starts, strict=True)
    ]


class Moment(NamedTuple):
    """One thing that happened in a cycle. `what`: claimed, took_over, begun, completed, failed, silent."""

    at: datetime
    what: str
    run: ServiceRun
    runner: str

    @property
    def words(self) -> list[str]:
        """What the run did, without what was nothing."""
        return [f"{count} {RESULT_WORDS.get(name, name)}" for name, count in self.run.result.items() if count]


class Tale(NamedTuple):
    """What became of a cycle: its moments in order, and why others did not begin, each once."""

    cycle: datetime
    runs: Sequence[ServiceRun]
    moments: Sequence[Moment]
    blocked: Sequence[Moment]


def tale(*, service: str, cycle: datetime) -> Tale:
    """Tell what became of a cycle of a service, over all runs that there were."""
    every = list(ServiceRun.objects.filter(service=service, cycle=cycle).order_by("started_at", "pk"))
    names = runner_names(every)
    runs = [run for run in every if run.state != State.BLOCKED]
    moments = [moment for number, run in enumerate(runs) for moment in _moments(run, number, names)]
    skipped = [run for run in every if run.state == State.BLOCKED]
    blocked = [Moment(run.started_at, "blocked", run, names.get(run.runner_id, run.runner_id)) for run in skipped]
    return Tale(cycle, runs, moments, blocked)


def runner_names(runs: Sequence[ServiceRun]) -> dict[str, str]:
    """Give the names of the runners of runs; one that was forgotten has none."""
    keys = {run.runner_id for run in runs}
    return dict(ServiceRunner.objects.filter(pk__in=keys).values_list("pk", "name"))


def _moments(run: ServiceRun, number: int, names: Mapping[str, str]) -> Iterator[Moment]:
    runner = names.get(run.runner_id, run.runner_id)
    yield Moment(run.started_at, "took_over" if number else "claimed", run, runner)
    if run.begun_at:
        yield Moment(run.begun_at, "begun", run, runner)
    if run.state == State.COMPLETED and run.ended_at:
        yield Moment(run.ended_at, "completed", run, runner)
    elif run.state == State.ABANDONED and run.ended_at:
        yield Moment(run.ended_at, "silent" if run.reason == leases.FELL_SILENT else "failed", run, runner)


RESULT_WORDS = {
    "leases": gettext_lazy("leases ended"),
    "direct_uploads": gettext_lazy("photographs that phones began to put into the store"),
    "photo_less": gettext_lazy("photographs that never came"),
    "parts": gettext_lazy("pieces of photographs let go"),
    "rung": gettext_lazy("jobs rung for again"),
    "targets": gettext_lazy("targets to choose anew for"),
    "runs": gettext_lazy("old runs forgotten"),
    "runners": gettext_lazy("old runners forgotten"),
    "jobs": gettext_lazy("old jobs forgotten"),
}
"""What the figures of a run's result count, in words."""
