"""A grid of integer cells over the earth, so that "near here" is a range of one indexed column.

A cell is 1/64 of a degree each way: 1.7 km from north to south, and less from east to west towards the poles.
Cells of a row are numbered from west to east without a gap, so that a box is one range of numbers a row.
"""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scheduling.geodesy import Box

CELLS_PER_DEGREE = 64
COLUMNS = 360 * CELLS_PER_DEGREE
ROWS = 180 * CELLS_PER_DEGREE


def cell(latitude: float, longitude: float) -> int:
    """Give the number of the cell that a point (degrees) lies in.

    Raises:
        ValueError: the point is not on the earth.
    """
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValueError(f"no such place: latitude={latitude!r}, longitude={longitude!r}")
    return _row(latitude) * COLUMNS + _column(longitude)


def cell_ranges(box: Box) -> Iterator[tuple[int, int]]:
    """Give the first and last cell of each row of a box: together they hold every point of it."""
    south, north, west, east = box
    first, last = _column(west), _column(east)
    for row in range(_row(south), _row(north) + 1):
        yield row * COLUMNS + first, row * COLUMNS + last


def _row(latitude: float) -> int:
    # The pole itself belongs to the last row, not to one of its own.
    return min(floor((latitude + 90) * CELLS_PER_DEGREE), ROWS - 1)


def _column(longitude: float) -> int:
    return min(floor((longitude + 180) * CELLS_PER_DEGREE), COLUMNS - 1)
