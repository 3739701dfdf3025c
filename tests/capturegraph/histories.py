"""Histories of a small target, made from a number: slots, photographs, second thoughts, new settings and new files.

Nothing here knows the product. `playing.py` lets it live through one, and holds it against the oracle.
"""

import math
import random
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from geopy.distance import geodesic

from scheduling.geodesy import metres
from scheduling.oracle import Rules, Slot

START = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)
PEOPLE = 4
Place = tuple[float, float]
# An ordinary town, both sides of the date line, and right beside the poles.
SITES: tuple[Place, ...] = (
    (38.8951, -77.0364),
    (0.0001, 179.9999),
    (-16.5, -179.9999),
    (89.9999, 30.0),
    (-89.9998, 0.0),
)


@dataclass(frozen=True)
class Shot:
    """One photograph as its phone speaks of it. `skew` is how far the phone's clock is behind."""

    number: int
    person: int
    place: Place | None
    accuracy_m: float | None
    heading: float | None
    from_library: bool
    taken_before: timedelta
    skew: timedelta
    names_its_slot: bool


@dataclass(frozen=True)
class Step:
    """Something that happens, so long after what came before."""

    verb: str
    after: timedelta
    told: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class History:
    """A target, its slots, and what happens. `plain` ones are uploads only, which may come in any order."""

    seed: int
    rules: Rules
    slots: list[Slot]
    steps: list[Step]
    plain: bool

    def in_another_order(self) -> "History":
        """The same photographs, taken at the same moments, each arriving in the turn of another."""
        steps, chance = list(self.steps), random.Random(self.seed)
        turns = [number for number, step in enumerate(steps) if step.verb == "upload"]
        moments = {steps[n].told["shot"].number: steps[n].told["taken_at"] for n in turns}
        others = chance.sample(turns, len(turns))
        told = [{"shot": (shot := self.steps[n].told["shot"]), "taken_at": moments[shot.number]} for n in others]
        for turn, one in zip(turns, told, strict=True):
            steps[turn] = replace(steps[turn], told=one)
        return replace(self, steps=steps)


def history(seed: int) -> History:
    """The history of a number."""
    chance = random.Random(seed)
    site = chance.choice(SITES[:1] * 4 + SITES)
    rules, plain = _rules(chance), chance.random() < 0.25
    if plain:
        rules = replace(rules, covers_waiting=True)
    allowed = rules.sigma_m * rules.threshold
    slots = [_slot(chance, number, site, allowed) for number in range(chance.randint(2, 4))]
    shots = [_shot(chance, number, slots, allowed, rules) for number in range(chance.randint(3, 8))]
    if chance.random() < 0.3:
        rules, shots[0] = _on_the_edge(chance, rules, slots[0], shots[0])
    steps = _uploads(shots) if plain else _steps(chance, shots, slots, site, allowed, rules)
    return History(seed, rules, slots, steps, plain)


def _rules(chance: random.Random) -> Rules:
    return Rules(
        sigma_m=chance.choice([10.0, 50.0, 200.0]),
        threshold=chance.choice([0.5, 1.0, 1.0, 2.0]),
        max_accuracy_m=chance.choice([50.0, 50.0, 20.0]),
        accuracy_required=chance.random() < 0.15,
        heading_sigma_deg=chance.choice([None, 30.0, 30.0, 90.0]),
        heading_required=chance.random() < 0.25,
        covers_waiting=chance.random() < 0.7,
    )


def _off(place: Place, metres_off: float, bearing: float) -> Place:
    there = geodesic(meters=metres_off).destination(place, bearing)
    longitude = (there.longitude + 180.0) % 360.0 - 180.0
    return there.latitude, longitude


def _slot(chance: random.Random, number: int, site: Place, allowed: float) -> Slot:
    place = _off(site, allowed * chance.choice([0.4, 0.8, 1.6, 3.0]) * number, chance.choice([80.0, 90.0, 200.0]))
    opens = START + timedelta(hours=chance.choice([-3, 0, 2])) if chance.random() < 0.2 else None
    return Slot(
        id=f"slot {number}",
        latitude=place[0],
        longitude=place[1],
        heading=chance.choice([0.0, 90.0, 355.0]) if chance.random() < 0.4 else None,
        required_count=chance.choice([1, 1, 1, 1, 2, 2, 3]),
        window_from=opens,
        window_until=opens + timedelta(hours=chance.choice([1, 30])) if opens else None,
        counts_from=START + timedelta(minutes=chance.choice([-60, 0, 30])) if chance.random() < 0.1 else None,
    )


def _shot(chance: random.Random, number: int, slots: list[Slot], allowed: float, rules: Rules) -> Shot:
    slot = chance.choice(slots)
    off = allowed * chance.choice([0.0, 0.3, 0.6, 0.9, 1.2, 3.0])
    place = _off((slot.latitude or 0.0, slot.longitude or 0.0), off, chance.uniform(0, 360))
    turned = chance.choice([0.0, 10.0, -20.0, rules.heading_sigma_deg or 30.0, 100.0, 180.0])
    heading = None if chance.random() < 0.3 else ((slot.heading or 0.0) + turned) % 360.0
    return Shot(
        number=number,
        person=chance.randrange(PEOPLE),
        place=None if chance.random() < 0.08 else place,
        accuracy_m=chance.choice([5.0, 5.0, 5.0, 19.0, 50.0, math.nextafter(50.0, 99.0), 400.0, None, 0.0]),
        heading=heading,
        from_library=chance.random() < 0.08,
        taken_before=timedelta(minutes=chance.choice([0, 0, 1, 5, 30, 400, 1800])),
        skew=timedelta(seconds=chance.choice([0, 0, 0, 20, 60, -4000, 10**8])),
        names_its_slot=chance.random() < 0.6,
    )


def _on_the_edge(chance: random.Random, rules: Rules, slot: Slot, shot: Shot) -> tuple[Rules, Shot]:
    """A photograph at the very threshold, a hair within, or a hair beyond."""
    place = _off((slot.latitude or 0.0, slot.longitude or 0.0), chance.uniform(1, 90), chance.uniform(0, 360))
    far = metres((slot.latitude, slot.longitude), place)
    sigma_m = chance.choice([far, math.nextafter(far, math.inf), math.nextafter(far, 0.0)])
    usable = replace(
        shot, place=place, accuracy_m=5.0, heading=slot.heading, from_library=False, taken_before=timedelta(0)
    )
    return replace(rules, sigma_m=sigma_m, threshold=1.0), usable


def _pause(chance: random.Random) -> timedelta:
    return timedelta(seconds=chance.choice([1, 20, 600, 1199, 1200, 2400, 7200, 90_000]))


def _uploads(shots: list[Shot]) -> list[Step]:
    return [
        Step("upload", timedelta(minutes=1), {"shot": shot, "taken_at": START - shot.taken_before}) for shot in shots
    ]


def _steps(
    chance: random.Random, shots: list[Shot], slots: list[Slot], site: Place, allowed: float, rules: Rules
) -> list[Step]:
    steps, sent, rest = list[Step](), list[int](), list(shots)
    while rest or chance.random() < 0.5:
        if rest and chance.random() < 0.6:
            shot = rest.pop(0)
            sent.append(shot.number)
            steps.append(Step("upload", _pause(chance), {"shot": shot}))
            steps += _photo(chance, shot.number)
            continue
        steps.append(_happening(chance, sent, slots, site, allowed, rules))
    return steps


def _photo(chance: random.Random, number: int) -> list[Step]:
    """Mostly at once, sometimes when nobody expects it any more, sometimes never."""
    photo, luck = Step("photo", timedelta(seconds=5), {"number": number}), chance.random()
    if luck < 0.7:
        return [photo]
    return [Step("sweep", timedelta(seconds=chance.choice([86_394, 86_400, 90_000]))), photo] if luck < 0.85 else []


def _happening(
    chance: random.Random, sent: list[int], slots: list[Slot], site: Place, allowed: float, rules: Rules
) -> Step:
    verbs = ["request"] * 4 + ["release"] + (["photo", "repeat", "review", "review", "review", "link"] if sent else [])
    verb = chance.choice([*verbs, "settings", "settings", "batch"])
    about: dict[str, Any] = {"person": chance.randrange(PEOPLE)}
    if verb in ("photo", "repeat", "review", "link"):
        about = {"number": chance.choice(sent)}
    if verb == "review":
        about["verdict"] = chance.choice(["rejected", "rejected", "accepted", "pending"])
    if verb == "link":
        about |= {"slot": chance.choice(slots).id, "linked": chance.random() < 0.8}
    if verb == "settings":
        about = {"values": _settings(chance, rules), "reopen": chance.random() < 0.5}
    if verb == "batch":
        about = _batch(chance, slots, site, allowed)
    return Step(verb, _pause(chance), about)


def _settings(chance: random.Random, rules: Rules) -> dict[str, Any]:
    every = {
        "sigma_m": rules.sigma_m * chance.choice([0.3, 0.7, 1.5]),
        "threshold": chance.choice([0.5, 1.0, 3.0]),
        "max_accuracy_m": chance.choice([10.0, 50.0, 500.0]),
        "accuracy_required": chance.random() < 0.5,
        "heading_sigma_deg": chance.choice([None, 30.0, 120.0]),
        "heading_required": chance.random() < 0.5,
        "covers_waiting": chance.random() < 0.5,
    }
    return {name: every[name] for name in chance.sample(sorted(every), chance.choice([1, 1, 2]))}


def _batch(chance: random.Random, slots: list[Slot], site: Place, allowed: float) -> dict[str, Any]:
    """A file with some of the slots, some of them somewhere else or for more people, and perhaps a new one."""
    some = chance.sample(slots, chance.randint(0, len(slots)))
    rows = []
    for slot in some:
        what = chance.choice(["same", "same", "moved", "people"])
        if what == "moved":
            latitude, longitude = _off((slot.latitude or 0.0, slot.longitude or 0.0), allowed * 0.7, 45.0)
            slot = replace(slot, latitude=latitude, longitude=longitude)
        if what == "people":
            slot = replace(slot, required_count=chance.choice([1, 2, 3]))
        rows.append(slot)
    if chance.random() < 0.5:
        rows.append(_slot(chance, len(slots) + chance.randrange(2), site, allowed))
    return {"rows": rows, "replaces": chance.random() < 0.4, "afresh": chance.random() < 0.3}
