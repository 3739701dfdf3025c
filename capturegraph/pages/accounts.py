"""Logging in, and choosing a password."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from capturegraph.models import User
from capturegraph.pages.access import person
from capturegraph.pages.forms import PasswordForm
from capturegraph.services.people import accounts
from capturegraph.services.refusals import Invalid


class LogInForm(AuthenticationForm):
    """Log-in name and password, in our words."""

    error_messages = {
        "invalid_login": gettext_lazy(
            "That name and password do not belong together. The password tells small from capital letters."
        ),
        "inactive": gettext_lazy("This account is switched off. Ask the site admin."),
    }
    username = forms.CharField(
        label=gettext_lazy("Log-in name"),
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "autofocus": True}),
    )


class LogIn(LoginView):
    """The desk's door; volunteers need none."""

    template_name = "login.html"
    form_class = LogInForm
    redirect_authenticated_user = True


@login_required
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """Change one's password; whoever has a one-time password comes here first."""
    user = person(request)
    form = PasswordForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and _changed(user, form):
        update_session_auth_hash(request, user)
        messages.success(request, _("Your new password holds from now on."))
        return redirect(_onwards(request))
    return render(request, "password.html", {"form": form}, status=400 if form.errors else 200)


def _changed(user: User, form: PasswordForm) -> bool:
    if not user.check_password(form.cleaned_data["old"]):
        form.add_error("old", _("That is not your password until now."))
        return False
    if form.cleaned_data["old"] == form.cleaned_data["new"]:
        form.add_error("new", _("That is the old one. Choose another."))
        return False
    try:
        accounts.change_password(user=user, password=form.cleaned_data["new"], now=timezone.now())
    except Invalid as refused:
        for error in refused.errors:
            form.add_error("new", error["reason"])
        return False
    return True


def _onwards(request: HttpRequest) -> str:
    wanted = request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if safe else "console"
