"""How sure it is that a photograph was taken near enough, given how well the phone knew where it was."""

import math

import numpy as np

from ..values import FloatArray, at_least_zero, number

_ASYMPTOTIC_FROM = 500.0
_TAIL_SIGMAS = 9.0
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(96)


def probability_within(metres: float | None, accuracy_m: float | None, allowed_m: float) -> float | None:
    """Probability that the true position is closer than `allowed_m` when it was measured at `metres`.

    The error is circular and normal, `accuracy_m` its σ along each axis: the Rice distribution (non-central χ², two
    degrees of freedom), right to 1e-9. None where `metres` or `accuracy_m` is None or NaN. An accuracy of 0 is exact.
    Raises ValueError or TypeError naming the argument and the value if one is negative or infinite.
    """
    if any(value is None or math.isnan(number(value, "metres or accuracy_m")) for value in (metres, accuracy_m)):
        return None
    far, sigma = at_least_zero(metres, "metres"), at_least_zero(accuracy_m, "accuracy_m")
    allowed = at_least_zero(allowed_m, "allowed_m")
    if sigma == 0:
        return float(far < allowed)
    low, high = max(0.0, far / sigma - _TAIL_SIGMAS), min(allowed / sigma, far / sigma + _TAIL_SIGMAS)
    if low >= high:
        return 0.0
    radius = low + (high - low) * (_NODES + 1) / 2
    density = radius * np.exp(-((radius - far / sigma) ** 2) / 2) * _scaled_bessel_i0(radius * far / sigma)
    return min(1.0, float(density @ _WEIGHTS) * (high - low) / 2)


def _scaled_bessel_i0(x: FloatArray) -> FloatArray:
    """exp(-x)·I₀(x) for x ≥ 0: numpy's I₀ overflows where its asymptotic series is already exact to 1e-12."""
    small, large = np.minimum(x, _ASYMPTOTIC_FROM), np.maximum(x, _ASYMPTOTIC_FROM)
    series = 1 + (1 + (9 + 225 / (24 * large)) / (16 * large)) / (8 * large)
    scaled: FloatArray = np.where(
        x < _ASYMPTOTIC_FROM, np.i0(small) * np.exp(-small), series / np.sqrt(2 * math.pi * large)
    )
    return scaled
