"""Plans, as a coordinator asks for them and a worker answers."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from stories import Person

from capturegraph.models import CandidateSlot, Job, Membership, Plan, PlanRun, Target
from capturegraph.services import work
from capturegraph.services.planning import availability, plans


def asked(target: Target, who: Person, now: datetime, **values: Any) -> Plan:
    """A plan for the next eight hours, or for what the values say."""
    values = {"from_at": now, "until_at": now + timedelta(hours=8), **values}
    return plans.make_plan(target=target, values=values, by=who.user, now=now)[0]


def done(job_id: Any, now: datetime) -> Job:
    """Do a job, as a worker would that is rung for; give its row."""
    work.do(job_id=job_id, clock=lambda: now)
    return Job.objects.get(pk=job_id)


def answered(plan: Plan, who: Person, now: datetime) -> PlanRun:
    """An answer to a plan."""
    job = done(plans.compute(plan_id=plan.pk, by=who.user, now=now).pk, now)
    assert job.state == Job.State.DONE, job.error
    return PlanRun.objects.get(job=job)


def says(who: Person, target: Target, now: datetime, *times: availability.Time, **profile: Any) -> Membership:
    """What somebody says of themselves for a target."""
    member = Membership.objects.get(user=who.user, target=target)
    availability.set_times(membership=member, times=times, by=who.user, now=now)
    return availability.set_profile(membership=member, values=profile, by=who.user, now=now)


def for_hours(now: datetime, hours: float, kind: str = "there") -> availability.Time:
    """So many hours from now."""
    return availability.Time(kind, now, now + timedelta(hours=hours))


# --- at the desk


def slot(name: str) -> CandidateSlot:
    """The slot of that title."""
    return CandidateSlot.objects.get(title=name)


def page(row: Plan | PlanRun) -> str:
    """The address of a plan, or of an answer."""
    if isinstance(row, PlanRun):
        return reverse("answer", args=[row.plan.target_id, row.plan_id, row.pk])
    return reverse("plan", args=[row.target_id, row.pk])


def said(answer: HttpResponse, status: int = 200) -> str:
    """The text of a page that answers so, in single spaces."""
    assert answer.status_code == status, answer.content.decode()[-600:]
    return " ".join(answer.content.decode().replace("\u00a0", " ").split())


def pair(name: str, who: Person, what: str) -> dict[str, Any]:
    """What a form says of a slot and a volunteer."""
    return {"what": what, "slot": slot(name).pk, "volunteer": who.user.pk}
