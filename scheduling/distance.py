"""How far apart two things are, counted in standard deviations.

A distance is called on two things, or through `matrix` on many at once, which is the way used inside. Every factory
divides by its σ: 0 for the same, 1 for one standard deviation apart, unbounded, NaN where a value is missing.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .geodesy import metres_matrix
from .locations import location_of, locations_of
from .values import FloatArray, at_least_zero, number, pick, positive

_ASYMPTOTIC_FROM = 500.0
_TAIL_SIGMAS = 9.0
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(96)


class Distance(Protocol):
    """What a distance answers: a number for two things, a matrix for many."""

    def __call__(self, a: object, b: object, /) -> float:
        """The distance of two things in σ; equal to `matrix([a], [b])[0, 0]`."""
        ...

    def matrix(self, xs: Sequence[object], ys: Sequence[object], /) -> FloatArray:
        """Distances of every x to every y in σ, shape (len(xs), len(ys)), NaN where a value is missing."""
        ...


class _ByMatrix:
    """The call on two things, in terms of the matrix."""

    def __call__(self, a: object, b: object, /) -> float:
        return float(self.matrix([a], [b])[0, 0])

    def matrix(self, xs: Sequence[object], ys: Sequence[object], /) -> FloatArray:
        raise NotImplementedError


@dataclass(frozen=True)
class _Lifted:
    fn: Callable[[object, object], float]

    def __call__(self, a: object, b: object, /) -> float:
        return float(self.fn(a, b))

    def matrix(self, xs: Sequence[object], ys: Sequence[object], /) -> FloatArray:
        values = [self(x, y) for x in xs for y in ys]
        return np.array(values, dtype=np.float64).reshape(len(xs), len(ys))


@dataclass(frozen=True)
class _Location(_ByMatrix):
    sigma_m: float

    def matrix(self, xs: Sequence[object], ys: Sequence[object], /) -> FloatArray:
        return metres_matrix(*locations_of(xs, "xs"), *locations_of(ys, "ys")) / self.sigma_m


@dataclass(frozen=True)
class _Scalar(_ByMatrix):
    sigma: float
    period: float | None = None

    def matrix(self, xs: Sequence[object], ys: Sequence[object], /) -> FloatArray:
        apart = np.abs(_numbers(xs, "xs")[:, None] - _numbers(ys, "ys"))
        if self.period is not None:
            apart %= self.period
            apart = np.minimum(apart, self.period - apart)
        return apart / self.sigma


@dataclass(frozen=True)
class _Optional(_ByMatrix):
    inner: Distance

    def matrix(self, xs: Sequence[object], ys: Sequence[object], /) -> FloatArray:
        return self.inner.matrix(xs, ys)


@dataclass(frozen=True)
class _Combined(_ByMatrix):
    terms: Mapping[str, Distance]

    def matrix(self, xs: Sequence[object], ys: Sequence[object], /) -> FloatArray:
        squares = np.zeros((len(xs), len(ys)))
        counted = np.zeros((len(xs), len(ys)), dtype=np.bool_)
        for name, term in self.terms.items():
            ours, theirs = _Column(xs, name), _Column(ys, name)
            square = np.full_like(squares, math.nan)
            square[np.ix_(ours.present, theirs.present)] = term.matrix(ours.values, theirs.values) ** 2
            takes_part = np.ones_like(counted)
            if name != "location":
                takes_part[~ours.present] = False
            if isinstance(term, _Optional):
                takes_part &= ~np.isnan(square)
            squares += np.where(takes_part, square, 0.0)
            counted |= takes_part
        return np.where(counted, np.sqrt(squares), math.nan)


class _Column:
    """One attribute of many things: which of them have it (a mask), and the values of those."""

    def __init__(self, things: Sequence[object], name: str):
        values = [_place(thing) if name == "location" else pick(thing, name) for thing in things]
        self.present = np.array([not _missing(value) for value in values], dtype=np.bool_)
        self.values = [value for value in values if not _missing(value)]


def lift(fn: Distance | Callable[[object, object], float]) -> Distance:
    """A distance as it is, or a plain function of two things made into one; TypeError for anything else."""
    if not callable(fn):
        raise TypeError(f"distance_fn must be a distance or a function of two things, got {fn!r}")
    return fn if callable(getattr(fn, "matrix", None)) else _Lifted(fn)  # type: ignore[return-value]


def location(sigma_m: float) -> Distance:
    """Geodesic metres between two locations divided by `sigma_m`; altitude plays no part.

    Raises ValueError or TypeError unless `sigma_m` is finite and above zero.
    """
    return _Location(positive(sigma_m, "sigma_m"))


def scalar(sigma: float) -> Distance:
    """Plain difference of two numbers divided by `sigma`, in the numbers' own unit."""
    return _Scalar(positive(sigma, "sigma"))


def angle_degrees(sigma_deg: float) -> Distance:
    """Difference of two directions in degrees, the short way round (350° to 10° is 20°), divided by `sigma_deg`."""
    return _Scalar(positive(sigma_deg, "sigma_deg"), period=360.0)


def optional(distance: Distance | Callable[[object, object], float]) -> Distance:
    """The same distance, which `combine` leaves out where either value is missing. On its own it is unchanged."""
    return _Optional(lift(distance))


def combine(**by_attribute: Distance | Callable[[object, object], float]) -> Distance:
    """Euclidean norm √(Σ dᵢ²) of one distance for each attribute, asked of a slot (first) and a capture (second).

    Each term is given the attribute of its name, `location` the thing's location as in `locations`. A term that the
    slot does not ask for (None, NaN or absent there) is left out, but for the location, which is always required. A
    value missing in the capture makes the whole NaN, unless the term is `optional`. Nothing to combine is NaN.

        combine(location=location(50), heading=optional(angle_degrees(30)))

    Raises ValueError for an optional location.
    """
    terms = {name: lift(term) for name, term in by_attribute.items()}
    if isinstance(terms.get("location"), _Optional):
        raise ValueError(f"location must not be optional, got {terms['location']!r}")
    return _Combined(terms)


DISTANCES: dict[str, Callable[[float], Distance]] = {
    "location": location,
    "angle_degrees": angle_degrees,
    "scalar": scalar,
}


def within(distances: FloatArray, threshold: float) -> NDArray[np.bool_]:
    """Where distances are closer than `threshold`, strictly; same shape. NaN is closer than nothing.

    Raises ValueError or TypeError unless `threshold` is finite and not negative.
    """
    closer: NDArray[np.bool_] = np.asarray(distances) < at_least_zero(threshold, "threshold")
    return closer


def probability_within(metres: float | None, accuracy_m: float | None, allowed_m: float) -> float | None:
    """Probability that the true position is closer than `allowed_m` when it was measured at `metres`.

    The error is circular and normal, `accuracy_m` its σ along each axis: the Rice distribution (non-central χ², two
    degrees of freedom), right to 1e-9. None where `metres` or `accuracy_m` is None or NaN. An accuracy of 0 is exact.
    Raises ValueError or TypeError naming the argument and the value if one is negative or infinite.
    """
    if any(value is None or math.isnan(number(value, "metres or accuracy_m")) for value in (metres, accuracy_m)):
        return None
    far, sigma = at_least_zero(metres, "metres"), at_least_zero(accuracy_m, "accuracy_m")
    allowed = at_least_zero(allowed_m, "allowed_m")
    if sigma == 0:
        return float(far < allowed)
    low, high = max(0.0, far / sigma - _TAIL_SIGMAS), min(allowed / sigma, far / sigma + _TAIL_SIGMAS)
    if low >= high:
        return 0.0
    radius = low + (high - low) * (_NODES + 1) / 2
    density = radius * np.exp(-((radius - far / sigma) ** 2) / 2) * _scaled_bessel_i0(radius * far / sigma)
    return min(1.0, float(density @ _WEIGHTS) * (high - low) / 2)


def _scaled_bessel_i0(x: FloatArray) -> FloatArray:
    """exp(-x)·I₀(x) for x ≥ 0: numpy's I₀ overflows where its asymptotic series is already exact to 1e-12."""
    small, large = np.minimum(x, _ASYMPTOTIC_FROM), np.maximum(x, _ASYMPTOTIC_FROM)
    series = 1 + (1 + (9 + 225 / (24 * large)) / (16 * large)) / (8 * large)
    scaled: FloatArray = np.where(
        x < _ASYMPTOTIC_FROM, np.i0(small) * np.exp(-small), series / np.sqrt(2 * math.pi * large)
    )
    return scaled


def _place(thing: object) -> tuple[float, float] | None:
    latitude, longitude = location_of(thing)
    return None if math.isnan(latitude) else (latitude, longitude)


def _missing(value: object) -> bool:
    return value is None or (isinstance(value, (float, np.floating)) and math.isnan(value))


def _numbers(values: Sequence[object], name: str) -> FloatArray:
    return np.array([number(value, f"{name}[{i}]") for i, value in enumerate(values)], dtype=np.float64)
