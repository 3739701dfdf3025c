"""Scheduling for field photography: pure sums over places, captures and slots.

Values in, values out: no Django, no I/O, no wall clock, no global randomness. Degrees are WGS84, lengths are metres.

    import scheduling as cgsh

    near = cgsh.distance.location(sigma_m=50)
    cgsh.tour.order([(38.9, -77.0), (38.8, -77.1)])
    store = cgsh.organize.BatchedDistanceStore(cgsh.organize.RamPersistence(), sessions=[], distance_fn=near)
"""

from . import (
    assign,
    atomic_service,
    completion,
    distance,
    energy,
    forecast,
    geodesy,
    locations,
    look_ahead,
    oracle,
    organize,
    tour,
    void_and_cluster,
)

__all__ = [
    "assign",
    "atomic_service",
    "completion",
    "distance",
    "energy",
    "forecast",
    "geodesy",
    "locations",
    "look_ahead",
    "oracle",
    "organize",
    "tour",
    "void_and_cluster",
]
