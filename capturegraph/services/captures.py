"""Taking captures in: the words of the phone first, the photograph after, each as often as the phone likes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from capturegraph.models import Assignment, CandidateSlot, Capture, Device, Match, Membership, Target, User
from capturegraph.services import events, matching
from capturegraph.services.refusals import Conflict, Invalid, NotFound
from capturegraph.services.writing import hold_target_shared, writing
from scheduling.geodesy import metres


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
    extra: Mapping[str, Any] = field(default_factory=dict)

    def fingerprint(self) -> str:
        """Give the sha256 of all that was said, so that a repeat is known from a second capture under one id."""
        said = {name: getattr(self, name) for name in self.__dataclass_fields__}
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
    target = Target.objects.visible_to(by).filter(pk=words.target_id).first()
    if target is None:
        raise NotFound(_("There is no such target."))
    with writing():
        hold_target_shared(target.pk)
        # Read again under the lock: the settings may have changed while we waited for it.
        target.refresh_from_db()
        named = _named(words, by)
        capture = Capture(
            pk=capture_id, target=target, volunteer=by, device=device, assignment=named, taken_at=words.taken_at,
            latitude=words.latitude, longitude=words.longitude, accuracy_m=words.accuracy_m, heading=words.heading,
            from_library=words.from_library, photo_sha256=words.photo_sha256, photo_size=words.photo_size,
            extra=dict(words.extra), fingerprint=words.fingerprint(), received_at=now, judged_at=now,
        )  # fmt: skip
        capture.unusable_reason = matching.unusable_reason(capture, target)
        capture.counts = not capture.unusable_reason
        try:
            with transaction.atomic():
                capture.save(force_insert=True)
        except IntegrityError:
            return _repeated(Capture.objects.get(pk=capture_id), words, by), False
        _judge(capture, target, named, now)
        events.record(
            at=now, verb="received", noun="capture", row_id=capture.pk, target_id=target.pk, actor_id=by.pk,
            data={"closed": [match["slot"] for match in _closed(capture)]},
        )  # fmt: skip
    return capture, True


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
    slots = matching.near(capture, target) if capture.counts else []
    if not target.covers_waiting:
        slots = _held_only(slots, named, capture, now)
    matches = matching.compare([capture], slots, target, now)
    was = {slot.pk: slot.state for slot in slots}
    fulfilled = {slot.pk for slot in matching.settle(matches, slots, now=now, actor_id=capture.volunteer_id)}
    titles = {slot.pk: str(slot) for slot in slots}
    told = {match.slot_id: _told(match, titles[match.slot_id], match.slot_id in fulfilled) for match in matches}
    closed = [told[pk] for pk in told if was[pk] != CandidateSlot.State.FULFILLED]
    capture.verdict = {
        "usable": capture.counts,
        "reason": capture.unusable_reason or None,
        "named": _about_named(capture, target, named, told),
        "also": [one for one in closed if named is None or one["slot"] != str(named.slot_id)],
    }
    capture.save(update_fields=["verdict"])


def _held_only(
    slots: list[CandidateSlot], named: Assignment | None, capture: Capture, now: datetime
) -> list[CandidateSlot]:
    held = set(Assignment.objects.live(now).filter(slot__in=slots).values_list("slot", flat=True))
    if named and named.started_at <= capture.taken_at <= named.expires_at:
        # Taken in time and sent late: it still counts, whoever holds the slot by now.
        held.add(named.slot_id)
    return [slot for slot in slots if slot.pk in held]


def _told(match: Match, title: str, fulfilled: bool) -> dict[str, Any]:
    return {
        "slot": str(match.slot_id),
        "title": title,
        "metres": round(match.metres, 1),
        "distance": match.distance,
        "probability": match.probability,
        "fulfilled": fulfilled,
    }


def _about_named(
    capture: Capture, target: Target, named: Assignment | None, told: Mapping[UUID, dict[str, Any]]
) -> dict[str, Any] | None:
    """Judge the slot that the phone was sent to, before anything else that the photograph may have done."""
    if named is None:
        return None
    about: dict[str, Any] = {
        "assignment": str(named.pk), "slot": str(named.slot_id), "title": str(named.slot), "fulfilled": False,
        "metres": None, "allowed_m": target.allowed_m, "distance": None, "probability": None,
        "reason": capture.unusable_reason or None,
    }  # fmt: skip
    if named.slot_id in told:
        return {**about, **told[named.slot_id], "fulfilled": True, "text": _("Done. Thank you!")}
    if capture.latitude is not None and named.slot.latitude is not None:
        apart = metres(capture, named.slot)
        about |= {"metres": round(apart, 1), "distance": matching.distance_of(target)(capture, named.slot)}
    return {**about, "reason": about["reason"] or "too_far", "text": _sentence(capture, about)}


def _sentence(capture: Capture, about: Mapping[str, Any]) -> str:
    sentences = {
        matching.NO_POSITION: _("The phone sent no position with this photo. The slot stays yours."),
        matching.FROM_LIBRARY: _("This photo comes from the library, so its place is not sure. The slot stays yours."),
        matching.MOCK: _("The phone's position was not a real one. The slot stays yours."),
        matching.INACCURATE: _("The phone knew its place only to ±%(accuracy)d m. The slot stays yours."),
        "": _("%(metres)d m off, %(allowed)d m are allowed. The slot stays yours."),
    }
    values = {"accuracy": capture.accuracy_m, "metres": about["metres"] or 0, "allowed": about["allowed_m"]}
    return str(sentences[capture.unusable_reason]) % values


def _closed(capture: Capture) -> list[dict[str, Any]]:
    named = capture.verdict["named"]
    return [*([named] if named and named["fulfilled"] else []), *capture.verdict["also"]]


def present_assignment(capture: Capture) -> Assignment | None:
    """Give what the capturer holds in the target now, for the answer beside the verdict."""
    held = Assignment.objects.filter(
        target=capture.target_id, volunteer=capture.volunteer_id, state=Assignment.State.HELD
    )
    return held.select_related("slot").order_by("stop").first()


def manifest(*, by: User, asked: Sequence[tuple[UUID, str]]) -> list[tuple[UUID, str]]:
    """Say of each capture of the caller, by id and sha256, whether its photograph is safe here.

    "have" only where the stored bytes have the digest that the phone says; the phone may then clear its copy.
    """
    mine = {c.pk: c for c in Capture.objects.filter(volunteer=by, pk__in=[capture_id for capture_id, __ in asked])}
    return [(capture_id, _safety(mine.get(capture_id), sha256)) for capture_id, sha256 in asked]


def _safety(capture: Capture | None, sha256: str) -> str:
    if capture is None or capture.state == Capture.State.AWAITING_PHOTO:
        return "missing"
    if capture.state == Capture.State.REFUSED:
        return "refused"
    return "have" if not sha256 or capture.photo_sha256 == sha256 else "missing"


def may_see(user: User, capture: Capture) -> bool:
    """Say whether somebody may see a capture: its owner, and who reviews or coordinates its target."""
    if user.is_superuser or capture.volunteer_id == user.pk:
        return True
    return (
        Membership.objects.current()
        .filter(user=user, target=capture.target_id, role__in=["reviewer", "coordinator"])
        .exists()
    )
