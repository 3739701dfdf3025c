"""Who takes part in a target, and how others get in."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from uuid import UUID

import segno
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from capturegraph.models import Invite, Membership
from capturegraph.models.membership import Role
from capturegraph.pages.access import Place, place_for
from capturegraph.pages.forms import InviteForm
from capturegraph.services import people as services
from capturegraph.services.refusals import Invalid

MEMBERS_SHOWN = 500


@login_required
@require_safe
def people(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """Show the members, the invites that still work, and the form for another one."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    return render(request, "console/people.html", _shown(place, InviteForm()))


@login_required
@require_POST
@never_cache
def invite(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """Make an invite for volunteers and show it: this once, since only its hash is kept."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    form = InviteForm(request.POST)
    if not form.is_valid():
        return render(request, "console/people.html", _shown(place, form), status=400)
    asked, now = form.cleaned_data, timezone.now()
    try:
        made = services.make_invite(
            target=place.target, role=Role.VOLUNTEER, by=place.user, uses=asked["uses"],
            valid_for=timedelta(days=asked["days"]), now=now,
        )  # fmt: skip
    except Invalid as refused:
        form.add_error(None, refused.detail)
        return render(request, "console/people.html", _shown(place, form), status=400)
    link = request.build_absolute_uri(reverse("join", args=[made.code]))
    shown = {**_shown(place, InviteForm()), "made": made.invite, "link": link, "qr": _qr(link)}
    return render(request, "console/people.html", shown)


def _shown(place: Place, form: InviteForm) -> dict[str, object]:
    members = Membership.objects.current().filter(target=place.target).select_related("user")
    invites = Invite.objects.filter(
        target=place.target, revoked_at=None, uses_left__gt=0, expires_at__gt=timezone.now()
    )
    return {
        "place": place,
        "target": place.target,
        "tab": "people",
        "form": form,
        "members": members.order_by("role", "user__name", "pk")[:MEMBERS_SHOWN],
        "invites": invites.order_by("expires_at"),
    }


def _qr(link: str) -> SafeString:
    drawn = BytesIO()
    segno.make(link, error="m").save(drawn, kind="svg", scale=1, border=2, xmldecl=False, svgns=True, omitsize=True)
    # Made of nothing but squares by segno: no word of anybody's is in it.
    return mark_safe(drawn.getvalue().decode())  # noqa: S308
