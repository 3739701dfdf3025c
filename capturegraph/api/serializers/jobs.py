"""Work in the background."""

from __future__ import annotations

from rest_framework import serializers

from capturegraph.models import Job


class JobOut(serializers.ModelSerializer[Job]):
    """A piece of work: how far it is, and in the end what came of it."""

    row = serializers.UUIDField(source="row_id", allow_null=True, help_text="What it is about: a batch.")

    class Meta:
        model = Job
        fields = (
            "id", "kind", "target", "row", "state", "step", "done", "total", "result", "error", "error_code",
            "created_at", "started_at", "ended_at", "cancel_asked_at",
        )  # fmt: skip
