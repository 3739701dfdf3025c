"""When a campaign will be done, from how much was done each day: a span of days, and how sure it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

WINDOW_DAYS = 28
"""Older days say little of the pace now."""
QUIET_DAYS = 14
FEWEST_DAYS = 4
FEWEST_DONE = 5
LONGEST_DAYS = 3650
PRIOR_DISPERSION, PRIOR_DAYS = 2.0, 6.0

Verdict = Literal["foretold", "done", "too_little", "quiet"]


@dataclass(frozen=True)
class Completion:
    """What can be said of the end.

    `verdict`: "foretold", or why not: "done" (nothing is left), "too_little" (few days or few done so far), "quiet"
    (nothing was done for `QUIET_DAYS`). Only where it is foretold, days count from the end of the last day given, 1
    being the next one: with probability `coverage` the last place is done between `earliest` and `latest`, and with
    even odds by `middle`; None for what lies more than `LONGEST_DAYS` ahead. `per_day` is the pace of the last
    `based_on` days; `dispersion` the variance of a day over its mean.
    """

    verdict: Verdict
    coverage: float = 0.0
    earliest: int | None = None
    middle: int | None = None
    latest: int | None = None
    per_day: float = 0.0
    dispersion: float = 1.0
    based_on: int = 0


def completion(done_per_day: Sequence[int], remaining: int, *, coverage: float = 0.8) -> Completion:
    """Foretell how many days it takes until `remaining` more are done, at the pace of the last days.

    `done_per_day` has one count for every whole day, zeros included, the oldest first; `remaining` is what is left at
    the end of the last of them.

    The method: days are counts with one mean and a variance of φ times that (quasi-Poisson, McCullagh and Nelder,
    Generalized Linear Models, 2nd edition, 6.2), which is taken as Poisson events that come in clusters of φ. With
    Jeffreys' prior the rate of clusters is gamma distributed (gamma–Poisson, Gelman et al., Bayesian Data Analysis, 3rd
    edition, 2.6), the time until so many more is gamma over that rate, and the ratio of the two a beta prime
    distribution (Johnson, Kotz and Balakrishnan, Continuous Univariate Distributions, volume 2, chapter 27): so both
    the chance of the days to come and what so few days cannot tell about the pace are in the span. φ is estimated from
    the days and drawn to `PRIOR_DISPERSION` with the weight of `PRIOR_DAYS` days, since a handful of days knows little
    of it. It knows no trend: where the last places are harder, it ends later than said.

    Raises:
        ValueError: a count or `remaining` below zero, or a coverage outside of (0, 1).
    """
    counts = np.asarray(done_per_day, dtype=np.float64).reshape(-1)
    if remaining < 0 or (counts < 0).any() or not np.isfinite(counts).all():
        raise ValueError(f"counts and remaining must not be below zero, got {remaining!r}, {done_per_day!r}")
    if not 0 < coverage < 1:
        raise ValueError(f"coverage must be between 0 and 1, got {coverage!r}")
    if remaining == 0:
        return Completion("done")
    begun = np.flatnonzero(counts)
    recent = counts[begun[0] :][-WINDOW_DAYS:] if len(begun) else counts[:0]
    # The day on which it began is there because something was done on it: it would make the pace look quicker.
    if len(begun) and len(counts) - begun[0] <= WINDOW_DAYS:
        recent = recent[1:]
    if len(begun) and not counts[-QUIET_DAYS:].any():
        return Completion("quiet")
    if len(recent) < FEWEST_DAYS or recent.sum() < FEWEST_DONE:
        return Completion("too_little")
    phi, days, total = _dispersion(recent), len(recent), float(recent.sum())
    shape, needed = total / phi + 0.5, remaining / phi
    early, middle, late = (
        _days(days * _beta_prime(p, needed, shape)) for p in ((1 - coverage) / 2, 0.5, (1 + coverage) / 2)
    )
    return Completion("foretold", coverage, early, middle, late, total / days, phi, days)


def spread(values: ArrayLike) -> tuple[float, float, float] | None:
    """The median of some numbers, with the quartiles below and above (linear between two, as numpy's); None of none."""
    numbers = np.asarray(values, dtype=np.float64).reshape(-1)
    if not len(numbers):
        return None
    lower, median, upper = np.quantile(numbers, [0.25, 0.5, 0.75])
    return float(lower), float(median), float(upper)


def histogram(values: ArrayLike, edges: Sequence[float]) -> list[int]:
    """How many lie in each bin: from an edge up to but not at the next; after the last edge one bin takes the rest.

    Raises:
        ValueError: edges that do not rise, or a value below the first.
    """
    numbers = np.asarray(values, dtype=np.float64).reshape(-1)
    bounds = np.asarray(edges, dtype=np.float64)
    if len(bounds) < 1 or (np.diff(bounds) <= 0).any() or (numbers < bounds[0]).any():
        raise ValueError(f"edges must rise and begin at or below every value, got {edges!r}")
    found = np.bincount(np.searchsorted(bounds, numbers, side="right") - 1, minlength=len(bounds))
    return [int(number) for number in found]


def _dispersion(counts: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """Variance over mean, drawn to the prior; not below 1, since what is counted one by one is never more even."""
    mean, free = float(counts.mean()), len(counts) - 1
    found = float(((counts - mean) ** 2).sum()) / mean
    return max(1.0, (found + PRIOR_DAYS * PRIOR_DISPERSION) / (free + PRIOR_DAYS))


def _days(ahead: float) -> int | None:
    return max(1, math.ceil(ahead)) if ahead <= LONGEST_DAYS else None


def _beta_prime(p: float, a: float, b: float) -> float:
    """The quantile of gamma(a) over gamma(b): from that of the beta distribution, by halving."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if _beta_below(middle, a, b) < p else (low, middle)
    return low / (1 - low) if low < 1 else math.inf


def _beta_below(x: float, a: float, b: float) -> float:
    """The regularized incomplete beta function, by its continued fraction (Abramowitz and Stegun, 26.5.8)."""
    if x <= 0.0 or x >= 1.0:
        return float(x >= 1.0)
    if x > (a + 1) / (a + b + 2):
        return 1.0 - _beta_below(1 - x, b, a)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    # From the innermost term outwards: enough of them for any a and b that people can bring about.
    terms = 60 + int(4 * math.sqrt(max(a, b)))
    inner = 1.0
    for m in range(terms, 0, -1):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m - 1) * (a + b + m - 1) * x / ((a + 2 * m - 2) * (a + 2 * m - 1))
        inner = 1.0 + odd / (1.0 + even / inner)
    return min(1.0, max(0.0, math.exp(log_front) / (a * inner)))
