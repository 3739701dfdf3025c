"""Cells: every point of a box lies in the cells that the box names, and far ones do not."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling import grid
from scheduling.geodesy import bounding_box

degrees_north = st.floats(-90, 90)
degrees_east = st.floats(-180, 180)
share = st.floats(0, 1)


@settings(deadline=None, max_examples=300)
@given(degrees_north, degrees_east, st.floats(1, 20_000), share, share)
def test_every_point_of_a_box_lies_in_its_cells(
    lat: float, lon: float, radius_m: float, up: float, right: float
) -> None:
    for south, north, west, east in bounding_box(lat, lon, radius_m):
        point = (min(south + up * (north - south), north), min(west + right * (east - west), east))
        cell = grid.cell(*point)
        assert any(first <= cell <= last for first, last in grid.cell_ranges((south, north, west, east)))


def test_a_small_box_names_few_cells() -> None:
    (box,) = bounding_box(38.9, -77.03, 50)
    assert sum(last - first + 1 for first, last in grid.cell_ranges(box)) <= 4


def test_neighbouring_rows_share_no_cell() -> None:
    assert grid.cell(38.9, 180.0) < grid.cell(38.9 + 1 / grid.CELLS_PER_DEGREE, -180.0)
    assert grid.cell(90, 180) == grid.ROWS * grid.COLUMNS - 1
    assert grid.cell(-90, -180) == 0


def test_swapped_degrees_lie_elsewhere() -> None:
    assert grid.cell(38.9, -77.03) != grid.cell(-77.03, 38.9)


@pytest.mark.parametrize("place", [(90.1, 0.0), (0.0, 180.1), (float("nan"), 0.0), (0.0, float("nan"))])
def test_a_point_off_the_earth_has_no_cell(place: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="no such place"):
        grid.cell(*place)
