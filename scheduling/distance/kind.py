"""What a distance is: a call on two things, and a matrix over many."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..values import FloatArray, at_least_zero

Rows = Any
"""Things as a distance has read them: it has a length, and an array of indices or a slice takes some of them."""


class Distance(Protocol):
    """What a distance answers: a number for two things, a matrix for many."""

    def __call__(self, a: object, b: object, /) -> float:
        """The distance of two things in σ; equal to `matrix([a], [b])[0, 0]`."""
        ...

    def matrix(self, xs: Sequence[object], ys: Sequence[object], /) -> FloatArray:
        """Distances of every x to every y in σ, shape (len(xs), len(ys)), NaN where a value is missing."""
        ...


class Reading(Distance, Protocol):
    """A distance in two steps, so that things that are compared again and again are read once."""

    def read(self, things: Sequence[object], name: str, /) -> Rows:
        """The things as arrays; ValueError or TypeError naming the argument, the position and the value."""
        ...

    def between(self, ours: Rows, theirs: Rows, /) -> FloatArray:
        """The matrix of things that have been read."""
        ...


class InTwoSteps(ABC):
    """The call and the matrix, in terms of `read` and `between`."""

    def __call__(self, a: object, b: object, /) -> float:
        """The distance of two things in σ."""
        return float(self.matrix([a], [b])[0, 0])

    def matrix(self, xs: Sequence[object], ys: Sequence[object], /) -> FloatArray:
        """Distances of every x to every y in σ."""
        return self.between(self.read(xs, "xs"), self.read(ys, "ys"))

    @abstractmethod
    def read(self, things: Sequence[object], name: str, /) -> Rows:
        """See `Reading.read`."""

    @abstractmethod
    def between(self, ours: Rows, theirs: Rows, /) -> FloatArray:
        """See `Reading.between`."""


class Things:
    """Things as they are, of which an array of indices takes some."""

    def __init__(self, things: Sequence[object]):
        self.things = things

    def __len__(self) -> int:
        return len(self.things)

    def __getitem__(self, chosen: Any) -> "Things":
        some: list[object] = [self.things[i] for i in np.arange(len(self.things))[chosen].tolist()]
        return Things(some)


@dataclass(frozen=True)
class _Lifted(InTwoSteps):
    """A plain function: the one distance that has to be asked pair by pair."""

    fn: Callable[[object, object], float]

    def read(self, things: Sequence[object], name: str, /) -> Rows:
        return Things(things)

    def between(self, ours: Rows, theirs: Rows, /) -> FloatArray:
        values = [float(self.fn(x, y)) for x in ours.things for y in theirs.things]
        return np.array(values, dtype=np.float64).reshape(len(ours), len(theirs))


@dataclass(frozen=True)
class _Whole(InTwoSteps):
    """Somebody else's distance, which only has a matrix."""

    inner: Distance

    def read(self, things: Sequence[object], name: str, /) -> Rows:
        return Things(things)

    def between(self, ours: Rows, theirs: Rows, /) -> FloatArray:
        return np.asarray(self.inner.matrix(ours.things, theirs.things), dtype=np.float64)


def lift(fn: Distance | Callable[[object, object], float]) -> Distance:
    """A distance as it is, or a plain function of two things made into one; TypeError for anything else."""
    if not callable(fn):
        raise TypeError(f"distance_fn must be a distance or a function of two things, got {fn!r}")
    return fn if callable(getattr(fn, "matrix", None)) else _Lifted(fn)  # type: ignore[return-value]


def reading(fn: Distance | Callable[[object, object], float]) -> Reading:
    """Any distance as one that reads and compares in two steps."""
    distance = lift(fn)
    if callable(getattr(distance, "between", None)) and callable(getattr(distance, "read", None)):
        return distance  # type: ignore[return-value]
    return _Whole(distance)


def within(distances: FloatArray, threshold: float) -> NDArray[np.bool_]:
    """Where distances are closer than `threshold`, strictly; same shape. NaN is closer than nothing.

    Raises ValueError or TypeError unless `threshold` is finite and not negative.
    """
    closer: NDArray[np.bool_] = np.asarray(distances) < at_least_zero(threshold, "threshold")
    return closer
