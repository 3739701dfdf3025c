"""`manage.py plan`: who should go where, worked out and maybe accepted at the terminal."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from capturegraph.formats.times import moment
from capturegraph.management.command import Command as Base
from capturegraph.models import Job, PlanRun, Target
from capturegraph.services import work
from capturegraph.services.planning import accepting, plans, showing
from capturegraph.services.planning.showing import Answer

UNFILLED_SHOWN = 30
LOOK_EVERY_S = 0.5
LAST_YEAR = 9998


class Command(Base):
    """Makes a plan for a target, works it out in this process, prints it, and accepts it where that is asked for."""

    help = "Plan who should go where in a time to come, print it, and with --accept give everybody their stops."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("target", help="the target's id, or its name")
        parser.add_argument("--from", dest="begin", required=True, metavar="TIME", help="like “2026-11-28 09:00”")
        parser.add_argument("--until", dest="end", required=True, metavar="TIME", help="a day means its end")
        parser.add_argument("--name", default="", help="what to call the plan")
        parser.add_argument(
            "--rule", dest="rules", action="append", metavar="RULE", type=_rule,
            help="like most_slots:most=8, once for each; without any, the target's",
        )  # fmt: skip
        parser.add_argument(
            "--algorithm", dest="algorithms", action="append", metavar="NAME",
            help="tried in this order; without any, the target's",
        )  # fmt: skip
        parser.add_argument("--accept", action="store_true", help="give everybody their stops")
        parser.add_argument("--json", action="store_true", help="print the whole answer as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Do it. Times without an offset are by the target's clocks."""
        target = _target(options["target"])
        values = {"name": options["name"], **_times(target, options["begin"], options["end"])}
        values |= {name: options[name] for name in ("rules", "algorithms") if options[name] is not None}
        plan, __ = plans.make_plan(target=target, values=values, by=None, now=timezone.now())
        run = self._answered(plans.compute(plan_id=plan.pk, by=None, now=timezone.now()).pk)
        answer = showing.read(run=run)
        accepted = accepting.accept(run_id=run.pk, by=None, now=timezone.now()) if options["accept"] else None
        if options["json"]:
            self.stdout.write(orjson.dumps(_whole(run, answer, accepted), option=orjson.OPT_INDENT_2).decode())
            return
        for line in (*_table(answer), "", *_figures(run), *_left_over(answer)):
            self.stdout.write(line)
        self.stdout.write("")
        if accepted:
            self.stdout.write(f"Accepted: {len(accepted.assignments)} stops are planned, and everybody was told.")
        else:
            self.stdout.write(f"Nobody was sent yet: this is answer {run.number} to the plan {plan.pk}.")

    def _answered(self, job_id: UUID) -> PlanRun:
        """Work it out, here or where a worker was quicker; either way show how far it is."""
        while not (job := Job.objects.get(pk=job_id)).ended_at:
            # Not due while somebody is at it, and due again where they fell silent.
            if work.do(job_id=job_id, clock=timezone.now, heard=self._heard) is None:
                self._heard(job.step, job.done, job.total)
                time.sleep(LOOK_EVERY_S)
        if job.state != Job.State.DONE:
            raise CommandError(job.error or "The work was stopped.", returncode=2)
        return PlanRun.objects.select_related("plan").get(job=job)

    def _heard(self, step: str, done: int, total: int) -> None:
        said = f"{step}, {done:,} of {total:,}" if total else step
        self.stderr.write(f"{said} …", style_func=str)


def _rule(text: str) -> dict[str, Any]:
    """Read a rule of the command line: most_slots:most=8."""
    name, __, numbers = text.partition(":")
    setting: dict[str, Any] = {"rule": name.strip()}
    for each in filter(None, numbers.split(",")):
        key, equals, value = each.partition("=")
        try:
            number = float(value)
        except ValueError:
            equals = ""
        if not equals:
            raise argparse.ArgumentTypeError(f"“{text}” is no rule: write it like most_slots:most=8.")
        setting[key.strip()] = int(number) if number.is_integer() else number
    return setting


def _target(text: str) -> Target:
    try:
        found = list(Target.objects.filter(pk=UUID(text)))
    except ValueError:
        found = list(Target.objects.filter(name__iexact=text)[:2])
    if not found:
        raise CommandError(f"There is no target “{text}”.", returncode=2)
    if len(found) > 1:
        raise CommandError(f"Several targets are called “{text}”: give the id of one.", returncode=2)
    return found[0]


def _times(target: Target, begin: str, end: str) -> dict[str, datetime]:
    found = {}
    for name, option, text in (("from_at", "--from", begin), ("until_at", "--until", end)):
        try:
            at = moment(text, ZoneInfo(target.time_zone), ends=name == "until_at")
        except ValueError as refusal:
            raise CommandError(f"{option} {refusal}", returncode=2) from None
        if at is None or at.year > LAST_YEAR:
            wrong = "is empty" if at is None else "is too far away"
            raise CommandError(f"{option} {wrong}: write it like “2026-11-28 09:00”.", returncode=2)
        found[name] = at
    return found


def _table(answer: Answer) -> Iterator[str]:
    rows = [("volunteer", "stops", "metres", "load")]
    rows += [(one.name, f"{len(one.stops)}", f"{one.walking_m:,.0f}", f"{one.load:g}") for one in answer.routes]
    widths = [max(len(row[n]) for row in rows) for n in range(4)]
    for row in rows:
        numbers = "  ".join(text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True))
        yield f"{row[0].ljust(widths[0])}  {numbers}"


def _figures(run: PlanRun) -> Iterator[str]:
    for attempt in run.attempts:
        yield f"{attempt['algorithm']} gave up: {attempt['reason']}."
    figures = run.metrics
    idle = f"{figures['idle']} without any" if figures["idle"] else "nobody without any"
    yield (
        f"{run.algorithm} filled {figures['filled']:,} of {figures['asked']:,} slots ({figures['fill_rate']:.0%}): "
        f"{figures['walking_m']:,.0f} m in all, largest load {figures['largest_load']:g}, {idle}, "
        f"Gini {figures['gini']:.2f}."
    )
    if figures["out_of_budget"]:
        yield "The search was stopped by its budget: a better plan may exist."


def _left_over(answer: Answer) -> Iterator[str]:
    for one in answer.unfilled[:UNFILLED_SHOWN]:
        by_rule = ", ".join(f"{rule.rule} {rule.number}" for rule in one.by_rule)
        yield f"Not filled: {one.title}. {one.sentence}" + (f" Refused: {by_rule}." if by_rule else "")
    more = len(answer.unfilled) - UNFILLED_SHOWN
    if more > 0:
        yield f"And {more:,} more that are not filled: --json has all."


def _whole(run: PlanRun, answer: Answer, accepted: accepting.Accepted | None) -> dict[str, Any]:
    return {
        "plan": run.plan_id, "run": run.pk, "number": run.number, "algorithm": run.algorithm,
        "attempts": run.attempts, "metrics": run.metrics, **_plain(answer),
        "planned": len(accepted.assignments) if accepted else None,
    }  # fmt: skip


def _plain(value: Any) -> Any:
    if hasattr(value, "_asdict"):
        return {name: _plain(inner) for name, inner in value._asdict().items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(inner) for inner in value]
    return value
