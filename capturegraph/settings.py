"""Every setting. The table below is all that can be set from outside; the rest follows from it."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple, NoReturn
from urllib.parse import urlsplit

import dj_database_url
from csp.constants import NONCE, NONE, SELF

BASE_DIR = Path(__file__).resolve().parent.parent


def _flag(text: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if text.lower() not in words:
        raise ValueError("write yes or no")
    return words[text.lower()]


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _key(text: str) -> str:
    if len(text) < 50:
        raise ValueError("a secret key has at least 50 characters")
    return text


def _origins(text: str) -> list[str]:
    origins = _names(text)
    for origin in origins:
        if urlsplit(origin).scheme not in ("http", "https") or not urlsplit(origin).hostname:
            raise ValueError(f"“{origin}” is no origin; write one like https://photos.example.org")
    return origins


def _database(text: str) -> str:
    scheme = urlsplit(text).scheme
    if scheme not in ("sqlite", "postgres", "postgresql"):
        raise ValueError("it starts with sqlite:/// or postgresql://")
    return text


def _broker(text: str) -> str:
    if urlsplit(text).scheme not in ("filesystem", "redis", "rediss", "amqp", "amqps", "memory"):
        raise ValueError("it starts with filesystem://, redis:// or amqp://")
    return text


class Variable(NamedTuple):
    """One variable of the environment: its name, how its text is read, what holds without it, and what it is for."""

    name: str
    read: Callable[[str], Any]
    default: Any
    purpose: str


VARIABLES = (
    Variable("CAPTUREGRAPH_PRODUCTION", _flag, False, "HTTPS only, and nothing that is not set here is guessed."),
    Variable("CAPTUREGRAPH_SECRET_KEY", _key, None, "Signs sessions. Without it, one is made and kept in VAR."),
    Variable("CAPTUREGRAPH_HOSTS", _names, ["localhost", "127.0.0.1", "[::1]"], "Names the server answers to."),
    Variable("CAPTUREGRAPH_ORIGINS", _origins, [], "Origins whose forms are trusted, with https://."),
    Variable("CAPTUREGRAPH_DATABASE_URL", _database, None, "sqlite:///path or postgresql://…; else SQLite in VAR."),
    Variable("CAPTUREGRAPH_BROKER_URL", _broker, "filesystem://", "redis://…, amqp://…, or files in VAR."),
    Variable("CAPTUREGRAPH_VAR", Path, BASE_DIR / "var", "The folder of the database, photographs and messages."),
    Variable("CAPTUREGRAPH_SWEEP_S", int, 60, "Seconds of a cycle of the sweep."),
    Variable("CAPTUREGRAPH_LOG_LEVEL", str, "INFO", "DEBUG, INFO, WARNING or ERROR."),
)


def _stop(sentence: str) -> NoReturn:
    # A settings file that raises is shown to people as a page of traceback: say the sentence instead.
    print(f"capturegraph: {sentence}", file=sys.stderr)  # noqa: T201
    raise SystemExit(2)


def _read(variable: Variable) -> Any:
    text = os.environ.get(variable.name, "")
    if not text:
        return variable.default
    try:
        return variable.read(text)
    except ValueError as error:
        _stop(f"the variable {variable.name} cannot be read: {error}. It is for: {variable.purpose}")


ENV: dict[str, Any] = {variable.name.removeprefix("CAPTUREGRAPH_"): _read(variable) for variable in VARIABLES}
PRODUCTION: bool = ENV["PRODUCTION"]
if PRODUCTION:
    for _name in ("SECRET_KEY", "HOSTS", "ORIGINS", "DATABASE_URL"):
        if not os.environ.get(f"CAPTUREGRAPH_{_name}"):
            _stop(f"CAPTUREGRAPH_PRODUCTION is on, so CAPTUREGRAPH_{_name} has to be set too.")
if ENV["LOG_LEVEL"] not in ("DEBUG", "INFO", "WARNING", "ERROR"):
    _stop("the variable CAPTUREGRAPH_LOG_LEVEL cannot be read: it is DEBUG, INFO, WARNING or ERROR.")
if ENV["SWEEP_S"] < 1:
    _stop("the variable CAPTUREGRAPH_SWEEP_S cannot be read: a cycle lasts at least 1 second.")

VAR: Path = ENV["VAR"].resolve()
try:
    VAR.mkdir(parents=True, exist_ok=True)
except OSError as _error:
    _stop(f"the folder {VAR}, which CAPTUREGRAPH_VAR names, cannot be made: {_error.strerror}.")


def _kept_secret(path: Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with open(path, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(secrets.token_urlsafe(64))
    except FileExistsError:
        pass
    return path.read_text() or _stop(f"the file {path} is empty. Delete it, and a new key is made.")


DEBUG = False
SECRET_KEY: str = ENV["SECRET_KEY"] or _kept_secret(VAR / "secret-key")
ALLOWED_HOSTS: list[str] = ENV["HOSTS"]
CSRF_TRUSTED_ORIGINS: list[str] = ENV["ORIGINS"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "capturegraph.apps.CapturegraphConfig",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "capturegraph.pages.one_time_password.OneTimePasswordMiddleware",
]
ROOT_URLCONF = "capturegraph.urls"
WSGI_APPLICATION = "capturegraph.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ]
        },
    }
]

# --- the database -----------------------------------------------------------------------------------------------------


def _sqlite_options() -> dict[str, Any]:
    return {
        # A transaction that begins by reading cannot be upgraded once another one has written: begin as a writer.
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }


def _databases(url: str) -> dict[str, Any]:
    try:
        parsed: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=600, conn_health_checks=True))
    except ValueError as error:
        _stop(f"the variable CAPTUREGRAPH_DATABASE_URL cannot be read: {error}.")
    if parsed["ENGINE"].endswith("sqlite3"):
        parsed["OPTIONS"] = _sqlite_options()
    else:
        # Django prepares no statement unless it is told to, which halves the claims a second (README, "decisions").
        parsed["OPTIONS"] = {**parsed.get("OPTIONS", {}), "server_side_binding": True, "prepare_threshold": 1}
    return parsed


DATABASES = {"default": _databases(ENV["DATABASE_URL"] or f"sqlite:///{VAR / 'capturegraph.sqlite3'}")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "capturegraph.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "CommonPasswordValidator", "NumericPasswordValidator")
] + [{"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}}]
LOGIN_URL = "/login/"
LOGIN_REDIRECT_URL = "/console/"
LOGOUT_REDIRECT_URL = "/"

# --- files ------------------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "capturegraph.staticfiles.HashedModulesStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
MAX_PHOTO_BYTES = 40_000_000
MAX_BATCH_BYTES = 64_000_000

# --- language and time ------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- what a browser may do --------------------------------------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF, "blob:"],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = PRODUCTION
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]

# --- the API ----------------------------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "capturegraph.api.authentication.DeviceAuthentication",
        "capturegraph.api.authentication.ConsoleAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["capturegraph.api.parsers.GuardedJSONParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "capturegraph.api.negotiation.OneRepresentation",
    "DEFAULT_RENDERER_CLASSES": ["capturegraph.api.renderers.OrjsonRenderer"],
    "DEFAULT_PAGINATION_CLASS": "capturegraph.api.pagination.ByTime",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "capturegraph.api.problems.answer",
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Capturegraph",
    "DESCRIPTION": "Which places need a photograph, who walks there, and what is covered.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    # For everybody: a token that has run out is no reason to refuse the description of the API.
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # The validator is somebody else's server.
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "validatorUrl": None},
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": r"/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "TargetState": "capturegraph.models.Target.State",
        "SlotState": "capturegraph.models.CandidateSlot.State",
        "AssignmentState": "capturegraph.models.Assignment.State",
        "CaptureState": "capturegraph.models.Capture.State",
        "BatchState": "capturegraph.models.Batch.State",
        "Role": "capturegraph.models.membership.Role",
    },
}

# --- background work --------------------------------------------------------------------------------------------------

CELERY_BROKER_URL: str = ENV["BROKER_URL"]
CELERY_MESSAGES = VAR / "messages"
if CELERY_BROKER_URL.startswith("filesystem"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {"folder": str(CELERY_MESSAGES)}
    # Words to a worker that has gone would stay in the folder for ever.
    CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# In memory: beats that shared a file would lock each other out of it, and the rows say what is due anyway.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "capturegraph.sweep", "schedule": ENV["SWEEP_S"], "options": {"expires": ENV["SWEEP_S"]}}
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": ENV["LOG_LEVEL"]},
}
