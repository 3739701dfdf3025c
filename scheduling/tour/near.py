"""Who is near whom, in numpy alone: compact cells, and the near pairs within them."""

import math
from collections.abc import Iterator

import numpy as np

from ..values import FloatArray, IntArray

_LEAF = 14
_TREES = 3
_NEAREST = 5
_HALF = 32


def cells(points: FloatArray, most: int, random: np.random.Generator) -> Iterator[IntArray]:
    """The indices of N points in compact cells of at most `most`, one cell at a time.

    Halved across the widest side, with axes turned at random, so that no two calls draw the same borders. A half is
    only cut when its turn comes: the first cell costs O(N), all of them O(N log N).
    """
    turned = points @ _rotation(points.shape[1], random)
    pending = [np.arange(len(points))]
    while pending:
        members = pending.pop()
        if len(members) <= most:
            yield members
            continue
        inside = turned[members]
        along = inside[:, np.argmax([np.ptp(column) for column in inside.T])]
        half = len(members) // 2
        halves = np.argpartition(along, half)
        pending += [members[halves[:half]], members[halves[half:]]]


def near_pairs(points: FloatArray, random: np.random.Generator) -> IntArray:
    """Pairs of points that are near each other, shape (M, 2), each once, nearest first.

    Of each point the five nearest in its leaf of 7 to 14 points, in any of three trees: for nine points of ten that is
    the nearest of all.
    """
    keys = np.sort(np.concatenate([_keys_in(points, _leaves(points, random)) for _ in range(_TREES)]))
    # Not np.unique, whose hash table takes twenty times as long.
    once = keys[np.diff(keys, prepend=-1) > 0]
    pairs = np.stack([once >> _HALF, once & ((1 << _HALF) - 1)], axis=1)
    return pairs[np.argsort(_squares(points[pairs[:, 0]], points[pairs[:, 1]]))]


def along_cells(points: FloatArray, random: np.random.Generator) -> IntArray:
    """The indices of all points in an order in which near points are mostly near."""
    return np.argsort(np.unique(_leaves(points, random).ravel(), return_index=True)[1])


def _leaves(points: FloatArray, random: np.random.Generator) -> IntArray:
    """Cells of equal size, all of a level cut at once; some points are in two, or twice in one, to make it equal."""
    n = len(points)
    levels = max(0, math.ceil(math.log2(n / _LEAF)))
    size = -(-n // 2**levels)
    columns = np.ascontiguousarray((points @ _rotation(points.shape[1], random)).T)
    members = np.concatenate([np.arange(n), random.integers(n, size=size * 2**levels - n)])[None, :]
    for _ in range(levels):
        widest = np.argmax(np.stack([np.ptp(column[members], axis=1) for column in columns]), axis=0)
        half = members.shape[1] // 2
        halves = np.argpartition(columns[widest[:, None], members], half, axis=1)
        members = np.take_along_axis(members, halves, axis=1).reshape(-1, half)
    return members


def _keys_in(points: FloatArray, leaves: IntArray) -> IntArray:
    """The near pairs (low, high) inside each leaf, as one number each."""
    inside = points[leaves]
    inside = (inside - inside.mean(axis=1, keepdims=True)).astype(np.float32)
    square = _squares(inside[:, :, None], inside[:, None])
    square[leaves[:, :, None] == leaves[:, None, :]] = np.inf
    count = min(_NEAREST, leaves.shape[1] - 1)
    nearest = np.argpartition(square, max(0, count - 1), axis=2)[:, :, :count]
    ours = np.repeat(leaves, count, axis=1).ravel()
    theirs = np.take_along_axis(leaves, nearest.reshape(len(leaves), -1), axis=1).ravel()
    low, high = np.minimum(ours, theirs), np.maximum(ours, theirs)
    keys: IntArray = (low << _HALF | high)[low != high]
    return keys


def _squares(a: FloatArray, b: FloatArray) -> FloatArray:
    square = np.square(a[..., 0] - b[..., 0])
    for axis in range(1, a.shape[-1]):
        square += np.square(a[..., axis] - b[..., axis])
    return square


def _rotation(dimensions: int, random: np.random.Generator) -> FloatArray:
    return np.linalg.qr(random.normal(size=(dimensions, dimensions)))[0]
