"""The Celery app: `celery -A capturegraph.celery worker -B`."""

import os
from typing import Any

from celery import Celery, signals
from kombu.transport import TRANSPORT_ALIASES

from capturegraph import logs

TRANSPORT_ALIASES["filesystem"] = "capturegraph.transport:Transport"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "capturegraph.settings")

app = Celery("capturegraph")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["capturegraph"])


@signals.setup_logging.connect
def _leave_logging(**about: Any) -> None:
    """Django has set it up; that somebody listens keeps Celery from setting up its own."""


@signals.before_task_publish.connect
def _send_request_id(headers: dict[str, Any], **about: Any) -> None:
    headers["request_id"] = logs.request_id()


@signals.task_prerun.connect
def _take_request_id(task: Any, **about: Any) -> None:
    logs.take_request_id(getattr(task.request, "request_id", None))


@signals.task_postrun.connect
def _forget_request_id(**about: Any) -> None:
    logs.take_request_id(None)
