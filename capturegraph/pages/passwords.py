"""A forgotten password: asking for a link, and choosing another one behind it."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from capturegraph.pages.forms import EmailForm, NewPasswordForm
from capturegraph.services.people import resets
from capturegraph.services.people.resets import ResetLink
from capturegraph.services.refusals import Gone, Invalid


@never_cache
@require_http_methods(["GET", "POST"])
def forgot(request: HttpRequest) -> HttpResponse:
    """Take an address and have a link sent there: the answer is the same whether or not anybody has it."""
    asked = request.method == "POST" and settings.MAIL_IS_SENT
    form = EmailForm(request.POST if asked else None)
    if asked and form.is_valid():
        # Filled in by the worker, which knows no request: the braces are names.
        place = request.build_absolute_uri(reverse("home"))
        pattern = f"{place}reset/{{uid}}/{{token}}/"
        resets.ask_for_letter(email=form.cleaned_data["email"], link_pattern=pattern, now=timezone.now())
        return render(request, "forgot.html", {"sent": True})
    shown = {"form": form if settings.MAIL_IS_SENT else None}
    return render(request, "forgot.html", shown, status=400 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "POST"])
def reset(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Choose a password by a link, which is dead then."""
    link, now = ResetLink(uid, token), timezone.now()
    form = NewPasswordForm(request.POST if request.method == "POST" else None)
    try:
        user = resets.user_for(link=link, now=now)
        if form.is_valid():
            resets.choose_password(link=link, password=form.cleaned_data["new"], now=now)
            messages.success(request, _("Your new password holds from now on. Log in with it."))
            return redirect("login")
    except Invalid as refused:
        for error in refused.errors:
            form.add_error("new", error["reason"])
    except Gone as refused:
        return render(request, "reset_dead.html", {"refused": refused}, status=refused.status)
    return render(request, "reset.html", {"form": form, "who": user}, status=400 if form.errors else 200)
