"""How far apart two things are, counted in standard deviations.

A distance is called on two things, or through `matrix` on many at once, which is the way used inside. Every factory
divides by its σ: 0 for the same, 1 for one standard deviation apart, unbounded, NaN where a value is missing.
"""

from .combined import combine, optional
from .explained import Explanation, Term, explain
from .factories import angle_degrees, angle_radians, location, scalar, solar, time_of_day, weather
from .kind import Distance, Reading, lift, reading, within
from .probability import probability_within
from .registry import DISTANCES, Kind, Parameter

__all__ = [
    "DISTANCES",
    "Distance",
    "Explanation",
    "Kind",
    "Parameter",
    "Reading",
    "Term",
    "angle_degrees",
    "angle_radians",
    "combine",
    "explain",
    "lift",
    "location",
    "optional",
    "probability_within",
    "reading",
    "scalar",
    "solar",
    "time_of_day",
    "weather",
    "within",
]
