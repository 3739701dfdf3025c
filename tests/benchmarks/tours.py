"""Lengths of closed tours over TSPLIB's shortest, and seconds for a million points."""

from statistics import median
from time import perf_counter

import fast_tsp
import networkx
import numpy as np

from scheduling import tour
from tests.benchmarks.figures import SEEDS, Row, Table
from tests.benchmarks.tsplib import Instance, instances

# Up to so many points: (seconds, length over the shortest), the row "tour length" of the design.
TARGETS = [
    (300, [(0.05, 1.001)]),
    (1_500, [(0.5, 1.005)]),
    (5_000, [(2.0, 1.006)]),
    (14_500, [(2.0, 1.016), (10.0, 1.009)]),
    (19_500, [(2.0, 1.020), (10.0, 1.012)]),
    (90_000, [(10.0, 1.016)]),
]
_MOST_FOR_A_MATRIX = 5_000
_MOST_FOR_NETWORKX = 300


def table() -> Table:
    result = Table("Tours: length / shortest, median of three seeds")
    for instance in instances():
        n = len(instance.points)
        for seconds, target in next(targets for most, targets in TARGETS if n <= most):
            ratios, took = zip(*(_ours(instance, seconds, seed) for seed in SEEDS), strict=True)
            peers = _peers(instance, seconds) if n <= _MOST_FOR_A_MATRIX else _greedy(instance)
            what = f"{instance.name} in {seconds:g} s (took {median(took):.2f} s)"
            result.add(Row(what, median(ratios), "", target, peers, digits=4))
    result.add(_a_million())
    return result


def _ours(instance: Instance, seconds: float, seed: int) -> tuple[float, float]:
    began = perf_counter()
    order = tour.order(instance.places, metric=instance.metric, closed=True, budget_s=seconds, seed=seed)
    took = perf_counter() - began
    assert np.array_equal(np.sort(order), np.arange(len(instance.points)))
    return instance.ratio(order), took


def _peers(instance: Instance, seconds: float) -> dict[str, float]:
    n = len(instance.points)
    everyone = np.arange(n)
    apart = instance.between(everyone[:, None], everyone)
    scaled = np.rint(apart * (65_535 / apart.max())).astype(np.uint16)
    np.fill_diagonal(scaled, 0)
    found = {"fast_tsp alone": instance.ratio(np.array(fast_tsp.find_tour(scaled, duration_seconds=seconds)))}
    if n <= _MOST_FOR_NETWORKX:
        graph = networkx.from_numpy_array(np.maximum(apart, 1e-9))
        cycle = networkx.approximation.greedy_tsp(graph, source=0)
        found["networkx"] = instance.ratio(np.array(cycle[:-1]))
    return {**found, **_greedy(instance)}


def _greedy(instance: Instance) -> dict[str, float]:
    """The nearest neighbour in plain Python; beyond what that can do, our own exact one."""
    if len(instance.points) > _MOST_FOR_A_MATRIX:
        order = tour.order(instance.places, metric=instance.metric, closed=True, method="nearest_neighbor")
        return {"greedy": instance.ratio(order)}
    points = instance.places.tolist()
    left, order = set(range(1, len(points))), [0]
    while left:
        x, y = points[order[-1]]
        order.append(min(left, key=lambda i: ((points[i][0] - x) ** 2 + (points[i][1] - y) ** 2, i)))
        left.remove(order[-1])
    return {"greedy": instance.ratio(np.array(order))}


def _a_million() -> Row:
    table = np.random.default_rng(0).uniform((-60, -180), (60, 180), (1_000_000, 2))
    began = perf_counter()
    order = tour.order(table, closed=True, budget_s=10)
    took = perf_counter() - began
    assert np.array_equal(np.sort(order), np.arange(len(table)))
    return Row("a million points over the world, 10 s of it bettering", took, "s", 60, digits=1)
