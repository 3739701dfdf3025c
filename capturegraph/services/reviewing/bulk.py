"""Many clean photographs accepted at once, and all of that undone."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from capturegraph.models import Capture, Event, Match, PhotoFinding, ReviewClaim, Target, User
from capturegraph.models.capture import CaptureQuerySet
from capturegraph.services import events
from capturegraph.services.refusals import NotFound
from capturegraph.services.reviewing import queue
from capturegraph.services.writing import hold_target_shared, writing

SURE_ENOUGH, AT_ONCE = 0.95, 500
ACCEPTED, UNDONE = "accepted clean", "clean undone"
Review = Capture.Review


class Done(NamedTuple):
    """How many photographs a bulk verdict was about; `change` names it, for undoing, where there were any."""

    change: UUID | None
    number: int


def clean(*, target: Target, by: User, now: datetime) -> CaptureQuerySet:
    """Give what somebody may accept without looking at each, the oldest first.

    Nothing was flagged by checks that were made; it counts, for a place that it was taken within the threshold of, with
    a probability of 95 % at least; nobody looks at it now, and it is not their own.
    """
    near = Match.objects.filter(capture=OuterRef("pk"), active=True, manual=False, probability__gte=SURE_ENOUGH)
    others = ReviewClaim.objects.live(now).filter(capture=OuterRef("pk")).exclude(reviewer=by)
    checked = Exists(PhotoFinding.objects.filter(capture=OuterRef("pk"), flag_count=0))
    fine = Q(review=Review.PENDING, counts=True, unusable_reason="")
    found = queue.waiting_for(by).filter(fine, Exists(near), checked, target=target)
    return found.exclude(Exists(others)).order_by("received_at", "pk")


def accept_clean(
    *, target: Target, by: User, now: datetime, change_id: UUID, most: int = AT_ONCE, operation_id: UUID | None = None
) -> Done:
    """Accept what is clean, the oldest, up to `most` and 500 photographs: all of it or nothing.

    A repeat of the operation is success. Nobody is told: to who took them, nothing has changed. Nothing counts for more
    or less than it did.
    """
    with writing():
        known = Event.objects.filter(actor=by, operation_id=operation_id).first() if operation_id else None
        if known:
            return Done(UUID(known.data["change"]), len(known.data["captures"]))
        hold_target_shared(target.pk)
        wanted = list(clean(target=target, by=by, now=now).values_list("pk", flat=True)[: min(most, AT_ONCE)])
        # Locked by id, as by everybody; what was judged, or is looked at, since is left out.
        locked = Capture.objects.filter(pk__in=wanted, review=Review.PENDING).order_by("pk")
        ids = list(locked.select_for_update(no_key=True).values_list("pk", flat=True))
        ids = list(clean(target=target, by=by, now=now).filter(pk__in=ids).values_list("pk", flat=True))
        if not ids:
            return Done(None, 0)
        ReviewClaim.objects.filter(pk__in=ids).delete()
        Capture.objects.filter(pk__in=ids).update(
            review=Review.ACCEPTED, review_note="", review_reason="", reviewed_by=by, reviewed_at=now
        )
        _record(ids, "accepted", target, by, now, was=Review.PENDING, change_id=change_id)
        events.record(
            at=now, verb=ACCEPTED, noun="target", row_id=target.pk, target_id=target.pk, actor_id=by.pk,
            data={"change": str(change_id), "captures": [str(pk) for pk in ids]}, operation_id=operation_id,
        )  # fmt: skip
    return Done(change_id, len(ids))


def undo_clean(*, target: Target, change_id: UUID, by: User, now: datetime) -> Done:
    """Let photographs that somebody accepted in bulk wait again, where nothing was said of them since; a repeat is
    success.

    Raises:
        NotFound: no such change of theirs.
    """
    with writing():
        hold_target_shared(target.pk)
        made = Event.objects.filter(
            target_id=target.pk, noun="target", verb=ACCEPTED, actor=by, data__change=str(change_id)
        ).first()
        if made is None:
            raise NotFound(_("There is no such change of yours."))
        ids = [UUID(one) for one in made.data["captures"]]
        standing = Capture.objects.filter(pk__in=ids, review=Review.ACCEPTED, reviewed_by=by, reviewed_at=made.at)
        ids = list(standing.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
        Capture.objects.filter(pk__in=ids).update(review=Review.PENDING, reviewed_by=None, reviewed_at=None)
        if ids:
            _record(ids, "review undone", target, by, now, was=Review.ACCEPTED, change_id=change_id)
            events.record(
                at=now, verb=UNDONE, noun="target", row_id=target.pk, target_id=target.pk, actor_id=by.pk,
                data={"change": str(change_id), "captures": [str(pk) for pk in ids]},
            )  # fmt: skip
    return Done(change_id, len(ids))


def _record(ids: list[UUID], verb: str, target: Target, by: User, now: datetime, *, was: str, change_id: UUID) -> None:
    Event.objects.bulk_create(
        (
            Event(
                at=now, verb=verb, noun="capture", row_id=pk, target_id=target.pk, actor=by,
                data={"was": was, "note": "", "bulk": str(change_id)},
            )
            for pk in ids
        ),
        batch_size=AT_ONCE,
    )  # fmt: skip
