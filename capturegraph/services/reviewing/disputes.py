"""What volunteers say against a rejection, and the answer: of somebody else than who rejected the photograph."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from capturegraph.models import Capture, Dispute, User
from capturegraph.services import events
from capturegraph.services.refusals import Conflict, Forbidden, NotFound
from capturegraph.services.writing import hold_target_shared, writing

State = Dispute.State
UPHELD = "upheld"


def dispute(
    *, capture_id: UUID, text: str, by: User, now: datetime, dispute_id: UUID, operation_id: UUID | None = None
) -> tuple[Dispute, bool]:
    """Say that one's own rejected photograph is good, and why; somebody else looks at it again. True where it is new.

    It can be said once of a photograph; the same words again are success.

    Raises:
        NotFound: no such capture of the caller's. Conflict: it is not rejected, or something was said before.
    """
    with writing():
        mine = Capture.objects.filter(pk=capture_id, volunteer=by)
        target_id = mine.values_list("target", flat=True).first()
        if target_id is None:
            raise NotFound(_("There is no such capture."))
        hold_target_shared(target_id)
        capture = mine.select_for_update(no_key=True).get()
        known = Dispute.objects.filter(capture=capture).first()
        if known and known.said == text:
            return known, False
        if known or not events.first_time(
            at=now, verb="disputed", noun="capture", row_id=capture.pk, target_id=target_id, actor_id=by.pk,
            data={"dispute": str(dispute_id), "text": text}, operation_id=operation_id,
        ):  # fmt: skip
            raise Conflict(_("You have said something about this photo already."), code="disputed_already")
        if capture.review != Capture.Review.REJECTED:
            raise Conflict(_("This photo is not rejected, so there is nothing to object to."), code="not_rejected")
        made = Dispute.objects.create(
            pk=dispute_id, capture=capture, target_id=target_id, said_by=by, said=text, said_at=now,
            against_id=capture.reviewed_by_id,
        )  # fmt: skip
    return made, True


def open_of(capture: Capture, *, by: User, verdict: str) -> Dispute | None:
    """Give the open dispute that a verdict of somebody answers, if there is one; the capture's row is locked.

    Raises:
        Forbidden: they rejected it themselves. Conflict: it is neither accepted nor rejected by the verdict.
    """
    dispute = Dispute.objects.filter(capture=capture, state=State.OPEN).first()
    if dispute is None:
        return None
    if dispute.against_id == by.pk:
        raise Forbidden(_("Somebody else has to look at a photo that you rejected."), code="own_rejection")
    if verdict == Capture.Review.PENDING:
        detail = _("The volunteer waits for an answer: accept this photo, or reject it.")
        raise Conflict(detail, code="disputed")
    return dispute


def answer(dispute: Dispute, *, verdict: str, said: str, by: User, now: datetime) -> None:
    """Write down how an open dispute was answered, in the transaction of the verdict."""
    dispute.state = State.GRANTED if verdict == Capture.Review.ACCEPTED else State.UPHELD
    dispute.answer, dispute.answered_by, dispute.answered_at = said[:1000], by, now
    dispute.save(update_fields=["state", "answer", "answered_by", "answered_at"])
