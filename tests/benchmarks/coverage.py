"""Selecting the next places: time, memory and evenness of 200 out of 20,000 beside 5,000 captures."""

import math
import random as plain_random
import resource

import numpy as np
from geopy.distance import geodesic

from scheduling import distance, energy, void_and_cluster
from tests.benchmarks.figures import Row, Table, timed

_CANDIDATES, _CAPTURES, _SELECTIONS = 20_000, 5_000, 200


def table() -> Table:
    result = Table("Coverage")
    random = np.random.default_rng(0)
    candidates = random.uniform((38.85, -77.1), (38.95, -77.0), (_CANDIDATES, 2))
    captures = random.normal((38.9, -77.05), 0.02, (_CAPTURES, 2))
    near = distance.location(200)

    def select() -> list[int]:
        return void_and_cluster.select_indices(candidates, captures, near, selections=_SELECTIONS)

    seconds, chosen = timed(select, times=1)
    per_pair = seconds / (_CANDIDATES * (_CAPTURES + _SELECTIONS)) * 1e9
    what = f"{_CANDIDATES:,} candidates × {_CAPTURES:,} captures × {_SELECTIONS} selections"
    result.add(Row(what, seconds, "s", 10, digits=2))
    result.add(Row("the whole process at its largest", _peak_mb(), "MB", 1_000, digits=0))
    result.add(
        Row("per pair", per_pair, "ns", None, {"plain Python with geopy": _plainly(candidates, captures)}, digits=1)
    )
    result.add(
        Row(
            "two runs differ in",
            float(sum(a != b for a, b in zip(chosen, select(), strict=True))),
            "places",
            0,
            digits=0,
        )
    )
    drawn = plain_random.Random(1).sample(range(_CANDIDATES), _SELECTIONS)
    ours, at_random = (_energy(candidates, captures, some) for some in (chosen, drawn))
    result.add(Row("energy of the selection", ours, "", None, {"drawn at random": at_random}, digits=2))
    return result


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def _plainly(candidates: np.ndarray, captures: np.ndarray) -> float:
    """Nanoseconds for a pair of the greedy rule told plainly, over few."""
    ours, theirs = [tuple(place) for place in candidates[:40]], [tuple(place) for place in captures[:20]]

    def select() -> list[int]:
        taken: list[int] = []
        for _ in range(5):
            felt = [
                sum(
                    math.exp(-((geodesic(place, other).meters / 200) ** 2))
                    for other in [*theirs, *(ours[i] for i in taken)]
                )
                for place in ours
            ]
            taken.append(min((i for i in range(len(ours)) if i not in taken), key=felt.__getitem__))
        return taken

    seconds, _ = timed(select, times=1)
    return seconds / (40 * 25) * 1e9


def _energy(candidates: np.ndarray, captures: np.ndarray, chosen: list[int]) -> float:
    near, wave = distance.location(200), energy.gaussian(1)
    some = candidates[chosen]
    among = wave(near.matrix(some, some)) - np.eye(len(some))
    return float(wave(near.matrix(some, captures)).sum() + among.sum() / 2)
