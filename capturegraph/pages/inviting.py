"""Ways into a target: a link, a picture, a poster to be printed.

Only the hash of a code is kept, so that whoever reads the database gets in nowhere. The code is therefore in the page
on which an invite was made, and in the poster that is asked for from there: both hand it back, and it is checked.
"""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import segno
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from capturegraph.models.membership import Role
from capturegraph.pages.access import Place, place_for
from capturegraph.pages.forms import InviteForm, PosterForm
from capturegraph.pages.people import shown
from capturegraph.services.people import invites
from capturegraph.services.people.invites import Invited
from capturegraph.services.refusals import Gone, Invalid, NotFound


@login_required
@require_POST
@never_cache
def invite(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """Make an invite and show it: this once, since only its hash is kept."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    form = InviteForm(request.POST)
    made = _made(place, form) if form.is_valid() else None
    if made is None:
        return render(request, "console/people.html", shown(place, {}, invite=form), status=400)
    link = request.build_absolute_uri(reverse("join", args=[made.code]))
    poster = PosterForm(initial={"code": made.code, "languages": [translation.get_language() or "en"]})
    seen = {**shown(place, {}), "made": made.invite, "link": link, "qr": picture(link), "poster": poster}
    return render(request, "console/people.html", seen)


def _made(place: Place, form: InviteForm) -> Invited | None:
    asked = form.cleaned_data
    try:
        return invites.make_invite(
            target=place.target, role=asked["role"] or Role.VOLUNTEER, by=place.user, uses=asked["uses"],
            valid_for=timedelta(days=asked["days"]), now=timezone.now(), code=asked["code"] or invites.typed_code(),
        )  # fmt: skip
    except Invalid as refused:
        form.add_error(None, refused.detail)
    return None


@login_required
@require_POST
def withdraw(request: HttpRequest, target_id: UUID, invite_id: UUID) -> HttpResponse:
    """Let an invite open nothing any more."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    try:
        invites.withdraw(target=place.target, invite_id=invite_id, by=place.user, now=timezone.now())
    except NotFound as refused:
        messages.error(request, refused.detail)
    else:
        messages.success(request, _("The invite opens nothing any more. Whoever joined by it stays."))
    return redirect("people", place.target.pk)


@login_required
@require_http_methods(["GET", "POST"])
@never_cache
def poster(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """Show a poster to be printed: of the invite whose code is sent, else of one that is made for it."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    now = timezone.now()
    if request.method == "GET":
        first = {"code": invites.typed_code(), "languages": [translation.get_language() or "en"]}
        return _asked(request, place, PosterForm(initial=first), 200)
    form = PosterForm(request.POST)
    if not form.is_valid():
        return _asked(request, place, form, 400)
    code = form.cleaned_data["code"]
    try:
        found = invites.of_target(code=code, target=place.target, now=now)
    except Gone as refused:
        form.add_error(None, refused.detail)
        return _asked(request, place, form, 400)
    except NotFound:
        fresh = InviteForm({"uses": form.cleaned_data["uses"], "days": form.cleaned_data["days"], "code": code})
        made = _made(place, fresh) if fresh.is_valid() else None
        if made is None:
            form.add_error(None, _("This code opens nothing here. Go back to People, and make a poster from there."))
            return _asked(request, place, form, 400)
        found = made.invite
    link = request.build_absolute_uri(reverse("join", args=[code]))
    seen = {
        "place": place, "target": place.target, "tab": "people", "form": form, "invite": found, "code": code,
        "link": link, "short": link.split("://", 1)[1], "qr": picture(link), "paper": form.cleaned_data["paper"],
        "texts": [_in(language) for language in form.cleaned_data["languages"]],
    }  # fmt: skip
    return render(request, "console/poster.html", seen)


def _asked(request: HttpRequest, place: Place, form: PosterForm, status: int) -> HttpResponse:
    seen: dict[str, Any] = {"place": place, "target": place.target, "tab": "people", "form": form}
    return render(request, "console/poster_form.html", seen, status=status)


def _in(language: str) -> dict[str, str]:
    """Give what the poster says in a language."""
    known = dict(settings.LANGUAGES)
    with translation.override(language if language in known else settings.LANGUAGE_CODE):
        return {
            "language": language,
            "title": _("Help to photograph these places"),
            "how": _("Point your phone’s camera at the square, or type the address. No account, no app: a name is "
                     "enough. Your phone then leads you to a place that still needs a photo."),
            "ask": _("Questions?"),
            "until": _("Until"),
        }  # fmt: skip


def picture(link: str) -> SafeString:
    """Draw a link as a QR code, an SVG without a size."""
    drawn = BytesIO()
    segno.make(link, error="m").save(drawn, kind="svg", scale=1, border=2, xmldecl=False, svgns=True, omitsize=True)
    # Made of nothing but squares by segno: no word of anybody's is in it.
    return mark_safe(drawn.getvalue().decode())  # noqa: S308
