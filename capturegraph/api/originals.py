"""Photographs as they came, as files to keep: whatever else their bytes are, no browser runs them here."""

from __future__ import annotations

from uuid import UUID

from django.http import FileResponse
from django.utils import timezone

from capturegraph.models import User
from capturegraph.services.privacy import originals

SEALED = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}
"""For every file of somebody else's making: opened as a page it may do nothing, and it is only what we say it is."""
KEPT_BY_NOBODY = {"Cache-Control": "private, no-store"}


def give_original(by: User, capture_id: UUID) -> FileResponse:
    """Give an original to somebody who may see it, under a name of ours and as what its first bytes say that it is."""
    original = originals.open_original(capture_id=capture_id, by=by, now=timezone.now())
    headers = {**SEALED, **KEPT_BY_NOBODY, "Cross-Origin-Resource-Policy": "same-origin"}
    return FileResponse(
        original.file, as_attachment=True, filename=original.name, content_type=original.media_type, headers=headers
    )
