"""One line a request, and an id by which everything that it brought about is found."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from capturegraph import logs

HEADER = "X-Request-ID"
CALM = ("healthz", "readyz", "metrics")
logger = logging.getLogger(__name__)


class RequestLogMiddleware:
    """Says method, route, status, time and person of each request; never the address, which may hold a code.

    The id is made here and given back as a header, so that somebody can quote it. One that a client sends is not taken:
    it would be theirs to repeat.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, and say so."""
        request_id, began = uuid4().hex[:16], time.perf_counter()
        token = logs.answering.set(request)
        try:
            with logs.words(request_id=request_id):
                response = self._answered(request, began)
                _say(request, response.status_code, began)
        finally:
            logs.answering.reset(token)
        response[HEADER] = request_id
        return response

    def _answered(self, request: HttpRequest, began: float) -> HttpResponse:
        try:
            return self.get_response(request)
        except Exception:
            # Not even the page that says so could be made: the server closes the connection, and the line is all.
            _say(request, 500, began)
            raise


def route(request: HttpRequest) -> str:
    """Give the pattern of the address that a request is for; `-` where it is for none."""
    if request.resolver_match is not None:
        return "/" + request.resolver_match.route
    return "/static/" if request.path.startswith(f"/{settings.STATIC_URL.lstrip('/')}") else "-"


def _say(request: HttpRequest, status: int, began: float) -> None:
    where = route(request)
    calm = where == "/static/" or where.removeprefix("/") in CALM
    level = logging.ERROR if status >= 500 else logging.DEBUG if calm else logging.INFO
    if logger.isEnabledFor(level):
        ms = round(1000 * (time.perf_counter() - began), 1)
        said = {"method": _method(request), "route": where, "status": status, "ms": ms, "user": _user(request)}
        logger.log(level, "answered", extra={name: value for name, value in said.items() if value is not None})


def _method(request: HttpRequest) -> str:
    # Anybody may send any word.
    method = request.method or ""
    return method if method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") else "other"


def _user(request: HttpRequest) -> str | None:
    user = getattr(request, "user", None)
    # Nobody has asked who it is: then neither do we, which would ask the database.
    if isinstance(user, SimpleLazyObject) and "_cached_user" not in request.__dict__:
        return None
    return str(user.pk) if user is not None and user.pk is not None else None
