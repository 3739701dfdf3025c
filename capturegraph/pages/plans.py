"""Plans: which there are, making one, and saying what it is about before it is worked out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from capturegraph.models import Assignment, Batch, CandidateSlot, Job, Membership, Plan, PlanRun
from capturegraph.models.membership import Role
from capturegraph.pages.access import Place, place_for
from capturegraph.pages.plan_forms import ChoiceForm, DayForm
from capturegraph.services import work as works
from capturegraph.services.planning import accepting, choices, limits, words
from capturegraph.services.planning import plans as services
from capturegraph.services.refusals import Conflict, Invalid, NotFound

PLANS_SHOWN = 100
FILES_SHOWN = 20
ENDED = (Job.State.FAILED, Job.State.CANCELLED)


@login_required
@require_http_methods(["GET", "POST"])
def plans(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """List the plans of a target, and make one."""
    place, now = place_for(request, target_id, at_least=Role.COORDINATOR), timezone.now()
    zone = place.target.time_zone
    form = DayForm(request.POST if request.method == "POST" else None, zone=zone, now=now)
    if request.method == "POST" and form.is_valid():
        try:
            made, _new = services.make_plan(target=place.target, values=form.wanted(), by=place.user, now=now)
            return redirect("plan", target_id, made.pk)
        except Invalid as refused:
            form.add_error(None, refused.detail)
    shown = {**about(place), "form": form, "plans": _listed(place)}
    return render(request, "console/plans.html", shown, status=400 if form.errors else 200)


def about(place: Place, plan: Plan | None = None) -> dict[str, Any]:
    """Give what every page of planning shows."""
    return {"place": place, "target": place.target, "tab": "plan", "plan": plan}


def _listed(place: Place) -> list[dict[str, Any]]:
    """The latest plans, each with its answer, the work on it and whether any of it is left: in four queries."""
    rows = list(Plan.objects.filter(target=place.target).order_by("-from_at", "-created_at")[:PLANS_SHOWN])
    ids = [one.pk for one in rows]
    answer = Coalesce("accepted_run", Subquery(_answers().filter(plan=OuterRef("pk")).values("pk")[:1]))
    answers = Plan.objects.filter(pk__in=ids).annotate(answer=answer).values("answer")
    runs = {one.plan_id: one for one in PlanRun.objects.filter(pk__in=answers).only("plan_id", "metrics")}
    left = Assignment.objects.filter(plan__in=ids, state=Assignment.State.PLANNED)
    planned = set(left.values_list("plan_id", flat=True).distinct())
    jobs = Job.objects.filter(kind=services.PLAN, row_id__in=ids).only("row_id", "state", "ended_at")
    # Of several, the last one stays.
    begun = {one.row_id: one for one in jobs.order_by("created_at", "pk")}
    return [
        {
            "plan": one, "run": runs.get(one.pk), "work": _unless_done(begun.get(one.pk)),
            "planned": one.state == Plan.State.ACCEPTED and one.pk in planned,
        }
        for one in rows
    ]  # fmt: skip


def _answers() -> QuerySet[PlanRun]:
    """Answers that suppose nothing, the last one first."""
    plain = Q(inputs__trial__isnull=True) | Q(inputs__trial=None)
    return PlanRun.objects.filter(plain).order_by("-number")


def last_answer(plan: Plan) -> PlanRun | None:
    """Give the last answer to a plan that supposes nothing."""
    return _answers().filter(plan=plan).defer("inputs", "stops", "unfilled").first()


def work_of(plan: Plan) -> Job | None:
    """Give the last piece of work on a plan that has not ended well."""
    job = Job.objects.filter(kind=services.PLAN, row_id=plan.pk).order_by("-created_at", "-pk").first()
    return _unless_done(job)


def _unless_done(job: Job | None) -> Job | None:
    return job if job and job.state != Job.State.DONE else None


def own(place: Place, plan_id: UUID) -> Plan:
    """Give a plan of the target.

    Raises:
        Http404: there is none.
    """
    return get_object_or_404(Plan.objects.select_related("target"), target=place.target, pk=plan_id)


# --- one plan ---------------------------------------------------------------------------------------------------------


@login_required
@require_http_methods(["GET", "POST"])
def plan(request: HttpRequest, target_id: UUID, plan_id: UUID) -> HttpResponse:
    """Show what a plan is about, and change it, have it answered, put it away or take it back."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    row = own(place, plan_id)
    if request.method == "POST":
        act = _ACTS.get(request.POST.get("what", ""))
        if act is None:
            raise Http404
        try:
            return act(request, place, row)
        except (Conflict, Invalid, NotFound) as refused:
            row.refresh_from_db()
            return _page(request, place, row, work=work_of(row), refused=refused.detail, status=refused.status)
    work = work_of(row)
    return came_of(request, place, row) or _page(request, place, row, work=work)


def came_of(request: HttpRequest, place: Place, row: Plan) -> HttpResponse | None:
    """Go on to what came of the work that one waits for (`?job=`); None while there is nothing yet.

    Ask after `work_of`: what ends between the two is then still shown as going on, and the page asks again.
    """
    try:
        job = Job.objects.filter(pk=UUID(request.GET.get("job", "")), row_id=row.pk, state=Job.State.DONE).first()
    except ValueError:
        return None
    return redirect("answer", place.target.pk, row.pk, job.result["run"]) if job else None


def waiting_for(request: HttpRequest, place: Place, row: Plan, job: Job) -> HttpResponse:
    """Go to where one waits for work: the answer that one looks at, or the plan."""
    try:
        here = PlanRun.objects.filter(pk=UUID(request.POST.get("here", "")), plan=row).only("pk").first()
    except ValueError:
        here = None
    keys = [place.target.pk, row.pk, *([here.pk] if here else [])]
    return redirect(f"{reverse('answer' if here else 'plan', args=keys)}?job={job.pk}")


def _page(
    request: HttpRequest, place: Place, row: Plan, *, work: Job | None, form: DayForm | None = None,
    refused: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    left, members = limits.of(row.rules), list(_members(place))
    batches = Batch.objects.filter(target=place.target, state=Batch.State.APPLIED).order_by("-applied_at")
    shown = {
        **about(place, row),
        "form": form or DayForm(zone=place.target.time_zone, plan=row),
        "people": [{"member": one, "sent": left.sends(str(one.user_id)), "times": _times(one, row)} for one in members],
        "limits": left,
        "batches": batches[:FILES_SHOWN],
        "waiting": _waiting(place, left),
        "rules": _in_words(limits.without(row.rules)),
        "algorithms": [words.algorithm(one) for one in row.algorithms or ["load_balancing"]],
        "work": work,
        "last": last_answer(row),
        "refused": refused,
        "open": row.state == Plan.State.DRAFT,
    }
    return render(request, "console/plan.html", shown, status=status)


def _members(place: Place) -> Any:
    rows = Membership.objects.current().filter(target=place.target, user__is_active=True)
    rows = rows.filter(role=Role.VOLUNTEER) | rows.filter(availabilities__isnull=False)
    return rows.distinct().select_related("user").prefetch_related("availabilities").order_by("user__name", "pk")


def _times(member: Membership, row: Plan) -> list[Any]:
    inside = [one for one in member.availabilities.all() if one.from_at < row.until_at and one.until_at > row.from_at]
    return sorted(inside, key=lambda one: one.from_at)


def _waiting(place: Place, left: limits.Limits) -> int:
    rows = CandidateSlot.objects.filter(target=place.target, state=CandidateSlot.State.WAITING, seats_left__gt=0)
    rows = rows.filter(priority__gte=left.least_priority)
    return (rows.filter(batch=UUID(left.batch)) if left.batch else rows).count()


def _in_words(rules: list[dict[str, Any]]) -> list[str]:
    """Rules as lines: what each says, and its numbers with their units."""
    known = {one.name: one for one in choices.rules()}
    lines = []
    for rule in rules:
        numbers = [(one.label, rule[one.name], one.unit) for one in known[rule["rule"]].parameters
                   if rule.get(one.name) is not None]  # fmt: skip
        told = ", ".join(f"{label.lower()} {number:g}\u00a0{unit}" for label, number, unit in numbers)
        lines.append(known[rule["rule"]].label + (f" ({told})" if told else ""))
    return lines


# --- what can be done with one ----------------------------------------------------------------------------------------

Act = Callable[[HttpRequest, Place, Plan], HttpResponse]


def _change(request: HttpRequest, place: Place, row: Plan) -> HttpResponse:
    form = DayForm(request.POST, zone=place.target.time_zone, plan=row)
    if not form.is_valid():
        return _page(request, place, row, work=work_of(row), form=form, status=400)
    services.change_plan(plan_id=row.pk, values=form.wanted(), by=place.user, now=timezone.now())
    messages.success(request, _("Changed."))
    return redirect("plan", place.target.pk, row.pk)


def _choose(request: HttpRequest, place: Place, row: Plan) -> HttpResponse:
    form = ChoiceForm(request.POST, [str(one.user_id) for one in _members(place)])
    if not form.is_valid():
        sentence = next(iter(form.errors.values()))[0]
        return _page(request, place, row, work=work_of(row), refused=str(sentence), status=400)
    services.choose(plan_id=row.pk, **form.wanted(), by=place.user, now=timezone.now())
    if request.POST.get("then") == "compute":
        return _compute(request, place, row)
    messages.success(request, _("Changed."))
    return redirect("plan", place.target.pk, row.pk)


def _compute(request: HttpRequest, place: Place, row: Plan) -> HttpResponse:
    job = services.compute(plan_id=row.pk, by=place.user, now=timezone.now())
    return waiting_for(request, place, row, job)


def _discard(request: HttpRequest, place: Place, row: Plan) -> HttpResponse:
    services.discard(plan_id=row.pk, by=place.user, now=timezone.now())
    messages.success(request, _("The plan was put away. Nobody is sent anywhere by it."))
    return redirect("plans", place.target.pk)


def _withdraw(request: HttpRequest, place: Place, row: Plan) -> HttpResponse:
    ended = accepting.withdraw(plan_id=row.pk, by=place.user, now=timezone.now())
    messages.success(request, _("Taken back: %d places. What somebody has begun stays theirs.") % len(ended))
    return redirect("answer", place.target.pk, row.pk, row.accepted_run_id)


def _pair(act: Callable[..., object]) -> Act:
    """Make an act of something that is said of a slot and a volunteer."""

    def done(request: HttpRequest, place: Place, row: Plan) -> HttpResponse:
        try:
            pair = {f"{name}_id": UUID(request.POST.get(name, "")) for name in ("slot", "volunteer")}
        except ValueError:
            raise Http404 from None
        act(plan_id=row.pk, **pair, by=place.user, now=timezone.now())
        back = last_answer(row)
        return redirect("answer" if back else "plan", place.target.pk, row.pk, *([back.pk] if back else []))

    return done


_ACTS: dict[str, Act] = {
    "change": _change, "choose": _choose, "compute": _compute, "discard": _discard, "withdraw": _withdraw,
    "pin": _pair(services.pin), "unpin": _pair(services.unpin), "never": _pair(services.keep_apart),
    "allow": _pair(services.let_together),
}  # fmt: skip


# --- how far the work is ----------------------------------------------------------------------------------------------


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def work(request: HttpRequest, target_id: UUID, plan_id: UUID) -> HttpResponse:
    """Give the part of a page that says how far the work is, and stop it; when it is done, lead to the answer."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    row = own(place, plan_id)
    job = work_of(row)
    if request.method == "POST" and job:
        try:
            works.cancel(job_id=job.pk, by=place.user, now=timezone.now())
        except Conflict:
            messages.info(request, _("It had ended already."))
    job = work_of(row)
    if request.headers.get("HX-Request") != "true":
        return redirect("plan", place.target.pk, row.pk)
    part = render(request, "console/plan_work.html", {**about(place, row), "work": job})
    if job is None:
        part["HX-Redirect"] = _onward(place, row)
    return part


def _onward(place: Place, row: Plan) -> str:
    last = PlanRun.objects.filter(plan=row).order_by("-number").only("pk").first()
    if last is None:
        return reverse("plan", args=[place.target.pk, row.pk])
    return reverse("answer", args=[place.target.pk, row.pk, last.pk])
