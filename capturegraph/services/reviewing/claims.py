"""One photograph, one reviewer: who looks at what, and until when.

A claim is a row, one for each photograph, taken in one statement: whoever finds it taken gets another photograph. Whose
claim has run out keeps it until somebody else takes it, and is then refused by their token. Claims come and go by the
minute, like the leases of jobs: verdicts and skips are written down as events, claims are not.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from capturegraph.models import Capture, ReviewClaim, Target, User
from capturegraph.models.review_claim import HELD_FOR
from capturegraph.services import events
from capturegraph.services.refusals import Busy, Conflict, NotFound
from capturegraph.services.reviewing import queue
from capturegraph.services.writing import as_uuid, rows, table, writing

LOST, BEING_REVIEWED = "claim_lost", "being_reviewed"
TRIES = 20
CLAIM = table(ReviewClaim)
_TAKE = f"""
INSERT INTO {CLAIM} (capture_id, target_id, reviewer_id, token, claimed_at, until)
SELECT w.id, w.target_id, %s, %s, %s, %s FROM ({{waiting}}) w WHERE true
ON CONFLICT (capture_id) DO UPDATE SET reviewer_id = excluded.reviewer_id, token = excluded.token,
  claimed_at = excluded.claimed_at, until = excluded.until
WHERE {CLAIM}.until <= %s
RETURNING capture_id
"""  # noqa: S608


def next_claim(
    *, target: Target, by: User, now: datetime, token: UUID, after: Collection[UUID] = ()
) -> ReviewClaim | None:
    """Give a reviewer the next photograph of a target to look at, for them alone; None where nothing waits for them.

    What they look at already comes first, so that a repeat gives the same; `after` names what they have in hand beside
    it, to be given the one that comes after. A new claim gets the `token`.

    Raises:
        Busy: others were quicker, time after time.
    """
    for _try in range(TRIES):
        with writing():
            claim = _kept(target, by, now, after) or _taken(target, by, now, token, after)
        if claim:
            return claim
        if not queue.free(_open(target, by, after), now=now).exists():
            return None
    raise Busy(_("The server is very busy. Try again in a second."))


def _open(target: Target, by: User, after: Collection[UUID]) -> Any:
    return queue.waiting_for(by).filter(target=target).exclude(pk__in=list(after))


def _kept(target: Target, by: User, now: datetime, after: Collection[UUID]) -> ReviewClaim | None:
    """Renew the claim that a reviewer has had for longest."""
    mine = ReviewClaim.objects.live(now).filter(reviewer=by, capture__in=_open(target, by, after))
    for claim in mine.order_by("claimed_at", "capture")[:1]:
        if ReviewClaim.objects.live(now).filter(pk=claim.pk, token=claim.token).update(until=now + HELD_FOR):
            return ReviewClaim.objects.get(pk=claim.pk)
    return None


def _taken(target: Target, by: User, now: datetime, token: UUID, after: Collection[UUID]) -> ReviewClaim | None:
    """Take the first that is free, in one statement.

    Who comes at the same moment passes over the row that is locked here, or finds the claim, and tries again.
    """
    there = queue.in_order(queue.free(_open(target, by, after), now=now), user=by, now=now)
    first = there.select_for_update(skip_locked=True, no_key=True, of=("self",)).values("id", "target_id")[:1]
    sql, values = first.query.sql_with_params()
    until = now + HELD_FOR
    got = rows(_TAKE.format(waiting=sql), [by.pk, token, now, until, *values, now])
    if not got:
        return None
    claim = ReviewClaim.objects.get(pk=as_uuid(got[0][0]))
    # The one statement saw disputes as they were when it began: one may have been answered since.
    if queue.waiting_for(by).filter(pk=claim.pk).exists():
        return claim
    claim.delete()
    return None


_AGAIN = f"""
INSERT INTO {CLAIM} AS own (capture_id, target_id, reviewer_id, token, claimed_at, until)
VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (capture_id) DO UPDATE SET reviewer_id = excluded.reviewer_id, claimed_at = excluded.claimed_at,
  until = excluded.until,
  token = CASE WHEN own.reviewer_id = excluded.reviewer_id THEN own.token ELSE excluded.token END
WHERE own.until <= %s OR own.reviewer_id = excluded.reviewer_id
RETURNING capture_id
"""  # noqa: S608


def take(*, capture: Capture, by: User, now: datetime, token: UUID) -> ReviewClaim:
    """Claim this very photograph; who has it already keeps it.

    The caller has locked the capture's row, and has seen that it waits for them.

    Raises:
        Conflict: somebody else looks at it.
    """
    values = [capture.pk, capture.target_id, by.pk, token, now, now + HELD_FOR, now]
    if not rows(_AGAIN, values):
        raise Conflict(_("Somebody else looks at this photo now."), code=BEING_REVIEWED, present=present(capture, now))
    return ReviewClaim.objects.get(pk=capture.pk)


def renew(*, capture_id: UUID, by: User, token: UUID, now: datetime) -> ReviewClaim:
    """Keep a claim for longer, also one that has run out and that nobody else took.

    Raises:
        NotFound: no such capture. Conflict: it is somebody else's, or the photograph was judged.
    """
    with writing():
        mine = ReviewClaim.objects.filter(pk=capture_id, reviewer=by, token=token)
        if not mine.update(until=now + HELD_FOR):
            raise _lost(_capture(capture_id), now)
        return mine.get()


def give_back(
    *, capture_id: UUID, by: User, token: UUID, now: datetime, skip: bool = False, operation_id: UUID | None = None
) -> None:
    """Let others look at a photograph; one that is skipped comes last for this reviewer for a while.

    One that was given back, or lost, already: nothing happens. A repeat is success.
    """
    with writing():
        capture = _capture(capture_id)
        __, gone = ReviewClaim.objects.filter(pk=capture_id, reviewer=by, token=token).delete()
        if gone and skip:
            events.first_time(
                at=now, verb=queue.SKIPPED, noun="capture", row_id=capture_id, target_id=capture.target_id,
                actor_id=by.pk, operation_id=operation_id,
            )  # fmt: skip


def spend(*, capture: Capture, by: User, token: UUID | None, now: datetime) -> None:
    """Use up the claim for a verdict, in its transaction; the caller has locked the capture's row.

    With a token the claim has to be theirs still. Without one, as programs speak that do not claim, nobody else may
    have the photograph before them.

    Raises:
        Conflict: `claim_lost` or `being_reviewed`, with the present state.
    """
    there = ReviewClaim.objects.filter(pk=capture.pk)
    if token is None:
        check_nobody_else(capture=capture, by=by, now=now)
        there.delete()
        return
    __, mine = there.filter(reviewer=by, token=token).delete()
    if not mine:
        raise _lost(capture, now)


def check_nobody_else(*, capture: Capture, by: User, now: datetime) -> None:
    """Make sure that nobody else looks at a photograph whose row is locked.

    Raises:
        Conflict: `being_reviewed`, with the present state.
    """
    if ReviewClaim.objects.live(now).filter(pk=capture.pk).exclude(reviewer=by).exists():
        detail = _("Somebody else looks at this photo now. Try again in five minutes.")
        raise Conflict(detail, code=BEING_REVIEWED, present=present(capture, now))


def present(capture: Capture, now: datetime) -> dict[str, Any]:
    """Say how a photograph stands: for whoever comes too late."""
    claim = ReviewClaim.objects.live(now).filter(pk=capture.pk).select_related("reviewer").first()
    said_by = capture.reviewed_by
    return {
        "id": str(capture.pk),
        "review": capture.review,
        "note": capture.review_note,
        "reviewed_at": capture.reviewed_at,
        "reviewed_by": str(said_by) if said_by else None,
        "looked_at_by": str(claim.reviewer) if claim else None,
    }


def _lost(capture: Capture, now: datetime) -> Conflict:
    detail = _("This photo is not yours to judge any more: somebody else has it, or has judged it.")
    return Conflict(detail, code=LOST, present=present(capture, now))


def _capture(capture_id: UUID) -> Capture:
    capture = Capture.objects.select_related("reviewed_by").filter(pk=capture_id).first()
    if capture is None:
        raise NotFound(_("There is no such capture."))
    return capture
