"""The plain greedy tour: always on to the nearest point not yet visited, ties to the lowest index."""

import math
from itertools import pairwise

import numpy as np

from ..values import FloatArray, IntArray
from .task import Task

_LEAF = 8


def nearest_neighbor(task: Task) -> IntArray:
    """The exact greedy tour from `start` (else from the first point), in about O(N log N)."""
    here = task.start or 0
    remaining = _Remaining(task.coordinates)
    order = [here]
    remaining.remove(here)
    for _ in range(len(task.coordinates) - 1):
        here = remaining.nearest(here)
        remaining.remove(here)
        order.append(here)
    return np.array(order, dtype=np.int64)


class _Remaining:
    """A k-d tree of the points not yet visited.

    In plain lists and floats: the points of a leaf are too few for numpy to pay. A node that has been visited out
    is passed over, so a walk that has strayed far finds the rest without searching rings of emptiness.
    """

    def __init__(self, coordinates: FloatArray):
        self.points: list[list[float]] = coordinates.tolist()
        self.leaf_of = [0] * len(self.points)
        self.parent: list[int] = []
        self.children: list[tuple[int, ...]] = []
        self.members: list[list[int]] = []
        self.alive: list[int] = []
        self.boxes: list[tuple[list[float], list[float]]] = []
        pending = [(np.arange(len(self.points)), -1)]
        while pending:
            indices, parent = pending.pop()
            node = self._add(coordinates, indices, parent)
            if len(indices) > _LEAF:
                widest = int(np.argmax(np.ptp(coordinates[indices], axis=0)))
                halves = np.argpartition(coordinates[indices, widest], len(indices) // 2)
                bounds = pairwise((0, len(indices) // 2, len(indices)))
                pending += [(indices[halves[a:b]], node) for a, b in bounds]
            else:
                self.members[node] = indices.tolist()
                for i in self.members[node]:
                    self.leaf_of[i] = node

    def _add(self, coordinates: FloatArray, indices: IntArray, parent: int) -> int:
        node = len(self.parent)
        self.parent.append(parent)
        self.children.append(())
        self.members.append([])
        self.alive.append(len(indices))
        inside = coordinates[indices]
        self.boxes.append((inside.min(axis=0).tolist(), inside.max(axis=0).tolist()))
        if parent >= 0:
            self.children[parent] += (node,)
        return node

    def remove(self, point: int) -> None:
        """Strike a visited point out."""
        node = self.leaf_of[point]
        self.members[node].remove(point)
        while node >= 0:
            self.alive[node] -= 1
            node = self.parent[node]

    def nearest(self, point: int) -> int:
        """The nearest point left, the lowest of those equally near: from the point's own leaf upwards."""
        best = (math.inf, -1)
        node, done = self.leaf_of[point], -1
        while node >= 0:
            stack = [child for child in self.children[node] if child != done] or [node]
            while stack:
                there = stack.pop()
                if not self.alive[there] or self._gap(point, there) > best[0]:
                    continue
                if self.children[there]:
                    stack += self.children[there]
                else:
                    best = min(best, self._nearest_in(point, there))
            node, done = self.parent[node], node
        return best[1]

    def _nearest_in(self, point: int, leaf: int) -> tuple[float, int]:
        x, y, z = self.points[point]
        best = (math.inf, -1)
        for i in self.members[leaf]:
            a, b, c = self.points[i]
            square = (x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2
            if (square, i) < best:
                best = (square, i)
        return best

    def _gap(self, point: int, node: int) -> float:
        """Squared distance to the node's box: rounding is monotonic, so never above that of a point inside."""
        low, high = self.boxes[node]
        square = 0.0
        for value, a, b in zip(self.points[point], low, high, strict=True):
            if value < a:
                square += (a - value) ** 2
            elif value > b:
                square += (value - b) ** 2
        return square
