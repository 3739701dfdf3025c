"""Tours: permutations all, never longer than the greedy one, which is exact."""

import math
from itertools import combinations, pairwise, permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling import tour
from scheduling.geodesy import metres

coordinate = st.integers(0, 4) | st.floats(-80, 80)
points = st.lists(st.none() | st.tuples(coordinate, coordinate), max_size=24)
quick = {"budget_s": 0.02}


def greedy(table: np.ndarray, start: int) -> list[int]:
    """The nearest neighbour told plainly: by squares, so that ties are exact ones."""
    left, order = set(range(len(table))) - {start}, [start]
    while left:
        here = table[order[-1]]
        order.append(min(left, key=lambda i: ((table[i, 0] - here[0]) ** 2 + (table[i, 1] - here[1]) ** 2, i)))
        left.remove(order[-1])
    return order


@settings(deadline=None, max_examples=120)
@given(points, st.sampled_from(["geodesic", "euclidean"]), st.booleans(), st.sampled_from(list(tour.TOURS)), st.data())
def test_laws_of_a_tour(things: Any, metric: Any, closed: bool, method: str, data: Any) -> None:
    located = [i for i, point in enumerate(things) if point is not None]
    start = data.draw(st.none() | st.sampled_from(located)) if located else None
    options = {"metric": metric, "closed": closed, "start": start}
    found = tour.order(things, method=method, **options, **quick)
    assert found.dtype == np.int64
    assert sorted(found) == list(range(len(things)))
    assert list(found[len(located) :]) == [i for i, point in enumerate(things) if point is None]
    assert start is None or found[0] == start
    plainer = "greedy_edges" if method in ("greedy_edges", "groups") else "nearest_neighbor"
    nearest = tour.order(things, method=plainer, **options)
    length, longest = (tour.length(things, order, metric=metric, closed=closed) for order in (found, nearest))
    assert length <= longest * (1 + 1e-9) + 1e-6


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=60), st.data())
def test_the_greedy_tour_is_exact_ties_to_the_lowest_index(things: Any, data: Any) -> None:
    start = data.draw(st.integers(0, len(things) - 1))
    found = tour.order(things, metric="euclidean", start=start, method="nearest_neighbor")
    assert list(found) == greedy(np.array(things), start)


def test_the_greedy_tour_is_exact_among_many_clusters() -> None:
    random = np.random.default_rng(5)
    table = np.round(random.normal(0, 1, (700, 2)) + 40 * random.integers(0, 4, (700, 2)), 2)
    found = tour.order(table, metric="euclidean", method="nearest_neighbor")
    assert list(found) == greedy(table, 0)


def test_the_greedy_tour_breaks_ties_across_a_grid() -> None:
    grid = np.random.default_rng(6).permutation([(x, y) for x in range(14) for y in range(14)])
    for start in range(0, 196, 20):
        found = tour.order(grid, metric="euclidean", method="nearest_neighbor", start=start)
        assert list(found) == greedy(grid, start)


def test_a_tour_of_known_length() -> None:
    square = [(0, 0), (0, 3), (4, 3), (4, 0)]
    assert tour.length(square, [0, 1, 2, 3], metric="euclidean") == 10
    assert tour.length(square, [0, 1, 2, 3], metric="euclidean", closed=True) == 14
    assert tour.length(square, [0, 2, 1, 3], metric="euclidean", closed=True) == 18
    assert tour.length([*square, None], [0, 4, 1], metric="euclidean") == 3
    assert tour.length([(0, 0), (0, 1)], [0, 1]) == metres((0, 0), (0, 1))
    assert tour.length([], []) == tour.length([(1, 2)], [0], closed=True) == 0


def test_neighbours_in_rank_are_neighbours_on_the_ground() -> None:
    east = [(0, 0), (0, 0.003), (0, 0.001), (0, 0.002), (0, 0.004)]
    assert list(tour.order(east, start=0)) == [0, 2, 3, 1, 4]
    assert list(tour.order(east, start=4)) == [4, 1, 3, 2, 0]
    assert list(tour.order(east, max_work=100)) == [0, 2, 3, 1, 4]


def test_no_date_line_and_no_pole() -> None:
    line = [(0, 179.8), (0, -179.8), (0, 179.9), (0, -179.9), (0, 180)]
    assert list(tour.order(line, start=0)) == [0, 2, 4, 3, 1]
    pole = [(89.9, 0), (89.7, 180), (89.9, 180), (89.7, 0)]
    assert list(tour.order(pole, start=3)) == [3, 0, 2, 1]


def test_few_points_and_equal_ones() -> None:
    assert tour.order([]).tolist() == []
    assert tour.order(np.zeros((0, 2)), metric="euclidean").tolist() == []
    assert tour.order([None, None]).tolist() == [0, 1]
    assert tour.order([(1, 2)], start=0, closed=True).tolist() == [0]
    assert tour.order([(1, 2), (3, 4)], start=1).tolist() == [1, 0]
    assert tour.order([(1, 2)] * 5).tolist() == [0, 1, 2, 3, 4]
    assert tour.order([(1, 2)] * 5, start=3).tolist() == [3, 0, 1, 2, 4]
    assert tour.order([(0, 0), (5, 5), None, (0, 0), (0, 0)], start=3).tolist() == [3, 0, 4, 1, 2]


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("start", [None, 17])
def test_better_than_greedy_by_a_tenth(closed: bool, start: int | None) -> None:
    table = np.random.default_rng(11).uniform((38.9, -77.1), (39.1, -76.9), (200, 2))
    options: Any = {"closed": closed, "start": start}
    nearest = tour.length(table, tour.order(table, method="nearest_neighbor", **options), closed=closed)
    for limits in ({"budget_s": 0.1}, {"max_work": 4_000}):
        found = tour.order(table, **options, **limits)
        assert tour.length(table, found, closed=closed) < 0.9 * nearest


def test_one_place_far_off_does_not_spoil_the_others() -> None:
    table = np.random.default_rng(2).uniform((38.9, -77.1), (38.91, -77.09), (150, 2))
    without = tour.length(table, tour.order(table, start=0, budget_s=0.2))
    found = tour.order(np.vstack([table, [[-38, 103]]]), start=0, budget_s=0.7)
    assert tour.length(table, found[found != 150]) < 1.12 * without


def test_capped_by_work_it_is_the_same_every_time() -> None:
    table = np.random.default_rng(4).uniform(-10, 10, (80, 2))
    runs = [tour.order(table, max_work=300, seed=9).tolist() for _ in range(3)]
    assert runs[0] == runs[1] == runs[2]
    lengths = [tour.length(table, tour.order(table, max_work=work)) for work in (0, 50, 5_000)]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] == tour.length(table, tour.order(table, method="greedy_edges"))


def test_the_budget_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    table = np.random.default_rng(4).uniform(-10, 10, (500, 2))
    seconds, find = [], tour.fast.solver.find_tour

    def found(distances: object, *, duration_seconds: float, **more: object) -> object:
        seconds.append(duration_seconds)
        return find(distances, duration_seconds=duration_seconds, **more)

    monkeypatch.setattr(tour.fast.solver, "find_tour", found)
    tour.order(table, budget_s=0.2)
    assert 0 < sum(seconds) <= 0.2
    for method in ("auto", "groups"):
        begun = tour.order(table, budget_s=0, method=method)
        assert begun.tolist() == tour.order(table, method="greedy_edges").tolist()


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("start", [None, 3])
@pytest.mark.parametrize("seed", range(4))
def test_few_points_are_toured_as_short_as_can_be(
    closed: bool, start: int | None, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tour.fast, "bettered", lambda task, order, work: order)
    places = np.random.default_rng(seed).uniform(0, 100, (7, 2))
    found = tour.order(places, metric="euclidean", closed=closed, start=start)
    ways = (way for way in permutations(range(7)) if start is None or way[0] == start)
    shortest = min(_along(places, (*way, way[0]) if closed else way) for way in ways)
    assert tour.length(places, found, metric="euclidean", closed=closed) == pytest.approx(shortest, rel=1e-4)


def _along(places: np.ndarray, way: tuple[int, ...]) -> float:
    return sum(math.dist(places[a], places[b]) for a, b in pairwise(way))


@pytest.mark.parametrize("closed", [False, True])
def test_local_search_leaves_no_turn_that_helps(closed: bool) -> None:
    places = np.random.default_rng(8).uniform(0, 100, (30, 2))
    found = tour.order(places, metric="euclidean", closed=closed, start=5, method="local_search")
    length = tour.length(places, found, metric="euclidean", closed=closed)
    for a, b in combinations(range(1, 31), 2):
        turned = [*found[:a], *found[a:b][::-1], *found[b:]]
        assert tour.length(places, turned, metric="euclidean", closed=closed) >= length * (1 - 1e-9)
    for a, b in permutations(range(1, 30), 2):
        moved = np.insert(np.delete(found, a), b, found[a])
        assert tour.length(places, moved, metric="euclidean", closed=closed) >= length * (1 - 1e-9)


def test_a_plane_is_as_large_as_one_likes() -> None:
    table = np.random.default_rng(8).uniform(0, 1, (60, 2)).round(3)
    orders = [
        tour.order(scale * table, metric="euclidean", max_work=400).tolist() for scale in (1.0, 2.0**-20, 2.0**40)
    ]
    assert orders[0] == orders[1] == orders[2]


def test_a_solver_that_fails_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    table = np.random.default_rng(8).uniform(0, 1, (40, 2))
    monkeypatch.setattr(tour.fast.solver, "find_tour", lambda distances, **_: list(range(len(distances))))
    monkeypatch.setattr(tour.fast, "bettered", lambda task, order, work: order)
    assert tour.order(table).tolist() == tour.order(table, method="greedy_edges").tolist()


@pytest.mark.slow
def test_a_hundred_thousand_points() -> None:
    table = np.random.default_rng(0).uniform(0, 1, (100_000, 2))
    found = tour.order(table)
    assert np.array_equal(np.sort(found), np.arange(100_000))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"metric": "manhattan"}, "metric must .*manhattan"),
        ({"method": "magic"}, "method must .*magic"),
        ({"start": 9}, "start must .*9"),
        ({"start": -1}, "start must .*-1"),
        ({"start": True}, "start must .*True"),
        ({"start": 2}, "start must .*2"),
        ({"budget_s": -1}, "budget_s must .*-1"),
        ({"budget_s": math.nan}, "budget_s must .*nan"),
        ({"max_work": -1}, "max_work must .*-1"),
        ({"max_work": 1.5}, r"max_work must .*1\.5"),
        ({"max_work": 5, "method": "fast_tsp"}, "max_work .*5"),
    ],
)
def test_bad_options_are_named(options: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        tour.order([(0, 0), (1, 1), None], **options)


@pytest.mark.parametrize(
    ("things", "metric", "message"),
    [
        ([(0, 0), (95, 0)], "geodesic", r"points\[1\]\.latitude .*95"),
        ([(0, 0), "Rome"], "geodesic", r"points\[1\] .*Rome"),
        ([(0, 0), "xy"], "euclidean", r"points\[1\] .*xy"),
        ([(0, 0), (1, True)], "euclidean", r"points\[1\] .*True"),
        ([(0, 0), (1, math.inf)], "euclidean", r"points\[1\] .*inf"),
        ([(0, 0), 5], "euclidean", r"points\[1\] .*5"),
    ],
)
def test_bad_points_are_named(things: Any, metric: Any, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        tour.order(things, metric=metric)


def test_as_many_points_as_the_solver_takes_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tour.fast, "MOST_POINTS", 40)
    table = np.random.default_rng(0).uniform(0, 1, (41, 2))
    assert len(tour.order(table[:40], method="fast_tsp", **quick)) == 40
    with pytest.raises(ValueError, match=r"at most 40 .*41"):
        tour.order(table, method="fast_tsp", **quick)


def test_more_points_than_the_solver_takes_are_refused_by_name() -> None:
    table = np.random.default_rng(0).uniform(0, 1, (5_001, 2))
    with pytest.raises(ValueError, match="5001"):
        tour.order(table, method="fast_tsp")
