"""What rows look like from outside. Plain functions: serializers cost more than the whole sticky path.

`serializers.py` says the same for the schema, and a test compares the two.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from capturegraph.models import (
    Assignment,
    Batch,
    CandidateSlot,
    Capture,
    Device,
    Job,
    Match,
    Membership,
    Message,
    PhotoFinding,
    Target,
)
from capturegraph.services import telling
from capturegraph.services.board.changing import Done
from capturegraph.services.ingest import words as ingest_words
from capturegraph.services.people import consent
from capturegraph.services.uploads.photographs import Arrived

SLOT_FIELDS = (
    "id", "external_id", "title", "note", "latitude", "longitude", "heading", "priority", "required_count", "state",
    "rank", "window_from", "window_until", "skills",
)  # fmt: skip
TARGET_FIELDS = (
    "id", "name", "instructions", "state", "time_zone", "sigma_m", "threshold", "allowed_m", "max_accuracy_m",
    "accuracy_required", "heading_sigma_deg", "heading_required", "hand_out", "declines_needed", "lease_s",
    "covers_waiting", "contact", "consent_text", "consent_version", "run_by", "kept_for", "photo_licence",
    "safety_note", "credit", "outline", "batch_size", "planning_rules", "planning_algorithms", "tiles_url",
    "public", "public_round_m", "public_exact", "public_names", "updated_at",
)  # fmt: skip
BATCH_FIELDS = (
    "id", "file_name", "format", "sha256", "mode", "state", "rows", "columns", "reading", "counts", "row_errors",
    "created_at", "applied_at", "afresh", "undone_at",
)  # fmt: skip
JOB_FIELDS = (
    "id", "kind", "state", "step", "done", "total", "result", "error", "error_code", "created_at", "started_at",
    "ended_at", "cancel_asked_at",
)  # fmt: skip
FINDING_FIELDS = (
    "found_at", "sharpness", "brightness", "dark_share", "bright_share", "latitude", "longitude", "taken_at", "camera",
    "sun_altitude", "sun_azimuth",
)  # fmt: skip


def slot(row: CandidateSlot) -> dict[str, Any]:
    """Show a slot. The address of its reference photograph changes with the photograph, so that it may be kept."""
    version = row.reference_version
    reference = f"/api/v1/slots/{row.pk}/reference/?v={version}" if version else None
    return {**{name: getattr(row, name) for name in SLOT_FIELDS}, "reference": reference}


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
        "reason": row.reason,
        "note": row.note,
    }


def target(row: Target, *, role: str | None, counts: Mapping[str, int] | None) -> dict[str, Any]:
    """Show a target, to somebody who has a role in it."""
    shown = consent.shown_to_all(row)
    return {**{name: getattr(row, name) for name in TARGET_FIELDS}, "shown_to_all": shown, "my_role": role,
            "counts": counts}  # fmt: skip


def device(row: Device) -> dict[str, Any]:
    """Show a phone to its owner."""
    return {"id": row.pk, "expires_at": row.expires_at}


def own_device(row: Device, *, this: bool) -> dict[str, Any]:
    """Show a phone in its owner's list."""
    return {"id": row.pk, "created_at": row.created_at, "last_seen_at": row.last_seen_at, "expires_at": row.expires_at,
            "this": this}  # fmt: skip


def membership(row: Membership) -> dict[str, Any]:
    """Show somebody what they are in a target, and whether they are to agree to new words there."""
    target = {"id": row.target_id, "name": row.target.name, "state": row.target.state}
    return {"role": row.role, "target": target, "consent_version": row.consent_version,
            "consent_due": row.target.consent_version > row.consent_version, "consent_text": row.consent_text,
            "consented_at": row.consented_at}  # fmt: skip


def mine(row: Membership) -> dict[str, Any]:
    """Show somebody what they are and have done in a target; the row comes from `with_tally`."""
    return {**membership(row), "photos": getattr(row, "captures", 0), "places": getattr(row, "places", 0)}


def member(row: Membership) -> dict[str, Any]:
    """Show a coordinator who is in their target; the row comes from `with_figures`."""
    return {
        "id": row.user_id,
        "name": str(row.user),
        "role": row.role,
        "joined_at": row.created_at,
        "last_seen_at": getattr(row, "last_seen_at", None),
        "holds": getattr(row, "holds", 0),
        "captures": getattr(row, "captures", 0),
        "consent_version": row.consent_version,
        "removed_at": row.removed_at,
    }


def message(row: Message) -> dict[str, Any]:
    """Show a message to whom it was written."""
    return {"id": row.pk, "kind": row.kind, "text": telling.sentence(row), "target": row.target_id, "data": row.data,
            "created_at": row.created_at, "seen_at": row.seen_at}  # fmt: skip


def batch(row: Batch) -> dict[str, Any]:
    """Show a batch, with who was affected and what was too close when it was looked at."""
    lists = {name: row.reading.get(name, []) for name in ("held", "close")}
    reading = {name: value for name, value in row.reading.items() if name not in lists}
    return {"target": row.target_id, **{name: getattr(row, name) for name in BATCH_FIELDS}, "reading": reading, **lists}


def job(row: Job) -> dict[str, Any]:
    """Show a piece of work."""
    return {"target": row.target_id, "row": row.row_id, **{name: getattr(row, name) for name in JOB_FIELDS}}


def receipt(row: Capture, held: Assignment | None, found: PhotoFinding | None = None) -> dict[str, Any]:
    """Show what became of a capture: the verdict of its first receipt, and the present state beside it."""
    stored = row.state == Capture.State.STORED
    return {
        "id": row.pk,
        "target": row.target_id,
        "state": row.state,
        "photo": {"have": stored, "sha256": row.photo_sha256 or None, "size": row.photo_size},
        "verdict": row.verdict,
        "now": {"assignment": assignment(held) if held else None},
        "flags": ingest_words.to_volunteer(found.flags) if found else [],
        "findings": finding(found) if found else None,
    }


def finding(row: PhotoFinding) -> dict[str, Any]:
    """Show what was found in a photograph to who took it and to who reviews it."""
    flags = [{**flag, "text": ingest_words.sentence(flag)} for flag in row.flags]
    return {**{name: getattr(row, name) for name in FINDING_FIELDS}, "flags": flags}


def match(row: Match) -> dict[str, Any]:
    """Show a slot that a capture counts for, or did."""
    known = math.isfinite(row.metres)
    return {
        "slot": row.slot_id,
        "title": str(row.slot),
        "state": row.slot.state,
        "metres": row.metres if known else None,
        "heading_off_deg": row.heading_off_deg,
        "distance": row.distance if math.isfinite(row.distance) else None,
        "probability": row.probability,
        "terms": row.terms,
        "manual": row.manual,
        "kept": row.kept,
        "active": row.active,
    }


def review(row: Capture, matches: Sequence[Match]) -> dict[str, Any]:
    """Show a capture as it stands after people have looked at it."""
    return {
        "id": row.pk,
        "target": row.target_id,
        "state": row.state,
        "review": row.review,
        "reviewed_at": row.reviewed_at,
        "review_reason": row.review_reason,
        "note": row.review_note,
        "counts": row.counts,
        "reason": row.unusable_reason or None,
        "matches": [match(one) for one in matches],
    }


def partial_photo(arrived: Arrived) -> dict[str, Any]:
    """Show how much of a photograph is here."""
    whole = arrived.received == arrived.total
    return {
        "have": False,
        "received": arrived.received,
        "total": arrived.total,
        "waiting_for": "words" if whole and arrived.capture is None else "photo",
    }


def changed_slots(done: Done) -> dict[str, Any]:
    """Show what one thing that was done with many slots has come to."""
    return {**done._asdict(), "undoable": done.undoable}
