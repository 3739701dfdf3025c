"""Several distances in one: the Euclidean norm of a term for each attribute."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..locations import location_of
from ..values import FloatArray, pick
from .kind import Distance, InTwoSteps, Reading, Rows, reading


@dataclass(frozen=True)
class Optional(InTwoSteps):
    """See `optional`."""

    inner: Reading

    def read(self, things: Sequence[object], name: str, /) -> Rows:
        """As the distance within reads."""
        return self.inner.read(things, name)

    def between(self, ours: Rows, theirs: Rows, /) -> FloatArray:
        """As the distance within compares."""
        return self.inner.between(ours, theirs)


@dataclass(frozen=True)
class _Column:
    """One attribute of many things, and which of them have it."""

    values: Rows
    present: NDArray[np.bool_]

    def __getitem__(self, chosen: Any) -> "_Column":
        return _Column(self.values[chosen], self.present[chosen])


@dataclass(frozen=True)
class _Table:
    """All attributes that the terms ask for."""

    count: int
    columns: Mapping[str, _Column]

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, chosen: Any) -> "_Table":
        count = len(np.arange(self.count)[chosen])
        return _Table(count, {name: column[chosen] for name, column in self.columns.items()})


@dataclass(frozen=True)
class Combined(InTwoSteps):
    """See `combine`."""

    terms: Mapping[str, Reading]

    def read(self, things: Sequence[object], name: str, /) -> Rows:
        """One column of values for each term."""
        columns = {attribute: _column(things, attribute, term, name) for attribute, term in self.terms.items()}
        return _Table(len(things), columns)

    def between(self, ours: Rows, theirs: Rows, /) -> FloatArray:
        """The norm of those terms that take part."""
        squares = np.zeros((len(ours), len(theirs)))
        counted = np.zeros((len(ours), len(theirs)), dtype=np.bool_)
        for name, term in self.terms.items():
            distances, takes_part = self.term(name, term, ours, theirs)
            squares += np.where(takes_part, np.square(distances), 0.0)
            counted |= takes_part
        return np.where(counted, np.sqrt(squares), math.nan)

    def term(self, name: str, term: Reading, ours: Rows, theirs: Rows) -> tuple[FloatArray, NDArray[np.bool_]]:
        """The distances of one term, and for which pairs it takes part."""
        mine, yours = ours.columns[name], theirs.columns[name]
        distances = np.full((len(ours), len(theirs)), math.nan)
        # A plain function is not asked about values that are not there.
        some = term.between(mine.values[mine.present], yours.values[yours.present])
        distances[np.ix_(mine.present, yours.present)] = some
        takes_part = np.ones(distances.shape, dtype=np.bool_)
        if name != "location":
            takes_part[~mine.present] = False
        if isinstance(term, Optional):
            takes_part &= ~np.isnan(distances)
        return distances, takes_part


def optional(distance: Distance | Callable[[object, object], float]) -> Distance:
    """The same distance, which `combine` leaves out where either value is missing. On its own it is unchanged."""
    return Optional(reading(distance))


def combine(**by_attribute: Distance | Callable[[object, object], float]) -> Distance:
    """Euclidean norm √(Σ dᵢ²) of one distance for each attribute, asked of a slot (first) and a capture (second).

    Each term is given the attribute of its name, `location` the thing's location as in `locations`. A term that the
    slot does not ask for (None, NaN or absent there) is left out, but for the location, which is always required. A
    value missing in the capture makes the whole NaN, unless the term is `optional`. Nothing to combine is NaN.

        combine(location=location(50), heading=optional(angle_degrees(30)))

    Raises ValueError for an optional location.
    """
    terms = {name: reading(term) for name, term in by_attribute.items()}
    if isinstance(terms.get("location"), Optional):
        raise ValueError(f"location must not be optional, got {terms['location']!r}")
    return Combined(terms)


def _column(things: Sequence[object], attribute: str, term: Reading, name: str) -> _Column:
    values = [_place(thing) if attribute == "location" else pick(thing, attribute) for thing in things]
    given = [None if _missing(value) else value for value in values]
    present = np.array([value is not None for value in given], dtype=np.bool_)
    return _Column(term.read(given, f"{name}.{attribute}"), present)


def _place(thing: object) -> tuple[float, float] | None:
    latitude, longitude = location_of(thing)
    return None if math.isnan(latitude) else (latitude, longitude)


def _missing(value: object) -> bool:
    return value is None or (isinstance(value, (float, np.floating)) and math.isnan(value))
