"""Taking captures in: the words of the phone first, the photograph after, each as often as the phone likes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import IntegrityError
from django.utils.translation import gettext as _

from capturegraph.models import Assignment, Capture, Device, Membership, Target, User
from capturegraph.services import events
from capturegraph.services.matches import judging, matching, verdicts
from capturegraph.services.people.identity import hold_person
from capturegraph.services.refusals import Conflict, Invalid, NotFound
from capturegraph.services.writing import hold_target_shared, writing

LATENCY_S = 60.0
LATE_AFTER_REMOVAL = timedelta(days=14)


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a phone says about a capture. All of it is the phone's; nothing here was decided by us."""

    target_id: UUID
    taken_at: datetime
    assignment_id: UUID | None = None
    latitude: float | None = None
    longitude: float | None = None
    accuracy_m: float | None = None
    heading: float | None = None
    from_library: bool = False
    photo_sha256: str = ""
    photo_size: int | None = None
    sent_at: datetime | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def fingerprint(self) -> str:
        """Give the sha256 of all that was said, so that a repeat is known from a second capture under one id."""
        # A repeat is sent at another time.
        said = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "sent_at"}
        return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)).hexdigest()


def receive(*, capture_id: UUID, words: Words, by: User, device: Device | None, now: datetime) -> tuple[Capture, bool]:
    """Take in a capture, compare it with every slot, and give it with its verdict; true where it is new.

    The verdict of the first receipt is kept and repeated.

    Raises:
        NotFound: no member of such a target. Invalid: an assignment that is not the caller's.
        Conflict: the id is taken, by other words or by somebody else.
    """
    known = Capture.objects.filter(pk=capture_id).first()
    if known:
        return _repeated(known, words, by), False
    capture = _described(capture_id, words, by, device, now)
    if not _may_send(capture, by, now):
        raise NotFound(_("There is no such target."))
    try:
        with writing():
            _take_in(capture, words, by, now)
    except IntegrityError:
        # The whole transaction is undone, rather than a savepoint made for what happens once in a thousand times.
        raced = Capture.objects.filter(pk=capture_id).first()
        if raced is None:
            raise
        return _repeated(raced, words, by), False
    return capture, True


def _take_in(capture: Capture, words: Words, by: User, now: datetime) -> None:
    hold_target_shared(words.target_id)
    # Who asked may have been shut out, merged or erased while we waited.
    by = capture.volunteer = hold_person(by.pk)
    # Read under the lock: the settings may have changed while we waited for it.
    target = capture.target = Target.objects.get(pk=words.target_id)
    named = capture.assignment = _named(words, by)
    capture.unusable_reason = judging.why_unusable(capture, target, now)
    capture.counts = not capture.unusable_reason
    capture.save(force_insert=True)
    _judge(capture, target, named, now)
    events.record(
        at=now, verb="received", noun="capture", row_id=capture.pk, target_id=target.pk, actor_id=by.pk,
        data={"closed": verdicts.closed(capture.verdict)},
    )  # fmt: skip


def _described(capture_id: UUID, words: Words, by: User, device: Device | None, now: datetime) -> Capture:
    skew_s = _skew_s(words.sent_at, now)
    return Capture(
        pk=capture_id, target_id=words.target_id, volunteer=by, device=device, taken_at=words.taken_at,
        latitude=words.latitude, longitude=words.longitude, accuracy_m=words.accuracy_m, heading=words.heading,
        from_library=words.from_library, photo_sha256=words.photo_sha256, photo_size=words.photo_size,
        extra=dict(words.extra), fingerprint=words.fingerprint(), received_at=now, judged_at=now,
        skew_s=skew_s, captured_at=_captured_at(words.taken_at, skew_s, now),
    )  # fmt: skip


def _skew_s(sent_at: datetime | None, received_at: datetime) -> float:
    """Say how far the phone's clock is behind ours; less than a minute is what the way here takes."""
    skew_s = (received_at - sent_at).total_seconds() if sent_at else 0.0
    return skew_s if abs(skew_s) >= LATENCY_S else 0.0


def _captured_at(taken_at: datetime, skew_s: float, received_at: datetime) -> datetime:
    try:
        return min(taken_at + timedelta(seconds=skew_s), received_at)
    except OverflowError:
        # A clock that is millennia off says nothing; whatever it was, it was before it came.
        return min(taken_at, received_at)


def _may_send(capture: Capture, by: User, now: datetime) -> bool:
    """Say whether somebody may send a capture: a member, and for a while who was one when it was taken."""
    if by.is_superuser:
        return Target.objects.filter(pk=capture.target_id).exists()
    removed = Membership.objects.filter(user=by, target=capture.target_id).values_list("removed_at", flat=True)
    return any(at is None or (capture.captured_at < at and now < at + LATE_AFTER_REMOVAL) for at in removed)


def _repeated(capture: Capture, words: Words, by: User) -> Capture:
    if capture.volunteer_id != by.pk or capture.fingerprint != words.fingerprint():
        # No detail: whoever guesses ids learns only that this one cannot be used.
        raise Conflict(_("Another capture has this id."), code="capture_id_taken")
    return capture


def _named(words: Words, by: User) -> Assignment | None:
    if words.assignment_id is None:
        return None
    mine = Assignment.objects.select_related("slot").filter(
        pk=words.assignment_id, volunteer=by, target=words.target_id
    )
    if not mine:
        reason = _("You have no such slot in this target.")
        raise Invalid(reason, errors=[{"field": "assignment", "reason": reason}])
    return mine[0]


def _judge(capture: Capture, target: Target, named: Assignment | None, now: datetime) -> None:
    slots = [] if capture.unusable_reason else matching.near(capture, target)
    was = {slot.pk: slot.state for slot in slots}
    matches = matching.compare([capture], slots, target, now)
    matching.settle(matches, slots, now=now, actor_id=capture.volunteer_id)
    capture.verdict = verdicts.verdict(capture, target, named, slots=slots, matches=matches, was=was)
    Capture.objects.filter(pk=capture.pk).update(verdict=capture.verdict)


def present_assignment(capture: Capture) -> Assignment | None:
    """Give what the capturer holds in the target now, for the answer beside the verdict."""
    held = Assignment.objects.filter(
        target=capture.target_id, volunteer=capture.volunteer_id, state=Assignment.State.HELD
    )
    return held.select_related("slot").order_by("stop").first()
