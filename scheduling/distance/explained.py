"""Why a capture counts for a slot, or does not: every term, in σ and in its own unit."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..geodesy import metres
from ..values import number, pick
from .combined import Combined
from .factories import Location, angle_degrees
from .kind import Distance, reading, within
from .probability import probability_within

_DEGREES = angle_degrees(1.0)


@dataclass(frozen=True)
class Term:
    """One term: its distance in σ (None where a value is missing), and whether it takes part.

    `why` is "counted", "not_asked" (the slot does not ask for it), "left_out" (optional, and a value is missing) or
    "missing" (required, and a value is missing: the whole distance is NaN).
    """

    name: str
    distance: float | None
    why: str


@dataclass(frozen=True)
class Explanation:
    """One slot and one capture compared, all that is worth showing; None is "not known".

    `metres` between the two places, `distance` in σ and its `threshold`, `allowed_m` (the threshold in metres, where
    the place is a term), `heading_off_deg` (0 to 180), `probability` that the true position lies inside `allowed_m`
    given the phone's accuracy, the `terms`, and the `decisive` one: the first missing or else the largest.
    """

    fulfils: bool
    distance: float | None
    threshold: float
    metres: float | None
    allowed_m: float | None
    heading_off_deg: float | None
    probability: float | None
    terms: tuple[Term, ...]
    decisive: str | None


def explain(
    slot: object,
    capture: object,
    distance_fn: Distance | Callable[[object, object], float],
    threshold: float = 1.0,
    accuracy_m: float | None = None,
) -> Explanation:
    """Compare a slot with a capture and say why it counts or not.

    `accuracy_m` is the radius of 1σ that the phone gave; without one the capture's own `accuracy_m`. It changes the
    probability, never whether the capture counts. Raises ValueError or TypeError as the distance does, and for a
    threshold or an accuracy that is negative or infinite.
    """
    distance = reading(distance_fn)
    whole = distance(slot, capture)
    fulfils = bool(within(np.array([whole]), threshold)[0])
    sigma_m = _sigma_m(distance)
    allowed_m = None if sigma_m is None else sigma_m * threshold
    apart_m = None if sigma_m is None else _known(metres(slot, capture))
    known_m = number(pick(capture, "accuracy_m") if accuracy_m is None else accuracy_m, "accuracy_m")
    terms = _terms(slot, capture, distance, whole)
    return Explanation(
        fulfils=fulfils,
        distance=_known(whole),
        threshold=threshold,
        metres=apart_m,
        allowed_m=allowed_m,
        heading_off_deg=_heading_off(slot, capture),
        probability=None if allowed_m is None else probability_within(apart_m, known_m, allowed_m),
        terms=terms,
        decisive=_decisive(terms),
    )


def _terms(slot: object, capture: object, distance: Distance, whole: float) -> tuple[Term, ...]:
    if not isinstance(distance, Combined):
        name = "location" if isinstance(distance, Location) else "distance"
        return (Term(name, _known(whole), "missing" if math.isnan(whole) else "counted"),)
    ours, theirs = distance.read([slot], "slot"), distance.read([capture], "capture")
    terms = []
    for name, term in distance.terms.items():
        distances, takes_part = distance.term(name, term, ours, theirs)
        value, counted = float(distances[0, 0]), bool(takes_part[0, 0])
        if counted:
            why = "missing" if math.isnan(value) else "counted"
        else:
            why = "left_out" if ours.columns[name].present[0] else "not_asked"
        terms.append(Term(name, _known(value), why))
    return tuple(terms)


def _decisive(terms: tuple[Term, ...]) -> str | None:
    missing = [term.name for term in terms if term.why == "missing"]
    counted = [term for term in terms if term.why == "counted"]
    largest = max(counted, key=lambda term: term.distance or 0.0).name if counted else None
    return missing[0] if missing else largest


def _sigma_m(distance: Distance) -> float | None:
    place = distance.terms.get("location") if isinstance(distance, Combined) else distance
    return place.sigma_m if isinstance(place, Location) else None


def _heading_off(slot: object, capture: object) -> float | None:
    return _known(_DEGREES(pick(slot, "heading"), pick(capture, "heading")))


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
