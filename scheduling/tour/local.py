"""Local search in numpy, capped by work instead of time: the same tour every time."""

from collections.abc import Iterable
from dataclasses import replace
from itertools import count
from itertools import cycle as cycle_through

import numpy as np

from ..values import FloatArray, IntArray
from .greedy import constructed
from .task import Task

_LONGEST_SEGMENT = 3
_ROUNDING = 1e-12

Move = tuple[float, IntArray]


def local_search(task: Task) -> IntArray:
    """The greedy tour bettered until nothing helps or `max_work` is done; deterministic.

    One unit of work weighs all the 2-opt and Or-opt moves of one point, O(N). Without a `max_work` it goes on until
    nothing helps.
    """
    work = count() if task.max_work is None else range(task.max_work)
    return bettered(task, constructed(task), work)


def bettered(task: Task, order: IntArray, work: Iterable[object]) -> IntArray:
    """A tour after 2-opt and Or-opt moves: one point's for each item of `work`, until that ends or nothing helps.

    Points take turns in an order drawn from the task's seed. Never longer than `order`.
    """
    n = len(order)
    if n < 4:
        return order
    cycle = order if task.closed else np.append(order, n)
    search = _Search(task)
    # Below the rounding of coordinates there is no gain, only an endless loop.
    least = _ROUNDING * float(np.abs(task.coordinates).max())
    turns = cycle_through(np.random.default_rng(task.seed).permutation(len(cycle)).tolist())
    idle = 0
    for _, point in zip(work, turns, strict=False):
        cycle, gained = search.better(np.roll(cycle, -int(np.flatnonzero(cycle == point)[0])), least)
        idle = 0 if gained else idle + 1
        if idle == len(cycle):
            break
    return task.from_cycle(cycle)


class _Search:
    """Moves of the first point of a cycle. Every cycle is turned first, so that no move wraps around its end.

    An open end is one more point, as near to every other; far nearer to a fixed start, so that no move parts them.
    """

    def __init__(self, task: Task):
        self.n, self.start = len(task.coordinates), task.start
        outside = task.coordinates[:1]
        self.task = replace(task, coordinates=np.concatenate([task.coordinates, outside]))
        self.bond = -4 * float(task.apart(0, np.arange(self.n)).max())

    def apart(self, i: IntArray | int, j: IntArray | int) -> FloatArray:
        metres = self.task.apart(i, j)
        if self.task.closed:
            return metres
        at_end = (np.asarray(i) == self.n) | (np.asarray(j) == self.n)
        at_start = (np.asarray(i) == self.start) | (np.asarray(j) == self.start)
        return np.where(at_end, np.where(at_start, self.bond, 0.0), metres)

    def better(self, cycle: IntArray, least: float) -> tuple[IntArray, bool]:
        """The cycle after the best move of its first point, and whether that gains more than `least`."""
        onward = self.apart(cycle, np.append(cycle[1:], cycle[0]))
        rows = [self.apart(int(point), cycle) for point in cycle[:_LONGEST_SEGMENT]]
        moves = [_reversal(cycle, onward, rows)]
        for size in range(1, min(_LONGEST_SEGMENT, len(cycle) - 3) + 1):
            bridge = float(self.apart(int(cycle[-1]), int(cycle[size])))
            moves += _shifts(cycle, onward, rows, size, bridge)
        gain, bettered = max(moves, key=lambda move: move[0])
        return (bettered, True) if gain > least else (cycle, False)


def _reversal(cycle: IntArray, onward: FloatArray, rows: list[FloatArray]) -> Move:
    """2-opt: the stretch from the second point to the best other is turned round."""
    gains = onward[0] + onward[1:] - rows[0][1:] - np.append(rows[1][2:], rows[1][0])
    at = int(np.argmax(gains)) + 2
    return float(gains[at - 2]), np.concatenate([cycle[:1], cycle[1:at][::-1], cycle[at:]])


def _shifts(cycle: IntArray, onward: FloatArray, rows: list[FloatArray], size: int, bridge: float) -> list[Move]:
    """Or-opt: the first `size` points go to the best other place, either way round, and a bridge closes the gap."""
    segment, rest = cycle[:size], cycle[size:]
    freed = onward[-1] + onward[size - 1] - bridge + onward[size:-1]
    moves = []
    for head, tail, way in ((rows[0], rows[size - 1], 1), (rows[size - 1], rows[0], -1)):
        gains = freed - head[size:-1] - tail[size + 1 :]
        at = int(np.argmax(gains)) + 1
        moves.append((float(gains[at - 1]), np.concatenate([rest[:at], segment[::way], rest[at:]])))
    return moves
