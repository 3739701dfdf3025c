"""Planning ahead: who should go where, why, and why not otherwise."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capturegraph.api import plan_shapes, serializers, shapes
from capturegraph.api.access import caller, target_for
from capturegraph.api.pagination import ByTime
from capturegraph.api.problems import checked
from capturegraph.formats import write_geojson
from capturegraph.models import Plan, PlanPin, PlanRun, User
from capturegraph.models.membership import Role
from capturegraph.services.planning import accepting, choices, plans, showing
from capturegraph.services.refusals import Invalid, NotFound


def _rows() -> QuerySet[Plan]:
    """Plans with all that is shown of them, in a few queries for any number."""
    pins = PlanPin.objects.select_related("slot", "volunteer").order_by("created_at", "pk")
    runs = PlanRun.objects.only("pk", "plan", "number")
    return Plan.objects.prefetch_related(Prefetch("pins", pins), Prefetch("runs", runs))


def _shown(plan: Plan) -> dict[str, object]:
    return plan_shapes.plan(_rows().get(pk=plan.pk))


def _own(user: User, plan_id: UUID) -> Plan:
    plan = _rows().filter(pk=plan_id).first()
    if plan is None:
        raise NotFound(_("There is no such plan."))
    target_for(user, plan.target_id, at_least=Role.COORDINATOR)
    return plan


def _own_run(user: User, run_id: UUID) -> PlanRun:
    run = PlanRun.objects.select_related("plan").filter(pk=run_id).first()
    if run is None:
        raise NotFound(_("There is no such answer to a plan."))
    target_for(user, run.plan.target_id, at_least=Role.COORDINATOR)
    return run


class Rules(APIView):
    """The rules that plans can keep to."""

    @extend_schema(responses=serializers.RulesOut)
    def get(self, request: Request) -> Response:
        """List them, with the numbers that they need."""
        every = [{**one._asdict(), "parameters": [n._asdict() for n in one.parameters]} for one in choices.rules()]
        return Response({"results": every})


class Algorithms(APIView):
    """The algorithms that plans can be made by."""

    @extend_schema(responses=serializers.AlgorithmsOut)
    def get(self, request: Request) -> Response:
        """List them."""
        return Response({"results": [one._asdict() for one in choices.algorithms()]})


class Plans(APIView):
    """The plans of a target."""

    @extend_schema(operation_id="plans_list", responses=serializers.PlanOut(many=True))
    def get(self, request: Request, target_id: UUID) -> Response:
        """List them, those that were discarded too."""
        target, pages = target_for(caller(request), target_id, at_least=Role.COORDINATOR).target, ByTime()
        page = pages.paginate_queryset(_rows().filter(target=target), request, self)
        return pages.get_paginated_response([plan_shapes.plan(one) for one in page])

    @extend_schema(request=serializers.PlanIn, responses={201: serializers.PlanOut, 200: serializers.PlanOut})
    def post(self, request: Request, target_id: UUID) -> Response:
        """Make one: a time, and the rules and algorithms, which are else the target's."""
        user = caller(request)
        target = target_for(user, target_id, at_least=Role.COORDINATOR).target
        asked = checked(serializers.PlanIn(data=request.data))
        operation_id = asked.pop("operation_id", None)
        plan, created = plans.make_plan(
            target=target, values=asked, by=user, now=timezone.now(), operation_id=operation_id
        )
        return Response(_shown(plan), status=201 if created else 200)


class OnePlan(APIView):
    """One plan."""

    @extend_schema(operation_id="plans_retrieve", responses=serializers.PlanOut)
    def get(self, request: Request, plan_id: UUID) -> Response:
        """Show it."""
        return Response(plan_shapes.plan(_own(caller(request), plan_id)))

    @extend_schema(
        request=serializers.PlanIn(partial=True), responses={200: serializers.PlanOut, 409: serializers.Problem}
    )
    def patch(self, request: Request, plan_id: UUID) -> Response:
        """Change what it asks for, while it is a draft."""
        user = caller(request)
        plan = _own(user, plan_id)
        asked = checked(serializers.PlanIn(data=request.data, partial=True))
        asked.pop("operation_id", None)
        return Response(_shown(plans.change_plan(plan_id=plan.pk, values=asked, by=user, now=timezone.now())))

    @extend_schema(responses={200: serializers.PlanOut, 409: serializers.Problem})
    def delete(self, request: Request, plan_id: UUID) -> Response:
        """Discard it. A repeat is success; one that was accepted is withdrawn instead."""
        user = caller(request)
        return Response(_shown(plans.discard(plan_id=_own(user, plan_id).pk, by=user, now=timezone.now())))


class Pin(APIView):
    """A volunteer and a slot, in every answer to a plan."""

    @extend_schema(request=serializers.Operation, responses={200: serializers.PlanOut, 409: serializers.Problem})
    def put(self, request: Request, plan_id: UUID, slot_id: UUID, volunteer_id: UUID) -> Response:
        """Let them go there whatever the rules say. A repeat is success."""
        user = caller(request)
        plan = _own(user, plan_id)
        checked(serializers.Operation(data=request.data))
        plans.pin(plan_id=plan.pk, slot_id=slot_id, volunteer_id=volunteer_id, by=user, now=timezone.now())
        return Response(_shown(plan))

    @extend_schema(responses={200: serializers.PlanOut, 409: serializers.Problem})
    def delete(self, request: Request, plan_id: UUID, slot_id: UUID, volunteer_id: UUID) -> Response:
        """Leave that to the rules again. A repeat is success."""
        user = caller(request)
        plan = _own(user, plan_id)
        plans.unpin(plan_id=plan.pk, slot_id=slot_id, volunteer_id=volunteer_id, by=user, now=timezone.now())
        return Response(_shown(plan))


class Runs(APIView):
    """The answers to a plan."""

    @extend_schema(operation_id="plan_runs_list", responses=serializers.ListedRunOut(many=True))
    def get(self, request: Request, plan_id: UUID) -> Response:
        """List them."""
        plan, pages = _own(caller(request), plan_id), ByTime()
        rows = PlanRun.objects.filter(plan=plan).select_related("plan").defer("inputs", "stops", "unfilled")
        page = pages.paginate_queryset(rows, request, self)
        return pages.get_paginated_response([plan_shapes.listed_run(one) for one in page])

    @extend_schema(request=serializers.Operation, responses={202: serializers.JobOut, 409: serializers.Problem})
    def post(self, request: Request, plan_id: UUID) -> Response:
        """Work one out, by a job whose result names it."""
        user = caller(request)
        plan = _own(user, plan_id)
        operation_id = checked(serializers.Operation(data=request.data)).get("operation_id")
        job = plans.compute(plan_id=plan.pk, by=user, now=timezone.now(), operation_id=operation_id)
        return Response(shapes.job(job), status=202, headers={"Location": f"/api/v1/jobs/{job.pk}/"})


class OneRun(APIView):
    """One answer to a plan."""

    @extend_schema(operation_id="plan_runs_retrieve", responses=serializers.RunOut)
    def get(self, request: Request, run_id: UUID) -> Response:
        """Show who goes where, what is left over and why, and how good that is."""
        return Response(plan_shapes.run(_own_run(caller(request), run_id)))


class RunGeoJSON(APIView):
    """One answer to a plan as one GeoJSON FeatureCollection."""

    @extend_schema(responses={(200, "application/geo+json"): OpenApiTypes.OBJECT})
    def get(self, request: Request, run_id: UUID) -> StreamingHttpResponse:
        """Stream a line for each route, its stops in order, and what is left over."""
        answer = showing.read(run=_own_run(caller(request), run_id))
        return StreamingHttpResponse(write_geojson(plan_shapes.features(answer)), content_type="application/geo+json")


class Why(APIView):
    """Why, or why not, somebody goes somewhere by an answer."""

    @extend_schema(
        parameters=[
            OpenApiParameter("volunteer", OpenApiTypes.UUID, required=True),
            OpenApiParameter("slot", OpenApiTypes.UUID, required=True),
        ],
        responses=serializers.WhyOut,
    )
    def get(self, request: Request, run_id: UUID) -> Response:
        """Say what each rule says of them and the slot, and what would have to be otherwise."""
        run = _own_run(caller(request), run_id)
        told = plans.explain(run=run, slot_id=_asked(request, "slot"), volunteer_id=_asked(request, "volunteer"))
        return Response(
            {
                "slot": told.slot_id,
                "volunteer": told.volunteer_id,
                "standing": told.standing,
                "sentence": told.sentence,
                "verdicts": [one._asdict() for one in told.verdicts],
                "instead": told.instead,
                "possible_if": told.possible_if,
            }
        )


def _asked(request: Request, name: str) -> UUID:
    try:
        return UUID(request.query_params.get(name, ""))
    except ValueError:
        reason = _("Write the id of the volunteer, and of the slot.")
        raise Invalid(f"{name}: {reason}", errors=[{"field": name, "reason": reason}]) from None


class Accept(APIView):
    """An answer that is to be."""

    @extend_schema(request=serializers.AcceptIn, responses={200: serializers.AcceptedOut, 409: serializers.Problem})
    def post(self, request: Request, run_id: UUID) -> Response:
        """Give everybody their stops, all at once; where something has changed since, say what. A repeat is success."""
        user = caller(request)
        run = _own_run(user, run_id)
        asked = checked(serializers.AcceptIn(data=request.data))
        done = accepting.accept(
            run_id=run.pk, by=user, now=timezone.now(), leave_out_changed=asked["leave_out_changed"],
            operation_id=asked.get("operation_id"),
        )  # fmt: skip
        changed = [
            {"slot": one.slot_id, "volunteer": one.volunteer_id, "code": one.code, "sentence": one.sentence}
            for one in done.changed
        ]
        return Response({**_shown(done.plan), "planned": len(done.assignments), "changed": changed})


class Withdraw(APIView):
    """A plan that was accepted."""

    @extend_schema(request=serializers.Operation, responses={200: serializers.WithdrawnOut, 409: serializers.Problem})
    def post(self, request: Request, plan_id: UUID) -> Response:
        """Take back what nobody has begun, and tell them. A repeat is success."""
        user = caller(request)
        plan = _own(user, plan_id)
        checked(serializers.Operation(data=request.data))
        ended = accepting.withdraw(plan_id=plan.pk, by=user, now=timezone.now())
        return Response({**_shown(plan), "withdrawn": len(ended)})
