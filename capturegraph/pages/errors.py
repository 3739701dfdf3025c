"""Pages for what went wrong: a sentence, and the way on."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

from capturegraph.services.refusals import FilesAway


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The request cannot be read."""
    return render(request, "400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Known, but may not."""
    return render(request, "403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Nothing here, or not for this person."""
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Our fault. Rendered without the request: whatever broke may break again there."""
    return HttpResponse(render_to_string("500.html"), status=500)


class FilesAwayMiddleware:
    """Says of a page whose files do not answer that it will be there again; the API says so by itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer what a page did not expect."""
        if not isinstance(exception, FilesAway):
            return None
        answer = render(request, "503.html", {"reason": exception.detail}, status=exception.status)
        answer["Retry-After"] = "5"
        return answer
