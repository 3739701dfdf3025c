"""A reviewer's second thoughts: their last verdict taken back, and the photograph in their hands again."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from capturegraph.models import Capture, Event, ReviewClaim, Target, User
from capturegraph.services.matches import reviews
from capturegraph.services.refusals import Conflict
from capturegraph.services.reviewing import claims
from capturegraph.services.reviewing.disputes import UPHELD
from capturegraph.services.writing import writing

LOOKED_AT = 200
VERDICTS = ("accepted", "rejected", UPHELD)


def undo_last(*, target: Target, by: User, now: datetime, token: UUID, operation_id: UUID | None = None) -> ReviewClaim:
    """Make a reviewer's last verdict that still stands in a target undone, and claim the photograph for them again.

    Verdicts given in bulk are undone as a whole, elsewhere (`bulk.undo_clean`). A repeat of the operation undoes
    nothing more, and gives the same claim.

    Raises:
        Conflict: there is none; or it was the answer to a volunteer, which stands.
    """
    with writing():
        repeated = Event.objects.filter(actor=by, operation_id=operation_id).first() if operation_id else None
        capture_id = repeated.row_id if repeated else _last(target, by)
        if capture_id is None:
            raise Conflict(_("There is nothing of yours to undo here."), code="nothing_to_undo")
        capture = reviews.review(
            capture_id=capture_id, verdict=Capture.Review.PENDING, by=by, now=now, operation_id=operation_id
        )
        return claims.take(capture=capture, by=by, now=now, token=token)


def _last(target: Target, by: User) -> UUID | None:
    said = Event.objects.filter(
        target_id=target.pk, noun="capture", actor=by, verb__in=VERDICTS, data__bulk__isnull=True
    )
    recent = list(said.order_by("-id")[:LOOKED_AT])
    standing = Capture.objects.filter(pk__in={event.row_id for event in recent}, reviewed_by=by)
    times = dict(standing.values_list("pk", "reviewed_at"))
    for event in recent:
        if "dispute" in event.data:
            raise Conflict(_("You answered a volunteer: that was told, and stands."), code="dispute_answered")
        if event.row_id is not None and times.get(event.row_id) == event.at:
            return event.row_id
    return None
