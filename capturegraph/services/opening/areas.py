"""Whether places lie in the areas that a target's outline draws."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scheduling.values import FloatArray

BoolArray = NDArray[np.bool_]


def polygons(outline: object) -> list[list[FloatArray]]:
    """Give the areas of a GeoJSON FeatureCollection, each as its rings, shape (M, 2) of longitude and latitude.

    Lines and points are no areas; what is no proper ring is left out, since outlines are only drawn.
    """
    features = outline.get("features") if isinstance(outline, Mapping) else None
    return [rings for feature in features or [] for rings in _of(feature)]


def inside(places: FloatArray, areas: list[list[FloatArray]]) -> BoolArray:
    """Say which of N places (latitude and longitude in degrees, shape (N, 2)) lie in any area; holes are outside."""
    found: BoolArray = np.zeros(len(places), bool)
    for rings in areas:
        crossed = np.zeros(len(places), np.int64)
        for ring in rings:
            crossed += _crossings(places, ring)
        found |= crossed % 2 == 1
    return found


def _of(feature: object) -> Iterator[list[FloatArray]]:
    geometry = feature.get("geometry") if isinstance(feature, Mapping) else None
    if not isinstance(geometry, Mapping):
        return
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    for polygon in {"Polygon": [coordinates], "MultiPolygon": coordinates}.get(str(kind)) or []:
        rings = [ring for ring in map(_ring, polygon or []) if ring is not None]
        if rings:
            yield rings


def _ring(corners: Any) -> FloatArray | None:
    try:
        ring = np.array([corner[:2] for corner in corners], np.float64)
    except (TypeError, ValueError):
        return None
    return ring if ring.ndim == 2 and len(ring) >= 3 and np.isfinite(ring).all() else None


def _crossings(places: FloatArray, ring: FloatArray) -> NDArray[np.int64]:
    """Count how often a line from each place eastwards crosses a ring; longitudes are taken as from its first corner.

    So an area may lie across the date line.
    """
    east = _from(ring[0, 0], ring[:, 0])
    x, y = _from(ring[0, 0], places[:, 1]), places[:, 0]
    count = np.zeros(len(places), np.int64)
    ends = zip(east, ring[:, 1], np.roll(east, -1), np.roll(ring[:, 1], -1), strict=True)
    for x1, y1, x2, y2 in ends:
        between = (y1 <= y) != (y2 <= y)
        if between.any():
            count[between] += x[between] < x1 + (y[between] - y1) / (y2 - y1) * (x2 - x1)
    return count


def _from(first: float, longitudes: FloatArray) -> FloatArray:
    turned: FloatArray = (longitudes - first + 180.0) % 360.0 - 180.0
    return turned
