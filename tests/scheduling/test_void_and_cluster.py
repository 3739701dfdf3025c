"""Energies, and the selection of candidates: the rule told plainly, and what it is for."""

import math
import tracemalloc
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduling import distance as d
from scheduling.energy import gaussian, inverse
from scheduling.void_and_cluster import select_indices, select_sessions

LINE = d.scalar(1)


class TestEnergy:
    def test_the_gaussian_has_no_factor_two(self) -> None:
        energies = gaussian(1)(np.array([0.0, 1.0, 2.0, 1e6, math.inf]))
        np.testing.assert_allclose(energies, [1, 0.367879, 0.018316, 0, 0], atol=5e-7)
        assert gaussian(3)(np.array(6.0)) == pytest.approx(0.018316, abs=5e-7)
        assert gaussian(2)(np.array(1.0)) == pytest.approx(math.exp(-0.25))

    def test_the_inverse_is_one_over_d(self) -> None:
        np.testing.assert_array_equal(inverse(np.array([[0.0, 0.5], [4.0, math.inf]])), [[math.inf, 2.0], [0.25, 0.0]])

    def test_what_is_not_known_has_no_energy(self) -> None:
        assert gaussian(1)(np.array([math.nan]))[0] == 0
        assert inverse(np.array([math.nan]))[0] == 0

    @pytest.mark.parametrize("sigma", [0, -1, math.nan, math.inf, "1", None, True])
    def test_a_bad_sigma_is_named(self, sigma: Any) -> None:
        with pytest.raises((ValueError, TypeError), match=f"sigma must .*{sigma}"):
            gaussian(sigma)


def plainly(candidates: Any, previous: Any, energy: Any, mode: str, wanted: int) -> list[int]:
    """The rule over whole lists of numbers, everything summed anew at every step."""
    together = sum if mode == "sum" else lambda energies: max(energies, default=0.0)

    def felt(i: int, taken: list[int]) -> float:
        others = [candidates[j] for j in taken if j != i]
        return float(together([float(energy(np.array(abs(candidates[i] - one)))) for one in [*previous, *others]]))

    def void(taken: list[int]) -> int:
        free = [i for i in range(len(candidates)) if i not in taken and not math.isnan(candidates[i])]
        return min(free, key=lambda i: (felt(i, taken), i))

    taken: list[int] = []
    for _ in range(min(wanted, sum(not math.isnan(one) for one in candidates))):
        taken.append(void(taken))
    moved = True
    while moved:
        moved = False
        for one in sorted(taken, key=lambda i: -felt(i, taken)):
            rest = [i for i in taken if i != one]
            better = void(rest)
            if felt(better, rest) < felt(one, taken) * (1 - 1e-9):
                taken, moved = [*rest, better], True
            else:
                taken = [*rest, one]
    ranked: list[int] = []
    while len(ranked) < len(taken):
        ranked.append(min((i for i in sorted(taken) if i not in ranked), key=lambda i: felt(i, ranked)))
    return ranked


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.just(math.nan) | st.integers(0, 400).map(lambda n: n / 37), min_size=1, max_size=14),
    st.lists(st.integers(0, 400).map(lambda n: n / 41), max_size=8),
    st.sampled_from(["sum", "max"]),
    st.sampled_from([gaussian(1), gaussian(3), inverse]),
    st.integers(0, 8),
)
def test_the_selection_is_that_of_the_rule(candidates: Any, previous: Any, mode: Any, energy: Any, wanted: int) -> None:
    found = select_indices(candidates, previous, LINE, energy, mode, wanted)
    expected = plainly(candidates, previous, energy, mode, wanted)
    assert len(found) == len(set(found)) == len(expected)
    assert not any(math.isnan(candidates[i]) for i in found)
    # Sums in another order differ in the last digit, which may turn a tie round.
    assert found == expected or sorted(_felt(found, candidates, previous, energy, mode)) == pytest.approx(
        sorted(_felt(expected, candidates, previous, energy, mode)), rel=1e-6
    )


def _felt(taken: list[int], candidates: Any, previous: Any, energy: Any, mode: str) -> list[float]:
    apart = [
        [abs(candidates[i] - one) for one in [*previous, *(candidates[j] for j in taken if j != i)]] for i in taken
    ]
    together = np.sum if mode == "sum" else lambda energies: np.max(energies, initial=0.0)
    return [float(together(energy(np.array(row)))) for row in apart]


def test_the_largest_void_comes_first() -> None:
    assert select_sessions([0.0, 5.0, 10.0], [0.5, 9.0], LINE, selections=1) == [5.0]
    assert select_sessions([0.0, 2.0, 5.0, 10.0], [0.0, 10.0], LINE, gaussian(2), selections=2) == [5.0, 2.0]


def test_what_has_become_a_cluster_is_given_back() -> None:
    # The first is as good as any while nothing is there, and in the way of an even spread later.
    assert set(select_sessions([5.0, 0.0, 3.3, 6.7, 10.0], [], LINE, gaussian(3), selections=4)) == {
        0.0,
        3.3,
        6.7,
        10.0,
    }
    assert set(select_sessions([4.9, 0.0, 10.0], [], LINE, gaussian(9), selections=2)) == {0.0, 10.0}


def test_sum_and_max_differ() -> None:
    previous = [1.0, 1.0, 1.0, 1.0, 8.4]
    assert select_sessions([3.0, 7.0], previous, LINE, gaussian(3), "sum", 1) == [7.0]
    assert select_sessions([3.0, 7.0], previous, LINE, gaussian(3), "max", 1) == [3.0]


def test_ties_go_to_the_first_given_and_places_are_spread() -> None:
    assert select_indices([3.0, 3.0, 3.0], [], LINE, selections=2) == [0, 1]
    places = [(38.9 + y / 500, -77 + x / 400) for y in range(12) for x in range(12)]
    chosen = select_sessions(places, [], d.location(150), gaussian(3), selections=9)
    apart = d.location(1).matrix(chosen, chosen) + np.where(np.eye(9), np.inf, 0)
    assert apart.min() > 600
    existing = [place for place in places if place[1] < -76.985]
    assert all(place[1] >= -76.985 for place in select_sessions(places, existing, d.location(150), selections=5))


def test_one_run_is_like_the_next_and_objects_like_arrays() -> None:
    random = np.random.default_rng(3)
    table = random.uniform((38.9, -77.0), (38.92, -76.98), (400, 2))
    before = random.uniform((38.9, -77.0), (38.91, -76.99), (90, 2))
    things = [{"location": {"latitude": a, "longitude": b}} for a, b in table.tolist()]
    runs = [select_indices(given, before, d.location(100), selections=20) for given in (table, table, things)]
    assert runs[0] == runs[1] == runs[2]
    # A plain function is the same distance, asked pair by pair.
    near = d.location(100)
    few = select_indices(table[:40], before[:20], lambda a, b: near(a, b), selections=5)
    assert few == select_indices(table[:40], before[:20], near, selections=5)


def test_no_more_than_there_are_and_none_where_none_are_wanted() -> None:
    assert select_sessions([1.0, 2.0], [], LINE, selections=9) == [1.0, 2.0]
    assert select_sessions([1.0], [5.0], LINE, selections=0) == []
    assert select_sessions([{"location": None}], [], d.location(50)) == []
    assert select_sessions([None, (1.0, 2.0)], [None], d.location(50)) == [(1.0, 2.0)]


def test_a_function_that_is_not_symmetric_comes_to_an_end() -> None:
    def round_and_round(a: float, b: float) -> float:
        return (a - b) % 3

    assert len(select_sessions([0.0, 1.0, 2.0], [], round_and_round, selections=2)) == 2


@pytest.mark.parametrize("mode", ["sum", "max"])
@pytest.mark.parametrize("energy", [gaussian(1), inverse])
def test_waves_too_many_to_keep_are_made_anew(mode: Any, energy: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(5)
    candidates, previous = random.uniform(0, 30, 120).round(1), random.uniform(0, 30, 20)
    kept = select_indices(candidates, previous, LINE, energy, mode, 15)
    monkeypatch.setattr("scheduling.void_and_cluster._MOST_KEPT", 0)
    assert select_indices(candidates, previous, LINE, energy, mode, 15) == kept


def test_memory_stays_small() -> None:
    random = np.random.default_rng(0)
    table, before = random.uniform(-1, 1, (6_000, 2)), random.uniform(-1, 1, (3_000, 2))
    tracemalloc.start()
    select_indices(table, before, d.location(50), selections=20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12e6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"energy_mode": "mean"}, "energy_mode must .*mean"),
        ({"selections": -1}, "selections must .*-1"),
        ({"selections": 1.5}, r"selections must .*1\.5"),
        ({"selections": True}, "selections must .*True"),
        ({"energy_fn": 3}, "energy_fn must .*3"),
        ({"distance_fn": 3}, "distance_fn must .*3"),
        ({"potential_sessions": []}, r"potential_sessions must not be empty, got \[\]"),
        ({"potential_sessions": [(0, 0), (95, 0)]}, r"potential_sessions\[1\]\.latitude must .*95"),
        ({"previous_sessions": [(0, 0), "x"]}, r"previous_sessions\[1\] must .*x"),
    ],
)
def test_bad_input_is_named(options: Any, message: str) -> None:
    plain = {"potential_sessions": [(0, 0)], "previous_sessions": [], "distance_fn": d.location(50)}
    with pytest.raises((ValueError, TypeError), match=message):
        select_sessions(**{**plain, **options})
