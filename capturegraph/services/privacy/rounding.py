"""Positions that everybody may know: the middle of a square that somebody stood in.

The squares are the same for every photograph, target and request: rows of one height from pole to pole, and each row
cut into columns that are nowhere narrower than the rows are high. So whoever asks again, or looks at many photographs
of one place, gets the same middle each time; noise would average out. What is told of a photograph is which square it
was taken in, and nothing else.
"""

from __future__ import annotations

import math

METRES_PER_DEGREE = 110_574.0
"""Of latitude on WGS84 where it has the fewest (at the equator), so that no square is smaller than is said."""


def rounded(latitude: float, longitude: float, round_m: float) -> tuple[float, float]:
    """Give the middle of the square of at least `round_m` metres that a point (degrees) lies in; 0 leaves it as it is.

    To 6 decimals, 0.1 m. The middle's own middle is itself. Towards the poles, where a row is one square, it is 0 east.
    """
    if round_m <= 0:
        return latitude, longitude
    rows = max(1, math.floor(180 * METRES_PER_DEGREE / round_m))
    height = 180 / rows
    row = min(math.floor((latitude + 90) / height), rows - 1)
    south = -90 + row * height
    # The edge nearer to a pole is the shorter one. A degree of longitude is nowhere shorter than this by the cosine.
    around = 360 * METRES_PER_DEGREE * math.cos(math.radians(max(abs(south), abs(south + height))))
    columns = max(1, math.floor(around / round_m))
    width = 360 / columns
    column = min(math.floor((longitude + 180) / width), columns - 1)
    return round(south + height / 2, 6), round(-180 + (column + 0.5) * width, 6)
