"""What a phone is told of a capture: the slot that it was sent to first, then whatever else the photograph has done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from capturegraph.models import Assignment, CandidateSlot, Capture, Match, Target
from capturegraph.services.matches import judging
from scheduling.distance import Explanation

State = CandidateSlot.State
MISSED_AT_MOST = 20


def verdict(
    capture: Capture,
    target: Target,
    named: Assignment | None,
    *,
    slots: Sequence[CandidateSlot],
    matches: Sequence[Match],
    was: Mapping[UUID, str],
) -> dict[str, Any]:
    """Say what a capture did, after it was done: to the slot it was named for, to others, and what it just missed.

    `was` has the states of the slots before.
    """
    titles, states = {slot.pk: str(slot) for slot in slots}, {slot.pk: slot.state for slot in slots}
    told = {
        match.slot_id: _told(
            match, titles[match.slot_id], was[match.slot_id] != states[match.slot_id] == State.FULFILLED
        )
        for match in matches
    }
    closed = [told[pk] for pk in told if was[pk] != State.FULFILLED]
    named_slot = named.slot_id if named else None
    return {
        "usable": not capture.unusable_reason,
        "reason": capture.unusable_reason or None,
        "named": _about_named(capture, target, named, told),
        "also": [one for one in closed if one["slot"] != str(named_slot)],
        "missed": _missed(capture, target, [slot for slot in slots if slot.pk not in told and slot.pk != named_slot]),
    }


def closed(verdict: Mapping[str, Any]) -> list[str]:
    """Give the ids of the slots that a verdict says something good of."""
    named = verdict["named"]
    return [one["slot"] for one in [*([named] if named and named["fulfilled"] else []), *verdict["also"]]]


def _told(match: Match, title: str, fulfilled: bool) -> dict[str, Any]:
    return {
        "slot": str(match.slot_id),
        "title": title,
        "metres": round(match.metres, 1),
        "heading_off_deg": _rounded(match.heading_off_deg),
        "distance": match.distance,
        "probability": match.probability,
        "terms": match.terms,
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
        "metres": None, "allowed_m": target.allowed_m, "heading_off_deg": None, "distance": None, "probability": None,
        "terms": {}, "reason": None,
    }  # fmt: skip
    if named.slot_id in told:
        return {**about, **told[named.slot_id], "fulfilled": True, "text": _("Done. Thank you!")}
    explanation = judging.explained(capture, named.slot, target)
    reason = capture.unusable_reason or _why_not(capture, named.slot, explanation)
    text = judging.sentence(reason, capture, explanation, target)
    if named.state == Assignment.State.HELD:
        text = _("%(why)s The slot stays yours.") % {"why": text}
    return {**about, **_measured(explanation), "reason": reason, "text": text}


def _why_not(capture: Capture, slot: CandidateSlot, explanation: Explanation) -> str:
    if slot.state == State.WITHDRAWN:
        return judging.WITHDRAWN
    return judging.why_untimely(capture, slot) or judging.why_apart(explanation) or judging.NOT_HELD


def _measured(explanation: Explanation) -> dict[str, Any]:
    return {
        "metres": _rounded(explanation.metres),
        "heading_off_deg": _rounded(explanation.heading_off_deg),
        "distance": explanation.distance,
        "probability": explanation.probability,
        "terms": {term.name: term.distance for term in explanation.terms if term.why == "counted"},
    }


def _missed(capture: Capture, target: Target, others: Sequence[CandidateSlot]) -> list[dict[str, Any]]:
    """Say of slots at this very place what the photograph lacks: another direction, or another time."""
    asking = [slot for slot in others if slot.heading is not None or judging.why_untimely(capture, slot)]
    found: list[dict[str, Any]] = []
    for slot in asking:
        explanation = judging.explained(capture, slot, target)
        reason = _why_not(capture, slot, explanation)
        if len(found) < MISSED_AT_MOST and _is_at(explanation) and reason not in (judging.TOO_FAR, judging.NOT_HELD):
            text = judging.sentence(reason, capture, explanation, target)
            found.append({"slot": str(slot.pk), "title": str(slot), **_measured(explanation), "reason": reason,
                          "text": text})  # fmt: skip
    return found


def _is_at(explanation: Explanation) -> bool:
    known = explanation.metres is not None and explanation.allowed_m is not None
    return known and explanation.metres < explanation.allowed_m  # type: ignore[operator]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
