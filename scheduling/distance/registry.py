"""Every kind of distance by its name, with what a form has to ask for."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ..values import number
from . import factories
from .kind import Distance


@dataclass(frozen=True)
class Parameter:
    """One number that a form asks for: its name, its words, its unit, what it proposes, and whether it may be empty."""

    name: str
    label: str
    unit: str
    default: float
    required: bool = True


@dataclass(frozen=True)
class Kind:
    """One kind of distance. Called like its factory; `build` takes the plain numbers of a form."""

    name: str
    label: str
    factory: Callable[..., Distance]
    parameters: tuple[Parameter, ...]
    convert: Callable[[float], Any] = float

    def __call__(self, *values: Any, **named: Any) -> Distance:
        """The distance that the factory makes of its own kind of values."""
        return self.factory(*values, **named)

    def build(self, values: Mapping[str, float | None] | None = None) -> Distance:
        """The distance for numbers in the parameters' units; what is not given is as proposed, None is left empty.

        Raises ValueError or TypeError naming the parameter and the value: an unknown name, a required one that is
        None, a number that is not finite or not above zero.
        """
        given = dict(values or {})
        known = {parameter.name for parameter in self.parameters}
        for name in given.keys() - known:
            raise ValueError(f"{name} must be one of {', '.join(sorted(known))}, got {given[name]!r}")
        return self.factory(**{one.name: self._value(one, given.get(one.name, one.default)) for one in self.parameters})

    def _value(self, parameter: Parameter, value: float | None) -> Any:
        if value is None:
            if parameter.required:
                raise ValueError(f"{parameter.name} must be given, got None")
            return None
        if math.isnan(number(value, parameter.name)):
            raise ValueError(f"{parameter.name} must be a number, got {value!r}")
        return self.convert(value)


def _minutes(value: float) -> timedelta:
    return timedelta(minutes=value)


_KINDS = (
    Kind("location", "Place", factories.location, (Parameter("sigma_m", "One step", "m", 50.0),)),
    Kind("solar", "Place of the sun", factories.solar, (Parameter("sigma_deg", "One step", "°", 1.0),)),
    Kind(
        "weather",
        "Weather",
        factories.weather,
        (
            Parameter("cloud_cover_sigma", "One step of cloud cover", "%", 25.0, required=False),
            Parameter("temperature_sigma", "One step of temperature", "°C", 5.0, required=False),
            Parameter("wind_speed_sigma", "One step of wind speed", "m/s", 4.0, required=False),
        ),
    ),
    Kind("angle_degrees", "Direction", factories.angle_degrees, (Parameter("sigma_deg", "One step", "°", 30.0),)),
    Kind("angle_radians", "Direction", factories.angle_radians, (Parameter("sigma_rad", "One step", "rad", 0.5),)),
    Kind("time_of_day", "Time of day", factories.time_of_day, (Parameter("sigma", "One step", "min", 60.0),), _minutes),
    Kind("scalar", "Number", factories.scalar, (Parameter("sigma", "One step", "", 1.0),)),
)

DISTANCES: dict[str, Kind] = {kind.name: kind for kind in _KINDS}
