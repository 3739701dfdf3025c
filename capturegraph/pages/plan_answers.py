"""An answer to a plan: who goes where, what nobody does and why, and giving everybody their places."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from capturegraph.formats import write_csv, write_gpx
from capturegraph.models import CandidateSlot, Job, Plan, PlanRun, User
from capturegraph.models.membership import Role
from capturegraph.pages.access import Place, place_for
from capturegraph.pages.field import tiles_allowed
from capturegraph.pages.plans import about, came_of, own, waiting_for, work_of
from capturegraph.services.planning import accepting, day, showing, trials, words
from capturegraph.services.planning import plans as services
from capturegraph.services.planning.day import Day
from capturegraph.services.planning.reasons import length
from capturegraph.services.refusals import Conflict, Invalid, NotFound

CHANGED_SHOWN = 50
STOP_COLUMNS = ("volunteer", "name", "stop", "label", "title", "about", "metres", "from_at", "until_at", "fixed")
FORMS: dict[str, tuple[Callable[..., Any], str]] = {
    "csv": (write_csv, "text/csv; charset=utf-8"), "gpx": (write_gpx, "application/gpx+xml"),
}  # fmt: skip


def _own_run(row: Plan, run_id: UUID) -> PlanRun:
    return get_object_or_404(PlanRun.objects.select_related("plan__target"), plan=row, pk=run_id)


@login_required
@require_http_methods(["GET", "POST"])
def answer(request: HttpRequest, target_id: UUID, plan_id: UUID, run_id: UUID) -> HttpResponse:
    """Show an answer; `?slot=` and `?volunteer=` are told about. Offer it, try a change, keep what was tried."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    row = own(place, plan_id)
    run = _own_run(row, run_id)
    if request.method == "POST":
        act = _ACTS.get(request.POST.get("what", ""))
        if act is None:
            raise Http404
        try:
            return act(request, place, run)
        except (Conflict, Invalid, NotFound) as refused:
            run.plan.refresh_from_db()
            return _page(request, place, run, work=work_of(row), refused=refused)
    work = work_of(row)
    return came_of(request, place, row) or _page(request, place, run, work=work)


def _page(
    request: HttpRequest, place: Place, run: PlanRun, *, work: Job | None,
    refused: Conflict | Invalid | NotFound | None = None,
) -> HttpResponse:  # fmt: skip
    said = day.read(run=run, answer=showing.read(run=run))
    drawer = _drawer(request, run, said)
    drawer["day"] = said
    if request.headers.get("HX-Request") == "true" and request.method == "GET":
        part = render(request, "console/plan_drawer.html", {**about(place, run.plan), "run": run, **drawer})
        # The same address is a whole page for whoever opens it by itself.
        patch_vary_headers(part, ["HX-Request"])
        return part
    shown = {
        **about(place, run.plan), "run": run, "work": work, **drawer,
        "open": run.plan.state == Plan.State.DRAFT, "stale": day.is_stale(run) and not run.plan.accepted_run_id,
        "mine": run.plan.accepted_run_id == run.pk, "trial": _trial(run, said),
        "left": run.plan.assignments.filter(state="planned").exists(),
        "refused": refused, "changed": _changed(refused, said) if refused else [],
        "over": run.plan.until_at <= timezone.now(), "operation_id": uuid4(),
    }  # fmt: skip
    response = render(request, "console/plan_answer.html", shown, status=refused.status if refused else 200)
    response._csp_update = tiles_allowed()  # type: ignore[attr-defined]
    patch_vary_headers(response, ["HX-Request"])
    return response


def _trial(run: PlanRun, said: Day) -> dict[str, Any] | None:
    """What an answer supposes, and how it differs from the one that it was tried on."""
    trial = run.inputs.get("trial")
    if not trial:
        return None
    before = PlanRun.objects.filter(pk=trial.get("from"), plan=run.plan).first()
    lost = {one["slot"] for one in before.unfilled} if before else set()
    new = [one.title for one in said.nobody if before and one.slot not in lost]
    slot = CandidateSlot.objects.filter(pk=trial["slot"]).first()
    says = trial["says"]
    km = says["most_walking_m"] / 1000 if "most_walking_m" in says else None
    return {
        "name": day.names_of(said.people).get(trial["volunteer"], ""), "title": str(slot or ""), "says": says,
        "km": km, "before": before, "new": new, "skills": ", ".join(says.get("skills", ())),
        "gained": run.metrics["filled"] - before.metrics["filled"] if before else 0,
    }  # fmt: skip


def _changed(refused: Conflict | Invalid | NotFound, said: Day) -> list[dict[str, str]]:
    changed = (refused.present or {}).get("changed", []) if isinstance(refused.present, dict) else []
    names = day.names_of(said.people)
    titles = {visit.stop.slot: visit.stop.title for one in said.people for visit in one.visits}
    return [
        {"title": titles.get(one["slot"], ""), "name": names.get(one["volunteer"], ""), "sentence": one["sentence"]}
        for one in changed[:CHANGED_SHOWN]
    ]


# --- the drawer -------------------------------------------------------------------------------------------------------


def _drawer(request: HttpRequest, run: PlanRun, said: Day) -> dict[str, Any]:
    """What is told beside the map: of a place, of a person, of the two, or of what is fixed by hand."""
    slot, volunteer = _asked(request, "slot"), _asked(request, "volunteer")
    by_key = {one.volunteer: one for one in said.people}
    shown: dict[str, Any] = {"fixed": day.fixed(run.plan), "open": run.plan.state == Plan.State.DRAFT}
    shown["on_foot"] = length(run.metrics["walking_m"])
    shown["pins"] = {(one.slot, one.volunteer): one for one in shown["fixed"]}
    if slot and volunteer:
        return {**shown, "pair": _of_pair(run, slot, volunteer, by_key)}
    if slot:
        told = day.why(run=run, slot_id=slot, names=day.names_of(said.people))
        rows = [{"why": one, "person": by_key[one.volunteer]} for one in told.reasons]
        return {**shown, "told": told, "rows": rows, "chosen_slot": str(slot)}
    if volunteer:
        person = by_key.get(str(volunteer))
        if person is None:
            raise Http404
        return {**shown, "person": person, "chosen_person": str(volunteer)}
    return shown


def _of_pair(run: PlanRun, slot: UUID, volunteer: UUID, by_key: dict[str, day.Person]) -> dict[str, Any]:
    """Why these two, or why not, rule by rule."""
    told = services.explain(run=run, slot_id=slot, volunteer_id=volunteer)
    instead = [by_key[str(one)] for one in told.instead if str(one) in by_key]
    return {
        "told": told, "slot": get_object_or_404(CandidateSlot, target=run.plan.target_id, pk=slot),
        "who": get_object_or_404(User, pk=volunteer), "person": by_key.get(str(volunteer)), "instead": instead,
        "rules": [{"one": one, "word": words.rule(one.rule)} for one in told.verdicts],
        "fixed": next((o for o in day.fixed(run.plan) if (o.slot, o.volunteer) == (str(slot), str(volunteer))), None),
    }  # fmt: skip


def _asked(request: HttpRequest, name: str) -> UUID | None:
    text = request.GET.get(name, "")
    try:
        return UUID(text) if text else None
    except ValueError:
        raise Http404 from None


# --- what can be done with one ----------------------------------------------------------------------------------------


def _accept(request: HttpRequest, place: Place, run: PlanRun) -> HttpResponse:
    rest = request.POST.get("rest") == "on"
    done = accepting.accept(run_id=run.pk, by=place.user, now=timezone.now(), leave_out_changed=rest)
    n = len(done.assignments)
    sentence = ngettext("%d place is offered, and they were told.", "%d places are offered, and all were told.", n) % n
    if done.changed:
        more = len(done.changed)
        sentence += " " + ngettext("%d is left out: it had changed.", "%d are left out: they had changed.", more) % more
    messages.success(request, sentence)
    return redirect("answer", place.target.pk, run.plan_id, run.pk)


def _try(request: HttpRequest, place: Place, run: PlanRun) -> HttpResponse:
    try:
        pair = {f"{name}_id": UUID(request.POST.get(name, "")) for name in ("slot", "volunteer")}
    except ValueError:
        raise Http404 from None
    job = trials.try_out(run_id=run.pk, **pair, by=place.user, now=timezone.now())
    return waiting_for(request, place, run.plan, job)


def _keep(request: HttpRequest, place: Place, run: PlanRun) -> HttpResponse:
    try:
        once = UUID(request.POST.get("operation_id", "")) if "operation_id" in request.POST else None
    except ValueError:
        raise Http404 from None
    job = trials.keep(run_id=run.pk, by=place.user, now=timezone.now(), operation_id=once)
    return waiting_for(request, place, run.plan, job)


_ACTS = {"accept": _accept, "try": _try, "keep": _keep}


# --- to take along ----------------------------------------------------------------------------------------------------


@login_required
@require_safe
def ways(request: HttpRequest, target_id: UUID, plan_id: UUID, run_id: UUID) -> HttpResponse:
    """Show everybody's way as a plain list, to print: a page for each."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    run = _own_run(own(place, plan_id), run_id)
    said = day.read(run=run, answer=showing.read(run=run))
    only = _asked(request, "volunteer")
    people = [one for one in said.people if one.visits and only in (None, UUID(one.volunteer))]
    shown = {**about(place, run.plan), "run": run, "people": people, "only": only}
    return render(request, "console/plan_ways.html", shown)


@login_required
@require_safe
def file(request: HttpRequest, target_id: UUID, plan_id: UUID, run_id: UUID, form: str) -> StreamingHttpResponse:
    """Stream the stops of everybody, or of `?volunteer=`, as CSV or GPX."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    run = _own_run(own(place, plan_id), run_id)
    if form not in FORMS:
        raise Http404
    only = _asked(request, "volunteer")
    said = day.read(run=run, answer=showing.read(run=run))
    write, kind = FORMS[form]
    rows = _features(said, only)
    pieces = write(rows, STOP_COLUMNS if form == "csv" else str(run.plan))
    answer = StreamingHttpResponse(pieces, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="ways.{form}"'
    return answer


def _features(said: Day, only: UUID | None) -> Iterator[dict[str, Any]]:
    for person in said.people:
        if only is not None and person.volunteer != str(only):
            continue
        for number, visit in enumerate(person.visits, 1):
            stop = visit.stop
            own_values = {
                "volunteer": person.volunteer, "name": person.name, "stop": number, "label": visit.label,
                "title": f"{visit.label} {stop.title}", "about": visit.at, "metres": stop.metres,
                "from_at": stop.from_at, "until_at": stop.until_at, "fixed": stop.pinned,
            }  # fmt: skip
            yield {"latitude": stop.latitude, "longitude": stop.longitude, "properties": own_values}
