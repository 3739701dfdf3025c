"""Every setting. The table below is all that can be set from outside; the rest follows from it."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import dj_database_url
from csp.constants import NONCE, NONE, SELF

from capturegraph import logs
from capturegraph import variables as read

BASE_DIR = Path(__file__).resolve().parent.parent


class Variable(NamedTuple):
    """One variable of the environment: its name, how its text is read, what holds without it, and what it is for."""

    name: str
    read: Callable[[str], Any]
    default: Any
    purpose: str


VARIABLES = (
    Variable("CAPTUREGRAPH_PRODUCTION", read.flag, False, "HTTPS only, and nothing that is not set here is guessed."),
    Variable("CAPTUREGRAPH_SECRET_KEY", read.key, None, "Signs sessions. Without it, one is made and kept in VAR."),
    Variable("CAPTUREGRAPH_HOSTS", read.names, ["localhost", "127.0.0.1", "[::1]"], "Names the server answers to."),
    Variable("CAPTUREGRAPH_ORIGINS", read.origins, [], "Origins whose forms are trusted, with https://."),
    Variable("CAPTUREGRAPH_DATABASE_URL", read.database, None, "sqlite:///path or postgresql://…; else SQLite in VAR."),
    Variable("CAPTUREGRAPH_BROKER_URL", read.broker, "filesystem://", "redis://…, amqp://…, or files in VAR."),
    Variable(
        "CAPTUREGRAPH_EMAIL_URL", read.mail, read.Mail(), "smtp://user:password@host:587/?tls=yes, smtps://…, console:."
    ),
    Variable("CAPTUREGRAPH_VAR", Path, BASE_DIR / "var", "The folder of the database, photographs and messages."),
    Variable(
        "CAPTUREGRAPH_FILES_URL",
        read.files,
        None,
        "s3://key:secret@bucket/prefix?endpoint=https://…: where photographs are kept instead of VAR.",
    ),
    Variable("CAPTUREGRAPH_SWEEP_S", read.seconds, 30, "Seconds of a cycle of the sweep."),
    Variable("CAPTUREGRAPH_REFRESH_S", read.seconds, 900, "Seconds between two choices of the places that wait."),
    Variable("CAPTUREGRAPH_RETENTION_S", read.seconds, 86_400, "Seconds between two deletions of old records of runs."),
    Variable(
        "CAPTUREGRAPH_KEEP_REFUSED_DAYS", read.days, None, "Days that photos nobody could read are kept; else for ever."
    ),
    Variable(
        "CAPTUREGRAPH_KEEP_POSITIONS_DAYS",
        read.days,
        None,
        "Days that positions are kept once a target is closed.",
    ),
    Variable("CAPTUREGRAPH_LEASE_S", read.seconds, 30, "A run whose worker is silent for so many seconds is given up."),
    Variable("CAPTUREGRAPH_WEBHOOKS_PRIVATE", read.flag, False, "Whether webhooks may lead into private networks."),
    Variable(
        "CAPTUREGRAPH_REVIEW_BEFORE_OPENING", read.flag, False, "Whether a draft is opened only with all steps ticked."
    ),
    Variable("CAPTUREGRAPH_BLUR", read.blurrer, "", "What blurs faces before others than reviewers see a photo: haar."),
    Variable("CAPTUREGRAPH_LOG_LEVEL", read.one_of(logs.LEVELS), "INFO", "DEBUG, INFO, WARNING or ERROR."),
    Variable("CAPTUREGRAPH_LOG_FORMAT", read.one_of(logs.FORMATS), "auto", "lines or json; auto: json in production."),
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
    "capturegraph.request_log.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "capturegraph.pages.languages.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "capturegraph.form_size.FormSizeMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "capturegraph.pages.one_time_password.OneTimePasswordMiddleware",
    "capturegraph.pages.errors.FilesAwayMiddleware",
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
                "capturegraph.pages.languages.spoken",
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


def _postgresql_options() -> dict[str, Any]:
    return {
        # Django prepares no statement unless it is told to, which halves the claims a second (README, "decisions").
        "server_side_binding": True,
        "prepare_threshold": 1,
        # A process that was stopped in the middle of a transaction keeps its rows locked for no longer than a lease.
        "options": f"-c idle_in_transaction_session_timeout={1000 * int(ENV['LEASE_S'])}",
    }


def _databases(url: str) -> dict[str, Any]:
    try:
        parsed: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=600, conn_health_checks=True))
    except ValueError as error:
        _stop(f"the variable CAPTUREGRAPH_DATABASE_URL cannot be read: {error}.")
    if parsed["ENGINE"].endswith("sqlite3"):
        parsed["OPTIONS"] = _sqlite_options()
    else:
        parsed["OPTIONS"] = {**_postgresql_options(), **parsed.get("OPTIONS", {})}
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

# --- e-mail: a link to a new password, and nothing else ---------------------------------------------------------------

MAIL: read.Mail = ENV["EMAIL_URL"]
MAIL_IS_SENT = MAIL.backend != "dummy"
EMAIL_BACKEND = f"django.core.mail.backends.{MAIL.backend}.EmailBackend"
EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL.host, MAIL.port, MAIL.user, MAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL.tls, MAIL.ssl
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = MAIL.sender
PASSWORD_RESET_TIMEOUT = int(timedelta(days=3).total_seconds())

# --- files ------------------------------------------------------------------------------------------------------------

STATIC_URL = "static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = VAR / "media"


def _kept_in(bucket: read.Bucket | None) -> dict[str, Any]:
    if bucket is None:
        return {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    return {"BACKEND": "capturegraph.services.uploads.s3.S3Files", "OPTIONS": {"place": bucket}}


STORAGES = {
    "default": _kept_in(ENV["FILES_URL"]),
    "staticfiles": {"BACKEND": "capturegraph.staticfiles.HashedModulesStorage"},
}
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
BLUR: str = ENV["BLUR"]
MAX_PHOTO_BYTES = 40_000_000
MAX_BATCH_BYTES = 256_000_000
# What is larger is read by a worker, not while somebody waits.
MAX_WAITED_FOR_BYTES = 32_000_000
MAX_ARCHIVE_BYTES = 64_000_000

# --- language and time ------------------------------------------------------------------------------------------------

LANGUAGE_CODE = "en"
# Each calls itself by its own name: whoever looks for it may read no other.
LANGUAGES = [("en", "English"), ("fr", "Français"), ("es", "Español"), ("de", "Deutsch")]
LOCALE_PATHS = [BASE_DIR / "capturegraph" / "locale"]
# Set by the page on which somebody chooses, and by nothing else: who has not chosen is sent no cookie.
LANGUAGE_COOKIE_NAME = "capturegraph_language"
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
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]

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
        "RejectedFor": "capturegraph.models.Capture.RejectedFor",
        "DeclineReason": "capturegraph.models.Assignment.Reason",
        "BatchState": "capturegraph.models.Batch.State",
        "JobState": "capturegraph.models.Job.State",
        "PlanState": "capturegraph.models.Plan.State",
        "WebhookState": "capturegraph.models.Webhook.State",
        "DeliveryState": "capturegraph.models.Delivery.State",
        "AvailabilityKind": "capturegraph.models.Availability.Kind",
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
CELERY_BEAT_SCHEDULER = "capturegraph.beat:Scheduler"
# A beat asks often and is cleared once a cycle: most ticks find that it is another one's turn, or that all is done.
CELERY_BEAT_SCHEDULE = {
    name: {
        "task": "capturegraph.run_service",
        "schedule": max(0.2, min(5.0, ENV[f"{variable}_S"] / 10)),
        "kwargs": {"service": name},
        "options": {"expires": ENV["LEASE_S"]},
    }
    for name, variable in (("sweep", "SWEEP"), ("refresh_targets", "REFRESH"), ("retention", "RETENTION"))
}

LOGGING = logs.configuration(ENV["LOG_LEVEL"], ENV["LOG_FORMAT"], production=PRODUCTION)
