"""What somebody can see and do about themselves: on their phone, and on one that they have just logged in on."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import conditional_page, require_http_methods, require_safe

from capturegraph.pages.access import person
from capturegraph.services.people import links
from capturegraph.services.refusals import Refused


@require_safe
@conditional_page
def me(request: HttpRequest) -> HttpResponse:
    """Show the shell: the same bytes for everybody. The phone asks the API who it is."""
    return render(request, "field/me.html")


@login_required
@never_cache
@require_http_methods(["GET", "POST"])
def this_phone(request: HttpRequest) -> HttpResponse:
    """Let whoever is logged in go on with the phone in their hand, by a link that they need not even see."""
    user = person(request)
    if request.method == "GET":
        return render(request, "this_phone.html")
    try:
        made = links.make_link(user=user, by=user, now=timezone.now())
    except Refused as refused:
        return render(request, "this_phone.html", {"refused": refused.detail}, status=refused.status)
    return redirect("join", code=made.code)
