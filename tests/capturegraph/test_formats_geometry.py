"""One point for what is longer or wider: the middle of a line, a point inside an area; and WKT, and WKB."""

import math
import struct
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capturegraph.formats.geometry import GeometryError, from_wkt, inside, middle, places
from capturegraph.formats.wkb import WKBError, from_wkb

SQUARE = [[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0], [0.0, 0.0]]
HOLE = [[1.0, 1.0], [3.0, 1.0], [3.0, 3.0], [1.0, 3.0], [1.0, 1.0]]
HORSESHOE = [[0, 0], [9, 0], [9, 9], [6, 9], [6, 3], [3, 3], [3, 9], [0, 9], [0, 0]]


def is_inside(ring, at):
    odd = False
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 > at[1]) != (y2 > at[1]) and at[0] < (x2 - x1) * (at[1] - y1) / (y2 - y1) + x1:
            odd = not odd
    return odd


def test_the_middle_of_a_line_is_halfway_along_it() -> None:
    assert middle([(0, 0), (0, 1), (0, 4)]) == (0, 2)
    longitude, latitude = middle([(179.0, 0.0), (-179.0, 0.0)])
    assert (abs(longitude), latitude) == (180, 0)
    assert middle([(5, 5), (5, 5)]) == (5, 5)


def test_the_longest_line_and_the_largest_area_stand_for_all() -> None:
    assert places("MultiLineString", [[[0, 0], [0, 1]], [[5, 0], [5, 4]]]).positions == [(5, 2)]
    small = [[[10, 10], [11, 10], [11, 11], [10, 11], [10, 10]]]
    (at,) = places("MultiPolygon", [small, [SQUARE]]).positions
    assert is_inside(SQUARE, at)


def test_an_area_with_a_hole_and_a_horseshoe_are_met_inside() -> None:
    at = inside([SQUARE, HOLE])
    assert is_inside(SQUARE, at)
    assert not is_inside(HOLE, at)
    assert is_inside(HORSESHOE, inside([HORSESHOE]))


def test_an_area_across_the_antimeridian() -> None:
    (longitude, latitude) = inside([[(179, 0), (-179, 0), (-179, 2), (179, 2), (179, 0)]])
    assert (abs(longitude), latitude) == (180, 1)


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(-50, 50)), min_size=3, max_size=12, unique=True))
def test_any_triangle_fan_is_met_inside(corners: list[tuple[float, float]]) -> None:
    """Corners sorted round their middle make a simple ring."""
    x, y = (sum(c[n] for c in corners) / len(corners) for n in (0, 1))
    ring = sorted(corners, key=lambda c: math.atan2(c[1] - y, c[0] - x))
    ring.append(ring[0])
    area = abs(sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))) / 2
    at = inside([ring])
    assert area < 1e-6 or is_inside(ring, at) or min(math.dist(at, c) for c in ring) < 1e-6


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("POINT (1 2)", [(1, 2)]),
        ("point(1 2)", [(1, 2)]),
        ("SRID=4326;POINT Z (1 2 3)", [(1, 2)]),
        ("POINT ZM(-1.5 2e1 3 4)", [(-1.5, 20)]),
        ("MULTIPOINT (1 2, 3 4)", [(1, 2), (3, 4)]),
        ("MULTIPOINT ((1 2), (3 4))", [(1, 2), (3, 4)]),
        ("LINESTRING (0 0, 0 2)", [(0, 1)]),
        ("POLYGON ((0 0, 4 0, 4 4, 0 4, 0 0))", [(2, 2)]),
        ("MULTIPOLYGON (((0 0, 4 0, 4 4, 0 4, 0 0)))", [(2, 2)]),
    ],
)
def test_wkt(text: str, expected: list[tuple[float, float]]) -> None:
    assert from_wkt(text).positions == expected


@pytest.mark.parametrize(
    "text",
    ["", "POINT", "POINT ()", "POINT EMPTY", "POINT (1)", "POINT (1 2 3 4 5", "POINT (a b)", "POINT (1 2))",
     "CIRCLE (1 2)", "SRID=27700;POINT (1 2)", "POLYGON ((0 0, 1 1))", "POINT ((((((1 2))))))", "POINT (nan nan)",
     "(" * 50],
)  # fmt: skip
def test_what_is_no_wkt_says_so(text: str) -> None:
    with pytest.raises(GeometryError) as refused:
        from_wkt(text)
    assert str(refused.value).endswith(".")


def wkb(kind: int, *numbers: float, order: str = "<") -> bytes:
    return struct.pack(f"{order}BI{len(numbers)}d", order == "<", kind, *numbers)


@pytest.mark.parametrize("order", ["<", ">"])
def test_wkb(order: str) -> None:
    assert from_wkb(wkb(1, 1, 2, order=order)) == {"type": "Point", "coordinates": [1, 2]}
    assert from_wkb(wkb(3001, 1, 2, 3, 4, order=order))["coordinates"] == [1, 2]
    points = struct.pack(f"{order}BII", order == "<", 4, 2) + wkb(1, 1, 2, order=order) + wkb(1, 3, 4, order=order)
    assert from_wkb(points) == {"type": "MultiPoint", "coordinates": [[1, 2], [3, 4]]}
    line = struct.pack(f"{order}BII4d", order == "<", 2, 2, 0, 0, 0, 2)
    assert from_wkb(line) == {"type": "LineString", "coordinates": [[0, 0], [0, 2]]}
    assert from_wkb(struct.pack(f"{order}BII", order == "<", 7, 1) + line)["geometries"] == [from_wkb(line)]


@given(st.binary(max_size=80))
def test_any_bytes_are_a_geometry_or_none(data: bytes) -> None:
    with suppress(WKBError, struct.error):
        assert "type" in from_wkb(data)
