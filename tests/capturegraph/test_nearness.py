"""What is close to what, by cells: the same as each against each."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from capturegraph.services.batching.nearness import beside, crowded
from scheduling.geodesy import metres_matrix

CENTRES = [(38.9, -77.0), (0.0, 180.0), (89.9999, 12.0), (-45.0, -179.9999), (0.0, 0.0)]


def spread(seed: int, n: int, centre: tuple[float, float], wide_m: float) -> np.ndarray:
    """Places around a centre, some in one spot, one without a place."""
    chance = np.random.default_rng(seed)
    latitude = np.clip(centre[0] + chance.uniform(-1, 1, n) * wide_m / 111_000, -90, 90)
    slim = max(np.cos(np.radians(centre[0])), 1e-4)
    longitude = centre[1] + chance.uniform(-1, 1, n) * wide_m / 111_000 / slim
    places = np.stack([latitude, (longitude + 180) % 360 - 180], axis=1)
    places[n // 2 : n // 2 + 3] = places[0]
    places[-1] = np.nan
    return places


def apart(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return metres_matrix(*a.T, *b.T)


@given(st.integers(0, 10_000), st.sampled_from(CENTRES), st.sampled_from([0.5, 50.0, 2_000.0]))
def test_crowded_finds_a_neighbour_wherever_there_is_one(seed: int, centre: tuple[float, float], radius: float) -> None:
    chance = np.random.default_rng(seed)
    places = spread(seed, 60, centre, radius * 6)
    kinds, new = chance.integers(0, 2, 60), chance.random(60) < 0.7
    partner = crowded(places, kinds, new, radius)
    near = (apart(places, places) < radius) & (kinds[:, None] == kinds)
    np.fill_diagonal(near, False)
    assert ((partner >= 0) == (near.any(axis=1) & new)).all()
    assert near[np.flatnonzero(partner >= 0), partner[partner >= 0]].all()


@given(st.integers(0, 10_000), st.sampled_from(CENTRES), st.sampled_from([0.5, 50.0, 2_000.0]))
def test_beside_leaves_nobody_out(seed: int, centre: tuple[float, float], radius: float) -> None:
    ours, theirs = spread(seed, 60, centre, radius * 20), spread(seed + 1, 40, centre, radius * 20)
    found = beside(ours, theirs, radius)
    distances = np.nan_to_num(apart(ours, theirs), nan=np.inf).min(axis=1)
    assert found[distances < radius].all()
    assert not found[distances > 4 * radius].any()


def test_a_hundred_thousand_in_one_spot() -> None:
    """A file of one place, again and again, is no square of its rows."""
    places = np.tile([[38.9, -77.0]], (100_000, 1))
    partner = crowded(places, np.zeros(100_000, np.int64), np.ones(100_000, bool), 50.0)
    assert (partner >= 0).all()
    assert (partner != np.arange(100_000)).all()


@pytest.mark.parametrize("n", [0, 1])
def test_none_and_one(n: int) -> None:
    places = np.full((n, 2), 10.0)
    assert crowded(places, np.zeros(n, np.int64), np.ones(n, bool), 50.0).tolist() == [-1] * n
    assert beside(places, np.zeros((0, 2)), 50.0).tolist() == [False] * n
