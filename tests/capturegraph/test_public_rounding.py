"""Public positions: which square, never where in it, and the same however often it is asked."""

import math
from itertools import pairwise
from uuid import UUID

import pytest
from geopy.distance import geodesic
from hypothesis import given
from hypothesis import strategies as st
from stories import place

from capturegraph.services.privacy.naming import capture_id_of, public_id
from capturegraph.services.privacy.rounding import rounded

latitudes = st.floats(-90, 90)
longitudes = st.floats(-180, 180)
sizes = st.integers(10, 100_000)


@given(latitudes, longitudes, sizes)
def test_the_middle_of_a_square_is_its_own_middle(latitude: float, longitude: float, size: int) -> None:
    middle = rounded(latitude, longitude, size)
    assert rounded(*middle, size) == middle
    assert -90 <= middle[0] <= 90
    assert -180 <= middle[1] <= 180


@given(st.floats(-89, 89), longitudes, st.integers(10, 1000))
def test_it_is_not_far_away(latitude: float, longitude: float, size: int) -> None:
    """Half a diagonal, and a little for rows whose edges differ in length."""
    assert geodesic((latitude, longitude), rounded(latitude, longitude, size)).meters < 0.75 * size * 1.3 + 1


@pytest.mark.parametrize("latitude", [0.0, 38.9, -33.9, 60.2, 78.2])
@pytest.mark.parametrize("size", [10, 100, 1000])
def test_no_square_is_smaller_than_is_said(latitude: float, size: int) -> None:
    """Walked over in small steps: the middle changes no sooner than after the whole square."""
    for bearing in (0, 90):
        changes, here, step = [], (latitude, 8.0), size / 40
        before = rounded(*here, size)
        for number in range(400):
            there = geodesic(meters=step * number).destination(here, bearing=bearing)
            now = rounded(there.latitude, there.longitude, size)
            if now[bearing == 90] != before[bearing == 90]:
                changes.append(number * step)
                before = now
        gaps = [b - a for a, b in pairwise(changes)]
        assert min(gaps) >= size - step - 1e-6, "a smaller square would tell more"
        assert max(gaps) <= 1.2 * size + step


def test_many_photos_of_one_square_tell_no_more_than_one() -> None:
    """With noise instead of squares the mean of many would be the place."""
    spots = [place(0.3 * number) for number in range(40)]
    squares = {rounded(*spot, 100) for spot in spots}
    assert len(squares) <= 2
    means = [math.fsum(one[0] for one in spots) / 40, math.fsum(one[1] for one in spots) / 40]
    assert all(geodesic(square, means).meters > 1 for square in squares)
    # Who asks again hears the same again.
    assert {rounded(*spots[0], 100) for _time in range(100)} == {rounded(*spots[0], 100)}


def test_nought_is_exact() -> None:
    assert rounded(*place(7), 0) == place(7)


@given(st.uuids())
def test_a_public_id_is_another_one_and_leads_back(capture: UUID) -> None:
    assert public_id(capture) != capture
    assert capture_id_of(public_id(capture)) == capture
