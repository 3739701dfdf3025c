"""Tours of any length: by greedy edges, bettered group by group, on small forms of the same problems."""

import math
from itertools import pairwise
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling import tour
from scheduling.tour import greedy, groups, near
from scheduling.tour.fast import whole_numbers
from scheduling.tour.task import Task, separation


def scattered(n: int, seed: int = 0) -> np.ndarray:
    """Points of which half lie in a few dense clusters."""
    random = np.random.default_rng(seed)
    centres = random.uniform(0, 100, (5, 2))
    clustered = centres[random.integers(5, size=n // 2)] + random.normal(0, 1, (n // 2, 2))
    return np.concatenate([clustered, random.uniform(0, 100, (n - n // 2, 2))])


def task_of(table: np.ndarray, **options: Any) -> Task:
    coordinates = np.column_stack([table, np.zeros(len(table))])
    plain = {"geodesic": False, "closed": True, "start": None, "budget_s": 0.1, "max_work": None, "seed": 0}
    return Task(coordinates, **{**plain, **options})


def edges(line: Any) -> set[frozenset[int]]:
    return {frozenset(map(int, pair)) for pair in zip(line, np.roll(line, -1), strict=True)}


ENDS = [(True, None), (True, 7), (False, None), (False, 7)]


@pytest.mark.parametrize(("closed", "start"), ENDS)
def test_groups_better_a_long_tour(closed: bool, start: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "_CELL", 150)
    monkeypatch.setattr(groups, "_JOIN_EDGES", 100)
    table, options = scattered(600), {"metric": "euclidean", "closed": closed, "start": start}
    begun, found, best = (
        tour.order(table, method=method, budget_s=0.6, **options) for method in ("greedy_edges", "groups", "fast_tsp")
    )
    lengths = [tour.length(table, one, metric="euclidean", closed=closed) for one in (begun, found, best)]
    assert sorted(found) == list(range(600))
    assert start is None or found[0] == start
    assert lengths[1] < lengths[0] - 0.75 * (lengths[0] - lengths[2])


def test_groups_go_over_the_ground() -> None:
    random = np.random.default_rng(3)
    table = np.degrees(np.column_stack([np.arcsin(random.uniform(-1, 1, 900)), random.uniform(-np.pi, np.pi, 900)]))
    begun, found = (tour.order(table, method=method, budget_s=0.5) for method in ("greedy_edges", "groups"))
    assert sorted(found) == list(range(900))
    assert tour.length(table, found) < 0.93 * tour.length(table, begun)


@settings(deadline=None, max_examples=60)
@given(st.integers(9, 60), st.booleans(), st.sampled_from([None, 3]), st.integers(0, 10_000), st.data())
def test_a_group_leaves_all_else_as_it_is(n: int, closed: bool, start: int | None, seed: int, data: Any) -> None:
    task = task_of(scattered(n, seed), closed=closed, start=start)
    line = tour.TOURS["greedy_edges"](task)
    changed = groups._Tour(task, line)
    before, length = edges(changed.line), changed.onward().sum()
    group = np.array(sorted(data.draw(st.sets(st.integers(0, n - 1), min_size=1))))
    changed.better(group, 0.002)
    assert sorted(changed.line) == list(range(changed.size))
    assert changed.line[changed.position].tolist() == list(range(changed.size))
    assert changed.onward().sum() <= length + 1e-9
    inside = {*group.tolist(), n}
    assert {edge for edge in before if not edge <= inside} <= edges(changed.line)
    assert start is None or closed or frozenset((start, n)) in edges(changed.line)


def test_what_the_solver_makes_worse_is_not_taken_over(monkeypatch: pytest.MonkeyPatch) -> None:
    task = task_of(scattered(50))
    changed = groups._Tour(task, tour.TOURS["greedy_edges"](task))
    before = changed.line.copy()
    for cycle in ([*range(0, 50, 2), *range(1, 50, 2)], list(range(50)), [*range(25), *range(49, 24, -1)]):
        monkeypatch.setattr(groups, "solved", lambda *_, cycle=cycle: np.array(cycle))
        changed.better(np.arange(50), 1)
        assert changed.onward().sum() <= separation_of(task, before)
    monkeypatch.setattr(groups, "solved", lambda distances, _: np.random.default_rng(1).permutation(len(distances)))
    changed.better(before[[*range(10), *range(20, 30)]], 1)
    assert edges(changed.line) >= {frozenset(map(int, pair)) for pair in pairwise(before[30:])}


def test_a_solver_that_forgets_the_stretches_outside_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(2)
    changed = groups._Tour(task_of(scattered(60)), random.permutation(60))
    monkeypatch.setattr(
        groups._Tour, "_distances", lambda self, nodes, _: whole_numbers(self.points[nodes], geodesic=False)
    )
    for _ in range(40):
        changed.better(random.permutation(60)[:30], 0.001)
        assert sorted(changed.line) == list(range(60))


def test_a_fixed_edge_is_cheaper_than_any_other() -> None:
    table = scattered(20)
    changed = groups._Tour(task_of(table, closed=False), np.arange(20))
    fixed = np.zeros(10, dtype=bool)
    fixed[[3, 9]] = True
    nodes = np.array([2, 3, 4, 5, 8, 9, 10, 11, 20, 0])
    given = changed._distances(nodes, fixed)
    away = ~np.eye(10, dtype=bool)
    for i, j in ((3, 4), (9, 0)):
        assert given[i, j] == given[j, i] == 0
        away[i, j] = away[j, i] = False
    assert given[away].min() == 32_767
    # The open end is as near to every point, but for the stretch that leads to it.
    assert set(given[8, away[8]]) == {32_767}
    assert changed._distances(nodes[:8], np.zeros(8, dtype=bool)).max() > 40_000


def separation_of(task: Task, line: np.ndarray) -> float:
    points = task.coordinates[line]
    return float(separation(points, np.roll(points, -1, axis=0), geodesic=False).sum()) + 1e-9


def test_the_open_end_moves_to_where_it_is_shortest() -> None:
    ring = np.array([(math.cos(angle), math.sin(angle)) for angle in np.linspace(0, 6, 24)])
    task = task_of(ring, closed=False)
    changed = groups._Tour(task, np.roll(np.arange(24), 9))
    changed.better(np.arange(24), 0.05)
    assert changed.onward().sum() == pytest.approx(separation_of(task, np.arange(24)) - math.dist(ring[0], ring[-1]))


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 9, 30])
@pytest.mark.parametrize(("closed", "start"), ENDS)
def test_few_points_take_the_same_way(n: int, closed: bool, start: int | None) -> None:
    start = None if start is None else start % n
    table = scattered(n, 4)
    for method in ("greedy_edges", "groups"):
        found = tour.order(table, metric="euclidean", method=method, closed=closed, start=start, budget_s=0.02)
        assert sorted(found) == list(range(n))
        assert found[0] == (start if start is not None else 0) or (not closed and start is None)


def test_greedy_edges_take_the_shortest_join_first() -> None:
    assert list(tour.order([(0, x) for x in (0, 10, 1, 6, 3)], metric="euclidean", method="greedy_edges")) == [
        0, 2, 4, 3, 1,
    ]  # fmt: skip
    gaps = [(0, 0), (0, 5), (0, 9), (0, 12), (0, -4)]
    assert list(tour.order(gaps, metric="euclidean", method="greedy_edges", start=1)) == [1, 2, 3, 0, 4]


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 120), st.booleans(), st.integers(0, 999), st.sampled_from([0, 20, 1_000]))
def test_greedy_edges_are_those_of_the_rule(n: int, closed: bool, seed: int, few: int) -> None:
    with mock.patch.object(greedy, "_FEW", few or 1):
        _compare_greedy_edges(n, closed, seed)


def _compare_greedy_edges(n: int, closed: bool, seed: int) -> None:
    table = scattered(n, seed)
    square = {(i, j): math.dist(table[i], table[j]) for j in range(n) for i in range(j)}
    piece, degree, joined = list(range(n)), [0] * n, set()
    for i, j in sorted(square, key=square.__getitem__):
        if degree[i] < 2 and degree[j] < 2 and piece[i] != piece[j]:
            degree[i], degree[j] = degree[i] + 1, degree[j] + 1
            piece = [piece[i] if one == piece[j] else one for one in piece]
            joined.add(frozenset((i, j)))
    found = tour.order(table, metric="euclidean", method="greedy_edges", closed=closed)
    assert joined == {frozenset(map(int, pair)) for pair in pairwise(found)} or closed
    assert joined <= edges(found)


def test_few_points_begin_with_the_shorter_of_both_greedy_tours() -> None:
    plain_is_shorter = 0
    for seed in range(30):
        table = scattered(12, seed)
        lengths = {
            method: tour.length(
                table, tour.order(table, metric="euclidean", method=method, budget_s=0), metric="euclidean"
            )
            for method in ("auto", "nearest_neighbor", "greedy_edges")
        }
        assert lengths["auto"] == pytest.approx(min(lengths["nearest_neighbor"], lengths["greedy_edges"]))
        plain_is_shorter += lengths["nearest_neighbor"] < lengths["greedy_edges"] * 0.999
    assert 0 < plain_is_shorter < 15


def test_long_greedy_edges_are_no_longer_than_the_plain_greedy_tour() -> None:
    table = scattered(3_000, 2)
    lengths = [
        tour.length(table, tour.order(table, metric="euclidean", method=method), metric="euclidean")
        for method in ("greedy_edges", "nearest_neighbor")
    ]
    assert lengths[0] < lengths[1]


def test_cells_are_compact_and_hold_every_point_once() -> None:
    table = scattered(1_000)
    found = list(near.cells(table, 30, np.random.default_rng(0)))
    assert sorted(np.concatenate(found)) == list(range(1_000))
    assert all(15 <= len(cell) <= 30 for cell in found)
    within = np.mean([np.ptp(table[cell], axis=0).max() for cell in found])
    assert within < 25
    again = list(near.cells(table, 30, np.random.default_rng(1)))
    assert {tuple(sorted(cell)) for cell in found} != {tuple(sorted(cell)) for cell in again}


def test_near_pairs_are_the_nearest_and_come_nearest_first() -> None:
    table = scattered(900)
    pairs = near.near_pairs(table, np.random.default_rng(0))
    apart = np.linalg.norm(table[pairs[:, 0]] - table[pairs[:, 1]], axis=1)
    assert (np.diff(apart) >= 0).all()
    assert (pairs[:, 0] < pairs[:, 1]).all()
    assert len({tuple(pair) for pair in pairs.tolist()}) == len(pairs)
    square = np.square(table[:, None] - table).sum(axis=2) + np.where(np.eye(900), np.inf, 0)
    nearest = {frozenset((i, int(j))) for i, j in enumerate(square.argmin(axis=1))}
    assert len(nearest & set(map(frozenset, pairs.tolist()))) >= 0.9 * len(nearest)


@pytest.mark.parametrize("geodesic", [False, True])
def test_whole_numbers_are_the_distances_to_scale(geodesic: bool) -> None:
    random = np.random.default_rng(2)
    points = random.normal(size=(80, 3))
    points *= 6_371_008.8 / np.linalg.norm(points, axis=1, keepdims=True) if geodesic else 1
    exact = separation(points[:, None], points[None], geodesic=geodesic)
    for surcharge in (0, 32_000):
        whole = whole_numbers(points, geodesic=geodesic, surcharge=surcharge).astype(float)
        assert (np.diag(whole) == 0).all()
        assert 50_000 < whole.max() <= 65_535 or not geodesic
        away = ~np.eye(80, dtype=bool)
        ratio = (whole - surcharge)[away] / exact[away]
        assert np.allclose(ratio * exact[away], np.median(ratio) * exact[away], atol=12)


def test_two_runs_of_one_seed_are_equal_where_work_is_capped() -> None:
    table = scattered(6_000)
    runs = [tour.order(table, metric="euclidean", max_work=30, seed=2).tolist() for _ in range(2)]
    assert runs[0] == runs[1]
    with pytest.raises(ValueError, match=r"max_work .*30"):
        tour.order(table, metric="euclidean", max_work=30, method="groups")


def test_five_thousand_points_and_more_are_bettered() -> None:
    table = scattered(7_000)
    begun = tour.order(table, metric="euclidean", method="greedy_edges")
    found = tour.order(table, metric="euclidean", budget_s=1.5)
    lengths = [tour.length(table, one, metric="euclidean") for one in (begun, found)]
    assert lengths[1] < 0.96 * lengths[0]


@pytest.mark.parametrize(
    ("n", "budget_s", "method"),
    [
        (1_000, 0.001, "fast_tsp"), (1_001, 0.001, "groups"), (2_000, 0.4, "fast_tsp"), (2_000, 0.39, "groups"),
        (5_000, 9, "fast_tsp"), (5_001, 9, "groups"),
    ],
)  # fmt: skip
def test_one_call_where_the_budget_allows_it(
    n: int, budget_s: float, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []
    for name, function in (("fast_tsp", "fast_tsp"), ("groups", "by_groups")):
        monkeypatch.setattr(tour, function, lambda task, name=name: taken.append(name) or np.arange(n))
    tour.order(np.arange(2.0 * n).reshape(n, 2), metric="euclidean", budget_s=budget_s)
    assert taken == [method]


def test_points_in_an_array_are_read_as_those_in_a_list() -> None:
    table = np.array([(0.0, 0.0), (3.0, np.nan), (5.0, 1.0), (1.0, 0.0), (0.0, 0.0)])
    assert list(tour.order(table, metric="euclidean", start=0)) == [0, 4, 3, 2, 1]
    assert list(tour.order(table.tolist(), metric="euclidean", start=0)) == [0, 4, 3, 2, 1]
    with pytest.raises(ValueError, match=r"points\[2\] .*inf"):
        tour.order(np.array([(0, 0), (1, 1), (np.inf, 0)]), metric="euclidean")
    with pytest.raises(ValueError, match=r"points .*\(2, 4\)"):
        tour.order(np.zeros((2, 4)), metric="euclidean")


@pytest.mark.slow
def test_a_million_points() -> None:
    table = np.random.default_rng(0).uniform((-60, -180), (60, 180), (1_000_000, 2))
    found = tour.order(table)
    assert np.array_equal(np.sort(found), np.arange(1_000_000))
