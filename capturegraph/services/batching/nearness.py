"""Which of many places are close to one another, by cells in space: never each against each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from scheduling.geodesy import arc_over_chord, ecef
from scheduling.values import FloatArray, IntArray

BoolArray = NDArray[np.bool_]
_AT_ONCE = 1 << 20
# A cell's number is linear in its three coordinates, modulo 2 ** 64: a step in space is a difference of numbers, there
# is no pole and no date line, and with factors like these two cells of a campaign do not meet by chance.
_FACTORS = np.array([0x1B873593CC9E2D51, 0x5851F42D4C957F2D, 1], np.int64)
_KIND = np.int64(0x27D4EB2F165667C5)


def beside(ours: FloatArray, theirs: FloatArray, radius_m: float) -> BoolArray:
    """Say which of N places (degrees, shape (N, 2)) may be closer than a radius to any of M others, shape (N,).

    None is left out; some are in that are up to four times as far. Places without a position are near nothing.
    """
    there = ~np.isnan(ours[:, 0])
    cells = _cells(ecef(*ours.T), radius_m)
    others = np.unique(_cells(ecef(*theirs[~np.isnan(theirs[:, 0])].T), radius_m))
    near: BoolArray = np.zeros(len(ours), bool)
    for step in product((-1, 0, 1), repeat=3):
        near |= np.isin(cells + _step(step), others)
    return near & there


def crowded(places: FloatArray, kinds: IntArray, new: BoolArray, radius_m: float) -> IntArray:
    """Give for each of N places (degrees, shape (N, 2)) another of its kind closer than a radius, or −1, shape (N,).

    It is looked for `new` ones only, and found if there is any; which one of several is not said.
    """
    points = ecef(*places.T)
    # So small that all of a cell are near one another: a thousand in one spot need no distance each.
    keys = _cells(points, radius_m / sqrt(3)) + kinds * _KIND
    order = np.argsort(keys, kind="stable")
    order = order[~np.isnan(places[order, 0])]
    partner = np.full(len(places), -1)
    if len(order) == 0:
        return partner
    along = keys[order]
    first = np.searchsorted(along, along, "left")
    at = np.arange(len(order))
    other = np.minimum(np.where(at == first, at + 1, first), len(order) - 1)
    ours, theirs = order, order[other]
    same = (along[other] == along) & (other != at) & new[ours] & (_apart(points, ours, theirs) < radius_m)
    partner[ours[same]] = theirs[same]
    _look_around(partner, points, keys, new & ~np.isnan(places[:, 0]), order, radius_m)
    return partner


def _look_around(
    partner: IntArray, points: FloatArray, keys: IntArray, new: BoolArray, order: IntArray, radius_m: float
) -> None:
    along = keys[order]
    cells, starts = np.unique(along, return_index=True)
    ends = np.append(starts[1:], len(along))
    for step in product((-2, -1, 0, 1, 2), repeat=3):
        # In the order of their cells, so that the search goes through memory once.
        alone = order[new[order] & (partner[order] < 0)]
        wanted = keys[alone] + _step(step)
        at = np.minimum(np.searchsorted(cells, wanted), len(cells) - 1)
        there = cells[at] == wanted
        alone, at = alone[there], at[there]
        for some in _blocks(ends[at] - starts[at]):
            first, last = starts[at[some]], ends[at[some]]
            ours, theirs = np.repeat(alone[some], last - first), order[_ranges(first, last)]
            near = (_apart(points, ours, theirs) < radius_m) & (ours != theirs)
            partner[ours[near]] = theirs[near]


def _apart(points: FloatArray, ours: IntArray, theirs: IntArray) -> FloatArray:
    return arc_over_chord(np.linalg.norm(points[ours] - points[theirs], axis=1))


def _blocks(counts: IntArray) -> Iterator[slice]:
    """Cut so that a block has about a million in sum, or is one alone."""
    ends = np.cumsum(counts)
    start = 0
    while start < len(counts):
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + _AT_ONCE, "right")))
        yield slice(start, stop)
        start = stop


def _ranges(first: IntArray, last: IntArray) -> IntArray:
    """Give all numbers from each first to before each last, one range after the other."""
    counts = last - first
    starts = np.repeat(first - np.append(0, np.cumsum(counts)[:-1]), counts)
    found: IntArray = starts + np.arange(counts.sum())
    return found


def _cells(points: FloatArray, size_m: float) -> IntArray:
    cells: IntArray = np.floor(np.nan_to_num(points) / size_m).astype(np.int64) @ _FACTORS
    return cells


def _step(step: tuple[int, ...]) -> IntArray:
    number: IntArray = (np.array([step], np.int64) @ _FACTORS)[0:1]
    return number
