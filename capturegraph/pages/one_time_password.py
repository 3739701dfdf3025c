"""A password that somebody else has seen opens one door only: the one where it is changed."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

OPEN = ("password", "logout", "field")


class OneTimePasswordMiddleware:
    """Sends whoever logged in with a one-time password to the page that changes it; the API answers them 403 itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or redirect."""
        if self._must_change(request):
            query = urlencode({"next": request.get_full_path()}) if request.method == "GET" else ""
            return HttpResponseRedirect(f"{reverse('password')}?{query}".rstrip("?"))
        return self.get_response(request)

    @staticmethod
    def _must_change(request: HttpRequest) -> bool:
        # Without a session cookie nobody is logged in, and looking would make the phone's pages vary by cookie.
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or request.path.startswith("/api/"):
            return False
        # Whoever has a link to a new password chooses one there, and needs no other page for it.
        if request.path.startswith("/reset/") or request.path in {reverse(name) for name in OPEN}:
            return False
        return request.user.is_authenticated and request.user.must_change_password
