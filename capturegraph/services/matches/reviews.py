"""What people make of captures: accepted, rejected, undone, and linked to a slot by hand."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from capturegraph.models import CandidateSlot, Capture, Dispute, Event, Match, Target, User
from capturegraph.services import events, telling
from capturegraph.services.matches import judging, matching
from capturegraph.services.refusals import Conflict, Forbidden, NotFound, Refused
from capturegraph.services.reviewing import claims, disputes
from capturegraph.services.writing import hold_target_shared, writing

Review = Capture.Review
_VERBS = {Review.ACCEPTED: "accepted", Review.REJECTED: "rejected", Review.PENDING: "review undone"}


class NotThatSlot(Refused):
    """A slot of another target, or none at all."""

    status = 422
    code = "slot_not_in_target"


def review(
    *,
    capture_id: UUID,
    verdict: str,
    note: str = "",
    reason: str = "",
    token: UUID | None = None,
    by: User,
    now: datetime,
    operation_id: UUID | None = None,
) -> Capture:
    """Accept or reject a capture, or undo that with "pending"; slots open and close as that has it.

    A rejection is told to who took the photograph, with its `reason` (one of `Capture.RejectedFor`) and `note`, and the
    slot is offered to them first. Saying the same again changes nothing. Both of two verdicts are written down. `token`
    is that of the reviewer's claim, which is used up; without one, nobody else may have a claim on it (see
    `reviewing.claims.spend`). Where its volunteer disputes a rejection, the verdict is the answer to that.

    Raises:
        NotFound: no such capture. Forbidden: it is the reviewer's own, or they rejected what is disputed.
        Conflict: the claim is somebody else's, or a dispute waits for an answer.
    """
    said = Said(verdict, note, reason if verdict == Review.REJECTED else "")
    with writing():
        capture, target = _held(capture_id, by)
        if operation_id and Event.objects.filter(actor=by, operation_id=operation_id).exists():
            return capture
        dispute = disputes.open_of(capture, by=by, verdict=verdict)
        claims.spend(capture=capture, by=by, token=token, now=now)
        if dispute:
            _answer(capture, target, said, dispute, by=by, now=now, operation_id=operation_id)
        elif said != Said(capture.review, capture.review_note, capture.review_reason):
            _decide(capture, target, said, by=by, now=now, operation_id=operation_id)
    return capture


class Said(NamedTuple):
    """What is said of a capture, and why."""

    verdict: str
    note: str
    reason: str

    def told(self) -> dict[str, str]:
        """Give what there is of the reason, for events and messages."""
        return {name: word for name, word in (("note", self.note), ("reason", self.reason)) if word}


def _answer(
    capture: Capture, target: Target, said: Said, dispute: Dispute, *, by: User, now: datetime,
    operation_id: UUID | None,
) -> None:  # fmt: skip
    sentence = telling.reason_sentence(said.reason, said.note)
    disputes.answer(dispute, verdict=said.verdict, said=sentence, by=by, now=now)
    if said.verdict == Review.ACCEPTED:
        _decide(capture, target, said, by=by, now=now, operation_id=operation_id, dispute=dispute)
        return
    events.first_time(
        at=now, verb=disputes.UPHELD, noun="capture", row_id=capture.pk, target_id=target.pk, actor_id=by.pk,
        data={"was": capture.review, **said.told(), "dispute": str(dispute.pk)}, operation_id=operation_id,
    )  # fmt: skip
    _tell_upheld(capture, said, now)


def _decide(
    capture: Capture, target: Target, said: Said, *, by: User, now: datetime, operation_id: UUID | None,
    dispute: Dispute | None = None,
) -> None:  # fmt: skip
    """Let a verdict have its effects on a locked capture, and tell who took the photograph."""
    about = {"dispute": str(dispute.pk)} if dispute else {}
    if not events.first_time(
        at=now, verb=_VERBS[Review(said.verdict)], noun="capture", row_id=capture.pk, target_id=target.pk,
        actor_id=by.pk, data={"was": capture.review, "note": "", **said.told(), **about}, operation_id=operation_id,
    ):  # fmt: skip
        return
    was, usable = capture.review, not capture.unusable_reason
    pending = said.verdict == Review.PENDING
    capture.review, capture.review_note, capture.review_reason = said
    capture.reviewed_by, capture.reviewed_at = (None, None) if pending else (by, now)
    capture.save(update_fields=["review", "review_note", "review_reason", "reviewed_by", "reviewed_at"])
    lost = matching.judge_again(capture, target, now=now, actor_id=by.pk)
    if said.verdict == Review.REJECTED and was != said.verdict:
        _offer_first(capture, {match.slot_id for match in lost}, now)
        _tell_rejected(capture, [match.slot_id for match in lost], said, now)
    elif was == Review.REJECTED:
        _offer_no_longer(capture, now)
    if said.verdict == Review.ACCEPTED and not (usable and was == Review.PENDING):
        # Whoever was told before that it does not count, or was rejected, is told that it does.
        _tell_accepted(capture, now)
    capture.refresh_from_db(fields=["counts", "unusable_reason"])


def link(
    *, capture_id: UUID, slot_id: UUID, linked: bool = True, by: User, now: datetime, operation_id: UUID | None = None
) -> Capture:
    """Say that a capture shows a slot, wherever and whenever it was taken, or take that back; a repeat is success.

    It counts as long as the photograph is not rejected, nor missing.

    Raises:
        NotFound: no such capture. Forbidden: it is the reviewer's own. NotThatSlot: not of the capture's target.
        Conflict: the slot is withdrawn, the capture rejected, or somebody else looks at it just now.
    """
    with writing():
        capture, target = _held(capture_id, by)
        # All of them at once: those around the photograph are locked by id together with this one.
        slots = matching.touched(capture, target, also=[slot_id])
        slot = next((one for one in slots if one.pk == slot_id), None)
        if slot is None:
            raise NotThatSlot(_("This place does not belong to the same target as the photo."))
        known = Match.objects.filter(capture=capture, slot=slot).first()
        if linked == bool(known and known.manual):
            return capture
        claims.check_nobody_else(capture=capture, by=by, now=now)
        if linked and slot.state == CandidateSlot.State.WITHDRAWN:
            raise Conflict(_("This place is not needed any more. Choose another one."), code="slot_withdrawn")
        if linked and capture.review == Review.REJECTED:
            raise Conflict(_("This photo was rejected. Undo that first."), code="capture_rejected")
        if not events.first_time(
            at=now, verb="linked" if linked else "unlinked", noun="capture", row_id=capture.pk, target_id=target.pk,
            actor_id=by.pk, data={"slot": str(slot.pk)}, operation_id=operation_id,
        ):  # fmt: skip
            return capture
        if known is None:
            apart = judging.distance_of(target)(slot, capture)
            known = matching.match_of(capture, slot, apart, target, now)
            known.active = False
        known.manual = linked
        known.save()
        matching.judge_again(capture, target, now=now, actor_id=by.pk, slots=slots)
        capture.refresh_from_db(fields=["counts", "unusable_reason"])
    return capture


def _held(capture_id: UUID, by: User) -> tuple[Capture, Target]:
    """Hold the target and lock the capture, in this order."""
    target_id = Capture.objects.filter(pk=capture_id).values_list("target", flat=True).first()
    if target_id is None:
        raise NotFound(_("There is no such capture."))
    hold_target_shared(target_id)
    rows = Capture.objects.select_related("volunteer").select_for_update(no_key=True, of=("self",))
    capture = rows.get(pk=capture_id)
    if capture.volunteer_id == by.pk:
        raise Forbidden(_("Somebody else has to look at your own photos."), code="own_capture")
    return capture, Target.objects.get(pk=target_id)


def _offer_first(capture: Capture, lost: Collection[UUID], now: datetime) -> None:
    short = CandidateSlot.objects.filter(pk__in=lost, state=CandidateSlot.State.WAITING)
    short.update(offered_first_to=capture.volunteer_id, reopened_at=now, updated_at=now)


def _offer_no_longer(capture: Capture, now: datetime) -> None:
    counted = Match.objects.filter(capture=capture, active=True).values("slot")
    offered = CandidateSlot.objects.filter(pk__in=counted, offered_first_to=capture.volunteer_id)
    offered.update(offered_first_to=None, updated_at=now)


def _tell_rejected(capture: Capture, lost: Collection[UUID], said: Said, now: datetime) -> None:
    data = {"capture": str(capture.pk), **said.told()}
    for title, slot_id in _titles(capture, lost):
        telling.tell(
            users=[capture.volunteer_id], kind="capture_rejected", now=now, target_id=capture.target_id,
            data={**data, "title": title, "slot": str(slot_id)},
        )  # fmt: skip
    if not lost and capture.assignment_id is None:
        telling.tell(
            users=[capture.volunteer_id], kind="capture_rejected", now=now, target_id=capture.target_id, data=data
        )


def _tell_upheld(capture: Capture, said: Said, now: datetime) -> None:
    matched = Match.objects.filter(capture=capture).order_by("metres").values_list("slot", flat=True)
    named = [{"title": title} for title, __ in _titles(capture, list(matched[:1]))]
    telling.tell(
        users=[capture.volunteer_id], kind="dispute_upheld", now=now, target_id=capture.target_id,
        data={"capture": str(capture.pk), **said.told(), **(named[0] if named else {})},
    )  # fmt: skip


def _tell_accepted(capture: Capture, now: datetime) -> None:
    counted = Match.objects.filter(capture=capture, active=True).values_list("slot", flat=True)
    for title, slot_id in _titles(capture, list(counted)):
        telling.tell(
            users=[capture.volunteer_id], kind="capture_accepted", now=now, target_id=capture.target_id,
            data={"capture": str(capture.pk), "title": title, "slot": str(slot_id)},
        )  # fmt: skip


def _titles(capture: Capture, slot_ids: Collection[UUID]) -> list[tuple[str, UUID]]:
    """Name slots, or where there are none the one that the photograph was taken for."""
    named = [capture.assignment.slot_id] if capture.assignment else []
    rows = CandidateSlot.objects.filter(pk__in=slot_ids or named).order_by("rank", "pk")
    return [(str(slot), slot.pk) for slot in rows]
