"""The targets of the person at the desk."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from capturegraph.models import CandidateSlot, Membership, Target, User
from capturegraph.models.membership import Role
from capturegraph.pages.access import person
from capturegraph.pages.figures import bar, total_asked
from capturegraph.pages.first_steps import Step, first_steps
from capturegraph.pages.forms import TargetForm
from capturegraph.services import targets as services
from capturegraph.services.demonstration import of_ones_own
from capturegraph.services.refusals import Forbidden, Invalid

FEW = 3


@login_required
@require_safe
def targets(request: HttpRequest) -> HttpResponse:
    """List what one coordinates or reviews, each with how far it is."""
    user, now = person(request), timezone.now()
    rows = _listed(user, now)
    return render(request, "console/targets.html", {"rows": rows, "may_create": may_create(user)})


def may_create(user: User) -> bool:
    """Say whether somebody may make targets."""
    return user.is_superuser or user.may_create_targets


def _listed(user: User, now: datetime) -> list[dict[str, Any]]:
    seen = Target.objects.visible_to(user).order_by("name", "id")
    if not user.is_superuser:
        desk = Membership.objects.current().filter(user=user).exclude(role=Role.VOLUNTEER)
        seen = seen.filter(pk__in=desk.values("target"))
    counts = CandidateSlot.objects.filter(target__in=seen).counts_by_target(now)
    # Whoever has more of them knows how it goes.
    few = len(seen) <= FEW
    return [
        {"target": target, "counts": counts[target.pk], "total": total_asked(counts[target.pk]),
         "bar": bar(counts[target.pk]), "steps": _steps(target, user) if few else []}
        for target in seen
    ]  # fmt: skip


def _steps(target: Target, user: User) -> list[Step]:
    """What is to be done first, in targets that are one's own to begin."""
    return first_steps(target) if target.created_by_id == user.pk else []


@login_required
@require_POST
def demonstration(request: HttpRequest) -> HttpResponse:
    """Make a target out of the demonstration's places, to try everything with; the second time it is the same one."""
    try:
        made = of_ones_own(by=person(request), now=timezone.now())
    except Forbidden:
        return render(request, "403.html", status=403)
    return redirect("board", made.pk)


@login_required
@require_http_methods(["GET", "POST"])
def new_target(request: HttpRequest) -> HttpResponse:
    """Make a target; one then uploads places into it."""
    if not may_create(person(request)):
        return render(request, "403.html", status=403)
    form = TargetForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made, _created = services.create_target(by=person(request), values=form.cleaned_data, now=timezone.now())
        except (Invalid, Forbidden) as refused:
            form.add_error(None, refused.detail)
        else:
            return redirect("import", made.pk)
    return render(request, "console/new_target.html", {"form": form}, status=400 if form.errors else 200)
