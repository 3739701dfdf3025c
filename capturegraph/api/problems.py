"""Errors as RFC 9457 problem+json, with a stable `code`."""

from __future__ import annotations

import logging
from typing import Any

import orjson
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from capturegraph.api import shapes
from capturegraph.models import Assignment, Batch, Job
from capturegraph.services.refusals import Busy, Refused
from capturegraph.services.uploads import keeping

PROBLEM_JSON = "application/problem+json"
TITLES = {
    400: "The request cannot be understood", 401: "Not signed in", 403: "Not allowed", 404: "Not there",
    405: "No such method here", 406: "No such representation", 409: "It contradicts what is there", 410: "Gone",
    411: "How long it is has to be said", 413: "Too large", 415: "Not a kind of content that is taken",
    416: "Not a part of the whole", 422: "Damaged on the way", 429: "Too often", 503: "Busy", 507: "No room left",
}  # fmt: skip
CODES = {
    exceptions.ParseError: "bad_request",
    exceptions.NotAuthenticated: "not_authenticated",
    exceptions.AuthenticationFailed: "not_authenticated",
    exceptions.PermissionDenied: "forbidden",
    exceptions.NotFound: "not_found",
    exceptions.MethodNotAllowed: "method_not_allowed",
    exceptions.NotAcceptable: "not_acceptable",
    exceptions.UnsupportedMediaType: "unsupported_media_type",
    exceptions.Throttled: "throttled",
}
log = logging.getLogger(__name__)


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn what went wrong into a problem; None for what nobody foresaw, which Django then reports."""
    if isinstance(error, OperationalError):
        # The database gave up waiting for a lock or is restarting: the same request will do in a moment.
        log.warning("database: %s", error)
        error = Busy(_("The server is very busy. Try again in a second."))
    if isinstance(error, OSError) and error.errno in keeping.FULL:
        # Bodies are written to the disk before a service sees them.
        error = keeping.no_room()
    if isinstance(error, Refused):
        return _problem(error.status, error.code, error.detail, error.errors, _shown(error.present))
    if isinstance(error, exceptions.ValidationError):
        errors = list(_flat(error.detail))
        return _problem(400, "invalid", _sentence(errors), errors, None)
    if isinstance(error, RequestDataTooBig):
        return _problem(413, "too_large", _("A field of a form may have up to 1 MB."), [], None)
    if isinstance(error, SuspiciousOperation):
        return _problem(400, "bad_request", str(error), [], None)
    if isinstance(error, Http404):
        return _problem(404, "not_found", _("There is nothing here."), [], None)
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.APIException):
        code = CODES.get(type(error), "invalid")
        response = _problem(error.status_code, code, str(error.detail), [], None)
        if getattr(error, "wait", None):
            response["Retry-After"] = str(int(error.wait))  # type: ignore[attr-defined]
        return response
    return None


@csrf_exempt
def nothing_here(request: HttpRequest, rest: str) -> HttpResponse:
    """Answer in our own way where no address of the API is meant: a program reads it, not a person."""
    body = _body(404, "not_found", _("There is nothing here. Every address of the API ends with a slash."))
    return HttpResponse(orjson.dumps(body), status=404, content_type=PROBLEM_JSON)


def _body(status: int, code: str, detail: str) -> dict[str, Any]:
    title = TITLES.get(status, "Error")
    return {"type": "about:blank", "title": title, "status": status, "code": code, "detail": detail}


def _problem(status: int, code: str, detail: str, errors: list[dict[str, Any]], present: Any) -> Response:
    body = _body(status, code, detail)
    if errors:
        body["errors"] = errors
    if present is not None:
        body["present"] = present
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {"Retry-After": "1"} if status == 503 else None
    return Response(body, status=status, headers=headers, content_type=PROBLEM_JSON)


def _shown(present: Any) -> Any:
    if isinstance(present, Assignment):
        return shapes.assignment(present)
    if isinstance(present, Batch):
        return shapes.batch(present)
    if isinstance(present, Job):
        return shapes.job(present)
    return present


def _flat(detail: Any, field: str = "") -> Any:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _flat(inner, field if name == "non_field_errors" else f"{field}.{name}".lstrip("."))
    elif isinstance(detail, list):
        for number, inner in enumerate(detail):
            yield from _flat(inner, field if isinstance(inner, str) else f"{field}.{number}".lstrip("."))
    else:
        yield {"field": field, "reason": str(detail)}


def _sentence(errors: list[dict[str, str]]) -> str:
    first = errors[0] if errors else {"field": "", "reason": _("The request cannot be understood.")}
    return f"{first['field']}: {first['reason']}" if first["field"] else first["reason"]


def checked(serializer: Serializer[Any]) -> dict[str, Any]:
    """Give the validated data of a serializer, or refuse with what is wrong with which field."""
    serializer.is_valid(raise_exception=True)
    data: dict[str, Any] = serializer.validated_data
    return data
