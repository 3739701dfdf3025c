"""What rows look like from outside. Plain functions: serializers cost more than the whole sticky path.

`serializers.py` says the same for the schema, and a test compares the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from capturegraph.models import Assignment, Batch, CandidateSlot, Capture, Device, Target

SLOT_FIELDS = (
    "id", "external_id", "title", "note", "latitude", "longitude", "heading", "priority", "required_count", "state",
    "rank",
)  # fmt: skip
TARGET_FIELDS = (
    "id", "name", "instructions", "state", "time_zone", "sigma_m", "threshold", "allowed_m", "max_accuracy_m",
    "lease_s", "covers_waiting", "contact", "consent_text", "credit", "outline", "updated_at",
)  # fmt: skip
BATCH_FIELDS = (
    "id", "file_name", "format", "sha256", "mode", "state", "rows", "columns", "reading", "counts", "row_errors",
    "created_at", "applied_at",
)  # fmt: skip


def slot(row: CandidateSlot) -> dict[str, Any]:
    """Show a slot."""
    return {name: getattr(row, name) for name in SLOT_FIELDS}


def assignment(row: Assignment) -> dict[str, Any]:
    """Show an assignment."""
    return {
        "id": row.pk,
        "target": row.target_id,
        "slot": row.slot_id,
        "state": row.state,
        "stop": row.stop,
        "started_at": row.started_at,
        "expires_at": row.expires_at,
        "ended_at": row.ended_at,
    }


def target(row: Target, *, role: str | None, counts: Mapping[str, int] | None) -> dict[str, Any]:
    """Show a target, to somebody who has a role in it."""
    return {**{name: getattr(row, name) for name in TARGET_FIELDS}, "my_role": role, "counts": counts}


def device(row: Device) -> dict[str, Any]:
    """Show a phone to its owner."""
    return {"id": row.pk, "expires_at": row.expires_at}


def batch(row: Batch) -> dict[str, Any]:
    """Show a batch."""
    return {"target": row.target_id, **{name: getattr(row, name) for name in BATCH_FIELDS}}


def receipt(row: Capture, held: Assignment | None) -> dict[str, Any]:
    """Show what became of a capture: the verdict of its first receipt, and the present state beside it."""
    stored = row.state == Capture.State.STORED
    return {
        "id": row.pk,
        "target": row.target_id,
        "state": row.state,
        "photo": {"have": stored, "sha256": row.photo_sha256 or None, "size": row.photo_size},
        "verdict": row.verdict,
        "now": {"assignment": assignment(held) if held else None},
    }
