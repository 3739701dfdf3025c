"""The Celery app: `celery -A capturegraph.celery worker -B`."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

TRANSPORT_ALIASES["filesystem"] = "capturegraph.messages:Transport"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "capturegraph.settings")

app = Celery("capturegraph")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["capturegraph"])
