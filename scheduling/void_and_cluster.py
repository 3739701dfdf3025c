"""Which places to photograph next: where coverage is thinnest, and not two in one spot.

After R. Ulichney, "The void-and-cluster method for dither array generation" (1993): what is put into the largest void
and taken out of the tightest cluster, again and again, ends up evenly spread. Here the captures that exist stay where
they are, and only candidates move.
"""

from collections.abc import Callable, Sequence
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from .distance import Distance, Reading, reading
from .distance.kind import Rows
from .energy import Energy, gaussian
from .values import FloatArray, IntArray, whole

T = TypeVar("T")
EnergyMode = Literal["sum", "max"]

_MODES = ("sum", "max")
_BLOCK = 1 << 16
_FEW = 64
_MUCH = 0.5
_LEAST_GAIN = 1e-9
_MOST_SWEEPS = 12
_MOST_KEPT = 1 << 25
_STANDARD = gaussian(1)


def select_sessions(
    potential_sessions: Sequence[T],
    previous_sessions: Sequence[object],
    distance_fn: Distance | Callable[[object, object], float],
    energy_fn: Energy = _STANDARD,
    energy_mode: EnergyMode = "sum",
    selections: int = 10,
) -> list[T]:
    """Up to `selections` of the candidates, largest void first.

    The void around a candidate is measured by the energy of its distances to the `previous_sessions` and to what is
    selected already: their sum, or with `energy_mode="max"` the nearest one's alone. The candidate with the least is
    taken, ties to the first given; then the selected ones, those with the most first, are given back and the largest
    void taken instead, until that gains nothing. Candidates whose distance to themselves is not known (no location)
    are never taken. Deterministic; memory for candidates times selections, at most 256 MB, never for a whole matrix.

    Raises ValueError or TypeError naming the argument and the value: another mode, a `selections` that is no whole
    number or negative, a bad location.
    """
    return [potential_sessions[i] for i in select_indices(
        potential_sessions, previous_sessions, distance_fn, energy_fn, energy_mode, selections
    )]  # fmt: skip


def select_indices(
    potential_sessions: Sequence[object],
    previous_sessions: Sequence[object],
    distance_fn: Distance | Callable[[object, object], float],
    energy_fn: Energy = _STANDARD,
    energy_mode: EnergyMode = "sum",
    selections: int = 10,
) -> list[int]:
    """As `select_sessions`, by the candidates' indices."""
    if energy_mode not in _MODES:
        raise ValueError(f"energy_mode must be one of {', '.join(_MODES)}, got {energy_mode!r}")
    if not callable(energy_fn):
        raise TypeError(f"energy_fn must be a function of distances, got {energy_fn!r}")
    if len(potential_sessions) == 0:
        raise ValueError(f"potential_sessions must not be empty, got {potential_sessions!r}")
    wanted = whole(selections, "selections")
    distance = reading(distance_fn)
    candidates = distance.read(potential_sessions, "potential_sessions")
    waves = _Waves(candidates, distance, energy_fn, energy_mode)
    before = waves.over(slice(None), distance.read(previous_sessions, "previous_sessions"))
    field = _Field(waves, before, wanted)
    for _ in range(min(wanted, int(np.count_nonzero(field.free)))):
        field.take(field.largest_void())
    # Each move lowers the energy, which ends it; a plain function that is not symmetric might go round for ever.
    for _ in range(_MOST_SWEEPS):
        if not field.sweep():
            break
    return _by_void(field)


class _Waves:
    """The energies that reach candidates from sessions."""

    def __init__(self, candidates: Rows, distance: Reading, energy: Energy, mode: EnergyMode):
        self.candidates, self.distance, self.energy, self.mode = candidates, distance, energy, mode

    def some(self, chosen: list[int]) -> "_Waves":
        """Those that reach some of the candidates."""
        return _Waves(self.candidates[np.array(chosen, dtype=np.int64)], self.distance, self.energy, self.mode)

    def from_one(self, source: int) -> FloatArray:
        """The energies at all candidates from one of them; at that one itself there is none."""
        there = self.candidates[np.array([source])]
        wave = self.energy(self.distance.between(self.candidates, there))[:, 0]
        wave[source] = 0.0
        return wave

    def over(self, reached: IntArray | slice, sources: Rows, own: IntArray | None = None) -> FloatArray:
        """The energy at some candidates, all sources together; `own` are the sources' numbers as candidates."""
        numbers = np.arange(len(self.candidates))[reached]
        result = np.zeros(len(numbers))
        rows = max(1, _BLOCK // max(1, len(sources)))
        for first in range(0, len(numbers) if len(sources) else 0, rows):
            block = numbers[first : first + rows]
            energies = self.energy(self.distance.between(self.candidates[block], sources))
            if own is not None:
                energies[block[:, None] == own] = 0.0
            result[first : first + rows] = energies.sum(axis=1) if self.mode == "sum" else energies.max(axis=1)
        return result

    def known(self) -> NDArray[np.bool_]:
        """Which candidates have a distance to themselves: those without one have no place to be selected for."""
        known = np.zeros(len(self.candidates), dtype=np.bool_)
        for first in range(0, len(known), _FEW):
            block = self.candidates[np.arange(first, min(first + _FEW, len(known)))]
            known[first : first + _FEW] = ~np.isnan(np.diagonal(self.distance.between(block, block)))
        return known


class _Field:
    """The energy at every candidate, kept up to date as candidates are taken and given back."""

    def __init__(self, waves: _Waves, before: FloatArray, wanted: int):
        self.waves, self.before = waves, before
        kept = min(wanted, len(before)) if wanted * len(before) <= _MOST_KEPT else 0
        self.kept = np.empty((kept, len(before)))
        self.rows: dict[int, int] = {}
        self.summed = waves.mode == "sum"
        self.now = np.zeros(len(before))
        self.free = waves.known()
        self.taken: list[int] = []

    def total(self) -> FloatArray:
        """The energy at each candidate; at one that is taken, that of all others."""
        return self.before + self.now if self.summed else np.maximum(self.before, self.now)

    def largest_void(self) -> int:
        """The free candidate with the least energy, the first of those."""
        free = np.flatnonzero(self.free)
        return int(free[np.argmin(self.total()[free])])

    def take(self, candidate: int, wave: FloatArray | None = None) -> None:
        """Select a candidate, whose wave may be known already."""
        wave = self.waves.from_one(candidate) if wave is None else wave
        self.now = self.now + wave if self.summed else np.maximum(self.now, wave)
        if len(self.kept):
            self.rows[candidate] = next(row for row in range(len(self.kept)) if row not in self.rows.values())
            self.kept[self.rows[candidate]] = wave
        self.taken.append(candidate)
        self.free[candidate] = False

    def give_back(self, candidate: int) -> FloatArray:
        """Undo a selection, and give its wave. Where that was much of the energy, the rest is summed anew."""
        wave = self.kept[self.rows.pop(candidate)].copy() if len(self.kept) else self.waves.from_one(candidate)
        self.taken.remove(candidate)
        self.free[candidate] = True
        # Subtracting would leave rounding where nearly all goes away, and NaN where all was infinite.
        much = (wave > 0) & (wave >= (_MUCH if self.summed else 1.0) * self.now)
        if self.summed:
            self.now[~much] -= wave[~much]
        self.now[much] = self._anew(np.flatnonzero(much))
        return wave

    def _anew(self, some: IntArray) -> FloatArray:
        """The energy of all that is selected, at some candidates."""
        if not len(self.kept):
            own = np.array(self.taken, dtype=np.int64)
            return self.waves.over(some, self.waves.candidates[own], own)
        rows = np.array([*self.rows.values()], dtype=np.int64)
        waves = self.kept[rows[:, None], some] if self.rows else np.zeros((1, len(some)))
        energies: FloatArray = waves.sum(axis=0) if self.summed else waves.max(axis=0)
        return energies

    def sweep(self) -> bool:
        """Move each selected candidate, tightest cluster first, if the largest void is better; whether one was."""
        energies = self.total()[self.taken]
        swapped = False
        for candidate in [self.taken[i] for i in np.argsort(-energies, kind="stable")]:
            was = float(self.total()[candidate])
            wave = self.give_back(candidate)
            void = self.largest_void()
            if float(self.total()[void]) < was * (1 - _LEAST_GAIN):
                self.take(void)
                swapped = True
            else:
                self.take(candidate, wave)
        return swapped


def _by_void(field: _Field) -> list[int]:
    """What has been taken, in the order in which it fills the voids."""
    chosen = sorted(field.taken)
    if not chosen:
        return []
    again = _Field(field.waves.some(chosen), field.before[chosen], 0)
    for _ in chosen:
        again.take(again.largest_void())
    return [chosen[i] for i in again.taken]
