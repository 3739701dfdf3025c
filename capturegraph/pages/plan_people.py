"""What is known of a volunteer where one plans: when they have time, where they set out, what they carry and can do."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from capturegraph.models import Membership
from capturegraph.models.membership import Role
from capturegraph.pages.access import place_for
from capturegraph.pages.field import tiles_allowed
from capturegraph.pages.plan_forms import PersonForm
from capturegraph.pages.plans import about, own
from capturegraph.services.planning import availability
from capturegraph.services.refusals import Invalid, NotFound


@login_required
@require_http_methods(["GET", "POST"])
def person(request: HttpRequest, target_id: UUID, plan_id: UUID, user_id: UUID) -> HttpResponse:
    """Show it, and save all of it at once."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    row = own(place, plan_id)
    members = Membership.objects.current().filter(target=place.target).select_related("user")
    member = get_object_or_404(members, user=user_id)
    zone = place.target.time_zone
    form = PersonForm(request.POST if request.method == "POST" else None, member=member, zone=zone)
    if request.method == "POST" and form.is_valid():
        times = [availability.Time(*one) for one in form.cleaned_data["times"]]
        try:
            availability.say(
                membership=member, times=times, values=form.wanted(), by=place.user, now=timezone.now()
            )  # fmt: skip
        except (Invalid, NotFound) as refused:
            form.add_error(None, refused.detail)
        else:
            messages.success(request, _("Saved what is known of %s.") % member.user)
            return redirect("plan", target_id, row.pk)
    shown = {**about(place, row), "form": form, "member": member}
    response = render(request, "console/plan_person.html", shown, status=400 if form.errors else 200)
    response._csp_update = tiles_allowed()  # type: ignore[attr-defined]
    return response
