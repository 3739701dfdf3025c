"""Reading plain values out of things, and refusing bad ones by name."""

import math
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]


def pick(thing: object, name: str) -> object:
    """The value called `name` of a mapping (its key) or of another thing (its attribute); None where there is none."""
    return thing.get(name) if isinstance(thing, Mapping) else getattr(thing, name, None)


def number(value: object, name: str) -> float:
    """`value` as a float, NaN for None.

    Raises TypeError for whatever is not a real number (a bool or a string is none), ValueError for an infinite one;
    both name the argument and the value.
    """
    if value is None:
        return math.nan
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {value!r}")
    try:
        result = float(value)
    except OverflowError:
        result = math.inf
    if math.isinf(result):
        raise ValueError(f"{name} must be finite, got {value!r}")
    return result


def numbers(values: Sequence[object], name: str) -> FloatArray:
    """Many values as floats, shape (N,), NaN for None; errors as in `number`, naming the position."""
    if isinstance(values, np.ndarray) and values.ndim == 1 and values.dtype.kind in "fiu":
        for i in np.flatnonzero(np.isinf(values))[:1]:
            number(values[i], f"{name}[{i}]")
        return values.astype(np.float64)
    return np.array([number(value, f"{name}[{i}]") for i, value in enumerate(values)], dtype=np.float64)


def positive(value: object, name: str) -> float:
    """`value` as a finite float above zero; else TypeError or ValueError naming argument and value."""
    result = at_least_zero(value, name)
    if result == 0:
        raise ValueError(f"{name} must be above zero, got {value!r}")
    return result


def at_least_zero(value: object, name: str) -> float:
    """`value` as a finite float of zero or more; else TypeError or ValueError naming argument and value."""
    if value is None:
        raise TypeError(f"{name} must be a number, got None")
    result = number(value, name)
    if not result >= 0:
        raise ValueError(f"{name} must not be negative or NaN, got {value!r}")
    return result


def whole(value: object, name: str) -> int:
    """`value` as an int of zero or more; else TypeError or ValueError naming argument and value."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name} must be a whole number, got {value!r}")
    if value < 0:
        raise ValueError(f"{name} must not be negative, got {value!r}")
    return int(value)
