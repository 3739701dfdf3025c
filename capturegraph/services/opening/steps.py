"""What there is to look at before a target is opened, step by step: what it is now, and what may be missing."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any, NamedTuple

import numpy as np
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from capturegraph.models import CandidateSlot, Membership, OpeningCheck, Target
from capturegraph.models.membership import Role
from capturegraph.services.batching import nearness
from capturegraph.services.opening import areas
from scheduling.values import FloatArray

Name = OpeningCheck.Step
_MATCHING = (
    "sigma_m", "threshold", "max_accuracy_m", "accuracy_required", "heading_sigma_deg", "heading_required",
    "covers_waiting",
)  # fmt: skip


class Step(NamedTuple):
    """One step as it is now: its digest, its figures by name, and what somebody should look at twice, in sentences."""

    name: str
    digest: str
    figures: dict[str, Any]
    doubts: list[str]


Looked = tuple[dict[str, Any], dict[str, Any], list[str]]
"""What the digest is made of, the figures beside it, and the doubts."""


def steps(target: Target) -> list[Step]:
    """Look at every step of a target, which need not be saved as it is."""
    return [step(target, name) for name in _STEPS]


def step(target: Target, name: str) -> Step:
    """Look at one step of a target."""
    seen, figures, doubts = _STEPS[name](target)
    said = json.dumps(seen, sort_keys=True, ensure_ascii=True, default=str)
    return Step(name, sha256(said.encode()).hexdigest(), figures, doubts)


def _matching(target: Target) -> Looked:
    doubts = []
    if target.max_accuracy_m > target.allowed_m:
        figures = {"accuracy": f"{target.max_accuracy_m:g}", "allowed": f"{target.allowed_m:g}"}
        doubts.append(
            _("A position may be rougher (±%(accuracy)s m) than what is allowed (%(allowed)s m): "
              "such a photo says little about where it was taken.") % figures
        )  # fmt: skip
    return {name: getattr(target, name) for name in _MATCHING}, {"allowed_m": target.allowed_m}, doubts


def _instructions(target: Target) -> Looked:
    seen = {name: getattr(target, name) for name in ("name", "instructions", "safety_note", "contact")}
    doubts = {
        "instructions": _("Nothing says what a good photo shows."),
        "safety_note": _("Nothing is said for people’s safety."),
        "contact": _("Nobody is named whom volunteers can ask."),
    }
    return seen, {}, [said for name, said in doubts.items() if not seen[name].strip()]


def _privacy(target: Target) -> Looked:
    seen = {name: getattr(target, name) for name in ("run_by", "kept_for", "photo_licence", "tiles_url")}
    doubts = {
        "run_by": _("Nothing says who runs this."),
        "kept_for": _("Nothing says how long photos and names are kept."),
        "photo_licence": _("Nothing says under which licence photos may be used."),
    }
    found = [said for name, said in doubts.items() if not seen[name].strip()]
    if target.tiles_url:
        found.append(_("Its own map comes from another server, which learns where people look."))
    return seen, {}, found


def _consent(target: Target) -> Looked:
    doubts = [] if target.consent_text.strip() else [_("There are no words that people agree to.")]
    return {"consent_text": target.consent_text}, {"characters": len(target.consent_text)}, doubts


def _members(target: Target) -> Looked:
    there = Membership.objects.current().filter(target=target, user__is_active=True).exclude(role=Role.VOLUNTEER)
    rows = list(there.order_by("role", "user__name", "pk").values_list("user", "role", "user__name"))
    by_role = {role: [name for __, one, name in rows if one == role] for role in (Role.COORDINATOR, Role.REVIEWER)}
    doubts = []
    if not by_role[Role.COORDINATOR]:
        doubts.append(_("Nobody coordinates it."))
    if not by_role[Role.REVIEWER]:
        doubts.append(_("Nobody reviews it but its coordinators, and nobody reviews their own photos."))
    seen = {"members": sorted([str(user), role] for user, role, __ in rows)}
    return seen, {"coordinators": by_role[Role.COORDINATOR], "reviewers": by_role[Role.REVIEWER]}, doubts


def _places(target: Target) -> Looked:
    there = CandidateSlot.objects.of(target).exclude(state=CandidateSlot.State.WITHDRAWN)
    rows = list(there.order_by("pk").values_list("latitude", "longitude", "heading"))
    known = np.array([row[:2] for row in rows if row[0] is not None], np.float64).reshape(-1, 2)
    outline = areas.polygons(target.outline)
    outside = int(np.count_nonzero(~areas.inside(known, outline))) if outline else None
    figures = {
        "places": len(rows), "without_position": len(rows) - len(known), "outside": outside,
        "close": _close(rows, target.allowed_m),
    }  # fmt: skip
    # The positions themselves, in no order: places come and go without a change of their number.
    lying = sorted(json.dumps(row) for row in rows)
    seen = {"places": sha256("\n".join(lying).encode()).hexdigest(), "outside": outside, "close": figures["close"]}
    return seen, figures, _doubts_of(figures, target)


def _close(rows: list[tuple[Any, ...]], allowed_m: float) -> int:
    """Count the places that come closer to another one than a photo may be off; other directions are other photos."""
    if not rows:
        return 0
    places: FloatArray = np.array([[np.nan if value is None else value for value in row[:2]] for row in rows])
    directions = {value: number for number, value in enumerate(dict.fromkeys(row[2] for row in rows))}
    kinds = np.array([directions[row[2]] for row in rows], np.int64)
    partner = nearness.crowded(places, kinds, np.ones(len(rows), bool), allowed_m)
    return int(np.count_nonzero(partner >= 0))


def _doubts_of(figures: dict[str, Any], target: Target) -> list[str]:
    found = []
    if not figures["places"]:
        found.append(_("There is no place yet: nobody can be sent anywhere."))
    if n := figures["without_position"]:
        found.append(ngettext("%d place has no position.", "%d places have no position.", n) % n)
    if n := figures["outside"]:
        found.append(ngettext("%d place lies outside of the outline.", "%d places lie outside of the outline.", n) % n)
    if n := figures["close"]:
        said = ngettext(
            "%(n)d place is closer than %(allowed)s m to another one: one photo does both.",
            "%(n)d places are closer than %(allowed)s m to another one: one photo does both.", n,
        )  # fmt: skip
        found.append(said % {"n": n, "allowed": f"{target.allowed_m:g}"})
    return found


_STEPS: dict[str, Callable[[Target], Looked]] = {
    Name.MATCHING: _matching, Name.INSTRUCTIONS: _instructions, Name.PRIVACY: _privacy, Name.CONSENT: _consent,
    Name.MEMBERS: _members, Name.PLACES: _places,
}  # fmt: skip
