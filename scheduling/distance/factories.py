"""The distances of one quantity each, every one divided by its σ."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta

import numpy as np

from ..geodesy import ecef, metres_between
from ..locations import locations_of
from ..values import FloatArray, number, numbers, pick, positive
from .kind import Distance, InTwoSteps, Rows

_DAY_S = 86_400.0
_QUANTITIES = ("cloud_cover", "temperature", "wind_speed")


@dataclass(frozen=True)
class Location(InTwoSteps):
    """See `location`."""

    sigma_m: float

    def read(self, things: Sequence[object], name: str, /) -> Rows:
        """Points in space, shape (N, 3)."""
        return ecef(*locations_of(things, name))

    def between(self, ours: Rows, theirs: Rows, /) -> FloatArray:
        """Metres in σ."""
        result = metres_between(ours, theirs)
        result /= self.sigma_m
        return result


@dataclass(frozen=True)
class Scalar(InTwoSteps):
    """See `scalar`, and with a period `angle_degrees` and `angle_radians`."""

    sigma: float
    period: float | None = None

    def read(self, things: Sequence[object], name: str, /) -> Rows:
        """Numbers, shape (N,)."""
        return numbers(things, name)

    def between(self, ours: Rows, theirs: Rows, /) -> FloatArray:
        """Differences in σ, the short way round where there is one."""
        apart = np.abs(ours[:, None] - theirs)
        if self.period is not None:
            apart %= self.period
            apart = np.minimum(apart, self.period - apart)
        result: FloatArray = apart / self.sigma
        return result


@dataclass(frozen=True)
class TimeOfDay(Scalar):
    """See `time_of_day`: seconds since midnight, round a circle of 24 hours."""

    period: float | None = _DAY_S

    def read(self, things: Sequence[object], name: str, /) -> Rows:
        """Seconds since midnight, shape (N,)."""
        seconds = [_since_midnight(thing, f"{name}[{i}]") for i, thing in enumerate(things)]
        return np.array(seconds, dtype=np.float64)


@dataclass(frozen=True)
class Solar(InTwoSteps):
    """See `solar`."""

    sigma_deg: float

    def read(self, things: Sequence[object], name: str, /) -> Rows:
        """Directions as points on the unit sphere, shape (N, 3)."""
        pairs = [_altitude_azimuth(thing, f"{name}[{i}]") for i, thing in enumerate(things)]
        altitude, azimuth = np.radians(np.array(pairs, dtype=np.float64).reshape(-1, 2)).T
        level = np.cos(altitude)
        return np.stack([level * np.cos(azimuth), level * np.sin(azimuth), np.sin(altitude)], axis=-1)

    def between(self, ours: Rows, theirs: Rows, /) -> FloatArray:
        """Angles in σ. By the chords to the other point and to its opposite, exact near 0° and near 180° alike."""
        near, far = (_chords(ours, sign * theirs) for sign in (1, -1))
        result: FloatArray = np.degrees(2 * np.arctan2(near, far)) / self.sigma_deg
        return result


@dataclass(frozen=True)
class Weather(InTwoSteps):
    """See `weather`."""

    sigmas: tuple[tuple[str, float], ...]

    def read(self, things: Sequence[object], name: str, /) -> Rows:
        """Quantities in σ, shape (N, quantities)."""
        for i, thing in enumerate(things):
            if not (thing is None or isinstance(thing, Mapping) or any(hasattr(thing, one) for one in _QUANTITIES)):
                raise TypeError(f"{name}[{i}] must have a {', a '.join(_QUANTITIES)}, got {thing!r}")
        columns = [
            numbers([pick(thing, quantity) for thing in things], f"{name}.{quantity}") / sigma
            for quantity, sigma in self.sigmas
        ]
        return np.stack(columns, axis=-1)

    def between(self, ours: Rows, theirs: Rows, /) -> FloatArray:
        """Euclidean norm of the quantities' differences in σ."""
        return _chords(ours, theirs)


def location(sigma_m: float) -> Distance:
    """Geodesic metres between two locations divided by `sigma_m`; altitude plays no part.

    Raises ValueError or TypeError unless `sigma_m` is finite and above zero.
    """
    return Location(positive(sigma_m, "sigma_m"))


def scalar(sigma: float) -> Distance:
    """Plain difference of two numbers divided by `sigma`, in the numbers' own unit."""
    return Scalar(positive(sigma, "sigma"))


def angle_degrees(sigma_deg: float) -> Distance:
    """Difference of two directions in degrees, the short way round (350° to 10° is 20°), divided by `sigma_deg`."""
    return Scalar(positive(sigma_deg, "sigma_deg"), period=360.0)


def angle_radians(sigma_rad: float) -> Distance:
    """Difference of two directions in radians, the short way round, divided by `sigma_rad`."""
    return Scalar(positive(sigma_rad, "sigma_rad"), period=math.tau)


def time_of_day(sigma: timedelta) -> Distance:
    """Difference of two clock times round 24 hours (23:30 to 0:30 is one hour), divided by `sigma`.

    Things are `datetime`s or `time`s. The time that is written on them counts: bring both to the place's zone first.
    Raises TypeError unless `sigma` is a timedelta, ValueError unless it is above zero.
    """
    if not isinstance(sigma, timedelta):
        raise TypeError(f"sigma must be a timedelta, got {sigma!r}")
    if sigma <= timedelta(0):
        raise ValueError(f"sigma must be above zero, got {sigma!r}")
    return TimeOfDay(sigma.total_seconds())


def solar(sigma_deg: float = 1.0) -> Distance:
    """Angle between two places in the sky, along the great circle, divided by `sigma_deg`.

    Things are pairs (altitude, azimuth) in degrees, or mappings or objects with an `altitude` and an `azimuth`.
    At an altitude of 80° ten degrees of azimuth are less than two degrees of sky. Raises ValueError or TypeError for an
    altitude outside [-90, 90], naming the argument and the value.
    """
    return Solar(positive(sigma_deg, "sigma_deg"))


def weather(
    cloud_cover_sigma: float | None = 25.0, temperature_sigma: float | None = 5.0, wind_speed_sigma: float | None = 4.0
) -> Distance:
    """Euclidean norm of the differences in cloud cover (percent), temperature (°C) and wind speed (m/s).

    Each is divided by its own σ; a σ of None leaves the quantity out. Things are mappings or objects with
    `cloud_cover`, `temperature` and `wind_speed`; a missing one that is not left out makes the whole NaN.
    Raises ValueError or TypeError for a bad σ, or where all are None.
    """
    given = zip(_QUANTITIES, (cloud_cover_sigma, temperature_sigma, wind_speed_sigma), strict=True)
    sigmas = tuple((name, positive(sigma, f"{name}_sigma")) for name, sigma in given if sigma is not None)
    if not sigmas:
        raise ValueError(
            "at least one of cloud_cover_sigma, temperature_sigma, wind_speed_sigma must be given, got None"
        )
    return Weather(sigmas)


def _chords(ours: FloatArray, theirs: FloatArray) -> FloatArray:
    square = np.zeros((len(ours), len(theirs)))
    for axis in range(ours.shape[1]):
        square += np.square(ours[:, axis, None] - theirs[:, axis])
    chords: FloatArray = np.sqrt(square)
    return chords


def _since_midnight(thing: object, name: str) -> float:
    if thing is None:
        return math.nan
    if not isinstance(thing, (datetime, time)):
        raise TypeError(f"{name} must be a datetime or a time, got {thing!r}")
    return thing.hour * 3600 + thing.minute * 60 + thing.second + thing.microsecond / 1e6


def _altitude_azimuth(thing: object, name: str) -> tuple[float, float]:
    if thing is None:
        return (math.nan, math.nan)
    if isinstance(thing, (tuple, list, np.ndarray)):
        if len(thing) != 2:
            raise ValueError(f"{name} must be a pair (altitude, azimuth), got {thing!r}")
        altitude, azimuth = thing
    elif isinstance(thing, Mapping) or hasattr(thing, "altitude"):
        altitude, azimuth = pick(thing, "altitude"), pick(thing, "azimuth")
    else:
        raise TypeError(f"{name} must have an altitude and an azimuth, got {thing!r}")
    high, round_ = number(altitude, f"{name}.altitude"), number(azimuth, f"{name}.azimuth")
    if abs(high) > 90:
        raise ValueError(f"{name}.altitude must be within [-90, 90], got {altitude!r}")
    return (high, round_)
