"""Long tours, bettered group by group: each group is a small problem for the compiled solver.

The tour passes any set of points in runs. Each stretch of tour outside the set becomes one edge that has to stay; what
the solver finds for the rest is taken over if the tour gets shorter, stretches being turned round where needed. So a
group may be anything: a compact cell, or the ends of doubtful edges from everywhere.
"""

from collections.abc import Iterator
from time import monotonic

import numpy as np
from numpy.typing import NDArray

from ..values import FloatArray, IntArray
from .fast import FAR, solved, whole_numbers
from .greedy import greedy_edges
from .near import cells
from .task import Task

_CELL = 450
_JOIN_EDGES = 1_400
_JOIN_SHARE = 0.1
_DOUBTFUL = 0.3
_FEWEST = 8
_SECONDS_PER_POINT = (1.5e-5, 5e-5)
_LEAST_GAIN = 1e-9


def by_groups(task: Task) -> IntArray:
    """A tour by greedy edges, bettered group by group for `budget_s`; which one depends on the machine's speed.

    Raises ValueError where work is to be capped instead of time.
    """
    if task.max_work is not None:
        raise ValueError(f"max_work cannot cap groups, got {task.max_work!r}")
    order = greedy_edges(task)
    return order if len(order) < _FEWEST else bettered_by_groups(task, order)


def bettered_by_groups(task: Task, order: IntArray) -> IntArray:
    """A tour after as many groups as `budget_s` allows; never longer than `order`.

    First the ends of the longest edges in one group: what is left otherwise is the pattern in which cells are crossed.
    """
    deadline = monotonic() + task.budget_s
    tour = _Tour(task, order)
    per_point = float(np.clip(task.budget_s / (4 * len(order)), *_SECONDS_PER_POINT))
    if task.budget_s > 0:
        tour.better(tour.ends_of_longest(tour.onward(), _JOIN_EDGES), task.budget_s * _JOIN_SHARE)
    for group in _groups(tour, np.random.default_rng(task.seed)):
        left = deadline - monotonic()
        if left < _FEWEST * per_point:
            break
        tour.better(group, min(left, len(group) * per_point))
    return task.from_cycle(tour.line)


def _groups(tour: "_Tour", random: np.random.Generator) -> Iterator[IntArray]:
    """Compact cells of all points, then of the ends of doubtful edges, then the most doubtful ones from everywhere."""
    while True:
        yield from cells(tour.points, _CELL, random)
        doubt = tour.doubt()
        ends = tour.ends_of_longest(doubt, int(_DOUBTFUL * len(doubt)))
        for cell in cells(tour.points[ends], _CELL, random):
            yield ends[cell]
        yield tour.ends_of_longest(tour.doubt(), _JOIN_EDGES)


class _Tour:
    """A cycle through all points, and through one more that stands for the open end of a tour that is not closed."""

    def __init__(self, task: Task, order: IntArray):
        self.task, self.points, self.n = task, task.coordinates, len(order)
        self.line = order.copy() if task.closed else np.append(order, self.n)
        self.size = len(self.line)
        self.position = np.argsort(self.line)

    def lengths(self, a: IntArray, b: IntArray) -> FloatArray:
        """The lengths of edges; those to the open end have none."""
        real = (a < self.n) & (b < self.n)
        return np.where(real, self.task.apart(np.where(real, a, 0), np.where(real, b, 0)), 0.0)

    def onward(self) -> FloatArray:
        """The length of each edge, by the position that it leaves from."""
        return self.lengths(self.line, np.roll(self.line, -1))

    def doubt(self) -> FloatArray:
        """How long each edge is beside those before and after it."""
        onward = self.onward()
        beside = np.roll(onward, 1) + np.roll(onward, -1)
        doubt: FloatArray = onward / (beside + _LEAST_GAIN * onward.max())
        return doubt

    def ends_of_longest(self, edges: FloatArray, count: int) -> IntArray:
        """The points at both ends of the `count` edges that are longest, or have the most of another measure."""
        positions = np.argpartition(edges, max(0, self.size - count))[-count:]
        ends = np.zeros(self.n + 1, dtype=np.bool_)
        ends[self.line[positions]] = ends[self.line[(positions + 1) % self.size]] = True
        return np.flatnonzero(ends[: self.n])

    def better(self, group: IntArray, seconds: float) -> None:
        """Give the points of a group to the solver, and take over what it finds if the tour gets shorter."""
        spots = self._movable(np.sort(self._with_open_end(self.position[group])))
        if len(spots) < _FEWEST:
            return
        # The longest stretch stays where it is: only what lies between is written anew.
        longest = int(np.argmax(np.diff(spots, append=spots[0] + self.size)))
        spots = np.roll(spots, -longest - 1)
        region = (spots[0] + np.arange((spots[-1] - spots[0]) % self.size + 1)) % self.size
        spots = (spots - spots[0]) % self.size
        line = self.line[region]
        nodes = line[spots]
        fixed = np.diff(spots, append=self.size) > 1
        cycle = _forwards(solved(self._distances(nodes, fixed), seconds), fixed)
        stays = _fixed_steps(cycle, fixed)
        if np.count_nonzero(stays) < np.count_nonzero(fixed):
            return
        before = self.lengths(nodes, np.roll(nodes, -1))[~fixed].sum()
        after = self.lengths(nodes[cycle], np.roll(nodes[cycle], -1))[~stays].sum()
        if after < before * (1 - _LEAST_GAIN):
            self.line[region] = fresh = _spliced(line, spots, cycle, stays)
            self.position[fresh] = region

    def _with_open_end(self, spots: IntArray) -> IntArray:
        """With the position of the open end, where that is free to move and one of the group's points is next to it."""
        if self.task.closed or self.task.start is not None:
            return spots
        at = int(self.position[self.n])
        beside = np.isin(((at - 1) % self.size, (at + 1) % self.size), spots).any()
        return np.append(spots, at) if beside else spots

    def _movable(self, spots: IntArray) -> IntArray:
        """Without the points between two fixed edges: nothing can be done with them."""
        alone = np.diff(spots, append=spots[0] + self.size) > 1
        return spots[~(alone & np.roll(alone, 1))]

    def _distances(self, nodes: IntArray, fixed: NDArray[np.bool_]) -> NDArray[np.uint16]:
        """What the solver is given: a fixed edge costs nothing, every other half of the range more than its length."""
        surcharge = FAR // 2 if fixed.any() else 0
        real = nodes < self.n
        points = self.points[np.where(real, nodes, nodes[real][0])]
        result = whole_numbers(points, geodesic=self.task.geodesic, surcharge=surcharge)
        for at in np.flatnonzero(~real):
            result[at] = result[:, at] = surcharge
            result[at, at] = 0
        ours = np.flatnonzero(fixed)
        theirs = (ours + 1) % len(nodes)
        result[ours, theirs] = result[theirs, ours] = 0
        return result


def _forwards(cycle: IntArray, fixed: NDArray[np.bool_]) -> IntArray:
    """The cycle from the first node on, in the direction in which the stretch after the last node leads back to it."""
    cycle = np.roll(cycle, -int(np.flatnonzero(cycle == 0)[0]))
    turned = fixed[-1] and cycle[-1] != len(cycle) - 1
    return np.roll(cycle[::-1], 1) if turned else cycle


def _fixed_steps(cycle: IntArray, fixed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which steps of the cycle go along a fixed edge, either way."""
    m, onward = len(cycle), np.roll(cycle, -1)
    there = fixed[cycle] & (onward == (cycle + 1) % m)
    back = fixed[onward] & (cycle == (onward + 1) % m)
    steps: NDArray[np.bool_] = there | back
    return steps


def _spliced(line: IntArray, spots: IntArray, cycle: IntArray, stays: NDArray[np.bool_]) -> IntArray:
    """The piece of tour between the first and the last node, visited in a new order, stretches and all."""
    parts, begin = [], 0
    for at in np.flatnonzero(stays[:-1]).tolist():
        parts.append(line[spots[cycle[begin : at + 1]]])
        here, there = spots[cycle[at]], spots[cycle[at + 1]]
        parts.append(line[here + 1 : there] if here < there else line[there + 1 : here][::-1])
        begin = at + 1
    parts.append(line[spots[cycle[begin:]]])
    return np.concatenate(parts)
