"""Planning ahead, to look at: who has time, what was asked, what was answered."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy

from capturegraph.admin.filters import of_target
from capturegraph.admin.rooms import ViewOnly
from capturegraph.models import Availability, Plan, PlanPin, PlanRun


@admin.register(Availability)
class AvailabilityRoom(ViewOnly[Availability]):
    """When members have time, or are away."""

    list_display = ("membership", "kind", "from_at", "until_at", "created_at")
    list_filter = ("kind", of_target("membership__target"))
    list_select_related = ("membership__user", "membership__target")
    search_fields = ("membership__user__name", "membership__target__name", "=id")
    ordering = ("-from_at", "id")
    date_hierarchy = "from_at"


@admin.register(Plan)
class PlanRoom(ViewOnly[Plan]):
    """Questions: whom to send where in a time to come."""

    list_display = ("__str__", "target", "state", "from_at", "until_at", "created_by", "created_at", "ended_at")
    list_filter = ("state", of_target())
    list_select_related = ("target", "created_by")
    search_fields = ("name", "target__name", "=id")
    ordering = ("-created_at", "id")
    date_hierarchy = "created_at"


@admin.register(PlanPin)
class PlanPinRoom(ViewOnly[PlanPin]):
    """Who goes where whatever the rules say."""

    list_display = ("plan", "volunteer", "slot", "created_at")
    list_filter = (of_target("plan__target"),)
    list_select_related = ("plan__target", "volunteer", "slot")
    search_fields = ("volunteer__name", "slot__title", "slot__external_id", "=plan__id")
    ordering = ("-created_at", "id")


@admin.register(PlanRun)
class PlanRunRoom(ViewOnly[PlanRun]):
    """Answers. What they were worked out from is theirs alone: it says where people set out."""

    list_display = ("plan", "number", "algorithm", "filled", "asked", "idle", "created_at")
    list_filter = ("algorithm", of_target("plan__target"))
    list_select_related = ("plan__target",)
    search_fields = ("plan__name", "=id", "=plan__id")
    ordering = ("-created_at", "id")
    hidden = ("inputs",)

    @admin.display(description=gettext_lazy("filled"))
    def filled(self, run: PlanRun) -> object:
        """Say how many slots got their whole team."""
        return run.metrics.get("filled", "—")

    @admin.display(description=gettext_lazy("asked"))
    def asked(self, run: PlanRun) -> object:
        """Say how many slots there were."""
        return run.metrics.get("asked", "—")

    @admin.display(description=gettext_lazy("without any"))
    def idle(self, run: PlanRun) -> object:
        """Say how many volunteers got nothing."""
        return run.metrics.get("idle", "—")
