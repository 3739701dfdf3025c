"""Writing down who did what."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from capturegraph.models import Event


def record(
    *,
    at: datetime,
    verb: str,
    noun: str,
    row_id: UUID | None,
    target_id: UUID | None = None,
    actor_id: UUID | None = None,
    data: Mapping[str, Any] | None = None,
    operation_id: UUID | None = None,
) -> Event:
    """Append one event, in the transaction of the change that it tells of."""
    return Event.objects.create(
        at=at,
        verb=verb,
        noun=noun,
        row_id=row_id,
        target_id=target_id,
        actor_id=actor_id,
        data=dict(data or {}),
        operation_id=operation_id,
    )


def first_time(
    *,
    at: datetime,
    verb: str,
    noun: str,
    row_id: UUID,
    target_id: UUID | None,
    actor_id: UUID,
    operation_id: UUID | None,
    data: Mapping[str, Any] | None = None,
) -> bool:
    """Record an operation that a client may send twice; false where it was recorded before: then nothing is to do."""
    try:
        with transaction.atomic():
            record(
                at=at,
                verb=verb,
                noun=noun,
                row_id=row_id,
                target_id=target_id,
                actor_id=actor_id,
                operation_id=operation_id,
                data=data,
            )
    except IntegrityError:
        return False
    return True
