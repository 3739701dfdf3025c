"""When a campaign will be done: the span covers the truth as often as it says, and says so where it cannot know."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduling.completion import (
    FEWEST_DONE,
    LONGEST_DAYS,
    QUIET_DAYS,
    WINDOW_DAYS,
    Completion,
    _beta_below,
    _beta_prime,
    completion,
    histogram,
    spread,
)

Make = Callable[[np.random.Generator, int, float], np.ndarray]


def steady(chance: np.random.Generator, days: int, mean: float) -> np.ndarray:
    return chance.poisson(mean, days)


def gusty(chance: np.random.Generator, days: int, mean: float) -> np.ndarray:
    """Some days many come, some nobody: the weather."""
    return chance.poisson(chance.gamma(1.0, mean, days))


def weekly(chance: np.random.Generator, days: int, mean: float) -> np.ndarray:
    """Most is done at the weekend."""
    return chance.poisson(np.where((np.arange(days) + chance.integers(7)) % 7 < 2, 2.5, 0.4) * mean)


def covered(make: Make, mean: float, seen: int, weeks: float, chance: np.random.Generator) -> list[bool]:
    """Whether each of 70 simulated campaigns ended within the span that was foretold."""
    found = []
    for _ in range(70):
        days = make(chance, seen + 1500, mean)
        left = int(weeks * 7 * mean) + 1
        told = completion(days[:seen], left)
        if told.verdict == "foretold":
            truth = int(np.searchsorted(np.cumsum(days[seen:]), left)) + 1
            found.append((told.earliest or math.inf) <= truth <= (told.latest or math.inf))
    return found


# What a span of 80 % covers: days are whole, so it covers a little more; a week's rhythm is taken for chance, so more.
@pytest.mark.parametrize(("make", "low", "high"), [(steady, 0.78, 0.95), (gusty, 0.72, 0.88), (weekly, 0.78, 1.0)])
def test_the_span_covers_the_truth_as_often_as_it_says(make: Make, low: float, high: float) -> None:
    chance = np.random.default_rng(20260601)
    cases = [(seen, weeks) for seen in (14, 28) for weeks in (2, 6)]
    found = [one for seen, weeks in cases for one in covered(make, 3.0, seen, weeks, chance)]
    assert len(found) > 270
    assert low <= np.mean(found) <= high


def test_a_wider_coverage_covers_more() -> None:
    days = [3, 0, 5, 2, 2, 4, 1, 3]
    narrow, wide = completion(days, 40, coverage=0.5), completion(days, 40, coverage=0.95)
    assert wide.earliest < narrow.earliest <= narrow.middle == wide.middle <= narrow.latest < wide.latest


def test_more_days_are_surer() -> None:
    few, many = completion([4] * 6, 100), completion([4] * 28, 100)
    assert few.latest - few.earliest > many.latest - many.earliest


VERDICTS = [
    ([1, 2, 3], 0, "done"),
    ([], 5, "too_little"),
    ([0] * 30, 5, "too_little"),
    # The first day is there because something was done on it.
    ([9, 1, 1, 1], 5, "too_little"),
    ([9, 1, 1, 2, 1], 5, "foretold"),
    ([9, 1, 1, 1, FEWEST_DONE - 4], 5, "too_little"),
    ([5] * 10 + [0] * QUIET_DAYS, 5, "quiet"),
    ([5] * 10 + [0] * (QUIET_DAYS - 1), 5, "foretold"),
    ([1] + [0] * QUIET_DAYS, 5, "quiet"),
]


@pytest.mark.parametrize(("days", "left", "verdict"), VERDICTS)
def test_what_cannot_be_foretold_is_said(days: list[int], left: int, verdict: str) -> None:
    it = completion(days, left)
    assert it.verdict == verdict
    assert (it.earliest is None) == (verdict != "foretold")


def test_only_the_last_days_count() -> None:
    assert completion([100] * 50 + [2] * WINDOW_DAYS, 30) == completion([1] + [2] * WINDOW_DAYS, 30)


def test_what_lies_beyond_all_planning_has_no_day() -> None:
    it = completion([9, *[1] * 6], 10**6)
    assert (it.verdict, it.earliest, it.latest) == ("foretold", None, None)
    assert completion([9, *[1] * 6], 10 * LONGEST_DAYS // 14).latest is None


counts = st.lists(st.integers(0, 500), max_size=60)


@given(counts, st.integers(0, 100_000))
def test_a_span_is_in_order_and_repeats(days: list[int], left: int) -> None:
    it = completion(days, left)
    assert it == completion(list(days), left)
    known = [day for day in (it.earliest, it.middle, it.latest) if day is not None]
    assert known == sorted(known)
    assert all(1 <= day <= LONGEST_DAYS for day in known)


@given(st.lists(st.integers(0, 50), min_size=6, max_size=40), st.integers(1, 500), st.integers(1, 500))
def test_what_is_more_takes_longer(days: list[int], left: int, more: int) -> None:
    one, other = completion(days, left), completion(days, left + more)
    for name in ("earliest", "middle", "latest"):
        assert (getattr(one, name) or math.inf) <= (getattr(other, name) or math.inf)


@pytest.mark.parametrize(
    ("days", "left", "coverage"), [([-1], 1, 0.8), ([1], -1, 0.8), ([1], 1, 1.0), ([math.nan], 1, 0.8)]
)
def test_what_is_no_count_is_refused(days: list[int], left: int, coverage: float) -> None:
    with pytest.raises(ValueError, match="must"):
        completion(days, left, coverage=coverage)


# --- the sums under it ------------------------------------------------------------------------------------------------


@given(st.floats(0.001, 0.999), st.integers(1, 40), st.integers(1, 40))
def test_the_beta_distribution_is_the_binomial_one_s(x: float, a: int, b: int) -> None:
    """Abramowitz and Stegun, 26.5.24: for whole numbers it is a sum of binomial terms."""
    n = a + b - 1
    expected = sum(math.comb(n, k) * x**k * (1 - x) ** (n - k) for k in range(a, n + 1))
    assert _beta_below(x, float(a), float(b)) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize(("a", "b"), [(0.5, 0.5), (0.2, 40.0), (3.3, 7.7), (200.0, 1000.0), (20_000.0, 800.0)])
def test_quantiles_are_those_of_many_draws(a: float, b: float) -> None:
    chance = np.random.default_rng(7)
    drawn = chance.gamma(a, 1, 400_000) / chance.gamma(b, 1, 400_000)
    for p in (0.1, 0.5, 0.9):
        assert np.mean(drawn <= _beta_prime(p, a, b)) == pytest.approx(p, abs=0.005)


def test_half_of_something_is_known_in_closed_form() -> None:
    assert _beta_below(0.5, 2, 3) == pytest.approx(11 / 16)
    assert _beta_below(0.0, 2, 3) == 0
    assert _beta_below(1.0, 2, 3) == 1
    assert _beta_prime(0.5, 4, 4) == pytest.approx(1.0)


def test_spread_and_histogram() -> None:
    assert spread([]) is None
    assert spread([4, 1, 3, 2, 5]) == (2, 3, 4)
    assert histogram([0, 4.9, 5, 29, 30, 31, 900], (0, 5, 30)) == [2, 2, 3]
    assert histogram([], (0, 5)) == [0, 0]
    for edges in ((5, 5), (), (10, 20)):
        with pytest.raises(ValueError, match="edges"):
            histogram([7], edges)


def test_nothing_left_needs_no_history() -> None:
    assert completion([], 0) == Completion("done")
