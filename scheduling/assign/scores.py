"""Many scores as one."""

import math
from collections.abc import Iterable, Sequence


def aggregate(scores: Iterable[float]) -> float:
    """The geometric mean of scores; 1.0 of none, 0.0 where any is 0 or below (or no number)."""
    values = [float(score) for score in scores]
    if not values:
        return 1.0
    if not all(value > 0 for value in values):
        return 0.0
    if len(values) == 1:
        return values[0]
    return math.exp(math.fsum(math.log(value) for value in values) / len(values))


def combined(mean: float, of: int, more: Sequence[float]) -> float:
    """The geometric mean of `of` scores whose own mean is known, and some more."""
    return mean if not more else aggregate([mean] * max(of, 1 if mean != 1.0 else 0) + list(more))
