"""What the programs say while they run: one line an event, for people or as JSON, and nothing of anybody's in it.

Django, Celery, Granian and our own modules use Python's `logging`; all of it goes through the formatter made here.
What is about a person's way in (tokens, codes, passwords, sessions) or whereabouts (positions), and the bytes of
photographs, is taken out here and not where it is said: an exception of a database quotes whole rows.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

if TYPE_CHECKING:
    from django.http import HttpRequest

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
FORMATS = ("auto", "lines", "json")

QUIET = {
    # At DEBUG they quote rows as sent, and the position and all else that a camera wrote into a photograph.
    "django.db.backends": "INFO",
    "psycopg": "INFO",
    "PIL": "INFO",
    # A line for each message and task, where the tasks say it themselves.
    "celery.worker.strategy": "WARNING",
    "celery.app.trace": "WARNING",
}
"""Loggers that are held at a level, however low the rest is set."""

OWN = {
    "timestamp", "level", "logger", "request_id", "method", "route", "status", "ms", "user", "kind", "id",
    "fencing_token", "outcome",
}  # fmt: skip
"""Keys whose values are ours by construction: names, numbers and ids."""

PRIVATE = {
    "again", "args", "authorization", "body", "bytes", "code", "cookie", "cookies", "csrftoken", "data",
    "headers", "key", "kwargs", "lat", "latitude", "lon", "lng", "longitude", "location", "new", "old", "params",
    "password", "photo", "position", "secret", "session", "sessionid", "sql", "token",
}  # fmt: skip
"""Keys whose values are never shown."""

SECRET, PLACE, BYTES = "[secret]", "[number]", "[bytes]"
_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_QUOTED_BYTES = re.compile(r"""\bb(?:'(?:[^'\\]|\\.){12,}'|"(?:[^"\\]|\\.){12,}")""")
_PASSWORD_OF_ADDRESS = re.compile(r"(?<=://)([^\s/:@]*):[^\s/@]+@")
# Twenty letters and digits and more, mixed: tokens, codes, keys, digests. Ids and names of migrations are kept.
_TOKEN = re.compile(rf"(?<![\w-])(?!{_ID}(?![\w-]))(?!\d{{4}}_[a-z_]+\b)(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{{20,}}")
# Three places after the point are a hundred metres. Times, versions, addresses have more points, colons, or a unit.
_FINE_NUMBER = re.compile(r"(?<![\d.:])-?\d{1,3}\.\d{3,}(?!\.?\d|\s?m?s\b)")

answering: ContextVar[HttpRequest | None] = ContextVar("answering", default=None)
"""The request that is being answered: what came with it is looked for in everything that is said meanwhile."""


def configuration(level: str, form: str, *, production: bool) -> dict[str, Any]:
    """Give the `LOGGING` of Django: everything to stderr, at `level`, as `form` says (`auto`: JSON in production)."""
    quiet = {name: {"level": max(floor, level, key=LEVELS.index)} for name, floor in QUIET.items()}
    through = {"handlers": ["stderr"], "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"once": {"()": "capturegraph.logs.Once"}},
        "formatters": {"line": {"()": "capturegraph.logs.formatter", "form": _form(form, production)}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["once"]}},
        "root": {"handlers": ["stderr"], "level": level},
        # Both come with handlers of their own.
        "loggers": {**quiet, "_granian": through, "django": {"handlers": [], "propagate": True}},
    }


def _form(form: str, production: bool) -> str:
    return form if form != "auto" else "json" if production else "lines"


def formatter(form: str = "") -> logging.Formatter:
    """Make the formatter through which every record goes; without `form`, as the settings say."""
    if not form:
        from capturegraph import settings

        form = _form(settings.ENV["LOG_FORMAT"], settings.PRODUCTION)
    render: Processor = structlog.processors.JSONRenderer(serializer=_json)
    if form == "lines":
        colours = sys.stderr.isatty()
        render = structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=structlog.dev.plain_traceback)
    before: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    last = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, redact, render]
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=before, processors=last)


def _json(event: Mapping[str, Any], **options: Any) -> str:
    return orjson.dumps(event, default=str).decode()


class Once(logging.Filter):
    """Lets pass what is not said by our own line of the same request: of Django's, only what has a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether the record is for the log."""
        return record.name not in ("django.request", "django.server") or bool(record.exc_info)


@contextmanager
def words(**said: Any) -> Iterator[None]:
    """Have these words with everything that is logged inside."""
    with structlog.contextvars.bound_contextvars(**{name: value for name, value in said.items() if value}):
        yield


def request_id() -> str:
    """Give the id of the request, or of the task's, that this is done for; an empty text where there is none."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def take_request_id(value: str | None) -> None:
    """Have everything from here on logged as done for this request; for none where there is no `value`."""
    structlog.contextvars.unbind_contextvars("request_id")
    if value:
        structlog.contextvars.bind_contextvars(request_id=str(value))


# --- what is taken out ------------------------------------------------------------------------------------------------


def redact(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Take out of an event what nobody who reads logs may learn: a step of the formatter."""
    request = event.pop("request", None) or answering.get()
    secrets = _brought(request) if request is not None else []
    return {key: value if key in OWN else _shown(key, value, secrets) for key, value in event.items()}


def _shown(key: str, value: Any, secrets: list[str], depth: int = 0) -> Any:
    if value is None or isinstance(value, bool | int):
        return SECRET if key.lower() in PRIVATE and value is not None else value
    if key.lower() in PRIVATE:
        return SECRET
    if isinstance(value, float):
        return value
    if isinstance(value, bytes | bytearray | memoryview):
        return BYTES
    if isinstance(value, Mapping) and depth < 4:
        return {str(name): _shown(str(name), inner, secrets, depth + 1) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset) and depth < 4:
        # A pair of numbers in a list is a position more often than not.
        return [PLACE if isinstance(one, float) else _shown("", one, secrets, depth + 1) for one in value]
    return scrub(str(value), secrets)


def scrub(text: str, secrets: list[str] | None = None) -> str:
    """Take out of a text the `secrets`, and whatever has the shape of a token, of a fine position or of bytes."""
    for secret in secrets or ():
        text = text.replace(secret, SECRET)
    text = _QUOTED_BYTES.sub(BYTES, text)
    text = _PASSWORD_OF_ADDRESS.sub(rf"\1:{SECRET}@", text)
    return _FINE_NUMBER.sub(PLACE, _TOKEN.sub(SECRET, text))


def _brought(request: HttpRequest) -> list[str]:
    """Give what came with a request and has no place in a log, the longest first; nothing is read for it."""
    match = request.resolver_match
    ways_in = [str(value) for name, value in match.kwargs.items() if name in ("code", "token", "uid")] if match else []
    brought = [*ways_in, *([request.path] if match is None or ways_in else [])]
    brought += [request.META.get("HTTP_AUTHORIZATION", "").partition(" ")[2], request.META.get("HTTP_X_CSRFTOKEN", "")]
    brought += [*request.COOKIES.values(), request.META.get("QUERY_STRING", "")]
    brought += [value for values in request.GET.lists() for value in values[1] if isinstance(value, str)]
    # Only where somebody has read it: a body is read once.
    form: Any = request.__dict__.get("_post") or {}
    brought += [value for name in form for value in form.getlist(name) if isinstance(value, str)]
    return sorted({one for one in brought if len(one) >= 4}, key=len, reverse=True)
